"""What an identity provider says counts only if it is exactly what was asked: each refusal, then the one that holds."""

import json
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from joserfc import jws
from joserfc.jwk import ECKey, Key, OctKey, RSAKey
from joserfc.util import urlsafe_b64encode

from gateway.errors import SettingsError
from gateway.oauth.callers import PUBLIC, require_declared
from gateway.services.standing.identity import Realm
from gateway.signin import fetching
from gateway.signin.callers import OWN_SITE, require_guarded, staff_of
from gateway.signin.errors import ProviderAway, SignInFailed, TooWeak, UnguardedRoute
from gateway.signin.idtoken import Asked, Claimed, UnknownKey, verify_id_token
from gateway.signin.published import ProviderMetadata
from gateway.signin.registration import Registration, read_registrations
from gateway.signin.transaction import Transactions

KEY = ECKey.generate_key("P-256", {"kid": "one"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
NOW = 1_900_000_000
REGISTRATION = Registration(
    realm=Realm.DISTRICT,
    name="staff",
    title="Staff",
    issuer="https://login.district.example",
    client_id="pactgate",
    secret="s",
    algorithms=("ES256",),
    acr=("two",),
    step_up_acr=("two",),
    step_up_amr=("otp",),
    max_age=3600,
    roles_claim="groups",
    roles=None,
    names_itself=True,
)
ASKED = Asked("the-nonce", ("two",), ("otp",), 3600)
CLAIMS: Mapping[str, Any] = {
    "iss": REGISTRATION.issuer,
    "aud": "pactgate",
    "sub": "4711",
    "exp": NOW + 300,
    "iat": NOW,
    "nonce": "the-nonce",
    "acr": "two",
    "amr": ["pwd", "otp"],
    "auth_time": NOW - 60,
}


def signed(claims: Mapping[str, Any], header: Mapping[str, Any] | None = None, key: Any = KEY) -> str:
    whole = {"alg": "ES256", "kid": "one", **(header or {})}
    registry = jws.JWSRegistry(algorithms=[str(whole["alg"])], strict_check_header=False)
    return jws.serialize_compact(whole, json.dumps(claims), key, registry=registry)


def verified(token: object, asked: Asked = ASKED) -> Claimed:
    public: list[Key] = [ECKey.import_key(KEY.as_dict(private=False)), RSAKey.import_key(RSA.as_dict(private=False))]
    return verify_id_token(token, "access", public, REGISTRATION, asked, now=NOW)


def unsigned() -> str:
    head = urlsafe_b64encode(json.dumps({"alg": "none", "kid": "one"}).encode()).decode()
    return f"{head}.{urlsafe_b64encode(json.dumps(dict(CLAIMS)).encode()).decode()}.x"


SHARED = OctKey.import_key("the client secret, which signs no token", {"kid": "one"})


@pytest.mark.parametrize(
    ("reason", "token"),
    [
        ("id_token_missing", None),
        ("id_token_missing", ""),
        ("id_token_form", "a.b"),
        ("id_token_form", "x" * 20_000),
        ("id_token_algorithm", unsigned()),
        ("id_token_algorithm", signed(CLAIMS, {"alg": "HS256"}, SHARED)),
        ("id_token_algorithm", signed(CLAIMS, {"alg": "RS256", "kid": "rsa"}, RSA)),
        ("id_token_key", signed(CLAIMS, {"kid": "other"})),
        ("id_token_signature", signed(CLAIMS, key=ECKey.generate_key("P-256"))),
        ("id_token_signature", signed(CLAIMS, {"kid": "rsa"})),
    ],
)
def test_a_token_not_signed_as_agreed_proves_nothing(reason: str, token: object) -> None:
    with pytest.raises(SignInFailed, match=f"^{reason}$"):
        verified(token)


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("id_token_claims", {"iss": "https://other.example"}),
        ("id_token_audience", {"aud": "other"}),
        ("id_token_audience", {"aud": ["other"], "azp": "pactgate"}),
        ("id_token_audience", {"aud": ["pactgate", "other"], "azp": "pactgate"}),
        ("id_token_claims", {"azp": "other"}),
        ("id_token_claims", {"nonce": None}),
        ("id_token_claims", {"nonce": "another"}),
        ("id_token_claims", {"exp": NOW - 31}),
        ("id_token_claims", {"exp": None}),
        ("id_token_claims", {"nbf": NOW + 31}),
        ("id_token_claims", {"at_hash": "AAAA"}),
        ("id_token_claims", {"sub": 4711}),
        ("id_token_subject", {"sub": "x" * 256}),
        ("id_token_acr", {"acr": 2}),
        ("id_token_acr", {"acr": "urn:pactgate:development"}),
        ("id_token_claims", {"amr": "otp"}),
        ("id_token_amr", {"amr": [1]}),
        ("id_token_auth_time", {"auth_time": None}),
        ("id_token_auth_time", {"auth_time": True}),
    ],
)
def test_a_token_about_something_else_proves_nothing(reason: str, change: Mapping[str, Any]) -> None:
    claims = {name: value for name, value in {**CLAIMS, **change}.items() if value is not None}
    with pytest.raises(SignInFailed, match=f"^{reason}$"):
        verified(signed(claims))


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("acr", {"acr": "one"}),
        ("amr", {"amr": ["pwd"]}),
        ("auth_time", {"auth_time": NOW - 3600 - 31}),
        ("auth_time", {"auth_time": NOW + 31}),
    ],
)
def test_a_sign_in_too_weak_or_too_long_ago_is_not_enough(reason: str, change: Mapping[str, Any]) -> None:
    with pytest.raises(TooWeak, match=f"^{reason}$"):
        verified(signed({**CLAIMS, **change}))


