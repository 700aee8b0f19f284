"""
What an entry commits to of the rows that it dates, and the same computed again from the rows.

A part is all the rows of one kind that one entry (or one load) began, or ended, for one agreement. The commitment in
the leaf is the SHA-256 of its opening: a format line, 32 random bytes and the parts, so that it tells nothing to
whoever sees the leaf, and binds every row. The opening stands beside the tree (`audit.private`): with it a checker
names the part that differs, and the agreement that it concerns.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, NewType

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.records.errors import OpeningRefused

Session = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
Opening = NewType("Opening", bytes)
"""What opens a commitment to facts. Beside the tree only."""

SALT_BYTES: Final = 32
EVERYBODY: Final = ""
"""Concerns of a part that belongs to no agreement alone."""
FIRST: Final = -(2**63)
LAST: Final = 2**63 - 1
"""The whole range of what a row may be dated by: rows dated by what no entry is are found too."""

_FORMAT: Final = b"pactgate-facts/1\n"
_LINE: Final = re.compile(r"(-?\d+) ([a-z_]+\.(?:begun|ended)) (\S*) (\d+) ([0-9a-f]{64})")
_DATED: Final = "SELECT idx, part, concerns, rows, digest FROM records.dated_between($1, $2)"
_LOADED: Final = "SELECT idx, part, concerns, rows, digest FROM records.loaded_between($1, $2)"
_DATED_BY: Final = text("SELECT idx, part, concerns, rows, digest FROM records.dated_between(:at, :at)")


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """
    Rows of one kind that belong together: `at` is the entry that dated them, or the batch for rows that loads date.

    `name` is the table and `begun` or `ended`; `concerns` an agreement's line, a version's digest, or `EVERYBODY`.
    """

    at: int
    name: str
    concerns: str
    rows: int
    digest: bytes = field(repr=False)

    @property
    def line(self) -> str:
        """The part in an opening."""
        return f"{self.at} {self.name} {self.concerns} {self.rows} {self.digest.hex()}"

    @property
    def table(self) -> str:
        """The table whose rows these are."""
        return self.name.partition(".")[0]


def open_with(parts: Iterable[Part], salt: bytes) -> Opening:
    """Return what opens the commitment to these parts; `salt` is 32 random bytes, used once."""
    lines = "".join(f"{part.line}\n" for part in sorted(parts))
    return Opening(_FORMAT + salt.hex().encode() + b"\n" + lines.encode())


def commit(opening: Opening) -> str:
    """Return what stands in the leaf."""
    return sha256(opening).hexdigest()


def parts_of(opening: bytes, commitment: str) -> tuple[Part, ...]:
    """Return the parts that an entry commits to. Raises `OpeningRefused` unless this opens it."""
    # (1): the bytes are those that the leaf binds; their form is then the form this file wrote.
    if sha256(opening).hexdigest() != commitment or not opening.startswith(_FORMAT):
        raise OpeningRefused("What stands beside the entry does not open its commitment to facts.")
    lines = opening.decode().splitlines()[2:]
    return tuple(_part(line) for line in lines)


async def read_dated(session: Session, first: int, last: int) -> list[Part]:
    """Compute the parts of the rows that the entries from `first` to `last` date."""
    return _parts(await session.fetch(_DATED, first, last))


async def read_loaded(session: Session, first: int, last: int) -> list[Part]:
    """Compute the parts of the rows that the batches from `first` to `last` date, visible or not."""
    return _parts(await session.fetch(_LOADED, first, last))


async def dated_by(connection: AsyncConnection, index: int) -> list[Part]:
    """Compute the parts of what this transaction has dated by an entry it is about to write."""
    rows = await connection.execute(_DATED_BY, {"at": index})
    return [Part(row.idx, row.part, row.concerns, row.rows, row.digest) for row in rows]


def _parts(rows: Sequence[asyncpg.Record]) -> list[Part]:
    return [Part(row["idx"], row["part"], row["concerns"], row["rows"], row["digest"]) for row in rows]


def _part(line: str) -> Part:
    found = _LINE.fullmatch(line)
    if found is None:
        raise OpeningRefused("An entry commits to facts in a form that this release does not read.")
    at, name, concerns, rows, digest = found.groups()
    return Part(int(at), name, concerns, int(rows), bytes.fromhex(digest))
