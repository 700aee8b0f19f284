"""
Lists that filter, sort, page and download: one shape for every table of a page.

Everything stands in the address as plain fields of a GET form, so a list can be bookmarked, works without a script, and
its download is what it shows. INVARIANT: no list is filtered by what names a student; such pages ask by POST.
"""

import csv
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from gateway.errors import Sentence
from gateway.pages.errors import BadList
from gateway.spreadsheets import BYTE_ORDER_MARK, inert

Row = TypeVar("Row")
Cell = str | int | date | datetime | None
"""What stands in one place of a list. A time has its zone."""

PAGE: Final = 50
"""Rows on one page."""
DOWNLOAD: Final = "download"
CSV: Final = "csv"
LONGEST: Final = 200
"""Letters in one field of a list."""
_DOWN: Final = "down"


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """
    A column: its name in addresses, its title (a message), and what stands in it.

    It `sorts` by default; one that is not `on_page` stands in the file alone, one not `in_file` on the page alone.
    """

    name: str
    title: str
    of: Callable[[Row], Cell]
    is_number: bool = False
    sorts: bool = True
    on_page: bool = True
    in_file: bool = True


@dataclass(frozen=True, slots=True)
class Pick(Generic[Row]):
    """A filter by one of the values that the list has. `label` is what people call the value."""

    name: str
    title: str
    of: Callable[[Row], str]
    label: Callable[[Row], str] | None = None

    def options(self, rows: Iterable[Row]) -> list[tuple[str, str]]:
        """Return the values and what they are called, in the order of their names."""
        called = {self.of(row): (self.label or self.of)(row) for row in rows}
        return sorted(((value, text) for value, text in called.items() if value), key=lambda pair: pair[1].casefold())


