"""
Everything that the district keeps here about one student, for a family that asked to inspect it (34 CFR 99.10).

The order is the promise, as with an accounting: the entry that says so is committed, then everything is read in one
snapshot. INVARIANT: no table about students is left out unless it stands in `NOT_THEIRS` with its reason, so that one
that comes with a later release is shown or asked about; and nothing tells who another child is (99.12(a)).
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, Table, and_, case, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.elements import Catalogue, Tier
from audit.events import Event
from gateway.records import facts
from gateway.records.columns import metadata
from gateway.records.subjects import SubjectKey
from gateway.records.tables import ROOM
from gateway.services.accounting.accountings import put_on_record
from gateway.services.errors import RequestRefused, UnknownRequest
from gateway.services.family.kept import is_inspection, read_family
from gateway.services.family.shown import number_of_one
from gateway.services.filing import Desk
from gateway.wrapping_keys import WrappingKeys

assert ROOM  # importing it fills the metadata

NOT_THEIRS: Final[Mapping[str, str]] = {
    "code": "a partner's name for the student: a family that knew it could be followed by it",
    "subject": "the sealed link to the log",
    "identity": "which internal id has which number, and nothing more",
    "restriction": "who may not ask any more, by a court's word: a note of the district's, with another parent's name",
    "population": "whom agreements cover, worked out from what is shown; the accounting says what left",
}
"""Tables with rows about a student that are no record of theirs, and why."""
_INTERNAL: Final = frozenset(
    {"row_id", "student_id", "other_id", "digest", "from_batch", "to_batch", "from_idx", "to_idx", "stood"}
)
_OTHER_CHILDREN: Final = frozenset({"001377", "001379"})
"""Who else was in an incident: victim and witness."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """
    All rows by table, those that count first; `kept` in a row says `now`, or `before` of what was replaced.

    `look_through` are columns in which free text may name other children (34 CFR 99.12(a)): an officer reads them
    before the file is handed out. Rows are personal: not printed.
    """

    entry: int
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(repr=False)
    look_through: tuple[str, ...]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(len(rows) for rows in self.tables.values())


class Inspections:
    """Takes out what is kept about a student, as the loader role. Holds the key of the subject numbers."""

    def __init__(
        self, desk: Desk, subject_key: WrappingKeys, random: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self._desk = desk
        self._keys = SubjectKey(subject_key)
        self._random = random

    async def take_out(self, request: int) -> Inspected:
        """
        Return everything about the student whom an open request to inspect is about; that is on record first.

        Raises `UnknownRequest`, `RequestRefused` if it is not to inspect or has ended, `LinkErased`. Nothing was
        written then.
        """
        _, registry = await self._desk.registry()
        async with self._desk.engine.connect() as connection:
            family = await read_family(connection, registry.authority, self._desk.catalogue)
            asking = family.askings.get(request)
            if asking is None:
                raise UnknownRequest(f"Entry {request} received no request that holds.")
            if not is_inspection(asking) or asking.ended is not None:
                raise RequestRefused("The request is not to inspect, or it has ended.")
            identifier = await number_of_one(connection, request, self._keys)
        student, entry = await put_on_record(
            self._desk, identifier, self._keys, self._random, Event.RECORDS_SHOWN, answers=request
        )
        async with self._desk.engine.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
            found = {
                str(table.name): await _rows(connection, table, student.students) for table in tables_of_students()
            }
        shown = {name: rows for name, rows in found.items() if rows}
        return Inspected(entry, shown, tuple(_look_through(self._desk.catalogue, shown)))


def tables_of_students() -> tuple[Table, ...]:
    """Return every table with records about students, by name."""
    own = (each for each in metadata.sorted_tables if "student_id" in each.c and each.name not in NOT_THEIRS)
    return tuple(sorted(own, key=lambda each: each.name))


async def _rows(connection: AsyncConnection, table: Table, students: Sequence[UUID]) -> list[Mapping[str, Any]]:
    """Return the rows about one child: visible ones and replaced ones, never what a load has only prepared."""
    columns = [each for each in table.c if each.name not in _INTERNAL and _is_own(each)]
    if "from_batch" in table.c:
        newest = select(facts.frontier.c.batch).scalar_subquery()
        there = table.c.from_batch <= newest
        counts = or_(table.c.to_batch.is_(None), table.c.to_batch > newest)
    else:
        there, counts = literal(value=True), table.c.to_idx.is_(None)
    kept = case((counts, "now"), else_="before").label("kept")
    found = select(*columns, kept).where(and_(table.c.student_id.in_(students), there))
    ordered = found.order_by(kept.desc(), *(each for each in columns if each.name.endswith("date")), table.c.row_id)
    rows = (await connection.execute(ordered)).mappings()
    return [{str(name): value for name, value in row.items()} for row in rows]


def _is_own(column: Column[Any]) -> bool:
    """Return whether a column is about the student, and not about another child of the same incident."""
    return column.info.get("element") not in _OTHER_CHILDREN


def _look_through(catalogue: Catalogue, found: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    named = []
    for table in tables_of_students():
        for column in table.c:
            element = str(column.info.get("element"))
            free = element in catalogue and catalogue.element(element).tier is Tier.NEVER
            if free and _is_own(column) and any(row.get(column.name) for row in found.get(table.name, ())):
                named.append(f"{table.name}.{column.name}")
    return named
