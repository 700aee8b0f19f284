"""
Loading records: an export in a folder becomes visible in one short transaction, with its entry, or not at all.

Rows are prepared unseen, however long that takes, and so is what populations will be by them. The final transaction
locks the log's head, sees that nothing came in between, writes the entries with the batches' digests and moves the
frontier (DESIGN, "One order"). If something did come, what it concerns is prepared again, and the lock is taken anew.
"""

import hashlib
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
from gateway.records.errors import BadSource, LoadBusy, LoadHeld, LoadOvertaken, RowsRefused, RowsUnstorable
from gateway.records.loading.cells import Lookups
from gateway.records.loading.csvfile import Refused
from gateway.records.loading.entered import date_by_entry, newest_entry, students_of
from gateway.records.loading.holders import ask, withhold_questioned
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
from gateway.records.loading.refusals import all_refused
from gateway.records.loading.report import LoadReport, report_on
from gateway.records.loading.staging import Staging
from gateway.records.loading.targets import TARGETS
from gateway.records.loading.workspace import STUDENTS, Workspace
from gateway.records.parts import Part, read_loaded
from gateway.records.population import keep_scope, rewrite_population
from gateway.records.prepared import astray, dated, moved_since, prepare_population, prepared_parts, settle, take_back
from gateway.records.subjects import SubjectKey
from gateway.services.sealing import append_sealed

ScopesInForce = Callable[[AsyncConnection], Awaitable[Sequence[Scope]]]
"""Finds the agreements in force, inside the transaction that is about to move their populations."""

