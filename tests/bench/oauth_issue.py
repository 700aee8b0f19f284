"""
Tokens a second, and the part of a page that token and proof take: python -m tests.bench.oauth_issue.

A real server on a real log: each token's entry is committed before it leaves. Loopback, no TLS.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import msgspec

from gateway.oauth.assertion import ASSERTION_TYPE
from gateway.oauth.client import PartnerClient
from gateway.oauth.issuer import TOKEN_PATH
from gateway.store.session import connect
from tests.bench import machine
from tests.bench.deployment import Deployment, deployed, environment_of
from tests.bench.load import Plan, Result
from tests.bench.pages import Pages, proven_requests, walk
from tests.bench.report import say
from tests.bench.stages import StagePlan, Stages

STUDENTS, TURNS, SECONDS, PAGE_REQUESTS = 2_000, 3, 2.0, 400
SPARE = 3_000
"""Requests made beforehand for each turn: more than one core answers, and sent before they are a minute old."""
CONNECTIONS = (1, 16)
HEAD = "  tokens/s   p50 ms   p99 ms  server us  database us   busy"
ISSUED = b'{"access_token":"'


def token_requests(partner: PartnerClient, port: int, count: int) -> list[tuple[int, bytes]]:
    """Return `count` token requests, each with an assertion and a proof of its own."""
    url = f"http://127.0.0.1:{port}{TOKEN_PATH}"
    prepared = []
    for _ in range(count):
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": partner.assertion(),
        }
        body = urlencode(form)
        head = (
            f"POST {TOKEN_PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\nDPoP: {partner.proof('POST', url)}\r\n\r\n"
        )
        prepared.append((0, f"{head}{body}".encode()))
    return prepared


@dataclass(frozen=True, slots=True)
class Issued:
    """One turn: tokens a second, latencies in milliseconds, and microseconds of processor a token."""

    rate: float
    p50_ms: float
    p99_ms: float
    server_us: float
    database_us: float

    @property
    def busy(self) -> float:
        """How much of its core the server used: at 1 it can do no more."""
        return self.rate * self.server_us / 1e6


def issued(deployment: Deployment, connections: int, server: int, backend: int) -> Issued:
    """Ask for tokens for a while. Raises `RuntimeError` if anything else was answered."""
    port = deployment.settings.port
    requests = token_requests(deployment.partner(), port, SPARE)
    plan = Plan(port, connections, SECONDS, [ISSUED], requests, rotate=False)
    before = machine.processor_seconds(server), machine.database_seconds(backend)
    result = msgspec.msgpack.decode(_run("tests.bench.load", machine.LOAD_CORE, plan), type=Result)
    after = machine.processor_seconds(server), machine.database_seconds(backend)
    used = (1e6 * (now - then) / result.answers for now, then in zip(after, before, strict=True))
    return Issued(result.rate, result.p50_ms, result.p99_ms, *used)


def shares(deployment: Deployment, pages: Pages) -> tuple[float, float, float]:
    """Return microseconds of token and proof, of the whole page, and the first as a part of the second: processor."""
    requests = proven_requests(pages, deployment.partner(), deployment.settings.port, PAGE_REQUESTS)
    plan = StagePlan(environment_of(deployment), [request for _, request in requests])
    said = msgspec.msgpack.decode(_run("tests.bench.stages", machine.SERVER_CORE, plan), type=Stages)
    own = {name: processor for name, _, processor in said.lines}
    checked, whole = own["token and proof"], own["the whole"]
    return checked, whole, checked / whole


def stages(deployment: Deployment) -> Stages:
    """Return where the time of a token goes."""
    requests = token_requests(deployment.partner(), deployment.settings.port, PAGE_REQUESTS)
    plan = StagePlan(environment_of(deployment), [request for _, request in requests])
    return msgspec.msgpack.decode(_run("tests.bench.oauth_stages", machine.SERVER_CORE, plan), type=Stages)


def _run(module: str, core: int, plan: msgspec.Struct) -> bytes:
    with subprocess.Popen((sys.executable, "-m", module), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        machine.pin(core, process.pid)
        said, _ = process.communicate(msgspec.msgpack.encode(plan))
    if process.returncode:
        raise RuntimeError(f"{module} stopped; what it said is above")
    return said


def _line(connections: int, turns: Sequence[Issued]) -> str:
    rate, p50, p99, server, database, busy = (
        median(getattr(turn, name) for turn in turns)
        for name in ("rate", "p50_ms", "p99_ms", "server_us", "database_us", "busy")
    )
    return (
        f"  {connections:>3} connections {rate:13.0f} {p50:8.2f} {p99:8.2f} {server:10.0f} {database:12.0f} {busy:6.0%}"
    )


async def bench() -> None:
    """Set up, measure, print."""
    for name, value in machine.facts().items():
        say(f"{name + ':':<20} {value}")
    with tempfile.TemporaryDirectory(prefix="pactgate-bench-") as folder:
        async with deployed(Path(folder), STUDENTS) as deployment:
            url = f"http://127.0.0.1:{deployment.settings.port}/healthz"
            words = (sys.executable, "-m", "tests.bench.served_tokens")
            environment, log = environment_of(deployment), Path(folder) / "served.log"
            with machine.server(words, environment, url, log) as server:
                pages = await asyncio.to_thread(walk, deployment.partner())
                async with connect(deployment.cluster.url("admin")) as connection:
                    backend = await connection.fetchval("SELECT pg_backend_pid()")
                    say(f"\nmedians of {TURNS} x {SECONDS} s{HEAD}")
                    for connections in CONNECTIONS:
                        turns = [
                            await asyncio.to_thread(issued, deployment, connections, server, backend)
                            for _ in range(TURNS)
                        ]
                        say(_line(connections, turns))
                checked, whole, part = await asyncio.to_thread(shares, deployment, pages)
                of_token = await asyncio.to_thread(stages, deployment)
    say(f"\na page of 100 rows: token and proof {checked:.0f} us of {whole:.0f} us of processor time, {part:.1%}")
    say("\na token, one at a time, in process: microseconds of wall clock (median), and of this process's processor")
    for name, wall, own in of_token.lines:
        say(f"  {name:<48} {wall:7.0f} {own:7.0f}")


if __name__ == "__main__":
    os.umask(0o077)
    asyncio.run(bench())
