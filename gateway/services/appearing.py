"""
How a prepared load becomes visible: in one short transaction, with its entries, or not at all.

What populations will be by it is prepared unseen. The transaction locks the log's head, sees that nothing came in
between, writes the entries with the batches' digests and moves the frontier (DESIGN, "One order"). If something did
come, what it concerns is prepared again, and the lock is taken anew.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from audit.change import next_index
from audit.events import Event
from gateway.records import facts
from gateway.records.coverage import Scope
from gateway.records.errors import LoadBusy, LoadOvertaken
from gateway.records.loading.coming import lists_to_be
from gateway.records.loading.describing import Confirmation
from gateway.records.loading.entered import date_by_entry, newest_entry
from gateway.records.loading.merge import Difference
from gateway.records.loading.overtaken import require_of_others
from gateway.records.loading.workspace import Workspace
from gateway.records.parts import Part
from gateway.records.population import keep_scope
from gateway.records.prepared import dated, moved_since, prepare_population, prepared_parts, take_back
from gateway.services.sealing import append_sealed

ScopesInForce = Callable[[AsyncConnection], Awaitable[Sequence[Scope]]]
"""Finds the agreements in force, inside the transaction that is about to move their populations."""

_EPOCH = text("SELECT epoch FROM audit.head")
_CATCH_UPS = 30
"""How often populations are prepared again: each time takes a fraction of the time that stops leave between them."""
_FEW = 2_000
"""Students for whom populations are looked at one by one; of more, all are looked at."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What populations will be by a load, as prepared at an epoch for these terms, and what commits to them."""

    epoch: int
    scopes: Sequence[Scope]
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Group:
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


