"""Alarms are cases that people work through: on record with who did what, and nothing else follows from them."""

import re

import pytest

from agreements.roles import Role
from gateway.pages.languages import COOKIE
from gateway.services.alarms import alarm
from gateway.services.inbox.cases import State
from gateway.services.inbox.keeping import alarms_kept
from gateway.services.inbox.office import Inbox
from tests.factories.cohort import TUTORING
from tests.factories.console import Console

pytestmark = [pytest.mark.claim(9), pytest.mark.asyncio(loop_scope="module")]
HOSTILE = "<script>alert(1)</script>=cmd|'/C calc'!A0" + "x" * 10_000


async def test_what_cannot_be_noted_is_refused_and_changes_nothing(shared: Console) -> None:
    number = await shared.raise_alarm("undecided", cause="error")
    officer, start = await shared.as_a(Role.OFFICER), await shared.gateway.size()
    token, page = await officer.token(), f"/console/alarms/{number}"
    stranger = shared.people[Role.STEWARD].id
    for act, form, status in (
        ("note", {"words": "  "}, 400),
        ("note", {"words": "x" * 2_001}, 400),
        ("assign", {"to": stranger}, 400),
        ("assign", {"to": "user:nobody"}, 400),
        ("resolve", {"why": "because", "words": "x", "times": "1"}, 400),
        ("resolve", {"why": "mended", "words": "", "times": "1"}, 400),
        ("resolve", {"why": "mended", "words": "x", "times": "٣"}, 400),
        ("resolve", {"why": "mended", "words": "x", "times": "2"}, 409),
        ("note", {"words": "x", "csrf": "x"}, 403),
    ):
        answer = await officer.post(f"{page}/{act}", {"csrf": token, **form})
        assert answer.status_code == status, (act, form)
    assert (await officer.post("/console/alarms/999/look", {"csrf": token})).status_code == 404
    assert (await officer.get("/console/alarms/999")).status_code == 404
    assert await shared.gateway.size() == start
    assert "Nothing yet" in (await officer.get(page)).text


async def test_a_case_is_worked_through_and_each_step_names_who_took_it(shared: Console) -> None:
    number = await shared.raise_alarm("volume_exceeded", client="client:x", agreement="sha256:00", dataset="students")
    officer, start = await shared.as_a(Role.OFFICER), await shared.gateway.size()
    token, page = await officer.token(), f"/console/alarms/{number}"
    auditor = shared.people[Role.AUDITOR].id
    listed = (await officer.get("/console/alarms")).text
    assert "A client asked for more rows in a day" in listed
    assert "Ask the partner whether its programs do this" in (await officer.get(page)).text
    for act, form in (
        ("look", {}),
        ("note", {"words": "Asked the partner <b>today</b>."}),
        ("assign", {"to": auditor}),
        ("resolve", {"why": "explained", "words": "A test of theirs.", "times": "1"}),
    ):
        assert (await officer.post(f"{page}/{act}", {"csrf": token, **form})).status_code == 303, act
    assert (await officer.post(f"{page}/look", {"csrf": token})).status_code == 409
    written = await shared.entries(start, "alarm.handled")
    who = shared.people[Role.OFFICER].id
    common = {"event": "alarm.handled", "case": number, "code": "volume_exceeded", "person": who}
    assert written == [
        {**common, "act": "looked_at"},
        {**common, "act": "noted"},
        {**common, "act": "assigned", "assigned_to": auditor},
        {**common, "act": "resolved", "reason": "explained"},
    ]
    shown = (await officer.get(page)).text
    assert "Asked the partner &lt;b&gt;today&lt;/b&gt;." in shown
    assert "It was explained, and that convinced" in shown
    assert "There is no such case" in (await (await shared.as_a(Role.AUDITOR)).get("/console/alarms?mine=true")).text
    theirs = (await (await shared.as_a(Role.AUDITOR)).get("/console/alarms?mine=true&state=resolved")).text
    assert f"/console/alarms/{number}" in theirs


