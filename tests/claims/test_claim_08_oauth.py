"""
Claim 8. A refusal reveals nothing: not whether a client exists, nor another partner's agreement.

The side of tokens: answers to what is not there and to what is not yours are the same bytes, while the log, which the
district alone reads, tells them apart. The side of students is shown where they are read.
"""

import pytest

from tests.factories.oauth import Case, cases
from tests.functional.oauth.conftest import Replica, Site, site

__all__ = ["site"]
pytestmark = pytest.mark.claim(8)

NEVER_EXISTED = "sha256:" + "0" * 64


async def answer(site: Site, replica: Replica, case: Case) -> tuple[int, bytes, list[str]]:
    """Return all that a caller sees: status, body, names of headers."""
    response = await replica.send(site.build.token_request(case))
    return response.status_code, response.content, sorted(response.headers)


async def test_every_failure_to_authenticate_is_the_same_answer(site: Site) -> None:
    replica = await site.start()
    answers = {
        (status, body)
        for _, case in cases("token_client_authentication")
        if (case.get("assertion") or {}).get("then") != "replay"
        for status, body, _ in [await answer(site, replica, case)]
    }
    assert len(answers) == 1


async def test_a_client_that_exists_answers_like_one_that_does_not(site: Site) -> None:
    replica = await site.start()
    forged = {"assertion": {"sign": "other"}}
    seen = [await answer(site, replica, {**forged, "as": who}) for who in ("client", "suspended", "unknown")]
    seen.append(await answer(site, replica, {"as": "suspended"}))
    assert all(each == seen[0] for each in seen)
    assert [entry.get("reason") for entry in await site.entries()] == [None, "client_suspended"]


async def test_another_partners_agreement_answers_like_one_that_never_existed(site: Site) -> None:
    replica = await site.start()
    asked = ("$foreign_agreement", "$expired_agreement", NEVER_EXISTED)
    seen = [await answer(site, replica, {"details": {"agreement": agreement}}) for agreement in asked]
    seen.append(await answer(site, replica, {"details": {"agreement": "$foreign_agreement", "purpose": "x"}}))
    assert all(each == seen[0] for each in seen)
    reasons = [entry["reason"] for entry in await site.entries() if entry["event"] == "token.refused"]
    assert reasons == ["details_agreement"] * 4
    assert site.world.agreement["other"] not in str(await site.entries())


async def test_a_refused_token_does_not_say_what_was_wrong_with_it(site: Site) -> None:
    replica = await site.start()
    answers = set()
    for _, case in cases("api_tokens"):
        if case["expect"] == [401, "invalid_token"] and case.get("wire", True):
            refused = await replica.send(site.build.api_request("/v1/grant", case))
            answers.add((refused.content, refused.headers["www-authenticate"]))
    assert len(answers) == 1
