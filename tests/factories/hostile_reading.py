"""
The hostile rows read twice: by the one reader as a partner would, and by the plain reading. What differs is a finding.

    read = await HostileDistrict.open(database, tmp_path)                     # the corpus, loaded
    await read.under(terms(Roster(), basis="consent", element_order=ORDER))
    assert await read.differences(DAY) == []
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from gateway.records.coverage import Scope
from gateway.records.encoding import encode
from gateway.records.population import rewrite_population
from policies.decision import RowTerms
from tests.factories.database import TestDatabase
from tests.factories.hostile_rows import corpus, write_into
from tests.factories.plain_reading import ELEMENTS, Person, Value, shown
from tests.factories.records import AGREEMENT, LINE, SmallDistrict, granted, permit, promised, terms

ORDER: Final = tuple(ELEMENTS.values())
_CODES = "SELECT c.code, i.student_identifier FROM records.code c JOIN records.identity i USING (student_id)"
_SHIFT = "UPDATE gateway.installation SET clock_shift = $1 - statement_timestamp()"
_ENTRIES: Final = 1_000
"""Entries of an imagined log, after those of the loads."""


@dataclass(slots=True)
class HostileDistrict:
    """A district with the hostile rows, and the agreement under which they are being read."""

    district: SmallDistrict
    people: Sequence[Person]
    rows: RowTerms = field(default_factory=terms)
    agreement: str = AGREEMENT
    codes: dict[str, str] = field(default_factory=dict)
    """Record code of each student, by number."""
    versions: int = 0

    @classmethod
    async def open(cls, database: TestDatabase, folder: Path) -> "HostileDistrict":
        """Return a district with the corpus loaded."""
        made = cls(await SmallDistrict.open(database, folder), corpus())
        await write_into(made.district, made.people)
        return made

    async def under(self, rows: RowTerms) -> None:
        """Bring the next version of the line into force, with these terms; it is the one that is read from now on."""
        self.versions += 1
        self.rows, self.agreement = rows, f"sha256:{self.versions:064x}"
        async with self.district.engine.begin() as connection:
            await rewrite_population(connection, promised(Scope(self.agreement, LINE, rows)), _ENTRIES + self.versions)
        self.codes = {row[1]: row[0] for row in await self.district.owner.fetch(_CODES)}

    async def at(self, moment: dt.datetime) -> None:
        """Set the clock."""
        await self.district.owner.execute(_SHIFT, moment)

    async def page(self, *, sort: str | None = None, **filters: str) -> list[tuple[str, dict[str, Value]]]:
        """Return number and values of every row, in the order in which they come."""
        leave = permit(
            *ELEMENTS,
            rows=self.rows,
            agreement=self.agreement,
            sort=None if sort is None else granted("students", sort)[0],
            filters=tuple((granted("students", name)[0], value) for name, value in filters.items()),
        )
        page = await self.district.page(leave, limit=500)
        assert not page.more
        numbers, found = {code: number for number, code in self.codes.items()}, []
        for line in encode(page, leave):
            values = msgspec.json.decode(line)
            found.append((numbers[values.pop("record_code")], values))
        return found

    def expected(self, day: dt.date) -> dict[str, dict[str, Value]]:
        """Return what the plain reading shows, by number."""
        said = {each.number: shown(each, self.rows, LINE, day) for each in self.people}
        return {number: _as_json(values) for number, values in said.items() if values is not None}

    async def differences(self, day: dt.date) -> list[str]:
        """Return who is shown otherwise than the plain reading says, at noon of that day."""
        await self.at(dt.datetime.combine(day, dt.time(20), dt.UTC))
        return await self.differences_now(day)

    async def differences_now(self, day: dt.date) -> list[str]:
        """Return who is shown otherwise than the plain reading says of `day`, whatever the clock says."""
        found = await self.page()
        subject, oracle = dict(found), self.expected(day)
        assert len(found) == len(subject), "somebody has two rows"
        why = {each.number: each.why for each in self.people}
        both = subject.keys() | oracle.keys()
        return [
            f"{why[each]}: {subject.get(each)} instead of {oracle.get(each)}"
            for each in sorted(both)
            if subject.get(each) != oracle.get(each)
        ]


def _as_json(values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in values.items()}
