"""
Every route that is not public, enumerated from the application: 401 without a token and with another's, 403 with too
little; and a token for one agreement reaches nothing of another's. What they say after a stop:
`test_claim_07_every_stop_at_every_route`.
"""

import asyncio
from typing import Any

import httpx2
import pytest

from gateway.oauth.callers import declarations
from tests.factories.cohort import FOLLOW_UP, MENTORING, TUTORING
from tests.factories.gateway import HARBOR, Gateway

pytestmark = [pytest.mark.attack("7.3 each route"), pytest.mark.ferpa("Z1"), pytest.mark.claim(8)]

PUBLIC = {
    "/oauth/token",
    "/oauth/revoke",
    "/oauth/introspect",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource",
    "/.well-known/jwks.json",
    "/healthz",
    "/openapi.json",
}
"""Routes that need no token. The first three ask for the proofs of a client: `test_own_tokens`, the attack table."""
REGISTER = "/register"
"""The public register of agreements."""
OF_DATASETS = {"/v1/students": "students", "/v1/attendance": "attendance", "/v1/attendance/events": "attendance_events"}
CHANGES = "/v1/changes"
ROSTERS = "/v1/rosters?covers=additions"
"""The one guarded route that is written to. An empty roster is taken by nobody, so it is told so: the token was."""
JSON = {"Content-Type": "application/json"}
LINE = b'{"lines":[{"given_name":"Nobody","family_name":"Anywhere","birth_date":"2012-01-01"}]}'


def told(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, str(answer.json()["code"])


def method_of(address: str) -> str:
    return "POST" if address == ROSTERS else "GET"


async def ask(gateway: Gateway, agreement: str, address: str, token: str) -> httpx2.Response:
    """Ask as the reference client does."""
    client = gateway.client(agreement)
    if address == ROSTERS:
        return await asyncio.to_thread(client.post, address, token, b'{"lines":[]}', JSON)
    return await gateway.get(agreement, address, token=token)


async def opens(gateway: Gateway, address: str) -> bool:
    """Return whether tutoring's token is taken here; what tutoring does not cover is refused for that reason only."""
    answer = await ask(gateway, TUTORING, address, await gateway.token(TUTORING))
    reasons = {(403, "dataset_not_covered"), (400, "roster_unreadable")}
    return answer.status_code == 200 or told(answer) in reasons


async def handed_in(gateway: Gateway, agreement: str) -> str:
    """Hand in a roster under an agreement; return its number."""
    token = await gateway.token(agreement)
    answer = await asyncio.to_thread(gateway.client(agreement).post, ROSTERS, token, LINE, JSON)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["roster"])


async def places(gateway: Gateway, agreement: str) -> dict[str, str]:
    """Return an address at each guarded route that answers 200 to this agreement's token."""
    page = await gateway.get(agreement, "/v1/students")
    entry = page.headers["pactgate-receipt"]
    code = page.json()["data"][0]["record_code"]
    filled = {"{code}": code, "{entry}": entry, "{roster}": await handed_in(gateway, agreement)}
    found = {}
    for path, _ in declarations(gateway.app):
        address = ROSTERS if path == ROSTERS.partition("?")[0] else path
        for name, value in filled.items():
            address = address.replace(name, value)
        if path not in PUBLIC and not path.startswith(REGISTER):
            assert "{" not in address, f"a new part of a path: {path}"
            found[path] = address
    return found


@pytest.fixture
async def guarded(gateway: Gateway) -> dict[str, str]:
    """Every guarded route with an address of tutoring's, at which its token is taken before the test."""
    found = await places(gateway, TUTORING)
    assert len(found) >= 6
    for address in found.values():
        assert await opens(gateway, address), address
    return found


async def sent(gateway: Gateway, address: str, headers: dict[str, str]) -> tuple[int, str]:
    return told(await gateway.http.request(method_of(address), address, headers=headers))


async def test_no_route_opens_without_a_token_with_anothers_key_or_as_a_bearer_token(
    gateway: Gateway, guarded: dict[str, str]
) -> None:
    token, stranger = await gateway.token(TUTORING), gateway.client(MENTORING)
    for address in guarded.values():
        url = f"{gateway.url}{address}"
        own = gateway.client(TUTORING).proof(method_of(address), url, token)
        others = stranger.proof(method_of(address), url, token)
        assert await sent(gateway, address, {}) == (401, "token_required")
        assert await sent(gateway, address, {"authorization": f"DPoP {token}"}) == (401, "invalid_dpop_proof")
        wrong = {"authorization": f"DPoP {token}", "dpop": others}
        assert await sent(gateway, address, wrong) == (401, "invalid_token")
        assert await sent(gateway, address, {"authorization": f"Bearer {token}"}) == (401, "invalid_token")
        assert await sent(gateway, address, {"authorization": f"Bearer {token}", "dpop": own}) == (401, "invalid_token")


async def test_no_route_opens_with_a_token_that_was_narrowed_to_something_else(
    gateway: Gateway, guarded: dict[str, str]
) -> None:
    narrowed = {each: await gateway.token(TUTORING, datasets=[each]) for each in ("students", "attendance")}
    for path, address in guarded.items():
        for dataset, token in narrowed.items():
            answer = await ask(gateway, TUTORING, address, token)
            expected = OF_DATASETS.get(path.removesuffix("/{code}").replace(CHANGES, "/v1", 1))
            if dataset == expected:
                assert answer.status_code == 200, address
            else:
                assert told(answer) == (403, "insufficient_authorization"), address
                assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


async def test_a_token_for_one_agreement_reaches_nothing_of_another(gateway: Gateway) -> None:
    """Not of another partner's, and not of the same client's either."""
    token = await gateway.token(TUTORING)
    made_up = {"{code}": "rc_" + "a" * 26, "{entry}": "999999", "{roster}": "999999"}
    own = {each["record_code"] for each in (await gateway.get(TUTORING, "/v1/students", token=token)).json()["data"]}
    for other in (FOLLOW_UP, MENTORING):
        theirs = await places(gateway, other)
        named = {path: address for path, address in theirs.items() if "{" in path}
        assert len(named) >= 2
        for path, address in named.items():
            assert (await gateway.get(other, address)).status_code == 200
            foreign = await gateway.get(TUTORING, address, token=token)
            nowhere = path
            for name, value in made_up.items():
                nowhere = nowhere.replace(name, value)
            absent = await gateway.get(TUTORING, nowhere, token=token)
            assert told(foreign) == told(absent) == (404, "not_found")
            assert foreign.content == absent.content
        rows = (await gateway.get(other, "/v1/students")).json()["data"]
        assert own.isdisjoint(each["record_code"] for each in rows)


async def test_a_client_is_told_nothing_of_anothers_token_and_ends_none(gateway: Gateway) -> None:
    token, other = await gateway.token(TUTORING), await gateway.token(MENTORING)
    asking = gateway.client(MENTORING)
    assert (await asked(gateway, asking, token)).json() == {"active": False}
    own = (await asked(gateway, asking, other)).json()
    assert (own["active"], own["client_id"]) == (True, gateway.deployment.partners[HARBOR].client)
    await asyncio.to_thread(asking.revoke, token)
    assert (await gateway.get(TUTORING, "/v1/students", token=token)).status_code == 200


async def asked(gateway: Gateway, partner: Any, token: str) -> httpx2.Response:
    """Ask about a token as this partner."""
    url = f"{gateway.url}/oauth/introspect"
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    form = {"client_assertion_type": kind, "client_assertion": partner.assertion(), "token": token}
    return await gateway.http.post(url, data=form, headers={"dpop": partner.proof("POST", url)})
