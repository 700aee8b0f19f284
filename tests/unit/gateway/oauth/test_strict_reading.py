"""Forms, compact JWS, keys and addresses: anything at all is read or refused, never guessed and never a crash."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey

from gateway.oauth.assertion import read_assertion
from gateway.oauth.compact import parse, strict_json
from gateway.oauth.dpop import Expected, require_proof
from gateway.oauth.errors import InvalidClient, InvalidRequest, InvalidToken, Malformed, ProofMissing, ProofRefused
from gateway.oauth.form import parse_form
from gateway.oauth.issuer import Issuer, is_same_target
from gateway.oauth.publickeys import verifying_key
from gateway.oauth.tokens import AccessTokens
from gateway.token_keys import TokenKey
from tests.factories.oauth import encoded, key, public

FORM = "application/x-www-form-urlencoded"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.text())
def test_any_text_as_jws_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text, limit=8_192)
    with pytest.raises(InvalidClient):
        read_assertion(text)
    with pytest.raises(ProofRefused):
        require_proof([text], Expected("GET", "https://a.example/", 0))


@given(JSON, JSON, st.binary(max_size=80))
def test_any_json_as_assertion_proof_or_token_is_refused(header: object, claims: object, signature: bytes) -> None:
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    text = ".".join(encoded(part) for part in parts)
    server = key("server")
    assert isinstance(server, ECKey)
    with pytest.raises(InvalidClient):
        read_assertion(text)
    with pytest.raises(ProofRefused):
        require_proof([text], Expected("GET", "https://a.example/", 0))
    with pytest.raises(InvalidToken):
        AccessTokens(Issuer("https://a.example"), [TokenKey(server)], random=bytes).verify(text, 0)


@given(st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "n", "e", "alg", "use", "key_ops", "d", "k"]), JSON))
def test_any_object_as_key_is_refused(jwk: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        verifying_key(jwk)


@given(st.sampled_from(["x", "y", "n", "e", "alg", "use", "key_ops", "crv"]), JSON)
def test_a_spoiled_key_is_refused_or_the_same_key(name: str, value: object) -> None:
    good = public("rsa") if name in {"n", "e"} else public("client")
    try:
        read = verifying_key({**good, name: value})
    except Malformed:
        return
    assert read.thumbprint == verifying_key(good).thumbprint


def test_no_proof_is_told_from_a_bad_proof() -> None:
    with pytest.raises(ProofMissing):
        require_proof([], Expected("GET", "https://a.example/", 0))


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        [],
        {},
        OctKey.generate_key(256).as_dict(),
        ECKey.generate_key("secp256k1").as_dict(private=False),
        {**public("rsa"), "e": "AQABAAAAAQ"},
        {**public("rsa"), "n": "AA" + str(public("rsa")["n"])},
        {**public("client"), "key_ops": ["sign"]},
    ],
)
def test_weak_foreign_or_unusual_keys_are_refused(jwk: object) -> None:
    with pytest.raises(Malformed):
        verifying_key(jwk)


@given(st.binary(max_size=400))
def test_any_body_is_a_form_or_refused(body: bytes) -> None:
    try:
        fields = parse_form(body, FORM)
    except InvalidRequest:
        return
    assert all(name and value for name, value in fields.items())


@given(
    st.dictionaries(
        st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])),
        st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])),
        max_size=32,
    )
)
def test_a_form_is_read_as_it_was_written(fields: dict[str, str]) -> None:
    assert parse_form(urlencode(fields).encode(), f"{FORM}; charset=UTF-8") == fields


def test_fields_sent_empty_count_as_not_sent() -> None:
    assert parse_form(b"a=&b=1", FORM) == {"b": "1"}


@pytest.mark.parametrize("content_type", ["", "text/plain", "multipart/form-data", f"{FORM}; charset=latin-1"])
def test_other_content_types_are_refused(content_type: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_form(b"a=1", content_type)


def test_a_form_over_the_cap_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        parse_form(b"a=" + b"1" * 16_384, FORM)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a":1,"a":1}', "[" * 100_000, "1" * 5_000, ""])
def test_json_on_which_readers_disagree_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        strict_json(text)


@pytest.mark.parametrize(
    ("claimed", "same"),
    [
        ("https://a.example/x", True),
        ("HTTPS://A.Example:443/x?y#z", True),
        ("https://a.example/X", False),
        ("http://a.example/x", False),
        ("https://a.example:8443/x", False),
        ("https://u@a.example/x", False),
        ("https://a.example/x/", False),
        ("//a.example/x", False),
        ("https://[::1/x", False),
        ("https://a.ex\nample/x", False),
        ("https://a.example/x ", False),
        ("", False),
    ],
)
def test_only_spellings_of_our_url_are_our_url(claimed: str, *, same: bool) -> None:
    assert is_same_target(claimed, "https://a.example/x") is same


def test_a_bare_host_means_its_root() -> None:
    assert is_same_target("https://a.example", "https://a.example/")


def test_nothing_secret_is_printed() -> None:
    server = key("server")
    assert isinstance(server, ECKey)
    tokens = AccessTokens(Issuer("https://a.example"), [TokenKey(server)], random=bytes)
    assert str(server.as_dict(private=True)["d"]) not in repr(tokens)
