"""A passkey's signature counts for exactly one document, of one kind, made on our page by somebody who was there."""

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.server import Fido2Server
from fido2.webauthn import AttestedCredentialData, PublicKeyCredentialRpEntity, UserVerificationRequirement
from hypothesis import given
from hypothesis import strategies as st

from agreements.canonical import canonical_bytes, digest_of
from agreements.documents.hold import Hold, hold_bytes
from agreements.documents.officer import OfficerIntroduction, officer_bytes, read_officer
from agreements.documents.signer import Signer, read_signer, signer_bytes
from agreements.errors import AgreementError, BadEnvelope, BadKey, BadSignature, NotEntitled
from agreements.keys import SigningKey, read_introduced_key
from agreements.passkeys import MAX_CLIENT_DATA, Assertion, Passkey, challenge_of
from agreements.signature import Envelope, Kind, Signature, add_signature, read_envelope, verify
from tests.factories.agreements import RECEIVED, Keyring
from tests.factories.authenticator import (
    ATTESTED,
    BACKED_UP,
    ELIGIBLE,
    EXTENDED,
    ORIGIN,
    PRESENT,
    RP_ID,
    VERIFIED,
    Authenticator,
    Said,
    encoded,
)

pytestmark = [pytest.mark.claim(1), pytest.mark.claim(12)]

DEVICE = Authenticator("an officer's")
KEYS = {DEVICE.public.thumbprint: DEVICE.public}
PAYLOAD = hold_bytes(Hold(f"sha256:{'ab' * 32}", "legal", RECEIVED.date(), "A court asks."))
OTHER = hold_bytes(Hold(f"sha256:{'cd' * 32}", "legal", RECEIVED.date(), "A court asks."))
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def challenge(kind: Kind = Kind.HOLD, payload: bytes = PAYLOAD) -> bytes:
    return challenge_of(kind.value, digest_of(payload))


def client_data(**members: Any) -> bytes:
    said = {
        "type": "webauthn.get",
        "challenge": encoded(challenge()),
        "origin": ORIGIN,
        "crossOrigin": False,
        **members,
    }
    return json.dumps(said).encode()


def twice(name: str) -> bytes:
    """What a browser said, with one member there twice, the good one last."""
    return b'{"' + name.encode() + b'":"x",' + client_data()[1:]


HOSTILE: dict[str, tuple[Said, str]] = {
    "another document": (Said(challenge=challenge(payload=OTHER)), "another document"),
    "another kind": (Said(challenge=challenge(Kind.RELEASE)), "another document"),
    "the bare digest": (Said(challenge=hashlib.sha256(PAYLOAD).digest()), "another document"),
    "no challenge": (Said(challenge=b""), "another document"),
    "a padded challenge": (Said(client_data=client_data(challenge=encoded(challenge()) + "=")), "another document"),
    "the challenge in another alphabet": (
        Said(client_data=client_data(challenge=base64.b64encode(challenge()).decode())),
        "another document",
    ),
    "the challenge as a list": (Said(client_data=client_data(challenge=[encoded(challenge())])), "another document"),
    "another origin": (Said(origin="https://evil.example"), "another origin"),
    "http": (Said(origin=ORIGIN.replace("https", "http")), "another origin"),
    "another port": (Said(origin=f"{ORIGIN}:8443"), "another origin"),
    "a host below that was not registered": (Said(origin=f"https://x.{RP_ID}"), "another origin"),
    "no origin": (Said(client_data=client_data(origin=None)), "another origin"),
    "another relying party": (Said(rp_id="evil.example"), "another relying party"),
    "the parent as relying party": (Said(rp_id="district.example"), "another relying party"),
    "nobody there": (Said(flags=VERIFIED), "who was there"),
    "nobody recognised": (Said(flags=PRESENT), "who was there"),
    "no flag at all": (Said(flags=0), "who was there"),
    "a key behind the data": (Said(flags=PRESENT | VERIFIED | ATTESTED), "none says"),
    "extensions said to be there": (Said(flags=PRESENT | VERIFIED | EXTENDED), "none says"),
    "a flag that is reserved": (Said(flags=PRESENT | VERIFIED | 0x02), "none says"),
    "backed up and not eligible": (Said(flags=PRESENT | VERIFIED | BACKED_UP), "none says"),
    "a byte behind the data": (Said(behind=b"\0"), "longer or shorter"),
    "inside another site": (Said(members={"crossOrigin": True}), "inside another"),
    "inside another site, in words": (Said(members={"crossOrigin": "false"}), "inside another"),
    "a top origin": (Said(members={"crossOrigin": False, "topOrigin": ORIGIN}), "inside another"),
    "the making of a key": (Said(type="webauthn.create"), "something else"),
    "a payment": (Said(type="payment.get"), "something else"),
    "the origin twice": (Said(client_data=twice("origin")), "cannot be read"),
    "the type twice": (Said(client_data=twice("type")), "cannot be read"),
    "the challenge twice": (Said(client_data=twice("challenge")), "cannot be read"),
    "no object": (Said(client_data=b'["webauthn.get"]'), "cannot be read"),
    "no JSON": (Said(client_data=b"\xff"), "cannot be read"),
    "something behind": (Said(client_data=client_data() + b"{}"), "cannot be read"),
    "too much": (Said(client_data=client_data(more="x" * MAX_CLIENT_DATA)), "cannot be read"),
}


