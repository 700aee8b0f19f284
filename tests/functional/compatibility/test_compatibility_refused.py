"""
Who gets nothing by the compatibility mode: one switch off, one thing wrong, and it is as if there were nothing.

Refusals of a token are told alike, whatever was wrong, and none of them holds what was sent.
"""

import base64
import datetime as dt
import logging
from typing import Any

import pytest

from agreements.errors import NotEntitled
from gateway.oauth.compatibility.tokens import BearerTokens
from gateway.oauth.details import Details
from gateway.oauth.issuer import Issuer
from gateway.oauth.tokens import AccessTokens
from gateway.registration import RegisteredClient
from gateway.services.alarms import alarm
from gateway.services.compatibility.watch import alarm_bearers
from gateway.services.errors import SecretNotEnded, SecretRefused
from tests.factories.cohort import MENTORING
from tests.factories.gateway import NOON
from tests.factories.lenient import INSIDE, NETWORK, allowing
from tests.functional.compatibility.conftest import OTHER, OUTSIDE, PROGRAM, Tool

PAGE = "/compat/v1/students?fields=first_name"
PAGES = (PAGE, "/compat/v1/grant", "/compat/v1/receipts/3")
GRANT = {"grant_type": "client_credentials"}


def basic(client: str, secret: str) -> dict[str, str]:
    """The header of HTTP Basic."""
    return {"authorization": f"Basic {base64.b64encode(f'{client}:{secret}'.encode()).decode()}"}


@pytest.mark.claim(1)
async def test_without_the_setting_there_are_no_such_addresses(tool: Tool) -> None:
    await tool.serve(on=False)
    nowhere = await tool.gateway.http.get("/v1/nothing")
    for path in (
        *PAGES,
        "/.well-known/oauth-authorization-server/compat",
        "/.well-known/oauth-protected-resource/compat",
    ):
        answer = await tool.get(path, "token")
        assert (answer.status_code, answer.json()) == (404, nowhere.json())
    assert (await tool.post()).status_code == 404


@pytest.mark.claim(1)
async def test_without_the_guardrail_every_program_is_unknown(tool: Tool, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "pactgate"):
        await tool.serve(allowing("false"))
    assert [each.getMessage().split()[1] for each in caplog.records] == ["bearer_forbidden"]
    size = await tool.gateway.size()
    refused = await tool.post()
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client")
    assert await tool.gateway.size() == size  # a stranger's refusal is counted, and no entry
    # A token that was made while it was allowed opens nothing either, and that is on record.
    held = mint(tool)
    for path in PAGES:
        answer = await tool.get(path, held)
        assert (answer.status_code, answer.json()["code"]) == (403, "bearer_not_covered"), path
        assert (await tool.last())["clause"] == "guardrails:/compatibility"


def mint(tool: Tool, *, issuer: str | None = None, now: float | None = None, secret: int | None = None) -> str:
    """A token with the gateway's own key, as the endpoint would have made it."""
    made, url = tool.made, tool.gateway.url
    main = AccessTokens(Issuer(url), tool.gateway.deployment.keys.token_keys, random=bytes)
    tokens = BearerTokens(Issuer(issuer or f"{url}/compat"), main, random=bytes)
    details = Details(made.agreement.digest, made.agreement.agreement.purpose.code)
    at = dt.datetime.now(dt.UTC).timestamp() if now is None else now
    client = RegisteredClient(PROGRAM, "", "", True, (), (), 10**6, NOON)
    return tokens.mint(client, details, min(made.secrets) if secret is None else secret, at).text


