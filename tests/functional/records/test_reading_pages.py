"""Pages as partners get them: what is granted, as it is granted, in an order that holds still."""

import datetime as dt
from pathlib import Path

import asyncpg
import msgspec
import pytest

from gateway.records.coverage import Scope
from gateway.records.encoding import encode
from gateway.records.errors import BadFilter, BadPosition, NotServed, UnknownTerm
from gateway.records.reader import Position, Reader
from policies.decision import GrantedField, Permit
from policies.population import And, Column, In, Known, NotInKnown, Or, Placement, Population, Roster
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    DAY,
    ENROLLMENTS,
    LINE,
    OTHER,
    OTHER_LINE,
    STUDENTS,
    YEAR,
    SmallDistrict,
    changed,
    granted,
    permit,
    terms,
)

SUMMARIES = (("1001", YEAR, "2.49", "12"), ("1002", YEAR, "3.9", None), ("1002", "2024-2025", "1.0", "5"))


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path)
    district.scopes.append(Scope(AGREEMENT, LINE, terms()))
    files = {"schools": [("north", "North", "lea-1")], "students": STUDENTS, "enrollments": ENROLLMENTS}
    assert not (await district.load(files | {"academic_summaries": SUMMARIES})).refused
    return district


async def by_name(district: SmallDistrict, *names: str) -> dict[str, dict[str, object]]:
    rows = await district.rows(permit("first_name", *names))
    return {row.pop("first_name"): row for row in rows}


# --- What is not granted


@pytest.mark.parametrize(
    ("dataset", "field"),
    [
        ("grades", GrantedField("000055", "course_identifier", "exact", (), None)),
        ("students", GrantedField("000201", "days_absent", "exact", (), None)),
        ("students", GrantedField("000115", "first_name", "drop", (), None)),
        ("students", GrantedField("x-social-security-number", "social_security_number", "exact", (), None)),
    ],
    ids=["dataset", "another dataset's element", "dropped", "never stored"],
)
@pytest.mark.claim(2)
async def test_what_cannot_be_read_is_a_clear_refusal(
    district: SmallDistrict, dataset: str, field: GrantedField
) -> None:
    with pytest.raises(NotServed):
        await district.page(changed(permit("first_name"), dataset=dataset, fields=(field,)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("birthdate", "yesterday"),
        ("birthdate:year", "2012.5"),
        ("birthdate:year", "9" * 30),
        ("gpa_cumulative", "high"),
        ("gpa_cumulative", "nan"),
        ("asian", "perhaps"),
        ("first_name", "A\0"),
        ("first_name", "\ud800"),
    ],
)
async def test_a_filter_no_value_can_have_is_refused_and_not_repeated(
    district: SmallDistrict, name: str, value: str
) -> None:
    with pytest.raises(BadFilter) as refused:
        await district.page(permit("first_name", filters=((granted("students", name)[0], value),)))
    assert value not in str(refused.value)


async def test_a_name_with_a_joiner_can_be_filtered_on(district: SmallDistrict) -> None:
    (first_name,) = granted("students", "first_name")
    assert await district.rows(permit("first_name", filters=((first_name, "Asha\u200cDevi"),))) == []


@pytest.mark.claim(2)
async def test_a_filter_sees_the_released_value_and_not_the_one_behind_it(district: SmallDistrict) -> None:
    (age,) = granted("students", "birthdate:age_years")
    assert await district.rows(permit("first_name", filters=((age, "13"),))) == [{"first_name": "Ana"}]
    with pytest.raises(BadFilter):
        await district.rows(permit("first_name", filters=((age, "2012-06-05"),)))
    (band,) = granted("students", "gpa_cumulative:band")
    assert await district.rows(permit("first_name", filters=((band, "2.0 to under 2.5"),))) == [{"first_name": "Ana"}]
    assert await district.rows(permit("first_name", filters=((band, "2.49"),))) == []


async def test_several_filters_all_count(district: SmallDistrict) -> None:
    grade, sex = granted("students", "grade_level", "sex")
    leave = permit("first_name", filters=((grade, "12"), (sex, "Female")))
    assert await district.rows(leave) == [{"first_name": "Dua"}]


# --- What is granted


async def test_a_row_holds_the_granted_fields_in_their_order_and_nothing_else(district: SmallDistrict) -> None:
    leave = permit("last_name", "first_name", "postal_code:zip3", "lea_identifier", "credits_earned_cumulative")
    page = await district.page(leave, limit=1000)
    line = next(each for each in encode(page, leave) if b"Ruiz" in each)
    code = msgspec.json.decode(line)["record_code"]
    assert line.decode() == (
        f'{{"record_code":"{code}","last_name":"Ruiz","first_name":"Ana","postal_code":"981",'
        '"lea_identifier":"lea-1","credits_earned_cumulative":12.0}'
    )
    assert b"Ruiz" not in repr(page).encode()
    assert code not in repr(page)
    assert page.codes.index(code) == encode(page, leave).index(line)
    assert all(len(sealed) == 16 for sealed in page.subjects)


