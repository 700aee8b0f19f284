"""
Debarments and successions taken together: who is barred, by what, and who answers for whom.

A debarment follows its partner through every merger and new name, whichever came first; that a succession widens
nothing is the other half: the successor's agreements are its own. Pure functions of what was verified.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from agreements.authority import Received
from agreements.errors import PartnerGone
from agreements.parties import VerifiedDebarment, VerifiedSuccession


def barring(
    debarments: Iterable[VerifiedDebarment], partner: str, successions: Sequence[VerifiedSuccession], day: date
) -> tuple[VerifiedDebarment, ...]:
    """Return what bars a partner on this day (UTC), its own and what it inherited."""
    return tuple(each for each in _of(debarments, partner, successions) if each.bars_on(day))


def over(
    debarments: Iterable[VerifiedDebarment], partner: str, successions: Sequence[VerifiedSuccession], day: date
) -> tuple[VerifiedDebarment, ...]:
    """Return the debarments of a partner that ended before this day (UTC): an approval has to acknowledge them."""
    return tuple(each for each in _of(debarments, partner, successions) if each.until < day)


def ending(
    debarments: Iterable[VerifiedDebarment],
    partner: str,
    successions: Sequence[VerifiedSuccession],
    received: Received,
) -> tuple[VerifiedDebarment, ...]:
    """
    Return the debarments that ended for good what this partner had since `received`.

    INVARIANT: what stood before a debarment does not come back when the debarment is over; a new agreement is made.
    """
    return tuple(
        each
        for each in _of(debarments, partner, successions)
        if each.received.index > received.index and each.ends_what_stands
    )


def following(
    debarments: Iterable[VerifiedDebarment], successions: Sequence[VerifiedSuccession]
) -> tuple[VerifiedDebarment, ...]:
    """Return every debarment once for each partner that it bars: the one it was imposed on and all that came after."""
    found = list(debarments)
    for each in in_order(successions):
        predecessor = each.succession.predecessor
        found += [item.inherited_through(each) for item in found if item.partner == predecessor]
    return tuple(found)


def holding(
    successions: Iterable[VerifiedSuccession],
) -> tuple[tuple[VerifiedSuccession, ...], tuple[VerifiedSuccession, ...]]:
    """Return the successions that hold, in the log's order, and those that do not because of an earlier one."""
    held: list[VerifiedSuccession] = []
    refused: list[VerifiedSuccession] = []
    for each in in_order(successions):
        try:
            require_open(held, each)
        except PartnerGone:
            refused.append(each)
        else:
            held.append(each)
    return tuple(held), tuple(refused)


def require_open(held: Sequence[VerifiedSuccession], new: VerifiedSuccession) -> None:
    """
    Check that neither partner went on as another one before. Raises `PartnerGone`.

    INVARIANT: a partner has one successor, and once it has one it succeeds nobody; so successions form no circle.
    """
    for partner in new.succession.parties:
        require_not_gone(partner, held)


def successor_of(partner: str, successions: Iterable[VerifiedSuccession]) -> VerifiedSuccession | None:
    """Return the succession by which a partner is gone, if it is."""
    return next((each for each in successions if each.succession.predecessor == partner), None)


def require_not_gone(partner: str, successions: Iterable[VerifiedSuccession]) -> None:
    """Check that a partner has no successor: its successor signs agreements of its own. Raises `PartnerGone`."""
    gone = successor_of(partner, successions)
    if gone is not None:
        raise PartnerGone(f"{partner} went on as {gone.succession.successor} (entry {gone.received.index}).")


def answering_for(partner: str, successions: Sequence[VerifiedSuccession]) -> tuple[str, ...]:
    """Return who owes what a partner promised: itself, its successor, that one's successor and so on."""
    chain = [partner]
    for each in in_order(successions):  # the log's order is the chain's: who is gone succeeds nobody
        if each.succession.predecessor == chain[-1]:
            chain.append(each.succession.successor)
    return tuple(chain)


def in_order(successions: Iterable[VerifiedSuccession]) -> list[VerifiedSuccession]:
    """Return successions in the log's order."""
    return sorted(successions, key=lambda each: (each.received.index, each.digest))


def _of(
    debarments: Iterable[VerifiedDebarment], partner: str, successions: Sequence[VerifiedSuccession]
) -> tuple[VerifiedDebarment, ...]:
    return tuple(each for each in following(debarments, successions) if each.partner == partner)