TOKEN_CASES: dict[str, tuple[dict[str, Any], int, str, str]] = {
    # name: (what is sent, status, error, reason in our own log)
    "wrong secret": (
        {"form": {**GRANT, "client_id": PROGRAM, "client_secret": "x" * 59}},
        400,
        "invalid_client",
        "secret",
    ),
    "no secret": ({"form": {**GRANT, "client_id": PROGRAM}}, 400, "invalid_client", "method"),
    "no id": ({"form": {**GRANT, "client_secret": "$secret"}}, 400, "invalid_client", "method"),
    "nothing": ({"form": GRANT}, 400, "invalid_client", "method"),
    "another's secret": (
        {"form": {**GRANT, "client_id": PROGRAM, "client_secret": "$other"}},
        400,
        "invalid_client",
        "secret",
    ),
    "own secret for another": (
        {"form": {**GRANT, "client_id": OTHER, "client_secret": "$secret"}},
        400,
        "invalid_client",
        "secret",
    ),
    "unknown client": (
        {"form": {**GRANT, "client_id": f"client:{'0' * 8}-0000-4000-8000-{'0' * 12}", "client_secret": "$secret"}},
        400,
        "invalid_client",
        "secret_unknown_client",
    ),
    "an id of no form": (
        {"form": {**GRANT, "client_id": "gradebook", "client_secret": "$secret"}},
        400,
        "invalid_client",
        "secret_unknown_client",
    ),
    "an endless secret": (
        {"form": {**GRANT, "client_id": PROGRAM, "client_secret": "x" * 2000}},
        400,
        "invalid_client",
        "secret_unknown_client",
    ),
    "a key client's id": (
        {"form": {**GRANT, "client_id": "$harbor", "client_secret": "$secret"}},
        400,
        "invalid_client",
        "secret_unknown_client",
    ),
    "basic, wrong secret": ({"form": GRANT, "headers": basic(PROGRAM, "x" * 59)}, 401, "invalid_client", "secret"),
    "basic, not base64": (
        {"form": GRANT, "headers": {"authorization": "Basic ###"}},
        401,
        "invalid_client",
        "basic_encoding",
    ),
    "basic, no client of ours": (
        {"form": GRANT, "headers": basic("someone", "secret")},
        401,
        "invalid_client",
        "secret_unknown_client",
    ),
    "another scheme": ({"form": GRANT, "headers": {"authorization": "Bearer token"}}, 400, "invalid_client", "method"),
    "two methods": ({"headers": basic(PROGRAM, "x")}, 400, "invalid_request", "two_methods"),
    "an assertion beside": (
        {"form": {**GRANT, "client_id": PROGRAM, "client_secret": "$secret", "client_assertion": "a.b.c"}},
        400,
        "invalid_request",
        "two_methods",
    ),
    "basic for one, the form for another": (
        {"form": {**GRANT, "client_id": OTHER}, "headers": basic(PROGRAM, "x")},
        400,
        "invalid_request",
        "client_id",
    ),
    "a proof beside": ({"headers": {"dpop": "a.b.c"}}, 400, "invalid_request", "proof_present"),
    "secret in the query": ({"form": GRANT, "query": "?client_secret=x"}, 400, "invalid_request", "query"),
    "no grant": (
        {"form": {"client_id": PROGRAM, "client_secret": "$secret"}},
        400,
        "invalid_request",
        "grant_type_missing",
    ),
    "another grant": (
        {"form": {"grant_type": "password", "client_id": PROGRAM, "client_secret": "$secret"}},
        400,
        "unsupported_grant_type",
        "grant_type",
    ),
}


@pytest.mark.claim(8)
@pytest.mark.ferpa("Z1")
async def test_strangers_get_no_token_one_text_and_no_entry(tool: Tool) -> None:
    await tool.serve()
    gateway, made = tool.gateway, tool.made
    fill = {
        "$secret": made.secret,
        "$other": made.other,
        "$harbor": gateway.deployment.partners["harbor-mentors"].client,
    }
    size, texts = await gateway.size(), set()
    for name, (sent, status, error, reason) in TOKEN_CASES.items():
        given = dict(sent)
        if "form" in given:
            given["form"] = {key: fill.get(value, value) for key, value in given["form"].items()}
        answer = await tool.post(**given)
        assert (answer.status_code, answer.json()["error"]) == (status, error), name
        assert gateway.lines[-1]["reason"] == reason, name
        assert answer.headers.get("www-authenticate") == ('Basic realm="token"' if status == 401 else None), name
        assert answer.headers["cache-control"] == "no-store"
        if error == "invalid_client":
            texts.add(answer.text)
        assert await gateway.size() == size, name
    assert len(texts) == 1


