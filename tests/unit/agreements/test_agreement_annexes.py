import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from agreements.documents.approval import Approval, approval_bytes, read_approval
from agreements.documents.binding import ClientBinding, binding_bytes, read_binding
from agreements.documents.officer import OfficerIntroduction, officer_bytes, read_officer
from agreements.documents.people import NamedPerson, PeopleAnnex, Training, people_bytes, read_people
from agreements.documents.reinstatement import Reinstatement, read_reinstatement, reinstatement_bytes
from agreements.documents.revocation import Revocation, read_revocation, revocation_bytes
from agreements.documents.signer import Signer, read_signer, signer_bytes
from agreements.documents.undertaking import Undertaking, read_undertaking, undertaking_bytes
from agreements.errors import AgreementError, BadKey, InvalidDocument, MalformedDocument
from tests.factories.agreements import client_id, client_jwk, key_for

DIGEST = "sha256:" + "5" * 64
KEY = key_for("dana").public
SIGNER = Signer(
    "partner:bright-path", "partner_signer", "Dana", KEY, date(2026, 7, 1), date(2027, 6, 30), ("agreement",)
)
APPROVAL = Approval(DIGEST, "agreement", KEY.thumbprint, ("/title",), (DIGEST,))
BINDING = ClientBinding(DIGEST, client_id("one"), (KEY,), "person:rae", "A Host of Machines")
REINSTATEMENT = Reinstatement(DIGEST, 7, "Resolved.")
OFFICER = OfficerIntroduction("Quinn", KEY, date(2026, 7, 1), KEY.thumbprint, "A third officer.")
REVOCATION = Revocation(KEY.thumbprint, 12, "The laptop was stolen.")
TRAINING = Training("FERPA", date(2026, 7, 1), date(2027, 6, 30))
RAE = NamedPerson("person:rae", "Rae", "rae@partner.example", "responsible", TRAINING, KEY)
STAN = NamedPerson("person:stan", "Stan", "stan@partner.example", "staff", TRAINING, None)
PEOPLE = PeopleAnnex(DIGEST, (RAE, STAN))
UNDERTAKING = Undertaking(DIGEST, "person:rae", "2026-2027", DIGEST)
WRITTEN = people_bytes(PEOPLE)
_RAE, _STAN = json.loads(WRITTEN)["people"]


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
        (read_signer, signer_bytes(SIGNER), {"may_sign": []}),
        (read_signer, signer_bytes(SIGNER), {"may_sign": ["officer"]}),
        (read_approval, approval_bytes(APPROVAL), {"acknowledges": None}),
        (read_approval, approval_bytes(APPROVAL), {"acknowledges": ["everything"]}),
        (read_approval, approval_bytes(APPROVAL), {"approves": "everything"}),
        (read_approval, approval_bytes(APPROVAL), {"kind": "signer"}),
        (read_approval, approval_bytes(APPROVAL), {"words_only": None}),
        (read_approval, approval_bytes(APPROVAL), {"words_only": ["/title", "/title"]}),
        (read_binding, binding_bytes(BINDING), {"client": "client:7"}),
        (read_binding, binding_bytes(BINDING), {"jwks": {"keys": []}}),
        (read_binding, binding_bytes(BINDING), {"responsible": "Rae"}),
        (read_binding, binding_bytes(BINDING), {"jwks": {"keys": [client_jwk("a") | {"d": "AAAA"}]}}),
        (read_binding, binding_bytes(BINDING), {"operator": ""}),
        (read_officer, officer_bytes(OFFICER), {"valid_from": "2027-02-30"}),
        (read_officer, officer_bytes(OFFICER), {"replaces": "the old one"}),
        (read_officer, officer_bytes(OFFICER), {"reason": ""}),
        (read_revocation, revocation_bytes(REVOCATION), {"since": -1}),
        (read_revocation, revocation_bytes(REVOCATION), {"subject": "person:rae"}),
        (read_people, WRITTEN, {"people": []}),
        (read_people, WRITTEN, {"people": [_RAE, _STAN | {"id": "person:rae"}]}),
        (read_people, WRITTEN, {"people": [_RAE, _STAN | {"email": "RAE@partner.example"}]}),
        (read_people, WRITTEN, {"people": [_RAE, _STAN | {"jwk": _RAE["jwk"]}]}),
        (read_people, WRITTEN, {"people": [_STAN | {"role": "responsible"}]}),
        (read_people, WRITTEN, {"people": [_STAN | {"role": "guest"}]}),
        (read_people, WRITTEN, {"people": [_RAE | {"training": _RAE["training"] | {"valid_to": "2026-06-30"}}]}),
        (read_people, WRITTEN, {"people": [_RAE | {"training": _RAE["training"] | {"valid_to": "9999-12-31"}}]}),
        (read_people, WRITTEN, {"people": [_RAE | {"training": _RAE["training"] | {"valid_to": "2027-02-30"}}]}),
        (read_people, WRITTEN, {"people": [_RAE | {"training": _RAE["training"] | {"completed_on": "0001-01-01"}}]}),
        (read_people, WRITTEN, {"people": [_RAE | {"training": _RAE["training"] | {"completed_on": "2026-02-30"}}]}),
        (read_undertaking, undertaking_bytes(UNDERTAKING), {"school_year": "2026-2028"}),
        (read_undertaking, undertaking_bytes(UNDERTAKING), {"statement": "I agree"}),
        (read_reinstatement, reinstatement_bytes(REINSTATEMENT), {"undoes": -1}),
        (read_reinstatement, reinstatement_bytes(REINSTATEMENT), {"subject": "district:emerald-city"}),
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
    assert read_binding(binding_bytes(replace(BINDING, operator=None))).operator is None
    assert read_officer(officer_bytes(OFFICER)) == OFFICER
    assert read_officer(officer_bytes(replace(OFFICER, replaces=None))).replaces is None
    assert read_revocation(revocation_bytes(REVOCATION)) == REVOCATION
    assert read_revocation(revocation_bytes(replace(REVOCATION, since=None))).since is None
    assert read_people(people_bytes(PEOPLE)) == PEOPLE
    assert read_undertaking(undertaking_bytes(UNDERTAKING)) == UNDERTAKING
    assert read_reinstatement(reinstatement_bytes(REINSTATEMENT)) == REINSTATEMENT


@pytest.mark.claim(9)
def test_people_do_not_show_in_representations() -> None:
    assert "Dana" not in repr(SIGNER)
    assert "Quinn" not in repr(OFFICER)
    assert "Rae" not in repr(PEOPLE)
    assert "rae@" not in repr(PEOPLE)


def test_an_unreadable_annex_is_malformed() -> None:
    with pytest.raises(MalformedDocument):
        read_signer(b"{")
    assert issubclass(MalformedDocument, AgreementError)
