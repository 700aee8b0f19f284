"""
A load generator that costs little: raw HTTP/1.1 over keep-alive connections, requests prepared beforehand.

Closed loop, bounded in time and in requests, loopback only. Each answer is compared with the page it must be, byte for
byte; one wrong answer spoils the run.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from itertools import cycle
from typing import cast

import msgspec
import uvloop

LOOPBACK = "127.0.0.1"
_END_OF_HEAD = b"\r\n\r\n"


class Plan(msgspec.Struct):
    """
    One repetition. `pages` are the rows each answer must begin with; a request names its page by place.

    With `rotate` the requests are sent again and again; without, each once, and when they run out the run is over.
    """

    port: int
    connections: int
    seconds: float
    pages: list[bytes]
    requests: list[tuple[int, bytes]]
    rotate: bool


class Result(msgspec.Struct):
    """How many answers in how many seconds, their latencies in milliseconds, and the bytes of the largest body."""

    answers: int
    seconds: float
    p50_ms: float
    p99_ms: float
    body_bytes: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


class WrongAnswer(Exception):
    """An answer that is not the page that was asked for: the repetition does not count."""


class Run:
    """What the connections of one repetition share."""

    def __init__(self, plan: Plan) -> None:
        self.pages = plan.pages
        self.requests: Iterator[tuple[int, bytes]] = cycle(plan.requests) if plan.rotate else iter(plan.requests)
        self.until = time.perf_counter() + plan.seconds
        self.latencies: list[float] = []
        self.body_bytes = 0


class Connection(asyncio.Protocol):
    """Sends one request after the other; `done` holds the end of it, or what was wrong."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._received = b""
        self._ends_at = 0
        self._page = b""
        self._sent = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast("asyncio.Transport", transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        """Collect until the answer is whole, then check it and go on."""
        self._received = self._received + data if self._received else data
        if not self._ends_at:
            head, found, _ = self._received.partition(_END_OF_HEAD)
            if not found:
                return
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            self._ends_at = len(head) + len(found) + length
            self._run.body_bytes = max(self._run.body_bytes, length)
        if len(self._received) < self._ends_at:
            return
        now = time.perf_counter()
        body = self._received.index(_END_OF_HEAD) + len(_END_OF_HEAD)
        right = self._received.startswith(b"HTTP/1.1 200") and self._received.startswith(self._page, body)
        if not right or len(self._received) != self._ends_at:
            self._end(WrongAnswer(_difference(self._received, self._page, body)))
            return
        self._run.latencies.append(now - self._sent)
        self._received, self._ends_at = b"", 0
        if now < self._run.until:
            self._next()
        else:
            self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """Say so if it was not we who hung up."""
        self._end(WrongAnswer(f"the connection was lost: {exc}"))

    def _next(self) -> None:
        prepared = next(self._run.requests, None)
        if prepared is None:
            self._end()
            return
        page, request = prepared
        self._page = self._run.pages[page]
        self._sent = time.perf_counter()
        self._transport.write(request)

    def _end(self, wrong: WrongAnswer | None = None) -> None:
        if self.done.done():
            return
        if wrong is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(wrong)
        self._transport.close()


def _difference(received: bytes, page: bytes, body: int) -> str:
    """Say where an answer stops being the page. The students are fictional, so it may be shown."""
    same = next((at for at, (a, b) in enumerate(zip(received[body:], page, strict=False)) if a != b), 0)
    around = slice(body + max(0, same - 60), body + same + 60)
    return f"{received[:40]!r} … {received[around]!r}, not {page[max(0, same - 60) : same + 60]!r}"


async def run(plan: Plan) -> Result:
    """Carry out one repetition. Raises `WrongAnswer`."""
    shared = Run(plan)
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: Connection(shared), LOOPBACK, plan.port) for _ in range(plan.connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in opened))
    ended = time.perf_counter()
    found = sorted(shared.latencies)
    return Result(
        answers=len(found),
        seconds=ended - began,
        p50_ms=1_000 * found[len(found) // 2],
        p99_ms=1_000 * found[min(len(found) - 1, int(0.99 * len(found)))],
        body_bytes=shared.body_bytes,
    )


def main() -> None:
    """Read a plan from stdin, write its result to stdout; both in MessagePack."""
    plan = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Plan)
    sys.stdout.buffer.write(msgspec.msgpack.encode(uvloop.run(run(plan))))


if __name__ == "__main__":
    main()
