"""
Requests that no honest client sends, to a gateway that serves: each gets a clear problem, and none breaks anything.

After each of these tests the whole log is recomputed.
"""

import asyncio
from urllib.parse import quote

import httpx2
import pytest

from tests.factories.cohort import COVERED, FOLLOW_UP, MENTORING, TUTORING
from tests.factories.gateway import Gateway, names

STUDENTS = "/v1/students"


def problem(answer: httpx2.Response) -> tuple[int, str]:
    """Return status and code; whatever is refused is a problem of RFC 9457 that says nothing it should not."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert {"type", "title", "status", "detail", "code"} <= set(body)
    assert body["status"] == answer.status_code
    assert body["type"] == f"urn:pactgate:problem:{body['code']}"
    assert not {text for text in ("Traceback", "asyncpg", "SELECT", "postgres") if text in answer.text}
    return answer.status_code, body["code"]


async def raw(gateway: Gateway, sent: bytes) -> str:
    """Send bytes as they are, and return what comes back."""
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    answer = await asyncio.wait_for(reader.read(65_536), 10)
    writer.close()
    return answer.decode()


@pytest.mark.parametrize(
    ("code", "queries"),
    [
        (
            "invalid_request",
            [
                "fields=first_name&fields=last_name",
                "limit=5&limit=5",
                "first_name=A&first_name=B",
                "fields=",
                "fields=,",
                "fields=first_name,",
                "fields=first_name,first_name",
                "sort=",
                "=x",
                "first_name=",
                *(
                    f"limit={each}"
                    for each in ("0", "-1", "501", "1000", "5.0", "+5", "1_0", "0x10", "٣", "1e2", "9" * 400)
                ),
                "first_name=%00",
                "sort=first_name%00",
                "first_name=" + "a" * 3_000,
                "a" * 10_000 + "=1",
                "fields=" + "a" * 10_000,
                "&".join(f"a{number}=1" for number in range(40)),
            ],
        ),
        (
            "unknown_element",
            [
                "Fields=first_name",
                "fields=*",
                "fields=FIRST_NAME",
                "fields=first_name;last_name",
                "fields=first_name%20",
                "fields=000115",
                "sort=-first_name",
                "sort=first_name%20DESC",
                "sort=first_name,last_name",
                "first_name[like]=A",
                "first_name%27%20OR%201=1",
                "code=rc_a",
                "record_code=rc_a",
                "covers=1",
                "student_id=1",
                "page=2",
                "a" * 2_000 + "=1",
                quote("ім'я") + "=1",
                "fields=" + quote("\u202efirst_name"),
            ],
        ),
        (
            "bad_filter",
            [
                *(
                    f"birthdate={each}"
                    for each in ("soon", "2011-04-05", "15.0", "99999999999", "-99999999999", "1%3D1")
                ),
                *(f"gpa_cumulative={each}" for each in ("nan", "inf", "-inf", "1e999", "high", "3,4")),
                *(f"entry_date={each}" for each in ("2026-02-30", "tomorrow", "10000-01-01", "01/02/2026")),
                "first_name=a%1Bb",
            ],
        ),
        (
            "cursor_invalid",
            ["cursor=abc", "cursor=" + "A" * 2_000, "cursor=%F0%9F%92%A9", "cursor==", "cursor=" + quote("../../etc")],
        ),
    ],
)
async def test_a_query_that_makes_no_sense_is_refused_whole(gateway: Gateway, code: str, queries: list[str]) -> None:
    await gateway.get(TUTORING, f"{STUDENTS}?limit=1")
    for query in queries:
        size = await gateway.size()
        answer = await gateway.send(TUTORING, "GET", f"{STUDENTS}?{query}")
        assert problem(answer) == (400, code), query[:80]
        assert [entry["code"] for entry in await gateway.entries(size)] == [code], query[:80]


async def test_filters_are_values_and_never_code(gateway: Gateway) -> None:
    for text in ("' OR '1'='1", "x'; DROP TABLE records.student; --", "%", "_", "*", "\\", "${7*7}", "$1", "NULL"):
        assert await gateway.rows(TUTORING, first_name=text) == []
    assert len(await gateway.rows(TUTORING, fields="first_name")) == len(COVERED)


async def test_a_cursor_is_good_for_its_client_agreement_and_query_only(gateway: Gateway) -> None:
    first = (await gateway.get(TUTORING, f"{STUDENTS}?limit=2&fields=first_name")).json()
    cursor = first["next"]
    good = await gateway.get(TUTORING, f"{STUDENTS}?limit=2&fields=first_name&cursor={cursor}")
    assert names(good.json()["data"]).isdisjoint(names(first["data"]))
    for query in (
        f"limit=3&fields=first_name&cursor={cursor}",
        f"limit=2&fields=last_name&cursor={cursor}",
        f"limit=2&fields=first_name&sort=first_name&cursor={cursor}",
        f"limit=2&fields=first_name&grade_level=09&cursor={cursor}",
        f"limit=2&cursor={cursor}",
        f"cursor={cursor}",
    ):
        assert problem(await gateway.get(TUTORING, f"{STUDENTS}?{query}")) == (400, "cursor_invalid")
    own = f"{STUDENTS}?limit=2&fields=first_name&cursor="
    for agreement in (MENTORING, FOLLOW_UP):
        assert problem(await gateway.get(agreement, f"{own}{cursor}")) == (400, "cursor_invalid")
    for place in (0, 1, 15, 16, 30, len(cursor) // 2, len(cursor) - 2):
        other = "A" if cursor[place] != "A" else "B"
        tampered = cursor[:place] + other + cursor[place + 1 :]
        assert problem(await gateway.get(TUTORING, f"{own}{tampered}")) == (400, "cursor_invalid"), place
    for changed in (cursor[:-1], cursor + "A", cursor + "=", cursor.swapcase(), cursor * 2):
        assert problem(await gateway.get(TUTORING, f"{own}{changed}")) == (400, "cursor_invalid")


async def test_no_path_that_is_not_served_is_answered(gateway: Gateway) -> None:
    for path in (
        "/",
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v1/Students",
        "/v1/students/",
        "/v1/students//",
        "/v1/students/a/b",
        "/v1/students/..%2F..%2Fetc%2Fpasswd",
        "/v1/grades",
        "/v2/students",
        "/admin",
        "/docs",
        "/.env",
        "/v1/" + quote("\u202e"),
        "/" + "a" * 5_000,
    ):
        assert problem(await gateway.send(TUTORING, "GET", path)) == (404, "not_found"), path[:60]


async def test_a_record_code_may_hold_anything_and_finds_nobody(gateway: Gateway) -> None:
    await gateway.get(TUTORING, f"{STUDENTS}?limit=1")
    for code in (
        "%00",
        "%ff",
        "%F0%9F%92%A9",
        "rc_%00",
        "rc_" + "A" * 26,
        "a" * 1_000,
        "%0d%0aSet-Cookie:x",
        "null",
        "'",
    ):
        answer = await gateway.send(TUTORING, "GET", f"{STUDENTS}/{code}")
        assert problem(answer) == (404, "not_found"), code[:40]
        assert "set-cookie" not in answer.headers


async def test_no_other_method_is_answered(gateway: Gateway) -> None:
    await gateway.get(TUTORING, f"{STUDENTS}?limit=1")
    for method in ("HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
        for path in (STUDENTS, f"{STUDENTS}/x", "/v1/attendance", "/v1/grant", "/v1/receipts/1"):
            size = await gateway.size()
            answer = await gateway.send(TUTORING, method, path)
            assert answer.status_code == 405
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["allow"] == "GET"
            assert await gateway.size() == size
    overridden = await gateway.send(TUTORING, "POST", STUDENTS, headers={"x-http-method-override": "GET"})
    assert problem(overridden) == (405, "method_not_allowed")


async def test_a_body_that_is_too_large_or_is_not_wanted_changes_nothing(gateway: Gateway) -> None:
    large = b"a" * 20_000
    assert problem(await gateway.send(TUTORING, "GET", STUDENTS, content=large)) == (413, "body_too_large")
    posted = await gateway.http.post("/oauth/token", content=large)
    assert problem(posted) == (413, "body_too_large")

    # In pieces, so that no length says beforehand how much it will be.
    head = f"GET {STUDENTS} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    answer = await raw(gateway, head + b"".join(b"400\r\n" + b"a" * 1_024 + b"\r\n" for _ in range(17)))
    assert answer.startswith("HTTP/1.1 413 ")
    assert "body_too_large" in answer
    small = await gateway.send(TUTORING, "GET", f"{STUDENTS}?limit=1", content=b"fields=sex")
    assert small.status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        STUDENTS + "?" + "a" * 100_000 + "=1",
        "/v1/stu\x80dents",
        STUDENTS + "?a\x00b",
        STUDENTS + "?a b",
        "//elsewhere.example" + STUDENTS,
        "/v1/../v1/students",
        "*",
    ],
    ids=["long", "not ascii", "nul", "space", "authority", "dots", "asterisk"],
)
async def test_a_request_line_that_is_not_one_is_refused_without_an_entry(gateway: Gateway, target: str) -> None:
    await gateway.get(TUTORING, f"{STUDENTS}?limit=1")
    size = await gateway.size()
    headers = {"host": "x", "connection": "close", **gateway.headers(TUTORING, "GET", STUDENTS)}
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    answer = await raw(gateway, "\r\n".join(lines).encode("latin-1"))
    assert answer.split(" ", 2)[1] in {"400", "401", "404"}, answer[:200]
    assert "data" not in answer.partition("\r\n\r\n")[2]
    assert await gateway.size() == size


async def test_headers_that_contradict_each_other_are_refused(gateway: Gateway) -> None:
    await gateway.get(TUTORING, f"{STUDENTS}?limit=1")
    good = gateway.headers(TUTORING, "GET", STUDENTS)
    second = gateway.headers(TUTORING, "GET", STUDENTS)["dpop"]
    for headers, expected in (
        ([("authorization", good["authorization"])], (401, "invalid_dpop_proof")),
        ([("dpop", good["dpop"])], (401, "token_required")),
        ([*good.items(), ("dpop", second)], (401, "invalid_dpop_proof")),
        ([*good.items(), ("authorization", good["authorization"])], (401, "invalid_request")),
        (
            [("authorization", good["authorization"].replace("DPoP", "Bearer")), ("dpop", second)],
            (401, "invalid_token"),
        ),
        ([("authorization", good["authorization"][:-8] + "A" * 8), ("dpop", second)], (401, "invalid_token")),
        ([("authorization", "DPoP " + "a" * 30_000), ("dpop", second)], (401, "invalid_token")),
        ([("authorization", good["authorization"]), ("dpop", "a" * 30_000)], (401, "invalid_dpop_proof")),
    ):
        answer = await gateway.http.get(STUDENTS, headers=httpx2.Headers(headers))
        assert problem(answer)[1] == expected[1], expected
        assert answer.status_code in {400, 401}
    other_path = gateway.headers(TUTORING, "GET", "/v1/grant")
    assert problem(await gateway.http.get(STUDENTS, headers=other_path)) == (401, "invalid_dpop_proof")
    other_method = gateway.headers(TUTORING, "POST", STUDENTS)
    assert problem(await gateway.http.get(STUDENTS, headers=other_method)) == (401, "invalid_dpop_proof")


async def test_a_token_of_one_client_is_worth_nothing_with_the_keys_of_another(gateway: Gateway) -> None:
    ours, theirs = await gateway.token(TUTORING), await gateway.token(MENTORING)
    for token, holder in ((ours, MENTORING), (theirs, TUTORING)):
        stolen = await gateway.get(holder, STUDENTS, token=token)
        assert problem(stolen) == (401, "invalid_token")
