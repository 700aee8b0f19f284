"""
Loading records: an export in a folder becomes visible in one short transaction, with its entry, or not at all.

Rows are prepared unseen, however long that takes. The final transaction locks the log's head, writes the entries with
the batches' digests, moves the frontier and brings every population along (DESIGN, "One order").
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

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
from gateway.records.loading.entered import date_by_entry, newest_entry
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
from gateway.records.population import rewrite_population
from gateway.records.subjects import SubjectKey
from gateway.services.sealing import append_sealed

ScopesInForce = Callable[[AsyncConnection], Awaitable[Sequence[Scope]]]
"""Finds the agreements in force, inside the transaction that is about to move their populations."""

_LOCK = "pactgate.load"


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
        loads = sorted(mapping.load, key=lambda each: list(TARGETS).index(each.target))
        staged = [stage(mapping, each, folder, lookups or {}) for each in loads]
        async with self._alone() as connection:
            await undo_leftovers(connection)
            students, fresh = await identify_students(connection, staged, self._random)
            before = await newest_entry(connection)
            questions = await ask(connection, staged, students)
            differences = [await compare(connection, each, students) for each in staged]
            for each in differences:
                each.questioned = len(questions.fresh) if each.target == STUDENTS else 0
            _require_loadable(differences, strict=strict, confirm=confirm)
            with _quoting_no_row():
                groups = await self._prepare(connection, mapping.name, differences, fresh, questions)
                entries = await self._publish(mapping.name, groups, before)
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
                groups.append(_Group(event, batch, digest, own, moves, parts))
        return groups

    async def _publish(self, source: str, groups: Sequence["_Group"], before: int) -> tuple[int, ...]:
        """Make everything visible in one short transaction. If it fails, the next load undoes what was prepared."""
        entries: list[int] = []
        async with self._engine.begin() as connection:
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
