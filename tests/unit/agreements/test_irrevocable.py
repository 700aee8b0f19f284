"""Two officers together, and nobody alone, erase or let the log go on after a disaster; and what a recovery says."""

import json
from dataclasses import replace

import pytest

from agreements.authority import Filed
from agreements.documents.erasure import Erasure, erasure_bytes, read_erasure
from agreements.documents.recovery import Cited, Recovery, read_recovery, recovery_bytes
from agreements.errors import BadTrust, InvalidDocument, MalformedDocument, NotEntitled, SignatureMissing
from agreements.irrevocable import verify_erasure, verify_recovery
from agreements.signature import Kind
from agreements.trust import read_trust, recovered_trust
from tests.factories.agreements import Keyring
from tests.factories.every_kind import SIGNED

pytestmark = pytest.mark.claim(12)

RECOVERY = Recovery(
    "new.example/log", "key", "old.example/log", "key", Cited(9, b"k" * 32), "bm90ZQ==", Cited(7, b"l" * 32), "a disk"
)
ERASURE = Erasure((b"a" * 16, b"b" * 16), "over")


def filed(ring: Keyring, kind: Kind, payload: bytes, *, officers: int = 2) -> Filed:
    return ring.filed(ring.sign(kind, payload, *(person.key for person in ring.officers[:officers])))


def test_one_officer_alone_is_refused() -> None:
    ring = Keyring()
    with pytest.raises(SignatureMissing, match="two officers"):
        verify_erasure(filed(ring, Kind.ERASURE, erasure_bytes(ERASURE), officers=1), authority=ring.authority)
    with pytest.raises(SignatureMissing, match="two officers"):
        verify_recovery(filed(ring, Kind.RECOVERY, recovery_bytes(RECOVERY), officers=1), authority=ring.authority)


def test_a_document_of_another_kind_is_refused() -> None:
    ring = Keyring()
    with pytest.raises(NotEntitled, match="kind"):
        verify_erasure(filed(ring, Kind.RECOVERY, recovery_bytes(RECOVERY)), authority=ring.authority)
    with pytest.raises(NotEntitled, match="kind"):
        verify_recovery(filed(ring, Kind.ERASURE, erasure_bytes(ERASURE)), authority=ring.authority)


def test_both_are_made_by_verification_only() -> None:
    ring = Keyring()
    made = (
        verify_erasure(SIGNED[Kind.ERASURE].filed, authority=ring.authority),
        verify_recovery(SIGNED[Kind.RECOVERY].filed, authority=ring.authority),
    )
    for each in made:
        assert len(each.officers) == 2
        with pytest.raises(TypeError):
            replace(each, seal=None)


def test_what_is_written_reads_back() -> None:
    assert read_erasure(erasure_bytes(ERASURE)) == ERASURE
    assert read_recovery(recovery_bytes(RECOVERY)) == RECOVERY


@pytest.mark.parametrize("links", [(), (b"a",), (b"a" * 17,), (b"a" * 16, b"a" * 16)])
def test_an_erasure_names_each_link_once_and_at_least_one(links: tuple[bytes, ...]) -> None:
    with pytest.raises(InvalidDocument):
        read_erasure(erasure_bytes(replace(ERASURE, links=links)))


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "old.example/log"},
        {"origin": "two words"},
        {"origin": "a+b"},
        {"left": Cited(0, b"l" * 32)},
        {"left": Cited(7, b"l")},
        {"kept": Cited(2**53, b"k" * 32)},
        {"note": "not base64!"},
        {"reason": ""},
    ],
)
def test_a_recovery_that_cannot_be_meant_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises((InvalidDocument, MalformedDocument)):
        read_recovery(recovery_bytes(replace(RECOVERY, **changes)))  # type: ignore[arg-type] # wrong on purpose


def test_a_trust_file_remembers_every_origin_it_had() -> None:
    first = Keyring().trust
    second = recovered_trust(first, "second.example/log", "key2", recovery="sha256:" + "1" * 64, entry=12, kept=20)
    third = recovered_trust(second, "third.example/log", "key3", recovery="sha256:" + "2" * 64, entry=40, kept=41)
    assert read_trust(third.canonical) == third
    assert [third.before(times) for times in range(3)] == [first, second, third]
    assert "follows" not in json.loads(first.canonical)


def test_an_origin_is_never_used_again() -> None:
    first = Keyring().trust
    second = recovered_trust(first, "second.example/log", "key2", recovery="sha256:" + "1" * 64, entry=12, kept=20)
    for origin, entry in ((first.origin, 40), ("second.example/log", 40), ("third.example/log", 12)):
        with pytest.raises(BadTrust, match="each another"):
            recovered_trust(second, origin, "key3", recovery="sha256:" + "2" * 64, entry=entry, kept=50)