@pytest.mark.claim(8)
@pytest.mark.parametrize("address", [OUTSIDE, "10.0.0.7", None, "203.0.113.7, 198.51.100.9"])
async def test_a_secret_is_worth_nothing_from_elsewhere_and_told_like_a_wrong_one(
    tool: Tool, address: str | None
) -> None:
    await tool.serve()
    wrong = await tool.post({**GRANT, "client_id": PROGRAM, "client_secret": "x"}, address=address)
    refused = await tool.post(address=address)
    assert (refused.status_code, refused.text) == (wrong.status_code, wrong.text) == (400, wrong.text)
    entry = await tool.last()
    assert (entry["event"], entry["reason"], entry["binding"], entry["network"]) == (
        "token.refused",
        "address",
        "bearer",
        None,
    )
    # A token that was got from inside opens nothing outside.
    token = await tool.token()
    for path in PAGES:
        answer = await tool.get(path, token, address=address)
        assert (answer.status_code, answer.json()["code"]) == (401, "address_not_covered"), path
        assert answer.headers["www-authenticate"].startswith("Bearer ")
        entry = await tool.last()
        assert (entry["event"], entry["code"], entry["network"]) == ("refusal", "address_not_covered", None)


@pytest.mark.claim(8)
@pytest.mark.ferpa("Z1")
async def test_the_tokens_of_the_two_issuers_are_no_tokens_of_the_other(tool: Tool) -> None:
    await tool.serve()
    gateway = tool.gateway
    theirs, mine = await gateway.token(MENTORING), await tool.token()
    size = await gateway.size()
    cases: dict[str, list[tuple[str, str, dict[str, str]]]] = {
        "token_header": [("Bearer", theirs, {}), ("Bearer", f"{theirs[:-4]}AAAA", {})],
        "dpop_scheme": [("DPoP", theirs, {}), ("DPoP", mine, {})],
        "proof_present": [
            ("Bearer", mine, {"dpop": gateway.client(MENTORING).proof("GET", f"{gateway.url}{PAGE}", mine)})
        ],
        "other_scheme": [("Basic", mine, {})],
        "token_malformed": [("Bearer", "a.b", {}), ("Bearer", f"{mine[:-8]}AAAAAAAA", {})],
        "token_issuer": [("Bearer", mint(tool, issuer=gateway.url), {})],
        "token_expired": [("Bearer", mint(tool, now=NOON.timestamp() - 10**9), {})],
        "secret_ended": [("Bearer", mint(tool, secret=1), {})],
    }
    for reason, tokens in cases.items():
        for scheme, token, headers in tokens:
            answer = await tool.get("/compat/v1/grant", token, scheme=scheme, **headers)
            status = 400 if reason == "proof_present" else 401
            assert (answer.status_code, gateway.lines[-1]["reason"]) == (status, reason), (scheme, reason)
            assert answer.headers["www-authenticate"].startswith("Bearer ")
            assert "DPoP" not in answer.text
    assert (await tool.get("/compat/v1/grant", None)).json()["code"] == "token_required"
    twice = await tool.gateway.http.get("/compat/v1/grant", headers=[("authorization", f"Bearer {mine}")] * 2)
    assert (twice.status_code, gateway.lines[-1]["reason"]) == (400, "authorization_repeated")
    in_query = await tool.get(f"/compat/v1/grant?access_token={mine}", mine)
    assert (in_query.status_code, gateway.lines[-1]["reason"]) == (400, "token_in_query")
    # And the main API takes no bearer token of either.
    for token in (theirs, mine):
        answer = await gateway.http.get("/v1/grant", headers={"authorization": f"Bearer {token}"})
        assert (answer.status_code, gateway.lines[-1]["reason"]) == (401, "bearer_scheme")
    proof = gateway.client(MENTORING).proof("GET", f"{gateway.url}/v1/grant", mine)
    bound = await gateway.http.get("/v1/grant", headers={"authorization": f"DPoP {mine}", "dpop": proof})
    assert (bound.status_code, gateway.lines[-1]["reason"]) == (401, "token_header")
    assert await gateway.size() == size
    # Nor does its token endpoint take a secret.
    main = await gateway.http.post(
        "/oauth/token", data={**GRANT, "client_id": PROGRAM, "client_secret": tool.made.secret}
    )
    assert (main.status_code, main.json()["error"]) == (400, "invalid_client")


