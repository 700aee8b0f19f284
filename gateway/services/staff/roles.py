"""
What each role may do: the one table, and the check that drafting and approving stay apart.

INVARIANT: a role opens nothing by itself that signatures protect. An approval is a signature by an officer's own key,
wherever it is given; the role only lets somebody come to the page (claim 12).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from agreements.errors import SamePerson
from agreements.roles import Role
from gateway.services.staff.errors import RoleMissing
from gateway.services.standing.identity import Person


class Act(StrEnum):
    """What somebody who signed in may do, as far as the role goes."""

    READ_LOG = "read_log"
    """Entries, checkpoints, alarms: nobody stands in them."""
    SEARCH_STUDENTS = "search_students"
    """Ask about one student: accounting, explanation, search. On record each time."""
    HANDLE_ALARMS = "handle_alarms"
    """Note, give to somebody and resolve what the gateway was alarmed about. It undoes no alarm."""
    HANDLE_INCIDENTS = "handle_incidents"
    """Open and close incidents, and take out whose records one may concern. On record each time."""
    STOP = "stop"
    APPROVE = "approve"
    DRAFT = "draft"
    MANAGE_CLIENTS = "manage_clients"
    MANAGE_PARTNERS = "manage_partners"
    GIVE_ROLES = "give_roles"
    INVITE = "invite"
    LOAD_RECORDS = "load_records"
    MANAGE_ROSTERS = "manage_rosters"
    CLASSIFY_CODES = "classify_codes"
    RECORD_CONSENTS = "record_consents"
    NAME_PEOPLE = "name_people"
    """The people of one's own partner."""
    SEE_OWN_CLIENTS = "see_own_clients"
    """How the clients of one's own partner stand."""
    OPEN_STUDENTS = "open_students"
    """Students under the agreements that `gateway.services.staff.students` says are open."""


MAY: Final[Mapping[Role, frozenset[Act]]] = MappingProxyType(
    {
        Role.OFFICER: frozenset(
            {
                *(Act.READ_LOG, Act.SEARCH_STUDENTS, Act.HANDLE_ALARMS, Act.HANDLE_INCIDENTS, Act.STOP, Act.APPROVE),
                *(Act.GIVE_ROLES, Act.INVITE),
            }
        ),
        Role.ADMINISTRATOR: frozenset(
            {
                *(Act.DRAFT, Act.MANAGE_CLIENTS, Act.MANAGE_PARTNERS, Act.STOP, Act.INVITE, Act.READ_LOG),
                Act.HANDLE_ALARMS,
            }
        ),
        Role.STEWARD: frozenset({Act.LOAD_RECORDS, Act.MANAGE_ROSTERS, Act.CLASSIFY_CODES, Act.RECORD_CONSENTS}),
        Role.AUDITOR: frozenset({Act.READ_LOG, Act.HANDLE_ALARMS}),
        Role.PARTNER_MANAGER: frozenset({Act.NAME_PEOPLE, Act.SEE_OWN_CLIENTS}),
        Role.PARTNER_STAFF: frozenset({Act.OPEN_STUDENTS}),
    }
)
"""Whoever holds several roles may do what any of them may."""

APART: Final = (frozenset({Act.DRAFT, Act.APPROVE}), frozenset({Act.INVITE, Act.GIVE_ROLES}))
"""Two steps of one thing, done by two people, whatever roles one of them holds."""


def require_may(roles: Iterable[Role], act: Act) -> None:
    """Check that one of these roles may do this. Raises `RoleMissing`."""
    if not any(act in MAY[role] for role in roles):
        wanted = ", ".join(sorted(role.value for role, acts in MAY.items() if act in acts))
        raise RoleMissing(f"This takes one of these roles: {wanted}.")


def require_apart(person: Person, done_by: Person) -> None:
    """
    Check that the second step is done by another person than the first: `APART`. Raises `SamePerson`.

    By the person's id, not the identity: one who signs in anew is the same.
    """
    if person.id == done_by.id:
        raise SamePerson("Whoever did the first step does not do the second.")
