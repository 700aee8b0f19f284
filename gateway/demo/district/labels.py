"""Finds who carries which edge label once everybody has a name and a place."""

import unicodedata
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from gateway.demo.district.edges import Edge
from gateway.demo.district.families import is_plainly_consented
from gateway.demo.district.people import Pupil
from gateway.demo.district.rows import StudentRow

__all__ = ["full_name", "labels"]

LONG_NAME = 60
APOSTROPHES = frozenset("'\u2019\u02bb")
ALSO = {
    Edge.LISTED_MOVER: Edge.MOVER,
    Edge.LISTED_TWO_SCHOOLS: Edge.TWO_SCHOOLS,
    Edge.LISTED_NO_GPA: Edge.NO_GPA,
    Edge.LISTED_NO_BIRTHDATE: Edge.NO_BIRTHDATE,
    Edge.EXITED_YESTERDAY: Edge.LEFT_DISTRICT,
}
"""Parts that are a special case of another label."""


def labels(pupils: tuple[Pupil, ...], listed: tuple[Pupil, ...], today: date) -> Mapping[Edge, tuple[str, ...]]:
    """Return for every edge its student numbers, sorted."""
    plain = {pupil.number for pupil in listed if is_plainly_consented(pupil, today)}
    found: dict[Edge, list[str]] = {edge: [] for edge in Edge}
    for pupil in sorted(pupils, key=lambda pupil: pupil.number):
        marks = _marks_of_name(pupil.row)
        if pupil.number in plain:
            marks.add(Edge.CONSENTED)
        if pupil.edge is not None:
            marks |= {pupil.edge, ALSO.get(pupil.edge, pupil.edge)}
        if pupil.number.startswith("0"):
            marks.add(Edge.LEADING_ZERO)
        for edge in marks:
            found[edge].append(pupil.number)
    return MappingProxyType({edge: tuple(numbers) for edge, numbers in found.items()})


def full_name(row: StudentRow) -> str:
    """Join first, middle and last name as far as there are any."""
    return " ".join(part for part in (row.first_name, row.middle_name, row.last_name) if part)


def _marks_of_name(row: StudentRow) -> set[Edge]:
    name = full_name(row)
    shows = {
        Edge.MONONYM: row.first_name is None,
        Edge.LONG_NAME: len(name) > LONG_NAME,
        Edge.APOSTROPHE: not APOSTROPHES.isdisjoint(name),
        Edge.HYPHEN: "-" in name,
        Edge.OTHER_SCRIPT: any(
            letter.isalpha() and not unicodedata.name(letter).startswith(("LATIN", "MODIFIER")) for letter in name
        ),
        Edge.COMBINING: any(unicodedata.category(letter) == "Mn" for letter in name),
    }
    return {edge for edge, shown in shows.items() if shown}
