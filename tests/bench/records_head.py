"""
How long loads hold the log's head, of records and of lists, and how long a withdrawal that comes just then takes.

python -m tests.bench.records_head
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count, product
from pathlib import Path
from statistics import median
from typing import Any, Final, Self

import msgspec
from sqlalchemy import event

from gateway.records.coverage import Scope
from gateway.services.stops import opt_out
from gateway.store.database import engine_for
from gateway.store.embedded import throw_away_postgres
from gateway.store.roles import new_passwords
from policies.population import Roster
from tests.bench import machine
from tests.bench.report import say
from tests.bench.table import markdown
from tests.factories.database import TestDatabase, TestServer
from tests.factories.records import AGREEMENT, LINE, OTHER, OTHER_LINE, YEAR, SmallDistrict, terms

HEADS: Final = ("load of", "rows", "load ms", "head held ms", "withdrawal meanwhile ms")
SCOPES: Final = (
    Scope(AGREEMENT, LINE, terms(Roster())),
    Scope(OTHER, OTHER_LINE, terms(basis="consent", element_order=("000115",))),
)
"""One agreement over a roster, one under consent; opt-outs concern both."""
DAYS: Final = tuple(f"2025-09-{day:02}" for day in range(3, 9))
"""Six marks a student."""
OPTING_OUT: Final = 10
"""Every so many students opt out."""
_ALONE: Final = 9
Files = Mapping[str, Sequence[Sequence[object]]]


class Head(msgspec.Struct, frozen=True):
    """One load: milliseconds until it returned, and while it held the head; and of a withdrawal that came then."""

    what: str
    rows: int
    load: float
    held: float
    withdrawal: float


def heads_table(found: Sequence[Head]) -> str:
    """Return the loads, a line each."""
    return markdown(
        HEADS,
        (
            (each.what, f"{each.rows:,}", *(f"{taken:,.0f}" for taken in (each.load, each.held, each.withdrawal)))
            for each in found
        ),
    )


def loads_of(students: int) -> Mapping[str, Files]:
    """Return what is loaded, one after the other: first it comes, then all of it changes, then a sixth leaves."""
    whole = [f"{number:06}" for number in range(students)]
    fewer = whole[: -students // 6]
    marks = {mark: [(who, day, "s1", YEAR, mark) for who, day in product(whole, DAYS)] for mark in "+-"}
    rosters = {end: [(LINE, who, "2025-09-01", end) for who in whole] for end in ("2026-06-30", "2026-05-31")}
    consents = [(OTHER_LINE, who, "first_name", "parent", "2025-08-01", "2025-08-01", "2026-06-30") for who in whole]
    return {
        "students and their stays": _people(whole),
        "marks, for the first time": {"attendance_events": marks["+"]},
        "marks, all changed": {"attendance_events": marks["-"]},
        "a roster, for the first time": {"rosters": rosters["2026-06-30"]},
        "a roster, all changed": {"rosters": rosters["2026-05-31"]},
        "consents, for the first time": {"consents": consents},
        "opt-outs": {"opt_outs": [(who, None, "sharing", "2026-01-01") for who in whole[1::OPTING_OUT]]},
        "students of whom a sixth left": _people(fewer),
    }


def _people(numbers: Sequence[str]) -> Files:
    return {
        "students": [(who, "F", "L", "01.01.2012", "F", None, None) for who in numbers],
        "enrollments": [(who, "s1", YEAR, "07", "2025-09-03", None) for who in numbers],
    }


class Watch:
    """Notes when the load's engine takes the log's head and lets go of it, and has a withdrawal come just then."""

    def __init__(self, district: SmallDistrict, withdraw: Callable[[], Any]) -> None:
        self.held: list[float] = []
        self._withdraw = withdraw
        self._since: float | None = None
        self.coming: list[asyncio.Task[float]] = []
        self._engine = district.engine.sync_engine
        self._listening: dict[str, Callable[..., Any]] = {
            "after_cursor_execute": self._executed,
            "commit": self._over,
            "rollback": self._over,
        }

    def __enter__(self) -> Self:
        """Begin."""
        for name, heard in self._listening.items():
            event.listen(self._engine, name, heard)
        return self

    def __exit__(self, *_error: object) -> None:
        """Watch no more."""
        for name, heard in self._listening.items():
            event.remove(self._engine, name, heard)

    def _executed(self, _connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if self._since is None and "lock_head" in statement:
            self._since = time.perf_counter()
            self.coming.append(asyncio.get_running_loop().create_task(self._withdraw()))

    def _over(self, _connection: Any) -> None:
        if self._since is not None:
            self.held.append(time.perf_counter() - self._since)
            self._since = None


async def bench(home: Path, students: int) -> list[Head]:
    """Load everything into a district of its own, and measure."""
    with throw_away_postgres() as embedded:
        server = TestServer(embedded=embedded, passwords=new_passwords())
        await server.prepare()
        await server.create("heads")
        district = await SmallDistrict.open(TestDatabase(server, "heads"), home)
        district.scopes[:] = SCOPES
        others = engine_for(district.database.url("loader"))
        whose = count()

        async def withdraw() -> float:
            # Of students who come last in no list of opt-outs: each says no once.
            began = time.perf_counter()
            async with others.begin() as connection:
                await opt_out(connection, f"{next(whose) * OPTING_OUT:06}", scopes=district.in_force)
            return 1e3 * (time.perf_counter() - began)

        found: list[Head] = []
        try:
            for what, files in loads_of(students).items():
                if not found:
                    await district.load(files)  # nobody is there to withdraw yet
                    found.append(Head("nothing", 0, 0, 0, median([await withdraw() for _ in range(_ALONE)])))
                    continue
                found.append(await _measured(district, withdraw, what, files))
        finally:
            await others.dispose()
            await district.database.close()
        return found


async def _measured(district: SmallDistrict, withdraw: Callable[[], Any], what: str, files: Files) -> Head:
    with Watch(district, withdraw) as watch:
        began = time.perf_counter()
        await district.load(files, confirm=True)
        taken = 1e3 * (time.perf_counter() - began)
    waited = [await each for each in watch.coming]
    rows = sum(len(each) for each in files.values())
    return Head(what, rows, taken, 1e3 * max(watch.held), max(waited))


def main() -> None:
    """Read the options, measure, print."""
    students = options().parse_args().students
    for name, value in machine.facts().items():
        say(f"{name + ':':<20} {value}")
    with tempfile.TemporaryDirectory(prefix="pactgate-bench-") as home:
        say(f"\n{heads_table(asyncio.run(bench(Path(home), students)))}")


def options() -> argparse.ArgumentParser:
    """Return what the command understands."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.records_head", description=__doc__)
    parser.add_argument("--students", type=int, default=30_000, help="six marks each (30000)")
    return parser


if __name__ == "__main__":
    os.umask(0o077)
    main()
