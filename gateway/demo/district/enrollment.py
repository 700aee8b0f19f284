"""Who is enrolled where and when: movers, students of two schools, late arrivals and leavers included."""

from datetime import date, timedelta
from random import Random

from gateway.demo.district.calendar import SchoolCalendar
from gateway.demo.district.edges import Edge
from gateway.demo.district.people import Pupil
from gateway.demo.district.rows import EnrollmentRow
from gateway.demo.district.schools import School, grade_label, partner_school

__all__ = ["enrollments", "is_enrolled"]

MOVERS = frozenset({Edge.MOVER, Edge.LISTED_MOVER})
TWO_SCHOOLS = frozenset({Edge.TWO_SCHOOLS, Edge.LISTED_TWO_SCHOOLS})
LEAVING = ("Transferred to another district", "Moved out of state", "Home-based instruction", "Moved abroad")
WITHIN = "Transferred within the district"
ONE_DAY = timedelta(days=1)


def enrollments(
    chance: Random, pupils: tuple[Pupil, ...], calendar: SchoolCalendar, today: date
) -> tuple[EnrollmentRow, ...]:
    """Return every enrollment of the year as known today. Nobody has a gap between two schools of the district."""
    held = calendar.until(today - ONE_DAY)
    rows: list[EnrollmentRow] = []
    for pupil in pupils:
        rows.extend(_of(chance, pupil, calendar, held, today))
    return tuple(rows)


def is_enrolled(row: EnrollmentRow, day: date) -> bool:
    """Whether this enrollment covers `day`; the exit date is the last day in school."""
    return row.entry_date <= day and (row.exit_date is None or day <= row.exit_date)


def _of(
    chance: Random, pupil: Pupil, calendar: SchoolCalendar, held: tuple[date, ...], today: date
) -> list[EnrollmentRow]:
    first, school = calendar.first_day, pupil.seat.school

    def stay(
        where: School, entry: date, end: date | None = None, why: str | None = None, primary: str = "Y"
    ) -> EnrollmentRow:
        return EnrollmentRow(
            student_number=pupil.number,
            school_id=where.school_id,
            school_name=where.name,
            school_year=calendar.school_year,
            grade_level=grade_label(pupil.seat.grade),
            entry_date=entry,
            exit_date=end,
            exit_type=why,
            status="Enrolled" if end is None else "Exited",
            primary_school=primary,
        )

    if pupil.edge in MOVERS:
        last = chance.choice(held[3:-1])
        return [
            stay(school, first, last, WITHIN),
            stay(partner_school(school), last + ONE_DAY),
        ]
    if pupil.edge in TWO_SCHOOLS:
        return [
            stay(school, first),
            stay(partner_school(school), chance.choice(held[:5]), primary="N"),
        ]
    if pupil.edge is Edge.ARRIVED_LATE:
        return [stay(school, chance.choice(held[3:]))]
    if pupil.edge is Edge.LEFT_DISTRICT:
        return [stay(school, first, chance.choice(held[3:-1]), chance.choice(LEAVING))]
    if pupil.edge is Edge.EXITED_YESTERDAY:
        return [stay(school, first, today - ONE_DAY, LEAVING[0])]
    return [stay(school, first)]
