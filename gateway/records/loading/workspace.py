"""
Where a load is worked out: temporary tables of its own session, so that an export of any size costs no memory here.

Rows go in a chunk at a time. The tables are written to no journal, are seen by no other session, and are gone with the
session: a load that dies leaves nothing in them.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import compress
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.records.loading.batches import Refused
from gateway.records.loading.cells import Value
from gateway.records.loading.mapping import Load
from gateway.records.loading.places import place_of
from gateway.records.loading.staging import RefusedRow, StagedRows, Staging, row_digests
from gateway.records.loading.targets import NUMBER, TARGETS, columns_of, field_of

ROWS: Final = 5_000
"""How many rows are held at a time that are read from the database."""
STUDENTS: Final = "students"

KNOWN: Final = (
    "(SELECT i.student_identifier, i.student_id FROM records.identity AS i"
    " UNION ALL SELECT f.student_identifier, f.student_id FROM pg_temp.fresh AS f)"
)
"""Every student's id by number, those that this load brings for the first time included."""
_FIND: Final = (
    "SELECT i.student_identifier, i.student_id FROM records.identity AS i WHERE i.student_identifier = ANY($1::text[])"
    " UNION ALL SELECT f.student_identifier, f.student_id FROM pg_temp.fresh AS f"
    " WHERE f.student_identifier = ANY($1::text[])"
)
_TABLES: Final = (
    "DISCARD TEMP;"
    'CREATE TEMP TABLE fresh (student_id uuid NOT NULL, student_identifier text COLLATE "C" PRIMARY KEY);'
    "CREATE TEMP TABLE refused (load int NOT NULL, at_line bigint NOT NULL, reason text NOT NULL,"
    ' field text NOT NULL, shape text NOT NULL, number text COLLATE "C", line text COLLATE "C", student_id uuid,'
    " rows int NOT NULL DEFAULT 1);"
    "CREATE TEMP TABLE leaving (load int NOT NULL, row_id bigint NOT NULL, student_id uuid,"
    " changed boolean NOT NULL, narrowed boolean NOT NULL);"
    "CREATE TEMP TABLE withheld (load int NOT NULL, student_id uuid NOT NULL);"
    'CREATE TEMP TABLE promised (line text COLLATE "C", purpose text COLLATE "C", party text COLLATE "C");'
    "CREATE TEMP TABLE asked (student_id uuid PRIMARY KEY); CREATE TEMP TABLE answered (student_id uuid PRIMARY KEY);"
)
_NOBODY: Final = "its student is not there"
_REFUSED: Final = ("load", "at_line", "reason", "field", "shape", "number", "line")

Tell = Callable[[int], None]
"""Is told how many letters have been read so far, now and then."""


