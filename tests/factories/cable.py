"""
A unix socket before the server's own that knows where PostgreSQL's messages begin, and can be lost at any one of them.

    async with cable_to(url) as cable:
        pool = await asyncpg.create_pool(url, host=str(cable.folder))
        cable.lose(Way.TO_SERVER, 7, Loss.HALF)      # the seventh message from now on
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum, auto
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

_LENGTH = 4
_SOCKET = ".s.PGSQL.5432"


class Way(Enum):
    """Where a message is going."""

    TO_SERVER = auto()
    TO_CLIENT = auto()


class Loss(Enum):
    """What becomes of the message at which the connection is lost: nothing of it passes, or half, or all of it."""

    BEFORE = auto()
    HALF = auto()
    AFTER = auto()
    SILENCE = auto()
    """Nothing passes from this message on, and nobody hangs up."""


class Cable:
    """Carries whole messages (PostgreSQL documentation, "Message Formats") until it is told to lose one."""

    def __init__(self, folder: Path, server: str) -> None:
        self.folder = folder
        self.is_lost = False
        """Whether the message was reached."""
        self._server = server
        self._at: tuple[Way, int, Loss] | None = None
        self._answer_to: tuple[bytes, Loss] | None = None
        self._asked = False

    def lose(self, way: Way, number: int, loss: Loss) -> None:
        """Lose the connection at the so-manieth message that goes this way from now on, on any connection."""
        self.is_lost, self._at = False, (way, number, loss)

    def lose_answer(self, statement: bytes, loss: Loss) -> None:
        """Lose the connection at the first message that comes back after one that holds these bytes."""
        self.is_lost, self._asked, self._answer_to = False, False, (statement, loss)

    def mend(self) -> None:
        """Lose nothing more."""
        self._at = self._answer_to = None

    async def carry(self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        """Carry one connection until either side hangs up."""
        server_in, server_out = await asyncio.open_unix_connection(f"{self._server}/{_SOCKET}")
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            # The first message has no kind, only a length.
            server_out.write(await _rest(client_in, b""))
            tasks = [
                asyncio.create_task(self._pass_on(Way.TO_SERVER, client_in, server_out)),
                asyncio.create_task(self._pass_on(Way.TO_CLIENT, server_in, client_out)),
            ]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        server_out.close()
        client_out.close()

    async def _pass_on(self, way: Way, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while True:
            message = await _rest(source, await source.readexactly(1))
            loss = self._loss(way, message)
            if loss is Loss.SILENCE:
                await source.read()  # until that side hangs up
                return
            if loss is not Loss.BEFORE:
                sink.write(message[: len(message) // 2] if loss is Loss.HALF else message)
                await sink.drain()
            if loss is not None:
                return

    def _loss(self, way: Way, message: bytes) -> Loss | None:
        if self._answer_to is not None:
            self._asked |= way is Way.TO_SERVER and self._answer_to[0] in message
            if self._asked and way is Way.TO_CLIENT:
                self.is_lost = True
                return self._answer_to[1]
        if self._at is None or self._at[0] is not way:
            return None
        _, left, loss = self._at
        self._at = (way, left - 1, loss)
        if left > 1:
            return None
        self.is_lost = True
        # What is silent stays silent; what was cut is cut once.
        self._at = (way, 1, loss) if loss is Loss.SILENCE else None
        return loss


async def _rest(source: asyncio.StreamReader, kind: bytes) -> bytes:
    length = await source.readexactly(_LENGTH)
    return kind + length + await source.readexactly(int.from_bytes(length, "big") - _LENGTH)


@asynccontextmanager
async def cable_to(url: str) -> AsyncIterator[Cable]:
    """Lay a cable to the server that `url` names."""
    host = parse_qs(urlsplit(url).query)["host"][0]
    with TemporaryDirectory(prefix="c-") as folder:
        cable = Cable(Path(folder), host)
        server = await asyncio.start_unix_server(cable.carry, cable.folder / _SOCKET)
        try:
            yield cable
        finally:
            server.close()
