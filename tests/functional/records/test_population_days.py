"""Who is covered on which day: the kept population against a plain reading of the facts, and the hard dates by hand."""

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gateway.records.coverage import Scope, covered
from gateway.records.errors import UnknownTerm
from gateway.records.meanings import MAX_ELEMENTS
from gateway.records.population import close_population, rewrite_population
from policies.decision import RowTerms
from policies.population import (
    And,
    Column,
    Enrollment,
    Everyone,
    Facts,
    In,
    Known,
    NotInKnown,
    Or,
    Placement,
    Population,
    Roster,
    matches,
)
from tests.factories.database import TestDatabase
from tests.factories.records import AGREEMENT, LINE, OTHER, OTHER_LINE, YEAR, SmallDistrict, permit, terms

ELEMENTS = ("000033", "000100", "000115")
FIRST = dt.date(2025, 9, 1)
BASES = ("school_official", "consent", "directory_information", "usc_1232g_b_1_L")


def eighteen(born: dt.date) -> dt.date:
    """Return the first day of adulthood, the earlier one for those born on 29 February."""
    return born.replace(year=born.year + 18) if (born.month, born.day) != (2, 29) else dt.date(born.year + 18, 2, 28)


@dataclass(slots=True)
class Person:
    """One student's facts, as plain rows."""

    number: str
    born: dt.date | None
    stays: list[tuple[str, str | None, dt.date, dt.date | None]] = field(default_factory=list)
    programs: list[tuple[str, dt.date, dt.date | None]] = field(default_factory=list)
    rosters: list[tuple[str, dt.date, dt.date | None]] = field(default_factory=list)
    placements: list[tuple[str, dt.date, dt.date | None]] = field(default_factory=list)
    consents: list[tuple[str, tuple[str, ...], str, dt.date, dt.date | None]] = field(default_factory=list)
    opt_outs: list[tuple[str | None, str, dt.date]] = field(default_factory=list)

    def mask(self, rows: RowTerms, day: dt.date) -> int | None:
        """Return the elements covered on `day` as a mask, None if the student is not covered."""

        def holds(first: dt.date, last: dt.date | None) -> bool:
            return first <= day and (last is None or day <= last)

        placed = any(agreement == LINE and holds(a, b) and b != day for agreement, a, b in self.placements)
        facts = Facts(
            enrollments=tuple(Enrollment(school, grade) for school, grade, a, b in self.stays if holds(a, b)),
            program_types=tuple(kind for kind, a, b in self.programs if holds(a, b)),
            on_roster=any(agreement == LINE and holds(a, b) for agreement, a, b in self.rosters),
            is_placed=placed,
        )
        scopes = {"sharing", "directory"} if rows.basis == "directory_information" else {"sharing"}
        refused = any(
            agreement in (None, LINE) and scope in scopes and first <= day for agreement, scope, first in self.opt_outs
        )
        if not matches(rows.population, facts) or refused or (rows.basis == "usc_1232g_b_1_L" and not placed):
            return None
        everything = (1 << len(ELEMENTS)) - 1
        if rows.basis != "consent":
            return everything
        found = 0
        for agreement, elements, signer, a, b in self.consents:
            if agreement != LINE or not holds(a, b) or self.born is None:
                continue
            if (day < eighteen(self.born)) if signer == "parent" else self._is_adult(day):
                for element in ELEMENTS if elements == ("all",) else elements:
                    found |= 1 << ELEMENTS.index(element) if element in ELEMENTS else 0
        return found or None

    def _is_adult(self, day: dt.date) -> bool:
        assert self.born is not None
        birthday = eighteen(self.born)
        return day > birthday if (self.born.month, self.born.day) == (2, 29) else day >= birthday


def some_day(chance: random.Random) -> dt.date:
    return FIRST + dt.timedelta(chance.choice((0, 30, 60, 61, 90, 180, 181, 200, chance.randrange(280))))


def some_span(chance: random.Random) -> tuple[dt.date, dt.date | None]:
    first, last = sorted((some_day(chance), some_day(chance)))
    return first, chance.choice((last, last, None))


