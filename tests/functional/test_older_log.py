"""
A log that an earlier release began, before decisions cited a configuration and entries committed to lists and rows.

Whatever reads it says what is true of it: nothing is an error, and nobody is accused of having altered it.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from agreements.elements import load_catalogue
from audit.entry import parse
from gateway.api.cursor import ChangeCursors, Cursors
from gateway.services.accounting.accountings import Accountings
from gateway.services.accounting.copies import Copies
from gateway.services.accounting.plain import plain
from gateway.services.accounting.reproducing import Reproductions, Sealing, SealingChanges
from gateway.services.alarms import alarm
from gateway.services.analysis.past import Law
from gateway.services.errors import NotRebuilt
from gateway.services.inspection import inspect
from gateway.services.integrity.office import adopt_facts
from gateway.services.naming import Checked
from gateway.services.searching.searches import Searches
from gateway.services.searching.sentences import sentence
from gateway.services.searching.wanted import Outcome, Wanted
from policies.guardrails import load_guardrails
from tests.claims.test_claim_06_decisions_made_again import GRADE, stricter
from tests.factories.cohort import MENTORING, STUDENTS, TUTORING
from tests.factories.command_line import CommandLine
from tests.factories.database import TestDatabase
from tests.factories.gateway import NOON, Deployment, Gateway
from tests.factories.older import rewrite_as_older
from tests.factories.replayed import altered, rejustified
from tests.factories.superuser import alarms
from tests.functional.test_emergency_releases import Room
from tests.functional.test_policy_analysis import MONTH, analyses

pytestmark = pytest.mark.claim(6)

LAW = Law(load_catalogue(), load_guardrails())
CALIXTE = STUDENTS["calixte"]
PAGE = "/v1/students?limit=3"
_numbers = count(1)


@dataclass(frozen=True)
class Older:
    """A database that tests copy, and the first page that left."""

    template: str
    page: bytes


@pytest.fixture(scope="module")
def older(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Older:
    """A log of three disclosures, two refusals and a handing over, upgraded; no gateway has started since."""
    return asyncio.run(_written(deployment, tmp_path_factory.mktemp("older")))


async def _written(deployment: Deployment, home: Path) -> Older:
    database = TestDatabase(deployment.server, "pactgate_older")
    await deployment.server.create(database.name, template=deployment.template)
    written = Gateway(deployment, database, home)
    await written.at(NOON)
    await written.serve()
    for agreement, path in ((TUTORING, "/v1/students"), (TUTORING, PAGE), (MENTORING, PAGE)):
        assert (await written.get(agreement, path)).status_code == 200
    assert (await written.get(TUTORING, "/v1/students?fields=sex")).status_code == 403
    assert (await written.get(TUTORING, "/v1/students?limit=0")).status_code == 400
    await (await Room.open(written)).hand_over("calixte")
    await written.close()
    await rewrite_as_older(written, written.digest(TUTORING))
    await adopt_facts((await written.office()).desk)  # as operators are told to
    await written.close()
    await database.close()
    return Older(database.name, written.answers[0].content)


@pytest.fixture
async def upgraded(deployment: Deployment, older: Older, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A copy of it that does not serve yet."""
    server = deployment.server
    database = TestDatabase(server=server, name=f"test_older_{next(_numbers)}")
    await server.create(database.name, template=older.template)
    opened = Gateway(deployment, database, tmp_path)
    try:
        yield opened
    finally:
        await opened.close()
        await database.close()
        await server.drop(database.name)


async def places(gateway: Gateway, event: str) -> list[int]:
    return [at for at, entry in enumerate(await gateway.entries()) if entry["event"] == event]


@pytest.mark.parametrize("starts", [False, True])
async def test_decisions_of_an_earlier_release_are_no_finding(upgraded: Gateway, *, starts: bool) -> None:
    if starts:
        await upgraded.serve()
        await upgraded.ask(TUTORING)
    found = await rejustified(upgraded)
    assert found.holds
    assert (found.shown, found.missing, found.no_decision) == ([], {}, {"invalid_request": 1})
    assert found.earlier == {"refusal": 1}
    assert found.decided_again == {"disclosure": 3 + starts, "emergency.released": 1}
    replayed = await (await analyses(upgraded)).replay(MONTH, draft=None, law=None)
    assert (replayed.unexplained, replayed.missing.total(), replayed.earlier) == (0, 0, 1)
    assert replayed.decided_again == 3 + starts


