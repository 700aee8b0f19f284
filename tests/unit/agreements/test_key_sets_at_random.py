"""Key sets that anybody may publish, changed at random: refused by our own words, or taken whole and the same again."""

import copy
import json
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agreements.errors import BadKey, MalformedDocument
from agreements.fetched import PublishedKey, published_bytes, read_published
from agreements.keys import CLIENT_ALGORITHMS, read_public_key

pytestmark = pytest.mark.claim(1)

_MODULUS: Final = (
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjB"
    "ZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8"
    "KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
    "xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
)
GOOD: Final[tuple[dict[str, Any], ...]] = (
    {
        "kty": "EC",
        "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    },
    {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    {"kty": "RSA", "n": _MODULUS, "e": "AQAB"},
)
"""The public keys of RFC 7517 appendix A.1 and RFC 8037 appendix A.2."""
MEMBERS: Final = ("kty", "crv", "x", "y", "n", "e", "d", "k", "oth", "kid", "alg", "use", "key_ops", "x5u", "x5c", "")
TEXTS: Final = st.one_of(
    st.sampled_from(("", "AQAB", "AQ", "A" * 43, "_" * 43, "=" * 8, "ES256", "EdDSA", "none", "HS256", "oct", "P-384")),
    st.text(max_size=60),
    st.text(alphabet="ABab01-_=", min_size=300, max_size=2_000),
)
VALUES: Final = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**60), 2**60), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)


@st.composite
def changed_keys(draw: st.DrawFn) -> Any:
    """One of the good keys with up to three members set, dropped, or cut; or something that is no key."""
    if draw(st.integers(0, 9)) == 0:
        return draw(VALUES)
    key = copy.deepcopy(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(MEMBERS))
        match draw(st.integers(0, 2)):
            case 0:
                key[name] = draw(VALUES)
            case 1:
                key.pop(name, None)
            case _ if isinstance(key.get(name), str):
                key[name] = key[name][draw(st.integers(0, 3)) :] + draw(st.sampled_from(("", "A", "=", "\n", "é")))
    return key


def read(raw: bytes) -> tuple[PublishedKey, ...] | None:
    """Return what is taken; None if it is refused. Whatever else happens is a failure."""
    try:
        return read_published(raw)
    except (BadKey, MalformedDocument):
        return None


@given(st.binary(max_size=400))
@example(b"")
@example(b'{"keys":' + b"[" * 10_000)
@example(b'{"keys":[]}' + b" " * 70_000)
@example(b'\xff\xfe{"keys":[]}')
def test_what_is_no_key_set_is_refused(raw: bytes) -> None:
    assert read(raw) is None


@settings(max_examples=600)
@given(st.lists(changed_keys(), max_size=3), st.sampled_from(("keys", "Keys", "key")))
def test_a_set_is_taken_whole_and_reads_the_same_again_or_is_refused(listed: list[Any], name: str) -> None:
    taken = read(json.dumps({name: listed}).encode())
    if taken is None:
        return
    assert name == "keys"
    assert len(taken) == len(listed)
    kept = published_bytes(taken)
    assert read_published(kept) == taken
    for each in json.loads(kept)["keys"]:
        assert not {"d", "p", "q", "dp", "dq", "qi", "oth", "k"} & set(each)
        key = {member: value for member, value in each.items() if member != "kid"}
        assert read_public_key(key, CLIENT_ALGORITHMS).jwk == key


@pytest.mark.parametrize("key", GOOD, ids=("EC", "OKP", "RSA"))
def test_a_good_key_is_taken(key: dict[str, Any]) -> None:
    assert read(json.dumps({"keys": [key]}).encode()) is not None
