"""
Claim 6: every disclosure can be re-justified, from its entry and the inputs it names by digest.

Whole logs are decided again. What was written honestly comes out as it was written, whatever law was in force then;
what somebody altered, or took away, is named.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest

from agreements.elements import load_catalogue
from agreements.lifecycle import Standing
from agreements.register import digest_bytes
from gateway.problems import Problem
from gateway.services.configuration import Configuration, record_configuration, shipped
from policies.guardrails import Guardrails, read_guardrails
from policies.zones import PINNED, Zones
from tests.factories.cohort import FOLLOW_UP, MENTORING, STUDENTS, TUTORING
from tests.factories.gateway import BRIGHT_PATH, NOON, Gateway
from tests.factories.replayed import Change, altered, rejustified
from tests.factories.superuser import superuser

pytestmark = [pytest.mark.claim(6), pytest.mark.ferpa("U2")]

NAME, GRADE = "000115", "000100"
NIGHTLY: Sequence[tuple[str, tuple[str, ...]]] = (
    (TUTORING, ("first_name",)),
    (TUTORING, ("first_name", "grade_level")),
    (TUTORING, ("sex",)),
    (MENTORING, ("grade_level",)),
    (FOLLOW_UP, ("first_name",)),
)
"""What is asked again and again; the third is refused."""


async def nightly(gateway: Gateway, times: int = 1) -> None:
    """Ask what is nightly, many at once."""
    for _ in range(times):
        asked = [gateway.ask(agreement, elements=names) for agreement, names in NIGHTLY]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert [isinstance(each, Problem) for each in answers] == [False, False, True, False, False]


async def refused(gateway: Gateway, agreement: str = TUTORING) -> None:
    """Ask and be refused: for rows, for the grant and for a receipt."""
    for path in ("/v1/students", "/v1/attendance?fields=days_absent", "/v1/grant", "/v1/receipts/1"):
        assert (await gateway.get(agreement, path)).status_code in {401, 403}


def stricter(element: str) -> Guardrails:
    """A district that shares nobody's element of this kind."""
    text = files("policies").joinpath("guardrails.toml").read_text("utf-8")
    line = f'[[never]]\nelement = "{element}"\nreason = "It stays here."\n\n[[never]]'
    return read_guardrails(text.replace("[[never]]", line, 1), load_catalogue())


def places(entries: Sequence[dict[str, Any]], event: str, start: int = 0) -> list[int]:
    return [at for at, entry in enumerate(entries) if entry["event"] == event and at >= start]


async def test_altered_entries_among_a_thousand_are_named_and_no_other(gateway: Gateway) -> None:
    start = await gateway.size()
    await nightly(gateway, 200)
    honest = await rejustified(gateway)
    assert honest.holds
    assert (dict(honest.decided_again), honest.shown) == ({"disclosure": 800, "refusal": 200}, [])
    entries = await gateway.entries()
    disclosed, denied = places(entries, "disclosure", start), places(entries, "refusal", start)
    other, third = gateway.digest(FOLLOW_UP), gateway.digest(TUTORING)
    changes: dict[str, Any] = {
        "clauses": lambda body: body["clauses"][0].append("/datasets/0/elements/7"),
        "elements": lambda body: body["elements"].__setitem__(0, "000255"),
        "transformations": lambda body: body["transformations"].__setitem__(0, "band"),
        "basis": lambda body: body.update(basis="consent" if body["basis"] != "consent" else "studies"),
        "ferpa_9932_required": lambda body: body.update(ferpa_9932_required=not body["ferpa_9932_required"]),
        "ruleset": lambda body: body.update(ruleset="sha256:" + "0" * 64),
        "guardrails": lambda body: body.update(guardrails="sha256:" + "0" * 64),
        "catalogue": lambda body: body.update(catalogue="sha256:" + "0" * 64),
        "epoch": lambda body: body.update(epoch=body["epoch"] - 1),
        "dataset": lambda body: body.update(dataset="discipline"),
        # Whose entry stands at a place is a matter of chance: it is changed in any case.
        "agreement": lambda body: body.update(agreement=third if body["agreement"] == other else other),
        "purpose": lambda body: body.update(purpose="evaluation"),
        "client": lambda body: body.update(client="client:" + "0" * 8 + "-0000-4000-8000-" + "0" * 12),
        "time": lambda body: body.update(time="2036-01-01T00:00:00.000000Z"),
    }
    falsified = dict(zip(disclosed[::40], changes.values(), strict=False))
    told = {
        denied[3]: lambda body: body.update(code="denied_by"),
        denied[90]: lambda body: body.update(elements=["first_name"]),
        denied[91]: lambda body: body.update(clause="/datasets/0/elements/0"),
    }
    assert len(falsified) == len(changes)
    async with altered(gateway, {**falsified, **told}):
        found = await rejustified(gateway)
    assert [each["entry"] for each in found.shown] == sorted((*falsified, *told))
    named = {each["entry"]: each["differs"] for each in found.shown}
    for index, member in zip(falsified, changes, strict=True):
        whole = {"elements", "dataset", "agreement", "purpose", "client", "time"}
        assert named[index] == (("decision",) if member in whole else (member,))
    assert [named[index] for index in told] == [("code",), ("decision",), ("clause",)]
    assert not found.holds
    assert (await rejustified(gateway)).holds


