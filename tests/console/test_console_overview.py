"""The first page counts what left and what was refused: each entry once, whoever asks at the same time, for 30 days."""

import asyncio
import datetime as dt
import re

from agreements.documents.signer import ROLES, STEWARDS_LIMITS, Signer, signer_bytes
from agreements.roles import Role
from agreements.signature import Kind
from audit.change import append_change
from audit.entry import leaf
from audit.events import Event
from gateway.services.admissions import Admissions
from tests.factories.agreements import Keyring, key_for
from tests.factories.cohort import DAY, MENTORING, TUTORING
from tests.factories.console import Console
from tests.factories.gateway import NOON
from tests.factories.staff import Browser

ROW = re.compile(r'<td>(\w+)</td><td class="pg-number">(\d+)</td><td class="pg-number">(\d+)</td><td [^>]*>(\d+)</td>')


async def counted(browser: Browser) -> list[tuple[str, str, str, str]]:
    return sorted(ROW.findall((await browser.get("/console/overview")).text))


async def test_each_entry_counts_once_whoever_asks_at_the_same_time_and_for_thirty_days(console: Console) -> None:
    for agreement, fields in (
        (TUTORING, "first_name"),
        (TUTORING, "grade_level"),
        (TUTORING, "sex"),
        (MENTORING, "first_name"),
    ):
        await console.gateway.get(agreement, f"/v1/students?fields={fields}")
    browsers = [await console.as_a(Role.AUDITOR) for _ in range(4)]
    seen = await asyncio.gather(*map(counted, browsers))
    covered = len((await console.gateway.get(MENTORING, "/v1/students?fields=first_name")).json()["data"])
    after = await counted(browsers[0])
    mine = next(row for row in after if row[1] == "2" and row[3] == "1")
    assert (mine[0], int(mine[2]) > 0) == ("students", True), "two answers and a refusal, of tutoring"
    assert ("students", "2", str(2 * covered), "0") in after
    assert all(("students", "1", str(covered), "0") in each for each in seen)
    await console.gateway.at(NOON + dt.timedelta(days=29))
    assert await counted(await console.as_a(Role.AUDITOR)) == after
    await console.gateway.at(NOON + dt.timedelta(days=31))
    assert await counted(await console.as_a(Role.AUDITOR)) == []


async def test_the_first_page_tells_when_the_whole_log_was_verified_last(console: Console) -> None:
    auditor = await console.as_a(Role.AUDITOR)
    before = (await auditor.get("/console/overview")).text
    for size in (1, 2):
        async with console.office.engine.begin() as connection:
            written = leaf(Event.LOG_CHECKED, NOON, size=size, tree_head="0" * 64)
            entry = await append_change(connection, written, moves_epoch=False)
    link = f'<a href="/console/log/{entry}">'
    assert link not in before
    assert (await auditor.get("/console/overview")).text.count(link) == 1


async def test_a_signer_is_in_office_as_long_as_the_signature_counts(console: Console) -> None:
    district = console.gateway.deployment.agreements[TUTORING].agreement.district.id
    key, may = key_for("on the last day").public, tuple(STEWARDS_LIMITS)
    said = signer_bytes(Signer(district, ROLES[0], "Lena Lastday", key, DAY, DAY, may))
    officer = console.gateway.deployment.ring.officers[1].key
    await Admissions(console.office.desk).introduce_signer(Keyring.sign(Kind.SIGNER, said, officer))
    # By days of UTC: in the evening of the last day, as the district counts it, the key signs nothing any more.
    for hours, standing in ((0, "in office"), (9, "over")):
        await console.gateway.at(NOON + dt.timedelta(hours=hours))
        page = (await (await console.as_a(Role.AUDITOR)).get("/console/signers")).text
        assert standing in page.partition("Lena Lastday")[2].partition("</tr>")[0], hours
