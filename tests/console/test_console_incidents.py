"""Row I1: an incident's students are those of the log, each look is on record first, clocks run from discovery."""

import asyncio
import csv
import datetime as dt
import io

import pytest

from agreements.roles import Role
from gateway.services.incidents.incidents import Incidents
from gateway.services.searching.searches import Searches
from gateway.services.searching.wanted import Outcome, Wanted
from tests.factories.cohort import MENTORING, TUTORING
from tests.factories.console import Console
from tests.factories.gateway import BRIGHT_PATH, HARBOR

pytestmark = [pytest.mark.ferpa("I1"), pytest.mark.claim(4), pytest.mark.claim(9)]
TOGETHER = pytest.mark.asyncio(loop_scope="module")
"""For those that share a gateway; one test moves the clock, and has its own."""


@TOGETHER
async def test_what_cannot_be_an_incident_is_refused_and_writes_nothing(shared: Console) -> None:
    number = await shared.open_incident()
    officer, start = await shared.as_a(Role.OFFICER), await shared.gateway.size()
    token, mentoring = await officer.token(), shared.gateway.line(MENTORING)
    partners = shared.gateway.deployment.partners
    harbors, bright_paths = partners[HARBOR].client, partners[BRIGHT_PATH].client
    good = {
        "csrf": token,
        "what": "A laptop was stolen.",
        "discovered": "2026-10-05T08:30",
        "partner": "partner:bright-path",
        "since": "2026-10-01",
        "until": "2026-10-05",
    }
    for change, status in (
        ({"csrf": "x"}, 403),
        ({"what": " "}, 400),
        ({"what": "x" * 4_001}, 400),
        ({"discovered": "yesterday"}, 400),
        ({"discovered": "0001-01-01T00:00+14:00"}, 400),
        ({"discovered": "2126-10-05T08:30"}, 400),
        ({"partner": ""}, 400),
        ({"partner": "partner:nobody"}, 404),
        ({"agreement": "agreement:nothing"}, 404),
        ({"client": "client:nobody"}, 400),
        # Who do not belong together: no disclosure could be of all of them, and nobody would be found.
        ({"agreement": mentoring}, 400),
        ({"client": harbors}, 400),
        ({"partner": "", "agreement": mentoring, "client": bright_paths}, 400),
        ({"partner": "", "agreement": shared.gateway.digest(MENTORING), "client": bright_paths}, 400),
        ({"since": "9999-12-31"}, 400),
        ({"until": "2026-09-30"}, 400),
    ):
        assert (await officer.post("/console/incidents", {**good, **change})).status_code == status, change
    page = f"/console/incidents/{number}"
    assert (await officer.post(f"{page}/note", {"csrf": token, "words": ""})).status_code == 400
    assert (await officer.post(f"{page}/done", {"csrf": token, "task": "nothing"})).status_code == 400
    assert (await officer.post(f"{page}/not-applicable", {"csrf": token, "words": "x"})).status_code == 400
    silent = {"csrf": token, "task": "tell_families", "words": " "}
    assert (await officer.post(f"{page}/not-applicable", silent)).status_code == 400
    assert (await officer.post("/console/incidents/0/note", {"csrf": token, "words": "x"})).status_code == 404
    assert (await officer.post("/console/incidents/0/affected", {"csrf": token})).status_code == 404
    assert await shared.gateway.size() == start
    # Pressed twice it is one incident, with its clocks once.
    pressed = await asyncio.gather(*(officer.post("/console/incidents", good) for _ in range(2)))
    assert sorted(each.status_code for each in pressed) == [303, 400]
    assert len(await shared.entries(start, "incident.opened")) == 1


@TOGETHER
async def test_the_students_of_an_incident_are_those_of_the_log_and_each_look_is_on_record(shared: Console) -> None:
    gateway = shared.gateway
    await gateway.get(TUTORING, "/v1/students?fields=first_name")
    await gateway.get(MENTORING, "/v1/students?fields=first_name")
    line = gateway.line(TUTORING)
    number = await shared.open_incident(agreement=line)
    officer, start = await shared.as_a(Role.OFFICER), await gateway.size()
    token, page = await officer.token(), f"/console/incidents/{number}"
    before = (await officer.get(page)).text
    assert "not counted yet" in before
    shown = await officer.post(f"{page}/affected", {"csrf": token})
    listed = await officer.post(f"{page}/letters", {"csrf": token})
    assert (shown.status_code, listed.status_code) == (200, 200)
    assert listed.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(listed.content.decode("utf-8-sig"))))
    (first, second) = await shared.entries(start, "incident.affected_read")
    assert (first["incident"], first["students"], first["person"]) == (
        number,
        len(rows),
        shared.people[Role.OFFICER].id,
    )
    assert second["students"] == len(rows)
    # The list is what the log's own search finds, student by student.
    office = await gateway.office()
    found = await Searches(office).search(Wanted(agreements=(line,), outcome=Outcome.DISCLOSURE), limit=100)
    async with office.engine.connect() as connection:
        raw = await connection.exec_driver_sql(
            "SELECT subjects FROM audit.subject WHERE idx = ANY($1)", ([each.index for each in found.found],)
        )
        numbers = {packed[at : at + 16] for (packed,) in raw for at in range(0, len(packed), 16)}
    assert len(rows) == len(numbers) > 0
    for row in rows:
        assert row["student_number"] in shown.text
        assert row["student_number"] not in before
    # A family that asks finds the look in its accounting.
    family = await officer.post("/console/students", {"csrf": token, "number": rows[0]["student_number"]})
    assert family.status_code == 200


