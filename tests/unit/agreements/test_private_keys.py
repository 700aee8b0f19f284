"""Private keys are known by how they are written, and what is public is left alone."""

import json

import pytest

from agreements.errors import BadKey
from agreements.keys import SigningKey
from agreements.private_keys import require_no_private_key, without_private_keys

KEY = SigningKey.generate("Ed25519")
PRIVATE = json.dumps(KEY.signer().as_dict(private=True))
PUBLIC = json.dumps(KEY.public.jwk)


@pytest.mark.parametrize(
    "value",
    [
        KEY.export_pem().decode(),
        KEY.export_pem("a long passphrase").decode(),
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA",
        "PuTTY-User-Key-File-3: ssh-ed25519",
        PRIVATE,
        "title: An agreement\npeople:\n  drafted_by:\n    kty: OKP\n    d: AAAA\n",
        '{"kty":"OKP","\\u0064":"AAAA"}',
        json.dumps({"keys": [PRIVATE]}),
        {"people": {"drafted_by": KEY.export_pem().decode()}},
        {"parties": [{"key": {"kty": "oct", "k": "AAAA"}}]},
        {KEY.export_pem().decode(): "as a name"},
    ],
    ids=range(11),
)
def test_a_private_key_is_found_wherever_it_stands_and_never_quoted(value: object) -> None:
    with pytest.raises(BadKey) as caught:
        require_no_private_key(value)  # type: ignore[arg-type]
    assert "AAAA" not in str(caught.value) + caught.value.public_detail
    assert "make a new one" in caught.value.public_detail
    require_no_private_key(without_private_keys(value))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    [
        PUBLIC,
        json.dumps({"keys": [json.loads(PUBLIC)]}),
        KEY.signer().as_pem(private=False).decode(),
        "Our key is private. d: the day",
        '{"signatures": [{"protected": "AAAA", "signature": "AAAA"}], "d": 1',
        ["", None, True, 7],
        {"kty": "OKP", "x": "AAAA"},
    ],
    ids=range(7),
)
def test_what_is_no_private_key_stays_as_it_is(value: object) -> None:
    require_no_private_key(value)  # type: ignore[arg-type]
    assert without_private_keys(value) == value  # type: ignore[arg-type]


def test_what_was_kept_is_shown_without_the_key() -> None:
    kept = {"title": "T", "people": {"drafted_by": KEY.export_pem().decode()}, "more": [{"kty": "OKP", "d": "AAAA"}]}
    assert without_private_keys(kept) == {"title": "T", "people": {"drafted_by": ""}, "more": [""]}  # type: ignore[arg-type]
