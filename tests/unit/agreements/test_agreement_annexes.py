import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from ipaddress import ip_network
from typing import Any

import pytest

from agreements.documents.approval import Approval, approval_bytes, read_approval
from agreements.documents.binding import ClientBinding, binding_bytes, read_binding
from agreements.documents.client_terms import Contact, host_of
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
ELSEWHERE = ClientBinding(
    DIGEST,
    client_id("one"),
    (),
    "person:rae",
    jwks_url="https://keys.example.org:8443/jwks.json",
    allowed_addresses=(ip_network("192.0.2.0/24"), ip_network("2001:db8::7/128")),
    contacts=(Contact("security", "security-team@example.org"),),
    last_day=date(2027, 6, 30),
    earlier_last_day=date(2026, 9, 1),
)
HOSTILE_ADDRESSES = (
    "http://keys.example.org/jwks.json",
    "https://user@keys.example.org/jwks.json",
    "https://user:secret@keys.example.org/jwks.json",
    "https://127.0.0.1/jwks.json",
    "https://[::1]/jwks.json",
    "https://2130706433/jwks.json",
    "https://0x7f.0.0.1/jwks.json",
    "https://localhost/jwks.json",
    "https://keys.example.org",
    "https://keys.example.org/jwks.json?all",
    "https://keys.example.org/jwks.json#one",
    "https://keys.example.org:0/jwks.json",
    "https://keys.example.org:65536/jwks.json",
    "https://KEYS.example.org/jwks.json",
    "https://k\u00e9ys.example.org/jwks.json",
    "https://keys.example.org./jwks.json",
    "https://keys.example.org/a b",
    "https://keys.example.org/%2e",
    "https://keys.example.org/jwks.json\n",
    "https://keys.example.org\\@inside.example.org/jwks.json",
    "file:///etc/keys",
)
HOSTILE_NETWORKS = (
    "0.0.0.0/0",
    "::/0",
    "10.0.0.0/7",
    "2000::/3",
    "192.0.2.1/24",
    "192.0.2.1",
    "192.0.2.0/255.255.255.0",
    "2001:DB8::/32",
    "::ffff:192.0.2.0/120",
    "everywhere",
    "",
)
PERSONAL = (
    "rae@partner.example",
    "security@localhost",
    "security@partner.example\n",
    "it.rae@partner.example",
    "security",
)
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
        (read_binding, binding_bytes(BINDING), {"jwks_url": "https://keys.example.org/jwks.json"}),
        (read_binding, binding_bytes(ELSEWHERE), {"jwks": {"keys": [client_jwk("a")]}}),
        *[(read_binding, binding_bytes(ELSEWHERE), {"jwks_url": each}) for each in HOSTILE_ADDRESSES],
        *[(read_binding, binding_bytes(BINDING), {"allowed_addresses": [each]}) for each in HOSTILE_NETWORKS],
        (read_binding, binding_bytes(BINDING), {"allowed_addresses": []}),
        (read_binding, binding_bytes(BINDING), {"allowed_addresses": ["192.0.2.0/24", "192.0.2.0/24"]}),
        *[
            (read_binding, binding_bytes(ELSEWHERE), {"contacts": [{"role": "security", "mailbox": each}]})
            for each in PERSONAL
        ],
        (read_binding, binding_bytes(ELSEWHERE), {"contacts": [{"role": "sales", "mailbox": "it@example.org"}]}),
        (read_binding, binding_bytes(ELSEWHERE), {"contacts": [{"role": "security"}]}),
        (read_binding, binding_bytes(ELSEWHERE), {"last_day": "2027-02-30"}),
        (read_binding, binding_bytes(ELSEWHERE), {"last_day": "9999-12-31"}),
        (read_binding, binding_bytes(ELSEWHERE), {"earlier_last_day": "0001-01-01"}),
        (read_binding, binding_bytes(ELSEWHERE), {"earlier_last_day": None}),
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
    assert read_binding(binding_bytes(ELSEWHERE)) == ELSEWHERE
    assert host_of(str(ELSEWHERE.jwks_url)) == ("keys.example.org", 8443)
    assert host_of("https://keys.example.org/") == ("keys.example.org", 443)
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