async def test_a_day_with_every_kind_of_refusal_and_stop_is_made_again(gateway: Gateway) -> None:
    await nightly(gateway)
    for path in ("/v1/students?fields=shoe_size", "/v1/students?limit=0", "/v1/students/rc_aaaaaaaaaaaaaaaaaaaaaaaaaa"):
        await gateway.get(TUTORING, path)
    office, client = await gateway.office(), gateway.deployment.partners[BRIGHT_PATH].client
    await gateway.get(MENTORING, "/v1/grant")
    await office.suspensions.stop_agreement(gateway.digest(MENTORING), Standing.SUSPENDED, "A complaint.")
    await refused(gateway, MENTORING)
    await office.suspensions.stop_agreement(gateway.digest(FOLLOW_UP), Standing.TERMINATED, "It is over.")
    with pytest.raises(Problem):
        await gateway.ask(FOLLOW_UP)
    await nightly_of_tutoring(gateway)
    await office.suspensions.suspend_client(client, "A lost key.")
    await refused(gateway)
    await gateway.at(NOON + timedelta(days=4_000))
    with pytest.raises(Problem):
        await gateway.ask(TUTORING)
    found = await rejustified(gateway)
    assert found.shown == []
    assert found.holds
    assert set(found.no_decision) == {"unknown_element", "invalid_request", "not_found"}
    assert found.decided_again["refusal"] >= 10


async def nightly_of_tutoring(gateway: Gateway) -> None:
    await gateway.ask(TUTORING, elements=("first_name", "grade_level"))


async def test_what_another_law_decided_is_made_again_by_that_law(gateway: Gateway) -> None:
    await nightly(gateway)
    await gateway.close()
    await gateway.serve(guardrails=stricter(GRADE))
    with pytest.raises(Problem, match="denied_by"):
        await gateway.ask(TUTORING, elements=("grade_level",))
    await gateway.ask(TUTORING)
    await gateway.close()
    await gateway.serve()
    await nightly(gateway)
    entries = await gateway.entries()
    changed, recorded = places(entries, "guardrails.changed"), places(entries, "configuration.recorded")
    assert [entries[at]["guardrails"] for at in changed] == [stricter(GRADE).digest, shipped().guardrails.digest]
    assert [entries[at]["was"] for at in changed] == [shipped().guardrails.digest, stricter(GRADE).digest]
    assert len(recorded) == 3
    cited = {entry["configuration"] for entry in entries if entry["event"] == "disclosure"}
    assert cited == set(recorded)
    found = await rejustified(gateway)
    assert found.holds
    assert found.decided_again == {"disclosure": 9, "refusal": 3}


async def test_zones_of_another_release_are_read_from_what_was_kept(gateway: Gateway) -> None:
    """Another release moves the last midnight of the term by a day's worth of zones; the log says which it was."""
    tokyo = Zones("2036a", PINNED._names, lambda _: PINNED._read("Asia/Tokyo"))
    office = await gateway.office()
    async with office.engine.begin() as connection:
        foreign = await record_configuration(connection, replace(shipped(), zones=tokyo))
    await nightly(gateway)
    assert (await rejustified(gateway)).holds
    entries = await gateway.entries()
    index = places(entries, "disclosure")[-1]
    async with altered(gateway, {index: lambda body: body.update(configuration=foreign)}):
        found = await rejustified(gateway)
    # By those zones it is another ruleset: its digest covers their release, and the instants they give.
    assert [(each["entry"], each["differs"]) for each in found.shown] == [(index, ("ruleset",))]


