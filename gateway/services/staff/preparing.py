"""A role as two officers will sign it: judged before anybody signs, and not prepared by whoever invited the person."""

from agreements.documents.staff_role import StaffRole, read_staff_role, staff_role_bytes
from gateway.services.filing import Desk
from gateway.services.staff.errors import StaffRoleRefused, UnknownPerson
from gateway.services.staff.roles import require_apart
from gateway.services.standing.identity import Person
from gateway.services.standing.staff import Link


async def link_of(desk: Desk, person: str) -> Link:
    """Return by which identity a person signs in now. Raises `UnknownPerson`."""
    _, registry = await desk.registry()
    found = next((link for link in registry.staff.links.values() if link.person.id == person), None)
    if found is None:
        raise UnknownPerson(f"Nobody signs in as {person}.")
    return found


async def role_payload(desk: Desk, given: StaffRole, prepared_by: str) -> bytes:
    """
    Return the canonical bytes of a role, for two officers to sign.

    `prepared_by` is who signed in to prepare it: neither the person who gains the role, nor who invited them
    (`gateway.services.staff.roles.APART`).

    Raises `InvalidDocument`, `UnknownPerson`, `StaffRoleRefused` for another identity than the person signs in by now,
    `SamePerson`.
    """
    payload = staff_role_bytes(given)
    # (1): it is a role that would hold.
    read_staff_role(payload)
    # (2): for exactly the identity that the person signs in by.
    link = await link_of(desk, given.person)
    if (given.identity, given.party) != (link.person.commitment, link.person.party):
        raise StaffRoleRefused("The role is for another identity or party than the person signs in with now.")
    # (3): whoever invites does not give, and nobody gives to themselves.
    preparing = Person(prepared_by, "", "")
    require_apart(preparing, link.person)
    if link.invited_by is not None:
        require_apart(preparing, Person(link.invited_by, "", ""))
    return payload
