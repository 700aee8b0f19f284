"""
`python -m tests.bench.log_search`: searches and looks at one student in a log of ten million entries.

The log is made in a throw-away database by COPY: its leaves and lists are like those of a gateway, its hashes are not
computed. Each time is the median of several, in the process of the search, the database on the same machine.
"""

import argparse
import asyncio
import hashlib
import os
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from time import monotonic
from typing import Final

import asyncpg

from audit.entry import encode
from audit.events import Event
from audit.facets import Facet
from audit.index import BLOCK, catch_up
from audit.naming import entries_naming
from audit.query import Clause, Query
from audit.search import search
from gateway.migrations.upgrade import upgrade
from gateway.store.embedded import throw_away_postgres
from gateway.store.roles import Role, create_database, create_roles, new_passwords
from gateway.store.session import connect
from tests.bench.report import say

TURNS: Final = 5
LIMIT: Final = 100
STUDENTS: Final = 50_000
PAGE: Final = 100
"""Students on a page of a disclosure."""
_BEGAN: Final = datetime(2026, 8, 1, tzinfo=UTC)
_AT_ONCE: Final = 16_384
_CHANCE: Final = random.Random(1)  # noqa: S311 - the same log in every run
_CLIENTS: Final = [f"client:c-{number:02}" for number in range(50)]
_AGREEMENTS: Final = ["sha256:" + hashlib.sha256(b"%d" % number).hexdigest() for number in range(100)]
_ELEMENTS: Final = [f"{number:06}" for number in range(100, 140)]
_NUMBERS: Final = [hashlib.sha256(b"student %d" % number).digest()[:16] for number in range(STUDENTS)]
_BULK: Final = ("ALTER TABLE audit.{0} SET UNLOGGED", "ALTER TABLE audit.{0} DROP CONSTRAINT {0}_{1}")


@dataclass(frozen=True, slots=True)
class Shape:
    """How long the log is, and how often a page of students stands in it: 1 in `pages` entries."""

    entries: int
    pages: int


def rows(shape: Shape, start: int) -> Iterator[tuple[int, bytes, bytes]]:
    """Make entries: pages of students, pages of one, refusals, tokens, and once in a while an agreement's move."""
    step = timedelta(days=365) / shape.entries
    for index in range(start, min(start + _AT_ONCE, shape.entries)):
        now = _BEGAN + index * step
        about: dict[str, object] = {
            "client": _CHANCE.choice(_CLIENTS),
            "agreement": _CHANCE.choice(_AGREEMENTS),
            "purpose": "tutoring",
            "behind": "automated" if index % 7 else f"person:{index % 200}",
            "request_id": f"{index:032x}",
        }
        if index % 100_000 == 99_999:
            yield index, encode(Event.AGREEMENT_SUSPENDED, now, {"agreement": about["agreement"]}), b""
        elif index % 10 == 0:
            yield index, encode(Event.TOKEN_ISSUED, now, {**about, "datasets": None, "token": "0" * 32}), b""
        elif index % 10 == 1:
            code = "volume_exceeded" if index % 1000 == 1 else "not_found"
            yield index, encode(Event.REFUSAL, now, {**about, "dataset": "students", "code": code, "elements": []}), b""
        else:
            many = index % shape.pages == 2
            at = _CHANCE.randrange(STUDENTS - PAGE)
            named = b"".join(_NUMBERS[at : at + (PAGE if many else 1)])
            chosen = _CHANCE.randrange(len(_ELEMENTS) - 8)
            said = {
                "dataset": "students",
                "elements": _ELEMENTS[chosen : chosen + 8],
                "records": len(named) // 16,
                "rows": f"{index:064x}",
                "result": f"{index:064x}",
            }
            written = encode(Event.DISCLOSURE, now, {**about, **said})
            yield index, written, named


async def fill(owner: asyncpg.Connection, shape: Shape) -> None:
    """Write the log, its head at the end."""
    for table, check in (("entry", "leaf_hash"), ("subject", "numbers")):
        for statement in _BULK:
            await owner.execute(statement.format(table, check))
    for start in range(0, shape.entries, _AT_ONCE):
        made = list(rows(shape, start))
        await owner.copy_records_to_table(
            "entry", schema_name="audit", records=[(index, written, b"") for index, written, _ in made]
        )
        await owner.copy_records_to_table(
            "subject", schema_name="audit", records=[(index, named) for index, _, named in made if named]
        )
        if start % (_AT_ONCE * 64) == 0:
            say(f"  {start + len(made):,} entries written")
    await owner.execute("ALTER TABLE audit.head DROP CONSTRAINT head_range_fits_size")
    await owner.execute("UPDATE audit.head SET size = $1, epoch = 0", shape.entries)
    await owner.execute("ANALYZE audit.entry; ANALYZE audit.subject")


