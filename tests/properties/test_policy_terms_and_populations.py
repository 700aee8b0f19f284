"""Terms against the calendar, populations against plain set logic, on inputs nobody thought of."""

from datetime import UTC, date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

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
)
from policies.term import bounds, pinned_zone

ZONES = (
    "America/Los_Angeles",
    "America/New_York",
    "America/Phoenix",
    "America/Adak",
    "Pacific/Honolulu",
    "America/Havana",
    "Atlantic/Azores",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "UTC",
)
DAYS = st.dates(date(2012, 1, 1), date(2037, 12, 31))


@settings(max_examples=500, derandomize=True, deadline=None)
@given(
    DAYS, st.integers(0, 800), st.sampled_from(ZONES), st.sampled_from([-7200, -3600, -60, -1, 0, 1, 60, 3600, 7200])
)
def test_a_moment_is_in_the_term_when_the_calendar_on_the_wall_says_so(
    first: date, days: int, zone: str, seconds: int
) -> None:
    last = first + timedelta(days=days)
    begins, ends = bounds(first, last, zone)
    for edge in (begins, ends):
        moment = edge + timedelta(seconds=seconds)
        assert (begins <= moment < ends) == (first <= moment.astimezone(pinned_zone(zone)).date() <= last)


@given(DAYS, st.sampled_from(ZONES))
def test_terms_that_follow_each_other_leave_no_gap_and_do_not_overlap(day: date, zone: str) -> None:
    following = day + timedelta(days=1)
    assert bounds(day, day, zone)[1] == bounds(following, following, zone)[0]
    assert bounds(day, day, zone)[0] < bounds(day, day, zone)[1]
    assert bounds(day, day, zone)[0].tzinfo is UTC


WORDS = st.sampled_from(["a", "b", "c"])
UNKNOWN = st.one_of(st.none(), WORDS)
FACTS = st.builds(
    Facts,
    st.lists(st.builds(Enrollment, UNKNOWN, UNKNOWN), max_size=3).map(tuple),
    st.lists(UNKNOWN, max_size=3).map(tuple),
    st.booleans(),
    st.booleans(),
)
VALUES = st.lists(WORDS, min_size=1, max_size=2).map(tuple)
COLUMNS = st.sampled_from(Column)
POPULATIONS: st.SearchStrategy[Population] = st.recursive(
    st.one_of(
        st.builds(In, COLUMNS, VALUES),
        st.builds(NotInKnown, COLUMNS, VALUES),
        st.builds(Known, COLUMNS),
        st.builds(Roster),
        st.builds(Placement),
        st.builds(Everyone),
    ),
    lambda inner: st.one_of(
        st.builds(And, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


def plainly(  # noqa: PLR0911 -- one return a kind of condition
    population: Population, facts: Facts, stay: Enrollment
) -> bool:
    """The same meaning in two-valued logic, where unknown simply is not known to be anything."""
    match population:
        case And(parts):
            return all(plainly(part, facts, stay) for part in parts)
        case Or(parts):
            return any(plainly(part, facts, stay) for part in parts)
        case Roster():
            return facts.on_roster
        case Placement():
            return facts.is_placed
        case Everyone():
            return True
    values = {
        Column.SCHOOL_IDENTIFIER: (stay.school_identifier,),
        Column.GRADE_LEVEL: (stay.grade_level,),
        Column.PROGRAM_TYPE: facts.program_types,
    }[population.column]
    match population:
        case Known():
            return any(value is not None for value in values)
        case In(_, listed):
            return any(value in listed for value in values)
        case NotInKnown(_, listed):
            return bool(values) and all(value is not None and value not in listed for value in values)


@settings(max_examples=500, derandomize=True, deadline=None)
@given(POPULATIONS, FACTS)
def test_three_valued_logic_grants_exactly_what_is_known_to_hold(population: Population, facts: Facts) -> None:
    expected = any(plainly(population, facts, stay) for stay in facts.enrollments)
    assert matches(population, facts) == expected


@settings(max_examples=100, derandomize=True, deadline=None)
@given(POPULATIONS, FACTS)
def test_who_leaves_every_school_is_covered_no_more(population: Population, facts: Facts) -> None:
    assert not matches(population, Facts((), facts.program_types, facts.on_roster, facts.is_placed))
