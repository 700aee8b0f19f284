"""The two partners' lists of students.

Bright Path tutors in grades 6 to 12 and rests on consent; Harbor mentors in one middle and one high school as a school
official, for the students its two principals list.
"""

from datetime import date, timedelta
from random import Random

from gateway.demo.district.calendar import SchoolCalendar
from gateway.demo.district.chance import is_chosen
from gateway.demo.district.edges import LISTED, Edge
from gateway.demo.district.lists import RosterRow
from gateway.demo.district.people import Pupil
from gateway.demo.district.schools import FIRST_MIDDLE_GRADE

__all__ = ["BRIGHT_PATH", "HARBOR", "HARBOR_SCHOOLS", "bright_path_list", "bright_path_roster", "harbor_roster"]

BRIGHT_PATH, HARBOR = "bright-path", "harbor-mentors"  # how the office's lists write the agreements: by partner
BRIGHT_PATH_SHARE = 0.07  # of all students: 140 of 2,000
PLAIN_AT_LEAST = 20  # in a small district the parts alone would fill the list
HARBOR_SCHOOLS = ("ECS-103", "ECS-105")
HARBOR_SHARE = 0.35
FIRST_LISTED, LAST_LISTED = 3, 10  # calendar days into the school year


def bright_path_list(chance: Random, pupils: tuple[Pupil, ...]) -> tuple[Pupil, ...]:
    """Return everybody whose part is to be listed, and others of grades 6 to 12, rather those who struggle."""
    listed = [pupil for pupil in pupils if pupil.edge in LISTED]
    free = [pupil for pupil in pupils if pupil.edge is None and pupil.seat.grade >= FIRST_MIDDLE_GRADE]
    order = {pupil.number: pupil.engagement + 2 * chance.gauss(0, 1) for pupil in free}
    free.sort(key=lambda pupil: order[pupil.number])
    return (*listed, *free[: max(round(BRIGHT_PATH_SHARE * len(pupils)) - len(listed), PLAIN_AT_LEAST)])


def bright_path_roster(
    chance: Random, listed: tuple[Pupil, ...], calendar: SchoolCalendar, yesterday: date
) -> tuple[RosterRow, ...]:
    """Return the list as Bright Path uploads it."""
    return tuple(
        RosterRow(
            student_number=pupil.number,
            agreement=BRIGHT_PATH,
            site=pupil.seat.school.name,
            start_date=_listed_on(chance, calendar),
            end_date=yesterday if pupil.edge is Edge.LEFT_ROSTER else calendar.last_day,
        )
        for pupil in listed
    )


def harbor_roster(chance: Random, pupils: tuple[Pupil, ...], calendar: SchoolCalendar) -> tuple[RosterRow, ...]:
    """Return the list as the two principals submit it; parts played elsewhere do not matter here."""
    return tuple(
        RosterRow(pupil.number, HARBOR, pupil.seat.school.name, _listed_on(chance, calendar), calendar.last_day)
        for pupil in pupils
        if pupil.seat.school.school_id in HARBOR_SCHOOLS and is_chosen(chance, HARBOR_SHARE)
    )


def _listed_on(chance: Random, calendar: SchoolCalendar) -> date:
    return calendar.first_day + timedelta(days=chance.randint(FIRST_LISTED, LAST_LISTED))
