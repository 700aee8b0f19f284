"""Whatever reaches the token endpoint and the API, the answer is a refusal, in bounded time and memory."""

import asyncio
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.factories.oauth import Request, encoded, public
from tests.functional.oauth.conftest import Replica, Site
from tests.functional.oauth.test_never_more_lenient import drawn

PATIENCE = 10.0
"""Seconds for one answer; a good one takes milliseconds, even on a busy machine."""
BOUND = 2_000_000
"""Bytes that may be held more after the second half of the requests than after the first."""

DEEP = st.sampled_from([b"[" * 3_000, b'{"a":' * 900, b"[" * 900 + b"]" * 900])
NUMBERS = st.sampled_from([b"1e999", b"-0", b"9" * 4_000, b"NaN", b"1" + b"0" * 400])
TEXTS = st.sampled_from([b'"\\ud800"', b'"\\u0000"', b'{"a":1,"a":2}', b"\xff\xfe", b"null", b"true", b"[]"])
VALUES = st.one_of(DEEP, NUMBERS, TEXTS, st.binary(max_size=40))
NAMES = st.sampled_from(
    [b"alg", b"typ", b"kid", b"jwk", b"iss", b"sub", b"aud", b"exp", b"iat", b"jti", b"htm", b"htu"]
)
GOOD_KEY = json.dumps(public("proof")).encode()


def _object(members: list[tuple[bytes, bytes]]) -> bytes:
    return b"{" + b",".join(b'"' + name + b'":' + value for name, value in members) + b"}"


OBJECTS = st.lists(st.tuples(NAMES, st.one_of(VALUES, st.just(GOOD_KEY), st.just(b'"ES256"'))), max_size=5).map(_object)
PARTS = st.one_of(OBJECTS, VALUES).map(encoded)
TOKENS = st.one_of(
    st.tuples(PARTS, PARTS, st.binary(max_size=70).map(encoded)).map(".".join),
    st.text(
        st.characters(min_codepoint=33, max_codepoint=255, exclude_categories=["Cc", "Zs"]), min_size=1, max_size=60
    ),
)
KEYS = st.dictionaries(
    st.sampled_from(["kty", "crv", "x", "y", "n", "e", "d", "k", "alg", "use", "oth"]),
    st.one_of(
        st.sampled_from(["EC", "RSA", "OKP", "oct", "P-256", "Ed25519", "AQAB", "AA", "", "\ud800"]),
        st.none(),
        st.integers(),
        st.lists(st.integers(), max_size=2),
    ),
    max_size=6,
).map(lambda jwk: encoded(json.dumps({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}).encode()) + ".e30.AAAA")
BODIES = st.one_of(
    st.binary(max_size=200),
    TOKENS.map(lambda text: f"grant_type=client_credentials&client_assertion={text}".encode("latin-1")),
    st.text(st.sampled_from("&=%+;\0 aéx"), max_size=60).map(str.encode),
)
SENT = st.fixed_dictionaries({"body": BODIES, "proof": st.one_of(TOKENS, KEYS), "token": TOKENS})


def _requests(site: Site, sent: dict[str, Any]) -> list[Request]:
    proof, token = sent["proof"].encode("latin-1"), sent["token"].encode("latin-1")
    form = (b"content-type", b"application/x-www-form-urlencoded")
    spoiled = site.build.token_request()
    spoiled.headers = [(name, proof if name == b"dpop" else value) for name, value in spoiled.headers]
    return [
        Request("POST", "/oauth/token", [form, (b"dpop", proof)], sent["body"]),
        spoiled,
        Request("GET", "/v1/grant", [(b"authorization", b"DPoP " + token), (b"dpop", proof)]),
    ]


async def _send_all(site: Site, replica: Replica, cases: list[Any]) -> set[int]:
    seen = set()
    for case in cases:
        for request in _requests(site, case):
            async with asyncio.timeout(PATIENCE):
                answer = await replica.send(request)
            seen.add(answer.status_code)
            assert "access_token" not in answer.text
    return seen


@pytest.mark.attack("7 fuzz")
async def test_nothing_that_can_be_sent_is_a_500_or_is_kept(site: Site) -> None:
    replica = await site.start()
    cases = drawn(SENT, 400)
    assert await _send_all(site, replica, cases[:200]) <= {400, 401, 413}
    replica.lines.clear()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        assert await _send_all(site, replica, cases[200:]) <= {400, 401, 413}
        replica.lines.clear()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < BOUND
    assert (await replica.send(site.build.token_request())).status_code == 200
