"""A family's statement goes along wherever a value that it contests is told, and nowhere else (34 CFR 99.21(c))."""

from pathlib import Path

import msgspec
import pytest

from gateway.records.coverage import Scope
from gateway.records.encoding import encode
from gateway.records.errors import NothingToStop, StatementRefused, UnknownStudent
from gateway.records.past import read_past
from gateway.services.statements import MOST_LETTERS, Ending, end_statement, place_statement
from policies.decision import Permit
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    ENROLLMENTS,
    LINE,
    OTHER,
    OTHER_LINE,
    STUDENTS,
    YEAR,
    SmallDistrict,
    changed,
    permit,
    terms,
)

GPA, FIRST, PHONE, SERVED = "000128", "000115", "000279", "000147"
WORDS = "The grade of the second term was given to the wrong child.\nWe asked for a hearing."
CONSENT = terms(basis="consent", element_order=(FIRST, GPA))

pytestmark = pytest.mark.ferpa("F2")


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path)
    district.scopes += [Scope(AGREEMENT, LINE, terms()), Scope(OTHER, OTHER_LINE, CONSENT)]
    await district.load(
        {
            "students": STUDENTS,
            "enrollments": ENROLLMENTS,
            "academic_summaries": [("1001", YEAR, "2.49", "12"), ("1002", YEAR, "3.9", None)],
            "consents": [(OTHER_LINE, "1001", FIRST, "parent", "2025-08-20", "2025-09-01", None)],
        }
    )
    return district


async def place(district: SmallDistrict, *elements: str, number: str = "1001", words: str = WORDS) -> int:
    async with district.engine.begin() as connection:
        return await place_statement(connection, number, elements, words)


async def end(district: SmallDistrict, *elements: str, ending: Ending = Ending.WITHDRAWN) -> int:
    async with district.engine.begin() as connection:
        return await end_statement(connection, "1001", elements, ending)


async def told(district: SmallDistrict, leave: Permit) -> dict[str, object]:
    """Return what goes along with each student's row, by first name or place."""
    rows = await district.rows(leave)
    return {str(row.get("first_name", place)): row.get("contested") for place, row in enumerate(rows)}


@pytest.mark.parametrize("words", [" \n", "x" * (MOST_LETTERS + 1), "nul\0", "bell\a"])
async def test_what_is_no_statement_is_refused_and_nothing_is_written(district: SmallDistrict, words: str) -> None:
    size = await district.owner.fetchval("SELECT size FROM audit.head")
    with pytest.raises(StatementRefused) as refused:
        await place(district, GPA, words=words)
    assert "nul" not in str(refused.value)
    with pytest.raises(UnknownStudent):
        await place(district, GPA, number="9999")
    with pytest.raises(NothingToStop):
        await end(district, GPA)
    assert await district.owner.fetchval("SELECT size FROM audit.head") == size


async def test_it_goes_along_with_what_it_contests_and_with_nothing_else(district: SmallDistrict) -> None:
    both = permit("first_name", "gpa_cumulative")
    assert set((await told(district, both)).values()) == {None}
    await place(district, GPA, PHONE)
    (own,) = [{"fields": ["gpa_cumulative"], "statement": WORDS, "stated_on": "2026-03-11"}]
    assert await told(district, both) == {"Ana": [own], "Bo": None, "Chí": None, "Dua": None}
    # A band of the value is that part of the record too.
    assert (await told(district, permit("first_name", "gpa_cumulative:band")))["Ana"] == [own]
    # Without the contested part there is nothing to add to, and what contests an unknown value says nothing.
    assert set((await told(district, permit("first_name"))).values()) == {None}
    assert set((await district.page(permit("first_name"))).statements) == {None}  # not even read
    assert set((await told(district, permit("first_name", "telephone"))).values()) == {None}
    (gpa,) = permit("gpa_cumulative").fields
    by_gpa = changed(permit("first_name"), sort=gpa)
    assert set((await told(district, by_gpa)).values()) == {None}


@pytest.mark.claim(2)
async def test_it_does_not_go_along_with_what_the_consent_does_not_cover(district: SmallDistrict) -> None:
    await place(district, GPA)
    only_name = permit("first_name", "gpa_cumulative", rows=CONSENT, agreement=OTHER)
    assert await district.rows(only_name) == [{"first_name": "Ana"}]
    await place(district, FIRST, words="Her name is another one.")
    ((_, said),) = (await told(district, only_name)).items()
    assert isinstance(said, list)
    assert [each["fields"] for each in said] == [["first_name"]]


@pytest.mark.claim(2)
@pytest.mark.parametrize("basis", ["de_identified", "de_identified_with_code"])
async def test_records_that_name_nobody_carry_no_words_about_somebody(district: SmallDistrict, basis: str) -> None:
    await place(district, GPA)
    nameless = permit("gpa_cumulative:band", rows=terms(basis=basis), cell_minimum=1)
    assert "contested" not in str(await district.rows(nameless))


async def test_a_later_statement_takes_the_place_of_an_earlier_one_and_several_stand_side_by_side(
    district: SmallDistrict,
) -> None:
    await place(district, GPA)
    await place(district, GPA, words="Later words.")
    await place(district, FIRST, GPA, words="Of both.")
    said = (await told(district, permit("first_name", "gpa_cumulative")))["Ana"]
    assert isinstance(said, list)
    assert [(each["fields"], each["statement"]) for each in said] == [
        (["first_name", "gpa_cumulative"], "Of both."),
        (["gpa_cumulative"], "Later words."),
    ]
    await end(district, GPA, ending=Ending.AMENDED)
    last = (await told(district, permit("first_name", "gpa_cumulative")))["Ana"]
    assert isinstance(last, list)
    assert [each["statement"] for each in last] == ["Of both."]


@pytest.mark.claim(9)
async def test_its_entry_names_the_elements_and_neither_student_nor_words(district: SmallDistrict) -> None:
    first = await place(district, GPA)
    last = await end(district, GPA, ending=Ending.DESTROYED)
    leaves = [
        msgspec.json.decode(row["leaf"])
        for row in await district.owner.fetch("SELECT leaf FROM audit.entry WHERE idx = ANY ($1)", [first, last])
    ]
    assert [(each["event"], each["elements"]) for each in leaves] == [
        ("statement.placed", [GPA]),
        ("statement.ended", [GPA]),
    ]
    assert leaves[1]["ending"] == "destroyed"
    assert "grade of the second" not in str(leaves)
    assert await district.owner.fetchval("SELECT epoch FROM audit.head") == last


@pytest.mark.claim(6)
async def test_a_page_of_the_past_has_the_statements_of_its_day(district: SmallDistrict) -> None:
    leave = permit("first_name", "gpa_cumulative")
    placed = await place(district, GPA)
    page = await district.page(leave)
    then = changed(leave, epoch=placed)
    await end(district, GPA)
    past = await read_past(district.owner, then, page.now, page.codes)
    assert encode(past, then) == encode(page, leave)
    assert sum(b"wrong child" in row for row in encode(past, then)) == 1
    gone = changed(leave, epoch=placed - 1)
    before = await read_past(district.owner, gone, page.now, page.codes)
    assert not any(b"contested" in row for row in encode(before, gone))
