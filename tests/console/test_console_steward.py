"""A steward's pages: what came in, what waits, and a family's word that acts at once and names who entered it."""

import asyncio
import re

import pytest

from agreements.roles import Role
from tests.factories.cohort import STUDENTS, TUTORING
from tests.factories.console import Console

CALIXTE = STUDENTS["calixte"]


async def shown(console: Console) -> set[str]:
    answer = await console.gateway.get(TUTORING, "/v1/students?fields=first_name")
    return {row["first_name"] for row in answer.json()["data"]}


async def test_what_lacks_something_is_refused_and_nothing_is_written(console: Console) -> None:
    steward, start = await console.as_a(Role.STEWARD), await console.gateway.size()
    form = {"csrf": await steward.token(), "number": CALIXTE.number, "agreement": console.gateway.line(TUTORING)}
    for wrong, status in (
        ({}, 400),
        ({"wish": "everything"}, 400),
        ({"wish": "withdraw"}, 400),
        ({"wish": "withdraw", "by": "a neighbour"}, 400),
        ({"wish": "withdraw", "by": "parent", "agreement": "agreement:nobodys"}, 404),
        ({"wish": "withdraw", "by": "eligible_student"}, 403),
        ({"wish": "nothing", "number": "no-such-number"}, 404),
        ({"wish": "nothing", "number": "9" * 121}, 400),
    ):
        answer = await steward.post("/console/wishes", {**form, **wrong})
        assert answer.status_code == status, (wrong, answer.text)
        assert "no-such-number" not in answer.text
    assert not {each["event"] for each in await console.gateway.entries(start)} & {"opted_out", "consent.withdrawn"}
    assert CALIXTE.first in await shown(console)


@pytest.mark.claim(7)
@pytest.mark.ferpa("C6")
@pytest.mark.parametrize(("wish", "event"), [("withdraw", "consent.withdrawn"), ("nothing", "opted_out")])
async def test_a_familys_word_acts_on_the_next_request_and_names_who_entered_it(
    console: Console, wish: str, event: str
) -> None:
    assert CALIXTE.first in await shown(console)
    steward, start = await console.as_a(Role.STEWARD), await console.gateway.size()
    form = {"csrf": await steward.token(), "number": CALIXTE.number, "wish": wish, "by": "parent"}
    page = await steward.post("/console/wishes", {**form, "agreement": console.gateway.line(TUTORING)})
    assert "It is on file" in page.text
    assert CALIXTE.number not in page.text
    assert CALIXTE.first not in await shown(console)
    (entry,) = await console.entries(start, event)
    assert entry["person"] == console.people[Role.STEWARD].id
    again = await steward.post("/console/wishes", {**form, "agreement": console.gateway.line(TUTORING)})
    assert again.status_code == 409


async def test_loads_rosters_and_codes_are_listed_and_name_nobody(console: Console) -> None:
    line = b'{"lines":[{"given_name":"Nobody","family_name":"Anywhere","birth_date":"2012-01-01"}]}'
    client, token = console.gateway.client(TUTORING), await console.gateway.token(TUTORING)
    json = {"Content-Type": "application/json"}
    handed = await asyncio.to_thread(client.post, "/v1/rosters?covers=additions", token, line, json)
    steward = await console.as_a(Role.STEWARD)
    loads = (await steward.get("/console/loads")).text
    assert "records.loaded" in loads
    entry = re.search(r"/console/(loads/\d+)(?:(?!<tr>).)*records\.loaded", loads, re.DOTALL)
    assert entry is not None
    filled = (await steward.get(f"/console/{entry[1]}")).text
    assert re.search(r'schools</th><td class="pg-number">7</td>(<td class="pg-number">0</td>){3}', filled)
    assert (await steward.get("/console/loads/0")).status_code == 404
    assert (await steward.get("/console/loads/999999")).status_code == 404
    rosters = (await steward.get("/console/rosters")).text
    assert str(handed.json()["roster"]) in rosters
    assert "Anywhere" not in rosters
    assert "classif" in (await steward.get("/console/codes")).text
    account = (await steward.get("/console")).text
    assert 'href="/console/loads"' in account, "a steward begins at what a steward may open"