def queries() -> dict[str, Query]:
    """Return a search by each facet, and some that find little or nothing."""

    def of(*words: tuple[Facet, str], since: datetime | None = None) -> Query:
        return Query(tuple(Clause(frozenset({word})) for word in words), since=since)

    month = _BEGAN + timedelta(days=200)
    return {
        "newest, of everything": of(),
        "event: disclosure": of((Facet.EVENT, "disclosure")),
        "event: agreement.suspended (1 in 100,000)": of((Facet.EVENT, "agreement.suspended")),
        "client": of((Facet.CLIENT, _CLIENTS[7])),
        "agreement": of((Facet.AGREEMENT, _AGREEMENTS[7])),
        "element": of((Facet.ELEMENT, _ELEMENTS[20])),
        "code: volume_exceeded": of((Facet.CODE, "volume_exceeded")),
        "person behind": of((Facet.BEHIND, "person:14")),
        "one day, half a year ago": Query(since=month, until=month + timedelta(days=1)),
        "client, agreement, element, refused not": Query(
            (
                Clause(frozenset({(Facet.CLIENT, _CLIENTS[7])})),
                Clause(frozenset({(Facet.AGREEMENT, _AGREEMENTS[9])})),
                Clause(frozenset({(Facet.ELEMENT, _ELEMENTS[20])})),
                Clause(frozenset({(Facet.EVENT, "refusal")}), without=True),
            )
        ),
        "two that never meet": of((Facet.EVENT, "refusal"), (Facet.ELEMENT, _ELEMENTS[20])),
        "a client nobody has": of((Facet.CLIENT, "client:nobody")),
        "student, newest page": Query(subject=_NUMBERS[2_000]),
        "student and refusal (never)": Query((Clause(frozenset({(Facet.EVENT, "refusal")})),), subject=_NUMBERS[2_000]),
    }


async def timed(act: Callable[[], Awaitable[object]]) -> tuple[float, object]:
    """Return the median of `TURNS` in ms, and what was found."""
    times, found = [], None
    for _ in range(TURNS):
        began = monotonic()
        found = await act()
        times.append((monotonic() - began) * 1000)
    return median(times), found


async def measured(url: str, shape: Shape) -> Iterator[str]:
    """Fill, index, search; return the lines of the table."""
    async with connect(url) as session:
        began = monotonic()
        await fill(session, shape)
        say(f"Written in {monotonic() - began:.0f} s")
        began = monotonic()
        blocks = await catch_up(session, lambda done: say(f"  {done:,} blocks indexed") if done % 256 == 0 else None)
        spent = monotonic() - began
        lines = [f"| indexing from nothing | {spent:,.0f} s, {blocks * BLOCK / spent:,.0f} entries/s |"]
        namings = await session.fetchval("SELECT sum(octet_length(subjects) / 16) FROM audit.subject")
        for table, what, per in (
            ("posting", "index of what entries say, bytes an entry", shape.entries),
            ("named", "index of whom they name, bytes a naming", namings),
            ("subject", "the lists themselves, bytes a naming", namings),
        ):
            size = await session.fetchval("SELECT pg_total_relation_size($1::text::regclass)", f"audit.{table}")
            lines.append(f"| {what} | {size / per:.1f} |")
        for name, query in queries().items():
            spent, page = await timed(lambda query=query: search(session, query, limit=LIMIT))  # type: ignore[misc]
            lines.append(f"| {name} | {spent:,.0f} ms, {len(page.found)} found |")  # type: ignore[attr-defined]

        async def whole() -> int:
            return sum([1 async for _ in entries_naming(session, _NUMBERS[2_000])])

        spent, count = await timed(whole)
        lines.append(f"| every entry that names one student | {spent:,.0f} ms, {count} found |")
    return iter(lines)


async def bench(shape: Shape) -> None:
    """Make a server whose files are on the disk, measure, print."""
    passwords = new_passwords()
    with throw_away_postgres() as server:
        await create_roles(server.admin_url(), passwords)
        await create_database(server.admin_url(), "bench")
        owner = server.url(Role.OWNER, passwords.owner, "bench")
        await upgrade(owner)
        lines = await measured(owner, shape)
    say(f"\n| {shape.entries:,} entries, {STUDENTS:,} students, 1 page of {PAGE} in {shape.pages} entries | |")
    say("|---|---|")
    for line in lines:
        say(line)


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.log_search", description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000_000)
    parser.add_argument("--pages", type=int, default=10, help="one page of 100 students in so many entries")
    options = parser.parse_args()
    os.umask(0o077)
    asyncio.run(bench(Shape(options.entries, options.pages)))


if __name__ == "__main__":
    main()
