"""
Loading records: an export in a folder becomes visible in one short transaction, with its entry, or not at all.

Rows are prepared unseen, however long that takes, and so is what populations will be by them. The final transaction
locks the log's head, sees that nothing came in between, writes the entries with the batches' digests and moves the
frontier (DESIGN, "One order"). If something did come, what it concerns is prepared again, and the lock is taken anew.
"""

import gc
import hashlib
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import asyncpg
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from agreements.documents.load_confirmation import Confirmable
from audit.events import Event
from gateway.records.errors import (
    LoadBusy,
    LoadHeld,
    LoadOvertaken,
    RecordsError,
    RowsRefused,
    RowsUnstorable,
)
from gateway.records.loading.batches import Refused
from gateway.records.loading.cells import Lookups
from gateway.records.loading.consented import note_promised
from gateway.records.loading.describing import Confirmation
from gateway.records.loading.entered import newest_entry
from gateway.records.loading.holders import ask, withhold_questioned
from gateway.records.loading.lasting import let_end
from gateway.records.loading.mapping import MappingFile
from gateway.records.loading.merge import Difference, compare
from gateway.records.loading.narrowing import keep_narrowing
from gateway.records.loading.order import Order, Tell, held_targets
from gateway.records.loading.prepare import (
    add_students,
    keep_beginnings,
    open_batch,
    undo_leftovers,
    undo_unused,
    withhold,
    write_unseen,
)
from gateway.records.loading.refusals import all_refused
from gateway.records.loading.report import LoadReport, report_on
from gateway.records.loading.spoken import note_spoken_of
from gateway.records.loading.staging import Staging
from gateway.records.loading.targets import CONSENTS, TARGETS
from gateway.records.loading.unclassified import Codes, unclassified_in
from gateway.records.loading.workspace import STUDENTS, Workspace
from gateway.records.looking_over import look_over
from gateway.records.parts import read_loaded
from gateway.records.prepared import settle
from gateway.records.subjects import SubjectKey
from gateway.services.appearing import Appearing, Group, ScopesInForce