@pytest.mark.claim(7)
async def test_a_stop_acts_on_the_next_request(tool: Tool) -> None:
    await tool.serve()
    office = await tool.gateway.office()
    secrets = tool.made.secrets
    tokens = {
        entry: await tool.token(form={**GRANT, "client_id": PROGRAM, "client_secret": text})
        for entry, text in secrets.items()
    }
    first, second = sorted(secrets)

    # (1): an ended secret, with its tokens; the other one goes on.
    with pytest.raises(SecretRefused, match="end one first"):
        await office.secrets.issue(PROGRAM, 30)
    with pytest.raises(SecretNotEnded):
        await office.secrets.end(OTHER, first)
    await office.secrets.end(PROGRAM, first)
    with pytest.raises(SecretNotEnded):
        await office.secrets.end(PROGRAM, first)
    assert (await tool.post()).json()["error"] == "invalid_client"
    assert (await tool.get(PAGE, tokens[first])).status_code == 401
    assert (await tool.get(PAGE, tokens[second])).status_code == 200
    third = await office.secrets.issue(PROGRAM, 1)
    assert "pactgate_secret_" not in repr(third)
    newest = {**GRANT, "client_id": PROGRAM, "client_secret": third.text}
    assert (await tool.post(newest)).status_code == 200

    # (2): the client, then its agreement, stopped.
    await office.suspensions.suspend_client(PROGRAM, "lost")
    refused = await tool.post(newest)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client")
    assert (await tool.last())["reason"] == "client_suspended"
    answer = await tool.get(PAGE, tokens[second])
    assert (answer.status_code, answer.json()["code"]) == (401, "suspended")
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    other = {**GRANT, "client_id": OTHER, "client_secret": tool.made.other}
    token = await tool.token(form=other)
    await office.suspensions.suspend_partner(tool.made.agreement.agreement.partner.id, "lost")
    assert (await tool.get(PAGE, token)).json()["code"] == "suspended"
    assert (await tool.post(other)).json()["error"] == "invalid_client"


@pytest.mark.claim(7)
async def test_the_clause_and_a_secret_end_on_their_days(tool: Tool) -> None:
    await tool.serve()
    office = await tool.gateway.office()
    await office.secrets.end(PROGRAM, max(tool.made.secrets))
    short = await office.secrets.issue(PROGRAM, 1)
    form = {**GRANT, "client_id": PROGRAM, "client_secret": short.text}
    token = await tool.token(form=form)
    await tool.gateway.at(NOON + dt.timedelta(days=1, minutes=1))
    assert (await tool.post(form)).json()["error"] == "invalid_client"
    assert (await tool.get(PAGE, token)).status_code == 401
    # The last second of the clause's last day, then the first of the next, where the agreement is at home.
    ends = dt.datetime(2027, 6, 1, 7, tzinfo=dt.UTC)
    await tool.gateway.at(ends - dt.timedelta(minutes=5))
    token = await tool.token()
    assert (await tool.get("/compat/v1/grant", token)).json()["valid_until"].startswith("2027-06-01T07:00:00")
    assert (await tool.get(PAGE, token)).status_code == 200
    await tool.gateway.at(ends + dt.timedelta(seconds=1))
    for path in PAGES:
        answer = await tool.get(path, token)
        assert (answer.status_code, answer.json()["code"]) == (403, "bearer_not_covered"), path
        assert (await tool.last())["clause"] == "/compatibility/last_day"
    assert (await tool.post()).json()["error"] == "invalid_client"


DETAILS = '[{{"type":"student_data","agreement":"{agreement}","purpose":"{purpose}"{more}}}]'


