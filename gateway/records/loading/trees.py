"""
From a record with members in members, a JSON object or an XML element, to the cells of rows.

A path names one value: `name.last`, `addresses[type=Home].city`, `school..number` (at any depth in it). A member that
stands there several times is no cell unless the path says which one is meant: nothing is picked by chance.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product, zip_longest
from typing import Any, Final

DEPTH: Final = 64
"""How deep a member is looked for."""
ROWS_A_RECORD: Final = 1_000
"""How many rows a record may be, where a mapping takes a row for each of its children."""
BETWEEN: Final = "; "
"""What stands between several values that are one cell."""
_DESCRIPTOR: Final = "uri://"
_JOINED: Final = " + "
_STROKE: Final = "/"
_STEP: Final = re.compile(r"(?P<name>[^.\[\]]+)(?P<which>(?:\[[^\[\]]+\])*)")
_WHICH: Final = re.compile(r"\[([^\[\]]+)\]")
_TAKEN: Final = ("first", "last", "all")


class Element(dict[str, Any]):
    """An XML element: children by their local names, several of one name as a list; attributes with `@` before."""

    __slots__ = ("text",)

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    @property
    def is_leaf(self) -> bool:
        """Whether there are no elements in it."""
        return all(name.startswith("@") for name in self)


class BadPath(ValueError):
    """A path is not well formed."""


@dataclass(frozen=True, slots=True)
class NotRead:
    """Why a record is no row, and what could be read of it: whose it is may stand there. Personal data: not printed."""

    why: str
    cells: tuple[str, ...] = field(default=(), repr=False)


class _NoCell(Exception):
    """There is no single value at a path."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A member's name, the conditions on its occurrences, and which of those that are left; `deep`: at any depth."""

    name: str
    deep: bool
    conditions: tuple[tuple["_Path", str], ...]
    taken: str

    @property
    def is_told(self) -> bool:
        """Whether it says which one of several is meant."""
        return bool(self.conditions or self.taken)


@dataclass(frozen=True, slots=True)
class _Path:
    text: str
    steps: tuple[_Step, ...]
    plain: tuple[str, ...] | None = None
    """The names of its steps, if it is names only."""


@dataclass(frozen=True, slots=True)
class Cells:
    """How the cells of rows are read from a record: for each column the paths to try, in order."""

    columns: tuple[str, ...]
    paths: tuple[tuple[tuple[_Path, ...], ...], ...]
    each: tuple[str, ...]
    words: bool

    @property
    def names(self) -> frozenset[str]:
        """The members of a record that some path begins with."""
        return frozenset(path.steps[0].name for tried in self.paths for joined in tried for path in joined)

    def rows(self, record: Mapping[str, Any]) -> Iterator[tuple[str, ...] | NotRead]:
        """Yield the cells of each row that a record is, or why it is none."""
        listed = [(name, occurrences) for name in self.each if len(occurrences := _listed(record.get(name))) > 1]
        number = 1
        for _, occurrences in listed:
            number *= len(occurrences)
        if number > ROWS_A_RECORD:
            yield NotRead(f"it would be more than {ROWS_A_RECORD:,} rows")
            return
        # A list of one is that one: where a row is taken for each, no path needs to say which.
        one = {name: next(iter(_listed(record.get(name))), None) for name in self.each}
        for chosen in product(*(occurrences for _, occurrences in listed)):
            yield self._row({**record, **one, **dict(zip((name for name, _ in listed), chosen, strict=True))})

    def _row(self, record: Mapping[str, Any]) -> tuple[str, ...] | NotRead:
        cells, why = [], ""
        for tried in self.paths:
            try:
                cells.append(self._cell(record, tried))
            except _NoCell as error:
                cells.append("")
                why = why or str(error)
        return NotRead(why, tuple(cells)) if why else tuple(cells)

    def _cell(self, record: Mapping[str, Any], tried: Sequence[Sequence[_Path]]) -> str:
        for joined in tried:
            parts = [_value(record, path, words=self.words) for path in joined]
            if cell := _STROKE.join(parts) if all(parts) else "":
                return cell
        return ""


