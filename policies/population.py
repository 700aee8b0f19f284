"""
Which students an agreement covers, as an expression, with its meaning in Python.

`gateway.records` gives the same tree its meaning in SQL; tests compare the two. INVARIANT: unknown never grants. A
student is covered if one of their enrollments satisfies the whole expression; nobody is covered without one.

There is no bare `not` and no comparison with NULL: `not_in_known` asks that the value is known.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from agreements.canonical import Json
from policies.errors import MalformedPopulation


class Column(StrEnum):
    """What an atom can look at. `program_type` has a set of values: all programs the student takes part in."""

    SCHOOL_IDENTIFIER = "school_identifier"
    GRADE_LEVEL = "grade_level"
    PROGRAM_TYPE = "program_type"


@dataclass(frozen=True, slots=True)
class In:
    """The value is one of `values`. Of several values, one is enough."""

    column: Column
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        _require_some(self.values)


@dataclass(frozen=True, slots=True)
class NotInKnown:
    """The value is known and none of `values`. Of several values, all must be known and none of them listed."""

    column: Column
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        _require_some(self.values)


@dataclass(frozen=True, slots=True)
class Known:
    """There is a known value."""

    column: Column


@dataclass(frozen=True, slots=True)
class And:
    """Every part holds, of the same enrollment."""

    parts: tuple["Population", ...]

    def __post_init__(self) -> None:
        _require_some(self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    """Some part holds."""

    parts: tuple["Population", ...]

    def __post_init__(self) -> None:
        _require_some(self.parts)


@dataclass(frozen=True, slots=True)
class Roster:
    """The student stands on the agreement's roster, as the district accepted it, today."""


@dataclass(frozen=True, slots=True)
class Placement:
    """The student is placed with the agreement's agency today (20 U.S.C. 1232g(b)(1)(L))."""


@dataclass(frozen=True, slots=True)
class Everyone:
    """Every enrolled student. It must be written: a missing population covers nobody."""


Population = In | NotInKnown | Known | And | Or | Roster | Placement | Everyone


@dataclass(frozen=True, slots=True)
class Enrollment:
    """One enrollment, as far as populations look at it; None is unknown."""

    school_identifier: str | None
    grade_level: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one student on one day. Personal data: not printed."""

    enrollments: tuple[Enrollment, ...]
    program_types: tuple[str | None, ...] = ()
    on_roster: bool = False
    is_placed: bool = False

    def __repr__(self) -> str:
        return "Facts(…)"


def matches(population: Population, facts: Facts) -> bool:
    """Return whether `population` covers the student. INVARIANT: only True covers, unknown does not."""
    return any(_holds(population, facts, enrollment) is True for enrollment in facts.enrollments)


def truth(population: Population, facts: Facts, enrollment: Enrollment) -> bool | None:
    """Return whether `population` holds of one enrollment of the student; None is unknown, which never covers."""
    return _holds(population, facts, enrollment)


def asks_for_a_roster(population: Population) -> bool:
    """Whether anybody is covered, or not, by what a roster says."""
    if isinstance(population, And | Or):
        return any(asks_for_a_roster(part) for part in population.parts)
    return isinstance(population, Roster)


def asks_who_is_in_none_of(population: Population) -> bool:
    """Whether somebody could be covered for want of a program: then a program nobody can read counts against it."""
    if isinstance(population, And | Or):
        return any(asks_who_is_in_none_of(part) for part in population.parts)
    return isinstance(population, NotInKnown) and population.column is Column.PROGRAM_TYPE


def _holds(  # noqa: PLR0911 -- one return a kind of condition
    population: Population, facts: Facts, enrollment: Enrollment
) -> bool | None:
    """Return the truth of `population` in SQL's three-valued logic; None is unknown."""
    match population:
        case In(column, values):
            return _any(_equal(value, values) for value in _values(column, facts, enrollment))
        case NotInKnown(column, values):
            found = _values(column, facts, enrollment)
            known = _any(value is not None for value in found)
            return _all([known, *(_not(_equal(value, values)) for value in found)])
        case Known(column):
            return _any(value is not None for value in _values(column, facts, enrollment))
        case And(parts):
            return _all(_holds(part, facts, enrollment) for part in parts)
        case Or(parts):
            return _any(_holds(part, facts, enrollment) for part in parts)
        case Roster():
            return facts.on_roster
        case Placement():
            return facts.is_placed
    return isinstance(population, Everyone)


def _values(column: Column, facts: Facts, enrollment: Enrollment) -> tuple[str | None, ...]:
    if column is Column.PROGRAM_TYPE:
        return facts.program_types
    return (enrollment.grade_level if column is Column.GRADE_LEVEL else enrollment.school_identifier,)


def _equal(value: str | None, values: tuple[str, ...]) -> bool | None:
    return None if value is None else value in values


def _not(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


def _all(truths: Iterable[bool | None]) -> bool | None:
    seen = set(truths)
    return False if False in seen else None if None in seen else True


def _any(truths: Iterable[bool | None]) -> bool | None:
    seen = set(truths)
    return True if True in seen else None if None in seen else False


def _require_some(parts: tuple[object, ...]) -> None:
    if not parts:
        raise MalformedPopulation("An empty list in a population never means 'no limit'.")


_PLAIN: Mapping[str, Callable[[], Population]] = {"roster": Roster, "placement": Placement, "everyone": Everyone}
_JUNCTIONS: Mapping[str, Callable[[tuple[Population, ...]], Population]] = {"all": And, "any": Or}
_LISTED: Mapping[str, Callable[[Column, tuple[str, ...]], Population]] = {"in": In, "not_in_known": NotInKnown}


def parse(node: Json) -> Population:
    """
    Read a population as agreements write it: `{"all": [{"roster": true}, {"in": {"column": …, "values": […]}}]}`.

    Raises `MalformedPopulation` for whatever is not exactly one known condition. Nothing is ignored.
    """
    if not isinstance(node, dict) or len(node) != 1:
        raise MalformedPopulation("A population is a group that holds exactly one condition.")
    (word, inner), *_ = node.items()
    if word in _PLAIN and inner is True:
        return _PLAIN[word]()
    if word in _JUNCTIONS and isinstance(inner, list):
        return _JUNCTIONS[word](tuple(parse(part) for part in inner))
    if word in _LISTED and isinstance(inner, dict) and inner.keys() == {"column", "values"}:
        return _LISTED[word](_column(inner["column"]), _texts(inner["values"]))
    if word == "known" and isinstance(inner, dict) and inner.keys() == {"column"}:
        return Known(_column(inner["column"]))
    raise MalformedPopulation(f"The population holds a condition that cannot be read: {word[:40]!r}.")


def _column(name: Json) -> Column:
    if name not in list(Column):
        raise MalformedPopulation("The population looks at a column that it may not look at.")
    return Column(name)


def _texts(values: Json) -> tuple[str, ...]:
    texts = tuple(value for value in values if isinstance(value, str) and value) if isinstance(values, list) else ()
    if not isinstance(values, list) or len(texts) != len(values):
        raise MalformedPopulation("The values of a population are a list of texts, none of them empty.")
    return texts
