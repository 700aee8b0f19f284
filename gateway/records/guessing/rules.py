"""How a field is read from its column: the right-hand side of one line of a draft, and what is to be looked at."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Boolean, Date, Double
from sqlalchemy.types import TypeEngine

from gateway.records.guessing.columns import date_form, has_decimal_commas, is_yes_or_no, known_codes, strange_codes
from gateway.records.guessing.words import CODES
from gateway.records.loading.cells import TRUTHS

_YEARS: Final = re.compile("[0-9]{4}-[0-9]{4}")
_SHORT_YEARS: Final = re.compile("(20[0-9]{2})[-/]([0-9]{2})")
_DAYS: Final = (
    "entry_date", "attendance_event_date", "assessment_start_date", "incident_date", "program_start_date", "begin_date",
)  # fmt: skip
"""Days by which a row without a school year can be given one."""
_ADVICE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "school_year": 'the school year, such as { constant = "2026-2027" }',
        "entry_date": 'the first day at school; { constant = "2026-09-01" } stands for all',
        "session_identifier": 'the term, such as { constant = "T1" }',
        "section_identifier": "what tells two classes of one course apart; a column of the course will do",
        "school_identifier": "the school; a district with one school writes it as a constant",
        "assessment_title": 'the test, such as { constant = "Diagnostic" }',
        "assessment_subject": 'the subject, such as { constant = "Mathematics" }',
        "assessment_score_type": 'what the score is, such as { constant = "Scale score" }',
        "program_type": "the kind of program",
        "disciplinary_action": "what was done",
    }
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What stands behind a field's name, and what a person must look at."""

    text: str
    todo: str = ""


def rule_for(name: str, kind: TypeEngine[Any], column: str, cells: Sequence[str], like: Sequence[str] = ()) -> Rule:
    """Return how a field is read from a column with these cells; an empty column of days is read as those of `like`."""
    if isinstance(kind, Date):
        return _day(column, cells, like)
    if isinstance(kind, Boolean):
        return _yes_or_no(column, cells)
    if name in CODES:
        return _codes(column, cells, CODES[name])
    if name == "school_year":
        return _year(column, cells)
    if isinstance(kind, Double) and has_decimal_commas(cells):
        return Rule(table(column=column, decimal=","))
    return Rule(quoted(column))


def rule_without(name: str, columns: Mapping[str, tuple[str, Sequence[str]]]) -> Rule:
    """
    Return a rule for a field that must be filled and has no column; `columns` are those of the other fields.

    INVARIANT: a rule that a person must finish refuses every row until then; it never loads what nobody said.
    """
    if name == "school_year":
        for day in _DAYS:
            if day in columns:
                column, cells = columns[day]
                form = date_form(cells)
                said = {} if form is None or form.form is None else {"date": form.form}
                return Rule(table(column=column, year="july", **said), "is a school year from July to June?")
    return Rule(table(constant=""), f"no column was found. Needed: {_ADVICE.get(name, 'a column or a constant')}")


def quoted(text: str) -> str:
    """Return a text as TOML writes it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def table(**said: str) -> str:
    """Return an inline table."""
    return "{ " + ", ".join(f"{name} = {quoted(value)}" for name, value in said.items()) + " }"


def _day(column: str, cells: Sequence[str], like: Sequence[str]) -> Rule:
    if not cells and like:
        return Rule(_day(column, like, ()).text, "the column is empty: are its days written like the others?")
    found = date_form(cells)
    if found is None:
        return Rule(quoted(column), "the column is empty: how are its days written?")
    text = quoted(column) if found.form is None else table(column=column, date=found.form)
    if found.as_well:
        return Rule(text, f"is it this form, or {' or '.join(found.as_well)}? No cell that was looked at decides it")
    return Rule(text, f"{found.others} of {len(cells)} cells are written otherwise" if found.others else "")


def _yes_or_no(column: str, cells: Sequence[str]) -> Rule:
    if is_yes_or_no(cells):
        return Rule(quoted(column))
    known = {
        cell: "yes" if TRUTHS[cell.casefold()] else "no" for cell in sorted(set(cells)) if cell.casefold() in TRUTHS
    }
    return _mapped(column, cells, {**known_codes(cells, "yes"), **known}, "yes", tuple(TRUTHS))


def _codes(column: str, cells: Sequence[str], codes: str) -> Rule:
    return _mapped(column, cells, known_codes(cells, codes), codes)


def _mapped(column: str, cells: Sequence[str], known: Mapping[str, str], codes: str, also: Sequence[str] = ()) -> Rule:
    shown, hidden = strange_codes([cell for cell in cells if cell.casefold() not in also], codes)
    todo = []
    if shown:
        todo.append(f"what do these mean: {', '.join(map(quoted, shown))}?")
    if hidden:
        todo.append(f"{hidden} more codes, not shown here, refuse their rows")
    # A map without a code would load what stands in the cells.
    pairs = ", ".join(f"{quoted(cell)} = {quoted(meaning)}" for cell, meaning in known.items()) or '"?" = ""'
    return Rule(f"{{ column = {quoted(column)}, map = {{ {pairs} }} }}", "; ".join(todo))


def _year(column: str, cells: Sequence[str]) -> Rule:
    distinct = sorted(set(cells))
    if all(_YEARS.fullmatch(cell) for cell in distinct):
        return Rule(quoted(column))
    if all(len(cell) == 4 and cell.isdecimal() for cell in distinct):  # noqa: PLR2004 - a year
        return Rule(table(column=column, year="ends"), "does the school year end in this year, or does it begin?")
    short = {cell: f"{found[1]}-20{found[2]}" for cell in distinct if (found := _SHORT_YEARS.fullmatch(cell))}
    if len(short) == len(distinct):
        pairs = ", ".join(f"{quoted(cell)} = {quoted(year)}" for cell, year in short.items())
        return Rule(f"{{ column = {quoted(column)}, map = {{ {pairs} }} }}")
    return Rule(quoted(column), 'its cells are not written as 2026-2027: add a map = { "…" = "2026-2027" }')
