"""
`python -m tests.bench.policy`: decisions against Cedar and stock Casbin, in the same run; prints the table of the page.

Each number is a ratio of two medians that were measured in turns, with every answer compared with the documents'.
"""

import argparse
import asyncio
import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from time import monotonic

import msgspec

from tests.bench import machine
from tests.bench.policy_epoch import carried
from tests.bench.policy_hits import flat, undivided
from tests.bench.policy_misses import misses
from tests.bench.policy_mixes import mixed, remembered
from tests.bench.policy_race import TURNS
from tests.bench.policy_rows import Row, table
from tests.bench.policy_start import started
from tests.bench.policy_world import world
from tests.bench.report import say

RESULTS = Path(__file__).parent / "policy_results.json"
SIZES = (10, 100, 1_000, 10_000)
FEW, MANY, MOST = SIZES[0], SIZES[2], SIZES[3]


def measured(*, database: bool) -> Iterator[Row]:
    """Yield the rows as they are measured, G1 to G7."""
    many = world(MANY)
    yield from flat([world(size) for size in SIZES])
    yield from undivided(many)
    yield from misses(many)
    yield from mixed(many)
    yield from remembered(world(FEW))
    yield from started(MOST)
    if database:
        yield from asyncio.run(carried())


def facts() -> dict[str, str]:
    """Return what a reader must know to judge the numbers."""
    found = machine.facts()
    kept = ("machine", "python", "load before")
    packages = {name: version(name) for name in ("pycasbin", "simpleeval", "cedarpy", "asyncpg")}
    how = f"medians of {TURNS} turns, interleaved, in one process; processor time, G7 wall clock"
    return {name: found[name] for name in kept} | packages | {"measured": how}


def options() -> argparse.ArgumentParser:
    """Return what can be asked of the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.policy", description=__doc__)
    parser.add_argument("--no-database", action="store_true", help="leave out G7, which starts a PostgreSQL")
    return parser


def main() -> None:
    """Read the options, measure, print, write."""
    given = options().parse_args()
    os.umask(0o077)
    begun, known, rows = monotonic(), facts(), []
    for row in measured(database=not given.no_database):
        rows.append(row)
        say(
            f"  {row.goal} {row.agreements:>6,} {row.kind}, {row.compared}: {row.ours} / {row.theirs} = {row.ratio:.3g}"
        )
    known["took"] = f"{monotonic() - begun:.0f} s"
    say("")
    for name, value in known.items():
        say(f"{name + ':':<20} {value}")
    say(f"\n{table(rows)}")
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode({"facts": known, "rows": rows})))
    say(f"\nRaw numbers: {RESULTS}")


if __name__ == "__main__":
    main()
