"""For whom a program that knows only a secret may call: for the same people as one with keys."""

import datetime as dt
import json

import pytest

from tests.factories.gateway import NOON
from tests.functional.compatibility.conftest import PROGRAM, Tool
from tests.functional.test_people_behind_calls import BEHIND, PAT, accept, name

PATH = "/compat/v1/students?fields=first_name&limit=2"


@pytest.mark.claim(7)
@pytest.mark.attack("a person who may not see students")
async def test_programs_that_know_only_a_secret_call_for_the_same_people(tool: Tool) -> None:
    # The fixture may be made a while after noon, and nobody answers for a client before the entry that says so.
    await tool.gateway.at(NOON + dt.timedelta(hours=1))
    await tool.serve()
    gateway, agreement = tool.gateway, tool.made.agreement
    details = {"type": "student_data", "agreement": agreement.digest, "purpose": agreement.agreement.purpose.code}
    form = {
        "grant_type": "client_credentials",
        "client_id": PROGRAM,
        "client_secret": tool.made.secret,
        "authorization_details": json.dumps([{**details, "on_behalf_of": BEHIND}]),
    }
    answer = await tool.post(form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_authorization_details")
    assert (await tool.last())["reason"] == "details_person_not_attending"
    await name(gateway, agreement, PAT)
    await accept(gateway, agreement)
    token = (await tool.post(form)).json()["access_token"]
    first = await tool.get(PATH, token)
    assert first.status_code == 200, first.text
    await name(gateway, agreement, approved=False)
    forged = (await tool.get(PATH, token + "x")).json()
    over = await tool.get(PATH, token)
    assert (over.status_code, over.json()) == (401, forged)
    assert (await tool.last())["code"] == "person_over"
