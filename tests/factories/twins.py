"""
Two gateways over two databases that one partner cannot tell apart, asked the same at the same time.

    async with twins(deployment, home) as pair:      # a `Deployment` of `tests.factories.gateway`
        await pair.to(day)                            # both: the clock, and the day's export
        seen = await pair.ask(query)                  # -> `Seen`; raises `ToldApart` if the answers differ

Both databases are copies of one, record codes included, and each is served as always: real tokens, proofs, entries.
"""

import asyncio
import datetime as dt
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpx2

from agreements.elements import load_catalogue
from gateway.services.alarms import alarm
from gateway.services.office import Office, open_office
from policies.guardrails import Guardrails, read_guardrails
from tests.factories.agreements import RECEIVED
from tests.factories.cohort import TUTORING
from tests.factories.database import TestDatabase
from tests.factories.gateway import BRIGHT_PATH, SHIFT, Deployment, Gateway, bring_into_force, load
from tests.factories.leak_walk import CHANGES, changes_of, pages_of
from tests.factories.plain import load_plain
from tests.factories.twin_worlds import FIRST, agreements_of, files, plain, standing

_GUARDRAILS: Final = Path(__file__).parents[2] / "policies" / "guardrails.toml"
_RANDOM: Final = re.compile(rb'"next":"([^"]*)"')
_NOT_COMPARED: Final = {
    "date",  # the time
    "x-request-id",  # random, and the caller's to choose
    "retry-after",  # seconds until midnight
    "ratelimit",  # counts seconds too
    "ratelimit-policy",
}
_SALTED: Final = {"request", "result", "rows", "listed", "proof", "token", "request_id", "time"}
"""Members of a receipt's leaf that are random, hashes over what is random, or the time: only their size is compared."""
_numbers = count(1)


class ToldApart(AssertionError):
    """The two worlds answered differently: the partner has learned something that no agreement gives it."""


@dataclass(frozen=True)
class Query:
    """One request. `cursor` is the number of a cursor that was given before, spoiled by `spoil` if that is given."""

    agreement: str
    path: str
    given: Mapping[str, str] = field(default_factory=dict)
    cursor: int | None = None
    spoil: Callable[[str], str] | None = None


@dataclass(frozen=True)
class Seen:
    """An answer as both worlds gave it, without what is random. `cursor` is the number of the cursor in it."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...]
    cursor: int | None

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Return the rows, none of a refusal; of changes those that are there now."""
        return [row.get("data", {}) if "change" in row else row for row in self._told]

    @property
    def changes(self) -> list[str]:
        """
        Return what became of each row, where changes were asked for.

        Raises `AssertionError` for a deletion that tells more than which row went.
        """
        changes = [row for row in self._told if "change" in row]
        for each in changes:
            assert each.keys() - {"change", "row"} == (set() if each["change"] == "deleted" else {"data"})
        return [each["change"] for each in changes]

    @property
    def _told(self) -> list[dict[str, Any]]:
        data = json.loads(self.body).get("data", []) if self.status == 200 else []
        return data if isinstance(data, list) else [data]


class Twins:
    """A pair of worlds. `asked` counts the queries, each asked twice."""

    def __init__(self, worlds: tuple[Gateway, Gateway], offices: tuple[Office, Office]) -> None:
        self.worlds = worlds
        self.asked = 0
        self.day = -1
        self._offices = offices
        self._cursors: list[tuple[str, str]] = []

    @property
    def paths(self) -> Mapping[str, str]:
        """Return where the application serves each dataset."""
        return pages_of(self.worlds[0].app)

    @property
    def changes(self) -> Mapping[str, str]:
        """Return where the application tells each dataset's changes."""
        return changes_of(self.worlds[0].app)

    async def to(self, day: int) -> None:
        """Let a day begin in both worlds: the clock shows noon, last night's export is loaded."""
        self.day = day
        await asyncio.gather(*(self._to(world, day) for world in (0, 1)))

    async def _to(self, world: int, day: int) -> None:
        gateway, office = self.worlds[world], self._offices[world]
        await gateway.at(dt.datetime.combine(FIRST, dt.time(20), dt.UTC) + dt.timedelta(days=day))
        gateway.forget_tokens()
        await load_plain(office, gateway.deployment.keys, gateway.home, plain(files(world, day)))

    async def ask(self, query: Query) -> Seen:
        """Ask both worlds. Raises `ToldApart`."""
        self.asked += 1
        answers = await asyncio.gather(*(self._answer(world, query) for world in (0, 1)))
        seen, other = map(_seen, answers)
        if seen != other:
            text = "\n".join(map(str, (seen, other)))
            raise ToldApart(f"day {self.day}, query {self.asked}: {query}\n{text[:4000]}")
        cursors = [_RANDOM.search(answer.content) for answer in answers]
        if cursors[0] is None or cursors[1] is None:
            return seen
        self._cursors.append((cursors[0][1].decode(), cursors[1][1].decode()))
        return replace(seen, cursor=len(self._cursors) - 1)

    async def _answer(self, world: int, query: Query) -> httpx2.Response:
        given = dict(query.given)
        if query.cursor is not None:
            text = self._cursors[query.cursor][world]
            name = "since" if query.path.startswith(CHANGES) else "cursor"
            given[name] = text if query.spoil is None else query.spoil(text)
        # Proofs are made for the path; the query goes along.
        gateway = self.worlds[world]
        answer = await gateway.send(query.agreement, "GET", query.path, params=urlencode(given))
        gateway.answers.clear()
        gateway.lines.clear()
        return answer


