"""
Putting alarms on file, beside whatever raised them: a task that writes now and then what waits.

A case is a note for people. INVARIANT: nothing is decided by one; an alarm that cannot be put on file stands in the
operator's log all the same, and holds nothing up.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import orjson
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.services.alarms import alarm, listening
from gateway.services.inbox.pending import Pending, Raised

EVERY_SECONDS: Final = 5.0
_SECONDS: Final = 10.0
"""How long writing may take: a database that is locked holds no command up."""
_NOTE: Final = text("SELECT gateway.note_alarm(:code, :identity, cast(:facts AS jsonb), :times, :newest)")


async def put_on_file(engine: AsyncEngine, raised: Sequence[Raised]) -> None:
    """
    Fold these into the cases on file, in one transaction; a case that was resolved and is raised anew is open again.

    In the order of their identities, so that two processes never wait for each other. One that the table does not take
    stands in the operator's log alone, and keeps none of the others from file.
    """
    rows = [
        {
            "code": each.code,
            "identity": each.identity,
            "facts": orjson.dumps(dict(each.facts)).decode(),
            "times": each.times,
            "newest": each.newest,
        }
        for each in sorted(raised, key=lambda each: each.identity)
    ]
    if not rows:
        return
    async with engine.begin() as connection:
        for row in rows:
            try:
                async with connection.begin_nested():
                    await connection.execute(_NOTE, row)
            except (DataError, IntegrityError):
                logging.getLogger("pactgate").warning("an alarm does not fit on file: %s", row["code"])


@asynccontextmanager
async def alarms_kept(
    engine: AsyncEngine, *, every: float = EVERY_SECONDS, pending: Pending | None = None
) -> AsyncIterator[Pending]:
    """
    Keep every alarm that this process raises while the block lasts, as the role of `engine`; yields what waits.

    At the end of the block what waits is written.
    """
    waiting = pending or Pending()
    with listening(waiting.take):
        writing = asyncio.create_task(_write(engine, waiting, every), name="alarms")
        try:
            yield waiting
        finally:
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing
            await flush(engine, waiting)


async def flush(engine: AsyncEngine, waiting: Pending) -> None:
    """Write what waits; what could not be written waits on. Raises nothing of the database's."""
    raised, dropped = waiting.taken()
    if dropped:  # one more alarm, which waits for the next time
        alarm("alarms_dropped", {"times": str(dropped)})
    if not raised:
        return
    try:
        async with asyncio.timeout(_SECONDS):
            await put_on_file(engine, raised)
    except Exception as error:
        waiting.give_back(raised)
        logging.getLogger("pactgate").warning("alarms were not put on file, tried again later", exc_info=error)
    except BaseException:
        waiting.give_back(raised)
        raise


async def _write(engine: AsyncEngine, waiting: Pending, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        await flush(engine, waiting)
