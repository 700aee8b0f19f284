"""
Loading a year of attendance against plain COPY of the same bytes into a bare table; and then once more, 1 % changed.

`python -m tests.bench.loading --students 100000 --days 180` loads 18 million events. First a tenth, so that one sees
whether memory grows with the rows. While each load runs, one family after another says no: how long the slowest waited
until its no counted is told beside the load.
"""

import argparse
import asyncio
import datetime as dt
import os
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import asyncpg
import msgspec

from gateway.store.embedded import throw_away_postgres
from gateway.store.roles import new_passwords
from tests.bench import machine
from tests.bench.records_head import SCOPES, Watch
from tests.bench.report import say
from tests.bench.sessions import parent_of, watched
from tests.bench.table import markdown
from tests.bench.withdrawing import withdrawing
from tests.factories.database import TestDatabase, TestServer
from tests.factories.records import LINE, YEAR, SmallDistrict, mapping_for

HEADS: Final = (
    "load of", "rows", "s", "rows/s", "times COPY", "CPU us/row here", "CPU us/row there",
    "MiB here", "MiB there", "head held ms", "withdrawals", "slowest s",
)  # fmt: skip
"""`here` is the process that loads, `there` PostgreSQL."""
FIRST: Final = dt.date(2025, 9, 1)
STEPS: Final = (("a tenth", 10, False), ("all", 1, False), ("all again, 1 % changed", 1, True))


class Loaded(msgspec.Struct, frozen=True):
    """One load. Seconds, MiB, and of the head milliseconds; `copy` is what COPY of the same file took."""

    what: str
    rows: int
    seconds: float
    copy: float
    here: float
    there: float
    memory: float
    session: float
    held: float
    waited: Sequence[float]


def loads_table(found: Sequence[Loaded]) -> str:
    """Return the loads, a line each."""
    return markdown(HEADS, map(_line, found))


def ratios(found: Sequence[Loaded]) -> str:
    """Return what is said of them together."""
    tenth, whole, again = found
    return (
        f"The second load took {again.seconds / whole.seconds:.2f} of the first one's time. Ten times the rows:"
        f" {whole.memory / tenth.memory:.2f} times the memory here. The slowest of"
        f" {sum(len(each.waited) for each in found)} withdrawals counted after"
        f" {max(max(each.waited) for each in found):.2f} s."
    )


def _line(one: Loaded) -> list[str]:
    per_row = 1e6 / one.rows
    return [
        one.what,
        f"{one.rows:,}",
        f"{one.seconds:.1f}",
        f"{one.rows / one.seconds:,.0f}",
        f"{one.seconds / one.copy:.0f}",
        f"{one.here * per_row:.1f}",
        f"{one.there * per_row:.1f}",
        f"{one.memory:.0f}",
        f"{one.session:.0f}",
        f"{one.held:.0f}",
        f"{len(one.waited)}",
        f"{max(one.waited):.2f}",
    ]


async def bench(home: Path, students: int, days: int) -> list[Loaded]:
    """Load a district of its own, and measure."""
    with throw_away_postgres() as embedded:
        server = TestServer(embedded=embedded, passwords=new_passwords())
        await server.prepare()
        await server.create("loading")
        district = await SmallDistrict.open(TestDatabase(server, "loading"), home)
        district.scopes[:] = SCOPES
        found: list[Loaded] = []
        try:
            numbers = [f"{number:06}" for number in range(students)]
            await district.load({"students": [(who, "A", "B", None, None, None, None) for who in numbers]})
            await district.load({"rosters": [(LINE, who, "2025-09-01", None) for who in numbers]})
            for what, part, changed in STEPS:
                file = district.folder / "attendance_events.csv"
                _write(file, rows := students * days // part, days, changed=changed)
                found.append(await _measured(district, what, rows, sum(len(each.waited) for each in found)))
        finally:
            await district.database.close()
        return found


async def _measured(district: SmallDistrict, what: str, rows: int, withdrawn: int) -> Loaded:
    copy = await _plain(district.owner, district.folder / "attendance_events.csv")
    root = parent_of(int(await district.owner.fetchval("SELECT pg_backend_pid()")))
    url = district.database.url("loader")
    async with withdrawing(url, withdrawn) as waited:
        with Watch(district, _nobody) as watch, watched(root) as sessions:
            began, here = time.perf_counter(), time.process_time()
            await district.load_by(mapping_for("attendance_events"), district.folder, confirm=False)
            seconds, here = time.perf_counter() - began, time.process_time() - here
    return Loaded(
        what, rows, seconds, copy, here, sessions.processor, _peak(), sessions.memory, 1e3 * max(watch.held), waited
    )


async def _nobody() -> float:
    return 0.0


def _write(file: Path, rows: int, days: int, *, changed: bool) -> None:
    with file.open("w") as written:
        written.write("number,day,school,year,mark\n")
        for number in range(rows):
            student, day = divmod(number, days)
            mark = "t" if changed and number % 100 == 0 else "-" if number % 17 == 0 else "+"
            written.write(f"{student:06},{FIRST + dt.timedelta(days=day)},s{student % 40:02},{YEAR},{mark}\n")


async def _plain(owner: asyncpg.Connection, file: Path) -> float:
    """Copy the file into a bare table, and return how many seconds it took."""
    await owner.execute(
        "CREATE TABLE IF NOT EXISTS gateway.plain (number text, day date, school text, year text, mark text);"
        " TRUNCATE gateway.plain"
    )
    began = time.perf_counter()
    await owner.copy_to_table("plain", schema_name="gateway", source=file, format="csv", header=True)
    return time.perf_counter() - began


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.loading", description=__doc__)
    parser.add_argument("--students", type=int, default=1_000)
    parser.add_argument("--days", type=int, default=180, help="events of each student")
    options = parser.parse_args()
    for name, value in machine.facts().items():
        say(f"{name + ':':<20} {value}")
    with tempfile.TemporaryDirectory(prefix="pactgate-bench-") as home:
        found = asyncio.run(bench(Path(home), options.students, options.days))
    say(f"\n{loads_table(found)}\n\n{ratios(found)}")


if __name__ == "__main__":
    os.umask(0o077)
    main()
