"""
A few dozen students, each there for one reason, with names and numbers that occur nowhere else.

The day is Wednesday 10 March 2027. Two agreements name Bright Path (tutoring by consent, follow-up as a school
official), one names Harbor Mentors (a school official). Who is covered by which stands beside each student.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

DAY: Final = dt.date(2027, 3, 10)
YEAR: Final = "2026-2027"
TUTORING, MENTORING, FOLLOW_UP = "tutoring", "mentoring", "follow_up"
ALL: Final = "all"
FOUR: Final = "000115;000172;000100;001069"
"""A consent to first name, last name, grade level and school, and to nothing else."""


@dataclass(frozen=True, slots=True)
class Student:
    """What the district knows of one student, and where the student stands."""

    role: str
    first: str
    last: str
    born: dt.date = dt.date(2011, 4, 5)
    school: str = "ECS-101"
    grade: str = "09"
    gpa: float | None = None
    rosters: tuple[str, ...] = (TUTORING,)
    consent: str | None = ALL
    consent_days: tuple[str, str | None] = ("2026-09-01", None)
    stay: tuple[str, str | None] = ("2026-09-02", None)
    year: str = YEAR

    @property
    def number(self) -> str:
        """The district's number of the student."""
        return f"Nr{sum(map(ord, self.role)):05}x{self.role}"


def _covered() -> Sequence[Student]:
    """Return those whom tutoring covers: with everything agreed, or (`part_…`) with four elements."""
    return (
        Student("ximena", "Ximenara", "Okonkwolski", gpa=3.41),
        Student("bartholo", "Bartholoma", "Ngûyenberg", dt.date(2012, 9, 1), "ECS-102", "08", 1.25),
        Student(
            "calixte", "Calixtine", "Örnsköldvik", dt.date(2012, 9, 2), "ECS-103", "08", 2.5, (TUTORING, MENTORING)
        ),
        Student("dagny", "Dagnýra", "Ferreirinha", dt.date(2009, 3, 11), "ECS-104", "12", 3.99),
        Student("eskil", "Eskilius", "Whitehorsley", dt.date(2010, 1, 1), "ECS-105", "11", None),
        Student(
            "fio", "Fionnualee", "Štěpánkova", gpa=2.75, school="ECS-105", rosters=(TUTORING, MENTORING, FOLLOW_UP)
        ),
        Student("gulnara", "Gulnarabek", "Tchaikunas", gpa=3.05, school="ECS-103", rosters=(TUTORING, FOLLOW_UP)),
        Student("part_a", "Hieronymba", "Quartermaine", gpa=0.11, consent=FOUR),
        Student("part_b", "Ingeborghild", "Ruizparedes", gpa=0.12, consent=FOUR, school="ECS-106"),
        Student("part_c", "Jacinthea", "Smallbonesen", gpa=0.13, consent=FOUR),
        *(
            Student(f"crowd_{number:02}", f"Crowdelia{number:02}", f"Manyfoldson{number:02}", gpa=2 + number / 100)
            for number in range(30)
        ),
    )


def _not_covered() -> Sequence[Student]:
    """Return those whom tutoring does not cover, each for the one reason that its name says."""
    return (
        Student("opted_out", "Kazimierzo", "Thunderhillock"),
        Student("without_consent", "Ludmilania", "Undervaluedo", consent=None),
        Student("off_roster", "Mbalianta", "Vandersloothe", rosters=()),
        Student("exited", "Nikephorous", "Wolstencrofte", stay=("2026-09-02", "2027-01-15")),
        Student("eighteen", "Oluwaseunde", "Xanthopoulova", dt.date(2009, 3, 10), grade="12"),
        Student("elsewhere", "Persephonie", "Yarborougham", school="ECS-199"),
        Student("last_year", "Quirinusto", "Zubizarretas", stay=("2025-09-03", None), year="2025-2026"),
        Student("lapsed", "Rosalindego", "Abernathyson", consent_days=("2026-09-01", "2027-03-09")),
        Student("not_begun", "Sigismundas", "Bjarkadottira", consent_days=("2027-03-11", None)),
        Student("mentored_a", "Theodosiana", "Carruthersby", school="ECS-103", rosters=(MENTORING,), consent=None),
        Student("mentored_b", "Ulrikachen", "Drummondville", school="ECS-105", rosters=(MENTORING,), consent=None),
    )


COVERED: Final = tuple(_covered())
NOT_COVERED: Final = tuple(_not_covered())
STUDENTS: Final[Mapping[str, Student]] = {each.role: each for each in (*COVERED, *NOT_COVERED)}
PARTIAL: Final = tuple(each for each in COVERED if each.consent == FOUR)


def on_roster(name: str) -> set[str]:
    """Return the roles of those on the roster of an agreement."""
    return {each.role for each in STUDENTS.values() if name in each.rosters}


def personal() -> set[str]:
    """Return every text that tells who somebody is: names and numbers of all students."""
    return {text for each in STUDENTS.values() for text in (each.first, each.last, each.number)}


Rows = Sequence[Sequence[object]]


def export(agreements: Mapping[str, str]) -> dict[str, Rows]:
    """Return the district's files by target, in the columns of `tests.factories.records.NAMES`."""
    everybody = STUDENTS.values()
    schools = sorted({each.school for each in everybody})
    return {
        "schools": [(school, f"School {school}", "emerald-city") for school in schools],
        "students": [
            (each.number, each.first, each.last, each.born.strftime("%d.%m.%Y"), "F", "98101", None)
            for each in everybody
        ],
        "enrollments": [(each.number, each.school, each.year, each.grade, *each.stay) for each in everybody],
        "academic_summaries": [(each.number, each.year, each.gpa, 12.5) for each in everybody if each.gpa is not None],
        "attendance_events": [
            (each.number, day, each.school, YEAR, mark)
            for each in COVERED[:7]
            for day, mark in (("2027-03-01", "+"), ("2027-03-02", "-"), ("2027-03-03", "t"), ("2027-03-09", "-"))
        ],
        "rosters": [(agreements[name], each.number, "2026-09-01", None) for each in everybody for name in each.rosters],
        "consents": [
            (agreements[TUTORING], each.number, each.consent, "parent", "2026-08-25", *each.consent_days)
            for each in everybody
            if each.consent is not None
        ],
        "opt_outs": [(STUDENTS["opted_out"].number, None, "sharing", "2026-09-01")],
    }
