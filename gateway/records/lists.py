"""The lists that say whom an agreement covers: as they are on file, or as a load will leave them."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import FromClause

from gateway.records import standing


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """The lists that a population is made of. Of each, rows count whose `to_idx` is NULL."""

    roster: FromClause
    consent: FromClause
    opt_out: FromClause
    placement: FromClause


ON_FILE: Final = Lists(standing.roster, standing.consent, standing.opt_out, standing.placement)
"""The lists as they are."""