@dataclass(frozen=True, slots=True)
class Words(Generic[Row]):
    """A filter by words that all stand somewhere in the texts of a row, whatever their case."""

    name: str
    title: str
    of: Callable[[Row], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Shown(Generic[Row]):
    """
    One page of a list: its `rows`, of `found` that fit of `total`; `picks` are the filters with their options.

    `asked` is what stands in the address: filters, sorting, page.
    """

    listing: "Listing[Row]"
    rows: Sequence[Row]
    every: Sequence[Row] = field(repr=False)
    total: int
    page: int
    picks: tuple[tuple[Pick[Row], list[tuple[str, str]]], ...]
    asked: Mapping[str, str]
    sort: str
    down: bool

    @property
    def found(self) -> int:
        """How many rows fit the filters."""
        return len(self.every)

    @property
    def pages(self) -> int:
        """How many pages they fill; 1 if there is none."""
        return max(1, math.ceil(self.found / self.listing.page))

    @property
    def wants_file(self) -> bool:
        """Whether the download was asked for, and not the page."""
        return self.asked.get(DOWNLOAD) == CSV

    @property
    def is_filtered(self) -> bool:
        """Whether a filter is filled in."""
        return any(self.asked.get(each.name) for each in self.listing.filters)

    def order_of(self, column: Column[Row]) -> str:
        """Return how the list is sorted by a column, as `aria-sort` says it."""
        if column.name != self.sort:
            return "none"
        return "descending" if self.down else "ascending"

    def sorted_by(self, column: Column[Row]) -> str:
        """Return the query of the same list sorted by a column; the other way round if it is sorted by it already."""
        down = "1" if column.name == self.sort and not self.down else ""
        return self._query(sort=column.name, down=down, page="")

    def at(self, page: int) -> str:
        """Return the query of another page of the same list."""
        return self._query(page=str(page))

    @property
    def cleared(self) -> str:
        """The query of the same list without its filters."""
        return urlencode(self.kept)

    @property
    def kept(self) -> Mapping[str, str]:
        """What the page itself asked for, to be carried along."""
        return {name: self.asked[name] for name in self.listing.kept if name in self.asked}

    @property
    def file(self) -> str:
        """The query of the same list, whole, as a file."""
        return self._query(page="", download=CSV)

    def _query(self, **changed: str) -> str:
        return urlencode({name: value for name, value in {**self.asked, **changed}.items() if value})


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """
    What a list has: `name` of its file, columns, filters, and by which column it is sorted unless somebody asks.

    `down` says that the default order is from the end. Rows that are alike stay in the order in which they came. `page`
    is how many rows one page has; `kept` are fields of the address that the page itself reads, which its links keep.
    """

    name: str
    columns: tuple[Column[Row], ...]
    sort: str
    down: bool = False
    picks: tuple[Pick[Row], ...] = ()
    words: Words[Row] | None = None
    page: int = PAGE
    kept: tuple[str, ...] = ()

    @property
    def filters(self) -> tuple[Pick[Row] | Words[Row], ...]:
        """All filters, in the order of the form."""
        return (*(() if self.words is None else (self.words,)), *self.picks)

    def shown(self, rows: Sequence[Row], query: Mapping[str, str]) -> Shown[Row]:
        """
        Return the page that the fields of an address ask for; what is not a field here is passed over.

        Raises `BadList`.
        """
        known = {*(each.name for each in self.filters), *self.kept, "sort", _DOWN, "page", DOWNLOAD}
        asked = {name: query[name].strip() for name in sorted(known) if query.get(name, "").strip()}
        if any(len(value) > LONGEST for value in asked.values()):
            raise BadList(Sentence("A field of a list has %(most)s letters at most.", most=LONGEST))
        column = next((each for each in self.columns if each.sorts and each.name == asked.get("sort", self.sort)), None)
        if column is None:
            raise BadList("The list has no such column to sort by.")
        down = bool(asked.get(_DOWN)) if "sort" in asked else self.down
        every = self._sorted([row for row in rows if self._fits(row, asked)], column, down=down)
        page = _number(asked.get("page", "1"))
        return Shown(
            listing=self,
            rows=every[(page - 1) * self.page : page * self.page],
            every=every,
            total=len(rows),
            page=page,
            picks=tuple((each, each.options(rows)) for each in self.picks),
            asked=asked,
            sort=column.name,
            down=down,
        )

    def _fits(self, row: Row, asked: Mapping[str, str]) -> bool:
        if any(asked.get(each.name, each.of(row)) != each.of(row) for each in self.picks):
            return False
        if self.words is None or self.words.name not in asked:
            return True
        text = "\n".join(self.words.of(row)).casefold()
        return all(word in text for word in asked[self.words.name].casefold().split())

    @staticmethod
    def _sorted(rows: list[Row], column: Column[Row], *, down: bool) -> list[Row]:
        # What is not there stands at the end, whichever way round.
        there: list[Row] = []
        missing: list[Row] = []
        for row in rows:
            (missing if column.of(row) is None else there).append(row)
        return [*sorted(there, key=lambda row: _key(column.of(row)), reverse=down), *missing]


def table(titles: Sequence[str], rows: Iterable[Sequence[Cell]], zone: ZoneInfo) -> str:
    """
    Return a table for a spreadsheet: CSV by RFC 4180 with a byte order mark, times in `zone` by ISO 8601.

    INVARIANT: no cell is a formula.
    """
    return BYTE_ORDER_MARK + part([titles, *rows], zone)


def part(rows: Iterable[Sequence[Cell]], zone: ZoneInfo) -> str:
    """Return more lines of a table."""
    written = io.StringIO()
    csv.writer(written).writerows([_cell(each, zone) for each in row] for row in rows)
    return written.getvalue()


def _cell(value: Cell, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    if isinstance(value, str):
        return inert(value)
    return "" if value is None else str(value)  # a number of ours, or a day


def _key(value: Cell) -> Any:  # noqa: ANN401  values of one column compare with one another
    return value.casefold() if isinstance(value, str) else value


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) < 2**31:
        raise BadList("The page of a list is a number from 1 on.")
    return int(text)
