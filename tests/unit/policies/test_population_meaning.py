import pytest

from agreements.canonical import Json
from agreements.clauses import POPULATION_COLUMNS
from agreements.elements import load_catalogue
from policies.errors import MalformedPopulation
from policies.population import (
    And,
    Column,
    Enrollment,
    Everyone,
    Facts,
    In,
    Known,
    NotInKnown,
    Or,
    Placement,
    Population,
    Roster,
    matches,
    parse,
)
from tests.factories.agreements import SPS_A, SPS_B, example

NINTH = In(Column.GRADE_LEVEL, ("09",))
NOT_NINTH = NotInKnown(Column.GRADE_LEVEL, ("09",))
NORTH = In(Column.SCHOOL_IDENTIFIER, ("north",))
TITLE_I = In(Column.PROGRAM_TYPE, ("title-i",))
NOT_TITLE_I = NotInKnown(Column.PROGRAM_TYPE, ("title-i",))


def student(*stays: tuple[str | None, str | None], programs: tuple[str | None, ...] = (), **other: bool) -> Facts:
    return Facts(tuple(Enrollment(*stay) for stay in stays), programs, **other)


@pytest.mark.parametrize(
    "node",
    [
        None,
        True,
        [],
        {},
        {"roster": True, "everyone": True},
        {"roster": False},
        {"roster": 1},
        {"roster": {}},
        {"everyone": None},
        {"all": []},
        {"any": []},
        {"all": {"roster": True}},
        {"all": [{"any": []}]},
        {"and": [{"roster": True}]},
        {"not": {"roster": True}},
        {"in": {"column": "grade_level", "values": []}},
        {"in": {"column": "grade_level", "values": [""]}},
        {"in": {"column": "grade_level", "values": [None]}},
        {"in": {"column": "grade_level", "values": ["09", 9]}},
        {"in": {"column": "grade_level", "values": "09"}},
        {"in": {"column": "grade_level"}},
        {"in": {"column": "grade_level", "values": ["09"], "unless": "x"}},
        {"in": {"column": "birthdate", "values": ["2010-01-01"]}},
        {"in": {"column": ["grade_level"], "values": ["09"]}},
        {"not_in_known": {"column": "grade_level", "values": []}},
        {"known": "grade_level"},
        {"known": {"column": "lunch"}},
        {"known": {"column": "grade_level", "values": ["09"]}},
    ],
)
def test_what_cannot_be_read_without_guessing_is_refused(node: Json) -> None:
    with pytest.raises(MalformedPopulation):
        parse(node)


@pytest.mark.parametrize("make", [lambda: And(()), lambda: Or(()), lambda: In(Column.GRADE_LEVEL, ())])
def test_an_empty_list_is_never_no_limit(make: type) -> None:
    with pytest.raises(MalformedPopulation):
        make()


def test_every_condition_of_the_format_is_read() -> None:
    written: Json = {
        "all": [
            {"roster": True},
            {"any": [{"placement": True}, {"everyone": True}]},
            {"in": {"column": "school_identifier", "values": ["north"]}},
            {"known": {"column": "grade_level"}},
            {"not_in_known": {"column": "program_type", "values": ["title-i"]}},
        ]
    }
    assert parse(written) == And(
        (Roster(), Or((Placement(), Everyone())), NORTH, Known(Column.GRADE_LEVEL), NOT_TITLE_I)
    )


def test_the_columns_are_those_of_the_agreement_format() -> None:
    assert tuple(Column) == POPULATION_COLUMNS
    assert {"school_identifier", "grade_level"} <= {element.name for element in load_catalogue()}


@pytest.mark.parametrize("name", [SPS_A, SPS_B])
def test_the_populations_of_the_examples_are_read(name: str) -> None:
    assert isinstance(parse(example(name)["population"]), And)


@pytest.mark.parametrize("population", [NINTH, NOT_NINTH, NORTH, Known(Column.GRADE_LEVEL), TITLE_I, NOT_TITLE_I])
def test_unknown_never_grants(population: Population) -> None:
    assert not matches(population, student((None, None), programs=(None,)))
    assert not matches(population, student((None, None)))


@pytest.mark.parametrize("population", [Everyone(), Roster(), Placement(), NINTH, Or((Everyone(), NINTH))])
def test_nobody_is_covered_without_an_enrollment(population: Population) -> None:
    assert not matches(population, student(on_roster=True, is_placed=True))


def test_everyone_is_everyone_who_is_enrolled() -> None:
    assert matches(Everyone(), student((None, None)))


def test_roster_and_placement_are_asked_separately() -> None:
    on_roster, placed = student(("north", "09"), on_roster=True), student(("north", "09"), is_placed=True)
    assert [matches(Roster(), who) for who in (on_roster, placed)] == [True, False]
    assert [matches(Placement(), who) for who in (on_roster, placed)] == [False, True]


def test_one_enrollment_must_satisfy_the_whole_expression() -> None:
    mover = student(("north", "10"), ("south", "09"))
    assert not matches(And((NORTH, NINTH)), mover)
    assert matches(And((NORTH, NINTH)), student(("south", "09"), ("north", "09")))
    assert matches(Or((NORTH, NINTH)), mover)


def test_not_in_asks_that_the_value_is_known() -> None:
    assert matches(NOT_NINTH, student(("north", "10")))
    assert not matches(NOT_NINTH, student(("north", "09")))
    assert not matches(NOT_NINTH, student(("north", None)))


def test_a_student_of_several_programs_is_in_if_one_is_listed_and_out_of_none_unless_all_are_known() -> None:
    both = student(("north", "09"), programs=("title-i", "band"))
    assert matches(TITLE_I, both)
    assert matches(TITLE_I, student(("north", "09"), programs=(None, "title-i")))
    assert not matches(TITLE_I, student(("north", "09"), programs=("band", None)))
    assert not matches(NOT_TITLE_I, both)
    assert matches(NOT_TITLE_I, student(("north", "09"), programs=("band",)))
    assert not matches(NOT_TITLE_I, student(("north", "09"), programs=("band", None)))
    assert not matches(NOT_TITLE_I, student(("north", "09")))
    assert matches(Known(Column.PROGRAM_TYPE), both)


def test_unknown_in_one_branch_does_not_hide_the_truth_of_another() -> None:
    assert matches(Or((NINTH, NORTH)), student(("north", None)))
    assert not matches(And((NINTH, NORTH)), student(("north", None)))
    assert not matches(Or((NINTH, NORTH)), student(("south", None)))


def test_what_is_known_of_a_student_is_not_printed() -> None:
    assert "north" not in repr(student(("north", "09")))