class Workspace:
    """The temporary tables of one load. Each of its loads has a number: its place in the order of loading."""

    def __init__(
        self, session: AsyncConnection, connection: asyncpg.Connection, random: Callable[[int], bytes]
    ) -> None:
        self.session = session
        """The session as the final transaction uses it."""
        self.connection = connection
        self.refused: Counter[int] = Counter()
        """How many rows of each load were refused so far."""
        self.read: Counter[int] = Counter()
        """How many rows of each load's files were read so far."""
        self.left_out: Counter[int] = Counter()
        """How many of them the mapping leaves out: not meant, there no more, or one with another row."""
        self.source = ""
        """The name of the mapping."""
        self.stagings: Sequence[Staging] = ()
        self._random = random

    async def open(self, source: str, stagings: Sequence[Staging]) -> None:
        """Make the tables anew, for what the mapping of this name loads."""
        for counted in (self.refused, self.read, self.left_out):
            counted.clear()
        self.source, self.stagings = source, stagings
        words = [_TABLES]
        for number, staging in enumerate(stagings):
            target, scope = staging.load.target, staging.load.scope_columns
            table, columns = TARGETS[target].table.fullname, ", ".join(columns_of(target))
            words.append(
                f"CREATE TEMP TABLE staged_{number} AS SELECT {columns}, digest, 0::bigint AS at_line"
                f" FROM {table} WITH NO DATA;"
            )
            if staging.load.fold is not None:
                words.append(f"CREATE TEMP TABLE raw_{number} AS TABLE pg_temp.staged_{number};")
            if scope:
                words.append(
                    f"CREATE TEMP TABLE places_{number} AS SELECT {', '.join(scope)} FROM {table} WITH NO DATA;"
                )
        await self.connection.execute("".join(words))

    async def refuse(self, number: int, statement: str, *values: str) -> None:
        """Run a statement that puts rows among the refused ones, and count them."""
        self.refused[number] += rows_of(await self.connection.execute(statement, *values))

    async def fill(self, number: int, staging: Staging, tell: Tell) -> None:
        """Read what a load takes into its tables. Raises `BadSource`."""
        for some in staging.batches():
            await self._put(number, staging, some)
            self.read[number] += some.read
            self.left_out[number] += some.read - len(some.lines) - len(some.refused)
            tell(staging.file.taken)
        self.read[number] += staging.file.passed_over
        self.left_out[number] += staging.file.passed_over
        if staging.load.fold is not None:
            await self._fold(number, staging.load)

    async def copy(self, table: str, columns: Sequence[str], records: Sequence[tuple[Any, ...]]) -> None:
        """Put records into one of the tables."""
        if records:
            await self.connection.copy_records_to_table(table, schema_name="pg_temp", records=records, columns=columns)

    async def _put(self, number: int, staging: Staging, some: StagedRows) -> None:
        target = staging.load.target
        values, lines, refused = some.values, some.lines, list(some.refused)
        students: Sequence[UUID | None] = ()
        if TARGETS[target].is_about_students:
            ids = await self._identified(target, set(map(str, values[NUMBER])))
            students = [*map(ids.get, map(str, values[NUMBER]))]
            if None in students:
                known = [each is not None for each in students]
                nobody = [not each for each in known]
                name = staging.file.names[some.part]
                refused += [
                    RefusedRow(Refused(name, line, _NOBODY, part=some.part)) for line in compress(lines, nobody)
                ]
                await self._add_spoken_of(number, staging.load, _those(values, nobody), sum(nobody))
                values, lines, students = _those(values, known), [*compress(lines, known)], [*compress(students, known)]
        columns = [
            students if name is None else _filled(values.get(name), len(lines), nothing)
            for name, nothing in _stored(target)
        ]
        digests = row_digests(target, columns_of(target), columns)
        begin = place_of(some.part, 0)
        table = f"raw_{number}" if staging.load.fold is not None else f"staged_{number}"
        records = [*zip(*columns, digests, [begin + line for line in lines], strict=True)]
        await self.copy(table, (*columns_of(target), "digest", "at_line"), records)
        await self.copy("refused", _REFUSED, [_refusal(number, each) for each in refused])
        self.refused[number] += len(refused)

    async def _add_spoken_of(self, number: int, load: Load, values: Mapping[str, Sequence[Value]], rows: int) -> None:
        """Note what rows speak of whose student is not there: nobody's place, but what else they say they speak of."""
        scope = load.scope_columns
        if scope and "student_id" not in scope:
            named = [values.get(field_of(name), [None] * rows) for name in scope]
            await self.copy(f"places_{number}", scope, [*set(zip(*named, strict=True))])

    async def _identified(self, target: str, numbers: AbstractSet[str]) -> dict[str, UUID]:
        """Return the ids of students by number; a student of whom there is none gets one where students come."""
        rows_found = await self.connection.fetch(_FIND, list(numbers)) if numbers else []
        found: dict[str, UUID] = {each[0]: each[1] for each in rows_found}
        if target == STUDENTS:
            fresh = {each: UUID(bytes=self._random(16), version=4) for each in sorted(numbers - found.keys())}
            records = [(student, each) for each, student in fresh.items()]
            await self.copy("fresh", ("student_id", "student_identifier"), records)
            found |= fresh
        return found

    async def _fold(self, number: int, load: Load) -> None:
        """Make one row of those that agree in all but the days to be folded. A day not known is later than any."""
        columns = columns_of(load.target)
        folded = {
            name: f"min({name}) AS {name}"
            if way == "earliest"
            else f"CASE WHEN bool_and({name} IS NOT NULL) THEN max({name}) END AS {name}"
            for name, way in (load.fold or {}).items()
        }
        named = ", ".join(folded.get(name, name) for name in columns)
        equal = ", ".join(name for name in columns if name not in folded)
        async with self.connection.transaction():
            found = await self.connection.cursor(
                f"SELECT {named}, min(at_line) AS at_line FROM pg_temp.raw_{number} GROUP BY {equal}"
            )
            while rows := await found.fetch(ROWS):
                values = [*zip(*rows, strict=True)]
                digests = row_digests(load.target, columns, values[:-1])
                records = [*zip(*values[:-1], digests, values[-1], strict=True)]
                await self.copy(f"staged_{number}", (*columns, "digest", "at_line"), records)
            folded_away = f"SELECT (SELECT count(*) FROM pg_temp.raw_{number}) - count(*) FROM pg_temp.staged_{number}"
            self.left_out[number] += await self.connection.fetchval(folded_away)


def rows_of(status: str) -> int:
    """Return how many rows a command says it has touched."""
    return int(status.rpartition(" ")[2])


def _stored(target: str) -> list[tuple[str | None, str | None]]:
    """Return for each stored column the field that fills it (None: the student's id) and what stands for nothing."""
    table = TARGETS[target].table
    return [
        (None if name == "student_id" else field_of(name), None if table.c[name].server_default is None else "")
        for name in columns_of(target)
    ]


def _filled(column: Sequence[Value] | None, rows: int, nothing: str | None) -> Sequence[Value]:
    """Return a stored column: the field's values, with what stands for nothing where there is none."""
    if column is None:
        return [nothing] * rows
    return column if nothing is None else [nothing if value is None else value for value in column]


def _those(values: Mapping[str, Sequence[Value]], meant: Sequence[bool]) -> dict[str, Sequence[Value]]:
    return {name: [*compress(column, meant)] for name, column in values.items()}


def _refusal(number: int, row: RefusedRow) -> tuple[Any, ...]:
    refused = row.refused
    at = place_of(refused.part, refused.line)
    return (number, at, refused.reason, refused.column, refused.shape, row.number, row.line)
