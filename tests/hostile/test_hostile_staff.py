"""
Rows of those who sign in, changed past the log: nobody gains a role, nobody's stop is lifted, and an alarm is raised.

Claim 1: a staff role is signed, and an identity is the one that the entry commits to. Claim 7: a stop counts by its
entry alone.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace

import asyncpg
import pytest
from sqlalchemy import insert

from agreements.documents.reinstatement import Reinstatement, reinstatement_bytes
from agreements.documents.staff_role import StaffRole
from agreements.keys import SigningKey
from agreements.register import digest_bytes, insert_document
from agreements.roles import Role
from agreements.signature import Envelope, Kind
from audit.change import append_change
from audit.entry import leaf
from audit.events import Event
from gateway.services.standing.identity import SALT_BYTES, Identity
from gateway.services.standing.registry import read_moment
from gateway.store.tables import staff_identity
from tests.factories.agreements import Keyring
from tests.factories.gateway import Gateway
from tests.factories.staffing import DISTRICT, StaffRoom, identity, signed_role
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
    assert alarms(caplog) == {"document_unreadable"}
    assert await room.roles(BEN) == {Role.AUDITOR}
    # (2): the right one, dated by an entry that gave another role.
    await change(admin, given, "envelope", kept)
    await change(admin, given, "idx", 0)
    assert await anew(room, ADA) == set()
    assert alarms(caplog) == {"document_missing", "document_not_in_log"}
    assert await room.roles(BEN) == {Role.AUDITOR}


async def file_past(room: StaffRoom, event: Event, document: Envelope, **body: object) -> int:
    """File a document as whoever may write to the register, and asks no office whether it holds."""
    async with (await room.gateway.office()).engine.begin() as connection:
        now = (await read_moment(connection)).now
        index = await append_change(connection, leaf(event, now, document=document.digest, **body))
        await insert_document(connection, document, concerns=None, index=index)
    return index


async def give_past(room: StaffRoom, given: StaffRole, keys: Sequence[SigningKey]) -> None:
    """File a role past the office."""
    about = {
        "person": given.person,
        "role": given.role.value,
        "party": given.party,
        "identity": given.identity,
        "first_day": given.first_day.isoformat(),
        "last_day": given.last_day.isoformat(),
        "officers": sorted(key.thumbprint for key in keys),
    }
    await file_past(room, Event.ROLE_GIVEN, signed_role(given, keys), **about)


async def link_past(room: StaffRoom, person: str, who: Identity) -> None:
    """Make an identity that of a person as whoever may write to the tables and the log, without an invitation."""
    salt = secrets.token_bytes(SALT_BYTES)
    async with (await room.gateway.office()).engine.begin() as connection:
        now = (await read_moment(connection)).now
        said = {"person": person, "party": DISTRICT, "identity": who.commitment(salt)}
        index = await append_change(connection, leaf(Event.STAFF_LINKED, now, **said))
        row = {"person": person, "party": DISTRICT, "issuer": who.issuer, "subject": who.subject, "salt": salt}
        await connection.execute(insert(staff_identity).values({**row, "idx": index}))


@pytest.mark.claim(12)
@pytest.mark.attack("a staff role filed past the office")
async def test_a_role_that_is_filed_past_the_office_is_judged_as_one_that_is_not(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    room = StaffRoom(gateway)
    ada, ben = await room.come_in(ADA), await room.come_in(BEN)
    own, other = room.officers
    # (1): one officer alone.
    await give_past(room, room.role_for(ada, Role.STEWARD), [own])
    assert await anew(room, ADA) == set()
    assert alarms(caplog) == {"role_refused"}
    # (2): an officer gives a role to the person who the officer is.
    await room.give(ben, Role.OFFICER, officer_key=own.thumbprint)
    await give_past(room, room.role_for(ben, Role.STEWARD), [own, other])
    alarms(caplog)
    assert await anew(room, BEN) == {Role.OFFICER}
    assert "role_refused" in alarms(caplog)
    # (3): for another identity or party than the person's, nothing is wrong with the document: it is nobody's.
    given = room.role_for(ada, Role.AUDITOR)
    for wrong in (
        replace(given, identity=ben.commitment),
        replace(given, party="district:another"),
        replace(given, person=ben.id),
    ):
        await give_past(room, wrong, [own, other])
    assert await anew(room, ADA) == set()
    assert await room.roles(BEN) == {Role.OFFICER}


@pytest.mark.claim(12)
@pytest.mark.attack("an identity linked past the office")
async def test_whoever_links_an_identity_by_hand_gains_no_role_by_it(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    room = StaffRoom(gateway)
    ada = await room.come_in(ADA)
    await room.give(ada, Role.STEWARD)
    # (1): a second person cannot have the identity of the first.
    await link_past(room, "user:00000000-0000-4000-8000-000000000000", ADA)
    assert await anew(room, ADA) == {Role.STEWARD}
    assert (await room.person(ADA)) == ada
    assert alarms(caplog) == {"link_refused"}
    # (2): whoever becomes the person is not whom the officers vouched for; nor is the one who was any more.
    await link_past(room, ada.id, THIEF)
    assert await anew(room, THIEF) == set()
    assert await room.person(ADA) is None


@pytest.mark.claim(12)
@pytest.mark.attack("an erased person linked again")
async def test_the_roles_of_somebody_erased_do_not_come_back_with_the_same_identity(gateway: Gateway) -> None:
    room, admin = StaffRoom(gateway), await rows_open(gateway)
    ada = await room.come_in(ADA)
    await room.give(ada, Role.STEWARD)
    await admin.execute("CREATE TABLE saved AS TABLE gateway.staff_identity")
    await (await room.office()).erase(ada.id)
    async with (await gateway.office()).engine.begin() as connection:
        now = (await read_moment(connection)).now
        said = {"person": ada.id, "party": DISTRICT, "identity": ada.commitment}
        index = await append_change(connection, leaf(Event.STAFF_LINKED, now, **said))
    await admin.execute("UPDATE saved SET idx = $1", index)
    await admin.execute("INSERT INTO gateway.staff_identity SELECT * FROM saved")
    assert await anew(room, ADA) == set()


@pytest.mark.claim(7)
@pytest.mark.claim(12)
@pytest.mark.attack("a suspension lifted past the office")
async def test_nobody_lifts_a_suspension_of_their_own_past_the_office(gateway: Gateway) -> None:
    room = StaffRoom(gateway)
    ben = await room.come_in(BEN)
    own, other = room.officers
    await room.give(ben, Role.OFFICER, officer_key=own.thumbprint)
    stop = await (await room.office()).suspend(ben.id, "Looked into.")
    for number, (key, roles) in enumerate(((own, set[Role]()), (other, {Role.OFFICER}))):
        reason = f"It was nothing, {number}."
        lifted = Keyring.sign(Kind.REINSTATEMENT, reinstatement_bytes(Reinstatement(ben.id, stop, reason)), key)
        await file_past(room, Event.STAFF_ACTIVATED, lifted, person=ben.id, undoes=stop)
        assert await anew(room, BEN) == roles