def test_a_token_that_is_exactly_what_was_asked_holds() -> None:
    claimed = verified(signed(CLAIMS))
    assert (claimed.subject, claimed.acr, claimed.amr, claimed.auth_time) == ("4711", "two", ("pwd", "otp"), NOW - 60)
    with pytest.raises(UnknownKey):
        verified(signed(CLAIMS, {"kid": "newer"}))


def test_a_sign_in_under_way_is_sealed_to_its_realm_and_soon_over() -> None:
    moment = [1000.0]
    transactions = Transactions(b"k" * 32, lambda: moment[0])
    begun = transactions.begin("staff", "/console")
    sealed = transactions.seal(Realm.DISTRICT, begun)
    for realm, text in (
        (Realm.PARTNER, sealed),
        (Realm.DISTRICT, sealed[:-4]),
        (Realm.DISTRICT, "é"),
        (Realm.DISTRICT, "x" * 4000),
    ):
        with pytest.raises(SignInFailed, match=r"^transaction$"):
            transactions.open(realm, text)
    assert transactions.open(Realm.DISTRICT, sealed) == begun
    moment[0] += 601
    with pytest.raises(SignInFailed, match=r"^transaction_late$"):
        transactions.open(Realm.DISTRICT, sealed)
    assert begun.state not in repr(begun) + repr(transactions)


GOOD = """[[district]]
name = "staff"
title = "District staff"
issuer = "https://login.district.example"
client_id = "pactgate"
secret_file = "secret"
step_up_acr = ["two"]
"""


@pytest.mark.parametrize(
    ("word", "instead"),
    [
        ("https://", "http://"),
        ('"pactgate"', "7"),
        ('name = "staff"', 'name = "Staff"'),
        ('step_up_acr = ["two"]', ""),
        ('step_up_acr = ["two"]', 'step_up_acr = "two"'),
        ('secret_file = "secret"', ""),
        ('secret_file = "secret"', 'secret_file = "missing"'),
        ('secret_file = "secret"', 'secret_file = "open"'),
        ('secret_file = "secret"', 'key_file = "secret"'),
        ("client_id", 'algorithms = ["none"]\nclient_id'),
        ("client_id", 'algorithms = ["HS256"]\nclient_id'),
        ("client_id", "max_age = 90000\nclient_id"),
        ("client_id", 'nonsense = "x"\nclient_id'),
        ("client_id", "authorization_response_iss = 1\nclient_id"),
        ("[[district]]", "[district]"),
        ("[[district]]", "[[school]]"),
        ("[[district]]", "[[district"),
        ('step_up_acr = ["two"]', 'step_up_acr = ["two"]\nroles = {staff = "partner_staff"}'),
        ('step_up_acr = ["two"]', 'step_up_acr = ["two"]\n' + GOOD),
    ],
)
def test_a_registration_that_would_be_unsafe_is_refused(tmp_path: Path, word: str, instead: str) -> None:
    for name, mode in (("secret", 0o600), ("open", 0o644)):
        (tmp_path / name).touch(mode=mode)
        (tmp_path / name).write_text("sesame-93")
    file = tmp_path / "sign-in.toml"
    file.write_text(GOOD.replace(word, instead, 1))
    with pytest.raises(SettingsError) as caught:
        read_registrations(file)
    assert "sesame-93" not in str(caught.value) + caught.value.remedy
    file.write_text(GOOD)
    (found,) = read_registrations(file).all
    assert (found.names_itself, found.algorithms) == (True, ("ES256", "PS256", "RS256"))
    assert "sesame-93" not in repr(found)


async def test_a_provider_that_is_away_slow_huge_or_another_is_said_to_be_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    metadata = ProviderMetadata(REGISTRATION.issuer, time.time)
    documents: dict[str, Any] = {
        "issuer": REGISTRATION.issuer,
        "authorization_endpoint": "https://login.district.example/a",
        "token_endpoint": "https://login.district.example/t",
        "jwks_uri": "https://login.district.example/k",
    }
    for change in (
        {"issuer": "https://other.example"},
        {"token_endpoint": "http://login.district.example/t"},
        {"token_endpoint": 7},
        {"token_endpoint": "https://["},
        {"jwks_uri": "https://x:99999/"},
    ):
        with pytest.raises(ProviderAway):
            metadata._checked({**documents, **change})
    # Nobody listens on port 1.
    for url in ("http://127.0.0.1:1/x", "nonsense"):
        with pytest.raises(ProviderAway):
            await fetching.fetch_json(url)

    async def answer(_self: object, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        said = {"/huge": b"x" * (fetching.MOST_BYTES + 1), "/list": b"[]"}.get(
            path, b"{}" if path == "/packed" else b"{"
        )

        async def sent() -> AsyncIterator[bytes]:
            yield said

        headers = {"content-encoding": "gzip"} if path == "/packed" else {"location": "https://evil.example"}
        return httpx2.Response(302 if path == "/moved" else 200, headers=headers, content=sent())

    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", answer)
    for path in ("huge", "list", "moved", "broken", "packed"):
        with pytest.raises(ProviderAway):
            await fetching.fetch_json(f"https://login.district.example/{path}")


def test_a_page_that_changes_something_and_asks_for_nobody_does_not_start() -> None:
    async def change() -> None:
        """Change something."""

    for dependency, starts in ((PUBLIC, False), (OWN_SITE, True), (staff_of(), True)):
        app, router = FastAPI(openapi_url=None, docs_url=None, redoc_url=None), APIRouter()
        router.add_api_route("/console/change", change, methods=["POST"], dependencies=[dependency])
        app.include_router(router)
        require_declared(app)
        if starts:
            require_guarded(app)
        else:
            with pytest.raises(UnguardedRoute, match="/console/change"):
                require_guarded(app)
