"""
Loading a year of attendance against plain COPY of the same bytes: rows a second, and the most memory that was used.

`python -m tests.bench.loading --rows 2000000`. First a tenth of the rows and then all, so that one sees whether memory
grows with them; then all again, with one row in a hundred changed.
"""

import argparse
import asyncio
import datetime as dt
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from gateway.store.embedded import throw_away_postgres
from gateway.store.roles import new_passwords
from tests.factories.database import TestDatabase, TestServer
from tests.factories.records import YEAR, SmallDistrict, mapping_for

DAYS = 180
FIRST = dt.date(2025, 9, 1)
_EVERY = 0.1
"""Seconds between looks at the database's memory."""


@dataclass(slots=True)
class Measured:
    """What one step took. Memory in MiB: the most this process ever held, and the most a session of PostgreSQL did."""

    name: str
    rows: int
    seconds: float
    ours: float
    session: float = 0.0
    found: str = ""

    @property
    def line(self) -> str:
        """The step as a line of the table."""
        rate = self.rows / self.seconds
        return (
            f"{self.name:<34}{self.rows:>10,} rows {self.seconds:>8.1f} s {rate:>10,.0f} rows/s"
            f"  {self.ours:>6.0f} MiB here {self.session:>6.0f} MiB there  {self.found}"
        )


@dataclass(slots=True)
class _Watch:
    """Looks at the private memory of PostgreSQL's processes."""

    most: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)

    def look(self, root: int) -> None:
        while not self.over.wait(_EVERY):
            for status in Path("/proc").glob("[0-9]*/status"):
                try:
                    lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
                except OSError:
                    continue
                if int(lines["PPid"]) == root and "RssAnon" in lines:
                    self.most = max(self.most, int(lines["RssAnon"].split()[0]) / 1024)


@contextmanager
def _watched(root: int) -> Iterator[_Watch]:
    watch = _Watch()
    thread = threading.Thread(target=watch.look, args=(root,))
    thread.start()
    try:
        yield watch
    finally:
        watch.over.set()
        thread.join()


def _attendance(file: Path, rows: int, *, changed: bool) -> None:
    with file.open("w") as written:
        written.write("number,day,school,year,mark\n")
        for number in range(rows):
            day = FIRST + dt.timedelta(days=number % DAYS)
            mark = "-" if number % 17 == 0 else "+"
            if changed and number % 100 == 0:
                mark = "t"
            written.write(f"{number // DAYS:06d},{day},s{number // DAYS % 40:02d},{YEAR},{mark}\n")


async def _plain(owner: asyncpg.Connection, file: Path) -> float:
    await owner.execute(
        "CREATE TABLE IF NOT EXISTS gateway.plain (number text, day date, school text, year text, mark text);"
        " TRUNCATE gateway.plain"
    )
    began = time.perf_counter()
    await owner.copy_to_table("plain", schema_name="gateway", source=file, format="csv", header=True)
    return time.perf_counter() - began


async def _measure(database: TestDatabase, folder: Path, rows: int, root: int) -> list[Measured]:
    district = await SmallDistrict.open(database, folder)
    students = [(f"{each:06d}", "A", "B", None, None, None, None) for each in range(-(-rows // DAYS))]
    await district.load({"students": students})
    mapping, file = mapping_for("attendance_events"), folder / "attendance_events.csv"
    done = []
    steps: Sequence[tuple[str, int, bool]] = (
        ("a tenth", rows // 10, False),
        ("all", rows, False),
        ("all again, 1 % changed", rows, True),
    )
    for name, count, changed in steps:
        _attendance(file, count, changed=changed)
        seconds = await _plain(district.owner, file)
        done.append(Measured(f"plain COPY, {name}", count, seconds, _peak()))
        with _watched(root) as watch:
            began = time.perf_counter()
            report = await district.load_by(mapping, folder)
            seconds = time.perf_counter() - began
        (found,) = report.targets
        counts = f"+{found.added:,} ~{found.changed:,} -{found.ended:,} ={found.unchanged:,}"
        done.append(Measured(f"load, {name}", count, seconds, _peak(), watch.most, counts))
        sys.stderr.write(f"{done[-2].line}\n{done[-1].line}  {seconds / done[-2].seconds:.1f} x\n")
    return done


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def _run(rows: int) -> None:
    with throw_away_postgres() as embedded, tempfile.TemporaryDirectory(prefix="pactgate-loading-") as home:
        server = TestServer(embedded=embedded, passwords=new_passwords())
        await server.prepare()
        database = TestDatabase(server=server, name="loading")
        await server.create(database.name)
        try:
            owner = await database.connection("owner")
            root = _parent(int(await owner.fetchval("SELECT pg_backend_pid()")))
            await _measure(database, Path(home), rows, root)
        finally:
            await database.close()


def _parent(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid:"))


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    asyncio.run(_run(parser.parse_args().rows))


if __name__ == "__main__":
    main()
