"""People who sign in: their roles lead back to two officers and one committed identity, and a stop acts at once."""

import pytest

from agreements.errors import SamePerson, SignatureMissing
from agreements.roles import Role
from gateway.services.errors import IdentityTaken, InvitationRefused, StaffRoleRefused, UnknownPerson
from gateway.services.standing.identity import Realm
from tests.factories.gateway import Gateway
from tests.factories.staffing import StaffRoom, identity

ADA, BEN = identity("subject-a"), identity("subject-b")


async def test_an_invitation_works_once_and_gives_no_role(gateway: Gateway) -> None:
    room = StaffRoom(gateway)
    with pytest.raises(InvitationRefused):
        await gateway.services.staff.redeem("invite-nothing", ADA)
    made = await (await room.office()).invite("district:emerald-city", 72)
    with pytest.raises(InvitationRefused):
        await gateway.services.staff.redeem(made.code, identity("subject-a", Realm.PARTNER))
    person = await gateway.services.staff.redeem(made.code, ADA)
    assert await room.roles(ADA) == set()
    with pytest.raises(InvitationRefused):
        await gateway.services.staff.redeem(made.code, BEN)
    with pytest.raises(IdentityTaken):
        await room.come_in(ADA)
    assert person.check_number


async def test_a_role_is_given_by_two_others_and_ends_on_the_next_request(gateway: Gateway) -> None:
    room = StaffRoom(gateway)
    ada, ben = await room.come_in(ADA), await room.come_in(BEN)
    with pytest.raises(SignatureMissing):
        await room.give(ada, Role.STEWARD, keys=room.officers[:1])
    with pytest.raises(StaffRoleRefused):
        await room.give(ada, Role.STEWARD, identity=ben.commitment)
    document = await room.give(ada, Role.STEWARD)
    assert (await room.roles(ADA), await room.roles(BEN)) == ({Role.STEWARD}, set())
    office = await room.office()
    await office.end(document, "The work is done.")
    assert await room.roles(ADA) == set()
    await room.give(ben, Role.OFFICER, officer_key=room.officers[0].thumbprint)
    with pytest.raises(SamePerson):
        await room.give(ben, Role.STEWARD)
    await office.suspend(ben.id, "Looked into.")
    assert await room.roles(BEN) == set()
    await office.erase(ben.id)
    with pytest.raises(UnknownPerson):
        await room.roles(BEN)
