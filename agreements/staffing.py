"""
Roles of the people who sign in, verified back to two officers.

INVARIANT: `VerifiedStaffRole` is made here and nowhere else, and nobody gives a role to themselves: who gains is none
of the two who sign. An officer gains nothing by the role of one, the officer has the key; so the officer vouches for
the identity by that key, and a second officer with them.
"""

from collections.abc import Collection, Iterable
from dataclasses import InitVar, dataclass
from datetime import timedelta
from typing import Final

from agreements.authority import Authority, Filed, Received
from agreements.canonical import read_canonical
from agreements.documents.reading import refuse
from agreements.documents.staff_role import STAFF_ROLE, StaffRole, read_staff_role
from agreements.errors import NotEntitled, SamePerson, SignatureMissing
from agreements.names import person
from agreements.seal import SEAL, require_seal
from agreements.signature import Kind
from agreements.trust import Officer

_OFFICERS: Final = 2
MOST_DAYS_LATE: Final = timedelta(days=31)
"""A role that two officers signed and then thought better of must not come into force years later."""


@dataclass(frozen=True, slots=True)
class VerifiedStaffRole:
    """A role that two officers gave; it counts from the entry that received it, on its own days."""

    given: StaffRole
    digest: str
    officers: tuple[Officer, ...]
    received: Received
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


def verify_staff_role(filed: Filed, *, authority: Authority) -> VerifiedStaffRole:
    """
    Verify that two officers gave a role, or vouched for an officer's identity.

    Raises an `AgreementError` naming the first thing that is wrong. Whether the identity in it is that of a known
    person, and whether the person is one of the two (`require_given_by_others`), is for the caller.
    """
    envelope, received = filed.envelope, filed.received
    filed.require_kind(Kind.STAFF_ROLE)
    # (1): every signature verifies over exactly these bytes, by an officer in office when it was received.
    officers = authority.signed_by_officers(envelope, received)
    # (2): two people decided; two keys of one person are one.
    if len({person(officer.name) for officer in officers}) < _OFFICERS:
        raise SignatureMissing("A role of somebody who signs in is given by two officers.")
    # (3): the bytes are a staff role.
    read_canonical(envelope.payload)
    given = read_staff_role(envelope.payload)
    # (4): it was received while it may count, and not long after it was meant.
    if not received.day - MOST_DAYS_LATE <= given.first_day or given.last_day < received.day:
        sentence = f"A role is registered before its last day, and {MOST_DAYS_LATE.days} days after its first at most."
        refuse(STAFF_ROLE, "/first_day", "Z1", sentence)
    # (5): an officer's identity is vouched for by that officer's own key, and by another officer (2).
    if given.officer_key is not None and given.officer_key not in {officer.key.thumbprint for officer in officers}:
        raise NotEntitled("The officer whose identity it is has not signed it with the key that it names.")
    return VerifiedStaffRole(given, envelope.digest, officers, received, SEAL)


def require_given_by_others(officers: Iterable[Officer], own_keys: Collection[str], authority: Authority) -> None:
    """
    Check that none of these officers is the person whose keys `own_keys` are, under no key that the person ever had.

    Raises `SamePerson`.
    """
    own_names = frozenset[str]().union(*(authority.names_of(kid) for kid in own_keys))
    for officer in officers:
        if officer.key.thumbprint in own_keys or person(officer.name) in own_names:
            raise SamePerson("Nobody gives a role to themselves, nor lifts a stop of their own: another officer signs.")
