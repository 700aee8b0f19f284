"""What an officer signs about the rights of a parent (34 CFR 99.4): one paper, one parent, and nobody named."""

from dataclasses import replace
from datetime import date

import pytest

from agreements.documents.parental_rights import (
    Act,
    Ground,
    ParentalRights,
    parental_rights_bytes,
    read_parental_rights,
)
from agreements.errors import InvalidDocument, NotEntitled
from agreements.parental_rights import verify_parental_rights
from agreements.signature import Kind
from tests.factories.agreements import RECEIVED, Keyring

pytestmark = [pytest.mark.ferpa("C6"), pytest.mark.claim(1)]
SAID = ParentalRights(Act.REVOKED, Ground.STATE_STATUTE, date(2026, 8, 1), "sha256:" + "e" * 64, "a" * 64)


def test_nobody_but_an_officer_in_office_says_it() -> None:
    ring = Keyring()
    document = ring.sign(Kind.PARENTAL_RIGHTS, parental_rights_bytes(SAID), ring.key("anyone"))
    with pytest.raises(NotEntitled):
        verify_parental_rights(ring.filed(document), authority=ring.authority)


def test_a_document_of_another_kind_is_refused() -> None:
    ring = Keyring()
    document = ring.sign(Kind.HOLD, parental_rights_bytes(SAID), ring.officers[0].key)
    with pytest.raises(NotEntitled, match="kind"):
        verify_parental_rights(ring.filed(document), authority=ring.authority)


def test_an_order_of_a_day_to_come_is_refused() -> None:
    ring = Keyring()
    late = replace(SAID, ordered_on=date(RECEIVED.year + 1, 1, 1))
    document = ring.sign(Kind.PARENTAL_RIGHTS, parental_rights_bytes(late), ring.officers[0].key)
    with pytest.raises(InvalidDocument, match="ordered_on"):
        verify_parental_rights(ring.filed(document), authority=ring.authority)


@pytest.mark.parametrize(
    ("was", "wrong"),
    [
        ('"revoked"', '"ended"'),
        ('"state_statute"', '"a_feeling"'),
        ("2026-08-01", "2026-02-30"),
        ("sha256:" + "e" * 64, "sha256:e"),
        ('"whom":"' + "a" * 64, '"whom":"Ana Ruiz'),
        ('"format"', '"name":"Ana Ruiz","format"'),
    ],
)
def test_what_is_no_such_decision_or_names_somebody_is_refused(was: str, wrong: str) -> None:
    written = parental_rights_bytes(SAID).decode()
    assert was in written
    with pytest.raises(InvalidDocument):
        read_parental_rights(written.replace(was, wrong))


def test_what_an_officer_signs_holds_and_is_made_by_verification_only() -> None:
    ring = Keyring()
    document = ring.sign(Kind.PARENTAL_RIGHTS, parental_rights_bytes(SAID), ring.officers[0].key)
    held = verify_parental_rights(ring.filed(document), authority=ring.authority)
    assert (held.said, [each.key.thumbprint for each in held.officers]) == (
        SAID,
        [ring.officers[0].key.public.thumbprint],
    )
    with pytest.raises(TypeError):
        replace(held, seal=None)
