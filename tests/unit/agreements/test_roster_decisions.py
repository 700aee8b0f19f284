"""One named person of the district decides on a roster, for all schools or for one, and nobody of the partner does."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from agreements.documents.roster_decision import Answer, RosterDecision, read_roster_decision, roster_decision_bytes
from agreements.documents.signer import Signer, read_signer, signer_bytes
from agreements.errors import BadSignature, InvalidDocument, NotEntitled, SamePerson
from agreements.keys import SigningKey
from agreements.rostering import VerifiedRosterDecision, verify_roster_decision
from agreements.signature import Kind
from tests.factories.agreements import Keyring, Person, key_for

pytestmark = [pytest.mark.ferpa("R2"), pytest.mark.claim(12)]

DISTRICT, PARTNER = "district:sps", "partner:bright-path"
DECISION = RosterDecision(7, "agreement:sps-a", Answer.ACCEPT, 2, 1, "sha256:" + "a" * 64)


def verified(ring: Keyring, *keys: SigningKey, names: tuple[str, ...] = (), **changes: Any) -> VerifiedRosterDecision:
    payload = roster_decision_bytes(replace(DECISION, **changes))
    filed = ring.filed(ring.sign(Kind.ROSTER_DECISION, payload, *keys))
    return verify_roster_decision(filed, authority=ring.authority, district=DISTRICT, partners_people=names)


def principal(ring: Keyring, name: str, party: str = DISTRICT, **changes: Any) -> SigningKey:
    key = key_for(f"principal {name}", "ES256")
    role = f"{party.partition(':')[0]}_signer"
    given = Signer(party, role, name, key.public, date(2026, 7, 1), date(2027, 6, 30), ("roster_decision",), "ECS-101")
    document = ring.sign(Kind.SIGNER, signer_bytes(replace(given, **changes)), ring.officers[1].key)
    ring.filed(document)
    ring.signers[party] = Person(name, key, document)
    return key


def test_a_stranger_decides_nothing() -> None:
    with pytest.raises((NotEntitled, BadSignature)):
        verified(Keyring(), key_for("somebody"))


def test_two_people_cannot_hide_behind_each_other() -> None:
    ring = Keyring()
    with pytest.raises(NotEntitled, match="One person"):
        verified(ring, *(officer.key for officer in ring.officers[:2]))


def test_a_signer_whose_limits_leave_rosters_out_decides_nothing() -> None:
    ring = Keyring()
    signer = ring.signers[DISTRICT] = ring.introduce(DISTRICT, "Signs Agreements Only", may_sign=["agreement"])
    with pytest.raises(NotEntitled, match="may not sign"):
        verified(ring, signer.key)


def test_whoever_speaks_for_the_partner_does_not_decide_even_as_an_officer() -> None:
    ring = Keyring()
    with pytest.raises(SamePerson):
        verified(ring, ring.officers[0].key, names=(f"  {ring.officers[0].name.upper()} ",))


def test_an_officer_decides_for_all_schools_and_a_principal_for_one() -> None:
    ring = Keyring()
    officer = verified(ring, ring.officers[0].key, names=("Somebody Else",))
    assert (officer.kid, officer.school) == (ring.officers[0].key.thumbprint, None)
    key = principal(ring, "Percy Principal")
    assert verified(ring, key).school == "ECS-101"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"answer": Answer.REFUSE}, "/reason"),
        ({"reason": "It has no date."}, "/reason"),
        ({"answer": Answer.REFUSE, "reason": "No."}, "/rows"),
        ({"begin": -1}, "/rows/begin"),
        ({"digest": "sha256:x"}, "/rows/digest"),
        ({"agreement": "somebody"}, "/agreement"),
    ],
)
def test_a_decision_that_cannot_be_is_refused(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidDocument) as error:
        read_roster_decision(roster_decision_bytes(replace(DECISION, **changes)))
    assert error.value.problems[0].path == path


@pytest.mark.parametrize("answer", list(Answer))
def test_a_decision_is_read_as_it_was_written(answer: Answer) -> None:
    said = replace(DECISION, answer=answer)
    if answer is Answer.REFUSE:
        said = replace(said, begin=0, end=0, reason="It is last year's.")
    assert read_roster_decision(roster_decision_bytes(said)) == said


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"party": PARTNER, "role": "partner_signer", "school": None}, "/may_sign"),
        ({"may_sign": ("roster_decision", "agreement")}, "/school"),
    ],
)
def test_a_signer_for_rosters_is_of_the_district_and_with_a_school_signs_nothing_else(
    changes: dict[str, Any], path: str
) -> None:
    key = key_for("percy").public
    given = Signer(
        DISTRICT, "district_signer", "P", key, date(2026, 7, 1), date(2027, 6, 30), ("roster_decision",), "ECS-101"
    )
    assert read_signer(signer_bytes(given)) == given
    with pytest.raises(InvalidDocument) as error:
        read_signer(signer_bytes(replace(given, **changes)))
    assert error.value.problems[0].path == path


def test_only_a_verification_makes_a_verified_decision() -> None:
    with pytest.raises(TypeError):
        VerifiedRosterDecision(DECISION, None, "kid", None, None, object())  # type: ignore[arg-type] # nothing but the seal is looked at