@pytest.mark.parametrize("said", HOSTILE)
def test_what_says_anything_else_than_this_document_here_and_now_is_refused(said: str) -> None:
    hostile, because = HOSTILE[said]
    with pytest.raises(BadSignature, match=because):
        verify(DEVICE.sign(Kind.HOLD, PAYLOAD, hostile), KEYS)


@pytest.mark.parametrize(
    "said",
    [
        Said(),
        Said(flags=PRESENT | VERIFIED | ELIGIBLE),
        Said(flags=PRESENT | VERIFIED | ELIGIBLE | BACKED_UP),
        Said(counter=0),
        Said(members={}),  # a browser of before crossOrigin
        Said(members={"crossOrigin": False, "other_keys_can_be_added_here": "do not compare client data"}),
    ],
)
def test_a_good_one_counts_as_an_independent_verifier_says_too(said: Said) -> None:
    envelope = DEVICE.sign(Kind.HOLD, PAYLOAD, said)
    assert verify(read_envelope(envelope.text, Kind.HOLD), KEYS).signed_by == frozenset(KEYS)
    (assertion,) = envelope.signatures
    assert isinstance(assertion, Assertion)
    server = Fido2Server(PublicKeyCredentialRpEntity(id=RP_ID, name="The district"))
    known = AttestedCredentialData.create(bytes(16), DEVICE.credential, DEVICE.cose)
    _, state = server.authenticate_begin(
        [known], user_verification=UserVerificationRequirement.REQUIRED, challenge=challenge()
    )
    answer = {
        "clientDataJSON": assertion.client_data,
        "authenticatorData": assertion.authenticator_data,
        "signature": assertion.signature,
    }
    credential = encoded(DEVICE.credential)
    server.authenticate_complete(state, [known], {"rawId": credential, "id": credential, "response": answer})


def test_a_signature_that_is_not_exactly_as_it_was_made_is_refused() -> None:
    data, client, signature = DEVICE.asserted(challenge())
    r, s = decode_dss_signature(signature)
    elsewhere = DEVICE.key.sign(data + client, ECDSA(SHA256()))  # over the client data itself, not its digest
    longer = bytes([signature[0], 0x81, signature[1]]) + signature[2:]  # a length that is not written shortest
    for changed in (
        signature + b"\0",
        signature[:-1],
        longer,
        encode_dss_signature(r, s + 1),
        encode_dss_signature(0, s),
        encode_dss_signature(r, 0),
        encode_dss_signature(r + _ORDER, s),
        r.to_bytes(32, "big") + s.to_bytes(32, "big"),  # the form of JWS
        elsewhere,
        b"\x30\x00",
    ):
        made = Assertion(DEVICE.public.thumbprint, encoded(data), encoded(client), encoded(changed))
        with pytest.raises(BadSignature):
            verify(Envelope(Kind.HOLD, PAYLOAD, (made,)), KEYS)


def test_a_passkey_signs_in_its_own_way_only_and_no_other_key_signs_like_one() -> None:
    plain = SigningKey.generate("ES256")
    by_file = add_signature(None, Kind.HOLD, PAYLOAD, plain)
    as_passkey = replace(plain.public, passkey=DEVICE.public.passkey)
    with pytest.raises(BadSignature, match="is a passkey"):
        verify(by_file, {plain.thumbprint: as_passkey})
    with pytest.raises(BadSignature, match="no passkey"):
        verify(DEVICE.sign(Kind.HOLD, PAYLOAD), {DEVICE.public.thumbprint: replace(DEVICE.public, passkey=None)})
    with pytest.raises(NotEntitled):
        verify(DEVICE.sign(Kind.HOLD, PAYLOAD), {})
    with pytest.raises(BadSignature, match="another key"):
        verify(DEVICE.sign(Kind.HOLD, PAYLOAD), {DEVICE.public.thumbprint: Authenticator("another").public})


def test_both_forms_stand_on_one_document_and_one_bad_one_spoils_it() -> None:
    plain = SigningKey.generate("Ed25519")
    by_file = add_signature(None, Kind.HOLD, PAYLOAD, plain)
    both = Envelope(Kind.HOLD, PAYLOAD, (*by_file.signatures, *DEVICE.sign(Kind.HOLD, PAYLOAD).signatures))
    keys = {**KEYS, plain.thumbprint: plain.public}
    assert verify(read_envelope(both.text, Kind.HOLD), keys).signed_by == frozenset(keys)
    bad = Envelope(Kind.HOLD, PAYLOAD, (*by_file.signatures, DEVICE.assertion(Kind.HOLD, OTHER)))
    with pytest.raises(BadSignature):
        verify(bad, keys)
    # Signed again by the other key, the passkey's signature stays.
    again = add_signature(both, Kind.HOLD, PAYLOAD, plain)
    assert {type(each) for each in again.signatures} == {Signature, Assertion}


