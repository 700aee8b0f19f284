"""Daily attendance: one row a student and school day, in the school that counts as the first one."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Collection
from datetime import date
from random import Random

from gateway.demo.district.calendar import SchoolCalendar
from gateway.demo.district.people import Pupil
from gateway.demo.district.rows import AttendanceRow, DisciplineRow, EnrollmentRow

__all__ = ["attendance"]

MEDIAN_ABSENCE, MEDIAN_TARDY = 0.042, 0.03
SPREAD = 0.7  # of the logarithm: about one student in six ends up chronically absent, as in recent years
MOST_ABSENCE, MOST_TARDY = 0.6, 0.3
STREAK = 3.0  # who is away today is more likely away tomorrow
EXCUSED_ABSENCE, EXCUSED_TARDY = 0.68, 0.25
Mark = tuple[str, str, str | None]
PRESENT: Mark = ("P", "Present", None)
AWAY: dict[bool, Mark] = {True: ("AE", "Absent", "Excused"), False: ("AU", "Absent", "Unexcused")}
LATE: dict[bool, Mark] = {True: ("TE", "Tardy", "Excused"), False: ("TU", "Tardy", "Unexcused")}


def attendance(
    chance: Random,
    pupils: tuple[Pupil, ...],
    enrollments: tuple[EnrollmentRow, ...],
    *,
    discipline: tuple[DisciplineRow, ...],
    calendar: SchoolCalendar,
    today: date,
) -> tuple[AttendanceRow, ...]:
    """Return a row for each school day on which the student was enrolled; a suspension is an excused absence."""
    days = calendar.until(today)
    sent_home = _sent_home(discipline, days)
    engagement = {pupil.number: pupil.engagement for pupil in pupils}
    rows: list[AttendanceRow] = []
    for stay in enrollments:
        if stay.primary_school == "Y":
            low = bisect_left(days, stay.entry_date)
            high = len(days) if stay.exit_date is None else bisect_right(days, stay.exit_date)
            away = sent_home.get(stay.student_number, ())
            rows.extend(_of(chance, stay, engagement[stay.student_number], days[low:high], away))
    return tuple(rows)


def _of(
    chance: Random, stay: EnrollmentRow, engagement: float, days: tuple[date, ...], away: Collection[date]
) -> list[AttendanceRow]:
    absence = _rate(chance, MEDIAN_ABSENCE, engagement, MOST_ABSENCE)
    tardy = _rate(chance, MEDIAN_TARDY, engagement, MOST_TARDY)
    number, school, year, throw = stay.student_number, stay.school_id, stay.school_year, chance.random
    rows: list[AttendanceRow] = []
    likely = absence
    for day in days:
        mark = PRESENT
        thrown = throw()
        if day in away:
            mark = AWAY[True]
        elif thrown < likely:
            mark = AWAY[throw() < EXCUSED_ABSENCE]
        elif thrown < likely + tardy:
            mark = LATE[throw() < EXCUSED_TARDY]
        likely = min(absence * STREAK, MOST_ABSENCE) if mark[1] == "Absent" else absence
        rows.append(AttendanceRow(number, school, year, day, *mark))
    return rows


def _rate(chance: Random, median: float, engagement: float, most: float) -> float:
    """Return a log-normal rate that falls with engagement; half of its variance is the student's own story."""
    own = math.sqrt(0.5)
    return min(median * math.exp(SPREAD * own * (chance.gauss(0, 1) - engagement)), most)


def _sent_home(discipline: tuple[DisciplineRow, ...], days: tuple[date, ...]) -> dict[str, set[date]]:
    away: dict[str, set[date]] = {}
    for row in discipline:
        if row.action == "Out-of-school suspension":
            spent = days[bisect_left(days, row.start_date) : bisect_right(days, row.end_date)]
            away.setdefault(row.student_number, set()).update(spent)
    return away
