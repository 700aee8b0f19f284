"""
Claim 9. No personal data in log lines, leaves, errors or links; query strings are never logged. Secrets neither.

Students with names and numbers that occur nowhere else are asked for in every way there is, refused ones included; then
everything that is kept or said about it is searched.
"""

import io
import json
import logging
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from gateway.logs import LineWriter, configure_logging
from tests.factories.cohort import COVERED, STUDENTS, TUTORING, personal
from tests.factories.gateway import Gateway

pytestmark = [pytest.mark.claim(9), pytest.mark.ferpa("Z2")]

NAME, NUMBER = STUDENTS["bartholo"].last, STUDENTS["ximena"].number


async def busy_day(gateway: Gateway) -> set[str]:
    """Ask, be refused, page, stop, fail; return the secrets and codes that went over the wire."""
    steward = await gateway.steward()
    rows = await gateway.rows(TUTORING, limit=10, sort="last_name")
    code = rows[0]["record_code"]
    for path in (
        f"/v1/students?last_name={quote(NAME)}",
        f"/v1/students?{quote(NAME)}={NUMBER}",
        f"/v1/students?fields={quote(NAME)}",
        f"/v1/students?sort={NUMBER}&first_name={quote(NAME)}",
        f"/v1/students?birthdate={quote(NAME)}",
        f"/v1/students?cursor={quote(NAME)}",
        f"/v1/students?student_identifier={NUMBER}",
        f"/v1/students/{code}",
        f"/v1/students/{NUMBER}",
        f"/v1/students/{quote(NAME)}?fields=sex",
        f"/v1/receipts/{NUMBER}",
        f"/v1/{quote(NAME)}",
        "/v1/attendance",
        "/v1/grant",
    ):
        await gateway.send(TUTORING, "GET", path)
    await gateway.send(TUTORING, "POST", f"/v1/students?last_name={quote(NAME)}", content=NAME.encode())
    await gateway.http.get(f"/v1/students?access_token={quote(NAME)}", headers={"authorization": f"Bearer {NUMBER}"})
    await steward.withdraw(gateway.digest(TUTORING), NUMBER)
    await steward.opt_out(STUDENTS["fio"].number, None, directory_only=False)
    await gateway.get(TUTORING, f"/v1/students/{code}")
    secrets = {row["record_code"] for row in rows}
    for answer in gateway.answers:
        for name in ("authorization", "dpop"):
            secrets.add(answer.request.headers[name].split()[-1])
    return secrets


@pytest.fixture
def logged() -> Iterator[io.BytesIO]:
    """Everything that libraries and the gateway log, at the most talkative level there is, as `serve` sets it up."""
    root, names = logging.getLogger(), ("authlib", "asyncio", "sqlalchemy", "uvicorn.access", "httpx2", "httpcore2")
    before = root.handlers[:], root.level, {name: logging.getLogger(name).level for name in names}
    stream = io.BytesIO()
    configure_logging(LineWriter(stream), level=logging.DEBUG)
    yield stream
    root.handlers[:], levels = before[0], before[2]
    root.setLevel(before[1])
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


async def test_nothing_that_is_kept_or_said_tells_who_a_student_is(
    logged: io.BytesIO, gateway: Gateway, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("pactgate.test").debug("the most talkative level")
    secrets = await busy_day(gateway)
    await gateway.verify()
    forms = {form for text in personal() for form in (text, quote(text), json.dumps(text)[1:-1])}
    forms |= {each.born.isoformat() for each in COVERED} - {STUDENTS["eskil"].born.isoformat()}
    auditor = await gateway.database.pool("auditor", size=1)
    leaves = await auditor.fetchval("SELECT string_agg(convert_from(leaf, 'UTF8'), E'\\n') FROM audit.entry")
    printed = capfd.readouterr()
    kept = {
        "lines": "\n".join(json.dumps(line, ensure_ascii=False, default=str) for line in gateway.lines),
        "logging": logged.getvalue().decode(),
        "printed": printed.out + printed.err,
        "leaves": leaves,
        "problems": "\n".join(answer.text for answer in gateway.answers if answer.status_code >= 400),
        "links": "\n".join(str(answer.json().get("next")) for answer in gateway.answers if answer.status_code == 200),
    }
    assert len(gateway.lines) > 20
    assert "the most talkative level" in kept["logging"]
    assert NAME in "".join(answer.text for answer in gateway.answers if answer.status_code == 200)
    for where, text in kept.items():
        assert {form for form in forms if form in text} == set(), where
        assert {secret for secret in secrets if secret in text} == set(), where


async def test_a_log_line_names_the_route_and_never_the_path_or_the_query(gateway: Gateway) -> None:
    code = (await gateway.rows(TUTORING, limit=500))[0]["record_code"]
    await gateway.get(TUTORING, f"/v1/students/{code}?fields=first_name")
    line = gateway.lines[-1]
    assert line["route"] == "/v1/students/{code}"
    assert not {text for text in ("fields", "first_name", "?", code) if text in json.dumps(line)}


async def test_the_request_itself_is_kept_beside_the_tree_and_opens_the_entrys_commitment(gateway: Gateway) -> None:
    answer = await gateway.get(TUTORING, f"/v1/students?last_name={quote(NAME)}")
    auditor = await gateway.database.pool("auditor", size=1)
    index = int(answer.headers["pactgate-receipt"])
    opening = await auditor.fetchval("SELECT opening FROM audit.private WHERE idx = $1", index)
    assert NAME.encode() in opening
    assert NAME not in str(await gateway.entries(index))
