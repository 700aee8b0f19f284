"""
What the report of a load keeps: counts, reasons, places and digests.

INVARIANT: no cell of an export, not even masked: a place is a file, a line and a column, and a reason is words of ours.
The sentence of a refusal is left out too, for it may quote a header, and a file without one begins with a student.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from agreements.documents.load_confirmation import MOST_FILES, Confirmable
from gateway.records.loading.batches import Refused
from gateway.records.loading.report import LoadReport

PLACES: Final = 100
"""Refused rows that a report names; the file of `--refused` has them all."""
_FIRST: Final = 10
"""So many rows of each reason come before more of one."""
_LONGEST: Final = 300
_MOST_NAMED: Final = 100


@dataclass(frozen=True, slots=True)
class Filled:
    """
    What a load did to one target, or would do, in rows; `questioned` are numbers that may be another child's.

    `read` is how many rows the files had, of which the mapping `left_out` some; None in a report from before these
    were counted.
    """

    target: str
    added: int
    changed: int
    ended: int
    unchanged: int
    withheld: int
    refused: int
    questioned: int
    read: int | None = None
    left_out: int | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """How many rows of a target were refused for one reason; `column` is the one to blame, if it is one."""

    target: str
    reason: str
    column: str
    rows: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a refused row stands in the export, and why it was refused."""

    file: str
    line: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Content:
    """
    What one load did. `unread` are files that no mapping reads, `codes` counts values that nobody has classified.

    `described` is what two people confirm of a load that is held.
    """

    filled: tuple[Filled, ...] = ()
    why: tuple[Why, ...] = ()
    places: tuple[Place, ...] = ()
    unread: tuple[str, ...] = ()
    codes: int = 0
    described: Confirmable | None = None

    def rows(self, count: str) -> int:
        """Return how many rows of all targets it added, changed, ended or refused."""
        return sum(getattr(each, count) for each in self.filled)


def content_of(report: LoadReport | None, unread: Sequence[str], described: Confirmable | None) -> Content:
    """Return what is kept of a load; of one that failed before its rows were compared there is no report."""
    named = tuple(plain(each) for each in unread[:_MOST_NAMED])
    if report is None:
        return Content(unread=named)
    # A mapping may fill one target by several loads; each is told by itself, as it is confirmed.
    filled = tuple(
        Filled(
            each.target,
            each.added,
            each.changed,
            each.ended,
            each.unchanged,
            each.withheld,
            each.refused_rows,
            each.questioned,
            each.read,
            each.left_out,
        )
        for each in report.targets
    )
    return Content(
        filled=filled,
        why=_why(report),
        places=tuple(
            Place(plain(each.file), each.line, plain(each.column), plain(each.reason)) for each in _first(report)
        ),
        unread=named,
        codes=len(report.unclassified.codes) + sum(report.unclassified.others.values()),
        described=described if described is not None and len(described.files) <= MOST_FILES else None,
    )


def plain(text: str) -> str:
    """Return a name or a reason as it can be kept: bounded, and without what the database has no letter for."""
    return text[:_LONGEST].replace("\0", "?").encode("utf-8", "replace").decode("utf-8")


def _why(report: LoadReport) -> tuple[Why, ...]:
    found = []
    for each in report.targets:
        columns = {row.reason: row.column for row in each.refused}
        found += [
            Why(each.target, plain(reason), plain(columns.get(reason, "")), rows)
            for reason, rows in each.reasons.items()
        ]
    return tuple(sorted(found, key=lambda why: -why.rows)[:_MOST_NAMED])


def _first(report: LoadReport) -> Iterable[Refused]:
    """Return the first refused rows: some of each reason, in the order of the export."""
    seen: Counter[tuple[str, str]] = Counter()
    early: list[tuple[int, Refused]] = []
    late: list[tuple[int, Refused]] = []
    for place, row in enumerate(report.refused):
        seen[row.file, row.reason] += 1
        (early if seen[row.file, row.reason] <= _FIRST else late).append((place, row))
    return [row for _, row in sorted((early + late)[:PLACES], key=lambda each: each[0])]
