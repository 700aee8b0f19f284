"""
Claim 4. No data before its entry: data and refusals to authenticated callers leave only once their entry is committed.

If the log cannot take it: 503 and nothing. Every test ends with the whole log recomputed.
"""

import asyncio

import httpx2
import pytest

from gateway.api.datasets import RECEIPT_HEADER
from gateway.store.session import connect, quote_name
from tests.factories.cohort import MENTORING, STUDENTS, TUTORING, personal
from tests.factories.gateway import Gateway
from tests.factories.log import APPEND
from tests.factories.unhurried import HURRIED, head_held

pytestmark = pytest.mark.claim(4)

PAGE, DENIED = "/v1/students?limit=500", "/v1/students?fields=sex"
REFUSALS = (
    ("/v1/students?fields=ssn", "unknown_element"),
    ("/v1/students?fields=sex", "element_not_covered"),
    ("/v1/students?sex=Female", "element_not_covered"),
    ("/v1/students?sort=telephone", "element_not_covered"),
    ("/v1/students?birthdate=soon", "bad_filter"),
    ("/v1/students?limit=0", "invalid_request"),
    ("/v1/students?limit=501", "invalid_request"),
    ("/v1/students?limit=1&limit=2", "invalid_request"),
    ("/v1/students?fields=", "invalid_request"),
    ("/v1/students?cursor=abc", "cursor_invalid"),
    ("/v1/students/rc_aaaaaaaaaaaaaaaaaaaaaaaaaa", "not_found"),
    ("/v1/students/%00", "not_found"),
    ("/v1/students/rc_aaaaaaaaaaaaaaaaaaaaaaaaaa?sort=first_name", "invalid_request"),
    ("/v1/attendance?fields=days_absent,gpa_cumulative", "unknown_element"),
    ("/v1/attendance/events", "dataset_not_covered"),
    ("/v1/receipts/0", "not_found"),
    ("/v1/receipts/999999999", "not_found"),
    ("/v1/receipts/first", "invalid_request"),
    ("/v1/receipts/99999999999999999999", "invalid_request"),
)


def empty_handed(answer: httpx2.Response, code: str) -> bool:
    """Return whether this is a 503 of this code that holds nothing of anybody."""
    told = any(text in answer.text for text in personal()) or "rc_" in answer.text or RECEIPT_HEADER in answer.headers
    problem = answer.headers["content-type"] == "application/problem+json"
    return (answer.status_code, answer.json()["code"], told, problem) == (503, code, False, True)


@pytest.mark.parametrize("path", [PAGE, DENIED, "/v1/grant", "/v1/receipts/3"])
async def test_a_log_that_cannot_be_written_answers_nobody(gateway: Gateway, path: str) -> None:
    await gateway.get(TUTORING, PAGE)
    size, owner = await gateway.size(), await gateway.database.connection("owner")
    await owner.execute(f"REVOKE EXECUTE ON FUNCTION {APPEND} FROM pactgate_app")
    assert empty_handed(await gateway.get(TUTORING, path), "log_unavailable")
    assert await gateway.size() == size
    await gateway.verify()
    await owner.execute(f"GRANT EXECUTE ON FUNCTION {APPEND} TO pactgate_app")
    assert (await gateway.get(TUTORING, PAGE)).status_code == 200


async def test_a_backend_lost_between_append_and_commit_answers_nobody(gateway: Gateway) -> None:
    await gateway.get(TUTORING, PAGE)
    size = await gateway.size()
    owner, admin = await gateway.database.connection("owner"), await gateway.database.connection("admin")
    # A deferred trigger runs inside COMMIT, after everything was written; there it waits for us.
    await owner.execute("""
        CREATE FUNCTION audit.wait() RETURNS trigger LANGUAGE plpgsql AS
            $$BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NULL; END$$;
        CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON audit.entry DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION audit.wait();
        SELECT pg_advisory_lock(42)""")
    for path in (PAGE, DENIED):
        asking = asyncio.create_task(gateway.get(TUTORING, path))
        await admin.execute("SELECT pg_terminate_backend($1)", await gateway.blocked("advisory"))
        assert empty_handed(await asking, "log_unavailable")
        assert await gateway.size() == size
    await owner.execute("SELECT pg_advisory_unlock(42); DROP TRIGGER wait ON audit.entry; DROP FUNCTION audit.wait()")
    await gateway.verify()
    assert (await gateway.get(TUTORING, PAGE)).status_code == 200
    assert await gateway.size() == size + 1


@pytest.mark.parametrize(("path", "status", "event"), [(PAGE, 200, "disclosure"), (DENIED, 403, "refusal")])
async def test_neither_data_nor_a_refusal_leaves_before_its_entry_is_committed(
    gateway: Gateway, path: str, status: int, event: str
) -> None:
    await gateway.get(TUTORING, PAGE)
    size, holder = await gateway.size(), await gateway.database.connection("loader")
    async with head_held(holder):
        asking = asyncio.create_task(gateway.get(TUTORING, path))
        await gateway.blocked()
        await asyncio.sleep(0.1)
        assert not asking.done()
    answer = await asking
    assert answer.status_code == status
    (entry,) = await gateway.entries(size)
    assert (entry["event"], entry["request_id"]) == (event, answer.headers["x-request-id"])


