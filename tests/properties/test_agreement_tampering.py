"""A signed document with a single byte changed, anywhere, is never the basis of a rule."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.authority import Filed, Received, build_authority
from agreements.elements import load_catalogue
from agreements.errors import AgreementError
from agreements.in_force import verify_agreement
from agreements.signature import Envelope, Kind, read_envelope
from tests.factories.agreements import RECEIVED, Keyring

FIXED = settings(derandomize=True, deadline=None, max_examples=200)
RING = Keyring()
BUNDLE = RING.agreement()
ENVELOPE = BUNDLE.envelope.text.encode()
APPROVAL = BUNDLE.approval.text.encode()
SIGNERS = [document.text.encode() for document in RING.signer_documents]
PAYLOAD = BUNDLE.envelope.payload


def judge(envelope: bytes, approval: bytes, signers: list[bytes]) -> str:
    introduced = [
        Filed(read_envelope(signer, Kind.SIGNER), Received(index, RECEIVED)) for index, signer in enumerate(signers)
    ]
    return verify_agreement(
        Filed(read_envelope(envelope, Kind.AGREEMENT), Received(10, RECEIVED)),
        [Filed(read_envelope(approval, Kind.APPROVAL), Received(11, RECEIVED))],
        authority=build_authority(RING.trust, introduced),
        catalogue=load_catalogue(),
    ).agreement.digest


def edited(raw: bytes, data: st.DataObject) -> bytes:
    at = data.draw(st.integers(0, len(raw) - 1))
    kind = data.draw(st.sampled_from(["change", "remove", "insert"]))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: kind != "change" or byte != raw[at]))
    return raw[:at] + (b"" if kind == "remove" else bytes([byte])) + raw[at + (kind != "insert") :]


def test_unchanged_it_verifies() -> None:
    assert judge(ENVELOPE, APPROVAL, SIGNERS) == BUNDLE.digest


@pytest.mark.claim(1)
@pytest.mark.ferpa("S1")
@pytest.mark.attack("one byte")
@FIXED
@given(st.sampled_from(["envelope", "approval", "signer"]), st.data())
def test_an_edit_of_any_stored_byte_never_changes_what_was_promised(which: str, data: st.DataObject) -> None:
    parts = {"envelope": ENVELOPE, "approval": APPROVAL, "signer": SIGNERS[0]}
    parts[which] = edited(parts[which], data)
    try:
        digest = judge(parts["envelope"], parts["approval"], [parts["signer"], *SIGNERS[1:]])
    except AgreementError:
        return
    # Insignificant white space in the stored envelope is the one edit that is not an edit of the document.
    assert digest == BUNDLE.digest
    for name, kind, raw in (
        ("envelope", Kind.AGREEMENT, ENVELOPE),
        ("approval", Kind.APPROVAL, APPROVAL),
        ("signer", Kind.SIGNER, SIGNERS[0]),
    ):
        assert read_envelope(parts[name], kind).text.encode() == raw


@pytest.mark.claim(1)
@FIXED
@given(st.data())
def test_an_edit_of_any_signed_byte_never_verifies(data: st.DataObject) -> None:
    changed = Envelope(Kind.AGREEMENT, edited(PAYLOAD, data), BUNDLE.envelope.signatures)
    if changed.payload == PAYLOAD:
        return  # the same byte inserted beside itself and removed is no edit
    with pytest.raises(AgreementError):
        judge(changed.text.encode(), APPROVAL, SIGNERS)
