"""Roles of the people who sign in: given by two officers, none of them the one who gains, and naming nobody."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from agreements.canonical import canonical_bytes, read_canonical
from agreements.documents.staff_role import LONGEST, STAFF_ROLE, read_staff_role, staff_role_bytes
from agreements.errors import BadSignature, InvalidDocument, NotEntitled, SamePerson, SignatureMissing
from agreements.roles import Role
from agreements.shapes import words_only
from agreements.signature import Envelope
from agreements.staffing import VerifiedStaffRole, require_given_by_others, verify_staff_role
from agreements.trust import Officer
from tests.factories.agreements import Keyring, key_for
from tests.factories.partners import PartnerPapers
from tests.factories.staffing import given_role, signed_role

THUMBPRINT = "A" * 43


@pytest.fixture
def ring() -> Keyring:
    return Keyring()


def verified(ring: Keyring, document: Envelope) -> VerifiedStaffRole:
    return verify_staff_role(ring.filed(document), authority=ring.authority)


@pytest.mark.claim(12)
def test_one_officer_or_an_officer_and_a_signer_give_no_role(ring: Keyring) -> None:
    officer = ring.officers[0].key
    with pytest.raises(SignatureMissing, match="two officers"):
        verified(ring, signed_role(given_role(), [officer]))
    signer = ring.signer("district:emerald-city").key
    with pytest.raises(NotEntitled):
        verified(ring, signed_role(given_role(), [officer, signer]))


@pytest.mark.claim(12)
def test_two_keys_of_one_person_give_no_role(ring: Keyring) -> None:
    second = key_for("olivia's second key")
    ring.officer_document("olivia  OKAFOR", second)
    with pytest.raises((SignatureMissing, NotEntitled)):
        verified(ring, signed_role(given_role(), [ring.officers[0].key, second]))


@pytest.mark.attack("a signed file is changed")
def test_another_role_than_the_officers_signed_is_refused(ring: Keyring) -> None:
    keys = [person.key for person in ring.officers[:2]]
    signed = signed_role(given_role(Role.AUDITOR), keys)
    with pytest.raises(BadSignature):
        verified(ring, replace(signed, payload=staff_role_bytes(given_role(Role.ADMINISTRATOR))))


def test_a_document_of_another_kind_gives_no_role() -> None:
    papers = PartnerPapers()
    with pytest.raises(NotEntitled, match="kind"):
        verify_staff_role(papers.debarment("partner:a"), authority=papers.authority)


def test_a_role_that_is_over_or_was_signed_long_ago_comes_into_force_no_more(ring: Keyring) -> None:
    keys = [person.key for person in ring.officers[:2]]
    for first, last in ((dt.date(2026, 7, 19), dt.date(2027, 7, 1)), (dt.date(2026, 8, 1), dt.date(2026, 8, 19))):
        with pytest.raises(InvalidDocument):
            verified(ring, signed_role(given_role(first_day=first, last_day=last), keys))
    held = verified(ring, signed_role(given_role(first_day=dt.date(2026, 7, 20)), keys))
    assert held.given.counts_on(dt.date(2027, 7, 31))
    assert not held.given.counts_on(dt.date(2027, 8, 1))
    assert not held.given.counts_on(dt.date(2026, 7, 19))


@pytest.mark.claim(12)
def test_an_officers_identity_is_vouched_for_by_the_officers_own_key_and_another_officer(ring: Keyring) -> None:
    keys = [person.key for person in ring.officers[:2]]
    with pytest.raises(NotEntitled, match="has not signed"):
        verified(ring, signed_role(given_role(Role.OFFICER, officer_key=THUMBPRINT), keys))
    with pytest.raises(SignatureMissing):
        verified(ring, signed_role(given_role(Role.OFFICER, officer_key=keys[0].thumbprint), keys[:1]))
    held = verified(ring, signed_role(given_role(Role.OFFICER, officer_key=keys[0].thumbprint), keys))
    assert held.given.officer_key == keys[0].thumbprint


@pytest.mark.claim(12)
def test_nobody_gives_a_role_to_themselves_by_whatever_key_they_had(ring: Keyring) -> None:
    olivia, piotr = (Officer(person.name, person.key.public) for person in ring.officers[:2])
    with pytest.raises(SamePerson):
        require_given_by_others([olivia, piotr], {olivia.key.thumbprint}, ring.authority)
    # The key that is known to be hers is an older one, and what she signed with is registered under her name.
    newer = Officer(" olivia okafor ", key_for("newer").public)
    with pytest.raises(SamePerson):
        require_given_by_others([newer, piotr], {olivia.key.thumbprint}, ring.authority)
    require_given_by_others([olivia, piotr], set(), ring.authority)
    require_given_by_others([olivia], {piotr.key.thumbprint}, ring.authority)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"role": "superuser"}, "/role"),
        ({"role": "partner_manager"}, "/role"),
        ({"role": "steward", "party": "partner:bright-path"}, "/role"),
        ({"party": "everybody"}, "/party"),
        ({"person": "olivia@district.example"}, "/person"),
        ({"person": "client:0b7f3a52-6c1e-4d0a-9f55-2a8f4f1f9d10"}, "/person"),
        ({"identity": "olivia"}, "/identity"),
        ({"first_day": "2026-02-30"}, "/last_day"),
        ({"last_day": "tomorrow"}, "/last_day"),
        ({"first_day": "2027-08-01"}, "/last_day"),
        ({"last_day": "2027-09-20"}, "/last_day"),
        ({"first_day": "9999-12-31", "last_day": "9999-12-30"}, "/last_day"),
        ({"officer_key": THUMBPRINT}, "/officer_key"),
        ({"role": "officer"}, "/officer_key"),
        ({"named_as": "person:dana"}, "/named_as"),
        ({"role": "partner_staff", "party": "partner:bright-path"}, "/named_as"),
        ({"name": "Olivia"}, "/name"),
        ({"reason": ""}, "/reason"),
    ],
)
def test_what_a_role_cannot_say_is_refused_with_its_place(changes: dict[str, Any], place: str) -> None:
    content: Any = read_canonical(staff_role_bytes(given_role()))
    with pytest.raises(InvalidDocument) as refused:
        read_staff_role(canonical_bytes({**content, **changes}))
    assert [problem.path for problem in refused.value.problems] == [place]


def test_a_role_lasts_a_school_year_and_its_summer_at_most() -> None:
    longest = given_role(first_day=dt.date(2026, 8, 1), last_day=dt.date(2026, 8, 1) + LONGEST)
    assert read_staff_role(staff_role_bytes(longest)) == longest


@pytest.mark.claim(1)
@pytest.mark.claim(9)
def test_nothing_in_a_role_but_its_reason_is_words_and_nothing_names_anybody() -> None:
    for given in (
        given_role(Role.PARTNER_STAFF, named_as="person:dana"),
        given_role(Role.OFFICER, officer_key=THUMBPRINT),
    ):
        content = read_canonical(staff_role_bytes(given))
        assert words_only(STAFF_ROLE, content) == ("/reason",)
        assert read_staff_role(canonical_bytes(content)) == given
    assert "reason" not in repr(given_role()), "the words stay out of logs"