async def test_what_somebody_looked_at_stays_in_the_list_until_it_is_resolved(shared: Console) -> None:
    looked_at = await shared.raise_alarm("secret_missing_too", client="client:a")
    other = await shared.raise_alarm("secret_missing_too", client="client:b")
    officer = await shared.as_a(Role.OFFICER)
    token, page = await officer.token(), f"/console/alarms/{looked_at}"

    async def listed(query: str = "") -> list[int]:
        shown = (await officer.get(f"/console/alarms{query}")).text
        numbers = [int(each) for each in re.findall(r'href="/console/alarms/([0-9]+)"', shown)]
        return [each for each in numbers if each in {looked_at, other}]

    assert await listed() == [other, looked_at]
    assert (await officer.post(f"{page}/look", {"csrf": token})).status_code == 303
    assert await listed() == [other, looked_at]
    assert await listed("?state=open") == [other]
    assert await listed("?state=looked_at") == [looked_at]
    # It goes on, and so it was raised last: first in the list, whatever its number.
    assert await shared.raise_alarm("secret_missing_too", client="client:a") == looked_at
    assert await listed() == [looked_at, other]
    form = {"csrf": token, "why": "mended", "words": "It is back.", "times": "2"}
    assert (await officer.post(f"{page}/resolve", form)).status_code == 303
    assert await listed() == [other]
    assert await listed("?state=all") == [looked_at, other]


async def test_an_alarm_raised_anew_opens_its_case_again_and_stands_in_spanish_too(shared: Console) -> None:
    number = await shared.raise_alarm("witness_silent", witness="w.example", unwitnessed="3")
    officer = await shared.as_a(Role.OFFICER)
    form = {"csrf": await officer.token(), "why": "mended", "words": "It is back.", "times": "1"}
    assert (await officer.post(f"/console/alarms/{number}/resolve", form)).status_code == 303
    assert await shared.raise_alarm("witness_silent", witness="w.example", unwitnessed="9") == number
    page = (await officer.get(f"/console/alarms/{number}")).text
    assert "Raised again, so it is open again" in page
    assert "raised 2 times" in page
    for jar in officer.jars.values():
        jar[COOKIE] = "es"
    spanish = (await officer.get(f"/console/alarms/{number}")).text
    assert "Desde hace un cuarto de hora no llega la firma de este testigo" in spanish


async def test_whatever_an_alarm_says_is_only_words(shared: Console) -> None:
    number = await shared.raise_alarm("not_a_code_of_ours", cause=HOSTILE, **{"<i>": HOSTILE})
    page = (await (await shared.as_a(Role.OFFICER)).get(f"/console/alarms/{number}")).text
    assert "<script>alert" not in page
    assert "<i>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "x" * 301 not in page


async def test_the_gateway_itself_keeps_its_alarms_and_cannot_read_them(shared: Console) -> None:
    engine = shared.gateway.services.database.engine
    async with alarms_kept(engine):
        alarm("secret_missing", {"client": "client:here", "entry": "7"})
    inbox = Inbox((await shared.gateway.office()).desk)
    lines = await inbox.lines(states={State.OPEN})
    assert [each.facts for each in lines if each.code == "secret_missing"] == [{"client": "client:here", "entry": "7"}]
    app = await shared.gateway.database.pool("app", size=1)
    for table in ("alarm_case", "alarm_note", "incident", "incident_note"):
        assert not await app.fetchval("SELECT has_table_privilege($1, 'SELECT, INSERT, UPDATE')", f"gateway.{table}")


async def test_what_is_unusual_has_a_case_that_the_same_log_does_not_open_again(shared: Console) -> None:
    for place in range(3):
        await shared.gateway.get(TUTORING, f"/v1/receipts/{place}")
    officer = await shared.as_a(Role.OFFICER)
    token = await officer.token()
    assert (await officer.post("/console/alarms", {"csrf": token})).status_code == 303
    inbox = Inbox((await shared.gateway.office()).desk)
    (tried,) = [each for each in await inbox.lines() if each.name == "receipts_of_others"]
    assert tried.is_unusual
    form = {"csrf": token, "why": "expected", "words": "A new program of theirs.", "times": "1"}
    assert (await officer.post(f"/console/alarms/{tried.number}/resolve", form)).status_code == 303
    assert (await officer.post("/console/alarms", {"csrf": token})).status_code == 303
    assert (await inbox.case(tried.number)).line.state is State.RESOLVED
    await shared.gateway.get(TUTORING, "/v1/receipts/3")
    assert (await officer.post("/console/alarms", {"csrf": token})).status_code == 303
    assert (await inbox.case(tried.number)).line.state is State.OPEN