def cells_for(columns: Mapping[str, Sequence[str]], each: Sequence[str], *, words: bool) -> Cells:
    """Return how to read these columns, each by the paths to try in order. Raises `BadPath`."""
    if bare := [name for name, tried in columns.items() if not tried]:
        raise BadPath(f"The column {bare[0]!r} needs a path.")
    paths = tuple(
        tuple(tuple(_parse(part) for part in text.split(_JOINED)) for text in tried) for tried in columns.values()
    )
    return Cells(tuple(columns), paths, tuple(each), words)


def _parse(text: str) -> _Path:
    steps: list[_Step] = []
    at, deep = 0, False
    while True:
        found = _STEP.match(text, at)
        if found is None:
            raise BadPath(f"The path {text!r} is not well formed.")
        steps.append(_step(found["name"], _WHICH.findall(found["which"]), text, deep=deep))
        at = found.end()
        if at == len(text):
            is_plain = not any(step.deep or step.is_told for step in steps)
            return _Path(text, tuple(steps), tuple(step.name for step in steps) if is_plain else None)
        if text[at] != ".":
            raise BadPath(f"The path {text!r} is not well formed.")
        deep = text.startswith("..", at)
        at += 2 if deep else 1


def _step(name: str, which: Sequence[str], text: str, *, deep: bool) -> _Step:
    conditions, taken = [], ""
    for each in which:
        key, sign, value = each.partition("=")
        if sign:
            conditions.append((_Path("", ()) if key == "." else _parse(key), value))
        elif each in _TAKEN:
            taken = each
        else:
            raise BadPath(f"The path {text!r} says neither what its {name!r} holds nor which one is meant.")
    return _Step(name, deep, tuple(conditions), taken)


def _value(record: Mapping[str, Any], path: _Path, *, words: bool) -> str:
    if path.plain is not None:
        value: object = record
        for name in path.plain:
            if isinstance(value, list):
                break
            value = value.get(name) if isinstance(value, dict) else None
        return _cell(value, path, words=words)
    found: list[object] = [record]
    for step, next_step in zip_longest(path.steps, path.steps[1:]):
        following: list[object] = []
        for each in found:
            for value in _named(each, step):
                # Where all depths are searched next, all of a list is.
                if isinstance(value, list) and not (step.is_told or (next_step and next_step.deep)):
                    raise _NoCell(f"its member {path.text!r} is no single value")
                following += _chosen(value, step, words=words)
        found = following
    cells = dict.fromkeys(cell for each in found if (cell := _cell(each, path, words=words)))
    if len(cells) > 1 and not any(step.taken == "all" for step in path.steps):
        raise _NoCell(f"its member {path.text!r} is there more than once")
    return BETWEEN.join(cells)


def _named(value: object, step: _Step, depth: int = 0) -> Iterator[object]:
    """Yield what has the step's name in a value: once, or wherever it stands below."""
    if depth > DEPTH:
        raise _NoCell(f"its members stand more than {DEPTH} deep")
    if isinstance(value, dict) and value.get(step.name) is not None:
        yield value[step.name]
    elif step.deep and isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _named(each, step, depth + 1)


def _chosen(value: object, step: _Step, *, words: bool) -> Sequence[object]:
    met = [each for each in _listed(value) if all(_meets(each, *asked, words=words) for asked in step.conditions)]
    if step.taken in {"", "all"}:
        return met
    return met[:1] if step.taken == "first" else met[-1:]


def _meets(value: object, path: _Path, wanted: str, *, words: bool) -> bool:
    """Return whether a member has this value. One that holds several, or none at all, has no value but nothing."""
    try:
        if not path.steps:
            found = _cell(value, path, words=words)
        else:
            found = _value(value, path, words=words) if isinstance(value, dict) else ""
    except _NoCell:
        return False
    return found == wanted


def _cell(value: object, path: _Path, *, words: bool) -> str:
    if isinstance(value, Element) and value.is_leaf:
        value = value.text
    if isinstance(value, dict | list):
        raise _NoCell(f"its member {path.text!r} is no single value")
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    cell = str(value).strip()
    if not cell.isascii():
        # Each letter in one form, however it was composed.
        cell = unicodedata.normalize("NFC", cell)
    if "\0" in cell:
        raise _NoCell(f"its member {path.text!r} holds a NUL character")
    return cell.rpartition("#")[2] if words and cell.startswith(_DESCRIPTOR) else cell


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
