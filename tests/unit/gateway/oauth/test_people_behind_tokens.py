"""For whom a token is given: as the agreement has it, and never for somebody who may not see students."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from agreements.attending import Attendance
from agreements.terms import PeopleBehind
from gateway.oauth.details import Details, granted_details
from gateway.oauth.errors import InvalidDetails
from gateway.registration import AgreementGrant, RegisteredClient

DIGEST = "sha256:" + "a" * 64
ALONE = AgreementGrant(DIGEST, "tutoring", frozenset({"students"}), in_force=True, keys={"key": ((),)}, line="line")
PAT = {"person": "person:pat", "role": "staff"}


def granted(clause: str, behind: object, *, people: bool = True) -> Details:
    """Ask as a client of one agreement with this clause; `behind` None leaves the details out."""
    attendance = Attendance(PeopleBehind(clause), {"person:pat": "staff"} if people else {})
    now = datetime(2026, 9, 1, tzinfo=UTC)
    grant = replace(ALONE, attendance=attendance)
    client = RegisteredClient("client:one", "partner:one", "One", True, (), (grant,), 0, now)
    asked = {"type": "student_data", "agreement": DIGEST, "purpose": "tutoring", "on_behalf_of": behind}
    return granted_details(None if behind is None else json.dumps([asked]), client, "key")


@pytest.mark.attack("a person who may not see students")
@pytest.mark.ferpa("D3")
@pytest.mark.parametrize(
    ("clause", "behind", "reason"),
    [
        ("required", None, "details_person_required"),
        ("required", "automated", "details_person_required"),
        ("barred", PAT, "details_person_barred"),
        ("allowed", {**PAT, "person": "person:eve"}, "details_person_not_attending"),
        ("required", {**PAT, "person": "person:eve"}, "details_person_not_attending"),
        ("allowed", {**PAT, "role": "responsible"}, "details_person_role"),
    ],
)
def test_no_token_for_a_call_that_is_not_attended_as_agreed(clause: str, behind: object, reason: str) -> None:
    with pytest.raises(InvalidDetails, match=f"^{reason}$"):
        granted(clause, behind)


@pytest.mark.attack("a person who may not see students")
def test_an_agreement_of_which_nobody_is_known_gives_tokens_for_nobody() -> None:
    with pytest.raises(InvalidDetails, match="details_person_not_attending"):
        granted("allowed", PAT, people=False)


@pytest.mark.parametrize(
    ("clause", "behind", "told"),
    [
        ("required", PAT, "person:pat"),
        ("allowed", PAT, "person:pat"),
        ("allowed", None, "automated"),
        ("barred", "automated", "automated"),
        ("barred", None, "automated"),
    ],
)
def test_a_token_says_who_is_behind_the_call(clause: str, behind: object, told: str) -> None:
    assert granted(clause, behind).behind == told
