"""
Loading records: an export in a folder becomes visible in one short transaction, with its entry, or not at all.

Rows are prepared unseen, however long that takes. The final transaction locks the log's head, writes the entries with
the batches' digests, moves the frontier and brings every population along (DESIGN, "One order").
"""

import hashlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from sqlalchemy import func, select, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from audit.change import next_index
from audit.events import Event
from gateway.records import facts
from gateway.records.coverage import Scope
from gateway.records.errors import LoadBusy, LoadHeld, RowsRefused, RowsUnstorable
from gateway.records.loading.cells import Lookups
from gateway.records.loading.csvfile import Refused
from gateway.records.loading.entered import date_by_entry, newest_entry
from gateway.records.loading.layers import Exports
from gateway.records.loading.mapping import MappingFile
from gateway.records.loading.merge import Difference, compare
from gateway.records.loading.prepare import (
    add_students,
    keep_beginnings,
    open_batch,
    undo_leftovers,
    withhold,
    write_unseen,
)
from gateway.records.loading.report import LoadReport, report_on
from gateway.records.loading.staging import Staging
from gateway.records.loading.targets import TARGETS
from gateway.records.loading.workspace import Workspace
from gateway.records.parts import Part, read_loaded
from gateway.records.population import rewrite_population
from gateway.records.subjects import SubjectKey
from gateway.services.sealing import append_sealed

ScopesInForce = Callable[[AsyncConnection], Awaitable[Sequence[Scope]]]
"""Finds the agreements in force, inside the transaction that is about to move their populations."""

_LOCK = "pactgate.load"
_END = f"DISCARD TEMP; SELECT pg_advisory_unlock(hashtextextended('{_LOCK}', 0))"


Tell = Callable[[int, int], None]
"""Is told how many bytes of how many have been read, about."""


class Loads:
    """Loads exports. Holds the loader's engine, the key of subject numbers, and who is in force."""

    def __init__(
        self,
        engine: AsyncEngine,
        subjects: SubjectKey,
        scopes: ScopesInForce,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._engine = engine
        self._subjects = subjects
        self._scopes = scopes
        self._random = random

    async def load(
        self,
        mapping: MappingFile,
        folder: Path,
        *,
        deltas: Sequence[Path] = (),
        lookups: Lookups | None = None,
        strict: bool = False,
        confirm: bool = False,
        dry: bool = False,
        refused: Callable[[Refused], None] | None = None,
        tell: Tell | None = None,
    ) -> LoadReport:
        """
        Load what `mapping` takes from `folder`, and report what was taken and what was refused.

        `folder` may be a zip archive; `deltas` are later exports, in order, that say what changed in it. `strict` loads
        nothing if any row is refused; `confirm` lets a suspiciously large change through; `dry` writes nothing and says
        what would happen. `refused` is given every refused row. Raises `BadMapping`, `BadSource`, `RowsRefused`,
        `RowsUnstorable`, `LoadHeld`, `LoadBusy`; nothing is visible then.
        """
        loads = sorted(mapping.load, key=lambda each: list(TARGETS).index(each.target))
        exports = Exports(mapping, [folder, *deltas])
        # Opened before anything is read: a missing file or column is said at once.
        opened = [Staging(each, exports, lookups or {}) for each in loads]
        stagings = [each for each in opened if each.is_there]
        async with self._alone() as session:
            work = Workspace(await _raw(session), self._random)
            if not dry:
                await undo_leftovers(work.connection)
            before = await newest_entry(work.connection)
            await work.open(stagings)
            with _quoting_no_row():
                digests = {TARGETS[each.load.target].event: hashlib.sha256() for each in stagings}
                differences = [
                    await _differ(work, number, staging, digests[TARGETS[staging.load.target].event], tell)
                    for number, staging in enumerate(stagings)
                ]
                reports = tuple(report_on(each) for each in differences)
                if refused is not None:
                    await _tell_refused(work, differences, refused)
                held = _held(differences)
                if dry:
                    return LoadReport((), reports, held)
                _require_loadable(differences, held, strict=strict, confirm=confirm)
                groups = await self._prepare(work, mapping.name, differences, digests)
                entries = await self._publish(session, mapping.name, groups, before)
        return LoadReport(entries, reports)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[AsyncConnection]:
        """Give a session that no other load has while this one lasts. Raises `LoadBusy`."""
        async with self._engine.connect() as session:
            raw = await _raw(session)
            if not await raw.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", _LOCK):
                raise LoadBusy("another load holds the lock")
            try:
                yield session
            except BaseException:
                # Whatever state the session is in, its tables and its lock end with it.
                await session.invalidate()
                raise
            await raw.execute(_END)

    async def _prepare(
        self,
        work: Workspace,
        source: str,
        differences: Sequence[Difference],
        digests: Mapping[Event, "hashlib._Hash"],
    ) -> list["_Group"]:
        async with work.connection.transaction():
            await work.connection.execute("SET LOCAL work_mem = '64MB'")
            await add_students(work, self._subjects, self._random)
            groups = []
            for event, hashed in digests.items():
                own = [each for each in differences if each.kind.event is event]
                batch = await open_batch(work.connection, event.value, source, hashed.digest(), own)
                moves = any(each.changes_something for each in own)
                if event is Event.RECORDS_LOADED:
                    for each in own:
                        await write_unseen(work.connection, each, batch)
                    moves = await withhold(work.connection, own, batch) or moves
                else:
                    for each in own:
                        await keep_beginnings(work.connection, each)
                # Here, not under the lock of the log's head: nothing about them changes until they are visible.
                parts = await read_loaded(work.connection, batch, batch)
                groups.append(_Group(event, batch, hashed.digest(), own, moves, parts))
        return groups

    async def _publish(
        self, connection: AsyncConnection, source: str, groups: Sequence["_Group"], before: int
    ) -> tuple[int, ...]:
        """Make everything visible in one short transaction. If it fails, the next load undoes what was prepared."""
        entries: list[int] = []
        async with connection.begin():
            now = await connection.scalar(select(func.gateway.clock()))
            assert now is not None
            changed = any(group.changes_something for group in groups)
            for group in groups:
                idx = await next_index(connection)
                if not entries and await newest_entry(connection) != before:
                    # A withdrawal or opt-out came after the comparison; what was compared may bring it back.
                    raise LoadBusy("a stop came while this load was prepared")
                entries.append(idx)
                own = facts.batch.c.id == group.batch
                named = await connection.execute(update(facts.batch).where(own).values(idx=idx))
                if named.rowcount != 1:
                    # The connection that kept us alone was lost, and another load has undone what we prepared.
                    raise LoadBusy("another load came while this one was prepared")
                if group.event is Event.RECORDS_LOADED:
                    await connection.execute(update(facts.frontier).values(batch=group.batch))
                else:
                    for each in group.differences:
                        await date_by_entry(connection, each, idx)
                if changed and group is groups[-1]:
                    for scope in await self._scopes(connection):
                        await rewrite_population(connection, scope, idx, random=self._random)
                await append_sealed(
                    connection,
                    idx,
                    group.event,
                    now,
                    {"batch": group.batch, "mapping": source, **group.facts()},
                    loaded=group.parts,
                    moves_epoch=group.changes_something or (changed and group is groups[-1]),
                    random=self._random,
                )
        return tuple(entries)


@contextmanager
def _quoting_no_row() -> Iterator[None]:
    """Put what the database says about a row into words of ours: its own quote the row, that is a student."""
    try:
        yield
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError) as error:
        raise _unstorable(error) from None
    except (IntegrityError, DataError) as error:
        raise _unstorable(error.orig.__cause__ if error.orig else None) from None


