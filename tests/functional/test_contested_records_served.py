"""A family's statement on its whole way: to the partner, into the parent's copy, to an emergency, and under guard."""

import json
from typing import Any

import pytest

from gateway.services.statements import Ending
from tests.factories.cohort import MENTORING, STUDENTS, TUTORING
from tests.factories.gateway import Gateway
from tests.factories.superuser import alarms, refusal, served_anew
from tests.functional.test_copies import copy, verified
from tests.functional.test_emergency_releases import Room

FIRST = "000115"
WORDS = "She is called by her second name; the school was told in May."
XIMENA = STUDENTS["ximena"]

pytestmark = pytest.mark.ferpa("F2")


def with_words(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if "contested" in row]


@pytest.mark.ferpa("C8")
@pytest.mark.claim(6)
async def test_the_partner_gets_it_with_the_value_and_the_family_gets_it_in_its_copy(gateway: Gateway) -> None:
    steward = await gateway.steward()
    await steward.place_statement(XIMENA.number, [FIRST], WORDS)
    (row,) = with_words(await gateway.rows(TUTORING, fields="first_name,grade_level"))
    assert row["first_name"] == XIMENA.first
    assert row["contested"] == [{"fields": ["first_name"], "statement": WORDS, "stated_on": "2027-03-10"}]
    assert with_words(await gateway.rows(TUTORING, fields="grade_level")) == []
    one = await gateway.get(TUTORING, f"/v1/students/{row['record_code']}?fields=first_name")
    assert one.json()["data"]["contested"] == row["contested"]
    told = await copy(gateway, XIMENA.number)
    assert told.missed == ()
    assert WORDS in str([found.row for each in told.copied for found in each.rows])
    await verified(gateway, told)
    # Another child's copy of the same page says nothing of it.
    assert WORDS not in str(await copy(gateway, STUDENTS["gulnara"].number))


async def test_it_ends_with_the_next_request(gateway: Gateway) -> None:
    steward = await gateway.steward()
    await steward.place_statement(XIMENA.number, [FIRST], WORDS)
    assert len(with_words(await gateway.rows(TUTORING, fields="first_name"))) == 1
    await steward.end_statement(XIMENA.number, [FIRST], Ending.AMENDED)
    assert with_words(await gateway.rows(TUTORING, fields="first_name")) == []


async def test_an_emergency_does_not_leave_it_behind(idle_gateway: Gateway) -> None:
    steward = await idle_gateway.steward()
    await steward.place_statement(XIMENA.number, [FIRST], WORDS)
    room = await Room.open(idle_gateway)
    released = await room.hand_over("ximena", "dagny")
    (row,) = with_words(json.loads(released.body)["data"])
    assert (row["first_name"], row["contested"][0]["statement"]) == (XIMENA.first, WORDS)
    await steward.end_statement(XIMENA.number, [FIRST], Ending.AMENDED)
    again = await room.hand_over("ximena", "dagny")
    assert with_words(json.loads(again.body)["data"]) == []
    told = await copy(idle_gateway, XIMENA.number)
    assert told.missed == ()
    assert WORDS in str([found.row for each in told.copied for found in each.rows])


@pytest.mark.claim(1)
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE records.contested SET statement = 'Something else.'",
        "UPDATE records.contested SET to_idx = NULL",
        "DELETE FROM records.contested",
    ],
)
async def test_a_statement_that_was_changed_by_hand_leaves_with_nobody(
    gateway: Gateway, caplog: pytest.LogCaptureFixture, change: str
) -> None:
    steward = await gateway.steward()
    await steward.place_statement(XIMENA.number, [FIRST], WORDS)
    await steward.end_statement(XIMENA.number, [FIRST], Ending.WITHDRAWN)
    admin = await gateway.database.connection("admin")
    await admin.execute(change)
    await served_anew(gateway)
    assert "facts_changed" in alarms(caplog)
    assert {await refusal(gateway, name) for name in (TUTORING, MENTORING)} == {"suspended"}