def some_population(chance: random.Random, depth: int = 2) -> Population:
    if depth and chance.random() < 0.6:
        parts = tuple(some_population(chance, depth - 1) for _ in range(chance.choice((1, 2, 3))))
        return chance.choice((And, Or))(parts)
    column, values = chance.choice(
        ((Column.SCHOOL_IDENTIFIER, "abc"), (Column.GRADE_LEVEL, "789"), (Column.PROGRAM_TYPE, "xyz"))
    )
    listed = tuple(chance.sample(values, chance.choice((1, 2))))
    atoms = (In(column, listed), NotInKnown(column, listed), Known(column), Roster(), Placement(), Everyone())
    return chance.choices(atoms, (4, 3, 2, 2, 1, 2))[0]


def some_person(chance: random.Random, number: int) -> Person:
    born = (dt.date(2008, 2, 29), dt.date(2008, 1, 1), FIRST.replace(year=2007, month=11, day=30), dt.date(2012, 1, 1))
    person = Person(str(number), chance.choice((*born, None)))
    for school in chance.sample("abc", chance.choice((0, 1, 1, 2))):
        person.stays.append((school, chance.choice((*"789", None)), *some_span(chance)))
    for kind in chance.sample("xyz", chance.choice((0, 1, 2))):
        person.programs.append((kind, *some_span(chance)))
    for rows in (person.rosters, person.placements):
        for _ in range(chance.choice((0, 1, 2))):
            rows.append((chance.choice((LINE, LINE, OTHER_LINE)), *some_span(chance)))
    for _ in range(chance.choice((0, 1, 2, 3))):
        elements = chance.choice((("all",), ("000033",), ("000033", "000115"), ("000100", "999999"), ("999999",)))
        signer = chance.choice(("parent", "parent", "eligible_student"))
        person.consents.append((chance.choice((LINE, LINE, OTHER_LINE)), elements, signer, *some_span(chance)))
    if chance.random() < 0.3:
        agreement = chance.choice((None, LINE, OTHER_LINE))
        person.opt_outs.append((agreement, chance.choice(("sharing", "directory")), some_day(chance)))
    return person


def distinct(rows: list[Any], *places: int) -> list[Any]:
    """Keep one row a key, as the tables would."""
    return list({tuple(row[place] for place in places): row for row in rows}.values())


async def load_world(district: SmallDistrict, people: Sequence[Person]) -> None:
    for each in people:
        each.rosters = distinct(each.rosters, 0, 1)
        each.placements = distinct(each.placements, 0, 1)
        each.consents = distinct(each.consents, 0, 2, 3)
    files: dict[str, list[Sequence[object]]] = {
        "students": [(p.number, "N", "N", p.born and p.born.strftime("%d.%m.%Y"), "F", None, None) for p in people],
        "enrollments": [(p.number, s, YEAR, g, a, b) for p in people for s, g, a, b in p.stays],
        "programs": [(p.number, k, k, a, b) for p in people for k, a, b in p.programs],
        "rosters": [(r[0], p.number, *r[1:]) for p in people for r in p.rosters],
        "consents": [(c[0], p.number, ";".join(c[1]), c[2], c[3], c[3], c[4]) for p in people for c in p.consents],
        "opt_outs": [(p.number, a, s, first) for p in people for a, s, first in p.opt_outs],
        "placements": [(r[0], p.number, *r[1:]) for p in people for r in p.placements],
    }
    report = await district.load(files, confirm=True)
    assert not report.refused, [str(row) for row in report.refused]


async def kept_on(district: SmallDistrict, day: dt.date) -> dict[str, int | None]:
    rows = await district.owner.fetch(
        "SELECT i.student_identifier, p.covers FROM records.population p JOIN records.identity i USING (student_id)"
        " WHERE p.agreement = $1 AND p.to_idx IS NULL AND p.valid @> $2::date",
        AGREEMENT,
        day,
    )
    assert len({row[0] for row in rows}) == len(rows), "the days of a student's rows overlap"
    everything = (1 << len(ELEMENTS)) - 1
    return {row[0]: everything if row[1] is None else row[1] for row in rows}


