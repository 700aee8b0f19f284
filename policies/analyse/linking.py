"""
By what records of two agreements could be joined, as far as we ourselves give it out (claim 10).

Record codes are random and another one on each line, so they never join two. What was obtained once is kept: two
agreements need not be in force on the same day. Whether a set of values singles somebody out in these data is not
computed: the sets are a reviewed list, each with its reason.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

from agreements.elements import Catalogue, Transformation, load_catalogue
from policies.analyse.obtained import Obtained
from policies.errors import MalformedLinking

_MEMBERS: Final = {"name", "kind", "reason", "elements"}


class LinkKind(StrEnum):
    """How sure a join is."""

    IDENTIFIER = "identifier"
    QUASI = "quasi-identifier"


@dataclass(frozen=True, slots=True)
class LinkingSet:
    """Elements that together single a student out, each with the transformations under which it does."""

    name: str
    kind: LinkKind
    reason: str
    elements: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Side:
    """One line of agreements that gives out all of a set: to whom, and by which clauses of which version."""

    partner: str
    line: str
    agreements: tuple[str, ...]
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Joinable:
    """A set of elements that two lines or more give out: whoever holds two of the sides can join them."""

    by: LinkingSet
    sides: tuple[Side, ...]

    @property
    def partners(self) -> tuple[str, ...]:
        """The partners concerned, each once."""
        return tuple(sorted({side.partner for side in self.sides}))


def joinable(found: Iterable[Obtained], sets: Iterable[LinkingSet]) -> tuple[Joinable, ...]:
    """Return every set that at least two lines give out whole, identifiers first as in the file."""
    lines: dict[tuple[str, str], list[Obtained]] = {}
    for each in found:
        lines.setdefault((each.partner, each.line), []).append(each)
    joined = []
    for by in sets:
        sides = tuple(
            side for (partner, line), held in sorted(lines.items()) if (side := _side(partner, line, held, by))
        )
        if len(sides) > 1:
            joined.append(Joinable(by, sides))
    return tuple(joined)


def _side(partner: str, line: str, held: Iterable[Obtained], by: LinkingSet) -> Side | None:
    used = [each for each in held if each.transformation in by.elements.get(each.element, ())]
    if {each.element for each in used} != by.elements.keys():
        return None
    clauses = tuple(sorted({clause for each in used for clause in each.clauses}))
    return Side(partner, line, tuple(sorted({each.agreement for each in used})), clauses)


@cache
def load_linking() -> tuple[LinkingSet, ...]:
    """Return the reviewed list shipped with this release."""
    return read_linking(files("policies.analyse").joinpath("linking.toml").read_text("utf-8"), load_catalogue())


def read_linking(text: str, catalogue: Catalogue) -> tuple[LinkingSet, ...]:
    """Read a list. Raises `MalformedLinking`: a misspelt element would never be found, and nobody would be warned."""
    try:
        content = tomllib.loads(text)
        return tuple(_sets(content, catalogue))
    except (tomllib.TOMLDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise MalformedLinking(f"The list of what joins records cannot be read: {error}.") from None


def _sets(content: dict[str, Any], catalogue: Catalogue) -> Iterator[LinkingSet]:
    if content.keys() != {"version", "sets"} or content["version"] != 1:
        raise ValueError("it is not a list of version 1")
    for row in content["sets"]:
        yield _set(row, catalogue)


def _set(row: dict[str, Any], catalogue: Catalogue) -> LinkingSet:
    if row.keys() != _MEMBERS or not row["reason"] or not row["elements"]:
        raise ValueError(f"a set has the members {sorted(_MEMBERS)}, none of them empty")
    for element, ways in row["elements"].items():
        if element not in catalogue or not ways:
            raise ValueError(f"the catalogue has no {element}, or it is said to leave in no way")
    elements = {element: tuple(Transformation(way).value for way in ways) for element, ways in row["elements"].items()}
    return LinkingSet(row["name"], LinkKind(row["kind"]), row["reason"], elements)
