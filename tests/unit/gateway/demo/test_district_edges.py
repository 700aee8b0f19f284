from datetime import timedelta

import pytest

from gateway.demo.district import Edge, generate
from gateway.demo.district.families import ASKED_ELEMENTS, COVERED_IN_PART
from gateway.demo.district.labels import full_name
from gateway.demo.district.lists import ConsentRow
from gateway.demo.district.people import eighteenth_birthday
from tests.factories.fictional_district import TODAY, district, the

ONE_DAY = timedelta(days=1)


def consent(number: str) -> ConsentRow:
    return next(row for row in district().consents if row.student_number == number)


def on_list(number: str) -> bool:
    return any(row.student_number == number for row in district().bright_path)


def test_an_unknown_student_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        district().student("0000000")


@pytest.mark.parametrize("edge", list(Edge))
def test_every_edge_case_occurs(edge: Edge) -> None:
    assert district().edges[edge]


@pytest.mark.parametrize("seed", range(5))
def test_every_edge_case_that_is_played_occurs_in_a_small_district_too(seed: int) -> None:
    edges = generate(seed, today=TODAY, students=400).edges
    assert all(numbers for edge, numbers in edges.items())


@pytest.mark.ferpa("C5")
def test_a_parents_consent_meets_the_18th_birthday_today_and_tomorrow() -> None:
    for edge, day in ((Edge.TURNS_18_TODAY, TODAY), (Edge.TURNS_18_TOMORROW, TODAY + ONE_DAY)):
        born = district().student(the(edge)).birthdate
        assert born is not None
        assert eighteenth_birthday(born) == day
        assert consent(the(edge)).signer_relation == "parent"


def test_the_leap_day_child_turns_18_on_1_march_of_a_common_year() -> None:
    born = district().student(the(Edge.LEAP_DAY)).birthdate
    assert born is not None
    assert (born.month, born.day) == (2, 29)
    assert (eighteenth_birthday(born).month, eighteenth_birthday(born).day) == (3, 1)


@pytest.mark.ferpa("C5")
def test_who_is_of_age_signed_for_themself_not_before_the_birthday() -> None:
    for number in district().edges[Edge.SIGNED_AT_18]:
        born = district().student(number).birthdate
        signed = consent(number)
        assert born is not None
        assert signed.signer_relation == "eligible_student"
        assert eighteenth_birthday(born) <= signed.signed_on <= TODAY


def test_a_withdrawn_consent_ended_the_day_before() -> None:
    for number in district().edges[Edge.WITHDRAWN]:
        row = consent(number)
        assert row.withdrawn_on is not None
        assert row.valid_from <= row.valid_to == row.withdrawn_on - ONE_DAY < TODAY


@pytest.mark.ferpa("C7")
def test_a_partial_consent_covers_four_of_the_six_elements_asked_for() -> None:
    for number in district().edges[Edge.PARTIAL]:
        covered = consent(number).elements.split(";")
        assert len(covered) == 4
        assert set(covered) == set(COVERED_IN_PART) < set(ASKED_ELEMENTS)


def test_students_without_consent_are_listed_and_have_none() -> None:
    signed = {row.student_number for row in district().consents}
    for number in district().edges[Edge.WITHOUT_CONSENT]:
        assert on_list(number)
        assert number not in signed


def test_a_consent_may_be_over_or_not_yet_begun() -> None:
    assert consent(the(Edge.CONSENT_EXPIRED)).valid_to < district().calendar.first_day
    assert consent(the(Edge.CONSENT_TOMORROW)).valid_from == TODAY + ONE_DAY


def test_every_consent_is_signed_before_it_counts_and_states_its_four_facts() -> None:
    for row in district().consents:
        assert row.signed_on <= row.valid_from <= row.valid_to
        assert row.signed_on <= TODAY
        assert all((row.what, row.who, row.why, row.what_will_be_done))


def test_the_plain_case_has_no_surprise() -> None:
    refused = {row.student_number for row in district().opt_outs if row.scope == "sharing"}
    plain = district().edges[Edge.CONSENTED]
    assert len(plain) > 50
    for number in plain:
        row = consent(number)
        born = district().student(number).birthdate
        assert born is not None
        assert eighteenth_birthday(born) > TODAY + timedelta(days=60)
        assert row.valid_from <= TODAY <= row.valid_to
        assert (row.elements, row.withdrawn_on) == ("all", None)
        assert on_list(number)
        assert number not in refused


def test_who_left_the_list_or_the_district_left_yesterday() -> None:
    made = district()
    left = next(row for row in made.bright_path if row.student_number == the(Edge.LEFT_ROSTER))
    assert left.end_date == TODAY - ONE_DAY
    exits = [row.exit_date for row in made.enrollments if row.student_number == the(Edge.EXITED_YESTERDAY)]
    assert exits == [TODAY - ONE_DAY]
    placement = next(row for row in made.placements if row.student_number == the(Edge.PLACEMENT_ENDED_YESTERDAY))
    assert placement.end_date == TODAY - ONE_DAY


def test_the_family_that_opted_out_has_a_full_consent_on_file() -> None:
    for number in district().edges[Edge.OPTED_OUT]:
        assert consent(number).elements == "all"
        assert any(
            (row.student_number, row.scope, row.agreement) == (number, "sharing", None) for row in district().opt_outs
        )


def test_movers_change_school_without_a_gap_and_others_attend_two_at_once() -> None:
    made = district()
    for number in made.edges[Edge.MOVER]:
        first, second = sorted(
            (row for row in made.enrollments if row.student_number == number), key=lambda row: row.entry_date
        )
        assert first.exit_date is not None
        assert first.exit_date + ONE_DAY == second.entry_date <= TODAY
        assert first.school_id != second.school_id
    for number in made.edges[Edge.TWO_SCHOOLS]:
        both = [row for row in made.enrollments if row.student_number == number and row.exit_date is None]
        assert len({row.school_id for row in both}) == 2


def test_an_empty_average_and_an_empty_birthdate_stay_empty() -> None:
    made = district()
    for number in made.edges[Edge.NO_GPA]:
        summary = next(row for row in made.academic_summary if row.student_number == number)
        assert (summary.gpa, summary.gpa_cumulative) == (None, None)
    for number in made.edges[Edge.NO_BIRTHDATE]:
        assert made.student(number).birthdate is None


def test_names_show_every_difficulty() -> None:
    made = district()
    assert made.student(the(Edge.MONONYM)).first_name is None
    assert len(full_name(made.student(the(Edge.LISTED_LONG_NAME)))) > 60
    assert "-" in full_name(made.student(the(Edge.HYPHEN)))
    assert not full_name(made.student(the(Edge.OTHER_SCRIPT))).isascii()
