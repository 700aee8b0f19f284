"""Grade point averages, credits and assessment results."""

from datetime import date, timedelta
from random import Random
from statistics import fmean

from gateway.demo.district.calendar import SchoolCalendar
from gateway.demo.district.courses import NO_MARKS, POINTS
from gateway.demo.district.edges import Edge
from gateway.demo.district.people import Pupil
from gateway.demo.district.rows import AcademicSummaryRow, AssessmentRow, CourseGradeRow
from gateway.demo.district.schools import FIRST_HIGH_GRADE, FIRST_MIDDLE_GRADE, grade_label

__all__ = ["academic_summaries", "assessments"]

YEARLY_CREDITS = 6.0
EARLIER_MEAN, EARLIER_PER_ENGAGEMENT, EARLIER_SPREAD = 2.95, 0.62, 0.2
LOST_PER_FAILING_POINT = 0.18  # the share of credits lost for each point of average below 2.5
SUMMATIVE_GRADES = frozenset({3, 4, 5, 6, 7, 8, 10})  # tested last spring, in last year's grade
BENCHMARK_GRADES = range(1, 9)
LEVELS = ("Well below standard", "Below standard", "Meets standard", "Exceeds standard")


def academic_summaries(
    chance: Random, pupils: tuple[Pupil, ...], marks: tuple[CourseGradeRow, ...], calendar: SchoolCalendar, today: date
) -> tuple[AcademicSummaryRow, ...]:
    """Return summaries of grades 6 to 12; the term's average comes from the very marks in course_grades.csv."""
    by_number: dict[str, list[CourseGradeRow]] = {}
    for mark in marks:
        if mark.grade_earned in POINTS:
            by_number.setdefault(mark.student_number, []).append(mark)
    return tuple(
        _summary(chance, pupil, by_number.get(pupil.number, []), calendar, today)
        for pupil in pupils
        if pupil.seat.grade >= FIRST_MIDDLE_GRADE
    )


def _summary(
    chance: Random, pupil: Pupil, marks: list[CourseGradeRow], calendar: SchoolCalendar, today: date
) -> AcademicSummaryRow:
    term = fmean(POINTS[str(mark.grade_earned)] for mark in marks) if marks else None
    attempted = sum(float(mark.credits_attempted or 0) for mark in marks)
    earned = sum(float(mark.credits_earned or 0) for mark in marks)
    years_before = max(pupil.seat.grade - FIRST_HIGH_GRADE, 0)
    earlier = EARLIER_MEAN + EARLIER_PER_ENGAGEMENT * pupil.engagement + chance.gauss(0, EARLIER_SPREAD)
    earlier = min(max(earlier, 0.3), 4.0)
    attempted_before = YEARLY_CREDITS * years_before
    lost = min(max(2.5 - earlier, 0) * LOST_PER_FAILING_POINT, 0.6)
    earned_before = round(attempted_before * (1 - lost) * 2) / 2  # credits come in halves
    weighed = [(earlier, attempted_before), (term or 0.0, attempted if years_before else float(term is not None))]
    weight = sum(part for _, part in weighed)
    cumulative = sum(average * part for average, part in weighed) / weight if weight else None
    known = pupil.edge not in NO_MARKS  # a transcript from abroad that nobody has evaluated yet
    high = known and pupil.seat.grade >= FIRST_HIGH_GRADE
    return AcademicSummaryRow(
        student_number=pupil.number,
        school_year=calendar.school_year,
        as_of=today,
        gpa=_decimal(term, show=known),
        gpa_cumulative=_decimal(cumulative, show=known),
        gpa_weighted="N",
        credits_attempted=_decimal(attempted, show=high),
        credits_earned=_decimal(earned, show=high),
        credits_attempted_cumulative=_decimal(attempted_before + attempted, show=high),
        credits_earned_cumulative=_decimal(earned_before + earned, show=high),
    )


def assessments(
    chance: Random, pupils: tuple[Pupil, ...], calendar: SchoolCalendar, today: date
) -> tuple[AssessmentRow, ...]:
    """Return last spring's state tests, this fall's benchmarks, and last winter's language test of English learners."""
    spring = calendar.first_day - timedelta(days=112)
    winter = calendar.first_day - timedelta(days=215)
    year = calendar.first_day.year
    last_year = f"{year - 1}-{year}"
    rows: list[AssessmentRow] = []
    for pupil in pupils:
        grade = pupil.seat.grade
        was_here = pupil.edge is not Edge.ARRIVED_LATE
        if was_here and grade - 1 in SUMMATIVE_GRADES:
            rows += [
                _result(chance, pupil, test, school_year=last_year, sat=spring, grade=grade - 1)
                for test in ("SUM-ELA", "SUM-MATH")
            ]
        if was_here and grade > 0 and pupil.row.english_learner == "Y":
            rows.append(_result(chance, pupil, "ELP", school_year=last_year, sat=winter, grade=grade - 1))
        if was_here and grade in BENCHMARK_GRADES:
            sat = chance.choice(calendar.days[5:10])  # everybody has settled by then, whatever day is played
            rows += [
                _result(chance, pupil, test, school_year=calendar.school_year, sat=sat, grade=grade)
                for test in ("FALL-R", "FALL-M")
            ]
    return tuple(row for row in rows if row.date <= today)


TESTS = {
    "SUM-ELA": ("State Summative English Language Arts", "English Language Arts"),
    "SUM-MATH": ("State Summative Mathematics", "Mathematics"),
    "ELP": ("English Language Proficiency", "English Language Proficiency"),
    "FALL-R": ("Fall Benchmark Reading", "Reading"),
    "FALL-M": ("Fall Benchmark Mathematics", "Mathematics"),
}
SCALE_START, SCALE_STEP, SCALE_PER_ENGAGEMENT, SCALE_SPREAD, LEVEL_WIDTH = 2360, 24, 55, 45, 65


def _result(chance: Random, pupil: Pupil, test: str, *, school_year: str, sat: date, grade: int) -> AssessmentRow:
    """Return a score around the middle of the grade's scale, and the level its distance from the middle gives."""
    title, subject = TESTS[test]
    middle = SCALE_START + SCALE_STEP * grade
    score = round(middle + SCALE_PER_ENGAGEMENT * pupil.engagement + chance.gauss(0, SCALE_SPREAD))
    level = min(max((score - middle) // LEVEL_WIDTH + 3, 1), 4)
    return AssessmentRow(
        student_number=pupil.number,
        assessment_id=test,
        assessment_title=title,
        subject=subject,
        school_year=school_year,
        date=sat,
        score=score,
        score_type="Scale score",
        level=level,
        level_label=LEVELS[level - 1],
        grade_when_assessed=grade_label(grade),
    )


def _decimal(value: float | None, *, show: bool) -> str | None:
    return f"{value:.2f}" if show and value is not None else None