async def test_what_nobody_knows_is_null(district: SmallDistrict) -> None:
    rows = await by_name(district, "birthdate", "grade_level", "gpa_cumulative", "lea_identifier", "asian")
    assert rows["Chí"] == dict.fromkeys(("birthdate", "grade_level", "gpa_cumulative", "lea_identifier", "asian"))


async def test_values_leave_transformed(district: SmallDistrict) -> None:
    rows = await by_name(district, "birthdate:age_years", "gpa_cumulative:band", "grade_level:band", "telephone:blank")
    assert rows["Bo"] == {
        "birthdate": 17,
        "gpa_cumulative": "3.5 to under 4.0",
        "grade_level": "high",
        "telephone": None,
    }


async def test_a_student_of_two_schools_is_one_row_at_the_school_attended_longer(district: SmallDistrict) -> None:
    both = (*ENROLLMENTS, ("1001", "south", YEAR, "07", "2025-10-01", None))
    await district.load({"enrollments": both})
    rows = await district.rows(permit("first_name", "school_identifier", "entry_date"))
    assert [row for row in rows if row["first_name"] == "Ana"] == [
        {"first_name": "Ana", "school_identifier": "north", "entry_date": "2025-09-03"}
    ]


async def test_a_student_of_two_schools_is_shown_at_the_covered_one(district: SmallDistrict) -> None:
    both = (*ENROLLMENTS, ("1001", "south", YEAR, "07", "2025-10-01", None))
    south = terms(And((In(Column.SCHOOL_IDENTIFIER, ("south",)), Or((Roster(), Placement())))))
    district.scopes[:] = [Scope(AGREEMENT, LINE, south)]
    await district.load({"enrollments": both, "rosters": [(LINE, "1001", "2026-01-01", None)]})
    rows = await district.rows(permit("first_name", "school_identifier", rows=south))
    assert rows == [{"first_name": "Ana", "school_identifier": "south"}]


@pytest.mark.claim(8)
async def test_the_code_of_another_agreements_student_finds_what_a_code_that_never_was_finds(
    district: SmallDistrict,
) -> None:
    district.scopes.append(Scope(OTHER, OTHER_LINE, terms(In(Column.SCHOOL_IDENTIFIER, ("south",)))))
    await district.load({"enrollments": (*ENROLLMENTS, ("1002", "south", YEAR, "12", "2025-10-01", None))})
    elsewhere = await district.page(permit("first_name", agreement=OTHER))
    never = await district.page(permit("first_name"), code="rc_" + "a" * 26)
    assert elsewhere.codes
    for code in elsewhere.codes:
        page = await district.page(permit("first_name"), code=code)
        assert (page.rows, page.next, page.epoch) == (never.rows, never.next, never.epoch) == ([], None, page.epoch)


async def test_one_student_is_found_by_code_and_no_other_is(district: SmallDistrict) -> None:
    leave = permit("first_name")
    page = await district.page(leave)
    for code, row in zip(page.codes, page.rows, strict=True):
        (alone,) = (await district.page(leave, code=code)).rows
        assert alone["v0"] == row["v0"]
    assert (await district.page(leave, code="rc_" + "a" * 26)).rows == []


@pytest.mark.parametrize(
    ("population", "found"),
    [
        (In(Column.PROGRAM_TYPE, ("tutoring",)), {"Ana"}),
        (NotInKnown(Column.PROGRAM_TYPE, ("tutoring",)), {"Bo"}),
        (Known(Column.PROGRAM_TYPE), {"Ana", "Bo"}),
    ],
)
async def test_a_population_by_program_shows_those_who_take_part_today(
    district: SmallDistrict, population: Population, found: set[str]
) -> None:
    rows = terms(population)
    district.scopes[:] = [Scope(AGREEMENT, LINE, rows)]
    programs = [
        ("1001", "p", "tutoring", "2025-10-01", None),
        ("1002", "p", "mentoring", "2025-10-01", None),
        ("1002", "q", "tutoring", "2025-10-01", "2026-01-01"),
        ("1003", "p", "tutoring", "2026-04-01", None),
    ]
    await district.load({"programs": programs})
    assert {row["first_name"] for row in await district.rows(permit("first_name", rows=rows))} == found


