"""
What a page of records costs: each dataset against baselines, at depth, with and without the population check.

python -m tests.bench.records
"""

import argparse
import asyncio
import os
import tempfile
from pathlib import Path
from typing import Final

import asyncpg
import msgspec

from gateway.store.session import connect
from tests.bench import machine
from tests.bench.deployment import Deployment, deployed, server_facts
from tests.bench.many import multiply, require_room
from tests.bench.reading import reading
from tests.bench.records_changes import Followed, changes
from tests.bench.records_depth import Depth, Growing, depths, growing
from tests.bench.records_pages import PAGES, PageCost, page_costs
from tests.bench.records_population import Checked, checks
from tests.bench.records_tables import changes_table, checks_table, depths_table, growing_table, pages_table
from tests.bench.report import say
from tests.bench.scenes import DATASETS

RESULTS: Final = Path(__file__).parent / "records-results.json"
PATTERN: Final = 1_000
"""Students that are loaded; larger districts are copies of them."""
TIMES: Final = 10
"""How much larger each size is than the one before."""
DAYS: Final = 10
"""School days of attendance where there are many students: a whole year of a million would be 180,000,000 rows."""


class Measures(msgspec.Struct):
    """Everything that was measured, and on what."""

    facts: dict[str, str]
    pages: list[PageCost] = []
    depths: list[Depth] = []
    growing: list[Growing] = []
    checks: list[Checked] = []
    changes: list[Followed] = []


async def bench(measures: Measures, home: Path, chosen: argparse.Namespace) -> None:
    """Measure what was chosen, in folders of `home` that are there."""
    if chosen.pages:
        await _over_http(measures, home / "pages", chosen)
    await _alone(measures, home / "depth", chosen.students)


def show(measures: Measures) -> None:
    """Print everything."""
    for name, value in measures.facts.items():
        say(f"{name + ':':<20} {value}")
    tables = (
        pages_table(measures.pages),
        depths_table(measures.depths),
        growing_table(measures.growing),
        checks_table(measures.checks),
        changes_table(measures.changes),
    )
    for table in tables:
        say(f"\n{table}")


def main() -> None:
    """Read the options, measure, print, write. Raises `TooMany` if the disk is too small."""
    chosen, measures = options().parse_args(), Measures(machine.facts())
    with tempfile.TemporaryDirectory(prefix="pactgate-bench-") as folder:
        home = Path(folder)
        require_room(home, chosen.students)
        for name in ("pages", "depth"):
            (home / name).mkdir()
        asyncio.run(bench(measures, home, chosen))
    show(measures)
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(measures)))
    say(f"\nRaw numbers: {RESULTS.name}, beside the command")


async def _over_http(measures: Measures, home: Path, chosen: argparse.Namespace) -> None:
    """Pages as partners ask for them, and the check; with a whole autumn of attendance."""
    say(f"Loading {chosen.page_students} students …")
    async with deployed(home, chosen.page_students, DATASETS) as deployment:
        measures.pages = await page_costs(
            deployment, home, connections=chosen.connections, turns=chosen.reps, seconds=chosen.seconds
        )
        async with reading(deployment) as reader, connect(deployment.cluster.url("admin")) as connection:
            measures.checks = await checks(reader, connection)
        measures.changes = await changes(deployment, home)
        measures.facts |= await server_facts(deployment)
    measures.facts["pages"] = (
        f"{deployment.students} students, {deployment.covered} covered, at most {PAGES} pages of 100 rows each;"
        f" {chosen.connections} connections, {chosen.reps} x {chosen.seconds} s, interleaved, medians"
    )


async def _alone(measures: Measures, home: Path, students: int) -> None:
    """The reader alone, with ever more students."""
    async with (
        deployed(home, PATTERN, DATASETS, days=DAYS) as deployment,
        connect(deployment.cluster.url("admin")) as connection,
    ):
        size = PATTERN
        await _at_size(measures, deployment, connection)
        while size < students:
            size *= TIMES
            say(f"Copying to {size} students …")
            await multiply(connection, TIMES)
            await _at_size(measures, deployment, connection)
        held = await connection.fetchval("SELECT pg_size_pretty(pg_database_size(current_database()))")
    measures.facts["depth"] = f"up to {size} students, {DAYS} days of attendance each; {held} of database"


async def _at_size(measures: Measures, deployment: Deployment, connection: asyncpg.Connection) -> None:
    async with reading(deployment) as reader:
        measures.depths += await depths(reader, connection)
        measures.growing += await growing(reader, connection)


def options() -> argparse.ArgumentParser:
    """Return what the command understands."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.records", description=__doc__)
    parser.add_argument("--students", type=int, default=10_000, help="the largest size of the pages at depth")
    parser.add_argument("--page-students", type=int, default=2_000, help="students of the pages over HTTP")
    parser.add_argument("--no-pages", dest="pages", action="store_false", help="leave out HTTP and the check")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a repetition")
    parser.add_argument("--reps", type=int, default=3)
    return parser


if __name__ == "__main__":
    os.umask(0o077)
    main()
