"""
Which agreements' students a partner's staff may open now, and if not, why (row D3).

INVARIANT: without a current undertaking, by the person's own key, for this version of the agreement and this school
year, a person sees the statement and no students. Whether the agreement is in force, and covers a student, is decided
again by the policies: an open door here gives no row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from agreements.attending import Missing, missing_of
from agreements.people import named_at
from agreements.roles import Role
from agreements.statement import statement
from gateway.services.standing.identity import Identity
from gateway.services.standing.registry import Moment, Registry
from policies.term import bounds


class Closed(StrEnum):
    """Why somebody does not open the students of an agreement; the value is for programs, the text for people."""

    STOPPED = "agreement_stopped"
    NOT_NOW = "agreement_not_in_force"
    NOT_NAMED = "not_named"
    NOT_TRAINED = "training_over"
    NOT_ACCEPTED = "undertaking_missing"


SENTENCES = {
    Closed.STOPPED: "The district stopped this agreement, or your organisation.",
    Closed.NOT_NOW: "The agreement has not begun, or is over.",
    Closed.NOT_NAMED: "Your organisation's list of people for this agreement does not name you. Ask its manager.",
    Closed.NOT_TRAINED: "Your training is not current. Complete it; your organisation then lists its new end.",
    Closed.NOT_ACCEPTED: "Read the statement of this agreement and accept it for this school year.",
}
"""What a person is told, and what to do."""
_BY_MISSING = {
    Missing.NAME: Closed.NOT_NAMED,
    Missing.TRAINING: Closed.NOT_TRAINED,
    Missing.UNDERTAKING: Closed.NOT_ACCEPTED,
}


@dataclass(frozen=True, slots=True)
class Opening:
    """
    One agreement, by digest, for one person: `closed` is None if its students may be opened now.

    `statement` is what the person accepts, or accepted; None for whoever the agreement's list of people does not name.
    """

    agreement: str
    title: str
    named_as: str
    closed: Closed | None
    statement: str | None

    @property
    def reason(self) -> str | None:
        """Why it is closed and what to do, in a sentence; None if it is open."""
        return None if self.closed is None else SENTENCES[self.closed]


def openings(registry: Registry, identity: Identity, moment: Moment) -> tuple[Opening, ...]:
    """
    Return the agreements of the person's partner, the newest version of each line in force, by digest.

    Empty for a stranger, a suspended person, and whoever is none of a partner's staff now.
    """
    held = [each.given for each in registry.staff.held(identity, moment.received)]
    roles = [given for given in held if given.role is Role.PARTNER_STAFF]
    stopped = {each.concerns for each in registry.suspensions}
    return tuple(
        _opening(registry, digest, named_as, moment, stopped)
        for named_as, partner in sorted({(str(given.named_as), given.party) for given in roles})
        for digest, granted in sorted(registry.granted.items())
        if granted.agreement.agreement.partner.id == partner
    )


def _opening(registry: Registry, digest: str, named_as: str, moment: Moment, stopped: Iterable[str]) -> Opening:
    agreement = registry.granted[digest].agreement.agreement
    is_named = named_as in named_at(registry.history[digest].annexes, moment.size)
    return Opening(
        agreement=digest,
        title=agreement.title,
        named_as=named_as,
        closed=_closed(registry, digest, named_as, moment, stopped),
        statement=statement(agreement) if is_named else None,
    )


def _closed(registry: Registry, digest: str, named_as: str, moment: Moment, stopped: Iterable[str]) -> Closed | None:
    granted = registry.granted[digest]
    agreement, now = granted.agreement.agreement, moment.now
    # (1): no stop concerns the agreement or the partner.
    if not {digest, agreement.partner.id}.isdisjoint(stopped):
        return Closed.STOPPED
    # (2): it is in force today.
    begins, ends = bounds(agreement.term.first_day, agreement.term.last_day, agreement.term.time_zone)
    if not begins <= now < (ends if granted.until is None else min(ends, granted.until)):
        return Closed.NOT_NOW
    # (3): the person is named, trained, and has accepted.
    missing = missing_of(
        named_as,
        agreement=granted.agreement,
        annexes=registry.history[digest].annexes,
        undertakings=registry.undertakings.get(digest, ()),
        now=moment.received,
        machines={key.thumbprint for bound in granted.bindings for key in bound.binding.keys},
    )
    return None if missing is None else _BY_MISSING[missing]
