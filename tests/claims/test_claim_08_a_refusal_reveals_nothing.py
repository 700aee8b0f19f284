"""
Claim 8. A refusal reveals nothing: not whether a student exists, nor another partner's agreement.

Over the wire: what is not there, what is not yours and what was taken from you are the same status, headers and bytes.
Only the request id differs.
"""

import asyncio
import secrets

import httpx2
import pytest

from agreements.lifecycle import Standing
from gateway.api.datasets import RECEIPT_HEADER
from gateway.oauth.client import PartnerRefused
from tests.factories.cohort import FOLLOW_UP, MENTORING, STUDENTS, TUTORING
from tests.factories.gateway import HARBOR, Gateway

pytestmark = pytest.mark.claim(8)

LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
PER_REQUEST = {"x-request-id", "date"}


def invented() -> str:
    """Return a record code that nobody has."""
    return "rc_" + "".join(secrets.choice(LETTERS) for _ in range(26))


def seen(answer: httpx2.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Return all that a partner sees and that could tell two answers apart."""
    headers = [(name, value) for name, value in answer.headers.multi_items() if name not in PER_REQUEST]
    return answer.status_code, answer.content, sorted(headers)


async def codes(gateway: Gateway, agreement: str) -> dict[str, str]:
    """Return the record codes under an agreement, by first name."""
    return {row["first_name"]: row["record_code"] for row in await gateway.rows(agreement, fields="first_name")}


async def test_not_there_not_yours_and_withdrawn_are_one_answer(gateway: Gateway) -> None:
    own, others, second = [await codes(gateway, name) for name in (TUTORING, MENTORING, FOLLOW_UP)]
    steward, digest = await gateway.steward(), gateway.digest(TUTORING)
    await steward.withdraw(digest, STUDENTS["ximena"].number)
    await steward.opt_out(STUDENTS["dagny"].number, None, directory_only=False)
    asked = {
        "never existed": invented(),
        "another partner's": others[STUDENTS["mentored_a"].first],
        "the other partner's code of a student of ours": others[STUDENTS["fio"].first],
        "our own code under another agreement": second[STUDENTS["fio"].first],
        "withdrawn": own[STUDENTS["ximena"].first],
        "opted out": own[STUDENTS["dagny"].first],
        "not a code": "1",
        "a number of the district": STUDENTS["ximena"].number,
        "nothing PostgreSQL can read": "%00",
        "very long": "x" * 1_000,
    }
    for query in ("", "?fields=first_name"):
        answers = {why: seen(await gateway.get(TUTORING, f"/v1/students/{code}{query}")) for why, code in asked.items()}
        first = answers["never existed"]
        assert first[0] == 404
        assert {why for why, answer in answers.items() if answer != first} == set()
    entries = [entry for entry in await gateway.entries() if entry["event"] == "refusal"]
    assert {entry["code"] for entry in entries} == {"not_found"}
    assert len({frozenset(entry) for entry in entries}) == 1


async def test_a_field_that_is_not_granted_is_refused_alike_for_a_code_that_exists_and_one_that_does_not(
    gateway: Gateway,
) -> None:
    own = (await codes(gateway, TUTORING))[STUDENTS["ximena"].first]
    answers = [
        seen(await gateway.get(TUTORING, f"/v1/students/{code}?fields=sex")) for code in (own, invented(), "%00")
    ]
    assert answers[0][0] == 403
    assert answers == [answers[0]] * 3


async def test_receipts_of_others_and_entries_that_are_not_there_are_one_answer(gateway: Gateway) -> None:
    theirs = (await gateway.get(MENTORING, "/v1/students")).headers[RECEIPT_HEADER]
    same_client = (await gateway.get(FOLLOW_UP, "/v1/students")).headers[RECEIPT_HEADER]
    size = await gateway.size()
    answers = [
        seen(await gateway.get(TUTORING, f"/v1/receipts/{index}"))
        for index in (theirs, same_client, 0, 1, size + 1_000, 10**17)
    ]
    assert answers[0][0] == 404
    assert answers == [answers[0]] * len(answers)
    assert (await gateway.get(MENTORING, f"/v1/receipts/{theirs}")).status_code == 200


async def test_another_partners_agreement_and_none_at_all_are_one_answer_to_a_token_request(gateway: Gateway) -> None:
    office = await gateway.office()

    async def refused(digest: str) -> str:
        with pytest.raises(PartnerRefused) as answer:
            await asyncio.to_thread(gateway.client(TUTORING).token, {"agreement": digest, "purpose": "mentoring"})
        return str(answer.value)

    never_existed = await refused("sha256:" + "0" * 64)
    assert "invalid_authorization_details" in never_existed
    assert await refused(gateway.digest(MENTORING)) == never_existed
    # Nor does it say that the other partner was stopped.
    await office.suspensions.suspend_client(gateway.deployment.partners[HARBOR].client, "test")
    assert await refused(gateway.digest(MENTORING)) == never_existed
    await office.suspensions.stop_agreement(gateway.digest(MENTORING), Standing.TERMINATED, "test")
    assert await refused(gateway.digest(MENTORING)) == never_existed


async def test_a_filter_for_a_student_of_others_finds_what_a_filter_for_nobody_finds(gateway: Gateway) -> None:
    asked = (STUDENTS["mentored_a"].first, STUDENTS["opted_out"].first, "Nobody")
    answers = [seen(await gateway.get(TUTORING, f"/v1/students?first_name={name}")) for name in asked]
    # The receipt's index is the only thing that moves.
    bodies = {(status, body) for status, body, _ in answers}
    assert len(bodies) == 1
    assert answers[0][0] == 200


async def test_no_refusal_names_another_agreement_partner_or_client(gateway: Gateway) -> None:
    other = gateway.deployment.agreements[MENTORING].agreement
    told = {other.digest, other.partner.name, other.partner.id, gateway.deployment.partners[HARBOR].client}
    for path in (
        "/v1/students?fields=sex",
        "/v1/attendance/events",
        "/v1/students/x",
        "/v1/receipts/1",
        "/v1/discipline",
    ):
        answer = await gateway.get(TUTORING, path)
        assert answer.status_code >= 400
        assert not [text for text in told if text in answer.text]
