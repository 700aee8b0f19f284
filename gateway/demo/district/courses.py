"""What the schools teach, and the marks students have in it."""

from datetime import date
from random import Random

from gateway.demo.district.calendar import SchoolCalendar
from gateway.demo.district.edges import Edge
from gateway.demo.district.people import Pupil
from gateway.demo.district.rows import CourseGradeRow, CourseRow, EnrollmentRow
from gateway.demo.district.schools import SCHOOLS, Seat

__all__ = ["NO_MARKS", "POINTS", "course_grades", "courses", "letter_for"]

CORE = {
    "Elementary": {"ELA": "Language Arts", "MAT": "Mathematics", "SCI": "Science", "ART": "Art and Music"},
    "Middle": {
        "ELA": "Language Arts",
        "MAT": "Mathematics",
        "SCI": "Science",
        "SOC": "Social Studies",
        "PEH": "Health and Fitness",
    },
    "High": {"ELA": "English", "MAT": "Mathematics", "SCI": "Science", "SOC": "Social Studies"},
}
ELECTIVES = {
    "Middle": {"BND": "Concert Band", "ART": "Studio Art", "SPA": "Spanish I", "ROB": "Robotics"},
    "High": {
        "SPA": "Spanish II",
        "CER": "Ceramics",
        "CSP": "Computer Science Principles",
        "CHO": "Choir",
        "MAR": "Marine Technology",
        "PSY": "Psychology",
    },
}
ELECTIVES_TAKEN = {"Elementary": 0, "Middle": 1, "High": 2}
LEARNERS_COURSE = (
    "ELD",
    "English Language Development",
)  # the title says who takes it: a reader may need to hold it back
HIGH_MATHEMATICS = {9: "Algebra I", 10: "Geometry", 11: "Algebra II", 12: "Precalculus"}
HIGH_SCIENCE = {9: "Biology", 10: "Chemistry", 11: "Physics", 12: "Environmental Science"}
QUARTER_CREDIT = "0.25"
NO_MARKS = frozenset({Edge.NO_GPA, Edge.LISTED_NO_GPA})
LETTERS = (
    (93, "A"), (90, "A-"), (87, "B+"), (83, "B"), (80, "B-"), (77, "C+"), (73, "C"), (70, "C-"), (67, "D+"), (60, "D"),
)  # fmt: skip
POINTS = {
    "A": 4.0, "A-": 3.7, "B+": 3.3, "B": 3.0, "B-": 2.7, "C+": 2.3, "C": 2.0, "C-": 1.7, "D+": 1.3, "D": 1.0, "F": 0.0,
}  # fmt: skip
MIDDLING, PER_ENGAGEMENT, SPREAD = 84.0, 7.0, 5.5
STANDARD_CUTS = ((92, "4"), (80, "3"), (70, "2"))  # elementary schools mark standards from 1 to 4


def courses() -> tuple[CourseRow, ...]:
    """Return every course of every school and grade."""
    rows: dict[str, CourseRow] = {}
    for school in SCHOOLS:
        for grade in school.grades:
            seat = Seat(0, grade, school)
            for code, title in [*_core(seat), *_electives(seat), *_learners(seat)]:
                course_id = _course_id(seat, code)
                credit = "1.00" if school.level == "High" else "0.00"
                rows[course_id] = CourseRow(course_id, school.school_id, title, code, credit)
    return tuple(rows.values())


def course_grades(
    chance: Random,
    pupils: tuple[Pupil, ...],
    enrollments: tuple[EnrollmentRow, ...],
    calendar: SchoolCalendar,
    today: date,
) -> tuple[CourseGradeRow, ...]:
    """Return the marks of each finished quarter; while the first one runs, its courses without a mark."""
    since = {stay.student_number: stay.entry_date for stay in reversed(enrollments)}
    until = {stay.student_number: stay.exit_date or today for stay in enrollments}
    quarters = calendar.quarters()
    finished = [term for term in quarters if term[2] < today]
    rows: list[CourseGradeRow] = []
    for pupil in pupils:
        taken = _taken(chance, pupil)
        for term, begins, ends in finished or quarters[:1]:
            if since[pupil.number] <= ends and until[pupil.number] >= begins:
                marked = ends < today and pupil.edge not in NO_MARKS and until[pupil.number] >= ends
                rows.extend(_mark(chance, pupil, course, term, calendar, marked=marked) for course in taken)
    return tuple(rows)


def letter_for(percent: float) -> str:
    """Return the letter of a percentage."""
    return next((letter for least, letter in LETTERS if percent >= least), "F")


def _taken(chance: Random, pupil: Pupil) -> list[tuple[str, str]]:
    level = pupil.seat.school.level
    electives = chance.sample(_electives(pupil.seat), ELECTIVES_TAKEN[level])
    if electives and pupil.row.english_learner == "Y":
        electives[0] = LEARNERS_COURSE
    return [*_core(pupil.seat), *electives]


def _mark(
    chance: Random,
    pupil: Pupil,
    course: tuple[str, str],
    term: str,
    calendar: SchoolCalendar,
    *,
    marked: bool,
) -> CourseGradeRow:
    code, title = course
    course_id = _course_id(pupil.seat, code)
    level = pupil.seat.school.level
    percent = min(max(MIDDLING + PER_ENGAGEMENT * pupil.engagement + chance.gauss(0, SPREAD), 35.0), 100.0)
    if level == "Elementary":
        grade = next((standard for least, standard in STANDARD_CUTS if percent >= least), "1")
    else:
        grade = letter_for(percent)
    credit = QUARTER_CREDIT if level == "High" else None
    return CourseGradeRow(
        student_number=pupil.number,
        section_id=f"{course_id}-{pupil.seat.index % 4 + 1}",
        course_id=course_id,
        course_title=title,
        school_id=pupil.seat.school.school_id,
        school_year=calendar.school_year,
        term=term,
        grade_earned=grade if marked else None,
        final_mark=f"{percent:.0f}" if marked and level != "Elementary" else None,
        credits_attempted=credit,
        credits_earned=None if credit is None or not marked else ("0.00" if grade == "F" else credit),
    )


def _core(seat: Seat) -> list[tuple[str, str]]:
    core = CORE[seat.school.level]
    if seat.school.level != "High":
        return [(code, f"{title} {seat.grade or 'K'}") for code, title in core.items()]
    titles = core | {"MAT": HIGH_MATHEMATICS[seat.grade], "SCI": HIGH_SCIENCE[seat.grade]}
    return [(code, f"{title} {seat.grade}" if title == core[code] else title) for code, title in titles.items()]


def _electives(seat: Seat) -> list[tuple[str, str]]:
    return list(ELECTIVES.get(seat.school.level, {}).items())


def _learners(seat: Seat) -> list[tuple[str, str]]:
    return [LEARNERS_COURSE] if ELECTIVES_TAKEN[seat.school.level] else []


def _course_id(seat: Seat, code: str) -> str:
    return f"{seat.school.school_id[-3:]}-{code}{seat.grade:02d}"
