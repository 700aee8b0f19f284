"""A key is approved for one agreement. It opens that agreement and no other, not even of the same client."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.oauth.details import granted_details
from gateway.oauth.errors import InvalidDetails
from gateway.registration import AgreementGrant, RegisteredClient

FIRST, SECOND = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
DATASETS = frozenset({"students"})
CLIENT = RegisteredClient(
    id="client:00000000-0000-4000-8000-000000000001",
    partner="partner:reading-club",
    name="Reading Club",
    active=True,
    jwks=(),
    agreements=(
        AgreementGrant(FIRST, "tutoring", DATASETS, in_force=True, keys={"first": ((),)}, line="agreement:a"),
        AgreementGrant(SECOND, "mentoring", DATASETS, in_force=True, keys={"second": ((),)}, line="agreement:b"),
    ),
    epoch=1,
    read_at=datetime(2026, 11, 23, tzinfo=UTC),
)


def versions(*in_force: bool, line: str = "agreement:a") -> RegisteredClient:
    """Return the client with one key that is bound to as many versions of one agreement, oldest first."""
    grants = [
        AgreementGrant(digest, "tutoring", DATASETS, in_force=each, keys={"first": ((),)}, line=name)
        for digest, each, name in zip((FIRST, SECOND), in_force, ("agreement:a", line), strict=True)
    ]
    return replace(CLIENT, agreements=tuple(grants))


def asked(agreement: str, purpose: str) -> str:
    return json.dumps([{"type": "student_data", "agreement": agreement, "purpose": purpose}])


@pytest.mark.attack("agreement of the same client, with a key bound to another agreement")
def test_a_key_bound_to_one_agreement_opens_no_other() -> None:
    with pytest.raises(InvalidDetails, match="details_agreement"):
        granted_details(asked(SECOND, "mentoring"), CLIENT, "first")


def test_a_key_bound_to_no_agreement_opens_none() -> None:
    with pytest.raises(InvalidDetails, match="details_missing"):
        granted_details(None, CLIENT, "stray")


def test_a_key_opens_its_own_agreement_and_needs_no_details_when_there_is_one() -> None:
    assert granted_details(asked(FIRST, "tutoring"), CLIENT, "first").agreement == FIRST
    assert granted_details(None, CLIENT, "second").agreement == SECOND


def test_who_names_no_agreement_gets_the_version_in_force_of_its_only_one_and_never_chooses_between_two() -> None:
    for client in (versions(True, True, line="agreement:b"), versions(False, True, line="agreement:b")):
        with pytest.raises(InvalidDetails, match="details_missing"):
            granted_details(None, client, "first")
    with pytest.raises(InvalidDetails, match="details_not_in_force"):
        granted_details(None, versions(False, False), "first")
    assert granted_details(None, versions(True, False), "first").agreement == FIRST
    assert granted_details(None, versions(False, True), "first").agreement == SECOND
