"""What pages need of a long log is read beforehand, and is what reading it at the moment would find."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import make_url

from gateway.console import ahead
from gateway.console.ahead import read_ahead, reading_ahead
from gateway.console.desk import ConsoleDesk, Found
from gateway.services.obligations.left import LeftUnder
from gateway.services.obligations.owed import Obligations
from gateway.services.obligations.shown import Listed
from tests.factories.cohort import MENTORING, TUTORING
from tests.factories.gateway import Gateway
from tests.factories.superuser import superuser
from tests.factories.unhurried import PATIENCE


async def desk_of(gateway: Gateway) -> ConsoleDesk:
    return ConsoleDesk(await gateway.office(remembers=True), gateway.deployment.keys.subject)


async def until_counted(desk: ConsoleDesk, size: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while (desk.activity.counted or 0) < size:  # noqa: ASYNC110 - nothing says when a part was read
            await asyncio.sleep(0.02)


async def test_what_was_read_ahead_is_what_reading_now_finds(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = await desk_of(gateway)
    tutoring, mentoring = gateway.digest(TUTORING), gateway.digest(MENTORING)
    async with desk.office.engine.connect() as connection:
        moment, _ = await desk.read()
        remembers = LeftUnder(desk.office.engine)
        assert not await remembers(connection, tutoring, 0, moment.size)
        assert not await remembers(connection, mentoring, 0, moment.size)
        await gateway.get(TUTORING, "/v1/students?fields=first_name")
        moment, _ = await desk.read()
        for _ in range(2):
            assert await remembers(connection, tutoring, 0, moment.size), "an entry after the first answer"
            assert not await remembers(connection, mentoring, 0, moment.size)
        assert await LeftUnder(desk.office.engine)(connection, tutoring, 0, moment.size), "by the index alone"
    for _ in range(20):
        if await read_ahead(desk):
            break
    moment, registry = await desk.read()
    assert desk.activity.counted == moment.size
    found = (await Obligations(desk.office.desk).listed(within=30)).obligations
    assert await desk.due(moment, registry) == found
    whole = (await Obligations(desk.office.desk).listed()).obligations
    assert {each.agreement for each in whole} >= {tutoring}
    assert (await Obligations(desk.office.desk).listed(agreement=tutoring)).obligations == tuple(
        each for each in whole if each.agreement == tutoring
    )
    of_one = tuple(each for each in whole if each.partner == "partner:bright-path")
    assert of_one
    for one in (desk, replace(desk, found_owed=Found())):
        assert await one.owed_by("partner:bright-path", moment, registry) == of_one
    outdated = replace(desk, found_owed=replace(desk.found_owed, version=-1, listed=Listed((), (), ())))
    assert await outdated.owed_by("partner:bright-path", moment, registry) == of_one, "a document came in between"
    monkeypatch.setattr(ahead, "_REST_SECONDS", 0.0)
    other = replace(desk, activity=type(desk.activity)())
    async with reading_ahead(other, every=0.05):
        await until_counted(other, moment.size)
        await gateway.get(TUTORING, "/v1/students?fields=grade_level")
        await until_counted(other, moment.size + 1)


async def test_a_database_that_is_away_is_asked_again(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    desk, admin = await desk_of(gateway), await superuser(gateway)
    moment, _ = await desk.read()
    role = make_url(gateway.database.url("loader")).username
    await admin.execute(f'REVOKE SELECT ON audit.head FROM "{role}"')  # noqa: S608 - our own role
    async with reading_ahead(desk, every=0.02):
        async with asyncio.timeout(PATIENCE):
            while "reading ahead failed" not in caplog.text:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.02)
        await admin.execute(f'GRANT SELECT ON audit.head TO "{role}"')
        await until_counted(desk, moment.size)


async def test_a_desk_that_remembers_reads_the_register_again_when_something_changed(gateway: Gateway) -> None:
    desk = (await gateway.office(remembers=True)).desk
    _, first = await desk.registry()
    _, again = await desk.registry()
    assert again is first
    office = await gateway.office()
    await office.suspensions.suspend_partner("partner:bright-path", "A laptop was stolen.")
    _, stopped = await desk.registry()
    assert [stop.concerns for stop in stopped.suspensions] == ["partner:bright-path"]
    _, unremembered = await office.desk.registry()
    assert (await office.desk.registry())[1] is not unremembered