_LOCK = "pactgate.load"
_END = f"DISCARD TEMP; SELECT pg_advisory_unlock(hashtextextended('{_LOCK}', 0))"
_ATTEMPTS = 3
"""How often a load of lists begins anew when something comes in between."""


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
        self._random = random
        self.appearing = Appearing(engine, scopes, random)

    async def load(
        self,
        mapping: MappingFile,
        folder: Path,
        *,
        deltas: Sequence[Path] = (),
        lookups: Lookups | None = None,
        strict: bool = False,
        confirmation: Confirmation | None = None,
        codes: Codes | None = None,
        dry: bool = False,
        refused: Callable[[Refused], None] | None = None,
        tell: Tell | None = None,
        reported: Callable[[LoadReport], None] | None = None,
    ) -> LoadReport:
        """
        Load what `mapping` takes from `folder`, and report what was taken and what was refused.

        `folder` may be a zip archive; `deltas` are later exports, in order, that say what changed in it. `strict` loads
        nothing if any row is refused; a `confirmation` lets exactly the load through that it describes; by `codes` the
        report tells which values nobody has classified; `dry` writes nothing and says what would happen. `refused` is
        given every refused row, `reported` the report of a load that is held or that `strict` refuses.

        Raises `LoadHeld` for a suspiciously large change, and `ConfirmationRefused` if another one was confirmed: what
        narrows in it is visible then. Raises `BadMapping`, `BadSource`, `RowsRefused`, `RowsUnstorable`, `LoadBusy`,
        and what the confirmation raises; nothing is visible then.
        """
        order = Order(
            mapping, (folder, *deltas), lookups or {}, strict, confirmation, codes, dry, refused, tell, reported
        )
        async with self._alone() as work:
            for _ in range(_ATTEMPTS):
                try:
                    return await self._load(work, order)
                except LoadOvertaken:
                    continue
                except LoadHeld as error:
                    if error.entries:
                        # What narrowed is in force now, so it is another load that waits.
                        error.described = await self._left_of(work, order)
                    raise
        raise LoadBusy("stops came whenever this load was prepared")

    async def _left_of(self, work: Workspace, order: Order) -> Confirmable | None:
        """Return what two people confirm of a load of which what narrows has applied; None if it is held no more."""
        with suppress(RecordsError):  # the export was taken away meanwhile: nobody confirms it then
            return (await self._load(work, order.rehearsed())).described
        return None

    async def _load(self, work: Workspace, order: Order) -> LoadReport:
        # Opened before anything is read: a missing file or column is said at once.
        stagings = order.stagings()
        refusal = order.refused_at_once()
        if not order.dry:
            await undo_leftovers(work.connection)
            await settle(work.connection)
        before = await newest_entry(work.connection)
        await work.open(order.mapping.name, stagings)
        if any(each.load.target == CONSENTS for each in stagings):
            await note_promised(work, await self.appearing.promised())
        with _quoting_no_row():
            with _old_objects_left_alone():
                for number, staging in enumerate(stagings):
                    await _fill(work, number, staging, order.tell)
            # All of it is there now and nothing compared: whose number it is, is asked about rows of all targets.
            questioned = await ask(work, stagings)
            digests = {TARGETS[each.load.target].event: hashlib.sha256() for each in stagings}
            differences = [
                await _differ(work, number, staging, digests[TARGETS[staging.load.target].event], questioned)
                for number, staging in enumerate(stagings)
            ]
            reports, held = tuple(report_on(each) for each in differences), held_targets(differences)
            codes = await unclassified_in(work, differences, order.codes)
            found = order.described(differences) if held or order.confirmation else None
            described = found if held else None
            if order.dry:
                await _tell_refused(work, differences, order.refused)
                return LoadReport((), reports, held, described, codes)
            try:
                await self._require_loadable(work, order, differences, before, refusal or order.refused_after(found))
            except (RowsRefused, LoadHeld) as error:
                if isinstance(error, LoadHeld):
                    error.described = described
                if order.reported is not None:
                    order.reported(LoadReport((), reports, held, described, codes))
                await _tell_refused(work, differences, order.refused)
                raise
            groups = await self._prepare(work, order.mapping.name, differences, digests)
            entries = await self.appearing.show(work, order.mapping.name, groups, before, order.confirmation)
        await _tell_refused(work, differences, order.refused)
        await settle(work.connection)
        await look_over(work.connection)
        return LoadReport(entries, reports, unclassified=codes)

    async def _require_loadable(
        self,
        work: Workspace,
        order: Order,
        differences: Sequence[Difference],
        before: int,
        refusal: LoadHeld | None,
    ) -> None:
        """Check that nothing holds this load up; what narrows in one that is held applies. As `load` raises."""
        order.require_strict(differences)
        held = held_targets(differences)
        if held and order.confirmation is None:
            refusal = LoadHeld(held[0])
        if refusal is None:
            return
        refusal.held = held
        if held:
            refusal.entries = await self._narrow(work, order, differences, before)
        raise refusal

    async def _narrow(
        self, work: Workspace, order: Order, differences: Sequence[Difference], before: int
    ) -> tuple[int, ...]:
        """Make visible what narrows in a load that is held; return the entries."""
        digests = {each.kind.event: hashlib.sha256() for each in differences}
        narrowed = await keep_narrowing(work, differences, digests)
        prepared = await self._prepare(work, order.mapping.name, narrowed, digests)
        groups = [each for each in prepared if each.changes_something]
        if len(groups) < len(prepared):
            await undo_unused(work.connection, [each.batch for each in prepared if not each.changes_something])
        entries = await self.appearing.show(work, order.mapping.name, groups, before) if groups else ()
        await settle(work.connection)
        return entries

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
    ) -> list[Group]:
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
                    moves = await withhold(work.connection, source, own, batch) or moves
                    moves = await withhold_questioned(work.connection, batch) or moves
                else:
                    for each in own:
                        await keep_beginnings(work.connection, each)
                # Here, not under the lock of the log's head: nothing about them changes until they are visible.
                parts = await read_loaded(work.connection, batch, batch)
                groups.append(Group(event, batch, hashed.digest(), own, moves, parts))
        return groups


@contextmanager
def _old_objects_left_alone() -> Iterator[None]:
    """Keep Python's collector from walking through all that lived before, again and again, while rows come and go."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


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


async def _raw(session: AsyncConnection) -> asyncpg.Connection:
    raw = (await session.get_raw_connection()).driver_connection
    assert isinstance(raw, asyncpg.Connection)
    return raw


async def _fill(work: Workspace, number: int, staging: Staging, tell: Tell | None) -> None:
    """Read one target's file into the workspace."""
    whole = staging.file.size
    await work.fill(number, staging, (lambda _: None) if tell is None else (lambda done: tell(done, whole)))
    # Before any row is refused for what it says: it speaks of its agreement, its day or its school all the same.
    await note_spoken_of(work, number, staging)
    await let_end(work, number, staging.load)


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
            async for refused in all_refused(work, each.number, each.files):
                tell(refused)
