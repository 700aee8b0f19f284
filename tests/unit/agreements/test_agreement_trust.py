import json
from typing import Any

import pytest

from agreements.errors import BadTrust
from agreements.trust import Officer, pin_trust, read_trust
from tests.factories.agreements import Keyring, key_for


def trust_file(**changes: Any) -> bytes:
    return json.dumps({**json.loads(Keyring().trust.canonical), **changes}).encode()


def row(name: str, key: str, algorithm: str = "Ed25519") -> dict[str, Any]:
    return {"name": name, "jwk": key_for(key, algorithm).public.jwk}


@pytest.mark.claim(12)
@pytest.mark.attack("one person as two officers")
@pytest.mark.parametrize(
    "officers",
    [
        [],
        [row("Ana", "a")],
        [row("Ana", "a"), row("Ben", "a")],
        [row("Ana", "a"), row("Ana", "b")],
        [row("Ana", "a"), row(" ANA ", "b")],
        [row("Ana", "a"), {"name": "Ben", "jwk": {"kty": "oct", "k": "AAAA"}}],
        [row("Ana", "a"), {"name": "Ben", "jwk": "key"}],
        [row("Ana", "a"), row("Ben", "b") | {"role": "root"}],
    ],
)
def test_two_different_officers_are_needed(officers: Any) -> None:
    with pytest.raises(BadTrust):
        read_trust(trust_file(officers=officers))


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{}", b'{"origin": "a", "origin": "b"}', trust_file(extra=1), trust_file(origin="a b")]
)
def test_a_trust_file_is_exactly_what_init_wrote(raw: bytes) -> None:
    with pytest.raises(BadTrust):
        read_trust(raw)


def test_pinning_judges_as_strictly_as_reading() -> None:
    key = key_for("a").public
    with pytest.raises(BadTrust, match="two different people"):
        pin_trust("origin", (Officer("Ana", key), Officer("Ben", key)), "key")


def test_a_pinned_trust_reads_back() -> None:
    trust = Keyring().trust
    assert read_trust(trust.canonical) == trust
    assert set(trust.keys) == {officer.key.thumbprint for officer in trust.officers}
    assert "Olivia" not in repr(trust)