_LOCK = "pactgate.load"
_END = f"DISCARD TEMP; SELECT pg_advisory_unlock(hashtextextended('{_LOCK}', 0))"
_EPOCH = text("SELECT epoch FROM audit.head")
_ATTEMPTS = 3
"""How often a load of lists begins anew when something comes in between."""
_CATCH_UPS = 30
"""How often populations are prepared again: each time takes a fraction of the time that stops leave between them."""
_FEW = 2_000
"""Students for whom populations are looked at one by one; of more, all are looked at."""

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
        order = _Order(mapping, (folder, *deltas), lookups or {}, strict, confirm, dry, refused, tell)
        async with self._alone() as work:
            for _ in range(_ATTEMPTS):
                try:
                    return await self._load(work, order)
                except LoadOvertaken:
                    continue
        raise LoadBusy("stops came whenever this load was prepared")

    async def _load(self, work: Workspace, order: "_Order") -> LoadReport:
        # Opened before anything is read: a missing file or column is said at once.
        stagings = order.stagings()
        if not order.dry:
            await undo_leftovers(work.connection)
            await settle(work.connection)
        before = await newest_entry(work.connection)
        await work.open(stagings)
        with _quoting_no_row():
            for number, staging in enumerate(stagings):
                await _fill(work, number, staging, order.tell)
            # All of it is there now and nothing compared: whose number it is, is asked about rows of all targets.
            questioned = await ask(work, stagings)
            digests = {TARGETS[each.load.target].event: hashlib.sha256() for each in stagings}
            differences = [
                await _differ(work, number, staging, digests[TARGETS[staging.load.target].event], questioned)
                for number, staging in enumerate(stagings)
            ]
            reports, held = tuple(report_on(each) for each in differences), _held(differences)
            if order.dry:
                await _tell_refused(work, differences, order.refused)
                return LoadReport((), reports, held)
            try:
                _require_loadable(differences, held, strict=order.strict, confirm=order.confirm)
            except (RowsRefused, LoadHeld):
                await _tell_refused(work, differences, order.refused)
                raise
            groups = await self._prepare(work, order.mapping.name, differences, digests)
            entries = await self._make_visible(work, order.mapping.name, groups, before)
        await _tell_refused(work, differences, order.refused)
        await settle(work.connection)
        return LoadReport(entries, reports)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[Workspace]:
        """Give tables of a session that no other load has while this one lasts. Raises `LoadBusy`."""
        async with self._engine.connect() as session:
            raw = await _raw(session)
            if not await raw.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", _LOCK):
                raise LoadBusy("another load holds the lock")
            try:
                yield Workspace(session, raw, self._random)
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
            await add_students(work.connection, self._subjects, self._random)
            groups = []
            for event, hashed in digests.items():
                own = [each for each in differences if each.kind.event is event]
                batch = await open_batch(work.connection, event.value, source, hashed.digest(), own)
                moves = any(each.changes_something for each in own)
                if event is Event.RECORDS_LOADED:
                    for each in own:
                        await write_unseen(work.connection, each, batch)
                    moves = await withhold(work.connection, own, batch) or moves
                    moves = await withhold_questioned(work.connection, batch) or moves
                else:
                    for each in own:
                        await keep_beginnings(work.connection, each)
                # Here, not under the lock of the log's head: nothing about them changes until they are visible.
                parts = await read_loaded(work.connection, batch, batch)
                lists = [each for each in own if each.kind.is_dated_by_entry]
                listed = {student for each in lists for student in await students_of(work.connection, each)}
                groups.append(_Group(event, batch, hashed.digest(), own, moves, parts, listed))
        return groups

    async def _make_visible(
        self, work: Workspace, source: str, groups: Sequence["_Group"], before: int
    ) -> tuple[int, ...]:
        """Prepare what populations will be, and publish; what moves meanwhile is prepared again. Raises `LoadBusy`."""
        prepared = await self._populations(work.connection, groups)
        for _ in range(_CATCH_UPS):
            try:
                return await self._publish(work.session, source, groups, prepared, before)
            except LoadOvertaken:
                # INVARIANT: a stop is never overridden. What a list said when it was compared may bring back what the
                # stop took, so a load of lists begins anew; student records decide about nobody by themselves.
                if any(group.event is not Event.RECORDS_LOADED for group in groups):
                    raise
                prepared = await self._catch_up(work.connection, groups, prepared)
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
        self, connection: AsyncConnection, source: str, groups: Sequence["_Group"], prepared: "_Prepared", before: int
    ) -> tuple[int, ...]:
        """
        Make everything visible in one short transaction. If it fails, the next load undoes what was prepared.

        Raises `LoadOvertaken` if a change of what may leave came after the preparation.
        """
        entries: list[int] = []
        async with connection.begin():
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
class _Order:
    """What to load, from where, and how."""

    mapping: MappingFile
    places: Sequence[Path]
    lookups: Lookups
    strict: bool
    confirm: bool
    dry: bool
    refused: Callable[[Refused], None] | None
    tell: Tell | None

    def stagings(self) -> list[Staging]:
        """Open what is to be read, in the order of loading. Raises `BadMapping`, `BadSource`."""
        loads = sorted(self.mapping.load, key=lambda each: list(TARGETS).index(each.target))
        exports = Exports(self.mapping, self.places)
        opened = [Staging(each, exports, self.lookups) for each in loads]
        if not (there := [each for each in opened if each.is_there]):
            raise BadSource("None of the files of the mapping is there.")
        return there


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
                "refused": each.refused,
            }
            for each in self.differences
        }
        return {"digest": f"sha256:{self.digest.hex()}", "targets": counts}


async def _raw(session: AsyncConnection) -> asyncpg.Connection:
    raw = (await session.get_raw_connection()).driver_connection
    assert isinstance(raw, asyncpg.Connection)
    return raw


async def _fill(work: Workspace, number: int, staging: Staging, tell: Tell | None) -> None:
    """Read one target's file into the workspace."""
    whole = staging.file.size
    await work.fill(number, staging, (lambda _: None) if tell is None else (lambda done: tell(done, whole)))


async def _differ(
    work: Workspace, number: int, staging: Staging, digest: "hashlib._Hash", questioned: int
) -> Difference:
    """Compare one target's rows with what is in force; `questioned` students would have become others."""
    digest.update(staging.load.target.encode() + b"\0")
    own = questioned if staging.load.target == STUDENTS else 0
    return await compare(work, number, staging, digest.update, questioned=own)


async def _tell_refused(
    work: Workspace, differences: Sequence[Difference], tell: Callable[[Refused], None] | None
) -> None:
    if tell is None:
        return
    async with work.connection.transaction():
        for each in differences:
            async for refused in all_refused(work, each.number, each.file):
                tell(refused)


def _held(differences: Sequence[Difference]) -> tuple[str, ...]:
    return tuple(
        f"{each.target}: {each.ended} rows would end and {each.changed + each.questioned} change, of {each.in_force}"
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
