"""
A stop is made once: each takes a signature of its own to undo, and a button is pressed twice.

INVARIANT: narrowing is never held. A thing counts as stopped only by a stop of that very thing: a master's stop, or a
list of people that is gone, may be over tomorrow.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.console.desk import ConsoleDesk
from gateway.console.errors import AlreadyStopped
from gateway.services.standing.registry import Registry


@asynccontextmanager
async def stopping(desk: ConsoleDesk, *subjects: str) -> AsyncIterator[None]:
    """
    Stop `subjects` in the block: agreements by digest, partners, programs or people by id. One stop at a time.

    Raises `AlreadyStopped` if each of them is stopped and goes on being so.
    """
    async with desk.stopping:
        _, registry = await desk.read()
        if subjects and set(subjects) <= _stopped(registry):
            raise AlreadyStopped("This is stopped already.")
        yield


def _stopped(registry: Registry) -> set[str]:
    moves = {each.document.digest: {move.index for move in each.moves} for each in registry.register.agreements}
    own = {stop.concerns for stop in registry.suspensions if stop.entry in moves.get(stop.concerns, {stop.entry})}
    return own | registry.staff.stopped.keys()
