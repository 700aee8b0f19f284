"""The HTTP floor: whatever happens further in, a complete and silent answer leaves, and one line is written."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.http import Front, Limits, line_of, security_headers
from tests.factories.unhurried import PATIENCE

LIMITS = Limits(body_bytes=64, body_seconds=PATIENCE, request_seconds=PATIENCE, in_flight=1)
IMPATIENT = replace(LIMITS, body_seconds=0.05, request_seconds=0.2)


def front(app: ASGIApp, lines: list[Any], limits: Limits = LIMITS) -> Front:
    return Front(
        app,
        limits=limits,
        headers=security_headers(https=True),
        new_id=lambda: "id-1",
        clock=lambda: datetime.now(UTC),
        write=lines.append,
    )


def answering(status: int = 200) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive())["body"] if scope["method"] == "POST" else b"fine"
        headers = [(b"cache-control", b"public"), (b"server", b"us")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def failing(error: BaseException) -> ASGIApp:
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise error

    return app


async def call(app: Front, method: str = "GET", **request: Any) -> httpx2.Response:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="https://a.example") as client:
        return await client.request(method, "/x", **request)


async def raw(app: Front, messages: list[Message], headers: list[tuple[bytes, bytes]]) -> list[Message]:
    sent: list[Message] = []
    waiting = iter(messages)

    async def receive() -> Message:
        for message in waiting:
            return message
        await asyncio.sleep(3600)
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/x", "headers": headers}
    await app(scope, receive, send)
    return sent


async def test_a_body_over_the_cap_is_refused_before_it_is_read() -> None:
    lines: list[Any] = []
    answer = await call(front(answering(), lines), "POST", content=b"x" * 65)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert answer.headers["connection"] == "close"
    assert lines[0]["error"] == "body_too_large"


async def test_a_body_without_length_is_counted() -> None:
    parts = [{"type": "http.request", "body": b"x" * 40, "more_body": True}] * 2
    sent = await raw(front(answering(), []), list(parts), [(b"transfer-encoding", b"chunked")])
    assert sent[0]["status"] == 413


@pytest.mark.parametrize("length", [b"-1", b"1e3", b"9" * 5_000, b""])
async def test_a_strange_length_is_refused(length: bytes) -> None:
    sent = await raw(front(answering(), []), [], [(b"content-length", length)])
    assert sent[0]["status"] == 413


async def test_a_slow_body_is_not_waited_for() -> None:
    part: Message = {"type": "http.request", "body": b"x", "more_body": True}
    sent = await raw(front(answering(), [], IMPATIENT), [part], [(b"content-length", b"2")])
    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["code"] == "request_timeout"


async def test_nobody_is_answered_who_hung_up() -> None:
    lines: list[Any] = []
    sent = await raw(front(answering(), lines), [{"type": "http.disconnect"}], [(b"content-length", b"2")])
    assert sent == []
    assert lines[0]["error"] == "disconnected"


async def test_a_body_within_the_cap_arrives_whole() -> None:
    assert (await call(front(answering(), []), "POST", content=b"x" * 64)).content == b"x" * 64


async def test_after_the_body_the_application_hears_the_connection() -> None:
    heard: list[str] = []

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        heard.extend([(await receive())["type"], (await receive())["type"]])
        await answering()({"method": "GET"}, receive, send)

    messages: list[Message] = [{"type": "http.request", "body": b"x"}, {"type": "http.disconnect"}]
    await raw(front(app, []), messages, [(b"content-length", b"1")])
    assert heard == ["http.request", "http.disconnect"]


async def test_an_exception_leaves_as_a_problem_that_says_nothing() -> None:
    lines: list[Any] = []
    answer = await call(front(failing(ValueError("Ann Lee, born 2009")), lines))
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "Ann" not in answer.text + json.dumps(lines)
    assert lines[0]["exception"] == "ValueError"
    assert lines[0]["at"]


async def test_a_failure_after_the_first_byte_is_only_logged() -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError

    lines: list[Any] = []
    sent = await raw(front(app, lines), [], [])
    assert [message["type"] for message in sent] == ["http.response.start"]
    assert (lines[0]["status"], lines[0]["error"]) == (200, "internal")


async def test_a_request_that_takes_too_long_is_ended() -> None:
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        await asyncio.sleep(3600)

    answer = await call(front(app, [], IMPATIENT))
    assert (answer.status_code, answer.json()["code"]) == (503, "timed_out")


async def test_more_requests_than_may_be_in_flight_are_turned_away() -> None:
    reached, release = asyncio.Event(), asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        reached.set()
        await release.wait()
        await answering()(scope, receive, send)

    floor = front(app, [])
    first = asyncio.create_task(call(floor))
    await reached.wait()
    turned_away = await call(floor)
    release.set()
    assert (turned_away.status_code, turned_away.json()["code"]) == (503, "busy")
    assert (await first).status_code == 200
    assert (await call(floor)).status_code == 200


async def test_every_answer_carries_the_security_headers() -> None:
    answer = await call(front(answering(), []))
    assert answer.headers.get_list("cache-control") == ["no-store"]
    assert answer.headers["x-request-id"] == "id-1"
    for name, value in security_headers(https=True):
        assert answer.headers[name.decode()] == value.decode()
    assert b"strict-transport-security" not in dict(security_headers(https=False))


async def test_the_line_names_the_route_and_never_the_path() -> None:
    class Route:
        pass

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = Route()
        scope["path"] = "/v1/students/rc_secret"
        scope["path_params"] = {"code": "rc_secret"}
        line_of(scope).facts["client"] = "client:1"
        await answering()(scope, receive, send)

    lines: list[Any] = []
    await call(front(app, lines), params={"name": "secret"})
    assert lines[0]["route"] == "/v1/students/{code}"
    assert (lines[0]["client"], lines[0]["bytes"], lines[0]["status"]) == ("client:1", 4, 200)
    assert "secret" not in json.dumps(lines)


async def test_nothing_is_said_of_a_path_no_route_knows() -> None:
    lines: list[Any] = []
    await call(front(answering(404), lines))
    assert lines[0]["route"] == "-"


async def test_the_lifespan_passes_through() -> None:
    seen: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["type"])

    nothing: Callable[..., Any] = app
    await front(app, [])({"type": "lifespan"}, nothing, nothing)
    assert seen == ["lifespan"]
