import base64
from dataclasses import replace
from typing import Final

import pytest

from agreements.errors import BadSignature, MalformedDocument, NotEntitled
from agreements.keys import SigningKey
from agreements.signature import Envelope, Kind, add_signature, read_envelope, verify
from tests.factories.agreements import key_for

PAYLOAD = b'{"a":1}'
ANA, BEN = key_for("ana"), key_for("ben", "ES256")
ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""How many points P-256 has (FIPS 186-5, SP 800-186 section 3.2.1.3)."""
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


@pytest.mark.parametrize("key", [ANA, BEN])
def test_a_document_that_a_key_signed_more_than_once_is_refused(key: SigningKey) -> None:
    once = add_signature(None, Kind.APPROVAL, PAYLOAD, key)
    again = add_signature(None, Kind.APPROVAL, PAYLOAD, key).signatures  # ES256 makes another one of the same bytes
    doubled = Envelope(Kind.APPROVAL, PAYLOAD, once.signatures + again)
    with pytest.raises(BadSignature, match="more than once"):
        verify(read_envelope(doubled.text, Kind.APPROVAL), KEYS)
    anew = add_signature(once, Kind.APPROVAL, PAYLOAD, key)
    assert verify(read_envelope(anew.text, Kind.APPROVAL), KEYS).signed_by == {key.thumbprint}


def test_both_forms_of_an_es256_signature_are_taken_and_neither_names_the_document() -> None:
    envelope = add_signature(None, Kind.APPROVAL, PAYLOAD, BEN)
    (made,) = envelope.signatures
    raw = base64.urlsafe_b64decode(str(made.members["signature"]) + "==")
    r, s = raw[:32], ORDER - int.from_bytes(raw[32:])
    other = base64.urlsafe_b64encode(r + s.to_bytes(32)).rstrip(b"=").decode()
    mirrored = replace(envelope, signatures=(replace(made, signature=other),))
    assert mirrored != envelope
    assert verify(read_envelope(mirrored.text, Kind.APPROVAL), KEYS).signed_by == {BEN.thumbprint}
    assert mirrored.digest == envelope.digest


def test_a_mebibyte_of_agreement_can_be_signed() -> None:
    payload = b'{"a":"' + b"x" * 900_000 + b'"}'
    assert verify(add_signature(None, Kind.AGREEMENT, payload, ANA), KEYS).signed_by
