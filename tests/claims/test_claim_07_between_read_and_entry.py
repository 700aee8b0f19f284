"""
Claim 7. A stop acts on the next request, on every replica. The log's order decides.

Every kind of stop, put into the log between the moment a request read its rows and the moment of its entry: the rows
that were read do not leave. And the one stop that is no entry, the end of a term.
"""

import asyncio
import datetime as dt
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from agreements.lifecycle import Standing
from audit.draft import Appended, Draft
from audit.log import Log
from gateway.problems import Problem
from gateway.records.extent import Extents
from gateway.records.reader import Reader
from gateway.records.subjects import SubjectKey
from gateway.services.disclosure import Disclosures
from gateway.services.office import Office
from gateway.services.parties import Parties
from tests.factories.agreements import key_for, rae
from tests.factories.cohort import MENTORING, STUDENTS, TUTORING, export, on_roster
from tests.factories.gateway import HARBOR, Gateway, load, names

pytestmark = pytest.mark.claim(7)

LEAVER = STUDENTS["ximena"]
PARTNER = "partner:harbor-mentors"
Stop = Callable[[Gateway, Office], Awaitable[object]]


async def suspended(gateway: Gateway, office: Office) -> None:
    await office.suspensions.stop_agreement(gateway.digest(MENTORING), Standing.SUSPENDED, "test")


async def terminated(gateway: Gateway, office: Office) -> None:
    await office.suspensions.stop_agreement(gateway.digest(MENTORING), Standing.TERMINATED, "test")


async def client_stopped(gateway: Gateway, office: Office) -> None:
    await office.suspensions.suspend_client(gateway.deployment.partners[HARBOR].client, "test")


async def partner_leaves(_: Gateway, office: Office) -> None:
    await Parties(office.desk).leave(PARTNER, "test")


async def people_taken_out(gateway: Gateway, office: Office) -> None:
    other = rae(id="person:somebody-else", key=key_for("somebody else").public)
    annex = gateway.deployment.ring.people(gateway.deployment.agreements[MENTORING], other)
    await office.admissions.name_people(annex.envelope, [])


async def amended(gateway: Gateway, office: Office) -> None:
    ring, old = gateway.deployment.ring, gateway.deployment.agreements[MENTORING].agreement
    content = json.loads(json.dumps(old.content))
    content |= {"version": old.version + 1, "replaces": old.digest, "annexes": "carried_over"}
    content["term"]["first_day"] = "2027-03-01"
    new = ring.agreement(content=content)
    await office.onboarding.activate(new.envelope, [new.approval])


async def withdrawn(gateway: Gateway, _: Office) -> None:
    await (await gateway.steward()).withdraw(gateway.line(TUTORING), LEAVER.number)


async def opted_out(gateway: Gateway, _: Office) -> None:
    await (await gateway.steward()).opt_out(LEAVER.number, None, directory_only=False)


async def off_the_roster(gateway: Gateway, office: Office) -> None:
    line = gateway.line(TUTORING)
    staying = [STUDENTS[role].number for role in on_roster(TUTORING) if STUDENTS[role] is not LEAVER]
    rows = [(line, number, "2026-09-01", None) for number in staying]
    await load(office, gateway.deployment.keys, gateway.home, {"rosters": rows})


async def not_among_the_consents(gateway: Gateway, office: Office) -> None:
    lines = {name: gateway.line(name) for name in gateway.deployment.agreements}
    rows = [row for row in export(lines)["consents"] if row[1] != LEAVER.number]
    await load(office, gateway.deployment.keys, gateway.home, {"consents": rows})


async def exited(gateway: Gateway, office: Office) -> None:
    lines = {name: gateway.line(name) for name in gateway.deployment.agreements}
    rows = [(*row[:5], "2027-03-09") if row[0] == LEAVER.number else row for row in export(lines)["enrollments"]]
    await load(office, gateway.deployment.keys, gateway.home, {"enrollments": rows})


class SlowToReach:
    """The log, which the first entry reaches only once `go` is set; `reached` says that it is under way."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.reached, self.go = asyncio.Event(), asyncio.Event()

    async def append(self, draft: Draft) -> Appended:
        """Put an entry on record, after a while."""
        self.reached.set()
        await self.go.wait()
        return await self._log.append(draft)


async def ask(gateway: Gateway, agreement: str, code: str | None = None) -> bytes:
    return (await gateway.ask(agreement, limit=100, code=code)).body


async def between(gateway: Gateway, agreement: str, stop: Callable[[], Awaitable[object]]) -> bytes:
    """Return the answer to a request that reads its rows before `stop` is done and enters the log after it."""
    services, slow = gateway.services, SlowToReach(gateway.services.log)
    disclosures = Disclosures(
        services.grants,
        Reader(services.database.pool),
        Extents(services.database.pool),
        slow,  # type: ignore[arg-type] # the log itself, later
        SubjectKey(gateway.deployment.keys.subject),
    )
    asked = asyncio.create_task(gateway.ask(agreement, services=replace(services, disclosures=disclosures), limit=100))
    await slow.reached.wait()
    await stop()
    slow.go.set()
    return (await asked).body


@pytest.mark.parametrize(
    ("stop", "code"),
    [
        (suspended, "suspended"),
        (terminated, "unknown_client"),
        (client_stopped, "suspended"),
        (partner_leaves, "unknown_client"),
        (people_taken_out, "no_responsible_person"),
        (amended, "agreement_expired"),
    ],
)
async def test_who_was_stopped_between_read_and_entry_gets_nothing(gateway: Gateway, stop: Stop, code: str) -> None:
    office = await gateway.office()
    assert await ask(gateway, MENTORING)
    before = await gateway.size()
    with pytest.raises(Problem) as refused:
        await between(gateway, MENTORING, lambda: stop(gateway, office))
    assert refused.value.code == code
    # The log tells it in this order, and holds no disclosure after the stop.
    events = [entry["event"] for entry in await gateway.entries(before)]
    assert events[-1] == "refusal"
    assert "disclosure" not in events
    await ask(gateway, TUTORING)


@pytest.mark.parametrize("stop", [withdrawn, opted_out, off_the_roster, not_among_the_consents, exited])
async def test_a_student_who_was_taken_out_between_read_and_entry_does_not_leave(gateway: Gateway, stop: Stop) -> None:
    office = await gateway.office()
    rows = await gateway.rows(TUTORING, fields="first_name", first_name=LEAVER.first)
    leaver = rows[0]["record_code"]
    everybody = names(json.loads(await ask(gateway, TUTORING))["data"])
    found = json.loads(await between(gateway, TUTORING, lambda: stop(gateway, office)))["data"]
    assert names(found) == everybody - {LEAVER.first}
    with pytest.raises(Problem) as refused:
        await ask(gateway, TUTORING, leaver)
    assert refused.value.code == "not_found"


async def test_what_was_read_within_the_term_is_entered_with_the_time_of_its_reading(gateway: Gateway) -> None:
    # The end of a term is no entry: the clock that came with the rows judges them, and stands in their entry.
    term = gateway.deployment.agreements[MENTORING].agreement.term
    await gateway.at(term.ends - dt.timedelta(minutes=5))
    assert await between(gateway, MENTORING, lambda: gateway.at(term.ends))
    (entry,) = await gateway.entries(await gateway.size() - 1)
    assert entry["event"] == "disclosure"
    with pytest.raises(Problem) as refused:
        await ask(gateway, MENTORING)
    assert refused.value.code == "agreement_expired"
