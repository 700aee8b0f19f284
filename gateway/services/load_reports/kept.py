"""
Reports of loads, rows in and out: the newest of them, and none of a load that was only tried.

Nothing is decided by a report. A load that succeeded has succeeded, whether its report could be kept or not.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
from sqlalchemy import Row, delete, func, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from agreements.register import digest_bytes
from gateway.services.errors import UnknownLoadReport
from gateway.services.load_reports.content import Content, plain
from gateway.store.load_reports import load_report

MOST: Final = 400
"""Reports that are kept: a year of nights, for a district that loads one mapping."""


class State(StrEnum):
    """What became of a load."""

    LOADED = "loaded"
    HELD = "held"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ReportLine:
    """
    One load in a list. `code` says why it was not loaded; `entries` are those of the load, or of what narrowed.

    `settled` is the number of a later load by the same mapping that went through: a held one waits no more.
    """

    number: int
    at: datetime
    mapping: str
    state: State
    code: str | None
    entries: tuple[int, ...]
    added: int
    changed: int
    ended: int
    refused: int
    settled: int | None

    @property
    def waits(self) -> bool:
        """Whether it is held, and nothing was loaded in its place."""
        return self.state is State.HELD and self.settled is None


@dataclass(frozen=True, slots=True)
class Report:
    """One load whole."""

    line: ReportLine
    content: Content


class LoadReports:
    """The reports of one installation, as the loader role."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def keep(
        self, mapping: str, source: str, content: Content, *, entries: tuple[int, ...] = (), code: str | None = None
    ) -> None:
        """
        Keep what became of a load of `mapping`, whose digest is `source`; older reports go.

        `code` is that of the refusal, if there was one. Never fails: what cannot be kept is said in the operator's log.
        """
        row = {
            "at": func.gateway.clock(),
            "mapping": plain(mapping),
            "source": digest_bytes(source),
            "state": _state_of(code).value,
            "code": code,
            "entries": list(entries),
            **{count: content.rows(count) for count in ("added", "changed", "ended", "refused")},
            "content": msgspec.to_builtins(content),
        }
        oldest = select(load_report.c.number).order_by(load_report.c.number.desc()).offset(MOST).limit(1)
        try:
            async with self._engine.begin() as connection:
                await connection.execute(insert(load_report).values(row))
                await connection.execute(delete(load_report).where(load_report.c.number <= oldest.scalar_subquery()))
        except (SQLAlchemyError, OSError) as error:
            # INVARIANT: not the error's own words, which quote what was to be written.
            logging.getLogger("pactgate").warning("the report of a load was not kept: %s", type(error).__name__)

    async def listed(self) -> tuple[ReportLine, ...]:
        """Return all reports, the newest first."""
        columns = [each for each in load_report.c if each.name != "content"]
        async with self._engine.connect() as connection:
            rows = (await connection.execute(select(*columns).order_by(load_report.c.number.desc()))).all()
        later: dict[bytes, int] = {}
        found = []
        for row in rows:
            found.append(_line(row, later.get(row.source)))
            if row.state == State.LOADED:
                later[row.source] = row.number
        return tuple(found)

    async def report(self, number: int) -> Report:
        """Return one report. Raises `UnknownLoadReport`."""
        later = (
            select(func.min(load_report.c.number))
            .where(
                load_report.c.number > number,
                load_report.c.state == State.LOADED.value,
                load_report.c.source
                == select(load_report.c.source).where(load_report.c.number == number).scalar_subquery(),
            )
            .scalar_subquery()
        )
        async with self._engine.connect() as connection:
            found = await connection.execute(
                select(load_report, later.label("settled")).where(load_report.c.number == number)
            )
            row = found.one_or_none()
        if row is None:
            raise UnknownLoadReport(f"No report of a load has the number {number}.")
        return Report(_line(row, row.settled), msgspec.convert(row.content, Content))


def _state_of(code: str | None) -> State:
    if code is None:
        return State.LOADED
    return State.HELD if code in _HELD else State.REFUSED


_HELD: Final = frozenset({"load_held", "confirmation_refused"})
"""Codes of `LoadHeld`, and of what is held because another load was confirmed."""


def _line(row: Row[Any], settled: int | None) -> ReportLine:
    return ReportLine(
        number=row.number,
        at=row.at,
        mapping=row.mapping,
        state=State(row.state),
        code=row.code,
        entries=tuple(row.entries),
        added=row.added,
        changed=row.changed,
        ended=row.ended,
        refused=row.refused,
        settled=settled,
    )