@pytest.mark.parametrize(
    "changes",
    [
        {"kid": "short"},
        {"kid": 7},
        {"signature": "+/+/"},
        {"signature": ""},
        {"client_data": "e30="},
        {"authenticator_data": ["x"]},
        {"protected": "e30"},
    ],
)
def test_a_signature_of_no_strict_form_is_no_signature(changes: dict[str, Any]) -> None:
    content = json.loads(DEVICE.sign(Kind.HOLD, PAYLOAD).text)
    content["signatures"][0].update(changes)
    with pytest.raises(BadEnvelope):
        read_envelope(canonical_bytes(content), Kind.HOLD)


@given(st.data())
def test_no_byte_of_a_good_one_can_be_another(data: st.DataObject) -> None:
    parts = list(DEVICE.asserted(challenge()))
    which = data.draw(st.integers(0, 2))
    place = data.draw(st.integers(0, len(parts[which]) - 1))
    change = data.draw(st.integers(1, 255))
    altered = bytearray(parts[which])
    altered[place] ^= change
    parts[which] = bytes(altered)
    made = Assertion(DEVICE.public.thumbprint, *map(encoded, parts))
    with pytest.raises(AgreementError):
        verify(Envelope(Kind.HOLD, PAYLOAD, (made,)), KEYS)


def signer(**changes: Any) -> Signer:
    day = RECEIVED.date()
    made = Signer("partner:p", "partner_signer", "Somebody", DEVICE.public, day, day, ("agreement",))
    return replace(made, **changes)


def test_the_document_that_introduces_a_key_says_that_it_is_a_passkey() -> None:
    assert read_signer(signer_bytes(signer())).key.passkey == DEVICE.public.passkey
    officer = OfficerIntroduction("Somebody", DEVICE.public, RECEIVED.date(), None, "A new key.")
    assert read_officer(officer_bytes(officer)).key.passkey == DEVICE.public.passkey
    without = signer(key=replace(DEVICE.public, passkey=None))
    assert read_signer(signer_bytes(without)).key.passkey is None
    assert b"passkey" not in signer_bytes(without)  # byte for byte as before there were any


@pytest.mark.parametrize(
    "passkey",
    [
        Passkey(RP_ID, (f"http://{RP_ID}",), "AA"),
        Passkey(RP_ID, ("https://evil.example",), "AA"),
        Passkey(RP_ID, (f"https://x{RP_ID}",), "AA"),
        Passkey("example", ("http://example",), "AA"),
        Passkey("127.0.0.1", ("http://127.0.0.1:8080",), "AA"),
    ],
)
def test_a_passkey_is_introduced_for_pages_of_its_own_host(passkey: Passkey) -> None:
    with pytest.raises(BadKey):
        read_signer(signer_bytes(signer(key=replace(DEVICE.public, passkey=passkey))))


def test_a_passkey_is_a_p256_key_of_its_host_or_one_below() -> None:
    with pytest.raises(BadKey, match="P-256"):
        read_introduced_key(SigningKey.generate("Ed25519").public.jwk, Passkey(RP_ID, (ORIGIN,), "AA").members)
    for origin in (ORIGIN, f"https://signing.{RP_ID}:8443"):
        assert read_introduced_key(DEVICE.public.jwk, Passkey(RP_ID, (origin,), "AA").members).passkey
    assert read_introduced_key(
        DEVICE.public.jwk, Passkey("localhost", ("http://localhost:8080",), "AA").members
    ).passkey


def test_one_key_is_not_introduced_as_two() -> None:
    ring = Keyring()
    first = ring.introduce("partner:p", "Somebody", SigningKey.generate("ES256"))
    payload = read_signer(first.document.payload if first.document else b"")
    as_passkey = replace(payload.key, passkey=DEVICE.public.passkey)
    document = ring.sign(Kind.SIGNER, signer_bytes(replace(payload, key=as_passkey)), ring.officers[0].key)
    assert first.document is not None
    authority = ring.authority.admit(ring.filed(first.document))
    with pytest.raises(NotEntitled, match="passkey"):
        authority.admit(ring.filed(document))


def test_an_officers_passkey_signs_as_an_officers_key_does_and_only_from_its_entry_on() -> None:
    ring = Keyring()
    officer = OfficerIntroduction("Quinn Third", DEVICE.public, RECEIVED.date(), None, "A third officer.")
    introduced = ring.filed(ring.sign(Kind.OFFICER, officer_bytes(officer), *(each.key for each in ring.officers)))
    signed = ring.filed(DEVICE.sign(Kind.HOLD, PAYLOAD))
    with pytest.raises(NotEntitled):
        ring.authority.signed_by_officers(signed.envelope, signed.received)
    authority = ring.authority.admit(introduced)
    (found,) = authority.signed_by_officers(signed.envelope, signed.received)
    assert found.name == "Quinn Third"