async def test_a_read_that_fails_leaves_its_connection_usable(district: SmallDistrict) -> None:
    async with asyncpg.create_pool(district.database.url("app"), min_size=1, max_size=1) as pool:
        reader = Reader(pool)
        await district.owner.execute("REVOKE SELECT ON records.granted_students FROM pactgate_app")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.read_page(permit("first_name"), limit=10)
        await district.owner.execute("GRANT SELECT ON records.granted_students TO pactgate_app")
        assert len((await reader.read_page(permit("first_name"), limit=10)).rows) == 4


# --- Pages


async def all_pages(district: SmallDistrict, leave: Permit, limit: int) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    after: Position | None = None
    while True:
        page = await district.page(leave, limit=limit, after=after)
        assert len(page.rows) <= limit
        found += [tuple(row[page.values_at :]) for row in page.rows]
        if page.next is None:
            return found
        # A cursor travels as JSON.
        after = msgspec.json.decode(msgspec.json.encode(page.next), type=Position)


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_pages_hold_every_row_once_and_in_order(district: SmallDistrict, limit: int) -> None:
    leave = permit("first_name")
    whole = await district.page(leave)
    assert whole.codes == sorted(whole.codes)
    assert not whole.more
    assert await all_pages(district, leave, limit) == [tuple(row[whole.values_at :]) for row in whole.rows]


@pytest.mark.parametrize("limit", [1, 3])
@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("first_name", ["Ana", "Bo", "Chí", "Dua"]),
        ("birthdate", ["Bo", "Dua", "Ana", "Chí"]),
        ("birthdate:year", [None, "Ana", "Chí"]),
        ("gpa_cumulative", ["Ana", "Bo"]),
        ("gpa_cumulative:band", ["Ana", "Bo"]),
        ("asian", []),
    ],
)
@pytest.mark.claim(2)
async def test_sorting_is_by_the_released_value_unknown_last(
    district: SmallDistrict, sort: str, order: list[str | None], limit: int
) -> None:
    leave = permit("first_name", sort=granted("students", sort)[0])
    found = [row[0] for row in await all_pages(district, leave, limit)]
    assert sorted(map(str, found)) == ["Ana", "Bo", "Chí", "Dua"]
    if order[:1] == [None]:
        assert found[2:] == order[1:]  # two share a year: their codes decide
    else:
        assert found[: len(order)] == order


