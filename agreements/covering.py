"""
Whether one population lies within another, judged by the form of the two expressions alone.

INVARIANT: what is found to lie within another covers, in `policies.population`, no enrollment that the other does not.
The converse does not hold: populations that are equal for reasons of arithmetic, or too big to compare, are not found.
A roster is one condition here; that a child's roster lists only students of its master's is for who accepts it.
"""

from typing import Any, Final

from agreements.canonical import Json

_STEPS: Final = 20_000
"""Pairs of conditions compared before giving up; the examples need fewer than twenty."""


def lies_within(population: Json, other: Json) -> bool:
    """Return whether `population` can be shown to cover nobody whom `other` does not cover. Both have their shape."""
    return _Comparison().within(population, other)


class _Comparison:
    def __init__(self) -> None:
        self.steps = _STEPS

    def within(self, inner: Any, outer: Any) -> bool:  # noqa: ANN401 -- conditions, whose shape was checked
        self.steps -= 1
        if self.steps < 0:
            return False
        if "all" in outer:
            return all(self.within(inner, part) for part in outer["all"])
        if "any" in inner:
            return all(self.within(part, outer) for part in inner["any"])
        if "everyone" in outer or _condition_within(inner, outer):
            return True
        if "any" in outer and any(self.within(inner, part) for part in outer["any"]):
            return True
        return "all" in inner and any(self.within(part, outer) for part in inner["all"])


def _condition_within(inner: dict[str, Any], outer: dict[str, Any]) -> bool:
    """Compare two single conditions. A value that is among some is known; more values excluded leave fewer."""
    ((word, terms),) = inner.items()
    ((other_word, other),) = outer.items()
    if word in {"all", "any"} or other_word in {"all", "any"}:
        return False
    if not isinstance(terms, dict) or not isinstance(other, dict):
        return word == other_word
    if terms["column"] != other["column"]:
        return False
    match word, other_word:
        case "in", "in":
            return set(terms["values"]) <= set(other["values"])
        case "not_in_known", "not_in_known":
            return set(terms["values"]) >= set(other["values"])
    return other_word == "known"