@pytest.mark.claim(3)
@pytest.mark.parametrize("seed", range(6))
async def test_the_kept_population_is_what_the_facts_say_on_every_day(
    database: TestDatabase, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - worlds, not secrets
    district = await SmallDistrict.open(database, tmp_path)
    granted = 0
    for _ in range(12):
        rows = terms(some_population(chance), basis=chance.choice(BASES), element_order=ELEMENTS)
        district.scopes[:] = [Scope(AGREEMENT, LINE, rows)]
        people = [some_person(chance, number) for number in range(8)]
        await district.owner.execute("TRUNCATE records.roster, records.consent, records.placement")
        await load_world(district, people)
        for offset in (0, 1, 29, 30, 31, 59, 60, 61, 62, 90, 91, 122, 180, 181, 182, 183, 201, 270, 300):
            day = FIRST + dt.timedelta(offset)
            said = {person.number: person.mask(rows, day) for person in people}
            direct = {number: mask for number, mask in said.items() if mask is not None}
            assert await kept_on(district, day) == direct, (rows, day)
            granted += len(direct)
    assert granted > 100


# --- The hard dates, by hand


async def covered_days(district: SmallDistrict, number: str = "1") -> list[tuple[int | None, str]]:
    found = await district.owner.fetch(
        "SELECT p.covers, p.valid::text FROM records.population p JOIN records.identity i USING (student_id)"
        " WHERE p.to_idx IS NULL AND i.student_identifier = $1 ORDER BY lower(p.valid)",
        number,
    )
    return [(row[0], row[1]) for row in found]


async def world_of(database: TestDatabase, folder: Path, person: Person, rows: RowTerms) -> SmallDistrict:
    district = await SmallDistrict.open(database, folder)
    district.scopes.append(Scope(AGREEMENT, LINE, rows))
    person.stays = person.stays or [("a", "7", FIRST, None)]
    await load_world(district, [person])
    return district


CONSENT = terms(basis="consent", element_order=ELEMENTS)
BORN_IN_MARCH = dt.date(2008, 3, 11)


@pytest.mark.ferpa("C5")
@pytest.mark.parametrize(
    ("born", "signer", "expected"),
    [
        (BORN_IN_MARCH, "parent", "{[2025-09-01,2026-03-11)}"),
        (BORN_IN_MARCH, "eligible_student", "{[2026-03-11,)}"),
        (dt.date(2008, 2, 29), "parent", "{[2025-09-01,2026-02-28)}"),
        (dt.date(2008, 2, 29), "eligible_student", "{[2026-03-01,)}"),
        (dt.date(2008, 2, 28), "eligible_student", "{[2026-02-28,)}"),
        (dt.date(2008, 3, 1), "eligible_student", "{[2026-03-01,)}"),
        (None, "parent", None),
        (None, "eligible_student", None),
    ],
)
async def test_consent_passes_to_the_student_at_eighteen(
    database: TestDatabase, tmp_path: Path, born: dt.date | None, signer: str, expected: str | None
) -> None:
    person = Person("1", born, consents=[(LINE, ("all",), signer, FIRST, None)])
    district = await world_of(database, tmp_path, person, CONSENT)
    assert await covered_days(district) == ([] if expected is None else [(None, expected)])


async def test_no_day_borrows_the_coverage_of_another(database: TestDatabase, tmp_path: Path) -> None:
    person = Person("1", dt.date(2012, 1, 1))
    person.consents = [
        (LINE, ("000033",), "parent", FIRST, dt.date(2026, 5, 31)),
        (LINE, ("000100",), "parent", dt.date(2025, 10, 1), dt.date(2025, 10, 31)),
        (LINE, ("000115", "000100"), "parent", dt.date(2026, 1, 1), dt.date(2026, 1, 31)),
    ]
    district = await world_of(database, tmp_path, person, CONSENT)
    assert await covered_days(district) == [
        (0b001, "{[2025-09-01,2025-10-01),[2025-11-01,2026-01-01),[2026-02-01,2026-06-01)}"),
        (0b011, "{[2025-10-01,2025-11-01)}"),
        (None, "{[2026-01-01,2026-02-01)}"),
    ]


async def test_a_consent_for_elements_the_agreement_does_not_have_covers_nothing(
    database: TestDatabase, tmp_path: Path
) -> None:
    person = Person("1", dt.date(2012, 1, 1), consents=[(LINE, ("999999",), "parent", FIRST, None)])
    assert await covered_days(await world_of(database, tmp_path, person, CONSENT)) == []


async def test_a_consent_agreement_with_more_elements_than_a_mask_is_refused() -> None:
    order = tuple(f"{number:06}" for number in range(MAX_ELEMENTS + 1))
    with pytest.raises(UnknownTerm):
        covered(Scope(AGREEMENT, LINE, replace(CONSENT, element_order=order)))


@pytest.mark.ferpa("L8")
async def test_access_ends_on_the_day_the_placement_ends(database: TestDatabase, tmp_path: Path) -> None:
    person = Person("1", None, placements=[(LINE, dt.date(2025, 10, 1), dt.date(2025, 12, 5))])
    district = await world_of(database, tmp_path, person, terms(basis="usc_1232g_b_1_L"))
    assert await covered_days(district) == [(None, "{[2025-10-01,2025-12-05)}")]


@pytest.mark.ferpa("L5")
@pytest.mark.parametrize(
    ("basis", "scope", "agreement", "remains"),
    [
        ("school_official", "sharing", None, "{[2025-09-01,2025-12-01)}"),
        ("school_official", "sharing", LINE, "{[2025-09-01,2025-12-01)}"),
        ("school_official", "sharing", OTHER_LINE, "{[2025-09-01,)}"),
        ("school_official", "directory", None, "{[2025-09-01,)}"),
        ("directory_information", "directory", None, "{[2025-09-01,2025-12-01)}"),
    ],
)
async def test_an_opt_out_takes_away_what_it_concerns(
    database: TestDatabase, tmp_path: Path, *, basis: str, scope: str, agreement: str | None, remains: str
) -> None:
    person = Person("1", None, opt_outs=[(agreement, scope, dt.date(2025, 12, 1))])
    district = await world_of(database, tmp_path, person, terms(basis=basis))
    assert await covered_days(district) == [(None, remains)]


# --- Keeping it


@pytest.mark.claim(10)
async def test_codes_stay_for_ever_and_differ_by_agreement(database: TestDatabase, tmp_path: Path) -> None:
    district = await world_of(database, tmp_path, Person("1", None), terms())
    (before,) = (await district.page(permit("first_name"))).codes
    district.scopes.append(Scope(OTHER, OTHER_LINE, terms()))
    # The student leaves and comes back.
    await district.load({"enrollments": [("1", "a", YEAR, "7", FIRST, "2025-10-01")]})
    assert (await district.page(permit("first_name"))).codes == []
    await district.load({"enrollments": [("1", "a", YEAR, "7", FIRST, None)]}, confirm=True)
    assert (await district.page(permit("first_name"))).codes == [before]
    (other,) = (await district.page(permit("first_name", agreement=OTHER))).codes
    assert other != before


async def test_an_unchanged_population_is_not_rewritten(database: TestDatabase, tmp_path: Path) -> None:
    district = await world_of(database, tmp_path, Person("1", None), terms())
    before = await district.owner.fetch("SELECT * FROM records.population")
    async with district.engine.begin() as connection:
        await rewrite_population(connection, district.scopes[0], 99)
    assert await district.owner.fetch("SELECT * FROM records.population") == before


async def test_a_changed_row_is_ended_and_a_new_one_begun_by_the_same_entry(
    database: TestDatabase, tmp_path: Path
) -> None:
    district = await world_of(database, tmp_path, Person("1", None), terms())
    report = await district.load({"enrollments": [("1", "a", YEAR, "7", FIRST, "2026-01-01")]})
    rows = await district.owner.fetch("SELECT from_idx, to_idx, valid::text FROM records.population ORDER BY row_id")
    (entry,) = report.entries
    assert [tuple(row)[1:] for row in rows] == [(entry, "{[2025-09-01,)}"), (None, "{[2025-09-01,2026-01-02)}")]
    assert rows[1][0] == entry


async def test_only_the_named_students_are_looked_at(database: TestDatabase, tmp_path: Path) -> None:
    district = await world_of(database, tmp_path, Person("1", None), terms())
    await district.owner.execute("UPDATE records.enrollment SET exit_date = '2025-12-01'")
    async with district.engine.begin() as connection:
        await rewrite_population(connection, district.scopes[0], 98, students=[UUID(int=0)])
    assert await covered_days(district) == [(None, "{[2025-09-01,)}")]
    student = await district.owner.fetchval("SELECT student_id FROM records.identity")
    async with district.engine.begin() as connection:
        await rewrite_population(connection, district.scopes[0], 99, students=[student])
    assert await covered_days(district) == [(None, "{[2025-09-01,2025-12-02)}")]


async def test_a_closed_population_shows_nobody(database: TestDatabase, tmp_path: Path) -> None:
    district = await world_of(database, tmp_path, Person("1", None), terms())
    async with district.engine.begin() as connection:
        assert await close_population(connection, AGREEMENT, 99) == 1
    assert await district.rows(permit("first_name")) == []
    assert await district.owner.fetchval("SELECT to_idx FROM records.population") == 99
