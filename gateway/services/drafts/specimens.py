"""
Made-up rows in the shape in which an agreement lets rows leave: for people who judge a draft, never from records.

Everything in them is derived from the catalogue and the row's own number. INVARIANT: no connection to any database.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Final

from agreements.elements import Element, Transformation
from agreements.terms import DatasetTerms, ElementTerm
from gateway.records.encoding import RECORD_CODE
from gateway.records.errors import NotServed
from gateway.records.transforms import Released, released

SPECIMENS: Final = 2
"""Enough to see what differs from row to row."""
_KNOWN: Final[Mapping[str, str]] = {
    "000100": "09",
    "000126": "09",
    "x-postal-code": "00000",
    "001069": "EXAMPLE-SCHOOL",
    "000269": "1 Example Street",
    "000279": "555-0100",
    "000088": "nobody@example.invalid",
}
"""Texts whose form says more than their title: grade levels, codes, and what is reserved for examples."""

_MARKED: Final[Mapping[str, str]] = {"000124": "B+", "001142": "85", "000245": "2449"}
"""What is taken for a mark or a score where its band leaves: made-up words have none."""


def specimens(terms: DatasetTerms, elements: Mapping[str, Element]) -> tuple[dict[str, object], ...]:
    """Return made-up rows of one dataset; `elements` are those it lists, by id. Always the same."""
    return tuple(_specimen(number, terms, elements) for number in range(1, SPECIMENS + 1))


def example(element: Element, transformation: str, school_year: str) -> tuple[str, str]:
    """Return one made-up value as it would stand in the records, and as it would leave; empty where nothing does."""
    made = _made_up(element, 1, school_year)
    banded = transformation == Transformation.BAND and element.id in _MARKED
    before: Released = _MARKED[element.id] if banded else made
    if transformation == Transformation.DROP:
        return _told(before), ""
    line = ElementTerm(element.id, transformation, own_line=False, pointer="")
    return _told(before), _told(_left(line, made, school_year))


def _told(value: Released) -> str:
    return "" if value is None else value.isoformat() if isinstance(value, dt.date) else str(value)


def _specimen(number: int, terms: DatasetTerms, elements: Mapping[str, Element]) -> dict[str, object]:
    row: dict[str, object] = {RECORD_CODE: f"EXAMPLE-{number}"}
    for line in terms.elements:
        element = elements[line.element]
        value = _left(line, _made_up(element, number, terms.school_years[0]), terms.school_years[0])
        row[element.name] = value.isoformat() if isinstance(value, dt.date) else value
    return row


def _left(line: ElementTerm, value: Released, school_year: str) -> Released:
    """Return the value as it would leave; a form that is not served yet is shown by its name."""
    if line.transformation == Transformation.COUNT:
        return 2
    try:
        banded = _MARKED.get(line.element, value) if line.transformation == Transformation.BAND else value
        return released(line.element, line.transformation, banded, school_year)
    except NotServed:
        return f"example {line.transformation}"


def _made_up(element: Element, number: int, school_year: str) -> Released:
    if element.name == "school_year":
        return school_year
    match element.value_type:
        case "date":
            return dt.date(2001, 1, number)
        case "integer":
            return 10 * number
        case "number":
            return 1.5 * number
        case "boolean":
            return number == 1
    return _KNOWN.get(element.id, f"Example {element.title.lower()} {number}")
