"""Every error becomes an answer of the right form: RFC 9457, one sentence, nothing of what was sent."""

import asyncio
import json
import logging
from io import BytesIO
from typing import Annotated, Any

import asyncpg
import pytest
from fastapi import APIRouter, Query

from agreements.errors import AgreementError
from audit.errors import AuditError, LogUnavailable
from gateway.errors import GatewayError
from gateway.logs import LineWriter, configure_logging
from gateway.oauth.callers import PUBLIC
from gateway.problems import PROBLEMS, TOKEN_ERRORS, Problem, problem
from policies.errors import PolicyError, UnknownElement

RAISED: dict[str, tuple[Exception, int, str]] = {
    "problem": (Problem("element_not_covered", "Not agreed.", elements=["gpa"]), 403, "element_not_covered"),
    "suspended": (Problem("suspended"), 401, "suspended"),
    "unknown_code": (Problem("nobody_knows", "secret"), 500, "internal"),
    "policy": (UnknownElement("The request names no element."), 400, "unknown_element"),
    "log": (LogUnavailable("connection to 10.0.0.1 lost"), 503, "log_unavailable"),
    "gateway": (GatewayError("the operator's business"), 500, "internal"),
    "agreement": (AgreementError("the operator's business"), 500, "internal"),
    "audit": (AuditError("the operator's business"), 500, "internal"),
    "rules": (PolicyError("the operator's business"), 500, "internal"),
    "socket": (ConnectionRefusedError("10.0.0.1"), 503, "database_unavailable"),
    "lost": (asyncpg.ConnectionDoesNotExistError("10.0.0.1"), 503, "database_unavailable"),
    "cut": (asyncpg.InterfaceError("10.0.0.1"), 503, "database_unavailable"),
    "cut_in_use": (asyncpg.InternalClientError("10.0.0.1"), 503, "database_unavailable"),
    "shutdown": (asyncpg.AdminShutdownError("10.0.0.1"), 503, "database_unavailable"),
    "timeout": (TimeoutError("10.0.0.1"), 503, "database_unavailable"),
    "bug": (KeyError("Ann Lee"), 500, "internal"),
}

raising = APIRouter(dependencies=[PUBLIC])


@raising.get("/raise/{name}")
async def raise_it(name: str) -> None:
    raise RAISED[name][0]


@raising.get("/typed")
async def typed(limit: Annotated[int, Query(ge=1, le=200)]) -> int:
    return limit


@pytest.mark.parametrize("name", RAISED)
async def test_an_error_is_told_with_status_code_and_sentence(make_gateway: Any, name: str) -> None:
    _, status, code = RAISED[name]
    async with make_gateway(raising) as gateway:
        answer = await gateway.client.get(f"/raise/{name}")
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert body["type"] == f"urn:pactgate:problem:{code}"
    assert body["title"]
    assert body["detail"]
    for secret in ("10.0.0.1", "operator", "Ann", "secret"):
        assert secret not in answer.text
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert ("retry-after" in answer.headers) == (status == 503)


async def test_members_stand_beside_the_problem_and_cannot_replace_it() -> None:
    answer = json.loads(problem("element_not_covered", "No.", members={"elements": ["gpa"], "status": 200}).body)
    assert answer["elements"] == ["gpa"]
    assert answer["status"] == 403


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/typed?limit=201", "limit in the query: Input should be less than or equal to 200."),
        (
            "/typed?limit=Ann",
            "limit in the query: Input should be a valid integer, unable to parse string as an integer.",
        ),
        ("/typed", "limit in the query: Field required."),
    ],
)
async def test_a_parameter_of_the_wrong_shape_is_a_400_with_a_sentence(
    make_gateway: Any, path: str, sentence: str
) -> None:
    async with make_gateway(raising) as gateway:
        answer = await gateway.client.get(path)
    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (400, "invalid_request", sentence)


async def test_unknown_paths_and_methods_are_problems(gateway: Any) -> None:
    assert (await gateway.client.get("/nothing")).json()["code"] == "not_found"
    wrong = await gateway.client.post("/v1/grant")
    assert (wrong.status_code, wrong.json()["code"], wrong.headers["allow"]) == (405, "method_not_allowed", "GET")
    slash = await gateway.client.get("/v1/grant/")
    assert slash.status_code == 404  # and no redirect to wherever the Host header says


async def test_health_needs_no_one_and_says_nothing(gateway: Any) -> None:
    answer = await gateway.client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_every_code_says_something() -> None:
    for kind in (*PROBLEMS.values(), *TOKEN_ERRORS.values()):
        assert kind.title
        assert 400 <= kind.status < 600


def test_descriptions_keep_to_the_characters_of_the_rfc() -> None:
    for kind in TOKEN_ERRORS.values():
        assert all(0x20 <= ord(char) <= 0x7E and char not in '"\\' for char in kind.title)


@pytest.fixture
def logged() -> Any:
    root, stream = logging.getLogger(), BytesIO()
    handlers, level = root.handlers[:], root.level
    configure_logging(LineWriter(stream))
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def test_libraries_log_lines_without_values(logged: BytesIO) -> None:
    logging.getLogger("authlib.oauth2").debug("Issue token %r", "eyJ-secret")
    logging.getLogger("sqlalchemy.engine").info("INSERT %r", "Ann Lee")
    logging.getLogger("somewhere").info("started")
    try:
        int("Ann Lee")
    except ValueError:
        logging.getLogger("somewhere").exception("failed for Ann Lee")
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert [line.get("message", line.get("exception")) for line in lines] == ["started", "ValueError"]
    assert b"secret" not in logged.getvalue()
    assert b"Ann" not in logged.getvalue()


async def test_the_application_survives_a_flood_of_bugs(make_gateway: Any) -> None:
    async with make_gateway(raising) as gateway:
        answers = await asyncio.gather(*(gateway.client.get("/raise/bug") for _ in range(20)))
        assert {answer.status_code for answer in answers} == {500}
        assert (await gateway.client.get("/healthz")).status_code == 200