def _seen(answer: httpx2.Response) -> Seen:
    # Where each of the two listens is no secret, and stands in challenges.
    own = f":{answer.url.port}/"
    told = [(name, value) for name, value in answer.headers.multi_items() if name not in _NOT_COMPARED]
    headers = [(name, value.replace(own, ":port/")) for name, value in told]
    # A cursor is sealed under a random nonce: what could tell is that there is one, and how long it is.
    body = _RANDOM.sub(lambda found: b'"next":"%d"' % len(found[1]), answer.content)
    if answer.status_code == 200 and "/receipts/" in str(answer.url):
        body = _receipt(answer.json())
        headers = [each for each in headers if each[0] != "content-length"]
    return Seen(answer.status_code, body, tuple(sorted(headers)), None)


def _receipt(told: dict[str, Any]) -> bytes:
    leaf = json.loads(told.pop("leaf"))
    sizes = {name: len(str(value)) for name, value in leaf.items() if name in _SALTED}
    # Which checkpoint is the newest one is a matter of moments, and the proof leads to that.
    told = {name: value if name == "entry" else len(str(value)) for name, value in told.items() if name != "proof"}
    return json.dumps({"receipt": told, "leaf": {**leaf, **sizes}}).encode()


def generous() -> Guardrails:
    """Return the shipped guardrails with ceilings that a day of questions does not meet, but for programs."""
    text = _GUARDRAILS.read_text("utf-8")
    ample = re.sub(r"times = \d+\nleast = \d+", "times = 1000000\nleast = 1000000", text)
    tight = re.sub(r'("programs"\n)times = \d+\nleast = \d+', r"\1times = 1\nleast = 60", ample)
    assert tight != ample != text
    return read_guardrails(tight, load_catalogue())


async def deploy_twins(deployment: Deployment, home: Path) -> Deployment:
    """Return a deployment with the two agreements in force and the students of the first day, to be copied twice."""
    number = next(_numbers)
    database = TestDatabase(deployment.server, f"pactgate_twins_{number}")
    await deployment.server.create(database.name, template=deployment.template)
    ring, partner = deployment.ring, deployment.partners[BRIGHT_PATH]
    made = agreements_of(ring, deployment.agreements[TUTORING].agreement.content["partner"])
    clerk = await database.connection("loader")
    await clerk.execute(SHIFT, RECEIVED)
    async with open_office(database.url("loader"), deployment.trust, alarm) as office:
        for name, bundle in made.items():
            await bring_into_force(office, ring, bundle, partner, name)
        await clerk.execute(SHIFT, dt.datetime.combine(FIRST, dt.time(8), dt.UTC))
        await load_plain(office, deployment.keys, home, plain(files(0, -1)))
        await load(office, deployment.keys, home, standing(), confirm=True)
    await database.close()
    return replace(deployment, template=database.name, agreements={**deployment.agreements, **made})


@asynccontextmanager
async def twins(made: Deployment, home: Path) -> AsyncIterator[Twins]:
    """Serve two copies of what `deploy_twins` made; whatever was asked, both logs are whole at the end."""
    server = made.server
    async with AsyncExitStack() as closing:
        worlds, offices = [], []
        for world in (0, 1):
            database = TestDatabase(server, f"twin_{next(_numbers)}")
            await server.create(database.name, template=made.template)
            closing.push_async_callback(server.drop, database.name)
            closing.push_async_callback(database.close)
            (home / str(world)).mkdir()
            gateway = Gateway(made, database, home / str(world))
            closing.push_async_callback(gateway.close)
            await gateway.at(dt.datetime.combine(FIRST, dt.time(20), dt.UTC))
            await gateway.serve(guardrails=generous())
            worlds.append(gateway)
            offices.append(await gateway.office())
        yield Twins((worlds[0], worlds[1]), (offices[0], offices[1]))
        for gateway in worlds:
            await gateway.verify()
