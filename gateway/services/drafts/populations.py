"""
A population as a person builds it: a tree of conditions, to which one is added and from which one is taken.

Pure. A condition goes by where it stands, as the numbers of the branches that lead to it: `0.2` is the third condition
within the first. What a file has that is no condition is shown as such, and can only be taken out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from agreements.canonical import Json
from agreements.clauses import POPULATION_COLUMNS
from agreements.population import MAX_NESTING

GROUPS: Final = ("all", "any")
LISTS: Final = ("in", "not_in_known")
FLAGS: Final = ("roster", "placement", "everyone")
WORDS: Final = (*FLAGS, *LISTS, "known", *GROUPS)
"""Everything that a population can say (`agreements.clauses.population_shape`)."""
UNKNOWN: Final = ""
_FIRST: Final = POPULATION_COLUMNS[0]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: where it stands, its word (`UNKNOWN` for what is none), and what it asks."""

    place: str
    word: str
    column: str = ""
    values: tuple[str, ...] = ()
    parts: tuple["Condition", ...] = field(default=())
    deepest: bool = False
    """Whether no further group may stand within it."""


def tree(expression: Json, place: str = "", level: int = 0) -> Condition:
    """Return an expression as conditions."""
    if not isinstance(expression, dict) or len(expression) != 1:
        return Condition(place, UNKNOWN)
    ((word, value),) = expression.items()
    if word in GROUPS and isinstance(value, list):
        parts = tuple(tree(each, _inner(place, index), level + 1) for index, each in enumerate(value))
        return Condition(place, word, parts=parts, deepest=level >= MAX_NESTING)
    if word in LISTS and isinstance(value, dict):
        values = value.get("values")
        listed = tuple(str(each) for each in values) if isinstance(values, list) else ()
        return Condition(place, word, str(value.get("column") or ""), listed)
    if word == "known" and isinstance(value, dict):
        return Condition(place, word, str(value.get("column") or ""))
    return Condition(place, word if word in FLAGS else UNKNOWN)


def rewritten(expression: Json, said: Mapping[str, tuple[str, Sequence[str]]]) -> Json:
    """Return the expression with the column and the values that were `said` of each condition, by its place."""
    return _rewritten(expression, "", said)


def added(expression: Json, place: str, word: str) -> Json:
    """
    Return the expression with a new condition: in the group at `place`, or as the whole where there is none yet.

    A single condition becomes one of two that both hold. What is no place, or no word, changes nothing.
    """
    if word not in WORDS:
        return expression
    new = _new(word)
    if expression is None:
        return new
    steps = _steps(place)
    return _changed(expression, steps, lambda found: (_with(found, new),)) if steps else _with(expression, new)


def removed(expression: Json, place: str) -> Json:
    """Return the expression without the condition at `place`; None if nothing is left."""
    return _changed(expression, _steps(place), lambda _: ()) if place else None


def _rewritten(expression: Json, place: str, said: Mapping[str, tuple[str, Sequence[str]]]) -> Json:
    if not isinstance(expression, dict) or len(expression) != 1:
        return expression
    ((word, value),) = expression.items()
    if word in GROUPS and isinstance(value, list):
        return {word: [_rewritten(each, _inner(place, index), said) for index, each in enumerate(value)]}
    if place in said and word in LISTS:
        column, values = said[place]
        return {word: {"column": column, "values": list(values)}}
    if place in said and word == "known":
        return {word: {"column": said[place][0]}}
    return expression


def _changed(expression: Json, steps: Sequence[int], change: Callable[[Json], tuple[Json, ...]]) -> Json:
    """Replace the condition that `steps` lead to by those that `change` makes of it."""
    group = _group(expression)
    if group is None or not steps or steps[0] >= len(group[1]):
        return expression
    (word, parts), (first, *further) = group, steps
    made = (_changed(parts[first], further, change),) if further else change(parts[first])
    return {word: [*parts[:first], *made, *parts[first + 1 :]]}


def _with(expression: Json, new: Json) -> Json:
    group = _group(expression)
    return {"all": [expression, new]} if group is None else {group[0]: [*group[1], new]}


def _new(word: str) -> Json:
    if word in FLAGS:
        return {word: True}
    if word in LISTS:
        return {word: {"column": _FIRST, "values": []}}
    return {word: {"column": _FIRST}} if word == "known" else {word: []}


def _group(expression: Json) -> tuple[str, list[Json]] | None:
    """Return the word and the parts of a group, None for anything else."""
    if isinstance(expression, dict) and len(expression) == 1:
        ((word, value),) = expression.items()
        if word in GROUPS and isinstance(value, list):
            return word, value
    return None


def _steps(place: str) -> list[int]:
    return [int(each) for each in place.split(".") if each.isdecimal()]


def _inner(place: str, index: int) -> str:
    return f"{place}.{index}" if place else str(index)
