"""A signed document with a single byte changed, anywhere, is never the basis of a rule: whatever kind it is of."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.errors import AgreementError
from agreements.signature import Envelope, Kind, read_envelope
from tests.factories.every_kind import SIGNED

FIXED = settings(derandomize=True, deadline=None, max_examples=30)
EXAMPLES: Mapping[Kind, int] = {Kind.AGREEMENT: 150, Kind.APPROVAL: 100}
"""How often a document is edited, if more often than the others."""
AUTHORITY = (Kind.OFFICER, Kind.REVOCATION, Kind.SIGNER)
KINDS = pytest.mark.parametrize("kind", SIGNED)


def edited(raw: bytes, data: st.DataObject) -> bytes:
    at = data.draw(st.integers(0, len(raw) - 1))
    kind = data.draw(st.sampled_from(["change", "remove", "insert"]))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: kind != "change" or byte != raw[at]))
    return raw[:at] + (b"" if kind == "remove" else bytes([byte])) + raw[at + (kind != "insert") :]


def often(kind: Kind) -> settings:
    return settings(FIXED, max_examples=EXAMPLES.get(kind, FIXED.max_examples))


def test_there_is_a_document_of_every_kind() -> None:
    assert set(SIGNED) == set(Kind)


@KINDS
def test_unchanged_it_holds(kind: Kind) -> None:
    genuine = SIGNED[kind]
    assert genuine.judged(read_envelope(genuine.text, kind)) == genuine.filed.envelope.digest


@pytest.mark.claim(1)
@pytest.mark.ferpa("S1")
@pytest.mark.attack("one byte")
@KINDS
def test_an_edit_of_any_stored_byte_never_changes_what_was_signed(kind: Kind) -> None:
    genuine = SIGNED[kind]
    raw = genuine.text.encode()

    @often(kind)
    @given(st.data())
    def edit(data: st.DataObject) -> None:
        try:
            envelope = read_envelope(edited(raw, data), kind)
            digest = genuine.judged(envelope)
        except AgreementError:
            return
        # Insignificant white space in the stored envelope is the one edit that is not an edit of the document.
        assert digest == genuine.filed.envelope.digest
        assert envelope.text == genuine.text

    edit()


@pytest.mark.claim(1)
@KINDS
def test_an_edit_of_any_signed_byte_never_verifies(kind: Kind) -> None:
    genuine = SIGNED[kind]
    payload, signatures = genuine.filed.envelope.payload, genuine.filed.envelope.signatures

    @often(kind)
    @given(st.data())
    def edit(data: st.DataObject) -> None:
        changed = Envelope(kind, edited(payload, data), signatures)
        if changed.payload != payload:  # the same byte inserted beside itself and removed is no edit
            with pytest.raises(AgreementError):
                genuine.judged(changed)

    edit()


@pytest.mark.claim(1)
@pytest.mark.attack("one byte")
@KINDS
def test_an_edit_of_any_byte_of_a_signature_never_verifies(kind: Kind) -> None:
    genuine = SIGNED[kind]

    @often(kind)
    @given(st.data(), st.sampled_from(["protected", "signature"]))
    def edit(data: st.DataObject, part: str) -> None:
        content = json.loads(genuine.text)
        member = content["signatures"][0]
        before = member[part]
        member[part] = edited(before.encode(), data).decode("latin-1")
        if member[part] != before:
            with pytest.raises(AgreementError):
                genuine.judged(read_envelope(json.dumps(content), kind))

    edit()


@pytest.mark.claim(1)
@pytest.mark.attack("one kind passed off as another")
@KINDS
def test_a_document_of_one_kind_is_never_read_as_another(kind: Kind) -> None:
    for other in Kind:
        if other is not kind:
            with pytest.raises(AgreementError):
                SIGNED[other].judged(read_envelope(SIGNED[kind].text, other))
            if not {kind, other} <= {*AUTHORITY}:  # these go in by one door, which reads the kind
                with pytest.raises(AgreementError):
                    SIGNED[other].judged(SIGNED[kind].filed.envelope)
