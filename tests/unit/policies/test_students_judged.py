"""One student against one agreement: each ground apart, refused first, and the same verdict as `matches`."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.decision import RowTerms
from policies.explain.conditions import clauses, judged
from policies.explain.standing import REMEDIES, Coverage, Ground, Known, coverage
from policies.population import (
    And,
    Column,
    Enrollment,
    Everyone,
    Facts,
    In,
    NotInKnown,
    Or,
    Placement,
    Population,
    Roster,
    matches,
)
from policies.population import Known as KnownValue

STAY = Enrollment("ECS-101", "09")
FACTS = Facts((STAY,), ("tutoring",), on_roster=True)
ORDER = ("000100", "000115")
TERMS = RowTerms(Roster(), "school_official", ("2026-2027",), "America/Los_Angeles", "weekly", ORDER)


def against(found: Coverage) -> Ground | None:
    return None if found.first_against is None else found.first_against.ground


@pytest.mark.parametrize(
    ("basis", "known", "ground"),
    [
        ("school_official", Known(FACTS, withheld=True), Ground.WITHHELD),
        ("school_official", Known(Facts((), on_roster=True)), Ground.ENROLLED),
        ("school_official", Known(replace(FACTS, on_roster=False)), Ground.POPULATION),
        ("usc_1232g_b_1_L", Known(FACTS), Ground.PLACEMENT),
        ("consent", Known(FACTS), Ground.CONSENT),
        ("consent", Known(FACTS, consented=frozenset({"000501"})), Ground.CONSENT),
        ("school_official", Known(FACTS, opted_out=frozenset({"sharing"})), Ground.OPT_OUT),
        ("directory_information", Known(FACTS, opted_out=frozenset({"directory"})), Ground.OPT_OUT),
    ],
)
@pytest.mark.claim(3)
def test_each_ground_alone_keeps_a_student_from_being_seen(basis: str, known: Known, ground: Ground) -> None:
    found = coverage(replace(TERMS, basis=basis), known)
    assert not found.covered
    assert against(found) is ground
    assert REMEDIES[ground]


def test_an_opt_out_of_directory_information_concerns_that_basis_alone() -> None:
    found = coverage(TERMS, Known(FACTS, opted_out=frozenset({"directory"})))
    assert (found.covered, against(found)) == (True, None)


def test_a_consent_covers_what_it_names_and_no_more() -> None:
    found = coverage(replace(TERMS, basis="consent"), Known(FACTS, consented=frozenset({"000115", "000501"})))
    assert found.elements == {"000115"}
    assert "Consents in force cover 1 of 2 elements (34 CFR 99.30)." in [each.sentence for each in found.judgements]


def test_a_placed_child_is_seen_by_its_agency() -> None:
    found = coverage(replace(TERMS, basis="usc_1232g_b_1_L"), Known(replace(FACTS, is_placed=True)))
    assert found.elements == set(ORDER)


def test_each_condition_names_its_clause_and_what_was_found() -> None:
    wanted = And(
        (
            Roster(),
            Or((In(Column.SCHOOL_IDENTIFIER, ("ECS-102",)), NotInKnown(Column.GRADE_LEVEL, ("12",)))),
            KnownValue(Column.PROGRAM_TYPE),
            Placement(),
            Everyone(),
        )
    )
    (found,) = judged(wanted, FACTS)
    assert not found.holds
    assert [(each.clause, each.sentence, each.holds, each.found) for each in found.conditions] == [
        ("/population/all/0/roster", "the student stands on the agreement's roster", True, ()),
        ("/population/all/1/any/0/in", "the school identifier is one of ECS-102", False, ("ECS-101",)),
        ("/population/all/1/any/1/not_in_known", "the grade level is known and none of 12", True, ("09",)),
        ("/population/all/2/known", "the program type is known", True, ("tutoring",)),
        ("/population/all/3/placement", "the student is placed with the agreement's agency", False, ()),
        ("/population/all/4/everyone", "the student is enrolled", True, ()),
    ]
    assert clauses(wanted) == tuple(each.clause for each in found.conditions)


@pytest.mark.claim(9)
def test_nothing_of_a_student_is_printed() -> None:
    printed = repr((Known(FACTS), coverage(replace(TERMS, population=In(Column.GRADE_LEVEL, ("10",))), Known(FACTS))))
    for personal in ("ECS-101", "09"):
        assert personal not in printed


WORDS = st.one_of(st.none(), st.sampled_from(["a", "b"]))
PEOPLE = st.builds(
    Facts,
    st.lists(st.builds(Enrollment, WORDS, WORDS), max_size=2).map(tuple),
    st.lists(WORDS, max_size=2).map(tuple),
    st.booleans(),
    st.booleans(),
)
VALUES = st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=2).map(tuple)
EXPRESSIONS: st.SearchStrategy[Population] = st.recursive(
    st.one_of(
        st.builds(In, st.sampled_from(Column), VALUES),
        st.builds(NotInKnown, st.sampled_from(Column), VALUES),
        st.builds(KnownValue, st.sampled_from(Column)),
        st.just(Roster()),
        st.just(Placement()),
        st.just(Everyone()),
    ),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        .map(tuple)
        .flatmap(lambda parts: st.sampled_from([And(parts), Or(parts)]))
    ),
    max_leaves=5,
)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(EXPRESSIONS, PEOPLE)
def test_a_student_is_covered_exactly_if_one_enrollment_satisfies_the_whole(wanted: Population, facts: Facts) -> None:
    found = coverage(replace(TERMS, population=wanted), Known(facts))
    assert found.covered is matches(wanted, facts)
    assert any(each.holds for each in found.enrollments) is matches(wanted, facts)
