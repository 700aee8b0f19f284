"""
A load generator that costs little: raw HTTP/1.1 over keep-alive connections, requests prepared beforehand.

Closed loop, bounded in time and in requests, loopback only. Each answer is checked: status, row count and length; one
wrong answer spoils the run.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Run:
    """One repetition: how many answers in how many seconds, their latencies in seconds, and the bytes of a body."""

    answers: int
    seconds: float
    latencies: Sequence[float]
    body_bytes: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds

    def percentile(self, share: float) -> float:
        """Latency in milliseconds that `share` of the answers stayed within."""
        ordered = sorted(self.latencies)
        return 1_000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class WrongAnswer(Exception):
    """An answer that is not the page that was asked for: the repetition does not count."""


async def run(port: int, requests: Sequence[bytes], connections: int, seconds: float, rows: int) -> Run:
    """Send `requests` in turn for at most `seconds`. Raises `WrongAnswer`, or when the requests run out early."""
    waiting = iter(requests)
    latencies: list[float] = []
    sizes: set[int] = set()
    began = time.perf_counter()
    until = began + seconds

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        try:
            while time.perf_counter() < until:
                request = next(waiting, None)
                if request is None:
                    raise WrongAnswer("more requests were answered than had been prepared")
                sent = time.perf_counter()
                writer.write(request)
                sizes.add(await _answer(reader, rows))
                latencies.append(time.perf_counter() - sent)
        finally:
            writer.close()

    await asyncio.gather(*(connection() for _ in range(connections)))
    return Run(len(latencies), time.perf_counter() - began, latencies, max(sizes))


async def _answer(reader: asyncio.StreamReader, rows: int) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
    body = await reader.readexactly(length)
    if not head.startswith(b"HTTP/1.1 200") or body.count(b'"grade_level"') != rows:
        raise WrongAnswer(f"{head.splitlines()[0].decode()}: {body[:300].decode(errors='replace')}")
    return length


def main() -> None:
    """Read a plan as JSON on stdin (port, connections, seconds, rows, requests), print the run as JSON."""
    plan = json.load(sys.stdin)
    done = asyncio.run(
        run(
            plan["port"],
            [text.encode("latin-1") for text in plan["requests"]],
            plan["connections"],
            plan["seconds"],
            plan["rows"],
        )
    )
    json.dump(
        {
            "answers": done.answers,
            "rate": done.rate,
            "p50_ms": done.percentile(0.50),
            "p99_ms": done.percentile(0.99),
            "body_bytes": done.body_bytes,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