async def test_a_log_that_is_held_too_long_answers_nobody(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    await gateway.get(TUTORING, PAGE)
    monkeypatch.setattr("audit.batch._BEGIN", HURRIED)
    size, holder = await gateway.size(), await gateway.database.connection("loader")
    async with head_held(holder):
        assert empty_handed(await gateway.get(TUTORING, PAGE), "log_unavailable")
    assert await gateway.size() == size


async def test_a_database_that_is_away_answers_nobody_and_comes_back(gateway: Gateway) -> None:
    await gateway.get(TUTORING, PAGE)
    size, name = await gateway.size(), gateway.database.name
    async with connect(gateway.database.server.embedded.admin_url()) as admin:
        await admin.execute(f"ALTER DATABASE {quote_name(name)} ALLOW_CONNECTIONS false")
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        for path in (PAGE, DENIED, "/v1/grant", "/v1/receipts/1"):
            answer = await gateway.get(TUTORING, path)
            assert empty_handed(answer, answer.json()["code"]), path
            assert answer.json()["code"] in {"database_unavailable", "log_unavailable"}
        await admin.execute(f"ALTER DATABASE {quote_name(name)} ALLOW_CONNECTIONS true")
    answers = [await gateway.get(TUTORING, PAGE) for _ in range(3)]
    assert answers[-1].status_code == 200
    assert await gateway.size() >= size + 1


async def test_a_proof_that_was_used_before_gets_no_rows_and_an_entry(gateway: Gateway) -> None:
    await gateway.get(TUTORING, PAGE)
    for path in (PAGE, DENIED, "/v1/grant", "/v1/receipts/1"):
        headers = gateway.headers(TUTORING, "GET", path)
        first = await gateway.http.get(path, headers=headers)
        size = await gateway.size()
        again = await gateway.http.get(path, headers=headers)
        assert (again.status_code, again.json()["code"]) == (401, "invalid_dpop_proof"), path
        assert not any(text in again.text for text in personal())
        (entry,) = await gateway.entries(size)
        assert (entry["event"], entry["code"]) == ("refusal", "replayed")
        assert entry["request_id"] == again.headers["x-request-id"] != first.headers["x-request-id"]


async def test_two_requests_with_one_proof_at_once_are_answered_once(gateway: Gateway) -> None:
    await gateway.get(TUTORING, PAGE)
    headers = gateway.headers(TUTORING, "GET", "/v1/students")
    answers = await asyncio.gather(*(gateway.http.get("/v1/students", headers=headers) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *([401] * 7)]
    events = [entry["event"] for entry in await gateway.entries()][-8:]
    assert sorted(events) == ["disclosure", *(["refusal"] * 7)]


async def test_every_refusal_of_an_authenticated_request_is_one_entry(gateway: Gateway) -> None:
    await gateway.get(TUTORING, PAGE)
    for path, code in REFUSALS:
        size = await gateway.size()
        answer = await gateway.send(TUTORING, "GET", path)
        assert (400 <= answer.status_code < 500, answer.json()["code"]) == (True, code), path
        entries = await gateway.entries(size)
        assert [(entry["event"], entry["code"]) for entry in entries] == [("refusal", code)], path
        assert entries[0]["request_id"] == answer.headers["x-request-id"]
        # It spends the proof: whoever saw the request go by cannot ask again with it.
        again = await gateway.http.get(path, headers=dict(answer.request.headers))
        assert (again.status_code, again.json()["code"]) == (401, "invalid_dpop_proof"), path


async def test_a_token_narrowed_to_other_datasets_is_refused_on_the_log(gateway: Gateway) -> None:
    token = await gateway.token(TUTORING, datasets=["attendance"])
    assert (await gateway.get(TUTORING, "/v1/attendance", token=token)).status_code == 200
    size = await gateway.size()
    for path in (PAGE, "/v1/students/rc_aaaaaaaaaaaaaaaaaaaaaaaaaa", "/v1/grant", "/v1/receipts/1"):
        refused = await gateway.get(TUTORING, path, token=token)
        assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_authorization"), path
    entries = await gateway.entries(size)
    codes = [(entry["event"], entry["code"]) for entry in entries]
    assert codes == [("refusal", "insufficient_authorization")] * 4
    # Each commits to its own request, as every other refusal does.
    assert len({entry["request"] for entry in entries}) == 4


async def test_a_suspended_client_is_refused_on_the_log(gateway: Gateway) -> None:
    await gateway.get(MENTORING, PAGE)
    office = await gateway.office()
    await office.suspensions.suspend_client(gateway.deployment.partners["harbor-mentors"].client, "test")
    size = await gateway.size()
    for path in (PAGE, "/v1/grant"):
        refused = await gateway.get(MENTORING, path)
        assert (refused.status_code, refused.json()["code"]) == (401, "suspended")
    assert [(entry["event"], entry["code"]) for entry in await gateway.entries(size)] == [("refusal", "suspended")] * 2


async def test_the_entry_lists_exactly_the_students_whose_rows_left(gateway: Gateway) -> None:
    page = await gateway.get(TUTORING, f"/v1/students?fields=first_name&last_name={STUDENTS['ximena'].last}")
    auditor = await gateway.database.pool("auditor", size=1)
    packed = await auditor.fetchval(
        "SELECT subjects FROM audit.subject WHERE idx = $1", int(page.headers[RECEIPT_HEADER])
    )
    assert len(page.json()["data"]) * 16 == len(packed) == 16
