"""
The one reader: rows of students for a partner, by permit only.

One statement a page, and so one transaction and one round trip: it names the agreement and reads epoch, clock and
rows. The agreement is set for that transaction and dies with it, so a pooled connection carries nothing to its next
user, however the statement ends.
"""

import datetime as dt
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg

from gateway.records.errors import BadFilter, BadPosition, NotPermitted
from gateway.records.statement import WITHIN, Shape, Statement, build
from policies.decision import GrantedField, Permit

MAX_LIMIT: Final = 1_000
STATEMENTS: Final = 512  # a few kilobytes each; the least used one goes
_MAX_NUMBER: Final = 2**31 - 1
"""No stored number is larger; it also turns away what is infinite and what is no number."""
_JOINERS: Final = {0x200C: None, 0x200D: None}
"""Zero-width joiner and non-joiner: not printable, and part of names in Persian and the scripts of India."""
_AGREEMENT: Final = re.compile(r"sha256:[0-9a-f]{64}\Z")

Scalar = str | int | float | bool | dt.date
CLOCK_STARTS: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_EPOCH, _NOW, _SEALED, _COVERS, _STATED, CODE_AT = range(6)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ended. Holds personal data (codes, the value sorted by): it leaves encrypted, or not at all."""

    code: str = field(repr=False)
    sort: str | int | float | bool | None = field(default=None, repr=False)
    """The last released value sorted by; dates as ISO 8601."""
    place: int | None = field(default=None, repr=False)
    turn: int | None = field(default=None, repr=False)
    """Which of one student's rows it was, where a student has several (`gateway.records.statement.WITHIN`)."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as released, with the epoch and the clock of the same snapshot."""

    epoch: int
    now: dt.datetime
    rows: list[asyncpg.Record] = field(repr=False)
    """One line a row; its values start at `values_at`, in the order of the permit's fields."""
    values_at: int
    next: Position | None = field(repr=False)
    """Where the next page starts; None when this is the last."""

    @property
    def more(self) -> bool:
        """Whether there is a next page."""
        return self.next is not None

    @property
    def subjects(self) -> list[bytes]:
        """Return the sealed subject number of each row's student."""
        return [row[_SEALED] for row in self.rows]

    @property
    def codes(self) -> list[str]:
        """Return the record code of each row."""
        return [row[CODE_AT] for row in self.rows]

    @property
    def covers(self) -> list[int | None]:
        """Return each row's mask of covered elements; None covers all."""
        return [row[_COVERS] for row in self.rows]

    @property
    def statements(self) -> list[str | None]:
        """Return what each row's family stated about its elements: JSON text of elements, words and day, or None."""
        return [row[_STATED] for row in self.rows]


class Reader:
    """Reads pages. Holds a pool of the app role's connections and the statements built so far."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._statements: OrderedDict[tuple[object, ...], Statement] = OrderedDict()

    async def read_page(
        self, permit: Permit, *, limit: int, after: Position | None = None, code: str | None = None
    ) -> Page:
        """
        Return at most `limit` rows that `permit` gives, from `after` on, or those of one record code.

        Raises `NotPermitted` for anything but a permit, `NotServed`, `BadFilter`, `BadPosition`.
        """
        # (1): only a decision opens this door; a guard elsewhere would not see a direct call.
        if type(permit) is not Permit or not _AGREEMENT.match(permit.agreement):
            raise NotPermitted("the reader takes permits only")
        # A rehearsal decides by documents that nobody verified; its epoch is one that no database is at.
        if permit.epoch < 0:
            raise NotPermitted("the reader takes no permit of a rehearsal")
        if not 1 <= limit <= MAX_LIMIT:
            raise ValueError(f"a page has 1 to {MAX_LIMIT} rows")
        statement = self._statement(permit, Shape(limit, _start(permit, after, code)))
        arguments = statement.arguments(_given(permit, statement, after, code))
        # (2): no BEGIN and COMMIT round it: they would cost two round trips and add nothing to one statement.
        return page_of(await self._pool.fetch(statement.sql, *arguments), statement, limit)

    def _statement(self, permit: Permit, shape: Shape) -> Statement:
        key = (*key_of(permit), shape)
        found = self._statements.get(key)
        if found is None:
            found = self._statements[key] = build(permit, shape)
            if len(self._statements) > STATEMENTS:
                self._statements.popitem(last=False)
        else:
            self._statements.move_to_end(key)
        return found


def key_of(permit: Permit) -> tuple[object, ...]:
    """Return all of a permit that a statement's text and constants depend on."""
    return (
        permit.agreement,
        permit.dataset,
        tuple(_form(each) for each in permit.fields),
        tuple(_form(each) for each, _ in permit.filters),
        permit.sort and _form(permit.sort),
        permit.cell_minimum,
        permit.exact,
        tuple((element, codes.digest) for element, codes in permit.row_codes),
    )


