"""
Values of coded elements that nobody has classified, as they stand in the records or in what a load brings.

Codes are not about anybody, but a source system may let people type what they like where a code belongs. INVARIANT: a
value is told only if it is no longer than a code and stands in as many rows as the smallest group that may be told of:
what is rarer, or longer, is counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg
from sqlalchemy import Table

from gateway.records.loading.comparing import IN_FORCE
from gateway.records.loading.merge import Difference
from gateway.records.loading.targets import TARGETS
from gateway.records.loading.workspace import Workspace

Known = Mapping[str, frozenset[str]]
"""The values of each coded element that somebody has judged."""
LONGEST: Final = 100
"""Letters in a value that is told: codes and their words in CEDS are mostly shorter."""
MOST: Final = 200
"""Values told of one column at a time, the commonest first."""


@dataclass(frozen=True, slots=True)
class Codes:
    """What is known of codes, and in how many rows a value stands that may be told."""

    known: Known
    fewest: int


@dataclass(frozen=True, slots=True)
class UnclassifiedCode:
    """A value that nobody has classified; `rows` is about how many rows have it, in tens."""

    element: str
    value: str
    rows: int


@dataclass(frozen=True, slots=True)
class Unclassified:
    """What is told, the commonest first, and how many values of each element are only counted."""

    codes: tuple[UnclassifiedCode, ...]
    others: Mapping[str, int]


NONE_UNCLASSIFIED: Final = Unclassified((), {})


async def unclassified_in_force(session: asyncpg.Connection, known: Known, *, fewest: int) -> Unclassified:
    """Return the values that stand in rows in force, as far as they stand in `fewest` rows."""
    found = [
        await _unclassified(session, f"(SELECT * FROM {table.fullname} WHERE {IN_FORCE}) AS s", table, known, fewest)
        for table in dict.fromkeys(each.table for each in TARGETS.values() if not each.is_dated_by_entry)
    ]
    return together(found)


async def unclassified_in(work: Workspace, differences: Sequence[Difference], codes: Codes | None) -> Unclassified:
    """Return the values that stand in the rows that a load has staged."""
    if codes is None:
        return NONE_UNCLASSIFIED
    found = [
        await _unclassified(
            work.connection, f"pg_temp.staged_{each.number} AS s", each.kind.table, codes.known, codes.fewest
        )
        for each in differences
        if not each.kind.is_dated_by_entry
    ]
    return together(found)


def together(found: Sequence[Unclassified]) -> Unclassified:
    """Return several findings as one."""
    others: dict[str, int] = {}
    for each in found:
        for element, count in each.others.items():
            others[element] = others.get(element, 0) + count
    codes = sorted((code for each in found for code in each.codes), key=lambda code: (-code.rows, code.value))
    return Unclassified(tuple(codes), others)


async def _unclassified(
    session: asyncpg.Connection, rows: str, table: Table, known: Known, fewest: int
) -> Unclassified:
    codes: list[UnclassifiedCode] = []
    others: dict[str, int] = {}
    for column in table.c:
        element = str(column.info.get("element"))
        if element not in known:
            continue
        found = await session.fetch(
            f"SELECT s.{column.name} AS value, count(*) AS rows FROM {rows} WHERE s.{column.name} IS NOT NULL"
            f" AND s.{column.name} <> '' AND s.{column.name} <> ALL ($1::text[]) GROUP BY 1 ORDER BY 2 DESC, 1",
            sorted(known[element]),
        )
        told = [each for each in found if each["rows"] >= fewest and len(each["value"]) <= LONGEST][:MOST]
        codes += [UnclassifiedCode(element, each["value"], _about(each["rows"])) for each in told]
        if len(told) < len(found):
            others[element] = others.get(element, 0) + len(found) - len(told)
    return Unclassified(tuple(codes), others)


def _about(rows: int) -> int:
    """Return a number of rows in tens: how many exactly helps nobody to judge a code."""
    return max(10, round(rows, -1)) if rows >= 10 else 0  # noqa: PLR2004 - tens
