"""
Claim 7. A stop acts on the next request, on every replica. The log's order decides.

The race: stops against 5,000 disclosures on a real database. Afterwards the log is replayed, entry by entry, and no
disclosure may stand after a stop that it had not seen.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.errors import AuditError
from audit.events import Event
from gateway.problems import Problem
from gateway.records.coverage import Scope
from gateway.records.reader import Position
from gateway.records.subjects import SubjectKey
from gateway.services.container import Services, open_services
from gateway.services.stops import opt_out, withdraw_consent
from tests.factories.cohort import COVERED, MENTORING, STUDENTS, TUTORING
from tests.factories.gateway import HARBOR, Gateway, names
from tests.factories.seen import require_seen

pytestmark = pytest.mark.claim(7)

DISCLOSURES = 5_000
ASKERS = 24
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


@asynccontextmanager
async def replica(gateway: Gateway) -> AsyncIterator[Services]:
    """Open the services of another process on the same database."""
    deployment = gateway.deployment
    url = gateway.database.url("app")
    async with open_services(url, deployment.keys, deployment.trust, readers=4, public_url="http://127.0.0.1") as made:
        yield made


class Race:
    """Partners who ask without a pause, and the district, which stops one thing after the other meanwhile."""

    def __init__(self, gateway: Gateway, replicas: list[Services], codes: Mapping[str, str]) -> None:
        self.gateway, self.replicas, self.codes = gateway, replicas, codes
        self.random = random.Random(7)  # noqa: S311 - which pages are asked for must be the same in every run
        self.answered = 0
        self.stopping = next(iter(codes))
        self.stops: dict[str, int] = {}

    async def asks(self, services: Services) -> None:
        """Ask until there were enough answers."""
        while self.answered < DISCLOSURES:
            place = self.random.choice(LETTERS)
            kind = self.random.randrange(4)
            try:
                if kind == 0:
                    await self.gateway.ask(TUTORING, services=services, code=self.codes[self.stopping])
                elif kind == 1:
                    await self.gateway.ask(MENTORING, services=services, limit=2)
                else:
                    await self.gateway.ask(TUTORING, services=services, limit=3, after=Position(f"rc_{place}"))
            except (Problem, AuditError):
                continue
            self.answered += 1

    async def stop(self) -> None:
        """Withdraw, opt out, suspend and reinstate, evenly over the whole race."""
        office, client = await self.gateway.office(), self.gateway.deployment.partners[HARBOR].client
        async with office.engine.connect() as connection:
            in_force = await office.desk.scopes(connection)

        async def scopes(_: AsyncConnection) -> Sequence[Scope]:
            return in_force

        every = DISCLOSURES // (len(self.codes) + 1)
        for number, role in enumerate(self.codes):
            self.stopping, student = role, STUDENTS[role].number
            while self.answered < every * (number + 1):  # noqa: ASYNC110 - the pace is set by what was answered
                await asyncio.sleep(0.001)
            async with office.engine.begin() as connection:
                if number % 3:
                    line = self.gateway.line(TUTORING)
                    self.stops[role] = await withdraw_consent(connection, line, student, scopes=scopes)
                else:
                    self.stops[role] = await opt_out(connection, student, scopes=scopes)
            if number % 4 == 0:
                stopped = await office.suspensions.suspend_client(client, "race")
                await asyncio.sleep(0.05)
                await office.suspensions.reinstate(self.gateway.deployment.ring.reinstatement(client, undoes=stopped))

    async def run(self) -> None:
        """Run the race to its end."""
        async with asyncio.timeout(120), asyncio.TaskGroup() as group:
            group.create_task(self.stop())
            for number in range(ASKERS):
                group.create_task(self.asks(self.replicas[number % len(self.replicas)]))


async def numbers_of(gateway: Gateway, roles: Mapping[str, int]) -> dict[str, bytes]:
    """Return the number under which the log lists each student."""
    admin, key = await gateway.database.connection("admin"), SubjectKey(gateway.deployment.keys.subject)
    find = "SELECT sealed FROM records.subject JOIN records.identity USING (student_id) WHERE student_identifier = $1"
    return {role: key.numbers([await admin.fetchval(find, STUDENTS[role].number)]) for role in roles}


async def test_no_disclosure_stands_after_a_stop_that_it_had_not_seen(gateway: Gateway) -> None:
    rows = await gateway.rows(TUTORING, fields="first_name")
    by_name = {row["first_name"]: row["record_code"] for row in rows}
    codes = {each.role: by_name[each.first] for each in COVERED if each.role.startswith(("crowd", "part"))}
    start = await gateway.size()
    async with replica(gateway) as second:
        race = Race(gateway, [gateway.services, second], codes)
        await race.run()
    entries = await gateway.entries()
    # (1): by the order of the log alone.
    assert require_seen(entries, start) >= DISCLOSURES
    # (2): by whose records left: nobody's after the stop that concerned them.
    numbers, auditor = await numbers_of(gateway, race.stops), await gateway.database.pool("auditor", size=1)
    listed = await auditor.fetch("SELECT idx, subjects FROM audit.subject WHERE idx >= $1", start)
    left: dict[str, list[int]] = {role: [] for role in race.stops}
    roles = {number: role for role, number in numbers.items()}
    for row in listed:
        packed = row["subjects"]
        for at in range(0, len(packed), 16):
            if (role := roles.get(packed[at : at + 16])) is not None:
                left[role].append(row["idx"])
    assert len(race.stops) == len(codes) > 30
    for role, stop in race.stops.items():
        assert left[role], role
        assert max(left[role]) < stop, role
    # (3): a suspended client got nothing until it was reinstated.
    client, suspended = gateway.deployment.partners[HARBOR].client, False
    answered = 0
    for entry in entries:
        if entry.get("client") != client:
            continue
        suspended = (suspended or entry["event"] == Event.CLIENT_SUSPENDED) and entry["event"] != Event.CLIENT_ACTIVATED
        assert not (suspended and entry["event"] == Event.DISCLOSURE)
        answered += entry["event"] == Event.DISCLOSURE
    assert answered > DISCLOSURES // 10


async def test_over_the_wire_too(gateway: Gateway) -> None:
    rows = await gateway.rows(TUTORING, fields="first_name")
    names_of = {row["record_code"]: row["first_name"] for row in rows}
    stopped = [each for each in COVERED if each.role.startswith("crowd")][:6]
    steward, start, gone = await gateway.steward(), await gateway.size(), list[str]()

    async def asks() -> None:
        while len(gone) < len(stopped):
            before = set(gone)
            answer = await gateway.send(TUTORING, "GET", "/v1/students?fields=first_name")
            if answer.status_code == 200:
                assert names(answer.json()["data"]).isdisjoint(before)
            else:
                assert answer.status_code == 503, answer.text  # too much moved, or the log was too busy: nothing left

    async def stops() -> None:
        for each in stopped:
            await asyncio.sleep(0.05)
            await steward.withdraw(gateway.digest(TUTORING), each.number)
            gone.append(each.first)

    async with asyncio.TaskGroup() as group:
        group.create_task(stops())
        for _ in range(6):
            group.create_task(asks())
    assert require_seen(await gateway.entries(), start) > len(stopped)
    assert set(gone) <= set(names_of.values())


async def test_the_log_tells_the_order_of_two_changes(gateway: Gateway) -> None:
    steward, digest = await gateway.steward(), gateway.digest(TUTORING)
    indexes = [await steward.withdraw(digest, STUDENTS[role].number) for role in ("ximena", "fio", "eskil")]
    assert all(later > earlier for earlier, later in pairwise(indexes))
    row = await gateway.get(TUTORING, "/v1/students?limit=1")
    assert (await gateway.entries(int(row.headers["pactgate-receipt"])))[0]["epoch"] == indexes[-1]
