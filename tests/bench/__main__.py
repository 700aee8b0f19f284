"""`make bench`: the checked page against a bare endpoint and the same page unchecked, on the same PostgreSQL."""

import argparse
import asyncio
import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import msgspec

from gateway.demo.perform import free_port
from gateway.store.session import connect
from tests.bench import machine, report
from tests.bench.deployment import Deployment, deployed, environment_of, fill_bare, server_facts
from tests.bench.load import Plan, Result
from tests.bench.pages import LIMIT, Pages, plain_requests, proven_requests, walk
from tests.bench.report import GATEWAY, PROVEN, ROUTES, UNLOGGED, Measured
from tests.bench.stages import StagePlan, Stages
from tests.bench.tally import require_equal, tally

RESULTS = Path(__file__).parent / "results.json"
WARM_UP_REQUESTS = 400
STAGE_REQUESTS = 600
SPARE = 1.6
"""Proofs are made for this much more than the best rate seen, so that a repetition is not cut short."""


@dataclass(slots=True)
class Bench:
    """What the repetitions share."""

    deployment: Deployment
    pages: Pages = field(repr=False)
    ports: dict[str, int]
    processes: dict[str, int]
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
        result = await asyncio.to_thread(_load, plan)
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

    def _used(self, route: str) -> tuple[float, float]:
        return machine.processor_seconds(self.processes[route]), machine.database_seconds(self.backend)


def _load(plan: Plan) -> Result:
    words = (sys.executable, "-m", "tests.bench.load")
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        machine.pin(machine.LOAD_CORE, process.pid)
        said, _ = process.communicate(msgspec.msgpack.encode(plan))
    if process.returncode:
        raise RuntimeError("the load generator stopped; what it said is above")
    return msgspec.msgpack.decode(said, type=Result)


@contextmanager
def _serving(
    deployment: Deployment, home: Path, ports: dict[str, int], routes: tuple[str, ...]
) -> Iterator[dict[str, int]]:
    """Serve these routes, each by a process of its own on the server's core; yields the process ids."""
    plain = dict(os.environ) | {
        "BENCH_SYNC_URL": deployment.bare_url.replace("postgresql://", "postgresql+psycopg://"),
        "BENCH_ASYNC_URL": deployment.bare_url,
    }
    words = {
        "bare": ((sys.executable, "-m", "tests.bench.bare", str(ports["bare"])), plain),
        "unchecked": ((sys.executable, "-m", "tests.bench.unchecked", str(ports["unchecked"])), plain),
        UNLOGGED: ((sys.executable, "-m", "tests.bench.unlogged"), environment_of(deployment, ports[UNLOGGED])),
        GATEWAY: ((sys.executable, "-m", "tests.bench.served"), environment_of(deployment)),
    }
    with ExitStack() as stack:
        processes = {}
        for route in routes:
            url = f"http://127.0.0.1:{ports[route]}/healthz"
            processes[route] = stack.enter_context(machine.server(*words[route], url, home / f"{route}.log"))
        yield processes


async def bench(options: argparse.Namespace) -> None:
    """Set up, measure, print, write."""
    with tempfile.TemporaryDirectory(prefix="pactgate-bench-") as folder:
        home = Path(folder)
        facts = machine.facts()
        report.say(f"Loading {options.students} students …")
        async with (
            deployed(home, options.students) as deployment,
            connect(deployment.cluster.url("admin")) as connection,
        ):
            others = {route: free_port() for route in ROUTES if route != GATEWAY}
            ports = {**others, GATEWAY: deployment.settings.port}
            with ExitStack() as stack:
                processes = stack.enter_context(_serving(deployment, home, ports, (GATEWAY,)))
                pages = await asyncio.to_thread(walk, deployment.partner())
                await fill_bare(deployment, pages.students)
                processes |= stack.enter_context(_serving(deployment, home, ports, tuple(others)))
                backend = await connection.fetchval("SELECT pg_backend_pid()")
                running = Bench(deployment, pages, ports, processes, connection, backend)
                gc.freeze()
                measured = await _measure(running, options)
                stages = await asyncio.to_thread(_stages, deployment, pages)
                facts |= await server_facts(deployment)
        facts |= {
            "data": f"{deployment.students} students, {deployment.covered} covered, {LIMIT} rows x 12 elements a page",
            "repetitions": f"{options.reps} x {options.seconds} s, interleaved; medians of them below",
            "left out": "TLS, network; the database's files are on this machine's disk",
        }
        report.show(facts, measured, stages)
        RESULTS.write_bytes(
            msgspec.json.format(msgspec.json.encode({"facts": facts, "runs": measured, "stages": stages}))
        )
        report.say(f"Raw numbers: {RESULTS}")


async def _measure(running: Bench, options: argparse.Namespace) -> list[Measured]:
    for route in ROUTES:  # not counted; it also shows how many proofs a repetition needs
        for connections in options.connections:
            await running.repetition(route, connections, min(1.0, options.seconds))
    measured = []
    for turn in range(options.reps):
        for connections in options.connections:
            # Another one goes first each time, so that what comes and goes on the machine favours nobody.
            for route in (*ROUTES[turn % len(ROUTES) :], *ROUTES[: turn % len(ROUTES)]):
                measured.append(await running.repetition(route, connections, options.seconds))
                report.told(measured[-1])
    return measured


def _stages(deployment: Deployment, pages: Pages) -> Stages:
    requests = proven_requests(pages, deployment.partner(), deployment.settings.port, STAGE_REQUESTS)
    plan = StagePlan(environment_of(deployment), [request for _, request in requests])
    words = (sys.executable, "-m", "tests.bench.stages")
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        machine.pin(machine.SERVER_CORE, process.pid)
        said, _ = process.communicate(msgspec.msgpack.encode(plan))
    if process.returncode:
        raise RuntimeError("the breakdown stopped; what it said is above")
    return msgspec.msgpack.decode(said, type=Stages)


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a repetition, at most 30")
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--students", type=int, default=20_000)
    parser.add_argument("--connections", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--quick", action="store_true", help="one repetition of one second")
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.reps = 1.0, 1
    if not 0 < options.seconds <= 30:
        parser.error("a repetition lasts at most 30 seconds, because proofs are made beforehand and age")
    os.umask(0o077)
    asyncio.run(bench(options))


if __name__ == "__main__":
    main()