def _unstorable(error: BaseException | None) -> RowsUnstorable:
    name = getattr(error, "constraint_name", None) or type(error).__name__
    return RowsUnstorable(f"The database refuses a row: {name}.")


@dataclass(frozen=True, slots=True)
class _Group:
    """The targets that share an entry."""

    event: Event
    batch: int
    digest: bytes
    differences: Sequence[Difference]
    changes_something: bool
    parts: Sequence[Part]

    def facts(self) -> Mapping[str, object]:
        """Return what the entry says. The digest covers random internal ids, so it tells nothing about anybody."""
        counts = {
            each.target: {
                "added": each.added,
                "changed": each.changed,
                "ended": each.ended,
                "refused": each.refused,
            }
            for each in self.differences
        }
        return {"digest": f"sha256:{self.digest.hex()}", "targets": counts}


async def _raw(session: AsyncConnection) -> asyncpg.Connection:
    raw = (await session.get_raw_connection()).driver_connection
    assert isinstance(raw, asyncpg.Connection)
    return raw


async def _differ(
    work: Workspace, number: int, staging: Staging, digest: "hashlib._Hash", tell: Tell | None
) -> Difference:
    """Read one target's file and compare it with what is in force."""
    whole = staging.file.size
    await work.fill(number, staging, (lambda _: None) if tell is None else (lambda done: tell(done, whole)))
    digest.update(staging.load.target.encode() + b"\0")
    return await compare(work, number, staging, digest.update)


async def _tell_refused(work: Workspace, differences: Sequence[Difference], tell: Callable[[Refused], None]) -> None:
    async with work.connection.transaction():
        for each in differences:
            async for refused in work.all_refused(each.number, each.file):
                tell(refused)


def _held(differences: Sequence[Difference]) -> tuple[str, ...]:
    return tuple(
        f"{each.target}: {each.ended} rows would end and {each.changed} change, of {each.in_force}"
        for each in differences
        if each.in_force and each.is_suspicious
    )


def _require_loadable(differences: Sequence[Difference], held: Sequence[str], *, strict: bool, confirm: bool) -> None:
    refused = sum(each.refused for each in differences)
    if strict and refused:
        raise RowsRefused(
            f"{refused} rows were refused", tuple(str(row) for each in differences for row in each.examples)
        )
    if held and not confirm:
        raise LoadHeld(held[0])
