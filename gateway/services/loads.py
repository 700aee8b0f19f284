"""
Loading records: an export in a folder becomes visible in one short transaction, with its entry, or not at all.

Rows are prepared unseen, however long that takes, and so is what populations will be by them. The final transaction
locks the log's head, sees that nothing came in between, writes the entries with the batches' digests and moves the
frontier (DESIGN, "One order"). If something did come, what it concerns is prepared again, and the lock is taken anew.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from audit.change import next_index
from audit.events import Event
from gateway.records import facts
from gateway.records.coverage import Scope
from gateway.records.errors import LoadBusy, LoadHeld, LoadOvertaken, RowsRefused, RowsUnstorable
from gateway.records.loading.cells import Lookups
from gateway.records.loading.entered import date_by_entry, newest_entry, students_of
from gateway.records.loading.holders import STUDENTS, Questions, ask, withhold_questioned
from gateway.records.loading.mapping import MappingFile
from gateway.records.loading.merge import Difference, compare
from gateway.records.loading.prepare import (
    add_students,
    identify_students,
    open_batch,
    undo_leftovers,
    withhold,
    write_unseen,
)
from gateway.records.loading.report import LoadReport, report_on
from gateway.records.loading.staging import stage
from gateway.records.loading.targets import TARGETS
from gateway.records.parts import Part, read_loaded
from gateway.records.population import keep_scope, rewrite_population
from gateway.records.prepared import astray, dated, moved_since, prepare_population, prepared_parts, settle, take_back
from gateway.records.subjects import SubjectKey
from gateway.services.sealing import append_sealed

ScopesInForce = Callable[[AsyncConnection], Awaitable[Sequence[Scope]]]
"""Finds the agreements in force, inside the transaction that is about to move their populations."""

_LOCK = "pactgate.load"
_EPOCH = text("SELECT epoch FROM audit.head")
_ATTEMPTS = 3
"""How often a load of lists begins anew when something comes in between."""
_CATCH_UPS = 30
"""How often populations are prepared again: each time takes a fraction of the time that stops leave between them."""
_FEW = 2_000
"""Students for whom populations are looked at one by one; of more, all are looked at."""


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
        lookups: Lookups | None = None,
        strict: bool = False,
        confirm: bool = False,
    ) -> LoadReport:
        """
        Load what `mapping` takes from `folder`, and report what was taken and what was refused.

        `strict` loads nothing if any row is refused; `confirm` lets a suspiciously large change through. Raises
        `BadMapping`, `BadSource`, `RowsRefused`, `RowsUnstorable`, `LoadHeld`, `LoadBusy`; nothing is visible then.
        """
        async with self._alone() as connection:
            for _ in range(_ATTEMPTS):
                try:
                    return await self._load(connection, mapping, folder, lookups or {}, strict=strict, confirm=confirm)
                except LoadOvertaken:
                    continue
        raise LoadBusy("stops came whenever this load was prepared")

    async def _load(
        self,
        connection: asyncpg.Connection,
        mapping: MappingFile,
        folder: Path,
        lookups: Lookups,
        *,
        strict: bool,
        confirm: bool,
    ) -> LoadReport:
        loads = sorted(mapping.load, key=lambda each: list(TARGETS).index(each.target))
        staged = [stage(mapping, each, folder, lookups) for each in loads]
        await undo_leftovers(connection)
        await settle(connection)
        students, fresh = await identify_students(connection, staged, self._random)
        before = await newest_entry(connection)
        questions = await ask(connection, staged, students)
        differences = [await compare(connection, each, students) for each in staged]
        for each in differences:
            each.questioned = len(questions.fresh) if each.target == STUDENTS else 0
        _require_loadable(differences, strict=strict, confirm=confirm)
        with _quoting_no_row():
            groups = await self._prepare(connection, mapping.name, differences, fresh, questions)
            entries = await self._make_visible(connection, mapping.name, groups, before)
        await settle(connection)
        return LoadReport(entries, tuple(report_on(each) for each in differences))

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[asyncpg.Connection]:
        """Give a connection that no other load has while this one lasts. Raises `LoadBusy`."""
        async with self._engine.connect() as pooled:
            raw = (await pooled.get_raw_connection()).driver_connection
            assert isinstance(raw, asyncpg.Connection)
            if not await raw.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", _LOCK):
                raise LoadBusy("another load holds the lock")
            try:
                yield raw
            finally:
                await raw.execute("SELECT pg_advisory_unlock(hashtextextended($1, 0))", _LOCK)

    async def _prepare(
        self,
        connection: asyncpg.Connection,
        source: str,
        differences: Sequence[Difference],
        fresh: Sequence[tuple[UUID, str]],
        questions: Questions,
    ) -> list["_Group"]:
        async with connection.transaction():
            await add_students(connection, fresh, self._subjects, self._random)
            groups = []
            for event in dict.fromkeys(each.kind.event for each in differences):
                own = [each for each in differences if each.kind.event is event]
                batch, digest = await open_batch(connection, event.value, source, own)
                moves = any(each.begin or each.end for each in own)
                if event is Event.RECORDS_LOADED:
                    for each in own:
                        await write_unseen(connection, each, batch)
                    moves = await withhold(connection, own, batch) or moves
                    moves = await withhold_questioned(connection, questions, batch) or moves
                # Here, not under the lock of the log's head: nothing about them changes until they are visible.
                parts = await read_loaded(connection, batch, batch)
                lists = [each for each in own if each.kind.is_dated_by_entry]
                listed = {student for each in lists for student in await students_of(connection, each)}
                groups.append(_Group(event, batch, digest, own, moves, parts, listed))
        return groups

    async def _make_visible(
        self, connection: asyncpg.Connection, source: str, groups: Sequence["_Group"], before: int
    ) -> tuple[int, ...]:
        """Prepare what populations will be, and publish; what moves meanwhile is prepared again. Raises `LoadBusy`."""
        prepared = await self._populations(connection, groups)
        for _ in range(_CATCH_UPS):
            try:
                return await self._publish(source, groups, prepared, before)
            except LoadOvertaken:
                # INVARIANT: a stop is never overridden. What a list said when it was compared may bring back what the
                # stop took, so a load of lists begins anew; student records decide about nobody by themselves.
                if any(group.event is not Event.RECORDS_LOADED for group in groups):
                    raise
                prepared = await self._catch_up(connection, groups, prepared)
        raise LoadBusy("stops came whenever this load was prepared")

    async def _populations(self, connection: asyncpg.Connection, groups: Sequence["_Group"]) -> "_Prepared":
        """Prepare the populations of everything in force."""
        async with self._engine.connect() as reading:
            epoch = int((await reading.execute(_EPOCH)).scalar_one())
            scopes = tuple(await self._scopes(reading))
        listed = {student for group in groups for student in group.listed}
        batch = _batch_of_records(groups)
        if batch is None:
            for scope in scopes if listed else ():
                listed |= await astray(self._engine, scope)
            return _Prepared(epoch, scopes, (), listed)
        for scope in scopes:
            await prepare_population(self._engine, connection, scope, batch, random=self._random)
        return _Prepared(epoch, scopes, await prepared_parts(connection, batch), listed)

    async def _catch_up(
        self, connection: asyncpg.Connection, groups: Sequence["_Group"], prepared: "_Prepared"
    ) -> "_Prepared":
        """Prepare again whatever is about somebody for whom something changed; all of it if agreements changed."""
        async with self._engine.connect() as reading:
            epoch = int((await reading.execute(_EPOCH)).scalar_one())
            scopes = tuple(await self._scopes(reading))
        batch = _batch_of_records(groups)
        if batch is None:
            return _Prepared(epoch, scopes, (), prepared.listed)
        moved = None if scopes != prepared.scopes else await moved_since(connection, prepared.epoch)
        if moved is None or len(moved) > _FEW:
            await take_back(connection)
            return await self._populations(connection, groups)
        if moved:
            await take_back(connection, moved)
            for scope in scopes:
                await prepare_population(self._engine, connection, scope, batch, random=self._random, students=moved)
        parts = await prepared_parts(connection, batch) if moved else prepared.parts
        return _Prepared(epoch, scopes, parts, prepared.listed)

    async def _publish(
        self, source: str, groups: Sequence["_Group"], prepared: "_Prepared", before: int
    ) -> tuple[int, ...]:
        """
        Make everything visible in one short transaction. If it fails, the next load undoes what was prepared.

        Raises `LoadOvertaken` if a change of what may leave came after the preparation.
        """
        entries: list[int] = []
        async with self._engine.begin() as connection:
            now = await connection.scalar(select(func.gateway.clock()))
            assert now is not None
            last = groups[-1]
            for group in groups:
                idx = await next_index(connection)
                if not entries:
                    await _require_unmoved(connection, prepared.epoch, before)
                entries.append(idx)
                changes = group.changes_something
                if group.event is Event.RECORDS_LOADED:
                    loaded = [*group.parts, *dated(prepared.parts, idx)]
                    for scope in prepared.scopes if changes else ():
                        await keep_scope(connection, scope)
                else:
                    loaded = list(group.parts)
                    for each in group.differences:
                        await date_by_entry(connection, each, idx)
                if group is last and prepared.listed:
                    changes = True
                    students = list(prepared.listed) if len(prepared.listed) <= _FEW else None
                    for scope in prepared.scopes:
                        await rewrite_population(connection, scope, idx, students=students, random=self._random)
                # The entry first: what it commits to of a prepared population is known, and is not computed here.
                await append_sealed(
                    connection,
                    idx,
                    group.event,
                    now,
                    {"batch": group.batch, "mapping": source, **group.facts()},
                    loaded=loaded,
                    moves_epoch=changes,
                    random=self._random,
                )
                await _show(connection, group, idx)
        return tuple(entries)


async def _require_unmoved(connection: AsyncConnection, epoch: int, before: int) -> None:
    """Check, under the head, that nothing came since the preparation. Raises `LoadOvertaken`."""
    # A withdrawal or opt-out that came after the comparison: what was compared may bring it back.
    if (await connection.execute(_EPOCH)).scalar_one() != epoch or await newest_entry(connection) > max(before, epoch):
        raise LoadOvertaken("a stop came while this load was prepared")


async def _show(connection: AsyncConnection, group: "_Group", idx: int) -> None:
    """Let the batch count from entry `idx` on. Raises `LoadBusy`."""
    own = facts.batch.c.id == group.batch
    named = await connection.execute(update(facts.batch).where(own).values(idx=idx))
    if named.rowcount != 1:
        # The connection that kept us alone was lost, and another load has undone what we prepared.
        raise LoadBusy("another load came while this one was prepared")
    if group.event is Event.RECORDS_LOADED:
        await connection.execute(update(facts.frontier).values(batch=group.batch))


def _batch_of_records(groups: Sequence["_Group"]) -> int | None:
    """Return the batch of student records that changes something."""
    found = [each.batch for each in groups if each.event is Event.RECORDS_LOADED and each.changes_something]
    return found[0] if found else None


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
class _Prepared:
    """What populations will be by a load, as prepared at an epoch for these terms, and what commits to them."""

    epoch: int
    scopes: Sequence[Scope]
    parts: Sequence[Part]
    listed: set[UUID]
    """Whose populations are brought along under the head: those whose lists change."""


@dataclass(frozen=True, slots=True)
class _Group:
    """The targets that share an entry."""

    event: Event
    batch: int
    digest: bytes
    differences: Sequence[Difference]
    changes_something: bool
    parts: Sequence[Part]
    listed: set[UUID]
    """Whose lists change."""

    def facts(self) -> Mapping[str, object]:
        """Return what the entry says. The digest covers random internal ids, so it tells nothing about anybody."""
        counts = {
            each.target: {
                "added": each.added,
                "changed": each.changed,
                "ended": each.ended,
                "refused": len(each.staged.refused),
            }
            for each in self.differences
        }
        return {"digest": f"sha256:{self.digest.hex()}", "targets": counts}


def _require_loadable(differences: Sequence[Difference], *, strict: bool, confirm: bool) -> None:
    refused = tuple(str(row) for each in differences for row in each.staged.refused)
    if strict and refused:
        raise RowsRefused(f"{len(refused)} rows were refused", refused)
    for each in differences:
        if each.in_force and each.is_suspicious and not confirm:
            changed = each.changed + each.questioned
            raise LoadHeld(f"{each.target}: {each.ended} rows would end and {changed} change, of {each.in_force}")
