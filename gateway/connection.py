"""
How long one connection may take: to say what it wants, and to take its answer. uvicorn itself sets no such limit.

A slow client costs a socket and a little memory each; a few thousand of them keep everybody else out. Bodies have a
timer of their own (`gateway.http`), idle connections uvicorn's (keep-alive).
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

_TIMED_OUT: Final = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_LINGER_SECONDS: Final = 1.0
"""Granted to a connection that was closed to take what was already written."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. `head`: from the first byte, or from connecting, to the end of the headers; `answer`: from there on."""

    head: float = 10.0
    answer: float = 60.0


class BoundedProtocol(HttpToolsProtocol):
    """
    HTTP/1.1 on one connection, with an end to it.

    INVARIANT: at any moment one timer runs, of uvicorn's or of ours, that ends the connection whatever the client does.
    """

    patience = Patience()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head_timer: asyncio.TimerHandle | None = None
        self._answer_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        super().connection_lost(exc)
        for timer in (self._head_timer, self._answer_timer):
            if timer is not None:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Take what was sent. Whatever it is, it is the last that an idle connection may do without a head."""
        super().data_received(data)
        # uvicorn's own timer has ended with the first byte, and empty lines before a request begin no message.
        if self._is_idle() and self.timeout_keep_alive_task is None:
            self._await_head()

    def on_message_begin(self) -> None:
        """Wait for the rest of a head that has begun."""
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        """Wait for the answer to be taken."""
        for timer in (self._head_timer, self._answer_timer):
            if timer is not None:
                timer.cancel()
        self._head_timer = None
        self._answer_timer = self.loop.call_later(self.patience.answer, self._end)
        super().on_headers_complete()

    def _is_idle(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # none before the first request, whatever its type says
        return cycle is None or cycle.response_complete

    def _await_head(self) -> None:
        if self._head_timer is None and not self.transport.is_closing():
            self._head_timer = self.loop.call_later(self.patience.head, self._head_too_slow)

    def _head_too_slow(self) -> None:
        self._head_timer = None
        if not self._is_idle():
            self._await_head()  # an answer before this head is on its way, and has a timer of its own
            return
        self.transport.write(_TIMED_OUT)
        self.transport.close()
        self._answer_timer = self.loop.call_later(_LINGER_SECONDS, self._end)

    def _end(self) -> None:
        """Cut the connection unless it waits, idle and empty, for a next request."""
        taken = not self.transport.get_write_buffer_size()
        if not (taken and self._is_idle()) or self.transport.is_closing():
            self.transport.abort()
