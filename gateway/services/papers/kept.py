"""What is kept of papers: rows in and out, with nothing judged. The office's services alone come here."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.canonical import canonical_bytes, read_json
from agreements.register import digest_bytes
from agreements.signature import AnySignature, Envelope, Kind, read_signature
from gateway.services.papers.errors import NoSuchPaper, PaperFiled, TooManyPapers
from gateway.services.papers.salts import drop_salt
from gateway.store.papers import paper, paper_signature, passkey

LASTS: Final = timedelta(days=30)
"""A document that nobody signs for so long is prepared anew: what it says of the world may be over."""
MOST_OPEN: Final = 200
"""More than a district signs in its busiest month; beyond it somebody fills the list."""
MOST_OF_ONE: Final = 100
"""Of these one person prepares so many: nobody fills the list alone."""
_URGENT: Final = frozenset({Kind.REVOCATION, Kind.EMERGENCY_ORDER, Kind.EMERGENCY_RELEASE, Kind.HOLD, Kind.DEBARMENT})
"""What narrows, or cannot wait, is prepared however long the list is."""


@dataclass(frozen=True, slots=True)
class Added:
    """A signature, and who brought it: a person, or the party that was invited."""

    signature: AnySignature
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """One paper as kept, with its signatures in the order of their keys."""

    digest: str
    kind: Kind
    title: str
    concerns: str | None
    payload: bytes = field(repr=False)
    prepared_by: str
    prepared_at: datetime
    filed: int | None
    added: tuple[Added, ...]

    @property
    def signatures(self) -> tuple[AnySignature, ...]:
        """The signatures, in the order of an envelope's."""
        return tuple(each.signature for each in self.added)

    @property
    def envelope(self) -> Envelope:
        """The document as it would be filed now."""
        return Envelope(self.kind, self.payload, self.signatures)


async def put(
    connection: AsyncConnection, kind: Kind, payload: bytes, by: str, now: datetime, *, title: str, concerns: str | None
) -> str:
    """Keep a paper, once, anew if it was too old; return its digest. Raises `TooManyPapers`."""
    digest = Envelope(kind, payload, ()).digest
    await drop_stale(connection, now)
    if kind not in _URGENT:
        if await count_open(connection) >= MOST_OPEN:
            raise TooManyPapers(f"{MOST_OPEN} papers are open.")
        if await count_open(connection, by=by) >= MOST_OF_ONE:
            raise TooManyPapers(f"{MOST_OF_ONE} papers of one person are open.")
    row = {
        "digest": digest_bytes(digest),
        "kind": kind.value,
        "title": title,
        "concerns": None if concerns is None else digest_bytes(concerns),
        "payload": payload,
        "prepared_by": by,
        "prepared_at": now,
    }
    await connection.execute(insert(paper).values(row).on_conflict_do_nothing())
    return digest


async def count_open(connection: AsyncConnection, *, by: str | None = None) -> int:
    """Return how many papers wait; with `by` those that they prepared."""
    wanted = select(func.count()).select_from(paper).where(paper.c.filed_idx.is_(None))
    found = await connection.scalar(wanted if by is None else wanted.where(paper.c.prepared_by == by))
    return found or 0


async def drop_stale(connection: AsyncConnection, now: datetime) -> None:
    """Take away what nobody filed in time."""
    await connection.execute(delete(paper).where(paper.c.filed_idx.is_(None), paper.c.prepared_at < now - LASTS))


async def one(connection: AsyncConnection, digest: str, *, locked: bool = False) -> Row:
    """Return one paper, filed or not; with `locked` nobody changes it meanwhile. Raises `NoSuchPaper`."""
    wanted = select(paper).where(paper.c.digest == digest_bytes(digest))
    row = (await connection.execute(wanted.with_for_update() if locked else wanted)).mappings().one_or_none()
    if row is None:
        raise NoSuchPaper(f"No paper {digest}.")
    return (await _with_signatures(connection, [dict(row)]))[0]


async def found(connection: AsyncConnection, digest: str) -> Row | None:
    """Return one paper; None if there is none."""
    try:
        return await one(connection, digest)
    except NoSuchPaper:
        return None


async def open_one(connection: AsyncConnection, digest: str, now: datetime) -> Row:
    """
    Return a paper about which something may change still, locked. Raises `NoSuchPaper`, `PaperFiled`.

    INVARIANT: one that is too old is none, whether or not anybody opened the list that takes it away.
    """
    found = await one(connection, digest, locked=True)
    if found.filed is not None:
        raise PaperFiled(f"The paper {digest} was filed by entry {found.filed}.")
    if found.prepared_at < now - LASTS:
        raise NoSuchPaper(f"The paper {digest} is too old.")
    return found


