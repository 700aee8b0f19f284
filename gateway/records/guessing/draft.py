"""
A mapping for an export nobody has described, as far as it can be told from the export itself.

What cannot be told is a line with TODO, and refuses rows until a person has finished it. A draft holds names of files
and columns, forms of days and codes that are no person's; never a name, a number or a day of anybody.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Date
from sqlalchemy.types import TypeEngine

from gateway.records.errors import NothingRecognised
from gateway.records.guessing.matching import Match, is_unique, matches_of
from gateway.records.guessing.rules import Rule, quoted, rule_for, rule_without
from gateway.records.guessing.tables import Table, tables_of
from gateway.records.guessing.words import squeezed
from gateway.records.loading.mapping import parse_mapping
from gateway.records.loading.targets import NUMBER, fields_of, kinds_of, required_of

_ATTENDANCE = "attendance_events"
_STUDENTS = "students"


@dataclass(frozen=True, slots=True)
class Draft:
    """The text of a mapping, and what is in it."""

    text: str
    files: tuple[str, ...]
    targets: tuple[str, ...]
    todo: int
    """How many lines a person must finish."""
    unread: tuple[str, ...]
    """Files that are no tables, or hold nothing that was understood."""


def draft_mapping(place: Path, name: str) -> Draft:
    """
    Draft a mapping for a file, a folder or a zip archive.

    Raises `BadSource`, and `NothingRecognised` if not one target could be filled.
    """
    tables, others = tables_of(place)
    found = matches_of(tables)
    matches = found.best
    if not matches:
        raise NothingRecognised(f"Of {len(tables)} tables none was understood.")
    used = {table.name for match in matches for table in (match.table, *(link.table for link in match.links))}
    lines = [*_head(name, place), *_files(tables, used)]
    for match in matches:
        lines += _load(match)
    for table in tables:
        lines += _unused(table, matches) if table.name in used else _untaken(table, found.also)
    text = "\n".join(lines) + "\n"
    parse_mapping(text)
    unread = (*(table.source.path for table in tables if table.name not in used), *others)
    return Draft(
        text,
        tuple(table.source.path for table in tables if table.name in used),
        tuple(match.target for match in matches),
        sum("# TODO" in line for line in lines),
        tuple(dict.fromkeys(unread)),
    )


def _head(name: str, place: Path) -> Iterator[str]:
    yield f"# Drafted from {quoted(place.name)}: finish the lines with TODO, look at the others, and try it with"
    yield "#   pactgate records load --dry-run --mapping THIS-FILE EXPORT"
    yield "# A field may be left out unless it is required; docs/mapping-files.md has every word."
    yield "format = 1"
    yield f"name = {quoted(squeezed(name, keep='-') or 'my-system')}"


def _files(tables: Sequence[Table], used: set[str]) -> Iterator[str]:
    for table in tables:
        if table.name not in used:
            continue
        source = table.source
        yield ""
        yield f"[files.{table.name}]"
        yield f"path = {quoted(source.path)}"
        if source.form != "csv":
            yield f"form = {quoted(source.form)}"
        if source.sheet is not None:
            yield f"sheet = {quoted(source.sheet)}"
        if source.first_line > 1:
            yield f"first_line = {source.first_line}"
        if source.columns:
            yield f"columns = [{', '.join(map(quoted, source.columns))}]"
        if source.form == "csv" and source.delimiter != ",":
            yield f"delimiter = {quoted(source.delimiter)}"
        if source.form == "csv" and source.encoding != "utf-8-sig":
            doubt = (
                "  # TODO: no UTF-8; look at names with accents in what is loaded"
                if source.encoding == "cp1252"
                else ""
            )
            yield f"encoding = {quoted(source.encoding)}{doubt}"


def _load(match: Match) -> Iterator[str]:
    yield ""
    yield "[[load]]"
    yield f"target = {quoted(match.target)}"
    yield f"from = {quoted(match.table.name)}"
    if match.target == _ATTENDANCE:
        yield 'scope = ["attendance_event_date"]  # TODO: is the file the whole truth about the days in it?'
    if match.target == _STUDENTS and not is_unique(match, NUMBER):
        yield "fold = {}  # TODO: students come several times; rows that differ are refused"
    if match.table.repeats_header:
        first = quoted(match.table.columns[0])
        yield f"skip = [{{ column = {first}, values = [{first}] }}]  # the header stands among the rows again"
    for link in match.links:
        yield "[[load.join]]"
        yield f"file = {quoted(link.table.name)}"
        yield f"on = {quoted(link.on)}"
        yield f"key = {quoted(link.key)}"
        if not link.is_complete:
            yield "optional = true  # TODO: not every row has a partner"
    yield "[load.fields]"
    kinds = kinds_of(match.target)
    columns = {name: (match.column(name), match.cells(name)) for name in match.fields if name in kinds}
    needed = required_of(match.target)
    for name in fields_of(match.target):
        column, cells = columns.get(name, ("", ()))
        # A column with nothing in it fills nothing that must be filled.
        if column and (cells or name not in needed):
            like = () if cells or not isinstance(kinds[name], Date) else _days(columns, kinds)
            yield _line(name, rule_for(name, kinds[name], column, cells, like))
        elif name in needed:
            yield _line(name, rule_without(name, {each: said for each, said in columns.items() if said[1]}))


def _days(columns: Mapping[str, tuple[str, Sequence[str]]], kinds: Mapping[str, TypeEngine[Any]]) -> Sequence[str]:
    """Return the cells of a column with days in it."""
    return next((cells for name, (_, cells) in columns.items() if cells and isinstance(kinds[name], Date)), ())


def _line(name: str, rule: Rule) -> str:
    return f"{name} = {rule.text}" + (f"  # TODO: {rule.todo}" if rule.todo else "")


def _untaken(table: Table, also: Mapping[str, str]) -> Iterator[str]:
    """Name a table of which nothing was made, and no column of one that has no names for them."""
    yield ""
    sheet = "" if table.source.sheet is None else f", sheet {quoted(table.source.sheet)}"
    columns = f"{len(table.columns)} column{'' if len(table.columns) == 1 else 's'}"
    seen = columns + ("" if table.has_header else ", and no header line that was understood")
    yield f"# TODO: nothing was made of {quoted(table.source.path)}{sheet}: {seen}."
    if table.name in also:
        yield f"# It looks like {also[table.name]} too: a mapping file of its own may fill that, with a scope."


def _unused(table: Table, matches: Sequence[Match]) -> Iterator[str]:
    """Name the columns of a table of which nothing was made."""
    taken: set[str] = set()
    for match in matches:
        own = match.table is table
        taken |= {column for link, column in match.fields.values() if (own if link is None else link.table is table)}
        taken |= {link.on for link in match.links if own} | {link.key for link in match.links if link.table is table}
    if left := [column for column in table.columns if column not in taken]:
        yield ""
        yield f"# Nothing was made of these columns of {table.name}: {', '.join(map(quoted, left))}."