@pytest.mark.claim(5)
@pytest.mark.parametrize("table", ["subject", "private"])
async def test_a_list_of_students_that_is_gone_is_told_and_counts_nobody_as_nobody(
    console: Console, table: str
) -> None:
    gateway = console.gateway
    await gateway.get(TUTORING, "/v1/students?fields=first_name")
    index = await gateway.size() - 1
    number = await console.open_incident(agreement=gateway.line(TUTORING))
    admin, officer = await gateway.database.connection("admin"), await console.as_a(Role.OFFICER)
    kept = await admin.fetchrow(f"SELECT * FROM audit.{table} WHERE idx = $1", index)  # noqa: S608 - our own tables
    assert kept is not None
    await admin.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER ALL")
    await admin.execute(f"DELETE FROM audit.{table} WHERE idx = $1", index)  # noqa: S608 - our own tables
    shown = await officer.post(f"/console/incidents/{number}/affected", {"csrf": await officer.token()})
    assert f"are not those that they commit to: {index}" in shown.text
    page = (await officer.get(f"/console/incidents/{number}")).text
    assert "not counted yet" in page
    assert "Tell the families" in page
    places = ", ".join(f"${at + 1}" for at in range(len(kept)))
    await admin.execute(f"INSERT INTO audit.{table} VALUES ({places})", *kept)  # noqa: S608 - as it was


@TOGETHER
async def test_an_incident_is_not_closed_while_a_duty_is_neither_done_nor_said_not_to_apply(shared: Console) -> None:
    number = await shared.open_incident(agreement=shared.gateway.line(TUTORING))
    officer = await shared.as_a(Role.OFFICER)
    token, page = await officer.token(), f"/console/incidents/{number}"
    waiting = ["partner_tells", "tell_families", "count_students"]
    acts = {"partner_tells": "done", "tell_families": "not-applicable", "count_students": "not-applicable"}
    for task, act in acts.items():
        start = await shared.gateway.size()
        refused = await officer.post(f"{page}/close", {"csrf": token, "words": "Nothing was taken."})
        assert refused.status_code == 409
        assert f"This is neither done nor said not to apply: {', '.join(waiting)}." in refused.text
        assert "Close the incident" not in (await officer.get(page)).text
        assert await shared.gateway.size() == start
        form = {"csrf": token, "task": task, "words": "Counsel holds so."}
        assert (await officer.post(f"{page}/{act}", form)).status_code == 303
        waiting.remove(task)
    assert "Close the incident" in (await officer.get(page)).text
    # What was said last counts: a duty that was said not to apply can still be done, until the end.
    assert (await officer.post(f"{page}/done", {"csrf": token, "task": "tell_families"})).status_code == 303
    duties = (await Incidents(shared.office).one(number)).line.duties
    assert {each.task.value: each.applies for each in duties} == {
        "partner_tells": True,
        "tell_families": True,
        "count_students": False,
    }
    assert (await officer.post(f"{page}/close", {"csrf": token, "words": "Nothing was taken."})).status_code == 303


@TOGETHER
async def test_an_incident_is_followed_to_its_end_and_no_further(shared: Console) -> None:
    gateway = shared.gateway
    number = await shared.open_incident()
    officer, start = await shared.as_a(Role.OFFICER), await gateway.size()
    token, page = await officer.token(), f"/console/incidents/{number}"
    for act, form in (
        ("note", {"words": "Called <b>them</b>."}),
        ("done", {"task": "partner_tells"}),
        ("not-applicable", {"task": "count_students", "words": "Nothing left."}),
        ("not-applicable", {"task": "tell_families", "words": "Nothing left."}),
        ("close", {"words": "Nothing was taken."}),
    ):
        assert (await officer.post(f"{page}/{act}", {"csrf": token, **form})).status_code == 303, act
    for act, form in (("note", {"words": "x"}), ("done", {"task": "tell_families"}), ("close", {"words": "x"})):
        assert (await officer.post(f"{page}/{act}", {"csrf": token, **form})).status_code == 409, act
    who = {"incident": number, "person": shared.people[Role.OFFICER].id}
    written = [each for each in await gateway.entries(start) if str(each["event"]).startswith("incident.")]
    assert written == [
        {"event": "incident.noted", **who},
        {"event": "incident.noted", "task": "partner_tells", **who},
        {"event": "incident.noted", "task": "count_students", "applies": False, **who},
        {"event": "incident.noted", "task": "tell_families", "applies": False, **who},
        {"event": "incident.closed", **who},
    ]
    shown = (await officer.get(page)).text
    assert "Called &lt;b&gt;them&lt;/b&gt;." in shown
    assert "Closed on" in shown


async def test_an_incident_that_nobody_followed_is_overdue(console: Console) -> None:
    number = await console.open_incident()
    office = await console.gateway.office()
    now = (await office.desk.registry())[0].now
    await console.gateway.at(now + dt.timedelta(days=31))
    officer = await console.as_a(Role.OFFICER)
    assert "overdue" in (await officer.get("/console/incidents")).text
    assert "Something is overdue" in (await officer.get(f"/console/incidents/{number}")).text
