"""The six schools of the fictional Emerald City School District, and how grades are spread over them."""

from dataclasses import dataclass

from gateway.demo.district.rows import SchoolRow

__all__ = ["GRADES", "SCHOOLS", "School", "Seat", "grade_label", "partner_school", "school_rows", "seats"]

LEA_ID = "ECSD"
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
    School("ECS-106", "Emerald City High School", "High", range(9, 13)),
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


def school_rows() -> tuple[SchoolRow, ...]:
    """Return schools.csv."""
    return tuple(
        SchoolRow(
            school_id=school.school_id,
            school_name=school.name,
            level=school.level,
            low_grade=grade_label(school.grades[0]),
            high_grade=grade_label(school.grades[-1]),
            lea_id=LEA_ID,
        )
        for school in SCHOOLS
    )
