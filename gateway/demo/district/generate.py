"""Makes the district, stage by stage; each stage sees only what came before it."""

from collections.abc import Iterable
from datetime import date, timedelta
from operator import attrgetter
from typing import TypeVar

from gateway.demo.district.achievement import academic_summaries, assessments
from gateway.demo.district.attendance import attendance
from gateway.demo.district.calendar import calendar_for, require_playable
from gateway.demo.district.chance import stream
from gateway.demo.district.conduct import discipline
from gateway.demo.district.courses import course_grades, courses
from gateway.demo.district.district import District
from gateway.demo.district.edges import MINIMUM_STUDENTS, cast
from gateway.demo.district.enrollment import enrollments
from gateway.demo.district.families import consents, opt_outs
from gateway.demo.district.labels import labels
from gateway.demo.district.partners import bright_path_list, bright_path_roster, harbor_roster
from gateway.demo.district.people import pupils
from gateway.demo.district.rows import TermRow
from gateway.demo.district.schools import school_rows, seats
from gateway.demo.district.supports import placements, programs

__all__ = ["generate"]

Row = TypeVar("Row")


def generate(seed: int, *, today: date, school_year: str = "2026-2027", students: int = 2000) -> District:
    """
    Return the district as it stands on `today`: a pure function of its arguments.

    Raises `SchoolYearError` if `today` is not a day of `school_year` on which every edge case can exist, and
    `ValueError` for fewer than 400 students.
    """
    if students < MINIMUM_STUDENTS:
        raise ValueError(f"the parts to play need at least {MINIMUM_STUDENTS} students, not {students}")
    calendar = calendar_for(school_year)
    require_playable(calendar, today)
    places = seats(students)
    people = pupils(stream(seed, "people"), places, cast(stream(seed, "cast"), places), calendar, today)
    stays = enrollments(stream(seed, "enrollment"), people, calendar, today)
    incidents = discipline(stream(seed, "conduct"), people, stays, calendar, today)
    days = attendance(stream(seed, "attendance"), people, stays, discipline=incidents, calendar=calendar, today=today)
    marks = course_grades(stream(seed, "marks"), people, stays, calendar, today)
    listed = bright_path_list(stream(seed, "partners"), people)
    rosters = stream(seed, "rosters")
    return District(
        seed=seed,
        today=today,
        calendar=calendar,
        schools=school_rows(),
        terms=tuple(
            TermRow(school_year, term, f"Quarter {term[1:]}", begins, ends)
            for term, begins, ends in calendar.quarters()
        ),
        students=_by_number(pupil.row for pupil in people),
        enrollments=_by_number(stays),
        attendance=_by_number(days),
        courses=courses(),
        course_grades=_by_number(marks),
        academic_summary=_by_number(academic_summaries(stream(seed, "summary"), people, marks, calendar, today)),
        assessments=_by_number(assessments(stream(seed, "assessments"), people, calendar, today)),
        discipline=incidents,
        programs=_by_number(programs(stream(seed, "programs"), people, calendar, today)),
        bright_path=_by_number(bright_path_roster(rosters, listed, calendar, today - timedelta(days=1))),
        harbor=_by_number(harbor_roster(rosters, people, calendar)),
        consents=_by_number(consents(stream(seed, "consents"), listed, calendar, today)),
        opt_outs=_by_number(opt_outs(stream(seed, "opt-outs"), people, listed, calendar, today)),
        placements=_by_number(placements(stream(seed, "placements"), people, calendar, today)),
        edges=labels(people, listed, today),
    )


def _by_number(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Sort by student number, otherwise as made: the order of an export must not tell who was cast first."""
    return tuple(sorted(rows, key=attrgetter("student_number")))
