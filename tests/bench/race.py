"""One route against the others: each served by a process of its own, loaded by another, every answer compared."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg
import msgspec

from tests.bench import machine
from tests.bench.deployment import Deployment, environment_of
from tests.bench.flat import ENVIRONMENT, Flat, described
from tests.bench.load import Plan, Result
from tests.bench.pages import LIMIT, Pages, plain_requests, proven_requests
from tests.bench.report import BARE, GATEWAY, PROVEN, UNCHECKED, UNLOGGED, Measured
from tests.bench.tally import require_equal, tally

_MODULES: Final = {
    BARE: "tests.bench.bare",
    UNCHECKED: "tests.bench.unchecked",
    UNLOGGED: "tests.bench.unlogged",
    GATEWAY: "tests.bench.served",
}
WARM_UP_REQUESTS = 400
SPARE = 1.6
"""Proofs are made for this much more than the best rate seen, so that a repetition is not cut short."""


@dataclass(slots=True)
class Race:
    """What the repetitions over the pages of one dataset share."""

    deployment: Deployment
    pages: Pages = field(repr=False)
    ports: Mapping[str, int]
    processes: Mapping[str, int]
    connection: asyncpg.Connection = field(repr=False)
    backend: int
    best_rate: float = 0.0

    async def repetition(self, route: str, connections: int, seconds: float) -> Measured:
        """Measure one route once. Raises `Miscounted` if the log does not hold each answer."""
        proven, logged = route in PROVEN, route == GATEWAY
        if proven:
            count = max(WARM_UP_REQUESTS, int(seconds * self.best_rate * SPARE))
            partner = self.deployment.partner(self.ports[route])
            requests = proven_requests(self.pages, partner, self.ports[route], count)
        else:
            requests = plain_requests(self.pages, self.ports[route])
        plan = Plan(self.ports[route], connections, seconds, self.pages.rows, requests, rotate=not proven)
        before = await tally(self.connection)
        used = self._used(route)
        result = await asyncio.to_thread(load, plan)
        server_seconds, database_seconds = (now - then for now, then in zip(self._used(route), used, strict=True))
        require_equal(before, await tally(self.connection), answers=result.answers if logged else 0, rows=LIMIT)
        if proven:
            self.best_rate = max(self.best_rate, result.rate)
        return Measured(
            route=route,
            connections=connections,
            result=result,
            server_us=1e6 * server_seconds / result.answers,
            database_us=1e6 * database_seconds / result.answers,
        )

    async def warm_up(self, routes: Sequence[str], connections: Sequence[int], seconds: float) -> None:
        """Run each route once without counting it; that also shows how many proofs a repetition needs."""
        for route in routes:
            for each in connections:
                await self.repetition(route, each, min(1.0, seconds))

    def _used(self, route: str) -> tuple[float, float]:
        return machine.processor_seconds(self.processes[route]), machine.database_seconds(self.backend)


def in_turn(routes: Sequence[str], turn: int) -> tuple[str, ...]:
    """Return the routes with another one first each turn, so that what comes and goes on the machine favours nobody."""
    first = turn % len(routes)
    return (*routes[first:], *routes[:first])


def load(plan: Plan) -> Result:
    """Have a process of its own carry out a repetition. Raises `RuntimeError` if an answer was wrong."""
    words = (sys.executable, "-m", "tests.bench.load")
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        machine.pin(machine.LOAD_CORE, process.pid)
        said, _ = process.communicate(msgspec.msgpack.encode(plan))
    if process.returncode:
        raise RuntimeError("the load generator stopped; what it said is above")
    return msgspec.msgpack.decode(said, type=Result)


@contextmanager
def serving(
    deployment: Deployment, home: Path, ports: Mapping[str, int], routes: Sequence[str], tables: Sequence[Flat] = ()
) -> Iterator[dict[str, int]]:
    """Serve these routes, each by a process of its own on the server's core; yields the process ids."""
    plain = dict(os.environ) | {
        "BENCH_SYNC_URL": deployment.bare_url.replace("postgresql://", "postgresql+psycopg://"),
        "BENCH_ASYNC_URL": deployment.bare_url,
        ENVIRONMENT: described(tables),
    }
    with ExitStack() as stack:
        processes = {}
        for route in routes:
            url = f"http://127.0.0.1:{ports[route]}/healthz"
            environment = environment_of(deployment, ports[route]) if route in PROVEN else plain
            words = (sys.executable, "-m", _MODULES[route], str(ports[route]))
            processes[route] = stack.enter_context(machine.server(words, environment, url, home / f"{route}.log"))
        yield processes