async def all_open(connection: AsyncConnection) -> tuple[Row, ...]:
    """Return all that wait, the newest first."""
    wanted = select(paper).where(paper.c.filed_idx.is_(None)).order_by(paper.c.prepared_at.desc(), paper.c.digest)
    return await _with_signatures(connection, [dict(row) for row in (await connection.execute(wanted)).mappings()])


async def about(connection: AsyncConnection, digests: Collection[str], *, locked: bool = False) -> tuple[Row, ...]:
    """Return the papers that concern these documents, filed or not; with `locked` nobody changes them meanwhile."""
    wanted = select(paper).where(paper.c.concerns.in_([digest_bytes(each) for each in digests]))
    wanted = wanted.order_by(paper.c.digest)
    rows = (await connection.execute(wanted.with_for_update() if locked else wanted)).mappings()
    return await _with_signatures(connection, [dict(row) for row in rows])


async def keep_signature(
    connection: AsyncConnection, digest: str, signature: AnySignature, by: str, at: datetime
) -> None:
    """Keep a signature. A key that signed already signs anew: whoever holds it may choose how."""
    row = {"signature": canonical_bytes(signature.members).decode(), "added_by": by, "added_at": at}
    statement = insert(paper_signature).values(digest=digest_bytes(digest), kid=signature.kid, **row)
    await connection.execute(statement.on_conflict_do_update(index_elements=["digest", "kid"], set_=row))


async def take_away(connection: AsyncConnection, digest: str) -> None:
    """Take a paper away, and the approvals that were prepared of it."""
    own = digest_bytes(digest)
    await connection.execute(delete(paper).where(paper.c.filed_idx.is_(None), paper.c.concerns == own))
    await connection.execute(delete(paper).where(paper.c.digest == own))


async def mark_filed(connection: AsyncConnection, digest: str, index: int, by: str) -> None:
    """Say of a paper that it is filed. What opens its commitment goes: it stands beside the entry from then on."""
    own = (paper.c.digest == digest_bytes(digest), paper.c.filed_idx.is_(None))
    await connection.execute(update(paper).where(*own).values(filed_idx=index, filed_by=by))
    await drop_salt(connection, digest)


async def passkeys_of(connection: AsyncConnection, person: str) -> frozenset[str]:
    """Return the thumbprints of the passkeys that somebody made here."""
    return frozenset(await connection.scalars(select(passkey.c.kid).where(passkey.c.person == person)))


async def owners(connection: AsyncConnection) -> dict[str, str]:
    """Return who made each passkey that was made here, by its thumbprint."""
    return {row.kid: row.person for row in await connection.execute(select(passkey.c.kid, passkey.c.person))}


async def made_by(connection: AsyncConnection, person: str) -> tuple[tuple[str, datetime], ...]:
    """Return the passkeys that somebody made here and when, the newest first."""
    own = passkey.c
    found = await connection.execute(
        select(own.kid, own.made_at).where(own.person == person).order_by(own.made_at.desc())
    )
    return tuple((row.kid, row.made_at) for row in found)


async def keep_passkey(connection: AsyncConnection, kid: str, person: str, now: datetime) -> None:
    """Keep whose passkey it is."""
    row = {"kid": kid, "person": person, "made_at": now}
    await connection.execute(insert(passkey).values(row).on_conflict_do_nothing())


async def _with_signatures(connection: AsyncConnection, rows: list[dict[str, object]]) -> tuple[Row, ...]:
    signatures: dict[object, list[Added]] = {}
    kinds = {row["digest"]: Kind(str(row["kind"])) for row in rows}
    wanted = select(paper_signature).where(paper_signature.c.digest.in_(list(kinds))).order_by(paper_signature.c.kid)
    for each in (await connection.execute(wanted)).mappings():
        signature = read_signature(read_json(each["signature"]), kinds[each["digest"]])
        signatures.setdefault(each["digest"], []).append(Added(signature, each["added_by"], each["added_at"]))
    return tuple(_row(row, tuple(signatures.get(row["digest"], ()))) for row in rows)


def _row(row: dict[str, object], added: tuple[Added, ...]) -> Row:
    digest, concerns, payload, filed = row["digest"], row["concerns"], row["payload"], row["filed_idx"]
    at = row["prepared_at"]
    assert isinstance(digest, bytes)
    assert isinstance(payload, bytes)
    assert isinstance(at, datetime)
    return Row(
        digest=f"sha256:{digest.hex()}",
        kind=Kind(str(row["kind"])),
        title=str(row["title"]),
        concerns=f"sha256:{concerns.hex()}" if isinstance(concerns, bytes) else None,
        payload=payload,
        prepared_by=str(row["prepared_by"]),
        prepared_at=at,
        filed=filed if isinstance(filed, int) else None,
        added=added,
    )
