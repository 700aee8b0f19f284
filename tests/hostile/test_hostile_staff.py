"""
Rows of those who sign in, changed past the log: nobody gains a role, nobody's stop is lifted, and an alarm is raised.

Claim 1: a staff role is signed, and an identity is the one that the entry commits to. Claim 7: a stop counts by its
entry alone.
"""

import asyncpg
import pytest

from agreements.register import digest_bytes
from agreements.roles import Role
from gateway.services.standing.identity import Identity
from tests.factories.gateway import Gateway
from tests.factories.staffing import StaffRoom, identity, signed_role
from tests.factories.superuser import alarms, change, served_anew, superuser

pytestmark = pytest.mark.claim(1)

ADA, BEN, THIEF = identity("subject-a"), identity("subject-b"), identity("subject-of-a-thief")


async def rows_open(gateway: Gateway) -> asyncpg.Connection:
    """Return somebody for whom no guard of these tables holds."""
    admin = await superuser(gateway)
    for table in ("staff_identity", "staff_stop"):
        await admin.execute(f"ALTER TABLE gateway.{table} DISABLE TRIGGER ALL")
    return admin


async def anew(room: StaffRoom, who: Identity) -> set[Role] | None:
    """Return the roles of somebody as after a restart; None for a stranger."""
    await served_anew(room.gateway)
    return None if await room.person(who) is None else await room.roles(who)


@pytest.mark.attack("a person's identity swapped")
async def test_a_role_does_not_follow_an_identity_that_was_swapped(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    room, admin = StaffRoom(gateway), await rows_open(gateway)
    ada, ben = await room.come_in(ADA), await room.come_in(BEN)
    await room.give(ada, Role.STEWARD)
    await room.give(ben, Role.AUDITOR)
    # (1): somebody else's subject in the row of whoever has the role.
    swap = "UPDATE gateway.staff_identity SET subject = $1 WHERE person = $2"
    assert await admin.execute(swap, THIEF.subject, ada.id) == "UPDATE 1"
    assert await anew(room, THIEF) is None
    assert "link_refused" in alarms(caplog)
    assert await room.roles(BEN) == {Role.AUDITOR}
    await admin.execute(swap, ADA.subject, ada.id)
    assert await anew(room, ADA) == {Role.STEWARD}
    # (2): a second row that makes the thief the same person, dated by an entry that links somebody.
    copied = (
        "INSERT INTO gateway.staff_identity (person, party, issuer, subject, salt, idx) "
        "SELECT $1, party, issuer, $2, salt, idx FROM gateway.staff_identity WHERE person = $3"
    )
    alarms(caplog)
    assert await admin.execute(copied, ada.id, THIEF.subject, ben.id) == "INSERT 0 1"
    assert await anew(room, THIEF) is None
    assert "link_refused" in alarms(caplog)
    assert await room.roles(ADA) == {Role.STEWARD}


@pytest.mark.attack("an erased person's row restored")
async def test_an_erased_person_does_not_come_back_with_an_older_copy_of_the_table(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    room, admin = StaffRoom(gateway), await rows_open(gateway)
    ada = await room.come_in(ADA)
    await room.give(ada, Role.STEWARD)
    await admin.execute("CREATE TABLE saved AS TABLE gateway.staff_identity")
    await (await room.office()).erase(ada.id)
    assert await anew(room, ADA) is None
    alarms(caplog)
    await admin.execute("INSERT INTO gateway.staff_identity SELECT * FROM saved")
    assert await anew(room, ADA) is None
    assert "link_refused" in alarms(caplog)


@pytest.mark.claim(7)
@pytest.mark.attack("a stop's row deleted")
async def test_a_stop_of_staff_holds_although_its_row_is_deleted(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    room, admin = StaffRoom(gateway), await rows_open(gateway)
    ada, ben = await room.come_in(ADA), await room.come_in(BEN)
    ended = await room.give(ada, Role.STEWARD)
    await room.give(ada, Role.AUDITOR)
    await room.give(ben, Role.AUDITOR)
    office = await room.office()
    await office.end(ended, "The work is done.")
    await office.suspend(ben.id, "Looked into.")
    assert await admin.execute("DELETE FROM gateway.staff_stop") == "DELETE 2"
    assert await anew(room, ADA) == {Role.AUDITOR}
    assert await room.roles(BEN) == set()
    assert "stop_missing" in alarms(caplog)


@pytest.mark.claim(7)
@pytest.mark.attack("a stop's row added")
async def test_a_stop_that_is_not_in_the_log_stops_and_alarms(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    room, admin = StaffRoom(gateway), await rows_open(gateway)
    ada = await room.come_in(ADA)
    await room.give(ada, Role.STEWARD)
    await admin.execute("INSERT INTO gateway.staff_stop (subject, idx, reason) VALUES ($1, 0, 'test')", ada.id)
    assert await anew(room, ADA) == set()
    assert "stop_not_in_log" in alarms(caplog)


@pytest.mark.attack("a staff role's document changed by hand")
async def test_a_role_whose_document_was_changed_by_hand_is_none(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    room, admin = StaffRoom(gateway), await rows_open(gateway)
    ada, ben = await room.come_in(ADA), await room.come_in(BEN)
    given = await room.give(ada, Role.AUDITOR)
    await room.give(ben, Role.AUDITOR)
    kept = await admin.fetchval("SELECT envelope FROM agreements.document WHERE digest = $1", digest_bytes(given))
    more = signed_role(room.role_for(ada, Role.ADMINISTRATOR), room.officers)
    # (1): another role, which two officers even signed, in the place of the one that the entry names.
    await change(admin, given, "envelope", more.text)
    assert await anew(room, ADA) == set()
    assert alarms(caplog)
    assert await room.roles(BEN) == {Role.AUDITOR}
    # (2): the right one, dated by an entry that gave another role.
    await change(admin, given, "envelope", kept)
    await change(admin, given, "idx", 0)
    assert await anew(room, ADA) == set()
    assert alarms(caplog)
    assert await room.roles(BEN) == {Role.AUDITOR}
