"""
The HTTP floor: what holds for every request before any route is looked at. Pure ASGI, one layer.

Size and time limits, a limit on requests in flight, a request id, security headers, and one canonical log line. The
line names the route, never the path: a path can hold a record code, and a query can hold anything.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.addresses import NO_TERMINATORS, Terminators
from gateway.logs import place_of
from gateway.problems import Answer, problem

ROSTERS_PATH = "/v1/rosters"
PAGES_PATHS = ("/console/", "/portal/", "/sign/")
"""Where people fill in forms: one letter that is not Latin takes up to twelve bytes in a form."""
_LINE = "pactgate.line"
_MICROSECOND = timedelta(microseconds=1)
_GIVEN = frozenset({200, 304})
_PAGE = {
    b"content-security-policy": b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    b"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    b"referrer-policy": b"same-origin",  # without any, browsers send `Origin: null` with a form
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one request and on all of them together. Bytes and seconds."""

    body_bytes: int = 16_384
    roster_bytes: int = 262_144
    """How large the body of a roster, or of a page's form, may be: more is meant to come there than elsewhere."""
    body_seconds: float = 5.0
    """A body that takes longer is a slow attack; the web server itself sets no limit."""
    request_seconds: float = 30.0
    in_flight: int = 256


@dataclass(slots=True)
class Line:
    """The log line of one request, filled in while it is served. Never put personal data or a secret in `facts`."""

    request_id: str
    status: int = 0
    sent: int = 0
    facts: dict[str, object] = field(default_factory=dict)
    headers: tuple[tuple[bytes, bytes], ...] = ()
    """More header fields of the answer, whatever it will be."""
    is_page: bool = False
    """Set by a page for people who sign in: its stylesheet and its forms are ours, and no other site is told of it."""
    public_seconds: int | None = None
    """Set by a route whose answer is the same for everybody: for how long it may be kept by whoever passes it on."""


def line_of(scope: Scope) -> Line:
    """Return the log line of the request, to add facts to: client, error code, entry."""
    line = scope[_LINE]
    assert isinstance(line, Line)
    return line


class Front:
    """
    The outermost layer. Whatever happens further in, a complete answer leaves and one line is written.

    `headers` are set on every answer; `cache-control: no-store` wins over anything a route says, unless the answer is a
    public one (`Line.public_seconds`).
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limits: Limits,
        headers: tuple[tuple[bytes, bytes], ...],
        new_id: Callable[[], str],
        clock: Callable[[], datetime],
        write: Callable[[Mapping[str, object]], None],
        terminators: Terminators = NO_TERMINATORS,
    ) -> None:
        self._app = app
        self._terminators = terminators
        self._limits = limits
        self._headers = headers
        self._forced = frozenset(name for name, _ in headers)
        self._new_id = new_id
        self._clock = clock
        self._write = write
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or pass on the lifespan."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        line = scope[_LINE] = Line(self._new_id())
        scope["client"] = self._terminators.client_of(scope)
        began = self._clock()
        number = (b"x-request-id", line.request_id.encode())

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                line.status = message["status"]
                kept = [pair for pair in message["headers"] if pair[0] not in self._forced]
                message["headers"] = [*kept, *_headers_of(line, self._headers), *line.headers, number]
            else:
                line.sent += len(message.get("body", b""))
            await send(message)

        self._in_flight += 1
        try:
            await self._serve(scope, receive, sending, line)
        finally:
            self._in_flight -= 1
            ended = self._clock()
            self._write(
                {
                    "time": ended.isoformat(),
                    "request_id": line.request_id,
                    "method": scope["method"] if scope["method"].isalpha() else "-",
                    "route": _template(scope),
                    "status": line.status,
                    "bytes": line.sent,
                    "microseconds": (ended - began) // _MICROSECOND,
                    **line.facts,
                }
            )

    async def _serve(self, scope: Scope, receive: Receive, send: Send, line: Line) -> None:
        try:
            self._require_room()
            async with asyncio.timeout(self._limits.request_seconds):
                body = await self._body(scope, receive)
                await self._app(scope, receive if body is None else _replaying(body, receive), send)
        except _Gone:
            line.facts["error"] = "disconnected"
        except Exception as error:  # noqa: BLE001  the last line of defence: nothing may leave as a traceback
            code = error.code if isinstance(error, _Refused) else "internal"
            if isinstance(error, TimeoutError):
                code = "timed_out"
            line.facts["error"] = code
            if code == "internal":
                line.facts |= place_of(error)
            if not line.status:
                await _answer(send, problem(code), close=isinstance(error, _Refused))

    def _require_room(self) -> None:
        if self._in_flight > self._limits.in_flight:
            raise _Refused("busy")

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        """Read the whole body under the cap and the timer; None if the request has none."""
        declared: bytes | None = None
        chunked = False
        for name, value in scope["headers"]:
            if name == b"content-length":
                declared = value
            elif name == b"transfer-encoding":
                chunked = True
        if declared is None and not chunked:
            return None
        cap = self._limits.body_bytes
        if scope["path"] == ROSTERS_PATH or scope["path"].startswith(PAGES_PATHS):
            cap = max(cap, self._limits.roster_bytes)
        if declared is not None and (not declared.isdigit() or len(declared) > len(str(cap)) or int(declared) > cap):
            raise _Refused("body_too_large")
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                return await _read(receive, cap)
        except TimeoutError as error:
            raise _Refused("request_timeout") from error


class _Refused(Exception):
    """Refused before any route was looked at."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Gone(Exception):
    """The other side hung up while sending; there is nobody to answer."""


async def _read(receive: Receive, cap: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        part = message.get("body", b"")
        size += len(part)
        if size > cap:
            raise _Refused("body_too_large")
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _replaying(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


async def _answer(send: Send, answer: Answer, *, close: bool) -> None:
    headers = list(answer.headers)
    if close:
        headers.append((b"connection", b"close"))  # what is left of the body must not be read as the next request
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _headers_of(line: Line, headers: tuple[tuple[bytes, bytes], ...]) -> Iterable[tuple[bytes, bytes]]:
    """
    Return the headers of one answer.

    INVARIANT: only an answer that was given, by a route that said it is for everybody, may be kept and show our own
    stylesheet. A refusal never is: it says who may not.
    """
    if line.is_page:
        return [(name, _PAGE.get(name, value)) for name, value in headers]
    if line.public_seconds is None or line.status not in _GIVEN:
        return headers
    public = {
        b"cache-control": b"public, max-age=%d" % line.public_seconds,
        b"content-security-policy": b"default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
        b"frame-ancestors 'none'",
    }
    return [(name, public.get(name, value)) for name, value in headers]


def _template(scope: Mapping[str, Any]) -> str:
    """Return the path with its parameters put back as names; nothing of a path that no route knows."""
    if "route" not in scope:
        return "-"
    names = {str(value): f"{{{name}}}" for name, value in scope.get("path_params", {}).items()}
    return "/".join(names.get(segment, segment) for segment in scope["path"].split("/"))


def security_headers(*, https: bool) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers every answer carries; strict transport security only where the public URL is https."""
    headers = (
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
        (b"cross-origin-resource-policy", b"same-origin"),
    )
    if not https:
        return headers
    return (*headers, (b"strict-transport-security", b"max-age=31536000; includeSubDomains"))
