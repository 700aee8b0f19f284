"""
`python -m tests.bench.log_append`: entries a second and what they wait, on this disk and with 4 ms added to each flush.

The delay is PostgreSQL's own `commit_delay` with `commit_siblings = 0`: whoever flushes the write-ahead log sleeps so
long first, holding the lock of the flush, as a slower disk would make it. It needs neither root nor a compiler.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import asyncpg
import msgspec

from audit.recheck import recheck
from gateway.store.embedded import throw_away_postgres
from gateway.store.roles import new_passwords
from gateway.store.session import connect
from tests.bench import machine
from tests.bench.log_replica import Plan, Result
from tests.bench.report import say
from tests.factories.database import TestServer
from tests.factories.log import signer_of

NAME = "log_append"
ADDED_MS = 4
IN_FLIGHT = (8, 64, 256)
_SYNCS = 200


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the table."""

    added_ms: int
    replicas: int
    way: str
    kind: str
    in_flight: int

    @property
    def words(self) -> str:
        """How it is named in the table."""
        disk = f"+{self.added_ms} ms" if self.added_ms else "as it is"
        return f"{disk:<9} {self.replicas} x {self.in_flight:<4} {self.way:<8} {self.kind:<6}"


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: all replicas together, and the worst of them. Processor time is an entry's, in microseconds."""

    rate: float
    p50_ms: float
    p99_ms: float
    replica_us: float
    database_us: float
    failed: int


def cases(*, quick: bool) -> list[Case]:
    """Return what is measured, in order."""
    found = []
    for added in (0, ADDED_MS):
        for replicas in (1, 2):
            found += [Case(added, replicas, "batched", "entry", each) for each in IN_FLIGHT]
        found += [Case(added, 1, way, "entry", 64) for way in ("timer", "chain")]
        found.append(Case(added, 1, "batched", "page", 64))
    return [each for each in found if each.in_flight == 64 or not quick]


def fdatasync_ms(folder: Path) -> list[float]:
    """Append 4 KiB and wait for the disk, again and again; returns what it took, sorted."""
    took = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(_SYNCS):
            os.write(file.fileno(), bytes(4096))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(1_000 * (time.perf_counter() - began))
    return sorted(took)


@contextmanager
def replicas(url: str, number: int) -> Iterator[list["subprocess.Popen[str]"]]:
    """Start so many replicas, which wait for plans."""
    words = (sys.executable, "-m", "tests.bench.log_replica")
    running = []
    try:
        for _ in range(number):
            process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
            running.append(process)
            assert process.stdin is not None
            process.stdin.write(f"{url}\n")
        yield running
    finally:
        for process in running:
            process.communicate(timeout=30)


def measure(running: Sequence["subprocess.Popen[str]"], plan: Plan, backend: int) -> Measured:
    """Have all of these carry out one plan at the same time, on the server that `backend` is a process of."""
    used = machine.database_seconds(backend)
    line = msgspec.json.encode(plan).decode()
    for process in running:
        assert process.stdin is not None
        process.stdin.write(f"{line}\n")
    results = []
    for process in running:
        assert process.stdout is not None
        results.append(msgspec.json.decode(process.stdout.readline(), type=Result))
    entries = sum(each.entries for each in results) or 1
    return Measured(
        sum(each.entries / each.seconds for each in results),
        max(each.p50_ms for each in results),
        max(each.p99_ms for each in results),
        1e6 * sum(each.own_seconds for each in results) / entries,
        1e6 * (machine.database_seconds(backend) - used) / entries,
        sum(each.failed for each in results),
    )


async def _delay(admin: asyncpg.Connection, added_ms: int) -> None:
    await admin.execute(f"ALTER SYSTEM SET commit_delay = {1_000 * added_ms}")
    await admin.execute("ALTER SYSTEM SET commit_siblings = 0")
    await admin.execute("SELECT pg_reload_conf()")
    await asyncio.sleep(0.2)


async def bench(options: argparse.Namespace) -> None:
    """Set up, measure in turn, print the medians, and recompute the log."""
    found: dict[Case, list[Measured]] = {case: [] for case in cases(quick=options.quick)}
    with throw_away_postgres() as embedded:
        server = TestServer(embedded=embedded, passwords=new_passwords())
        await server.prepare()
        await server.create(NAME)
        disk = fdatasync_ms(Path(tempfile.gettempdir()))
        with replicas(server.url("app", NAME), 2) as running:
            async with connect(server.url("admin", NAME)) as admin:
                backend = await admin.fetchval("SELECT pg_backend_pid()")
                measure(running, Plan("batched", "page", 64, 0.5), backend)  # not counted
                for _ in range(options.reps):
                    for added in (0, ADDED_MS):
                        await _delay(admin, added)
                        for case in (each for each in found if each.added_ms == added):
                            plan = Plan(case.way, case.kind, case.in_flight, options.seconds)
                            found[case].append(
                                await asyncio.to_thread(measure, running[: case.replicas], plan, backend)
                            )
        async with connect(server.url("auditor", NAME)) as auditor:
            began = time.perf_counter()
            log = await recheck(auditor, signer_of().verifier)
            seconds = time.perf_counter() - began
    _show(found, disk, options)
    say(f"\nThe whole log was recomputed from the database afterwards: {log.size:,} entries, {log.checkpoints:,}")
    say(f"checkpoints, {log.signatures:,} signatures; {seconds:.1f} s, {log.size / seconds:,.0f} entries a second.")


