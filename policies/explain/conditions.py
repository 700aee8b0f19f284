"""Which conditions of a population hold for one student, each with its clause and with what was found."""

from collections.abc import Iterator
from dataclasses import dataclass, field

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
    truth,
)

ROOT = "/population"


@dataclass(frozen=True, slots=True)
class Condition:
    """
    One condition of the expression, for one enrollment: whether it holds (None: unknown, which never covers).

    `found` is what is known of the student there. Personal data: not printed.
    """

    clause: str
    sentence: str
    holds: bool | None
    found: tuple[str | None, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Judged:
    """One enrollment against the whole expression."""

    enrollment: Enrollment = field(repr=False)
    holds: bool | None
    conditions: tuple[Condition, ...]


def judged(population: Population, facts: Facts) -> tuple[Judged, ...]:
    """
    Judge each enrollment. `policies.population.matches` is true exactly if one of them holds.

    The clauses are JSON pointers into the agreement, `/population` being the whole expression.
    """
    return tuple(
        Judged(stay, truth(population, facts, stay), tuple(_conditions(population, facts, stay, ROOT)))
        for stay in facts.enrollments
    )


def clauses(population: Population) -> tuple[str, ...]:
    """Return the pointers of all conditions of the expression, in its order."""
    return tuple(each.clause for each in _conditions(population, Facts(()), Enrollment(None, None), ROOT))


def _conditions(population: Population, facts: Facts, stay: Enrollment, path: str) -> Iterator[Condition]:
    match population:
        case And(parts) | Or(parts):
            word = "all" if isinstance(population, And) else "any"
            for place, part in enumerate(parts):
                yield from _conditions(part, facts, stay, f"{path}/{word}/{place}")
        case _:
            word, sentence, column = _said(population)
            yield Condition(
                f"{path}/{word}",
                sentence,
                truth(population, facts, stay),
                _found(column, facts, stay) if column else (),
            )


def _said(atom: Population) -> tuple[str, str, Column | None]:
    """Return the word of a condition, what it asks in plain words, and the column it looks at."""
    match atom:
        case In(column, values):
            return "in", f"the {_plain(column)} is one of {', '.join(values)}", column
        case NotInKnown(column, values):
            return "not_in_known", f"the {_plain(column)} is known and none of {', '.join(values)}", column
        case Known(column):
            return "known", f"the {_plain(column)} is known", column
        case Roster():
            return "roster", "the student stands on the agreement's roster", None
        case Placement():
            return "placement", "the student is placed with the agreement's agency", None
    assert isinstance(atom, Everyone)
    return "everyone", "the student is enrolled", None


def _plain(column: Column) -> str:
    return column.value.replace("_", " ")


def _found(column: Column, facts: Facts, stay: Enrollment) -> tuple[str | None, ...]:
    if column is Column.PROGRAM_TYPE:
        return facts.program_types
    return (stay.grade_level if column is Column.GRADE_LEVEL else stay.school_identifier,)