@pytest.mark.claim(8)
async def test_a_client_gets_no_token_for_another_agreement_a_scope_or_another_place(tool: Tool) -> None:
    await tool.serve()
    own, mentoring = tool.made.agreement, tool.gateway.deployment.agreements[MENTORING]
    purpose = own.agreement.purpose.code

    def details(agreement: str, more: str = "") -> dict[str, str]:
        return {"authorization_details": DETAILS.format(agreement=agreement, purpose=purpose, more=more)}

    secret = {"client_id": PROGRAM, "client_secret": tool.made.secret}
    for more, error, reason in (
        (details(mentoring.digest), "invalid_authorization_details", "details_agreement"),
        ({"scope": "roster.readonly"}, "invalid_scope", "scope"),
        ({"resource": tool.gateway.url}, "invalid_target", "resource"),
    ):
        answer = await tool.post({**GRANT, **secret, **more})
        assert (answer.status_code, answer.json()["error"]) == (400, error)
        entry = await tool.last()
        assert (entry["event"], entry["reason"], entry["network"]) == ("token.refused", reason, NETWORK)
    narrowed = {**GRANT, **secret, **details(own.digest, ',"datasets":["attendance"]')}
    answer = await tool.get(PAGE, await tool.token(form=narrowed))
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_authorization")
    assert (await tool.last())["binding"] == "bearer"


@pytest.mark.claim(1)
async def test_no_row_in_the_database_makes_a_secret_and_one_that_is_gone_alarms(
    tool: Tool, caplog: pytest.LogCaptureFixture
) -> None:
    admin = await tool.gateway.database.connection("admin")
    await admin.execute("SET session_replication_role = replica")  # past every trigger but those that fire always
    with pytest.raises(Exception, match="only added"):
        await admin.execute("DELETE FROM gateway.client_secret")
    await admin.execute("ALTER TABLE gateway.client_secret DISABLE TRIGGER client_secret_is_only_added_to")
    first, second = sorted(tool.made.secrets)
    await admin.execute("UPDATE gateway.client_secret SET salt = sha256(salt) WHERE idx = $1", first)
    await admin.execute("DELETE FROM gateway.client_secret WHERE idx = $1", second)
    await tool.serve()
    caplog.clear()
    with caplog.at_level(logging.ERROR, "pactgate"):
        for text in tool.made.secrets.values():
            refused = await tool.post({**GRANT, "client_id": PROGRAM, "client_secret": text})
            assert refused.json()["error"] == "invalid_client"
    assert {each.getMessage().split()[1] for each in caplog.records} == {"secret_missing"}
    await admin.execute("ALTER TABLE gateway.client_secret ENABLE ALWAYS TRIGGER client_secret_is_only_added_to")


@pytest.mark.claim(1)
async def test_a_client_without_keys_needs_the_clause_and_a_secret_needs_such_a_client(tool: Tool) -> None:
    office, ring = await tool.gateway.office(), tool.gateway.deployment.ring
    mentoring = tool.gateway.deployment.agreements[MENTORING]
    bound = ring.binding(mentoring, OTHER, [], compatibility=True, allowed_addresses=(NETWORK,))
    with pytest.raises(NotEntitled, match="does not let in programs"):
        await office.admissions.register_client(bound.envelope, [bound.approval], "gradebook")
    keyed = tool.gateway.deployment.partners["harbor-mentors"].client
    for client, days in ((keyed, 30), (PROGRAM, 0), (PROGRAM, 366)):
        with pytest.raises(SecretRefused):
            await office.secrets.issue(client, days)


@pytest.mark.claim(9)
async def test_no_secret_and_no_token_is_in_a_log_line_an_entry_or_a_repr(tool: Tool) -> None:
    await tool.serve()
    token = await tool.token()
    await tool.token(form=GRANT, headers=basic(PROGRAM, tool.made.secret))
    await tool.token(form=GRANT, headers=basic(PROGRAM.replace(":", "%3A"), tool.made.secret))
    await tool.get(PAGE, token)
    said = f"{tool.gateway.lines} {await tool.gateway.entries()} {tool.made}"
    for text in (token, tool.made.other, *tool.made.secrets.values()):
        assert text not in said
    assert INSIDE not in str(await tool.gateway.entries())


async def test_the_district_is_told_at_each_start_who_may_come_without_a_key(
    tool: Tool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "pactgate"):
        await tool.serve()
    told = [each.getMessage() for each in caplog.records]
    assert {(each.split()[1], each.split()[2]) for each in told} == {
        ("bearer_in_use", f"client={client}") for client in (PROGRAM, OTHER)
    }
    assert all(each.endswith("until=2027-05-31") for each in told)
    caplog.clear()
    await tool.gateway.at(dt.datetime(2027, 6, 2, tzinfo=dt.UTC))
    await alarm_bearers(tool.gateway.services.grants, alarm)
    assert not caplog.records
