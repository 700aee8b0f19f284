"""`make bench`: the checked page against a bare endpoint and the same page unchecked, on the same PostgreSQL."""

import argparse
import asyncio
import gc
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import msgspec

from gateway.demo.perform import free_port
from gateway.store.session import connect
from tests.bench import machine, report
from tests.bench.deployment import Deployment, deployed, environment_of, server_facts
from tests.bench.flat import fill, flat_for
from tests.bench.pages import LIMIT, Pages, proven_requests, walk
from tests.bench.race import Race, in_turn, serving
from tests.bench.report import GATEWAY, ROUTES, Measured
from tests.bench.stages import StagePlan, Stages

RESULTS = Path(__file__).parent / "results.json"
STAGE_REQUESTS = 600


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
                processes = stack.enter_context(serving(deployment, home, ports, (GATEWAY,)))
                pages = await asyncio.to_thread(walk, deployment.partner())
                flat = flat_for("students", pages.path, pages.answered)
                await fill(deployment.bare_url, flat, pages.answered)
                processes |= stack.enter_context(serving(deployment, home, ports, tuple(others), (flat,)))
                backend = await connection.fetchval("SELECT pg_backend_pid()")
                running = Race(deployment, pages, ports, processes, connection, backend)
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


async def _measure(running: Race, options: argparse.Namespace) -> list[Measured]:
    await running.warm_up(ROUTES, options.connections, options.seconds)
    measured = []
    for turn in range(options.reps):
        for connections in options.connections:
            for route in in_turn(ROUTES, turn):
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