@pytest.mark.parametrize("limit", [0, -1, 1001])
async def test_a_page_of_another_size_is_refused(district: SmallDistrict, limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 1000"):
        await district.page(permit("first_name"), limit=limit)


@pytest.mark.parametrize(
    ("sort", "after"),
    [
        ("birthdate", Position("rc_a", sort="soon")),
        ("gpa_cumulative", Position("rc_a", sort="3.0")),
        ("first_name", Position("rc_a", sort=3)),
        (None, Position("rc_a", place=1, turn=1)),
    ],
)
async def test_a_position_of_another_query_is_refused(
    district: SmallDistrict, sort: str | None, after: Position
) -> None:
    leave = permit("first_name", sort=granted("students", sort)[0] if sort else None)
    with pytest.raises(BadPosition):
        await district.page(leave, after=after)


def test_a_position_does_not_print_what_it_holds() -> None:
    assert repr(Position("rc_x", sort="Ana", place=7, turn=1)) == "Position()"


# --- Attendance

EVENTS = (
    ("1001", "2026-03-02", "north", YEAR, "-"),
    ("1001", "2026-03-03", "north", YEAR, "e"),
    ("1001", "2026-03-06", "north", YEAR, "t"),
    ("1001", "2026-03-09", "north", YEAR, "-"),
    ("1001", "2026-03-11", "north", YEAR, "+"),
    ("1002", "2026-03-02", "north", YEAR, "+"),
    ("1001", "2025-03-02", "north", "2024-2025", "-"),
)
COUNTS = ("days_in_session", "days_absent", "days_in_attendance", "days_tardy", "chronic_absenteeism")


@pytest.mark.parametrize(
    ("cadence", "day", "expected"),
    [
        ("weekly", DAY, (3, 2, 1, 1, True)),
        ("weekly", dt.date(2026, 3, 15), (3, 2, 1, 1, True)),  # a Sunday: this week is not over
        ("weekly", dt.date(2026, 3, 16), (5, 3, 2, 1, True)),
        ("daily", DAY, (4, 3, 1, 1, True)),
        ("monthly", DAY, (0, 0, 0, 0, None)),
    ],
)
async def test_counts_move_at_the_agreements_cadence(
    district: SmallDistrict, cadence: str, day: dt.date, expected: tuple[object, ...]
) -> None:
    await district.load({"attendance_events": EVENTS})
    await district.at(day, 20)
    rows = await district.rows(permit("school_identifier", *COUNTS, dataset="attendance", rows=terms(cadence=cadence)))
    assert len(rows) == 4
    assert dict(zip(COUNTS, expected, strict=True)) | {"school_identifier": "north"} in rows


async def test_a_cadence_without_a_rule_is_refused(district: SmallDistrict) -> None:
    with pytest.raises(UnknownTerm):
        await district.page(permit("days_absent", dataset="attendance", rows=terms(cadence="hourly")))


async def test_chronic_absence_is_a_tenth_of_the_days(district: SmallDistrict) -> None:
    days = [str(dt.date(2026, 1, 5) + dt.timedelta(number)) for number in range(20)]
    marks = {"1001": "--" + "+" * 18, "1002": "-" + "+" * 19}
    events = [
        (number, day, "north", YEAR, mark)
        for number, all_ in marks.items()
        for day, mark in zip(days, all_, strict=True)
    ]
    await district.load({"attendance_events": events})
    rows = await district.rows(permit("days_absent", "chronic_absenteeism", dataset="attendance"))
    assert {"days_absent": 2, "chronic_absenteeism": True} in rows
    assert {"days_absent": 1, "chronic_absenteeism": False} in rows


@pytest.mark.parametrize("limit", [1, 2, 5])
@pytest.mark.parametrize("sort", [None, "attendance_status"])
async def test_events_come_a_row_each_by_student_in_an_order_that_tells_nothing(
    district: SmallDistrict, limit: int, sort: str | None
) -> None:
    await district.load({"attendance_events": EVENTS})
    leave = permit("attendance_event_date", "attendance_status", "school_year", dataset="attendance_events")
    if sort:
        leave = changed(leave, sort=granted("attendance_events", sort)[0])
    found = await all_pages(district, leave, limit)
    assert len(found) == len(set(found)) + 0 == 6
    assert {row[2] for row in found} == {YEAR}
    if sort:
        assert [row[1] for row in found] == sorted(str(row[1]) for row in found)
    else:
        whole = await district.page(leave)
        assert whole.codes == sorted(whole.codes)
        # The rows are others in the table, and each stands where it stood.
        await district.load({"attendance_events": [(*each[:2], "south", *each[3:]) for each in EVENTS]}, confirm=True)
        again = await district.page(leave)
        assert [row["v0"] for row in again.rows] == [row["v0"] for row in whole.rows]


async def test_an_event_page_does_not_start_after_a_students_position(district: SmallDistrict) -> None:
    await district.load({"attendance_events": EVENTS})
    leave = permit("attendance_status", dataset="attendance_events")
    with pytest.raises(BadPosition):
        await district.page(leave, after=Position("rc_a"))


async def test_an_event_of_tomorrow_is_not_shown_today(district: SmallDistrict) -> None:
    await district.load({"attendance_events": [("1001", str(DAY + dt.timedelta(1)), "north", YEAR, "-")]})
    assert await district.rows(permit("attendance_status", dataset="attendance_events")) == []


# --- Consent by element

CONSENT = terms(basis="consent", element_order=("000100", "000115", "000128", "000172"))


async def test_an_element_without_this_students_consent_is_absent_and_cannot_be_found_by(
    district: SmallDistrict,
) -> None:
    district.scopes[:] = [Scope(AGREEMENT, LINE, CONSENT)]
    consents = [
        (LINE, "1001", "000115;000128", "parent", "2025-09-01", "2025-09-02", None),
        (LINE, "1003", "all", "parent", "2025-09-01", "2025-09-02", None),
        (LINE, "1002", "000172", "parent", "2025-09-01", "2025-09-02", None),
        (LINE, "1004", "all", "eligible_student", "2025-09-01", "2025-09-02", None),
    ]
    await district.load({"consents": consents})
    await district.at(dt.date(2026, 2, 1))
    leave = permit("first_name", "last_name", "grade_level", rows=CONSENT)
    # 1003 has no known birth date, 1004 is 17: neither consent can be relied on.
    assert sorted(await district.rows(leave), key=str) == [{"first_name": "Ana"}, {"last_name": "Lind"}]
    last, grade = granted("students", "last_name", "grade_level")
    assert await district.rows(changed(leave, filters=((last, "Ruiz"),))) == []
    assert await district.rows(changed(leave, filters=((last, "Lind"),))) == [{"last_name": "Lind"}]
    assert await district.rows(changed(leave, filters=((grade, "07"),))) == []
    (first,) = granted("students", "first_name")
    assert await district.rows(changed(leave, sort=first)) == [{"first_name": "Ana"}, {"last_name": "Lind"}]
    page = await district.page(changed(leave, sort=last), limit=1)
    assert page.next is not None
    assert page.next.sort == "Lind"
    line = await district.reader.read_page(changed(leave, sort=last), limit=1, after=page.next)
    assert [row["v1"] for row in line.rows] == [None]