async def test_what_an_unknown_law_decided_is_counted_and_not_accused(upgraded: Gateway) -> None:
    first, second, third = await places(upgraded, "disclosure")
    (released,) = await places(upgraded, "emergency.released")
    other = {"ruleset": "sha256:" + "0" * 64}
    changes = {
        first: lambda body: body.update(other),
        second: lambda body: body.update(catalogue="sha256:" + "1" * 64),
        third: lambda body: body.update(elements=["000255"]),  # this law denies it, and it may not be that of the entry
        released: lambda body: body.update(other),
    }
    async with altered(upgraded, changes):
        found = await rejustified(upgraded)
    assert found.holds
    assert found.earlier == {"disclosure": 3, "emergency.released": 1, "refusal": 1}
    assert not found.decided_again


async def test_what_the_known_rules_do_not_lead_to_is_named_in_an_earlier_entry_too(upgraded: Gateway) -> None:
    index = (await places(upgraded, "disclosure"))[0]
    for change, differs in (
        (lambda body: body.update(basis="studies"), ("basis",)),
        (lambda body: body.pop("client"), ("members",)),
        (lambda body: body.update(listed=3), ("members",)),
    ):
        async with altered(upgraded, {index: change}):
            found = await rejustified(upgraded)
        assert [(each["entry"], each["differs"]) for each in found.shown] == [(index, differs)]


async def test_after_the_first_configuration_a_decision_that_cites_none_is_none_of_an_earlier_release(
    upgraded: Gateway,
) -> None:
    await upgraded.serve()
    await upgraded.ask(TUTORING)
    await upgraded.ask(TUTORING)
    without, unlisted = (await places(upgraded, "disclosure"))[-2:]

    def as_earlier(body: dict[str, object]) -> None:
        del body["configuration"], body["listed"]

    async with altered(upgraded, {without: lambda body: body.pop("configuration"), unlisted: as_earlier}):
        found = await rejustified(upgraded)
    assert (found.missing, found.missing_entries) == ({"configuration": 1}, [without])
    assert [(each["entry"], each["differs"]) for each in found.shown] == [(unlisted, ("members",))]


async def test_the_law_of_the_release_that_went_on_is_taken_and_not_a_later_one(upgraded: Gateway) -> None:
    later = Law(load_catalogue(), stricter(GRADE))
    # Nothing went on with it yet, and by this law nobody knows what those entries were decided by.
    found = await rejustified(upgraded, law=later)
    assert (found.holds, dict(found.decided_again)) == (True, {})
    await upgraded.serve()
    await upgraded.close()
    await upgraded.serve(guardrails=later.guardrails)
    assert len(await places(upgraded, "configuration.recorded")) == 2
    found = await rejustified(upgraded, law=later)
    assert (found.holds, found.decided_again["disclosure"]) == (True, 3)


async def test_a_note_of_an_entry_that_recorded_nothing_does_not_end_the_earlier_release(upgraded: Gateway) -> None:
    admin = await upgraded.database.connection("admin")
    await admin.execute("INSERT INTO gateway.configuration VALUES (0)")
    index = (await places(upgraded, "disclosure"))[0]
    await admin.execute("INSERT INTO gateway.configuration VALUES ($1)", index)
    # Not even if the words of one stand in it.
    async with altered(upgraded, {index: lambda body: body.update(said={"event": "configuration.recorded"})}):
        assert not (await rejustified(upgraded)).missing


