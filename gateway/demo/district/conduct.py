"""Discipline: most students have no incident, a few have several."""

import math
from bisect import bisect_left
from datetime import date
from random import Random

from gateway.demo.district.calendar import SchoolCalendar
from gateway.demo.district.chance import poisson
from gateway.demo.district.enrollment import is_enrolled
from gateway.demo.district.people import Pupil
from gateway.demo.district.rows import DisciplineRow, EnrollmentRow

__all__ = ["discipline"]

YEARLY = {"Elementary": 0.16, "Middle": 0.8, "High": 0.5}  # incidents a student and year, at middling engagement
STEEPNESS, OWN = 1.0, 0.9  # of the logarithm: shared with marks and attendance, and the student's own
MOST_A_YEAR = 12.0
BEHAVIORS = {
    "Disruptive conduct": 40,
    "Failure to cooperate": 22,
    "Tobacco or vaping": 9,
    "Fighting without major injury": 12,
    "Bullying": 6,
    "Property damage": 6,
    "Academic dishonesty": 5,
}
ACTIONS = {
    "Conference": 45,
    "Detention": 30,
    "In-school suspension": 14,
    "Out-of-school suspension": 11,
}
SUSPENSIONS = {"In-school suspension": (1, 2), "Out-of-school suspension": (1, 5)}
REASONS = ("Referred by classroom teacher", "Referred by administrator", "Reported by bus driver")


def discipline(
    chance: Random,
    pupils: tuple[Pupil, ...],
    enrollments: tuple[EnrollmentRow, ...],
    calendar: SchoolCalendar,
    today: date,
) -> tuple[DisciplineRow, ...]:
    """Incidents of the year up to today, numbered in the order of their days; each lies within an enrollment."""
    days = calendar.until(today)
    share = len(days) / len(calendar.days)
    stays: dict[str, list[EnrollmentRow]] = {}
    for stay in enrollments:
        stays.setdefault(stay.student_number, []).append(stay)
    drafts: list[tuple[date, str, str]] = []
    for pupil in pupils:
        lean = OWN * chance.gauss(0, 1) - STEEPNESS * pupil.engagement - (STEEPNESS**2 + OWN**2) / 2
        yearly = YEARLY[pupil.seat.school.level] * math.exp(lean)
        for _ in range(poisson(chance, min(yearly, MOST_A_YEAR) * share)):
            day = chance.choice(days)
            at = [stay for stay in stays[pupil.number] if is_enrolled(stay, day)]
            if at:
                drafts.append((day, pupil.number, at[0].school_id))
    return tuple(
        _incident(chance, f"D{calendar.first_day.year % 100}-{serial:05d}", draft, calendar)
        for serial, draft in enumerate(sorted(drafts), start=1)
    )


def _incident(chance: Random, incident: str, draft: tuple[date, str, str], calendar: SchoolCalendar) -> DisciplineRow:
    day, number, school = draft
    action = chance.choices(tuple(ACTIONS), weights=tuple(ACTIONS.values()))[0]
    length = chance.randint(*SUSPENSIONS.get(action, (0, 0)))
    at = bisect_left(calendar.days, day)
    served = calendar.days[at + 1 : at + 1 + length] or (day,)  # a suspension starts on the next school day
    return DisciplineRow(
        incident_id=incident,
        student_number=number,
        school_id=school,
        school_year=calendar.school_year,
        date=day,
        behavior=chance.choices(tuple(BEHAVIORS), weights=tuple(BEHAVIORS.values()))[0],
        action=action,
        start_date=served[0],
        end_date=served[-1],
        duration_days=length,
        reason=chance.choice(REASONS),
    )
