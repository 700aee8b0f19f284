"""
Claim 8. What is not there and what is not yours are one answer, reached by the same statements in the same order.

PostgreSQL itself writes down what it was sent, without the values. A difference there is one that a clock could find.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import pytest

from gateway.store.session import quote_name
from tests.factories.database import TestDatabase
from tests.factories.gateway import NOON, Deployment, Gateway
from tests.factories.leak_walk import changes_of, pages_of
from tests.factories.twin_worlds import CONSENTED, OF_NOBODY_COVERED, OFFICIAL, files, granted_in
from tests.factories.twins import deploy_twins

pytestmark = pytest.mark.claim(8)

CURSOR = re.compile(rb'(?<="next":")[^"]+')
SETTINGS = ("log_statement = 'all'", "log_parameter_max_length = 0", "log_min_error_statement = 'panic'")
STATEMENT = re.compile(r"LOG:  (?:execute [^:]*|statement): ")
LINE = re.compile(r"\n\d{4}-\d\d-\d\d ")
"""Where the next line of the server begins."""
BESIDE = re.compile(
    r"audit\.keep_signature|FROM audit\.checkpoint|pg_advisory_unlock_all"
    r"|SELECT max\(idx\) FROM agreements\.document WHERE kind = ANY"
)
"""
Beside requests, the newest checkpoint is signed when there is time for it, and every five seconds the log's keys are
looked at (`gateway.services.logkeys`).
"""
ROW = {str(row[0]): row for row in files(0, 0)["students"]}
SCORE = str(next(row[7] for row in files(0, 0)["assessments"] if row[0] == "s3"))
"""A score of a covered student, of which only the band is told."""
ABSENT = {
    "students": ("first_name", str(ROW["u0"][1]), "Nobody"),
    "attendance": ("days_tardy", "300", "301"),
    "courses": ("course_title", str(next(r[6] for r in files(0, 0)["course_grades"] if "Unc" in str(r[6]))), "Nothing"),
    "assessments": ("assessment_score", SCORE, "1"),
    "discipline": ("incident_identifier", "300", "301"),
    "programs": ("program_type", "Food Service", "Nothing"),
    "attendance_events": ("attendance_status", "EarlyDeparture", "Nothing"),
    "enrollments": ("grade_level", next(str(row[3]) for row in files(0, 0)["enrollments"] if row[0] == "s3"), "X"),
    "academic_summary": ("gpa_cumulative", next(str(row[4]) for row in files(0, 0)["academic_summaries"]), "X"),
    "graduation": ("cohort_graduation_year", OF_NOBODY_COVERED, "1999"),
}
"""By dataset: an element to filter on, a value on file but not told to this partner, and one that is nowhere."""


@pytest.fixture
async def gateway(deployment: Deployment, tmp_path: Path) -> AsyncIterator[Gateway]:
    made = await deploy_twins(deployment, tmp_path)
    database = TestDatabase(made.server, f"watched_{made.template}")
    await made.server.create(database.name, template=made.template)
    admin = await database.connection("admin")
    for setting in SETTINGS:
        await admin.execute(f"ALTER DATABASE {quote_name(database.name)} SET {setting}")
    opened = Gateway(made, database, tmp_path)
    try:
        await opened.at(NOON)
        await opened.serve(readers=1)
        yield opened
        await opened.close()
        await opened.verify()
    finally:
        await opened.close()
        await database.close()
        await made.server.drop(database.name)


class Sent:
    """What PostgreSQL was sent since it was asked last."""

    def __init__(self, gateway: Gateway) -> None:
        self._log = gateway.deployment.server.embedded.log
        self._read = self._log.stat().st_size

    async def since(self) -> list[str]:
        # A connection is given back after the answer has left: until nothing more is written.
        size = -1
        while size < self._log.stat().st_size:
            size = self._log.stat().st_size
            await asyncio.sleep(0.03)
        with self._log.open("rb") as file:
            file.seek(self._read)
            text = file.read().decode(errors="replace")
        self._read += len(text.encode())
        parts = [" ".join(LINE.split(part)[0].split()) for part in STATEMENT.split(text)[1:]]
        return [part for part in parts if not BESIDE.search(part)]


def seen(answer: httpx2.Response) -> tuple[int, bytes]:
    """Return what a partner sees; of a cursor its length, for its text is random."""
    return answer.status_code, CURSOR.sub(lambda found: b"%d letters" % len(found[0]), answer.content)


async def asked(gateway: Gateway, agreement: str, address: str, *, follow: bool) -> list[tuple[int, bytes]]:
    path, _, query = address.partition("?")
    answer = await gateway.send(agreement, "GET", path, params=query)
    if not follow:
        return [seen(answer)]
    assert answer.status_code == 200, answer.text
    since = urlencode({"since": answer.json()["next"]})
    return [seen(answer), seen(await gateway.send(agreement, "GET", path, params=f"{query}&{since}"))]


async def compared(gateway: Gateway, agreement: str, addresses: dict[str, str], *, follow: bool = False) -> None:
    """Check that all these are answered alike, by the same statements; with `follow`, also what changes afterwards."""
    sent, told = Sent(gateway), {}
    await asked(gateway, agreement, next(iter(addresses.values())), follow=follow)  # what is read once is read now
    for why, address in addresses.items():
        await sent.since()
        told[why] = (await asked(gateway, agreement, address, follow=follow), await sent.since())
    first = next(iter(told.values()))
    assert len(first[1]) >= 3
    assert {why: what for why, what in told.items() if what != first} == {}


async def same_for_a_student_who_is_not_there(gateway: Gateway) -> None:
    admin = await gateway.database.connection("admin")
    lines = {name: gateway.deployment.agreements[name].agreement.id for name in (OFFICIAL, CONSENTED)}
    others = await admin.fetchval("SELECT code FROM records.code WHERE line = $1 LIMIT 1", lines[CONSENTED])
    foreign = await admin.fetchval(
        "SELECT code FROM records.code WHERE line <> ALL($1::text[]) LIMIT 1", [*lines.values()]
    )
    codes = {
        "never existed": "rc_" + "a" * 26,
        "of the partner's other agreement": others,
        "of another agreement, and a student who is not covered": foreign,
        "no code": "1",
        "a number of the district": "s1",
        "nothing that PostgreSQL can read": "%00",
        "very long": "x" * 1_000,
    }
    await compared(gateway, OFFICIAL, {why: f"/v1/students/{code}" for why, code in codes.items()})


async def same_for_a_value_that_is_not_told(gateway: Gateway, path: str, dataset: str, *, follow: bool = False) -> None:
    assert dataset in ABSENT, f"No value of {dataset} is known that may not be told: name one in `ABSENT`."
    agreement = OFFICIAL if dataset in granted_in(OFFICIAL) else CONSENTED
    wire, hidden, nowhere = ABSENT[dataset]
    asked = {"on file, and not told": hidden, "nowhere": nowhere}
    addresses = {why: f"{path}?{urlencode({wire: it})}" for why, it in asked.items()}
    await compared(gateway, agreement, addresses, follow=follow)


async def same_for_a_cursor_that_is_not_yours(gateway: Gateway) -> None:
    theirs = (await gateway.send(CONSENTED, "GET", "/v1/changes/students")).json()["next"]
    cursors = {
        "of the partner's other agreement": theirs,
        "one letter of it is another": theirs[:-2] + ("A" if theirs[-2] != "A" else "B") + theirs[-1],
        "made up": "A" * len(theirs),
        "no cursor": "x",
    }
    addresses = {why: f"/v1/changes/students?{urlencode({'since': it})}" for why, it in cursors.items()}
    await compared(gateway, OFFICIAL, addresses)


async def test_what_is_not_there_is_looked_for_as_what_is_not_yours(gateway: Gateway) -> None:
    await same_for_a_student_who_is_not_there(gateway)
    await same_for_a_cursor_that_is_not_yours(gateway)
    pages, changes = pages_of(gateway.app), changes_of(gateway.app)
    assert pages.keys() == changes.keys()
    for dataset in pages:
        await same_for_a_value_that_is_not_told(gateway, pages[dataset], dataset)
        await same_for_a_value_that_is_not_told(gateway, changes[dataset], dataset, follow=True)
