"""
The staff of the demo: people who can be picked at the development sign-in, invited and given their roles as anybody is.

Nobody here has a name: a person is called after what they do. The two officers are those who sign in this demo.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from agreements.documents.staff_role import StaffRole, staff_role_bytes
from agreements.keys import SigningKey
from agreements.roles import Role
from agreements.signature import Envelope, Kind, add_signature
from gateway.demo.cast import RESPONSIBLE_PERSON, Cast
from gateway.services.office import Office
from gateway.services.staff.invitations import USUAL_HOURS, redeem
from gateway.services.staff.office import StaffOffice
from gateway.services.standing.identity import DEVELOPMENT, Identity, realm_of

LASTS = timedelta(days=300)
REASON = "The work of this school year, in a demo."


@dataclass(frozen=True, slots=True)
class Employee:
    """
    Somebody who signs in by picking `subject`.

    `officer_key` is the key of an officer, `named_as` the id of partner staff in the partner's lists of people.
    """

    subject: str
    party: str
    role: Role
    officer_key: SigningKey | None = None
    named_as: str | None = None


def staff_of(cast: Cast, district: str, partners: Sequence[str]) -> tuple[Employee, ...]:
    """Return everybody, the district's people first."""
    return (
        Employee("officer-a", district, Role.OFFICER, cast.approver.key),
        Employee("officer-b", district, Role.OFFICER, cast.drafter.key),
        *(Employee(role.value, district, role) for role in (Role.ADMINISTRATOR, Role.STEWARD, Role.AUDITOR)),
        *(
            Employee(f"{partner.partition(':')[2]}-{subject}", partner, role, named_as=named_as)
            for partner in partners
            for subject, role, named_as in (
                ("manager", Role.PARTNER_MANAGER, None),
                ("staff", Role.PARTNER_STAFF, RESPONSIBLE_PERSON),
            )
        ),
    )


async def employ(office: Office, cast: Cast, staff: Sequence[Employee]) -> None:
    """Invite everybody, take up the invitations, and give the roles, each by a document of the two officers."""
    room = StaffOffice(office.desk)
    today = (await office.desk.registry())[0].now.date()
    for each in staff:
        invitation = await room.invite(each.party, USUAL_HOURS)
        async with office.engine.begin() as connection:
            identity = Identity(realm_of(each.party), DEVELOPMENT, each.subject)
            person = await redeem(connection, invitation.code, identity)
        given = StaffRole(
            person=person.id,
            identity=person.commitment,
            role=each.role,
            party=each.party,
            first_day=today,
            last_day=today + LASTS,
            reason=REASON,
            officer_key=None if each.officer_key is None else each.officer_key.thumbprint,
            named_as=each.named_as,
        )
        await room.give(_signed(cast, staff_role_bytes(given)))


def _signed(cast: Cast, payload: bytes) -> Envelope:
    envelope = add_signature(None, Kind.STAFF_ROLE, payload, cast.approver.key)
    return add_signature(envelope, Kind.STAFF_ROLE, payload, cast.drafter.key)
