"""
Which agreements name somebody of a partner's staff, and the words that they are asked to accept (row D3).

INVARIANT: a statement is all there is here. Being named opens no student.
"""

from agreements.people import named_at
from agreements.statement import statement
from gateway.services.standing.identity import Identity
from gateway.services.standing.registry import Moment, Registry


def statements_for(registry: Registry, moment: Moment, identity: Identity) -> tuple[tuple[str, str], ...]:
    """Return title and statement of each agreement in force whose people annex names this person, by a role now."""
    held = registry.staff.held(identity, moment.received)
    names = {(each.given.party, each.given.named_as) for each in held if each.given.named_as is not None}
    found = []
    for digest in sorted(registry.granted):
        promised = registry.history.get(digest)
        if promised is None:
            continue
        agreement = promised.verified.agreement
        people = named_at(promised.annexes, moment.size)
        if any(party == agreement.partner.id and name in people for party, name in names):
            found.append((agreement.title, statement(agreement)))
    return tuple(found)
