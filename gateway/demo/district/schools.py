"""The six schools of the fictional Emerald Cove district, and how grades are spread over them."""

from dataclasses import dataclass

__all__ = ["DISTRICT_NAME", "GRADES", "SCHOOLS", "School", "Seat", "grade_label", "partner_school", "seats"]

DISTRICT_NAME = "Emerald Cove Schools"
GRADES = range(13)  # 0 is kindergarten
FIRST_MIDDLE_GRADE, FIRST_HIGH_GRADE = 6, 9


@dataclass(frozen=True, slots=True)
class School:
    """One school: the district's own id, its name and the grades it teaches (0 is kindergarten)."""

    school_id: str
    name: str
    level: str
    grades: range


@dataclass(frozen=True, slots=True)
class Seat:
    """A place in a grade of a school, before anybody sits in it."""

    index: int
    grade: int
    school: School


SCHOOLS = (
    School("ECS-101", "Heron Point Elementary", "Elementary", range(6)),
    School("ECS-102", "Madrona Elementary", "Elementary", range(6)),
    School("ECS-103", "Tidewater Middle School", "Middle", range(6, 9)),
    School("ECS-104", "Cedar Flats Middle School", "Middle", range(6, 9)),
    School("ECS-105", "Lighthouse High School", "High", range(9, 13)),
    School("ECS-106", "Emerald Cove High School", "High", range(9, 13)),
)


def grade_label(grade: int) -> str:
    """Write a grade as the student information system does: KG, 01 to 12."""
    return f"{grade:02d}" if grade else "KG"


def partner_school(school: School) -> School:
    """Return the other school of the same level: where a family moves, or where a second course is taken."""
    return next(other for other in SCHOOLS if other.level == school.level and other is not school)


def seats(students: int) -> tuple[Seat, ...]:
    """Return as many places as there are students, spread evenly over grades and the two schools of each level."""
    by_grade = {grade: [school for school in SCHOOLS if grade in school.grades] for grade in GRADES}
    return tuple(
        Seat(index, index % len(GRADES), by_grade[index % len(GRADES)][index // len(GRADES) % 2])
        for index in range(students)
    )