def _show(found: dict[Case, list[Measured]], disk: list[float], options: argparse.Namespace) -> None:
    for name, value in machine.facts().items():
        if name != "where":  # nothing is pinned here
            say(f"{name + ':':<20} {value}")
    say(f"{'disk:':<20} 4 KiB and fdatasync, p50 {median(disk):.2f} ms, p99 {disk[int(0.99 * len(disk))]:.2f} ms")
    say(f"{'delay:':<20} commit_delay = {ADDED_MS} ms, commit_siblings = 0")
    say(f"{'runs:':<20} {options.reps} x {options.seconds} s, in turn; medians; PostgreSQL and replicas on all cores\n")
    say(f"{'disk':<9} {'replicas x in flight':<30} entries/s     p50 ms     p99 ms   failed  replica us  database us")
    middle = {case: _median(runs) for case, runs in found.items()}
    for case, one in middle.items():
        say(
            f"{case.words:<40} {one.rate:9,.0f} {one.p50_ms:10.2f} {one.p99_ms:10.2f} {one.failed:8}"
            f" {one.replica_us:11.0f} {one.database_us:12.0f}"
        )
    say("\n| goal | where | asked | measured | met |\n| --- | --- | --- | --- | --- |")
    for goal in goals(middle):
        say(goal.row)
    for added in (0, ADDED_MS):
        page, bare = (middle[Case(added, 1, "batched", kind, 64)] for kind in ("page", "entry"))
        say(
            f"\n+{added} ms, 1 x 64: with the subjects, openings, replay id and meter of a page, "
            f"{page.rate / bare.rate:.2f} as many entries a second as bare ones"
        )


@dataclass(frozen=True, slots=True)
class Goal:
    """What was asked, and what was found."""

    name: str
    where: str
    at_least: bool
    asked: float
    found: float

    @property
    def row(self) -> str:
        """The line of the table."""
        met = self.found >= self.asked if self.at_least else self.found <= self.asked
        sign = "≥" if self.at_least else "≤"
        digits = 0 if self.asked >= 100 else 2
        return (
            f"| {self.name} | {self.where} | {sign} {self.asked:,.0f} | {self.found:,.{digits}f} | "
            f"{'yes' if met else '**no**'} |"
        )


def goals(middle: dict[Case, Measured]) -> list[Goal]:
    """Hold what was measured against what was asked."""
    slow, two = (middle[Case(ADDED_MS, replicas, "batched", "entry", 64)] for replicas in (1, 2))
    chain = middle[Case(ADDED_MS, 1, "chain", "entry", 64)]
    found = [
        Goal("entries a second", "+4 ms, 1 x 64", at_least=True, asked=10_000, found=slow.rate),
        Goal("p99, ms", "+4 ms, 1 x 64", at_least=False, asked=12, found=slow.p99_ms),
        Goal("p99, ms", "+4 ms, 2 x 64", at_least=False, asked=20, found=two.p99_ms),
        Goal(
            "batched / one transaction an entry", "+4 ms, 1 x 64", at_least=True, asked=30, found=slow.rate / chain.rate
        ),
    ]
    for added in (0, ADDED_MS):
        batched, timer = (middle[Case(added, 1, way, "entry", 64)].p50_ms for way in ("batched", "timer"))
        found.append(
            Goal("p50 without / with a timer", f"+{added} ms, 1 x 64", at_least=False, asked=1, found=batched / timer)
        )
    return found


def _median(runs: Sequence[Measured]) -> Measured:
    return Measured(
        median(one.rate for one in runs),
        median(one.p50_ms for one in runs),
        median(one.p99_ms for one in runs),
        median(one.replica_us for one in runs),
        median(one.database_us for one in runs),
        sum(one.failed for one in runs),
    )


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.log_append", description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.5, help="length of a run (1.5)")
    parser.add_argument("--reps", type=int, default=3, help="runs of each case (3)")
    parser.add_argument("--quick", action="store_true", help="64 in flight only, one run of one second")
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.reps = 1.0, 1
    asyncio.run(bench(options))


if __name__ == "__main__":
    main()
