from collections import Counter, defaultdict
from datetime import date
from statistics import correlation, fmean, quantiles

from gateway.demo.district import generate
from tests.factories.fictional_district import TODAY, district


def absence_rates() -> dict[str, float]:
    days: dict[str, list[bool]] = defaultdict(list)
    for row in district().attendance:
        days[row.student_number].append(row.status == "Absent")
    return {number: fmean(absent) for number, absent in days.items()}


def averages() -> dict[str, float]:
    return {row.student_number: float(row.gpa) for row in district().academic_summary if row.gpa is not None}


def test_there_are_six_schools_of_plausible_size() -> None:
    sizes = Counter(row.school_id for row in district().enrollments if row.exit_date is None)
    assert len(sizes) == 6
    assert all(200 < size < 500 for size in sizes.values())


def test_absence_is_skewed_and_about_a_fifth_is_chronic() -> None:
    rates = list(absence_rates().values())
    low, middle, high = quantiles(rates)
    assert 0.02 < middle < fmean(rates) < 0.09
    assert high - middle > middle - low
    assert 0.12 < fmean(rate >= 0.1 for rate in rates) < 0.3


def test_averages_lie_between_0_and_4_around_a_b() -> None:
    values = list(averages().values())
    assert 0 <= min(values) < 1.5
    assert 3.9 < max(values) <= 4
    assert 2.5 < fmean(values) < 3.2


def test_who_is_away_more_has_a_lower_average() -> None:
    rates, marks = absence_rates(), averages()
    shared = sorted(rates.keys() & marks.keys())
    assert correlation([rates[number] for number in shared], [marks[number] for number in shared]) < -0.3


def test_incidents_are_few_and_gather_on_few_with_lower_averages() -> None:
    made = district()
    marks = averages()
    counts = Counter(row.student_number for row in made.discipline)
    assert 0.03 < len(counts) / len(made.students) < 0.2
    assert max(counts.values()) >= 4
    assert Counter(counts.values())[1] > Counter(counts.values())[2] > 0
    with_incident = fmean(marks[number] for number in counts if number in marks)
    assert with_incident < fmean(marks.values()) - 0.2


def test_families_are_of_many_origins_and_languages() -> None:
    made = district()
    assert len({row.home_language for row in made.students}) >= 15
    races = Counter(row.race_ethnicity for row in made.students)
    assert len(races) == 7
    assert max(races.values()) < 0.5 * len(made.students)


def test_what_school_does_is_not_tied_to_who_a_child_is() -> None:
    marks = averages()
    poor = {row.student_number for row in district().students if row.economically_disadvantaged == "Y"}
    gap = fmean(marks[number] for number in marks if number in poor) - fmean(
        marks[number] for number in marks if number not in poor
    )
    assert abs(gap) < 0.15


def test_bright_path_lists_140_and_a_few_lack_consent() -> None:
    made = district()
    assert len(made.bright_path) == 140
    assert 120 < len(made.consents) < 140
    assert {row.signer_relation for row in made.consents} == {"parent", "eligible_student"}


def test_harbors_principals_list_students_of_two_schools_only() -> None:
    made = district()
    assert {row.site for row in made.harbor} == {"Tidewater Middle School", "Lighthouse High School"}
    assert 120 < len(made.harbor) < 260


def test_tests_marks_and_credits_are_within_their_scales() -> None:
    made = district()
    assert {row.level for row in made.assessments} == {1, 2, 3, 4}
    assert all(2100 < row.score < 2950 for row in made.assessments)
    assert all(row.date <= TODAY for row in made.assessments)
    assert all(row.final_mark is None or 35 <= int(row.final_mark) <= 100 for row in made.course_grades)
    assert all(
        float(row.credits_earned_cumulative or 0) <= float(row.credits_attempted_cumulative or 0)
        for row in made.academic_summary
    )


def test_before_the_first_quarter_ends_there_are_courses_but_no_marks() -> None:
    early = generate(1, today=date(2026, 10, 1), students=400)
    assert early.course_grades
    assert all(row.grade_earned is None for row in early.course_grades)
    ninth = {row.student_number for row in early.enrollments if row.grade_level == "09"}
    assert all(row.gpa_cumulative is None for row in early.academic_summary if row.student_number in ninth)


def test_late_in_the_year_there_are_marks_of_three_quarters() -> None:
    late = generate(1, today=date(2027, 6, 1), students=400)
    assert {row.term for row in late.course_grades} == {"Q1", "Q2", "Q3"}
