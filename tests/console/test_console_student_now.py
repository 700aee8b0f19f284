"""A student's page as things stand: what partners could see now, what the family said, the stop of one agreement."""

import datetime as dt
import json
import re

import pytest

from agreements.documents.family import Asked
from agreements.roles import Role
from tests.factories.cohort import MENTORING, STUDENTS, TUTORING
from tests.factories.console import Console
from tests.factories.family import FamilyDesk
from tests.factories.gateway import NOON

pytestmark = [pytest.mark.claim(4), pytest.mark.claim(7)]
CALIXTE = STUDENTS["calixte"]


async def test_what_partners_could_see_now_shrinks_with_a_stop_of_one_agreement_alone(console: Console) -> None:
    gateway = console.gateway

    async def names(agreement: str) -> list[str]:
        answer = await gateway.get(agreement, "/v1/students?fields=first_name")
        return [row["first_name"] for row in answer.json()["data"]]

    assert CALIXTE.first in await names(TUTORING)
    assert CALIXTE.first in await names(MENTORING)
    officer, start = await console.as_a(Role.OFFICER), await gateway.size()
    form = {"csrf": await officer.token(), "number": CALIXTE.number}
    before = (await officer.post("/console/students", form)).text
    forms = re.findall(r'<form [^>]*action="/console/students/.*?</form>', before, re.DOTALL)
    assert len(forms) >= 4
    assert all(f'name="number" value="{CALIXTE.number}"' in each for each in forms), "each says whom it is about"
    tutoring = f'href="/console/agreements/{gateway.digest(TUTORING)}"'
    mentoring = f'href="/console/agreements/{gateway.digest(MENTORING)}"'
    assert before.count(tutoring) == before.count(mentoring) == 1
    unknown = await officer.post("/console/students/stop", {**form, "agreement": "agreement:nothing"})
    assert unknown.status_code == 404
    stopped = await officer.post("/console/students/stop", {**form, "agreement": gateway.line(TUTORING)})
    assert stopped.status_code == 200
    assert (stopped.text.count(tutoring), stopped.text.count(mentoring)) == (0, 1)
    assert "No to sharing" in stopped.text
    assert CALIXTE.first not in await names(TUTORING)
    assert CALIXTE.first in await names(MENTORING)
    (stop,) = await console.entries(start, "opted_out")
    assert (stop["line"], stop["person"]) == (gateway.line(TUTORING), console.people[Role.OFFICER].id)


async def test_a_copy_of_the_records_is_on_record_and_names_who_made_it(console: Console) -> None:
    gateway = console.gateway
    officer = await console.as_a(Role.OFFICER)
    form = {"csrf": await officer.token(), "number": CALIXTE.number}
    await gateway.get(TUTORING, "/v1/students?fields=first_name")
    await gateway.signed()
    start = await gateway.size()
    answer = await officer.post("/console/students/copy", form)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith("attachment")
    assert CALIXTE.first in json.dumps(answer.json())
    (made,) = await console.entries(start, "records.copied")
    assert made["person"] == console.people[Role.OFFICER].id
    assert (await officer.post("/console/students/copy", {**form, "number": "nobody"})).status_code == 404


@pytest.mark.ferpa("F1")
async def test_a_familys_request_is_overdue_when_its_last_day_is_over_in_the_district(console: Console) -> None:
    await (await FamilyDesk.at(console.gateway)).ask(Asked.INSPECTION, CALIXTE.number)
    # On the evening of the last day it is the next day in Greenwich.
    for days, late in ((45.4, False), (46.0, True)):
        await console.gateway.at(NOON + dt.timedelta(days=days))
        officer = await console.as_a(Role.OFFICER)
        form = {"csrf": await officer.token(), "number": CALIXTE.number}
        page = (await officer.post("/console/students", form)).text
        assert ("overdue since" in page, "due on" in page) == (late, not late), days
