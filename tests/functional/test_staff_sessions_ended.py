"""Sessions that the office ends, and a halted log, with which nothing of staff begins and everything can be ended."""

import asyncio
import shutil
from pathlib import Path

import pytest

from audit.errors import LogUnavailable
from gateway.services.staff.errors import SessionOver, SignInReplayed
from gateway.services.staff.step_up import StepUpAct, step_up
from gateway.services.standing.identity import Realm
from tests.factories.command_line import CommandLine
from tests.factories.gateway import Gateway
from tests.factories.staffing import StaffRoom, identity, proved

ADA, BEN = identity("subject-a"), identity("subject-b")
_SESSIONS = "SELECT count(*) FROM gateway.staff_session"


async def require_over(gateway: Gateway, secret: str) -> None:
    with pytest.raises(SessionOver):
        await gateway.services.sessions.find(Realm.DISTRICT, secret)


@pytest.mark.claim(7)
async def test_the_office_ends_every_session_of_one_person(gateway: Gateway, tmp_path: Path) -> None:
    shutil.copytree(gateway.deployment.home, tmp_path / "home")
    line = CommandLine.on(gateway.deployment.server, gateway.database.name, tmp_path)
    line = line.with_settings(PACTGATE_HOME=str(tmp_path / "home"), PACTGATE_CHECKPOINT=str(gateway.kept.file))
    room, sessions = StaffRoom(gateway), gateway.services.sessions
    ada = await room.come_in(ADA)
    await room.come_in(BEN)
    nobody = "user:00000000-0000-4000-8000-000000000000"
    await asyncio.to_thread(line.refused, "staff", "end-sessions", nobody)
    mine, other = [await sessions.open(proved(ADA)) for _ in range(2)], await sessions.open(proved(BEN))
    numbers = [(await sessions.find(Realm.DISTRICT, each)).number for each in mine]
    start = await gateway.size()
    ended = await asyncio.to_thread(line.done, "staff", "end-sessions", ada.id)
    assert ended == {"person": ada.id, "ended": 2}
    for each in mine:
        await require_over(gateway, each)
    assert (await sessions.find(Realm.DISTRICT, other)).person is not None
    entries = await gateway.entries(start)
    assert [(each["event"], each["person"], each["reason"], each["by"]) for each in entries] == [
        ("staff.session_revoked", ada.id, "office", None)
    ] * 2
    assert {each["session"] for each in entries} == set(numbers)
    # Signing in again works: nobody was stopped.
    await sessions.find(Realm.DISTRICT, await sessions.open(proved(ADA)))


async def test_one_sign_in_opens_one_session(gateway: Gateway) -> None:
    await StaffRoom(gateway).come_in(ADA)
    sessions, once = gateway.services.sessions, proved(ADA)
    await sessions.open(once)
    start = await gateway.size()
    with pytest.raises(SignInReplayed):
        await sessions.open(once)
    assert await (await gateway.database.connection("loader")).fetchval(_SESSIONS) == 1
    assert await gateway.size() == start


async def test_who_is_erased_stays_in_no_session(gateway: Gateway) -> None:
    room = StaffRoom(gateway)
    ada = await room.come_in(ADA)
    secret = await gateway.services.sessions.open(proved(ADA))
    await (await room.office()).erase(ada.id)
    await require_over(gateway, secret)
    assert await (await gateway.database.connection("loader")).fetchval(_SESSIONS) == 0


@pytest.mark.claim(4)
async def test_nothing_of_staff_begins_while_the_log_is_halted_and_sessions_end(gateway: Gateway) -> None:
    room, sessions = StaffRoom(gateway), gateway.services.sessions
    ada = await room.come_in(ADA)
    office = await room.office()
    invited = await office.invite("district:emerald-city", 72)
    secret = await sessions.open(proved(ADA))
    session = await sessions.find(Realm.DISTRICT, secret)
    stranger = await sessions.find(Realm.DISTRICT, await sessions.open(proved(BEN)))
    start, rows = await gateway.size(), await gateway.database.connection("loader")
    held = await rows.fetchval(_SESSIONS)
    gateway.services.log.halt()
    for attempt in (
        sessions.open(proved(ADA)),
        sessions.open(proved(identity("subject-c"))),
        sessions.take_up(stranger, invited.code),
        gateway.services.staff.redeem(invited.code, BEN),
        step_up(sessions, session, StepUpAct.SIGN, f"sha256:{'ab' * 32}", proved(ADA)),
    ):
        with pytest.raises(LogUnavailable):
            await attempt
    assert await rows.fetchval(_SESSIONS) == held, "and the invitation waits"
    # The session is over, and its entry is not there: whoever signs out is out.
    with pytest.raises(LogUnavailable):
        await sessions.sign_out(session)
    await require_over(gateway, secret)
    assert await gateway.size() == start
    # What would only be noted (that somebody suspended came) is not noted either, and lets nobody in.
    await office.suspend(ada.id, "Looked into.")
    with pytest.raises(LogUnavailable):
        await sessions.open(proved(ADA))
