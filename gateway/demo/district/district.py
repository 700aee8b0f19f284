"""The fictional district as one value: `generate` makes it, `export` writes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from gateway.demo.district.calendar import SchoolCalendar
from gateway.demo.district.edges import Edge
from gateway.demo.district.lists import ConsentRow, OptOutRow, PlacementRow, RosterRow
from gateway.demo.district.rows import (
    AcademicSummaryRow,
    AssessmentRow,
    AttendanceRow,
    CourseGradeRow,
    CourseRow,
    DisciplineRow,
    EnrollmentRow,
    ProgramRow,
    SchoolRow,
    StudentRow,
    TermRow,
)

__all__ = ["District"]


@dataclass(frozen=True, slots=True)
class District:
    """
    Everything the district's systems would export on `today`.

    `edges` gives for every label the student numbers it applies to, in order; no label is empty. `CONSENTED` is the
    label for a student without any surprise.
    """

    seed: int
    today: date
    calendar: SchoolCalendar
    schools: tuple[SchoolRow, ...]
    terms: tuple[TermRow, ...]
    students: tuple[StudentRow, ...]
    enrollments: tuple[EnrollmentRow, ...]
    attendance: tuple[AttendanceRow, ...]
    courses: tuple[CourseRow, ...]
    course_grades: tuple[CourseGradeRow, ...]
    academic_summary: tuple[AcademicSummaryRow, ...]
    assessments: tuple[AssessmentRow, ...]
    discipline: tuple[DisciplineRow, ...]
    programs: tuple[ProgramRow, ...]
    bright_path: tuple[RosterRow, ...]
    harbor: tuple[RosterRow, ...]
    consents: tuple[ConsentRow, ...]
    opt_outs: tuple[OptOutRow, ...]
    placements: tuple[PlacementRow, ...]
    edges: Mapping[Edge, tuple[str, ...]]

    def student(self, number: str) -> StudentRow:
        """Return the student with this number; raises `KeyError` if there is none."""
        for row in self.students:
            if row.student_number == number:
                return row
        raise KeyError(number)
