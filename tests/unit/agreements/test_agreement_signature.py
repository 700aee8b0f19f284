import pytest

from agreements.errors import BadSignature, MalformedDocument, NotEntitled
from agreements.signature import Envelope, Kind, add_signature, read_envelope, verify
from tests.factories.agreements import key_for

PAYLOAD = b'{"a":1}'
ANA, BEN = key_for("ana"), key_for("ben", "ES256")
KEYS = {ANA.thumbprint: ANA.public, BEN.thumbprint: BEN.public}


def test_a_signature_by_an_unknown_key_is_not_ignored() -> None:
    envelope = add_signature(add_signature(None, Kind.APPROVAL, PAYLOAD, ANA), Kind.APPROVAL, PAYLOAD, BEN)
    with pytest.raises(NotEntitled, match="unknown key"):
        verify(envelope, {ANA.thumbprint: ANA.public})


def test_one_bad_signature_among_good_ones_spoils_the_document() -> None:
    envelope = add_signature(add_signature(None, Kind.APPROVAL, PAYLOAD, ANA), Kind.APPROVAL, PAYLOAD, BEN)
    other = add_signature(None, Kind.APPROVAL, b'{"a":2}', BEN)
    mixed = tuple(item for item in envelope.signatures if item.kid == ANA.thumbprint) + other.signatures
    with pytest.raises(BadSignature):
        verify(Envelope(Kind.APPROVAL, PAYLOAD, mixed), KEYS)


def test_bytes_that_are_not_canonical_are_not_signed() -> None:
    with pytest.raises(MalformedDocument):
        add_signature(None, Kind.APPROVAL, b'{"a": 1}', ANA)


def test_signatures_collect_over_the_same_bytes_and_survive_their_text() -> None:
    one = add_signature(None, Kind.APPROVAL, PAYLOAD, BEN)
    two = add_signature(read_envelope(one.text, Kind.APPROVAL), Kind.APPROVAL, PAYLOAD, ANA)
    read = read_envelope(two.text.encode(), Kind.APPROVAL)
    assert read == two
    assert read.digest == one.digest == "sha256:015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
    signed = verify(read, KEYS)
    assert (signed.payload, signed.signed_by) == (PAYLOAD, frozenset(KEYS))


def test_a_key_that_signs_twice_counts_once() -> None:
    once = add_signature(None, Kind.APPROVAL, PAYLOAD, ANA)
    assert add_signature(once, Kind.APPROVAL, PAYLOAD, ANA) == once
    doubled = Envelope(Kind.APPROVAL, PAYLOAD, once.signatures * 2)
    assert verify(read_envelope(doubled.text, Kind.APPROVAL), KEYS).signed_by == {ANA.thumbprint}


def test_a_mebibyte_of_agreement_can_be_signed() -> None:
    payload = b'{"a":"' + b"x" * 900_000 + b'"}'
    assert verify(add_signature(None, Kind.AGREEMENT, payload, ANA), KEYS).signed_by
