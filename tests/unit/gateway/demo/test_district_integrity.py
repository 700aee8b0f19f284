import unicodedata
from collections import Counter, defaultdict
from itertools import pairwise

from gateway.demo.district.enrollment import is_enrolled
from gateway.demo.district.names import NameBook
from gateway.demo.district.rows import EnrollmentRow
from tests.factories.fictional_district import TODAY, district


def stays() -> dict[str, list[EnrollmentRow]]:
    found: dict[str, list[EnrollmentRow]] = defaultdict(list)
    for stay in district().enrollments:
        found[stay.student_number].append(stay)
    return found


def test_no_two_students_share_a_number() -> None:
    numbers = [row.student_number for row in district().students]
    assert len(set(numbers)) == len(numbers) == 2000
    assert all(len(number) == 7 and number.isdigit() for number in numbers)


def test_every_row_is_about_a_student_of_the_district() -> None:
    made = district()
    known = {row.student_number for row in made.students}
    about_students = (
        made.enrollments, made.attendance, made.course_grades, made.academic_summary, made.assessments, made.discipline,
        made.programs, made.bright_path, made.harbor, made.consents, made.opt_outs, made.placements,
    )  # fmt: skip
    for table in about_students:
        assert table
        assert {row.student_number for row in table} <= known
    assert {row.student_number for row in made.enrollments} == known


def test_every_school_and_course_named_exists() -> None:
    made = district()
    schools = {row.school_id for row in made.schools}
    courses = {(row.course_id, row.school_id, row.title) for row in made.courses}
    assert schools == {f"ECS-{number}" for number in range(101, 107)}
    for table in (made.enrollments, made.attendance, made.discipline, made.courses):
        assert {row.school_id for row in table} <= schools
    assert {(row.course_id, row.school_id, row.course_title) for row in made.course_grades} <= courses


def test_nobody_is_enrolled_twice_at_once_except_in_two_schools() -> None:
    for number, rows in stays().items():
        main = sorted((row for row in rows if row.primary_school == "Y"), key=lambda row: row.entry_date)
        for earlier, later in pairwise(main):
            assert earlier.exit_date is not None, number
            assert earlier.exit_date < later.entry_date, number
        assert len({row.school_id for row in rows}) == len(rows)


def test_an_exit_has_a_reason_and_is_past() -> None:
    for stay in district().enrollments:
        assert (stay.exit_date is None) == (stay.exit_type is None) == (stay.status == "Enrolled")
        assert stay.entry_date <= (stay.exit_date or TODAY)
        assert stay.exit_date is None or stay.exit_date < TODAY


def test_attendance_is_one_row_a_school_day_while_enrolled() -> None:
    made = district()
    by_student = stays()
    seen = Counter((row.student_number, row.date) for row in made.attendance)
    assert max(seen.values()) == 1
    assert {row.date for row in made.attendance} == set(made.calendar.until(TODAY))
    for row in made.attendance:
        assert any(
            stay.school_id == row.school_id and is_enrolled(stay, row.date) for stay in by_student[row.student_number]
        )
    expected = sum(
        is_enrolled(stay, day)
        for stay in made.enrollments
        if stay.primary_school == "Y"
        for day in made.calendar.until(TODAY)
    )
    assert len(made.attendance) == expected


def test_a_present_student_has_no_category_and_an_absent_one_has() -> None:
    for row in district().attendance:
        assert (row.category is None) == (row.status == "Present")


def test_nobody_is_marked_present_while_suspended_out_of_school() -> None:
    made = district()
    present = {(row.student_number, row.date) for row in made.attendance if row.status != "Absent"}
    suspensions = [row for row in made.discipline if row.action == "Out-of-school suspension"]
    assert suspensions
    for row in suspensions:
        served = [day for day in made.calendar.days if row.start_date <= day <= row.end_date]
        assert len(served) == row.duration_days
        assert not any((row.student_number, day) in present for day in served)


def test_no_key_of_a_dated_list_occurs_twice() -> None:
    made = district()
    keys = (
        [(row.student_number, row.course_id, row.term) for row in made.course_grades],
        [(row.student_number, row.assessment_title, row.subject, row.date) for row in made.assessments],
        [(row.student_number, row.program_id, row.start_date) for row in made.programs],
        [(row.student_number, row.scope, row.agreement) for row in made.opt_outs],
        [row.student_number for row in made.bright_path],
        [row.student_number for row in made.harbor],
        [row.student_number for row in made.consents],
        [row.student_number for row in made.academic_summary],
        [row.incident_id for row in made.discipline],
    )
    for rows in keys:
        assert len(set(rows)) == len(rows)


def test_every_name_on_the_list_is_in_nfc_and_without_stray_space() -> None:
    book = NameBook.shipped()
    names = [name for origin in book.origins for name in (*origin.family, *origin.female, *origin.male)]
    names += [part for name in (*book.mononyms, *book.long) for part in (name.last, name.first, name.middle) if part]
    for name in names:
        assert unicodedata.is_normalized("NFC", name), name
        assert name == name.strip() != ""


def test_contacts_lead_nowhere() -> None:
    for row in district().students:
        assert row.email.endswith(".example")
        assert row.phone is None or row.phone.startswith("206-555-01")