@pytest.mark.parametrize("what", ["catalogue", "guardrails", "zones", "model", "configuration"])
async def test_an_input_that_is_gone_is_said_and_not_replaced_by_todays(gateway: Gateway, what: str) -> None:
    office = await gateway.office()
    old = Zones("2020z", PINNED._names, PINNED._read)
    async with office.engine.begin() as connection:
        recorded = await record_configuration(connection, Configuration(load_catalogue(), stricter(GRADE), old))
    await nightly(gateway)
    index = places(await gateway.entries(), "disclosure")[-1]
    admin = await superuser(gateway)
    cited: dict[int, Change] = {index: lambda body: body.update(configuration=recorded)}
    if what == "configuration":
        cited[index] = lambda body: body.update(configuration=0)
    elif what == "model":
        cited[recorded] = lambda body: body.update(model="sha256:" + "0" * 64)
    else:
        digest = (await gateway.entries(recorded))[0][what]
        await admin.execute("ALTER TABLE gateway.input DISABLE TRIGGER ALL")
        await admin.execute("DELETE FROM gateway.input WHERE digest = $1", digest_bytes(digest))
    async with altered(gateway, cited):
        found = await rejustified(gateway)
    missing = {what: 1}
    if what == "catalogue":  # the law of the other entries is gone as well: it is the same catalogue
        missing = {what: 5}
    assert (found.missing, found.unjustified, found.holds) == (missing, 0, False)
    assert found.missing_entries[-1] >= index


async def test_content_that_is_not_what_its_digest_names_is_not_read(gateway: Gateway) -> None:
    await nightly(gateway)
    admin = await superuser(gateway)
    digest = digest_bytes(shipped().guardrails.digest)
    await admin.execute("ALTER TABLE gateway.input DISABLE TRIGGER ALL")
    await admin.execute("ALTER TABLE gateway.input DROP CONSTRAINT input_digest_is_that_of_its_content")
    await admin.execute("UPDATE gateway.input SET content = $2 WHERE digest = $1", digest, stricter(GRADE).canonical)
    found = await rejustified(gateway)
    assert found.missing == {"guardrails": 5}


async def test_a_promise_taken_out_of_the_register_justifies_nothing(gateway: Gateway) -> None:
    await nightly(gateway)
    admin, digest = await superuser(gateway), digest_bytes(gateway.digest(MENTORING))
    await admin.execute("DELETE FROM agreements.document WHERE digest = $1", digest)
    (found,) = (await rejustified(gateway)).shown
    assert found["differs"] == ("decision",)
    assert (found["logged"], found["came_out"]) == ({"code": None}, {"code": "unknown_client"})


async def test_a_disclosure_that_passed_a_stop_by_is_named(gateway: Gateway) -> None:
    """The rules of its epoch lead to it, and its place in the log does not: a stop stands between (claim 7)."""
    await nightly(gateway)
    steward = await gateway.steward()
    before = (await gateway.entries())[-1]["epoch"]
    stop = await steward.opt_out(STUDENTS["fio"].number, None, directory_only=False)
    await gateway.ask(TUTORING)
    index = await gateway.size() - 1
    async with altered(gateway, {index: lambda body: body.update(epoch=before)}):
        (found,) = (await rejustified(gateway)).shown
    assert (found["entry"], found["differs"]) == (index, ("epoch",))
    assert (found["logged"], found["came_out"]) == ({"epoch": before}, {"epoch": stop})


