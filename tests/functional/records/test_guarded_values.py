"""Guardrails in the one statement: codes that tell too much are unknown to partners, and small groups are nobody."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Text, bindparam, cast, select

from agreements.elements import load_catalogue
from gateway.records.coverage import Scope
from gateway.records.errors import NotPermitted
from gateway.records.loading.mapping import parse_mapping
from gateway.records.transforms import told, told_sql
from policies.code_values import NOTHING, code_set
from policies.decision import GrantedField, Permit
from policies.guardrails import load_guardrails
from policies.population import Column, In
from policies.seal import SEAL
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    LINE,
    STUDENTS,
    YEAR,
    SmallDistrict,
    changed,
    granted,
    permit,
    terms,
)

CODES = load_guardrails().codes
LEAVERS = """
format = 1
name = "leavers"
[files.leavers]
path = "leavers.csv"
[[load]]
target = "enrollments"
from = "leavers"
[load.fields]
student_identifier = "number"
school_identifier = "school"
school_year = "year"
grade_level = "grade"
entry_date = "in"
exit_date = "out"
enrollment_status = "status"
exit_type = "why"
"""
WHY = {"1001": "01907", "1002": "Expelled or involuntarily withdrawn", "1003": "OUR-OWN-CODE", "1004": None}


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path)
    district.scopes.append(Scope(AGREEMENT, LINE, terms()))
    files = {"schools": [("north", "North", "lea-1")], "students": STUDENTS}
    assert not (await district.load(files)).refused
    rows = [f"{number},north,{YEAR},09,2025-09-03,,Enrolled,{why or ''}" for number, why in WHY.items()]
    (tmp_path / "leavers.csv").write_text("\n".join(["number,school,year,grade,in,out,status,why", *rows]))
    assert not (await district.loads.load(parse_mapping(LEAVERS), tmp_path)).refused
    return district


def exit_type(basis: str = "school_official") -> GrantedField:
    (field,) = granted("students", "exit_type", basis=basis)
    return field


# --- Codes


@pytest.mark.claim(2)
@pytest.mark.ferpa("M2")
async def test_a_code_that_may_not_leave_is_unknown_to_the_partner(district: SmallDistrict) -> None:
    rows = await district.rows(permit("first_name", "exit_type", "enrollment_status"))
    assert {row["first_name"]: row["exit_type"] for row in rows} == {
        "Ana": "01907",
        "Bo": None,
        "Chí": None,
        "Dua": None,
    }
    assert {row["enrollment_status"] for row in rows} == {"Enrolled"}


@pytest.mark.claim(2)
@pytest.mark.ferpa("M2")
@pytest.mark.parametrize("value", ["Expelled or involuntarily withdrawn", "OUR-OWN-CODE"])
async def test_a_filter_on_a_code_that_may_not_leave_finds_nobody(district: SmallDistrict, value: str) -> None:
    leave = permit("first_name", filters=((exit_type(), value),))
    assert await district.rows(leave) == []
    there = changed(leave, filters=((exit_type(), "01907"),))
    assert await district.rows(there) == [{"first_name": "Ana"}]


@pytest.mark.claim(2)
@pytest.mark.ferpa("M2")
async def test_sorting_and_cursors_see_no_code_that_may_not_leave(district: SmallDistrict) -> None:
    leave = permit("first_name", "exit_type", sort=exit_type())
    whole = await district.page(leave)
    assert [row["sort"] for row in whole.rows] == ["01907", None, None, None]
    # Those without a value that may leave stand in the order of their random codes, and in no other.
    assert whole.codes[1:] == sorted(whole.codes[1:])
    first = await district.page(leave, limit=1)
    assert first.next is not None
    rest = await district.page(leave, after=first.next)
    assert [*first.codes, *rest.codes] == whole.codes
    second = await district.page(leave, limit=2)
    assert second.next is not None
    assert second.next.sort is None


@pytest.mark.claim(2)
async def test_a_statement_made_for_one_set_of_codes_serves_no_other(district: SmallDistrict) -> None:
    wide = GrantedField("000110", "exit_type", "exact", (), code_set(frozenset({"OUR-OWN-CODE", "01907"})))
    narrow = GrantedField("000110", "exit_type", "exact", (), NOTHING)
    for field, told_of in (
        (wide, {"01907", "OUR-OWN-CODE", None}),
        (narrow, {None}),
        (wide, {"01907", "OUR-OWN-CODE", None}),
    ):
        rows = await district.rows(changed(permit("first_name"), fields=(field,)))
        assert {row["exit_type"] for row in rows} == told_of
        leave = permit("first_name", filters=((field, "OUR-OWN-CODE"),))
        assert len(await district.rows(leave)) == (field is wide)
        sorted_by = await district.page(permit("first_name", sort=field))
        assert {row["sort"] for row in sorted_by.rows} == told_of


@pytest.mark.claim(2)
async def test_sql_and_python_withhold_the_same_codes(database: TestDatabase) -> None:
    engine = await database.engine("owner")
    values = [
        None,
        "",
        "01907",
        "01907 ",
        "Expelled or involuntarily withdrawn",
        "excused",
        "Excused",
        "{}",
        "NULL",
        "é",
    ]
    async with engine.connect() as connection:
        for element in sorted(CODES.coded):
            for codes in {CODES.leaving(element, basis) for basis in ("consent", "studies", "unheard_of")}:
                assert codes is not None
                source = cast(bindparam("value", type_=Text()), Text)
                for value in [*values, *codes.values[:3]]:
                    found = (await connection.execute(select(told_sql(source, codes)), {"value": value})).scalar_one()
                    assert found == told(value, codes), (element, value)


# --- Small groups


@pytest.fixture
async def cohort(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    """Ten students at north, and one at south."""
    district = await SmallDistrict.open(database, tmp_path)
    numbers = [str(2000 + number) for number in range(11)]
    students = [(number, f"N{number}", "X", None, None, None, None) for number in numbers]
    stays = [(number, "north", YEAR, "09", "2025-09-03", None) for number in numbers[:10]]
    stays.append((numbers[10], "south", YEAR, "09", "2025-09-03", None))
    district.scopes.append(Scope(AGREEMENT, LINE, NAMELESS))
    assert not (await district.load({"students": students, "enrollments": stays})).refused
    return district


NAMELESS = terms(In(Column.SCHOOL_IDENTIFIER, ("north",)), basis="de_identified")


def leave(*names: str, minimum: int = 10, basis: str = "de_identified", **changes: Any) -> Permit:
    rows = terms(NAMELESS.population, basis=basis)
    return permit(*(names or ("grade_level",)), rows=rows, cell_minimum=minimum, **changes)


@pytest.mark.ferpa("L1")
@pytest.mark.parametrize("basis", ["de_identified", "de_identified_with_code"])
async def test_records_that_name_nobody_leave_about_enough_students_only(cohort: SmallDistrict, basis: str) -> None:
    assert await cohort.rows(leave(minimum=11, basis=basis)) == []
    assert len(await cohort.rows(leave(minimum=10, basis=basis))) == 10


async def test_under_a_basis_that_names_students_a_small_group_is_served(cohort: SmallDistrict) -> None:
    assert len(await cohort.rows(leave(minimum=11, basis="school_official"))) == 10


@pytest.mark.ferpa("L1")
@pytest.mark.claim(8)
async def test_too_few_look_like_nobody(cohort: SmallDistrict) -> None:
    few = await cohort.page(leave(minimum=11))
    nobody = await cohort.page(leave(agreement="sha256:" + "c" * 64))
    assert (few.rows, few.next, few.epoch) == (nobody.rows, nobody.next, nobody.epoch) == ([], None, few.epoch)
    (code,) = (await cohort.page(leave(), limit=1)).codes
    assert (await cohort.page(leave(minimum=11), code=code)).rows == []


@pytest.mark.ferpa("L1")
async def test_the_day_on_which_one_leaves_the_group_is_the_day_it_is_too_small(cohort: SmallDistrict) -> None:
    stays: list[Sequence[object]] = [
        (str(2000 + number), "north", YEAR, "09", "2025-09-03", None) for number in range(9)
    ]
    stays += [
        ("2009", "north", YEAR, "09", "2025-09-03", "2026-03-20"),
        ("2010", "south", YEAR, "09", "2025-09-03", None),
    ]
    await cohort.load({"enrollments": stays})
    await cohort.at(dt.date(2026, 3, 20))
    assert len(await cohort.rows(leave())) == 10
    await cohort.at(dt.date(2026, 3, 21))
    assert await cohort.rows(leave()) == []


async def test_a_filter_does_not_make_the_group_smaller(cohort: SmallDistrict) -> None:
    grade = granted("students", "grade_level")[0]
    assert await cohort.rows(leave(filters=((grade, "10"),))) == []
    assert len(await cohort.rows(leave(filters=((grade, "09"),)), limit=3)) == 3


# --- Permits


@pytest.mark.claim(2)
async def test_a_permit_that_no_decision_made_cannot_be_made(district: SmallDistrict) -> None:
    good = permit("first_name")
    given = {name: getattr(good, name) for name in good.__slots__}
    for seal in (None, object(), True):
        with pytest.raises(TypeError, match="Only a decision"):
            Permit(**given, seal=seal)
    assert Permit(**given, seal=SEAL) == good
    for other in (None, given, object(), load_catalogue()):
        with pytest.raises(NotPermitted):
            await district.page(other)  # type: ignore[arg-type] # what a caller might hand over
