"""Who may keep an answer: nobody, unless its route said that it is for everybody, and then only if it was given."""

from collections.abc import Mapping
from datetime import UTC, datetime

import httpx2
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.http import Front, Limits, line_of, security_headers


async def headers(status: int, seconds: int | None) -> Mapping[str, str]:
    """Answer with `status` from a route that says what `seconds` says."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        line_of(scope).public_seconds = seconds
        own = {"cache-control": "public, max-age=31536000", "content-security-policy": "default-src *"}
        await Response(b"", status, own)(scope, receive, send)

    front = Front(
        app,
        limits=Limits(),
        headers=security_headers(https=True),
        new_id=lambda: "number",
        clock=lambda: datetime.now(UTC),
        write=lambda _: None,
    )
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(front), base_url="http://gateway.test") as client:
        return (await client.get("/")).headers


@pytest.mark.parametrize(
    ("status", "seconds"),
    [(200, None), (304, None), (404, 60), (401, 60), (500, 60), (503, 60), (206, 60), (301, 60)],
)
async def test_an_answer_that_is_not_for_everybody_or_was_not_given_is_kept_by_nobody(
    status: int, seconds: int | None
) -> None:
    found = await headers(status, seconds)
    assert found["cache-control"] == "no-store"
    assert found["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize("status", [200, 304])
async def test_an_answer_for_everybody_may_be_kept_and_everything_else_about_it_stays(status: int) -> None:
    found, other = await headers(status, 7), await headers(status, None)
    assert found["cache-control"] == "public, max-age=7"
    assert found["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    changed = {"cache-control", "content-security-policy"}
    assert {name: found[name] for name in found if name not in changed} == {
        name: other[name] for name in other if name not in changed
    }
    assert "strict-transport-security" in found
