"""Which table becomes which target, and which of its columns become which fields."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Boolean, Date, Double

from gateway.records.guessing.columns import date_form
from gateway.records.guessing.joins import Link, links_of
from gateway.records.guessing.tables import Table
from gateway.records.guessing.words import CODES, TargetWords, readings, targets
from gateway.records.loading.mapping import FORBIDDEN
from gateway.records.loading.targets import NUMBER, fields_of, kinds_of, required_of

_SEVERAL: Final = 30
"""More different cells than a column of codes, or of yes and no, has."""
_NAMED: Final = 4
_STUDENTS: Final = "students"
_WORTH_JOINING: Final = frozenset({"school_identifier", "course_identifier", "course_title"})


@dataclass(slots=True)
class Match:
    """A target filled from a table. `fields` are columns of it, or of a joined one: (link, column)."""

    target: str
    table: Table
    fields: dict[str, tuple[Link | None, str]]
    worth: int
    links: list[Link] = field(default_factory=list)

    def cells(self, name: str) -> tuple[str, ...]:
        """Return the cells that a field would be read from."""
        link, column = self.fields[name]
        return (self.table if link is None else link.table).cells(column)

    def column(self, name: str) -> str:
        """Return the column of a field as a mapping names it."""
        link, column = self.fields[name]
        return column if link is None else f"{link.table.name}.{column}"


@dataclass(frozen=True, slots=True)
class Matches:
    """The best table for each target that has one. `also` are tables that would do for a target too, by name."""

    best: Sequence[Match]
    also: Mapping[str, str]


def matches_of(tables: Sequence[Table]) -> Matches:
    """Return the best table for each target that has one, in the order of the targets."""
    found: list[Match] = []
    also: dict[str, str] = {}
    links = {table.name: links_of(table, tables) for table in tables}
    for words in targets():
        candidates = [match for table in tables if (match := _match(words, table, links[table.name])) is not None]
        if candidates:
            best = max(candidates, key=lambda each: each.worth)
            found.append(best)
            also.update({each.table.name: words.target for each in candidates if each is not best})
    _agree_on_numbers(found)
    return Matches(tuple(found), also)


def _agree_on_numbers(matches: Sequence[Match]) -> None:
    """Know students by the column that other tables name them by, where there are several such columns."""
    named = [(each.table, set(each.cells(NUMBER))) for each in matches if NUMBER in each.fields]
    words = next(each for each in targets() if each.target == _STUDENTS).fields[NUMBER]
    for match in matches:
        if NUMBER not in match.fields or match.fields[NUMBER][0] is not None:
            continue
        columns = [each for each in match.table.columns if any(reading in words for reading in readings(each))]
        own = match.fields[NUMBER][1]
        asked = [numbers for table, numbers in named if table is not match.table]
        shared = {
            column: sum(len(numbers & set(match.table.cells(column))) for numbers in asked)
            for column in (own, *columns)
        }
        match.fields[NUMBER] = (None, max(shared, key=lambda column: shared[column]))


def _match(words: TargetWords, table: Table, links: Iterable[Link]) -> Match | None:
    own = _assigned(words, table)
    if any(name in own for name in words.without):
        return None
    match = Match(words.target, table, {name: (None, column) for name, column in own.items()}, 2 * len(own))
    if any(part in table.name.casefold() for part in words.named):
        match.worth += _NAMED
    for link in links:
        _join(words, match, link)
    if any(not any(name in match.fields for name in group) for group in words.needs):
        return None
    if words.target == _STUDENTS and is_unique(match, NUMBER):
        match.worth += _NAMED
    return match


def is_unique(match: Match, name: str) -> bool:
    """Return whether each row has a value of its own in this field."""
    cells = match.cells(name)
    return len(set(cells)) == len(cells) == len(match.table.rows)


def _join(words: TargetWords, match: Match, link: Link) -> None:
    """Take what is missing from a table that can be joined, if it is worth a join."""
    missing = [name for name in fields_of(words.target) if name not in match.fields]
    needed = {name for group in words.needs if not any(each in match.fields for each in group) for name in group}
    wanted = {*required_of(words.target), *needed, *_WORTH_JOINING}
    if words.target == _STUDENTS:
        wanted.update(missing)
    offered = _assigned(words, link.table)
    taken = {name: offered[name] for name in missing if name in wanted and offered.get(name, link.key) != link.key}
    if taken:
        match.links.append(link)
        match.fields.update({name: (link, column) for name, column in taken.items()})
        match.worth += len(taken)


def _assigned(words: TargetWords, table: Table) -> dict[str, str]:
    """Return a column for each field that one is called after; the likeliest names choose first."""
    if not table.has_header:
        return {}
    ranked = sorted(
        (said.index(reading), place, name, column)
        for place, (name, said) in enumerate(words.fields.items())
        for column in table.columns
        for reading in readings(column)
        if reading in said and not any(word in column.casefold() for word in FORBIDDEN)
    )
    found: dict[str, str] = {}
    for _, _, name, column in ranked:
        if name not in found and column not in found.values() and _could_be(words.target, name, table.cells(column)):
            found[name] = column
    return found


def _could_be(target: str, name: str, cells: Sequence[str]) -> bool:
    kind = kinds_of(target).get(name)
    if not cells or kind is None:
        return True
    if isinstance(kind, Date):
        return date_form(cells) is not None
    if isinstance(kind, Boolean) or name in CODES:
        return len(set(cells)) <= _SEVERAL
    if isinstance(kind, Double):
        return sum(cell[:1].isdecimal() or cell[:1] in "+-." for cell in cells) * 2 > len(cells)
    return True
