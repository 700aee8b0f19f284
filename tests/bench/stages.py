"""
Where the time of one page goes: the real application in this process, one request at a time, its stages under a clock.

Each stage is wrapped where it stands, so nothing is measured that does not run. What the whole takes above their sum
is FastAPI, the HTTP floor, the route and the log line. A single request waits for a whole commit of its own; under
load many share one.
"""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from inspect import iscoroutinefunction
from io import BytesIO
from statistics import median
from typing import Any

import msgspec
import uvloop
from fastapi import FastAPI
from starlette.types import Message

from agreements.trust import read_trust
from audit.log import Log
from gateway.api.routers import partner_routers
from gateway.app import Bounds, create_app
from gateway.keys import load_keys
from gateway.logs import LineWriter, configure_logging
from gateway.oauth.bearer import Bearer
from gateway.oauth.rates import Rate
from gateway.records.reader import Reader
from gateway.records.subjects import SubjectKey
from gateway.services import disclosure
from gateway.services.container import open_services
from gateway.services.grants import Grants
from gateway.settings import read_settings
from tests.bench.served import wide

WARM_UP = 100
Stage = tuple[str, object, str]
"""What it is called, and the object and attribute where it stands."""
_WIDE = Bounds(address_rate=Rate(1e6, 1e6), client_rate=Rate(1e6, 1e6))
STAGES: tuple[Stage, ...] = (
    ("token and proof", Bearer, "require_caller"),
    ("decision", Grants, "decide"),
    ("read (wall: waits for PostgreSQL)", Reader, "read_page"),
    ("encode", disclosure, "encode"),
    ("commitments to the rows", disclosure, "commit_rows"),
    ("commitment to the answer", disclosure, "commit_bytes"),
    ("subject numbers", SubjectKey, "numbers"),
    ("commitment to the list", disclosure, "commit_subjects"),
    ("leaf and draft", disclosure, "draft_for"),
    ("append (wall: waits for the commit)", Log, "append"),
)


class StagePlan(msgspec.Struct):
    """The deployment, and the headers and query of each request with a proof that is not spent."""

    environment: dict[str, str]
    requests: list[bytes]


class Stages(msgspec.Struct):
    """Name, microseconds of wall clock (median), microseconds of this process's processor (mean)."""

    lines: list[tuple[str, float, float]]


class Clock:
    """Wall clock and processor time of each call of one stage, in seconds."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.wall: list[float] = []
        self.own: list[float] = []

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return `function` with its calls clocked; coroutine functions until they are done."""

        async def awaiting(*given: Any, **named: Any) -> Any:
            wall, own = time.perf_counter(), time.process_time()
            try:
                return await function(*given, **named)
            finally:
                self._keep(wall, own)

        def calling(*given: Any, **named: Any) -> Any:
            wall, own = time.perf_counter(), time.process_time()
            try:
                return function(*given, **named)
            finally:
                self._keep(wall, own)

        return awaiting if iscoroutinefunction(function) else calling

    def _keep(self, wall: float, own: float) -> None:
        self.own.append(time.process_time() - own)
        self.wall.append(time.perf_counter() - wall)

    def line(self) -> tuple[str, float, float]:
        """Return what is shown, without the warm-up."""
        wall, own = self.wall[WARM_UP:], self.own[WARM_UP:]
        if not wall:
            raise RuntimeError(f"{self.name} was never called: the application reaches it by another way now")
        return self.name, 1e6 * median(wall), 1e6 * sum(own) / len(own)


async def break_down(plan: StagePlan, stages: Sequence[Stage], rest: str) -> Stages:
    """
    Serve the requests one after the other and return what each stage took; `rest` is what to call what is left.

    Raises `RuntimeError` at a refusal.
    """
    chosen = read_settings(plan.environment)
    clocks = []
    for name, place, attribute in stages:
        clocks.append(Clock(name))
        setattr(place, attribute, clocks[-1].wrap(getattr(place, attribute)))
    whole = Clock("the whole")
    keys, trust = load_keys(chosen.keys), read_trust(chosen.trust.read_bytes())
    write = LineWriter(BytesIO())
    configure_logging(write)
    async with open_services(
        chosen.database_url("app"), keys, trust, readers=chosen.readers, public_url=chosen.public_url, guardrails=wide()
    ) as services:
        app = create_app(
            chosen, keys, lambda: nullcontext(services), partner_routers(keys.cursor), write=write, bounds=_WIDE
        )
        async with app.router.lifespan_context(app) as state:
            for request in plan.requests:
                await whole.wrap(_serve)(app, state, request)
    lines = [each.line() for each in clocks]
    total = whole.line()
    wall, own = sum(line[1] for line in lines), sum(line[2] for line in lines)
    return Stages([*lines, (rest, total[1] - wall, total[2] - own), total])


async def _serve(app: FastAPI, state: Any, request: bytes) -> None:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, target, _ = first.split(" ")
    path, _, query = target.partition("?")
    pairs = (line.split(": ", 1) for line in lines if line)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in pairs],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1),
        "state": dict(state or {}),
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        said.append(message)

    said: list[Message] = []
    await app(scope, receive, send)
    # Checked here: what `send` raises, the HTTP floor turns into a line of the log.
    if said[0]["status"] != 200:
        raise RuntimeError(f"refused: {said}")


def main(stages: Sequence[Stage], rest: str) -> None:
    """Read a plan from stdin, write the stages to stdout; both in MessagePack."""
    plan = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=StagePlan)
    sys.stdout.buffer.write(msgspec.msgpack.encode(uvloop.run(break_down(plan, stages, rest))))


if __name__ == "__main__":
    main(STAGES, "FastAPI, HTTP floor, route, line")
