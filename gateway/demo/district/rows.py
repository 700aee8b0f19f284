"""One row type for each file the fictional student information system exports; field names are the column headers.

Named tuples rather than dataclasses, because 110,000 of them go straight into a CSV writer. Flags are the letters Y
and N and an empty cell is None, as exports have them.
"""

import datetime as dt
from typing import NamedTuple

__all__ = [
    "AcademicSummaryRow",
    "AssessmentRow",
    "AttendanceRow",
    "CourseGradeRow",
    "CourseRow",
    "DisciplineRow",
    "EnrollmentRow",
    "ProgramRow",
    "SchoolRow",
    "StudentRow",
    "TermRow",
]


class SchoolRow(NamedTuple):
    """schools.csv."""

    school_id: str
    school_name: str
    level: str
    low_grade: str
    high_grade: str
    lea_id: str


class TermRow(NamedTuple):
    """terms.csv: the marking periods."""

    school_year: str
    term: str
    term_name: str
    begin_date: dt.date
    end_date: dt.date


class StudentRow(NamedTuple):
    """students.csv: one row a student."""

    student_number: str
    last_name: str
    first_name: str | None
    middle_name: str | None
    birthdate: dt.date | None
    sex: str
    race_ethnicity: str
    hispanic_latino: str
    american_indian: str
    asian: str
    black: str
    pacific_islander: str
    white: str
    two_or_more: str
    street: str | None
    city: str | None
    state: str | None
    postal_code: str | None
    phone: str | None
    email: str
    home_language: str
    english_learner: str
    idea: str
    section_504: str
    homeless: str
    migrant: str
    military_connected: str
    meal_eligibility: str
    economically_disadvantaged: str
    cohort_graduation_year: int | None


class EnrollmentRow(NamedTuple):
    """enrollments.csv: a student in a school from `entry_date` to `exit_date`, both included."""

    student_number: str
    school_id: str
    school_name: str
    school_year: str
    grade_level: str
    entry_date: dt.date
    exit_date: dt.date | None
    exit_type: str | None
    status: str
    primary_school: str


class AttendanceRow(NamedTuple):
    """attendance.csv: one row a student and school day."""

    student_number: str
    school_id: str
    school_year: str
    date: dt.date
    code: str
    status: str
    category: str | None


class CourseRow(NamedTuple):
    """courses.csv: what each school teaches."""

    course_id: str
    school_id: str
    title: str
    subject: str
    credit: str


class CourseGradeRow(NamedTuple):
    """course_grades.csv: one mark a course and marking period; no mark yet while the first one runs."""

    student_number: str
    section_id: str
    course_id: str
    course_title: str
    school_id: str
    school_year: str
    term: str
    grade_earned: str | None
    final_mark: str | None
    credits_attempted: str | None
    credits_earned: str | None


class AcademicSummaryRow(NamedTuple):
    """academic_summary.csv: grade point average on the 0 to 4 scale, unweighted, and credits."""

    student_number: str
    school_year: str
    as_of: dt.date
    gpa: str | None
    gpa_cumulative: str | None
    gpa_weighted: str
    credits_attempted: str | None
    credits_earned: str | None
    credits_attempted_cumulative: str | None
    credits_earned_cumulative: str | None


class AssessmentRow(NamedTuple):
    """assessments.csv: one result a sitting."""

    student_number: str
    assessment_id: str
    assessment_title: str
    subject: str
    school_year: str
    date: dt.date
    score: int
    score_type: str
    level: int
    level_label: str
    grade_when_assessed: str


class DisciplineRow(NamedTuple):
    """discipline.csv: one row an incident and student."""

    incident_id: str
    student_number: str
    school_id: str
    school_year: str
    date: dt.date
    behavior: str
    action: str
    start_date: dt.date
    end_date: dt.date
    duration_days: int
    reason: str


class ProgramRow(NamedTuple):
    """programs.csv: a student in a program; the dates include both ends."""

    student_number: str
    program_id: str
    program_name: str
    program_type: str
    tier: int | None
    start_date: dt.date
    exit_date: dt.date | None
    status: str
