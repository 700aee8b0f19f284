import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from agreements.documents.approval import Approval, approval_bytes, read_approval
from agreements.documents.binding import ClientBinding, binding_bytes, read_binding
from agreements.documents.reinstatement import Reinstatement, read_reinstatement, reinstatement_bytes
from agreements.documents.signer import Signer, read_signer, signer_bytes
from agreements.errors import AgreementError, BadKey, InvalidDocument, MalformedDocument
from tests.factories.agreements import client_id, client_jwk, key_for

DIGEST = "sha256:" + "5" * 64
KEY = key_for("dana").public
SIGNER = Signer("partner:bright-path", "partner_signer", "Dana", KEY, date(2026, 7, 1), date(2027, 6, 30))
APPROVAL = Approval(DIGEST, "agreement", KEY.thumbprint, ("/title",))
BINDING = ClientBinding(DIGEST, client_id("one"), (KEY,), "Rae", "rae@partner.example")
REINSTATEMENT = Reinstatement(DIGEST, 7, "Resolved.")


def altered(raw: bytes, **changes: Any) -> bytes:
    return json.dumps({**json.loads(raw), **changes}).encode()


@pytest.mark.parametrize(
    ("read", "raw", "changes"),
    [
        (read_signer, signer_bytes(SIGNER), {"role": "officer"}),
        (read_signer, signer_bytes(SIGNER), {"role": "district_signer"}),
        (read_signer, signer_bytes(SIGNER), {"party": "bright-path"}),
        (read_signer, signer_bytes(SIGNER), {"valid_to": "2026-06-30"}),
        (read_signer, signer_bytes(SIGNER), {"valid_to": "2027-02-30"}),
        (read_signer, signer_bytes(SIGNER), {"valid_from": "2027-02-30"}),
        (read_signer, signer_bytes(SIGNER), {"jwk": {"kty": "oct", "k": "AAAA"}}),
        (read_signer, signer_bytes(SIGNER), {"jwk": client_jwk("a") | {"d": "AAAA"}}),
        (read_signer, signer_bytes(SIGNER), {"name": ""}),
        (read_signer, signer_bytes(SIGNER), {"format": "pactgate-approval/1"}),
        (read_signer, signer_bytes(SIGNER), {"may_do_anything": True}),
        (read_approval, approval_bytes(APPROVAL), {"approves": "everything"}),
        (read_approval, approval_bytes(APPROVAL), {"kind": "signer"}),
        (read_approval, approval_bytes(APPROVAL), {"words_only": None}),
        (read_approval, approval_bytes(APPROVAL), {"words_only": ["/title", "/title"]}),
        (read_binding, binding_bytes(BINDING), {"client": "client:7"}),
        (read_binding, binding_bytes(BINDING), {"jwks": {"keys": []}}),
        (read_binding, binding_bytes(BINDING), {"responsible": {"name": "Rae"}}),
        (read_binding, binding_bytes(BINDING), {"jwks": {"keys": [client_jwk("a") | {"d": "AAAA"}]}}),
        (read_reinstatement, reinstatement_bytes(REINSTATEMENT), {"undoes": -1}),
        (read_reinstatement, reinstatement_bytes(REINSTATEMENT), {"subject": "partner:bright-path"}),
        (read_reinstatement, reinstatement_bytes(REINSTATEMENT), {"reason": ""}),
    ],
)
def test_a_wrong_annex_is_refused(read: Callable[[bytes], object], raw: bytes, changes: dict[str, Any]) -> None:
    read(raw)
    with pytest.raises(InvalidDocument) as caught:
        read(altered(raw, **changes))
    assert caught.value.problems


def test_a_client_key_is_public_strong_and_listed_once() -> None:
    raw = binding_bytes(BINDING)
    weak = {"kty": "RSA", "n": "AQAB", "e": "AQAB"}
    once = client_jwk("a")
    for keys in ([weak], [once, once | {"use": "sig"}]):
        with pytest.raises(BadKey):
            read_binding(altered(raw, jwks={"keys": keys}))


def test_annexes_read_back_as_they_were_written() -> None:
    assert read_signer(signer_bytes(SIGNER)) == SIGNER
    assert read_approval(approval_bytes(APPROVAL)) == APPROVAL
    assert read_binding(binding_bytes(BINDING)) == BINDING
    assert read_reinstatement(reinstatement_bytes(REINSTATEMENT)) == REINSTATEMENT


@pytest.mark.claim(9)
def test_people_do_not_show_in_representations() -> None:
    assert "Dana" not in repr(SIGNER)
    assert "Rae" not in repr(BINDING)
    assert "rae@" not in repr(BINDING)


def test_an_unreadable_annex_is_malformed() -> None:
    with pytest.raises(MalformedDocument):
        read_signer(b"{")
    assert issubclass(MalformedDocument, AgreementError)
