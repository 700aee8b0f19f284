"""
The register of signed documents: puts them in, takes out everything about an agreement for verification.

Callers own the transaction: a document is inserted in the one that appends its log entry. What comes out is unverified:
`StoredDocument.envelope` may raise, `agreements.in_force` must still be asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import RowMapping, Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.errors import AlreadyRegistered, BadEnvelope, NotRegistered
from agreements.lifecycle import Move
from agreements.signature import Envelope, Kind, read_envelope
from agreements.store import document, status


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A signed document as stored. `index` is the log entry that received it."""

    digest: str
    kind: Kind
    concerns: str | None
    text: str = field(repr=False)
    index: int

    @property
    def envelope(self) -> Envelope:
        """Read the envelope. Raises `BadEnvelope` if it is malformed or not the document it is stored as."""
        envelope = read_envelope(self.text, self.kind)
        if envelope.digest != self.digest:
            raise BadEnvelope(f"The document stored as {self.digest} has another content.")
        return envelope


@dataclass(frozen=True, slots=True)
class Registered:
    """One agreement as registered, with its recorded moves in the order of the log."""

    document: StoredDocument
    moves: tuple[Move, ...]


class Register:
    """Everything that is registered, in the order of the log. Nothing in it was verified."""

    def __init__(self, stored: Sequence[StoredDocument], moves: Mapping[str, Sequence[Move]]) -> None:
        self.stored = tuple(stored)
        self.agreements = tuple(
            Registered(item, tuple(moves.get(item.digest, ()))) for item in stored if item.kind is Kind.AGREEMENT
        )
        self._moves = {digest: tuple(found) for digest, found in moves.items()}
        self._of: dict[Kind, list[StoredDocument]] = {}
        self._about: dict[tuple[Kind, str], list[StoredDocument]] = {}
        for item in stored:
            self._of.setdefault(item.kind, []).append(item)
            if item.concerns is not None:
                self._about.setdefault((item.kind, item.concerns), []).append(item)

    def of(self, kind: Kind) -> tuple[StoredDocument, ...]:
        """Return all documents of one kind."""
        return tuple(self._of.get(kind, ()))

    def moves_of(self, digest: str) -> tuple[Move, ...]:
        """Return the recorded moves of the agreement or emergency order with this digest."""
        return self._moves.get(digest, ())

    @property
    def moves(self) -> Mapping[str, tuple[Move, ...]]:
        """All recorded moves, by the digest of what moved."""
        return self._moves

    def having(self, moves: Mapping[str, Sequence[Move]]) -> "Register":
        """Return the register with these moves besides its own, in the order of the log."""
        if not moves:
            return self
        every = {
            digest: sorted((*self.moves_of(digest), *moves.get(digest, ())), key=lambda move: move.index)
            for digest in {*self._moves, *moves}
        }
        return Register(self.stored, every)

    def until(self, index: int) -> "Register":
        """Return what of it was there after the entry `index`."""
        moves = {digest: [move for move in found if move.index <= index] for digest, found in self._moves.items()}
        return Register([each for each in self.stored if each.index <= index], moves)

    def about(self, digest: str, kind: Kind) -> tuple[StoredDocument, ...]:
        """Return the documents of one kind that are about the document with this digest."""
        return tuple(self._about.get((kind, digest), ()))


async def insert_document(connection: AsyncConnection, envelope: Envelope, *, concerns: str | None, index: int) -> None:
    """
    Register a signed document. `concerns` is the digest of the document it is about, if any.

    The caller has verified it: the register is append-only and a wrong document stays. Raises `AlreadyRegistered`.
    """
    statement = (
        insert(document)
        .values(
            digest=digest_bytes(envelope.digest),
            kind=envelope.kind.value,
            concerns=None if concerns is None else digest_bytes(concerns),
            envelope=envelope.text,
            idx=index,
        )
        .on_conflict_do_nothing()
        .returning(document.c.digest)
    )
    if (await connection.execute(statement)).first() is None:
        raise AlreadyRegistered(f"The {envelope.kind} {envelope.digest} is registered already.")


async def insert_status(
    connection: AsyncConnection, agreement: str, move: str, *, index: int, reason: str, kind: Kind = Kind.AGREEMENT
) -> None:
    """
    Record a move (`active`, `suspended`, `terminated`) of the document with this digest, an agreement if not said.

    Raises `NotRegistered`.
    """
    known = select(document.c.digest).where(document.c.digest == digest_bytes(agreement), document.c.kind == kind.value)
    if (await connection.execute(known)).first() is None:
        raise NotRegistered(f"No {kind.value.replace('_', ' ')} {agreement} is registered.")
    await connection.execute(
        insert(status).values(agreement=digest_bytes(agreement), status=move, idx=index, reason=reason)
    )


async def has_moved(connection: AsyncConnection, digest: str) -> bool:
    """Return whether a move of the agreement or emergency order with this digest is on record."""
    return bool(await _moves(connection, digest))


async def load_agreement(connection: AsyncConnection, digest: str) -> Registered:
    """Return one agreement with its moves. Raises `NotRegistered`."""
    rows = select(document).where(document.c.digest == digest_bytes(digest), document.c.kind == Kind.AGREEMENT.value)
    stored = await _documents(connection, rows)
    if not stored:
        raise NotRegistered(f"No agreement {digest} is registered.")
    moves = await _moves(connection, digest)
    return Registered(stored[0], tuple(moves.get(digest, ())))


async def load_register(connection: AsyncConnection) -> Register:
    """Return everything. Read it in one snapshot with the epoch: REPEATABLE READ, or under the head lock."""
    stored = await _documents(connection, select(document).order_by(document.c.idx, document.c.digest))
    return Register(stored, await _moves(connection, None))


def digest_bytes(digest: str) -> bytes:
    """Return the 32 bytes of a digest in its text form."""
    return bytes.fromhex(digest.removeprefix("sha256:"))


def _digest_text(digest: bytes) -> str:
    return f"sha256:{digest.hex()}"


async def _documents(connection: AsyncConnection, rows: Select[Any]) -> tuple[StoredDocument, ...]:
    return tuple(_stored(row) for row in (await connection.execute(rows)).mappings())


def _stored(row: RowMapping) -> StoredDocument:
    concerns = None if row["concerns"] is None else _digest_text(row["concerns"])
    return StoredDocument(_digest_text(row["digest"]), Kind(row["kind"]), concerns, row["envelope"], row["idx"])


async def _moves(connection: AsyncConnection, digest: str | None) -> dict[str, list[Move]]:
    rows = select(status).order_by(status.c.idx)
    if digest is not None:
        rows = rows.where(status.c.agreement == digest_bytes(digest))
    moves: dict[str, list[Move]] = {}
    for row in (await connection.execute(rows)).mappings():
        moves.setdefault(_digest_text(row["agreement"]), []).append(Move(row["status"], row["idx"], row["reason"]))
    return moves
