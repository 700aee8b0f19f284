"""The path, end to end: a token, pages, one student, attendance, the grant, a receipt, and the log that proves it."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from agreements.elements import load_catalogue
from audit.checkpoint import CheckpointVerifier
from audit.proof import Receipt
from gateway.api.datasets import RECEIPT_HEADER
from policies.guardrails import load_guardrails
from tests.factories.cohort import COVERED, FOLLOW_UP, MENTORING, STUDENTS, TUTORING, on_roster
from tests.factories.gateway import Gateway, names

AGREED = {
    "record_code", "first_name", "last_name", "birthdate", "grade_level", "school_identifier", "school_year",
    "entry_date", "enrollment_status", "gpa_cumulative", "credits_attempted_cumulative", "credits_earned_cumulative",
    "projected_graduation_year",
}  # fmt: skip


async def test_a_page_holds_exactly_the_agreed_fields_of_exactly_the_agreed_students(gateway: Gateway) -> None:
    rows = await gateway.rows(TUTORING, limit=7)
    assert names(rows) == {each.first for each in COVERED}
    assert len(rows) == len(COVERED)
    whole = next(row for row in rows if row["first_name"] == STUDENTS["ximena"].first)
    assert set(whole) == AGREED
    assert (whole["birthdate"], whole["gpa_cumulative"]) == (15, 3.41)


async def test_one_client_reads_each_of_its_agreements_with_a_token_of_its_own(gateway: Gateway) -> None:
    assert names(await gateway.rows(FOLLOW_UP)) == {STUDENTS[role].first for role in on_roster(FOLLOW_UP)}
    assert names(await gateway.rows(MENTORING)) == {STUDENTS[role].first for role in on_roster(MENTORING)}
    row = (await gateway.rows(FOLLOW_UP))[0]
    assert "gpa_cumulative" not in row


@pytest.mark.ferpa("D1")
async def test_one_student_is_found_by_record_code_and_carries_the_notice(gateway: Gateway) -> None:
    row = next(row for row in await gateway.rows(TUTORING) if row["first_name"] == STUDENTS["fio"].first)
    answer = await gateway.get(TUTORING, f"/v1/students/{row['record_code']}?fields=first_name,gpa_cumulative")
    assert answer.json()["data"] == {
        "record_code": row["record_code"],
        "first_name": STUDENTS["fio"].first,
        "gpa_cumulative": 2.75,
    }
    assert "34 CFR Part 99" in answer.json()["notices"][0]


async def test_attendance_counts_end_with_the_last_whole_week(gateway: Gateway) -> None:
    asked = "days_in_session,days_absent,days_tardy,days_in_attendance"
    rows = await gateway.rows(TUTORING, "/v1/attendance", fields=asked)
    code = next(row for row in await gateway.rows(TUTORING) if row["first_name"] == STUDENTS["ximena"].first)
    own = next(row for row in rows if row["record_code"] == code["record_code"])
    # The absence of yesterday, a Tuesday, is not told before the week is over.
    assert own == {
        "record_code": code["record_code"],
        "days_in_session": 3,
        "days_absent": 1,
        "days_tardy": 1,
        "days_in_attendance": 2,
    }


async def test_the_grant_names_each_field_with_the_clause_it_rests_on(gateway: Gateway) -> None:
    grant = (await gateway.get(TUTORING, "/v1/grant")).json()
    students = {each["name"]: each for each in grant["datasets"]["students"]["elements"]}
    assert set(students) == AGREED - {"record_code"}
    assert students["birthdate"]["transformation"] == "age_years"
    assert students["birthdate"]["clauses"] == ["/datasets/0/elements/2"]
    assert grant["datasets"].keys() == {"students", "attendance"}


async def test_a_receipt_proves_to_the_partner_what_it_received(gateway: Gateway) -> None:
    page = await gateway.get(TUTORING, "/v1/students?limit=5")
    answer = (await gateway.get(TUTORING, f"/v1/receipts/{page.headers[RECEIPT_HEADER]}")).json()
    key = CheckpointVerifier.parse(gateway.deployment.trust.log_public_key)
    Receipt.parse(answer["proof"]).verify(answer["leaf"].encode(), key)
    committed = hashlib.sha256(bytes.fromhex(answer["result_salt"]) + page.content).hexdigest()
    entry = (await gateway.entries(int(page.headers[RECEIPT_HEADER])))[0]
    assert (entry["event"], entry["result"], entry["records"]) == ("disclosure", committed, 5)
    assert entry["agreement"] == gateway.digest(TUTORING)
    assert (entry["guardrails"], entry["catalogue"]) == (load_guardrails().digest, load_catalogue().digest)


async def test_a_program_that_trusts_nobody_verifies_the_whole_log(gateway: Gateway, tmp_path: Path) -> None:
    await gateway.get(TUTORING, "/v1/students")
    await gateway.get(TUTORING, "/v1/students?fields=sex")
    await gateway.export(tmp_path)
    command = [sys.executable, "-m", "audit", "verify", str(tmp_path), "--key", gateway.deployment.trust.log_public_key]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: ASYNC221
    assert done.returncode == 0, done.stderr
    assert f"{await gateway.size()}" in done.stdout


async def test_a_restarted_gateway_goes_on_where_the_log_ends(gateway: Gateway) -> None:
    first = await gateway.get(TUTORING, "/v1/students?limit=1")
    await gateway.close()
    await gateway.serve()
    again = await gateway.get(TUTORING, "/v1/students?limit=1")
    assert again.json()["data"] == first.json()["data"]
    assert int(again.headers[RECEIPT_HEADER]) > int(first.headers[RECEIPT_HEADER])