async def test_a_refusal_that_a_stop_overtook_is_made_again_as_of_its_own_epoch(gateway: Gateway) -> None:
    """It was decided before the stop and written after it; nothing left, and the entry says at which epoch."""
    for _ in range(2):
        with pytest.raises(Problem):
            await gateway.ask(MENTORING, elements=("sex",))
        office = await gateway.office()
        await office.suspensions.stop_agreement(gateway.digest(MENTORING), Standing.SUSPENDED, "A complaint.")
    before, after = (entry for entry in await gateway.entries() if entry["event"] == "refusal")
    assert (before["code"], after["code"]) == ("element_not_covered", "suspended")
    index = await gateway.size() - 2
    as_before = {name: before[name] for name in ("code", "elements", "clause", "epoch")}
    async with altered(gateway, {index: lambda body: body.update(as_before)}):
        assert (await rejustified(gateway)).holds
    async with altered(gateway, {index: lambda body: body.update({**as_before, "epoch": after["epoch"]})}):
        (found,) = (await rejustified(gateway)).shown
    assert (found["entry"], found["came_out"]["code"]) == (index, "suspended")


@pytest.mark.parametrize(
    ("epoch", "differs"), [(-1, "decision"), ("the disclosure before it", "epoch"), (10**6, "epoch")]
)
async def test_an_epoch_that_cannot_be_is_named(gateway: Gateway, epoch: object, differs: str) -> None:
    await gateway.ask(TUTORING)
    await gateway.ask(TUTORING)
    index = await gateway.size() - 1
    wrong = epoch if isinstance(epoch, int) else index - 1
    async with altered(gateway, {index: lambda body: body.update(epoch=wrong)}):
        found = await rejustified(gateway)
    assert [(each["entry"], each["differs"]) for each in found.shown] == [(index, (differs,))]


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.pop("client"),
        lambda body: body.update(student="7001"),
        lambda body: body.update(configuration="1"),
        lambda body: body.update(elements=[["000115"]]),
        lambda body: body.update(time="yesterday"),
    ],
)
async def test_an_entry_that_cannot_be_read_is_named_and_the_next_one_decided(gateway: Gateway, change: Change) -> None:
    await gateway.ask(TUTORING)
    await gateway.ask(TUTORING)
    index = await gateway.size() - 2
    async with altered(gateway, {index: change}):
        found = await rejustified(gateway)
    assert [(each["entry"], each["differs"]) for each in found.shown] == [(index, ("members",))]
    assert found.decided_again == {"disclosure": 2}


async def test_an_entry_that_names_no_configuration_cannot_be_made_again(gateway: Gateway) -> None:
    await gateway.ask(TUTORING)
    index = await gateway.size() - 1
    async with altered(gateway, {index: lambda body: body.pop("configuration")}):
        found = await rejustified(gateway)
    assert (found.missing, found.missing_entries, found.shown) == ({"configuration": 1}, [index], [])


async def test_a_process_that_decides_as_the_one_before_it_records_nothing(gateway: Gateway) -> None:
    size = await gateway.size()
    await gateway.close()
    await gateway.serve()
    office = await gateway.office()
    for _ in range(2):
        async with office.engine.begin() as connection:
            assert await record_configuration(connection, shipped()) == gateway.services.grants.configuration
    assert await gateway.size() == size


async def test_a_note_of_a_configuration_is_believed_as_far_as_its_entry_says_the_same(gateway: Gateway) -> None:
    """Whoever may add notes can hide no configuration, and with it no change of guardrails."""
    app, recorded = await gateway.database.connection("app"), gateway.services.grants.configuration
    await app.execute("INSERT INTO gateway.configuration VALUES ($1)", await gateway.size() - 1)
    await gateway.close()
    await gateway.serve()
    assert gateway.services.grants.configuration == recorded
    await gateway.close()
    await gateway.serve(guardrails=stricter(GRADE))
    (changed,) = places(await gateway.entries(), "guardrails.changed")
    assert gateway.services.grants.configuration == changed + 1


async def test_a_note_of_an_entry_to_come_stops_no_start(gateway: Gateway) -> None:
    app, size = await gateway.database.connection("app"), await gateway.size()
    for ahead in range(size, size + 6):
        await app.execute("INSERT INTO gateway.configuration VALUES ($1)", ahead)
    await gateway.close()
    await gateway.serve(guardrails=stricter(GRADE))
    assert gateway.services.grants.configuration == size + 1  # after `guardrails.changed`
    await gateway.ask(TUTORING)
    await gateway.close()
    await gateway.serve()
    await nightly(gateway)
    assert (await rejustified(gateway)).holds
