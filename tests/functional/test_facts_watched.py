"""Rows about students, watched in a running gateway, and adopted in a database that is older than their commitments."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from agreements.lifecycle import Standing
from audit.change import append_change
from audit.entry import encode
from audit.events import Event
from gateway.services.alarms import alarm
from gateway.services.errors import NothingToAdopt
from gateway.services.integrity.findings import Code, Finding
from gateway.services.integrity.office import adopt_facts, check_facts
from gateway.services.integrity.watch import Watch, watching
from gateway.services.office import open_office
from tests.factories.agreements import SPS_A
from tests.factories.cohort import FOLLOW_UP, MENTORING, STUDENTS, TUTORING, export
from tests.factories.gateway import Gateway, load
from tests.factories.installation import TestInstallation
from tests.factories.superuser import alarms, refusal, served_anew
from tests.factories.unhurried import PATIENCE

pytestmark = pytest.mark.claim(1)

LONGER = "UPDATE records.roster SET to_date = '2030-01-01' WHERE row_id = (SELECT min(row_id) FROM records.roster)"
BATCH = (
    "INSERT INTO records.batch (id, kind, source, digest, rows, prepared_at, idx) OVERRIDING SYSTEM VALUE"
    " VALUES (1, 'roster.loaded', 'x', sha256('x'), 1, now(), 1)"
)
MENDED = LONGER.replace("'2030-01-01'", "NULL")


async def until(ask: Callable[[], Awaitable[str]], wanted: str) -> None:
    """Ask until the answer is this one; the caller bounds the time."""
    while await ask() != wanted:  # noqa: ASYNC110 - what is asked has no event
        await asyncio.sleep(0.01)


async def test_everything_that_the_office_does_to_facts_is_what_its_entries_say(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    office, steward, watch = await gateway.office(), await gateway.steward(), gateway.services.facts
    lines = {name: bundle.agreement.id for name, bundle in gateway.deployment.agreements.items()}
    files = export(lines)
    shorter = {target: files[target][:-3] for target in ("rosters", "consents")}
    old = gateway.deployment.agreements[TUTORING]
    content = {**old.agreement.content, "version": 2, "replaces": old.digest, "annexes": "carried_over"}
    new = gateway.deployment.ring.agreement(SPS_A, content=content)

    await load(office, gateway.deployment.keys, gateway.home, {**files, **shorter})
    await watch.step()
    await steward.withdraw(gateway.line(TUTORING), STUDENTS["ximena"].number)
    await steward.opt_out(STUDENTS["fio"].number, None, directory_only=False)
    await steward.opt_out(STUDENTS["mentored_a"].number, gateway.line(MENTORING), directory_only=False)
    await watch.step()
    await office.onboarding.activate(new.envelope, [new.approval])
    await office.suspensions.stop_agreement(gateway.digest(FOLLOW_UP), Standing.TERMINATED, "test")
    assert await watch.check() == frozenset()
    assert alarms(caplog) == set()
    assert await refusal(gateway, MENTORING) == "answered"
    entries = [entry for entry in await gateway.entries() if "facts" in entry]
    assert {entry["event"] for entry in entries} == {
        *("records.loaded", "roster.loaded", "consents.loaded", "opt_outs.loaded", "consent.withdrawn", "opted_out"),
        *("agreement.activated", "agreement.replaced", "agreement.terminated"),
    }


async def test_a_gateway_that_starts_on_changed_rows_denies_from_the_first_request_on(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    admin = await gateway.database.connection("admin")
    await admin.execute(LONGER)
    await served_anew(gateway)
    assert "facts_changed" in alarms(caplog)
    assert await refusal(gateway, TUTORING) == "suspended"
    answer = await gateway.get(TUTORING, "/v1/students")
    assert (answer.status_code, answer.json()["code"]) == (401, "suspended")
    assert (await gateway.get(MENTORING, "/v1/students")).status_code == 200


async def test_a_running_gateway_finds_what_changed_and_that_it_was_mended(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    admin, grants = await gateway.database.connection("admin"), gateway.services.grants
    watch = Watch(gateway.database.url("app"), grants.registry, grants.distrust, alarm, rows_at_once=20)
    await watch.check()
    async with watching(watch, every=0.01), asyncio.timeout(PATIENCE):
        await admin.execute(LONGER)
        await until(lambda: refusal(gateway, TUTORING), "suspended")
        assert await refusal(gateway, MENTORING) == "answered"
        await admin.execute(MENDED)
        await until(lambda: refusal(gateway, TUTORING), "answered")
    assert "facts_changed" in alarms(caplog)


async def test_rows_dated_ahead_of_the_log_are_found_by_the_next_step(gateway: Gateway) -> None:
    admin, grants = await gateway.database.connection("admin"), gateway.services.grants
    watch = Watch(gateway.database.url("app"), grants.registry, grants.distrust, alarm, rows_at_once=1)
    await watch.check()
    await admin.execute("UPDATE records.roster SET from_idx = 100000 WHERE row_id = 1")
    await watch.step()
    assert Finding(Code.UNCLAIMED, 100000, "roster", gateway.line(TUTORING)) in watch.findings


async def test_what_a_load_has_prepared_and_nobody_sees_is_no_finding(gateway: Gateway) -> None:
    admin, watch = await gateway.database.connection("admin"), gateway.services.facts
    await admin.execute("UPDATE records.student SET to_batch = 1000 WHERE row_id = 1")
    await admin.execute(
        "INSERT INTO records.school (school_identifier, digest, from_batch)"
        " VALUES ('x', substr(sha256('x'), 1, 16), 1000)"
    )
    assert await watch.check() == frozenset()
    await watch.step()
    assert watch.findings == frozenset()


async def test_what_opens_a_commitment_being_lost_stops_everybody(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    admin = await gateway.database.connection("admin")
    await admin.execute("DELETE FROM audit.private WHERE idx = (SELECT max(from_idx) FROM records.opt_out)")
    await served_anew(gateway)
    assert "facts_opening_lost" in alarms(caplog)
    assert {await refusal(gateway, name) for name in (MENTORING, TUTORING, FOLLOW_UP)} == {"suspended"}


async def test_a_database_that_is_away_is_compared_when_it_is_back(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    away = Watch("postgresql://nobody@127.0.0.1:1/none", gateway.services.grants.registry, print, alarm)
    async with watching(away, every=0.01), asyncio.timeout(PATIENCE):

        async def said() -> str:
            return "".join(record.getMessage() for record in caplog.records)[:22]

        await until(said, "facts were not compared"[:22])
    assert away.findings == frozenset()


async def test_rows_older_than_the_commitments_deny_until_the_office_answers_for_them(
    installed: TestInstallation, caplog: pytest.LogCaptureFixture
) -> None:
    database, url = installed.database, installed.database.url("loader")
    owner = await database.connection("owner")
    now = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    row = (
        "INSERT INTO records.roster (line, student_id, from_date, digest, from_idx)"
        " VALUES ('agreement:ours', gen_random_uuid(), '2026-09-01', substr(sha256('x'), 1, 16), 0)"
    )
    await owner.execute(row)
    async with open_office(url, installed.trust, alarm) as office:
        async with office.engine.begin() as connection:  # as an earlier release wrote it
            await append_change(connection, encode(Event.ROSTER_LOADED, now, {"batch": 1}))
        await owner.execute("UPDATE records.roster SET from_idx = 1")
        await owner.execute(BATCH)
        await owner.execute("UPDATE records.frontier SET batch = 1")  # as the upgrade does
        unclaimed = {Finding(Code.UNCLAIMED, 1, "roster", "agreement:ours")}
        assert await check_facts(office.desk, url, alarm) == unclaimed
        assert alarms(caplog) == {"facts_unclaimed"}
        entry, rows = await adopt_facts(office.desk)
        assert (entry, rows) == (2, 1)
        assert await check_facts(office.desk, url, alarm) == frozenset()
        # From now on it is covered, and nobody adopts what came after.
        await owner.execute(row)
        assert await check_facts(office.desk, url, alarm) == {Finding(Code.UNCLAIMED, 0, "roster", "agreement:ours")}
        with pytest.raises(NothingToAdopt):
            await adopt_facts(office.desk)


async def test_a_database_in_which_nothing_is_older_has_nothing_to_adopt(installed: TestInstallation) -> None:
    async with open_office(installed.database.url("loader"), installed.trust, alarm) as office:
        with pytest.raises(NothingToAdopt):
            await adopt_facts(office.desk)


@pytest.mark.claim(2)
async def test_the_app_role_learns_digests_and_no_row(gateway: Gateway) -> None:
    app: asyncpg.Connection = await gateway.database.connection("app")
    rows = await app.fetch("SELECT * FROM records.dated_between(0, 10000)")
    assert {len(row["digest"]) for row in rows} == {32}
    assert {row["part"].partition(".")[0] for row in rows} >= {"roster", "consent", "opt_out", "population", "code"}
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.fetch("SELECT * FROM records.roster")


async def test_a_row_that_counts_by_a_load_that_never_was_is_found(gateway: Gateway) -> None:
    admin = await gateway.database.connection("admin")
    added = (
        "INSERT INTO records.population (agreement, student_id, code, valid, from_batch)"
        " SELECT $1, c.student_id, c.code, '{[,)}', -7 FROM records.code AS c LIMIT 1 RETURNING row_id"
    )
    row = await admin.fetchval(added, gateway.digest(TUTORING))
    found = await gateway.services.facts.check()
    assert {(each.code, each.table, each.concerns) for each in found} == {
        (Code.UNCLAIMED, "population", gateway.digest(TUTORING))
    }
    await admin.execute("DELETE FROM records.population WHERE row_id = $1", row)
    assert await gateway.services.facts.check() == frozenset()
