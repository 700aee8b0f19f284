"""Namings of witnesses: two officers, one after the other, and nothing in them that weakens unseen."""

from dataclasses import replace
from typing import Any

import pytest

from agreements.canonical import canonical_bytes, read_canonical
from agreements.documents.witnesses import read_witnesses
from agreements.errors import BadSignature, InvalidDocument, NotEntitled, NotTheNext, SignatureMissing
from agreements.signature import Envelope
from agreements.witnessing import VerifiedWitnesses, verify_witnesses
from tests.factories.agreements import Keyring
from tests.factories.partners import PartnerPapers
from tests.factories.witness import VKEY
from tests.factories.witnessing import naming

PLACE = (VKEY, "https://witness.example")
OTHER = ("other.example+01234567+BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "https://other.example/w")


@pytest.fixture
def ring() -> Keyring:
    return Keyring()


def verified(ring: Keyring, document: Envelope, before: str | None = None) -> VerifiedWitnesses:
    return verify_witnesses(ring.filed(document), before, authority=ring.authority)


@pytest.mark.claim(12)
def test_one_officer_or_an_officer_and_a_signer_name_nobody(ring: Keyring) -> None:
    officer = ring.officers[0].key
    with pytest.raises(SignatureMissing, match="two officers"):
        verified(ring, naming([PLACE], [officer]))
    signer = ring.signer("district:emerald-city").key
    with pytest.raises(NotEntitled):
        verified(ring, naming([PLACE], [officer, signer]))


@pytest.mark.attack("a signed file is changed")
def test_other_witnesses_than_the_officers_signed_are_refused(ring: Keyring) -> None:
    keys = [person.key for person in ring.officers[:2]]
    signed, other = naming([PLACE], keys), naming([PLACE], keys, hours=168)
    with pytest.raises(BadSignature):
        verified(ring, replace(signed, payload=other.payload))


def test_a_document_of_another_kind_names_nobody() -> None:
    papers = PartnerPapers()
    with pytest.raises(NotEntitled, match="kind"):
        verify_witnesses(papers.debarment("partner:a"), None, authority=papers.authority)


def test_a_naming_follows_the_one_in_force(ring: Keyring) -> None:
    keys = [person.key for person in ring.officers[:2]]
    first = naming([PLACE], keys)
    second = naming([PLACE, OTHER], keys, replaces=first.digest, must_cosign=2)
    for document, before in ((first, second.digest), (second, None), (second, second.digest)):
        with pytest.raises(NotTheNext):
            verified(ring, document, before)
    found = verified(ring, second, first.digest)
    assert found.witnesses.must_cosign == 2
    assert [place.name for place in found.witnesses.witnesses] == ["witness.example/w1", "other.example"]
    assert len(found.officers) == 2


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"witnesses": []}, "/witnesses"),
        ({"hours": 0}, "/hours"),
        ({"hours": 169}, "/hours"),
        ({"must_cosign": 0}, "/must_cosign"),
        ({"must_cosign": 2}, "/must_cosign"),
        ({"url": "http://witness.example"}, "/witnesses/0/url"),
        ({"url": "http://10.0.0.1"}, "/witnesses/0/url"),
        ({"url": "https://[::1"}, "/witnesses/0/url"),
        ({"url": "https://w.example:99999"}, "/witnesses/0/url"),
        ({"url": "https://w.example?x=1"}, "/witnesses/0/url"),
        ({"url": "https://user@w.example"}, "/witnesses/0/url"),
        ({"vkey": "witness.example"}, "/witnesses/0/vkey"),
    ],
)
def test_what_would_weaken_it_is_refused(ring: Keyring, change: dict[str, Any], path: str) -> None:
    content: Any = read_canonical(naming([PLACE], [ring.officers[0].key]).payload)
    place = {**content["witnesses"][0], **{name: change.pop(name) for name in ("url", "vkey") if name in change}}
    changed = canonical_bytes({**content, "witnesses": [place], **change})
    with pytest.raises(InvalidDocument) as refused:
        read_witnesses(changed)
    assert [problem.path for problem in refused.value.problems] == [path]


def test_one_key_or_one_name_is_not_counted_twice(ring: Keyring) -> None:
    name, _, key = VKEY.split("+", 2)
    for twin in (f"twin.example+01234567+{key}", f"{name}+01234567+{OTHER[0].split('+', 2)[2]}"):
        with pytest.raises(InvalidDocument, match="/witnesses"):
            read_witnesses(naming([PLACE, (twin, "https://twin.example")], [ring.officers[0].key]).payload)


@pytest.mark.parametrize(
    "url", ["https://w.example", "https://w.example:8443/a/b", "http://127.0.0.1:8020", "http://localhost"]
)
def test_an_address_over_tls_or_on_this_machine_is_taken(ring: Keyring, url: str) -> None:
    assert read_witnesses(naming([(VKEY, url)], [ring.officers[0].key]).payload).witnesses[0].url == url