class Appearing:
    """Makes loads visible. Holds the loader's engine, and who is in force."""

    def __init__(self, engine: AsyncEngine, scopes: ScopesInForce, random: Callable[[int], bytes]) -> None:
        self._engine = engine
        self._scopes = scopes
        self._random = random

    async def show(
        self,
        work: Workspace,
        source: str,
        groups: Sequence[Group],
        before: int,
        confirmation: Confirmation | None = None,
    ) -> tuple[int, ...]:
        """
        Prepare what populations will be, and publish; what moves meanwhile is prepared again.

        `before` is the newest entry that had dated a list when the load began. Raises `LoadBusy`, of lists
        `LoadOvertaken` where a stop came about somebody in them, and what the `confirmation` raises.
        """
        prepared = await self._populations(work, groups)
        for _ in range(_CATCH_UPS):
            try:
                return await self.publish(work.session, source, groups, prepared, before, confirmation=confirmation)
            except LoadOvertaken:
                # INVARIANT: a stop is never overridden. What a list said when it was compared may bring back what the
                # stop took, so a load of lists begins anew then; student records decide about nobody by themselves.
                if _are_lists(groups):
                    before = await require_of_others(work.connection, _differences(groups), before)
                prepared = await self._catch_up(work, groups, prepared)
        raise LoadBusy("stops came whenever this load was prepared")

    async def promised(self) -> tuple[tuple[str, str, str], ...]:
        """Return the line, the purpose and the partner of everything in force: what a consent has to name."""
        async with self._engine.connect() as reading:
            return tuple((each.line, each.purpose, each.party) for each in await self._scopes(reading))

    async def _populations(self, work: Workspace, groups: Sequence[Group]) -> Prepared:
        """
        Prepare the populations of everything in force: of everybody, and not only of those whom the load names.

        A stop ends what it cannot compute, of a version that did not verify then: the next load brings it back.
        """
        async with self._engine.connect() as reading:
            epoch = int((await reading.execute(_EPOCH)).scalar_one())
            scopes = tuple(await self._scopes(reading))
        if not any(group.changes_something for group in groups):
            return Prepared(epoch, scopes, ())
        batch, lists = groups[-1].batch, lists_to_be(_differences(groups))
        for scope in scopes:
            await prepare_population(work.session, work.connection, scope, batch, random=self._random, lists=lists)
        return Prepared(epoch, scopes, await prepared_parts(work.connection, batch))

    async def _catch_up(self, work: Workspace, groups: Sequence[Group], prepared: Prepared) -> Prepared:
        """Prepare again whatever is about somebody for whom something changed; all of it if agreements changed."""
        async with self._engine.connect() as reading:
            epoch = int((await reading.execute(_EPOCH)).scalar_one())
            scopes = tuple(await self._scopes(reading))
        batch, connection, lists = groups[-1].batch, work.connection, lists_to_be(_differences(groups))
        if not any(group.changes_something for group in groups):
            return Prepared(epoch, scopes, ())
        moved = None if scopes != prepared.scopes else await moved_since(connection, prepared.epoch)
        if moved is None or len(moved) > _FEW:
            await take_back(connection)
            return await self._populations(work, groups)
        if moved:
            await take_back(connection, moved)
            for scope in scopes:
                await prepare_population(
                    work.session, connection, scope, batch, random=self._random, students=moved, lists=lists
                )
        parts = await prepared_parts(connection, batch) if moved else prepared.parts
        return Prepared(epoch, scopes, parts)

    async def publish(
        self,
        connection: AsyncConnection,
        source: str,
        groups: Sequence[Group],
        prepared: Prepared,
        before: int,
        *,
        confirmation: Confirmation | None = None,
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
            # What is said of it now holds for the load: a stop of who signed would be found below.
            confirmed = {} if confirmation is None else await confirmation.verify(connection)
            for group in groups:
                idx = await next_index(connection)
                if not entries:
                    await _require_unmoved(connection, prepared.epoch, before if _are_lists(groups) else None)
                entries.append(idx)
                changes, loaded = group.changes_something, list(group.parts)
                if group.event is not Event.RECORDS_LOADED:
                    for each in group.differences:
                        await date_by_entry(connection, each, idx)
                if group is last:
                    changes = changes or bool(prepared.parts)
                    loaded += dated(prepared.parts, idx)
                    for scope in prepared.scopes if changes else ():
                        await keep_scope(connection, scope)
                # The entry first: what it commits to of a prepared population is known, and is not computed here.
                await append_sealed(
                    connection,
                    idx,
                    group.event,
                    now,
                    {"batch": group.batch, "mapping": source, **group.facts(), **confirmed},
                    loaded=loaded,
                    moves_epoch=changes,
                    random=self._random,
                )
                if confirmation is not None and group is groups[0]:
                    await confirmation.file(connection, idx)
                confirmed = {}
                await _show(connection, group, idx)
        return tuple(entries)


def _differences(groups: Sequence[Group]) -> list[Difference]:
    return [each for group in groups for each in group.differences]


def _are_lists(groups: Sequence[Group]) -> bool:
    """Return whether some of it decides about somebody: a roster, consents, opt-outs or placements."""
    return any(group.event is not Event.RECORDS_LOADED for group in groups)


async def _require_unmoved(connection: AsyncConnection, epoch: int, before: int | None) -> None:
    """
    Check, under the head, that nothing came since the preparation, and to lists nothing since entry `before`.

    Raises `LoadOvertaken`.
    """
    # (1): the populations are those of this epoch.
    if (await connection.execute(_EPOCH)).scalar_one() != epoch:
        raise LoadOvertaken("a stop came while this load was prepared")
    # (2): the lists were compared before that epoch was read. What a stop ended in between is in force in what was
    # compared then, and would be brought back.
    if before is not None and await newest_entry(connection) != before:
        raise LoadOvertaken("a stop came after the lists of this load were compared")


async def _show(connection: AsyncConnection, group: Group, idx: int) -> None:
    """Let the batch count from entry `idx` on. Raises `LoadBusy`."""
    own = facts.batch.c.id == group.batch
    named = await connection.execute(update(facts.batch).where(own).values(idx=idx))
    if named.rowcount != 1:
        # The connection that kept us alone was lost, and another load has undone what we prepared.
        raise LoadBusy("another load came while this one was prepared")
    await connection.execute(update(facts.frontier).values(batch=group.batch))
