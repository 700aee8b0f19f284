"""Who can obtain one element: at an instant or ever, and whether that is only who should."""

from collections.abc import Collection, Iterable
from datetime import datetime

from policies.analyse.obtained import Obtained, obtained
from policies.state import PolicyState


def who(state: PolicyState, element: str, at: datetime | None = None) -> tuple[Obtained, ...]:
    """
    Return who can obtain values of `element` at an instant, or ever if none is given.

    Whoever receives the column left empty obtains nothing of it. Raises `UnknownElement` for one nobody has.
    """
    known = state.catalogue.element(element)
    return tuple(
        each for each in obtained(state, elements={known.id}) if each.tells and (at is None or each.holds_at(at))
    )


def counter_example(found: Iterable[Obtained], only: Collection[str]) -> Obtained | None:
    """Return the first in `found` who is none of these partners: what disproves that only they obtain it."""
    return next((each for each in found if each.partner not in only), None)