async def test_the_log_is_verified_searched_and_shown(upgraded: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    caplog.clear()
    await upgraded.serve()
    assert not alarms(caplog)
    assert not await upgraded.services.facts.check()
    auditor = await upgraded.database.connection("auditor")
    await upgraded.export(upgraded.home / "export")  # signs the head
    found = await inspect(auditor, upgraded.deployment.signer.verifier, beside=True)
    assert found.size == await upgraded.size()
    assert found.openings is not None
    assert found.openings.unbound == 4
    searches = Searches(await upgraded.office(), upgraded.deployment.keys.subject)
    answer = await searches.search(Wanted(student=CALIXTE.number, outcome=Outcome.DISCLOSURE), limit=100)
    assert {each.index for each in answer.found} >= {*(await places(upgraded, "disclosure"))[:1]}
    every = await searches.search(Wanted(), limit=500)
    told = [sentence(each.index, parse(each.leaf), load_catalogue()) for each in every.found]
    assert len(told) == await upgraded.size()
    assert (await upgraded.get(TUTORING, "/v1/grant")).status_code == 200
    index = (await places(upgraded, "disclosure"))[0]
    assert (await upgraded.get(TUTORING, f"/v1/receipts/{index}")).status_code == 200


async def test_a_list_that_was_never_committed_to_is_not_said_to_be_lost(upgraded: Gateway) -> None:
    await upgraded.serve()
    office = await upgraded.office()
    read = await Accountings(office.desk, upgraded.deployment.keys.subject).read(
        CALIXTE.number, "json", handed_out=False
    )
    assert (read.altered, read.not_opened, read.unread) == ((), 0, ())
    assert read.not_committed == len(read.entries) >= 2
    checked = {each.students_list for line in read.lines for each in line.occurrences}
    assert checked == {Checked.NOT_COMMITTED}
    assert plain(read)["lists_not_committed"] == read.not_committed


def _seals(key: bytes) -> tuple[Sealing, SealingChanges]:
    return Cursors(key).seal, ChangeCursors(key).seal


async def test_records_that_an_earlier_release_disclosed_are_copied_and_made_again(
    upgraded: Gateway, older: Older
) -> None:
    await upgraded.serve()
    keys, desk = upgraded.deployment.keys, (await upgraded.office()).desk
    copied = await Copies(desk, LAW, alarm, keys.subject).copy(CALIXTE.number)
    assert (copied.missed, len(copied.copied)) == ((), len({each.entry for each in copied.copied}))
    assert {each.entry for each in copied.copied} >= {(await places(upgraded, "disclosure"))[0]}
    whole, paged, _ = await places(upgraded, "disclosure")
    made = await Reproductions(desk, LAW, alarm, keys.subject, _seals(keys.cursor)).reproduce(whole)
    assert made.body == older.page
    # Its cursor was sealed at random, as if by another key: that is said, and not that it does not fit its entry.
    with pytest.raises(NotRebuilt, match="sealed it at random"):
        await Reproductions(desk, LAW, alarm, keys.subject, _seals(b"k" * 32)).reproduce(paged)


async def test_what_cannot_be_rebuilt_of_an_earlier_release_is_not_said_to_have_gone(upgraded: Gateway) -> None:
    index = (await places(upgraded, "disclosure"))[0]
    keys, desk = upgraded.deployment.keys, (await upgraded.office()).desk
    async with altered(upgraded, {index: lambda body: body.update(ruleset="sha256:" + "0" * 64)}):
        (missed,) = (await Copies(desk, LAW, alarm, keys.subject).copy(CALIXTE.number, [index])).missed
    assert "an earlier release, which did not record what it decided by" in missed.reason
    assert "any more" not in missed.reason


async def test_the_commands_say_it_and_do_not_fail(upgraded: Gateway, tmp_path: Path) -> None:
    made = CommandLine.on(upgraded.deployment.server, upgraded.database.name, tmp_path)
    desk = made.with_settings(PACTGATE_HOME=str(upgraded.deployment.home), PACTGATE_CHECKPOINT=str(upgraded.kept.file))
    outcome = await asyncio.to_thread(desk.run, "audit", "replay")
    assert outcome.code == 0, outcome.err
    assert outcome.data["earlier"] == {"refusal": 1}
    assert "1 are of an earlier release, which did not record what it decided by" in outcome.err
    outcome = await asyncio.to_thread(desk.run, "policy", "analyse", "replay", "--last", "30d")
    assert outcome.code == 0, outcome.err
    assert "1 are of an earlier release" in outcome.err
