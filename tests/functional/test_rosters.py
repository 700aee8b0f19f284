"""A roster on its whole way: handed in by a partner, matched in the district, accepted, and what leaves by it."""

import pytest

from agreements.documents.roster_decision import Answer
from tests.factories.cohort import MENTORING, STUDENTS
from tests.factories.gateway import Gateway, names
from tests.factories.rosters import at_work, decide, line, sent

pytestmark = [pytest.mark.ferpa("R1"), pytest.mark.ferpa("R2")]


def first(*roles: str) -> set[str]:
    return {STUDENTS[role].first for role in roles}


async def test_an_accepted_roster_is_who_is_covered(gateway: Gateway) -> None:
    answer = await sent(
        gateway, MENTORING, line("fio"), line("gulnara"), line("fio", given_name="Nobody", reference="x")
    )
    assert answer.status_code == 202, answer.text
    receipt = answer.json()
    assert receipt["lines"] == 3
    roster = receipt["roster"]
    async with at_work(gateway) as office:
        summary = await office.match(roster)
        assert (summary.matched, summary.waiting) == (2, 1)
        await office.set_aside(roster, [3])
    await decide(gateway, roster, Answer.ACCEPT)
    assert names(await gateway.rows(MENTORING)) == first("fio", "gulnara")
    told = (await gateway.get(MENTORING, f"/v1/rosters/{roster}")).json()
    codes = {row["first_name"]: row["record_code"] for row in await gateway.rows(MENTORING)}
    assert told["state"] == "accepted"
    assert {each["reference"]: each["record_code"] for each in told["students"]} == {
        "ref-fio": codes[STUDENTS["fio"].first],
        "ref-gulnara": codes[STUDENTS["gulnara"].first],
    }
    await gateway.services.facts.check()
