"""A student explained from the facts says what the kept population says, on every day and in every world."""

import datetime as dt
import random
from pathlib import Path

import pytest

from gateway.records.coverage import Scope
from gateway.records.errors import UnknownStudent
from gateway.services.explaining.days import known_on
from gateway.services.explaining.evidence import Evidence, Kept, read_evidence, read_kept, student_numbered
from policies.decision import RowTerms
from policies.explain.standing import coverage
from policies.population import asks_who_is_in_none_of
from tests.factories.database import TestDatabase
from tests.factories.records import AGREEMENT, LINE, PARTY, PURPOSE, SmallDistrict, terms
from tests.functional.records.test_population_days import (
    BASES,
    ELEMENTS,
    FIRST,
    Person,
    load_world,
    some_person,
    some_population,
)

DAYS = (0, 30, 61, 90, 180, 300)


async def read(district: SmallDistrict, number: str, days: list[dt.date]) -> tuple[Evidence, list[Kept | None]]:
    """What is on file about a student, and what was kept of each day, as of the newest entry."""
    async with district.engine.connect() as connection:
        student, _ = await student_numbered(connection, number)
        as_of = await district.owner.fetchval("SELECT size - 1 FROM audit.head")
        evidence = await read_evidence(connection, student, LINE, as_of)
        return evidence, [await read_kept(connection, student, AGREEMENT, day, as_of) for day in days]


def covered_by(rows: RowTerms, evidence: Evidence, day: dt.date) -> set[str]:
    return set(
        coverage(
            rows,
            known_on(
                evidence,
                day,
                frozenset(rows.element_order),
                (),
                needs_programs=asks_who_is_in_none_of(rows.population),
                asked_for=(PURPOSE, PARTY),
            ),
        ).elements
    )


def covered_in(kept: Kept | None) -> set[str]:
    if kept is None:
        return set()
    mask = -1 if kept.mask is None else kept.mask
    return {element for place, element in enumerate(ELEMENTS) if mask >> place & 1}


@pytest.mark.claim(3)
async def test_what_is_explained_from_the_facts_is_what_is_kept_on_every_day(
    database: TestDatabase, tmp_path: Path
) -> None:
    chance = random.Random(100)  # noqa: S311 - worlds, not secrets
    district = await SmallDistrict.open(database, tmp_path)
    days = [FIRST + dt.timedelta(offset) for offset in DAYS]
    seen = 0
    for _ in range(6):
        rows = terms(some_population(chance), basis=chance.choice(BASES), element_order=ELEMENTS)
        district.scopes[:] = [Scope(AGREEMENT, LINE, rows)]
        people = [some_person(chance, number) for number in range(8)]
        await district.owner.execute("TRUNCATE records.roster, records.consent, records.placement")
        await load_world(district, people)
        for person in people:
            evidence, kept = await read(district, person.number, days)
            for day, row in zip(days, kept, strict=True):
                explained = covered_by(rows, evidence, day)
                assert explained == covered_in(row), (rows, day)
                seen += bool(explained)
    assert seen > 30


async def test_nobody_is_found_by_a_number_that_nobody_has(database: TestDatabase, tmp_path: Path) -> None:
    district = await SmallDistrict.open(database, tmp_path)
    with pytest.raises(UnknownStudent):
        await read(district, "7009", [])


async def test_a_former_entry_is_explained_by_what_was_known_then(database: TestDatabase, tmp_path: Path) -> None:
    district = await SmallDistrict.open(database, tmp_path)
    rows = terms(basis="consent", element_order=ELEMENTS)
    district.scopes.append(Scope(AGREEMENT, LINE, rows))
    person = Person("1", dt.date(2012, 1, 1), stays=[("a", "7", FIRST, None)])
    person.consents = [(LINE, ("000033",), "parent", FIRST, None)]
    await load_world(district, [person])
    before, (kept,) = await read(district, "1", [FIRST])
    person.stays, person.consents = [("b", "8", FIRST, None)], [(LINE, ("000115",), "parent", FIRST, None)]
    await load_world(district, [person])
    after, (other,) = await read(district, "1", [FIRST])
    assert ([stay.school for stay in before.stays], [stay.school for stay in after.stays]) == (["a"], ["b"])
    assert covered_by(rows, before, FIRST) == covered_in(kept) == {"000033"}
    assert covered_by(rows, after, FIRST) == covered_in(other) == {"000115"}
    assert [consent.ended_by is None for consent in before.consents + after.consents] == [True, False, True]
    async with district.engine.connect() as connection:
        student, _ = await student_numbered(connection, "1")
        again = await read_evidence(connection, student, LINE, before.as_of)
        assert await read_kept(connection, student, AGREEMENT, FIRST, before.as_of) == kept
    assert again == before
