"""
What a certificate of destruction has to say by the log, and whether one says exactly that.

Here the log is gone through entry by entry, once for each question (decision 70).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.destruction import require_bound, require_certifiable
from agreements.documents.destruction import LEAVERS, MOST_LEAVERS, WHOLE, Certificate, Tally
from agreements.errors import UnknownLeaver
from agreements.filed import Received
from gateway.services.obligations.courses import Followed
from gateway.services.obligations.history import recorded
from gateway.services.obligations.leavers import leavers_of
from gateway.services.obligations.shown import Figures
from gateway.services.standing.registry import Moment


@dataclass(frozen=True, slots=True)
class Told:
    """What a partner alone knows of a destruction: what, by which method, how, when, by whom, and who saw it."""

    what: str = field(repr=False)
    method: str
    how: str = field(repr=False)
    destroyed_on: date
    who: str = field(repr=False)
    witness: str = field(repr=False)


async def outstanding(connection: AsyncConnection, each: Followed) -> Mapping[str, date]:
    """Return who left and was not certified, by record code, with the last covered day."""
    return each.outstanding(await leavers_of(connection, each.agreement, each.line, each.today))


def certifiable(each: Followed, left: Mapping[str, date]) -> tuple[str, ...]:
    """Return what a certificate may cover now; `left` as `outstanding` returns it."""
    whole = (WHOLE,) if each.course.ended is not None and not each.certified else ()
    return (*whole, LEAVERS) if left else whole


async def figures(connection: AsyncConnection, each: Followed, size: int, covers: str) -> Figures:
    """Return what the partner has to certify of the first `size` entries."""
    found = await recorded(connection, each.agreement, each.activated, size, last_entry=size)
    codes = await outstanding(connection, each) if covers == LEAVERS else {}
    return Figures(each.agreement.digest, covers, found.disclosures, tuple(sorted(codes)[:MOST_LEAVERS]))


async def draw_up(connection: AsyncConnection, moment: Moment, each: Followed, covers: str, told: Told) -> Certificate:
    """
    Return the certificate that the partner may sign now: what it tells, with the figures of the log.

    Raises what `Obligations.certify` would, but for signatures and for families that wait to inspect: those are asked
    when it is filed, and all of this again.
    """
    drawn = Certificate(
        agreement=each.agreement.digest,
        covers=covers,
        disclosures=Tally().disclosures,
        what=told.what,
        method=told.method,
        how=told.how,
        destroyed_on=told.destroyed_on,
        who=told.who,
        witness=told.witness,
    )
    # (1): what is told may be certified now; only then is the log gone through.
    require_certifiable(
        drawn,
        agreement=each.agreement,
        ended=each.course.ended,
        received=Received(moment.size, moment.now),
        holds=each.holds,
        releases=each.releases,
    )
    # (2): somebody left, where leavers are certified.
    left = await leavers_of(connection, each.agreement, each.line, each.today) if covers == LEAVERS else {}
    codes = sorted(each.outstanding(left))[:MOST_LEAVERS]
    if covers == LEAVERS and not codes:
        raise UnknownLeaver("Nobody left for whom nothing was certified yet.")
    # (3): the days fit what the log says.
    found = await recorded(connection, each.agreement, each.activated, moment.size, last_entry=moment.size)
    drawn = replace(drawn, disclosures=found.disclosures, leavers=tuple(codes))
    require_bound(drawn, found, left)
    return drawn


async def require_bound_to_log(
    connection: AsyncConnection, moment: Moment, each: Followed, certificate: Certificate
) -> None:
    """Check that a certificate answers for exactly what is in the log. Raises as `require_bound` does."""
    last = certificate.disclosures.last_entry
    found = await recorded(connection, each.agreement, each.activated, moment.size, last_entry=last)
    left: Mapping[str, date] = {}
    if certificate.covers != WHOLE:
        left = await leavers_of(connection, each.agreement, each.line, each.today)
    require_bound(certificate, found, left)