def _form(asked: GrantedField) -> tuple[str, str, str | None]:
    """Return all of a field that a statement's text and constants depend on."""
    return asked.element, asked.transformation, None if asked.codes is None else asked.codes.digest


def _start(permit: Permit, after: Position | None, code: str | None) -> str:
    if code is not None:
        return "code"
    if after is None:
        return "first"
    return "after_unknown" if permit.sort is not None and after.sort is None else "after"


def filters_given(permit: Permit, statement: Statement) -> dict[str, Any]:
    """Return the values of the permit's filters by parameter. Raises `BadFilter`."""
    return {
        f"f{number}": _filter_value(wanted, statement.types[f"f{number}"])
        for number, (_, wanted) in enumerate(permit.filters)
    }


def _given(permit: Permit, statement: Statement, after: Position | None, code: str | None) -> dict[str, Any]:
    given = filters_given(permit, statement)
    if code is not None:
        given["code"] = code
    elif after is not None:
        try:
            given |= {"code": after.code, "place": after.place, "turn": after.turn}
            if statement.is_sorted and after.sort is not None:
                given["sort"] = _position_value(after.sort, statement.types["sort"])
        except (ValueError, TypeError):
            raise BadPosition("a position holds a value of another kind") from None
        if not statement.is_several == (after.place is not None) == (after.turn is not None):
            raise BadPosition("a position of another dataset")
    return given


def _filter_value(wanted: str, kind: type) -> Scalar:
    """Read a filter's text as a released value of `kind`. Raises `BadFilter`; the value is not in the message."""
    try:
        if kind is bool:
            return {"true": True, "false": False}[wanted]
        if kind is dt.date:
            return dt.date.fromisoformat(wanted)
        if kind is int or kind is float:
            number = int(wanted, 10) if kind is int else float(wanted)
            if abs(number) <= _MAX_NUMBER:
                return number
        elif wanted.translate(_JOINERS).isprintable():
            return wanted
    except (KeyError, ValueError):
        pass
    raise BadFilter(f"a filter's value is no {kind.__name__}")


def _position_value(value: str | float, kind: type) -> Scalar:
    if kind is dt.date:
        return dt.date.fromisoformat(str(value))
    if kind is float and isinstance(value, int):
        return float(value)
    if not isinstance(value, kind):
        raise TypeError
    return value


def page_of(lines: list[asyncpg.Record], statement: Statement, limit: int) -> Page:
    """Return what a statement's lines hold, at most `limit` rows; the line after them says that there are more."""
    epoch, now = lines[0][_EPOCH], CLOCK_STARTS + dt.timedelta(microseconds=lines[0][_NOW])
    if lines[0][CODE_AT] is None:
        return Page(epoch, now, [], statement.values_at, None)
    rows = lines[:limit]
    following = position_after(rows[-1]) if len(lines) > limit else None
    return Page(epoch, now, rows, statement.values_at, following)


def position_after(row: asyncpg.Record) -> Position:
    """Return the position of the row after this one: what a cursor holds."""
    known = set(row.keys())
    sort, place, turn = (row[name] if name in known else None for name in ("sort", *WITHIN))
    return Position(row[CODE_AT], sort.isoformat() if isinstance(sort, dt.date) else sort, place, turn)
