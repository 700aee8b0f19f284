"""
The log's door for the request path: one collector a replica gathers what arrives while the last commit runs.

No timer: whatever queued during a commit is the next batch. A request is answered after the commit of its entry was
confirmed, never before; anything else is `LogUnavailable`, and then nothing may leave.
"""

import asyncio
import contextlib
from collections import deque
from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from audit.batch import Outcome, write_batch
from audit.change import append_change
from audit.checkpoint import CheckpointSigner
from audit.draft import Appended, Draft, Meter, Once
from audit.errors import LogBusy, LogUnavailable
from audit.reading import require_sound_head
from audit.signing import sign_head

__all__ = ["Appended", "Draft", "Log", "Meter", "Once", "append_change", "sign_head"]

BATCH_SECONDS = 5.0
"""For a batch, from taking it to its commit, and for a signature; above every timeout of the database, so it fires only
when that is silent."""
SIGN_SECONDS = 0.2
"""At least this long between two signatures: not every batch needs one, a receipt takes the next that covers it."""

_Waiter: TypeAlias = tuple[Draft, "asyncio.Future[Outcome | LogUnavailable]"]


class Log:
    """
    Appends drafts in batches and signs the head after them.

    The pool is the log's own and lends two connections: one to the collector while it works, one to the signer.
    Only the collector task touches `_session`; the queue is shared by everything on this event loop.
    """

    def __init__(
        self, pool: asyncpg.Pool, signer: CheckpointSigner, *, max_batch: int = 512, max_queue: int = 4096
    ) -> None:
        self._pool = pool
        self._signer = signer
        self._max_batch = max_batch
        self._max_queue = max_queue
        self._queue: deque[_Waiter] = deque()
        self._arrived = asyncio.Event()
        self._committed = asyncio.Event()
        self._session: PoolConnectionProxy | None = None
        self._tasks: tuple[asyncio.Task[None], asyncio.Task[None]] | None = None
        self._halted = False

    async def start(self) -> None:
        """Check that the head fits the last checkpoint, then accept drafts. Raises `LogDamaged` or `LogUnavailable`."""
        try:
            async with self._pool.acquire() as session:
                await require_sound_head(session)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise LogUnavailable(f"the log cannot be read: {type(error).__name__}") from error
        self._tasks = asyncio.create_task(self._collect()), asyncio.create_task(self._sign())

    async def stop(self) -> None:
        """Refuse new drafts, finish those that wait, sign the head. Harmless if it is not running."""
        if self._tasks is None:
            return
        (collector, signing), self._tasks = self._tasks, None
        self._arrived.set()
        await collector
        signing.cancel()
        await asyncio.gather(signing, return_exceptions=True)
        await self._sign_once()
        await self._drop_session()

    def halt(self) -> None:
        """Take no further draft and sign nothing: for a log that is another than it was, or whose keys are gone."""
        self._halted = True

    @property
    def is_halted(self) -> bool:
        """Whether it takes no draft and signs nothing any more."""
        return self._halted

    def require_taking(self) -> None:
        """Check that it takes entries, before one rides in another transaction. Raises `LogUnavailable` once halted."""
        if self._halted:
            raise LogUnavailable("the log is halted")

    @property
    def signer(self) -> CheckpointSigner:
        """What signs the head now. Raises `LogUnavailable` once the log is halted: nobody signs it any more."""
        self.require_taking()
        return self._signer

    def sign_with(self, signer: CheckpointSigner) -> None:
        """Sign later heads with other keys of the same log."""
        self._signer = signer

    async def append(self, draft: Draft) -> Appended:
        """
        Put an entry on record and return once its commit is confirmed.

        Raises `EpochMoved` (nothing was written: read again), `Replayed` or `MeterFull` (the refusal is on record),
        `LogBusy` (nothing was written) or `LogUnavailable` (perhaps on record; nothing may be sent). A caller that is
        cancelled may leave its entry behind: over-reporting is the safe side.
        """
        if self._tasks is None or self._halted:
            raise LogUnavailable("the log is not running")
        if len(self._queue) >= self._max_queue:
            raise LogBusy(f"{self._max_queue} entries are waiting")
        future: asyncio.Future[Outcome | LogUnavailable] = asyncio.get_running_loop().create_future()
        self._queue.append((draft, future))
        self._arrived.set()
        outcome = await future
        if isinstance(outcome, Appended):
            return outcome
        raise outcome

    async def _collect(self) -> None:
        # Nothing is taken when nothing waits, or when all who waited have gone: then it may be over.
        while (batch := self._take()) or self._tasks is not None:
            if batch:
                await self._commit(batch)
                self._committed.set()
            else:
                self._arrived.clear()
                await self._arrived.wait()

    def _take(self) -> list[_Waiter]:
        batch: list[_Waiter] = []
        while self._queue and len(batch) < self._max_batch:
            if batch and (batch[0][0].moves_epoch or self._queue[0][0].moves_epoch):
                break  # what was read before an entry that moves the epoch is not written after it
            waiter = self._queue.popleft()
            if not waiter[1].done():  # whoever asked has gone; nothing was sent, so nothing need be on record
                batch.append(waiter)
        return batch

    async def _commit(self, batch: list[_Waiter]) -> None:
        try:
            async with asyncio.timeout(BATCH_SECONDS):
                if self._session is not None and _has_ended(self._session):
                    await self._drop_session()  # it ended while nobody needed it, and nothing of this batch was sent
                if self._session is None:
                    self._session = await self._pool.acquire()
                outcomes = await write_batch(self._session, [draft for draft, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, these callers get nothing and the next batch is tried
            for _, future in batch:
                # An error each, without the cause: the database's own text may quote what was being written.
                _settle(future, LogUnavailable(f"the outcome of the batch is unknown: {type(error).__name__}"))
            await self._drop_session()
            return
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            _settle(future, outcome)

    async def _drop_session(self) -> None:
        # INVARIANT: a session whose transaction may be open is never used again.
        if self._session is not None:
            session, self._session = self._session, None
            await self._end(session)

    async def _end(self, session: PoolConnectionProxy) -> None:
        with contextlib.suppress(asyncpg.InterfaceError):  # a session that was lost has left the pool already
            session.terminate()
            await self._pool.release(session)

    async def _sign(self) -> None:
        while True:
            await self._committed.wait()
            self._committed.clear()
            await self._sign_once()
            await asyncio.sleep(SIGN_SECONDS)

    async def _sign_once(self) -> None:
        if self._halted:
            return
        try:
            async with asyncio.timeout(BATCH_SECONDS):
                session = await self._pool.acquire()
                try:
                    await sign_head(session, self._signer)
                except BaseException:
                    await self._end(session)  # nobody waits for what a database that has gone silent may still say
                    raise
                await self._pool.release(session)
        except Exception:  # noqa: BLE001 - an unsigned head is late, not wrong; it is tried again and receipts sign too
            self._committed.set()


def _has_ended(session: PoolConnectionProxy) -> bool:
    try:
        return session.is_closed()
    except asyncpg.InterfaceError:  # a session that was lost has left the pool already
        return True


def _settle(future: "asyncio.Future[Outcome | LogUnavailable]", outcome: Outcome | LogUnavailable) -> None:
    # Outcomes travel as results: an exception nobody awaits any more would be reported as a bug.
    if not future.done():
        future.set_result(outcome)
