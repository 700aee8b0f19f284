"""
Deleting old versions of records whose retention is over: what a load ended, and nobody needs any longer.

What is there now is never deleted, nor what says why something was shared (consents, rosters, populations, the log).
What is left of a version is the digest by which its load committed to it, so that the log verifies as before. States of
the world that are older cannot be read any more; a copy of what was disclosed then is refused, and its commitment
stands (claim 6; 34 CFR 99.10(e): a hold beats all of it).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.change import next_index
from audit.events import Event
from gateway.records.errors import LoadBusy
from gateway.records.facts import batch, frontier
from gateway.records.prepared import dated, prepared_parts, settle
from gateway.records.release import readable_from
from gateway.records.subjects import SubjectKey
from gateway.services.erasures import on_hold
from gateway.services.errors import RecordKept
from gateway.services.family.inspections import students_kept
from gateway.services.filing import Desk, Filing
from gateway.services.obligations.history import driver_of, entries_at, time_of
from gateway.services.sealing import append_sealed
from gateway.wrapping_keys import WrappingKeys

_ALONE: Final = text(
    "SELECT pg_try_advisory_xact_lock(hashtextextended('pactgate.load', 0))"
    " AND pg_try_advisory_xact_lock(hashtextextended('pactgate.retire', 0))"
)
"""No load meanwhile, and no erasure."""
_IDS: Final = ARRAY(Uuid)
_ROWS: Final = text("SELECT records.retiring(:batch, :kept)").bindparams(bindparam("kept", type_=_IDS))
_RETIRE: Final = text("SELECT records.retire(:batch, :under, :kept)").bindparams(bindparam("kept", type_=_IDS))
_HOLDS: Final = text(
    "SELECT (SELECT count(*) FROM agreements.document WHERE kind = 'hold'),"
    " (SELECT count(*) FROM gateway.family_document)"
)


@dataclass(frozen=True, slots=True)
class Retired:
    """
    What was deleted, or would be: rows, and the oldest entry as of which all records are kept afterwards.

    `entry` is the log's entry; None if there was nothing, or if it was only asked.
    """

    rows: int
    readable_from: int
    entry: int | None = None


@dataclass(frozen=True, slots=True)
class _Cut:
    """The newest load that is old enough: what it ended, or one before it, is deleted."""

    batch: int
    idx: int


class Retention:
    """
    Deletes old versions of records, as the loader role. `days` is how long the district keeps them.

    What a family has asked to inspect is kept until it is answered, and goes with the next deletion. Without the key of
    the subject numbers nobody can tell whose that is, and nothing is deleted meanwhile.
    """

    def __init__(
        self,
        desk: Desk,
        days: int,
        random: Callable[[int], bytes] = secrets.token_bytes,
        *,
        subject_key: WrappingKeys | None = None,
    ) -> None:
        self._desk = desk
        self._days = days
        self._random = random
        self._key = None if subject_key is None else SubjectKey(subject_key)

    async def look(self) -> Retired:
        """Return what `retire` would do. Raises as it does, and deletes nothing."""
        async with self._desk.engine.connect() as connection:
            cut = await self._cut(connection, await _now(connection))
            kept = await self._kept(connection)
            return Retired(int(await connection.scalar(_ROWS, {"batch": cut.batch, "kept": kept}) or 0), cut.idx)

    async def retire(self) -> Retired:
        """
        Delete what is old enough, with its entry, or nothing; return what was done.

        The log's head is locked only for the entry: rows are deleted before it, seen by nobody until then. Raises
        `RecordKept` while a hold stands, `LoadBusy`.
        """
        async with self._desk.engine.begin() as connection:
            if not await connection.scalar(_ALONE):
                raise LoadBusy("a load or an erasure is running")
            now = await _now(connection)
            # (1): old enough by the log's own times, and by what the district set.
            cut = await self._cut(connection, now)
            # (2): no hold stands, and nobody waits to inspect what goes; of what comes meanwhile the numbers tell.
            holds = (await connection.execute(_HOLDS)).one()
            kept = await self._kept(connection)
            under = await self._open(connection, cut, now)
            retiring = {"batch": cut.batch, "under": under, "kept": kept}
            rows = int(await connection.scalar(_RETIRE, retiring) or 0)
            if not rows:
                await connection.rollback()
                return Retired(0, cut.idx)
            session = await driver_of(connection)
            parts = await prepared_parts(session, under)
            # (3): INVARIANT: the head last and for a moment; what waits for it waits for no deletion.
            index = await next_index(connection)
            if (await connection.execute(_HOLDS)).one() != holds:
                raise _kept()
            await connection.execute(update(readable_from).values(batch=cut.batch, idx=cut.idx))
            body = {"batch": under, "rows": rows, "days": self._days, "readable_from": cut.idx}
            await append_sealed(
                connection,
                index,
                Event.RECORDS_RETIRED,
                now,
                body,
                loaded=dated(parts, index),
                moves_epoch=False,
                random=self._random,
            )
            await connection.execute(update(batch).where(batch.c.id == under).values(idx=index))
        # If we die here, the next load dates the digests by the entry.
        async with self._desk.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            await settle(await driver_of(connection))
        return Retired(rows, cut.idx, index)

    async def _cut(self, connection: AsyncConnection, now: datetime) -> _Cut:
        """Return where to cut: where it was cut before, unless a later load is old enough."""
        before = (await connection.execute(select(readable_from.c.batch, readable_from.c.idx))).one()
        old = now - timedelta(days=self._days)
        newest = select(frontier.c.batch).scalar_subquery()
        loads = select(batch.c.id, batch.c.idx).where(
            batch.c.kind == Event.RECORDS_LOADED.value,
            batch.c.idx.is_not(None),
            batch.c.id > before.batch,
            batch.c.id <= newest,
            batch.c.prepared_at <= old,
        )
        for row in (await connection.execute(loads.order_by(batch.c.id.desc()))).all():
            entry = (await entries_at(connection, [row.idx])).get(row.idx)
            if entry is not None and time_of(entry) <= old:
                return _Cut(row.id, row.idx)
        return _Cut(before.batch, before.idx)

    async def _open(self, connection: AsyncConnection, cut: _Cut, now: datetime) -> int:
        digest = sha256(f"{Event.RECORDS_RETIRED.value} {cut.batch}".encode()).digest()
        row = {"kind": Event.RECORDS_RETIRED.value, "source": "retention", "digest": digest, "rows": 0}
        opened = insert(batch).values({**row, "prepared_at": now}).returning(batch.c.id)
        return int((await connection.execute(opened)).scalar_one())

    async def _kept(self, connection: AsyncConnection) -> list[UUID]:
        """Return whose records are kept for a family that asked to inspect. Raises `RecordKept` while a hold stands."""
        moment, registry = await self._desk.registry()
        if await on_hold(Filing(connection, moment, registry), self._desk):
            raise _kept()
        return await students_kept(connection, registry, self._desk.catalogue, self._key)


async def _now(connection: AsyncConnection) -> datetime:
    now: datetime = (await connection.execute(select(func.gateway.clock()))).scalar_one()
    return now


def _kept() -> RecordKept:
    return RecordKept(
        "A hold stands: nothing is deleted while somebody may ask to inspect what was shared.",
        remedy="Wait until it is released (`pactgate hold list`).",
    )
