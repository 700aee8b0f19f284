"""A child never covers more than its master: no field of it, and no row, by the evaluator that decides."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.covering import lies_within
from agreements.document import Agreement
from agreements.elements import Transformation, load_catalogue
from agreements.errors import NotNarrower
from agreements.narrowing import require_narrower
from policies.population import Enrollment, Facts, matches, parse
from policies.strictness import strictest
from tests.factories.agreements import changed, example
from tests.factories.lawful import CHILD, MASTER, read

FIXED = settings(derandomize=True, deadline=None, max_examples=60)
WIDE = settings(derandomize=True, deadline=None, max_examples=300)
VALUES = {"school_identifier": ["N", "S", "W"], "grade_level": ["09", "10", "11"], "program_type": ["a", "b", "c"]}
COLUMNS = st.sampled_from(sorted(VALUES))
LISTED = COLUMNS.flatmap(
    lambda column: st.lists(st.sampled_from(VALUES[column]), min_size=1, max_size=3, unique=True).map(
        lambda values: {"column": column, "values": values}
    )
)
CONDITIONS: st.SearchStrategy[Any] = st.one_of(
    LISTED.map(lambda terms: {"in": terms}),
    LISTED.map(lambda terms: {"not_in_known": terms}),
    COLUMNS.map(lambda column: {"known": {"column": column}}),
    st.sampled_from([{"roster": True}, {"placement": True}, {"everyone": True}]),
)
POPULATIONS: st.SearchStrategy[Any] = st.recursive(
    CONDITIONS,
    lambda inner: st.tuples(st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3)).map(
        lambda pair: {pair[0]: pair[1]}
    ),
    max_leaves=5,
)
MAYBE = {column: st.none() | st.sampled_from(values) for column, values in VALUES.items()}
STUDENTS = st.builds(
    Facts,
    enrollments=st.lists(st.builds(Enrollment, MAYBE["school_identifier"], MAYBE["grade_level"]), max_size=2).map(
        tuple
    ),
    program_types=st.lists(MAYBE["program_type"], max_size=2).map(tuple),
    on_roster=st.booleans(),
    is_placed=st.booleans(),
)


@st.composite
def narrowed(draw: st.DrawFn, population: Any) -> Any:
    """A population made from another by steps that a person would call narrowing."""
    match draw(st.integers(0, 4)):
        case 0:
            return {"all": [draw(POPULATIONS), population]}
        case 1:
            return {"any": [draw(narrowed(population)), draw(narrowed(population))]}
        case 2 if "in" in population:
            values = population["in"]["values"]
            return {
                "in": {**population["in"], "values": draw(st.lists(st.sampled_from(values), min_size=1, unique=True))}
            }
        case 3 if "any" in population:
            return draw(st.sampled_from(population["any"]))
        case 4 if "all" in population:
            return {"all": [draw(narrowed(part)) for part in reversed(population["all"])]}
    return population


@WIDE
@given(st.data(), POPULATIONS, st.lists(STUDENTS, min_size=8, max_size=8))
def test_a_population_found_within_another_covers_no_student_that_it_does_not(
    data: st.DataObject, outer: Any, students: list[Facts]
) -> None:
    wider: st.SearchStrategy[Any] = POPULATIONS.map(lambda other: {"any": [outer, other]})
    inner: Any = data.draw(POPULATIONS | narrowed(outer) | wider)
    if lies_within(inner, outer):
        for facts in students:
            assert matches(parse(outer), facts) or not matches(parse(inner), facts)


@WIDE
@given(CONDITIONS, CONDITIONS, st.lists(STUDENTS, min_size=8, max_size=8))
def test_a_single_condition_within_another_covers_no_student_that_it_does_not(
    inner: Any, outer: Any, students: list[Facts]
) -> None:
    if lies_within(inner, outer):
        for facts in students:
            assert matches(parse(outer), facts) or not matches(parse(inner), facts)


@FIXED
@given(st.data(), POPULATIONS)
def test_what_narrows_a_population_step_by_step_is_found_within_it(data: st.DataObject, outer: Any) -> None:
    assert lies_within(data.draw(narrowed(outer)), outer)


@pytest.mark.attack("an expression made to keep a checker busy")
def test_populations_too_big_to_compare_are_not_found_within_each_other() -> None:
    big: Any = {"roster": True}
    for _ in range(5):
        big = {"any": [big] * 12}
    nested: Any = {"placement": True}
    for _ in range(5):
        nested = {"any": [nested] * 12}
    assert not lies_within(nested, big)
    assert not lies_within(big, nested)


def told(agreement: Agreement) -> dict[tuple[str, str, str], str]:
    """(dataset, school year, element) -> how it leaves."""
    return {
        (terms.dataset, year, line.element): line.transformation
        for terms in agreement.datasets
        for year in terms.school_years
        for line in terms.elements
    }


@st.composite
def data_sections(draw: st.DrawFn) -> list[Any]:
    """The data of an agreement, of a few elements, so that two of them often overlap."""
    sections = []
    for dataset, elements in {
        "students": ["000033", "000100", "000128", "000255"],
        "attendance": ["000201", "000202", "002022"],
    }.items():
        chosen = draw(st.lists(st.sampled_from(elements), min_size=1, unique=True))
        sections.append(
            {
                "dataset": dataset,
                "school_years": draw(
                    st.lists(st.sampled_from(["2026-2027", "2027-2028"]), min_size=1, max_size=2, unique=True)
                ),
                "elements": [
                    {
                        "element": element,
                        "transformation": draw(
                            st.sampled_from(load_catalogue().element(element).transformations)
                        ).value,
                    }
                    for element in chosen
                ],
            }
        )
    return sections[: draw(st.integers(1, 2))]


@WIDE
@given(data_sections(), data_sections())
def test_no_field_leaves_under_a_child_that_could_not_leave_under_its_master(theirs: Any, ours: Any) -> None:
    master = read(changed(example(MASTER), {"/datasets": theirs, "/identifiers": "record_code"}))
    child = read(changed(example(CHILD), {"/datasets": ours, "/master": master.digest}))
    wide, narrow = told(master), told(child)
    within = all(
        field in wide
        and strictest([narrow[field], wide[field]]) == narrow[field]
        and (narrow[field] == wide[field] or wide[field] == Transformation.EXACT or narrow[field] in {"blank", "drop"})
        for field in narrow
    )
    try:
        require_narrower(master, child)
    except NotNarrower:
        assert not within
    else:
        assert within
