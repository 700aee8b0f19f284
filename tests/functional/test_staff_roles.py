"""People who sign in: their roles lead back to two officers and one committed identity, and a stop acts at once."""

import datetime as dt

import pytest

from agreements.documents.reinstatement import Reinstatement, reinstatement_bytes
from agreements.errors import SamePerson, SignatureMissing
from agreements.keys import SigningKey
from agreements.roles import Role
from agreements.signature import Envelope, Kind
from gateway.services.errors import NothingToUndo
from gateway.services.papers.own_passkeys import OwnPasskeys
from gateway.services.staff.errors import IdentityTaken, InvitationRefused, StaffRoleRefused
from gateway.services.staff.session import Authentication
from gateway.services.standing.identity import Realm
from tests.factories.agreements import Keyring, key_for
from tests.factories.gateway import NOON, Gateway
from tests.factories.staffing import StaffRoom, identity

ADA, BEN = identity("subject-a"), identity("subject-b")


def lifted(person: str, undoes: int, key: SigningKey) -> Envelope:
    """Return the document by which an officer undoes a suspension."""
    return Keyring.sign(Kind.REINSTATEMENT, reinstatement_bytes(Reinstatement(person, undoes, "It was nothing.")), key)


@pytest.mark.claim(1)
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


@pytest.mark.claim(1)
@pytest.mark.claim(7)
@pytest.mark.claim(12)
async def test_a_role_is_given_by_two_others_and_ends_on_the_next_request(gateway: Gateway) -> None:
    room = StaffRoom(gateway)
    ada, ben = await room.come_in(ADA), await room.come_in(BEN)
    with pytest.raises(SignatureMissing):
        await room.give(ada, Role.STEWARD, keys=room.officers[:1])
    with pytest.raises(StaffRoleRefused):
        await room.give(ada, Role.STEWARD, identity=ben.commitment)
    document = await room.give(ada, Role.STEWARD)
    # What begins tomorrow does not count today.
    await room.give(ada, Role.AUDITOR, first_day=NOON.date() + dt.timedelta(days=1))
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
    assert await room.person(BEN) is None


@pytest.mark.claim(12)
async def test_a_suspension_is_undone_by_an_officer_who_is_not_the_person(gateway: Gateway) -> None:
    room = StaffRoom(gateway)
    ben = await room.come_in(BEN)
    own, other = room.officers
    await room.give(ben, Role.OFFICER, officer_key=own.thumbprint)
    office = await room.office()
    entry = await office.suspend(ben.id, "Looked into.")
    for undoes, key, refused in ((entry - 1, other, NothingToUndo), (entry, own, SamePerson)):
        with pytest.raises(refused):
            await office.reinstate(lifted(ben.id, undoes, key))
        assert await room.roles(BEN) == set()
    await office.reinstate(lifted(ben.id, entry, other))
    assert await room.roles(BEN) == {Role.OFFICER}
    with pytest.raises(NothingToUndo):
        await office.reinstate(lifted(ben.id, entry, other))


@pytest.mark.claim(12)
async def test_whoever_has_no_key_in_office_any_more_is_no_officer(gateway: Gateway) -> None:
    room, admissions = StaffRoom(gateway), (await gateway.office()).admissions
    ring, ben, third = gateway.deployment.ring, await room.come_in(BEN), key_for("a third officer")
    await admissions.introduce_officer(ring.officer_document("Third Officer", third, by=room.officers).envelope)
    await room.give(ben, Role.OFFICER, officer_key=third.thumbprint, keys=[room.officers[0], third])
    assert await room.roles(BEN) == {Role.OFFICER}
    await admissions.revoke(ring.revocation(third.thumbprint, by=room.officers).envelope)
    assert await room.roles(BEN) == set()


@pytest.mark.claim(9)
async def test_whoever_is_erased_leaves_no_session_and_no_passkey_and_nobody_else_does(gateway: Gateway) -> None:
    room, passkeys = StaffRoom(gateway), OwnPasskeys(await gateway.office())
    ada, ben = await room.come_in(ADA), await room.come_in(BEN)
    for person in (ada, ben):
        await passkeys.keep(key_for(person.id).thumbprint, person.id)
    for number, who in enumerate((ADA, ADA, BEN)):
        await gateway.services.sessions.open(Authentication(who, bytes([number]) * 32, None, (), NOON))
    await (await room.office()).erase(ada.id)
    admin = await gateway.database.connection("admin")
    left = await admin.fetch("SELECT subject FROM gateway.staff_session")
    assert [row["subject"] for row in left] == [BEN.subject]
    assert [len(await passkeys.listed(person.id)) for person in (ada, ben)] == [0, 1]
