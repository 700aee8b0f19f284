"""The cases a careful reader looks for, each guaranteed to occur and findable by its label."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from gateway.demo.district.schools import GRADES, Seat

__all__ = ["LISTED", "LISTED_MINORS", "MINIMUM_STUDENTS", "Cast", "Edge", "cast"]


class Edge(StrEnum):
    """What makes a student worth a test. "Listed" means: on Bright Path's roster."""

    CONSENTED = "consented"
    """Listed, enrolled, minor for two more months at least, full consent in force: the plain case."""
    TURNS_18_TODAY = "turns_18_today"
    """Listed with a parent's consent, which lapses today (34 CFR 99.5)."""
    TURNS_18_TOMORROW = "turns_18_tomorrow"
    """Listed with a parent's consent, which is good for one last day."""
    LEAP_DAY = "leap_day"
    """Listed, born on 29 February, with a parent's consent."""
    SIGNED_AT_18 = "signed_at_18"
    """Listed, of age, and has signed for themself."""
    WITHDRAWN = "withdrawn"
    """Listed; the consent was withdrawn."""
    PARTIAL = "partial"
    """Listed; the consent covers four of the six elements asked for."""
    WITHOUT_CONSENT = "without_consent"
    """Listed, but no consent is on file."""
    CONSENT_EXPIRED = "consent_expired"
    """Listed; last year's consent ended in August."""
    CONSENT_TOMORROW = "consent_tomorrow"
    """Listed; the consent is signed and starts tomorrow."""
    LEFT_ROSTER = "left_roster"
    """Full consent, but the partner's list ended yesterday."""
    OPTED_OUT = "opted_out"
    """Listed with full consent, and the family opted out of all sharing: the no wins."""
    EXITED_YESTERDAY = "exited_yesterday"
    """Listed with full consent; yesterday was the last day in the district."""
    LISTED_MOVER = "listed_mover"
    """Listed with full consent, changed school in the year."""
    LISTED_TWO_SCHOOLS = "listed_two_schools"
    """Listed with full consent, enrolled in two schools at once."""
    LISTED_NO_GPA = "listed_no_gpa"
    """Listed with full consent; the grade point average is empty."""
    LISTED_NO_BIRTHDATE = "listed_no_birthdate"
    """Listed with a parent's consent; nobody knows when the student turns 18."""
    LISTED_LONG_NAME = "listed_long_name"
    """Listed with full consent; a name longer than most columns."""
    LISTED_MONONYM = "listed_mononym"
    """Listed with full consent; one name, in the family name column."""
    MOVER = "mover"
    """Changed school in the year, dates without a gap or overlap."""
    TWO_SCHOOLS = "two_schools"
    """Two enrollments at the same time."""
    ARRIVED_LATE = "arrived_late"
    """Entered the district after the first day."""
    LEFT_DISTRICT = "left_district"
    """Left the district before today."""
    NO_GPA = "no_gpa"
    """In high school, grade point average empty."""
    NO_BIRTHDATE = "no_birthdate"
    """Birthdate empty."""
    PLACED = "placed"
    """In out-of-home placement today."""
    PLACEMENT_ENDED_YESTERDAY = "placement_ended_yesterday"
    """The placement was over yesterday."""
    MONONYM = "mononym"
    """One name only."""
    LONG_NAME = "long_name"
    """A full name of more than 60 characters."""
    APOSTROPHE = "apostrophe"
    """An apostrophe, or the Hawaiian okina, in the name."""
    HYPHEN = "hyphen"
    """A hyphen in the name."""
    OTHER_SCRIPT = "other_script"
    """A name not in Latin letters."""
    COMBINING = "combining"
    """A name that keeps combining characters in NFC."""
    LEADING_ZERO = "leading_zero"
    """A student number that a spreadsheet would shorten."""


MIDDLE_UP, HIGH, SENIOR = range(6, 13), range(9, 13), range(12, 13)


@dataclass(frozen=True, slots=True)
class Part:
    """How many students play one edge, in which grades, and whether Bright Path lists them."""

    edge: Edge
    players: int
    grades: range
    listed: bool = False


PARTS = (
    Part(Edge.TURNS_18_TODAY, 1, SENIOR, listed=True),
    Part(Edge.TURNS_18_TOMORROW, 1, SENIOR, listed=True),
    Part(Edge.LEAP_DAY, 1, SENIOR, listed=True),
    Part(Edge.SIGNED_AT_18, 2, SENIOR, listed=True),
    Part(Edge.WITHDRAWN, 3, MIDDLE_UP, listed=True),
    Part(Edge.PARTIAL, 6, MIDDLE_UP, listed=True),
    Part(Edge.WITHOUT_CONSENT, 8, MIDDLE_UP, listed=True),
    Part(Edge.CONSENT_EXPIRED, 2, MIDDLE_UP, listed=True),
    Part(Edge.CONSENT_TOMORROW, 1, MIDDLE_UP, listed=True),
    Part(Edge.LEFT_ROSTER, 2, MIDDLE_UP, listed=True),
    Part(Edge.OPTED_OUT, 3, MIDDLE_UP, listed=True),
    Part(Edge.EXITED_YESTERDAY, 1, MIDDLE_UP, listed=True),
    Part(Edge.LISTED_MOVER, 2, MIDDLE_UP, listed=True),
    Part(Edge.LISTED_TWO_SCHOOLS, 2, HIGH, listed=True),
    Part(Edge.LISTED_NO_GPA, 1, HIGH, listed=True),
    Part(Edge.LISTED_NO_BIRTHDATE, 1, HIGH, listed=True),
    Part(Edge.LISTED_LONG_NAME, 1, MIDDLE_UP, listed=True),
    Part(Edge.LISTED_MONONYM, 1, MIDDLE_UP, listed=True),
    Part(Edge.MOVER, 24, GRADES),
    Part(Edge.TWO_SCHOOLS, 10, HIGH),
    Part(Edge.ARRIVED_LATE, 20, GRADES),
    Part(Edge.LEFT_DISTRICT, 20, GRADES),
    Part(Edge.NO_GPA, 5, HIGH),
    Part(Edge.NO_BIRTHDATE, 1, GRADES),
    Part(Edge.PLACED, 12, GRADES),
    Part(Edge.PLACEMENT_ENDED_YESTERDAY, 1, GRADES),
    Part(Edge.MONONYM, 3, GRADES),
    Part(Edge.LONG_NAME, 2, GRADES),
)
LISTED = frozenset(part.edge for part in PARTS if part.listed)
LISTED_MINORS = LISTED - {Edge.TURNS_18_TODAY, Edge.TURNS_18_TOMORROW, Edge.LEAP_DAY, Edge.SIGNED_AT_18}
"""Students whose case must stay what its label says, so they are not about to turn 18."""
MINIMUM_STUDENTS = 400  # below this the parts, all disjoint, would crowd out everybody else

Cast = dict[int, Edge]
"""Which student (by seat index) plays which edge; nobody plays two."""


def cast(chance: Random, seats: tuple[Seat, ...]) -> Cast:
    """Give each part to students of fitting grades. Narrow parts choose first, so none is left without a player."""
    chosen: Cast = {}
    for part in sorted(PARTS, key=lambda part: len(part.grades)):
        free = [seat.index for seat in seats if seat.grade in part.grades and seat.index not in chosen]
        chosen.update(dict.fromkeys(chance.sample(free, part.players), part.edge))
    return chosen
