"""
The edges of a term, to the minute, by the database's clock, shifted as only a demo's can be.

Nothing is loaded and no entry moves the epoch: the clock alone takes access away, from a gateway that runs.
"""

import asyncio
import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.oauth.client import PartnerRefused
from gateway.problems import Problem
from tests.factories.agreements import SPS_B
from tests.factories.cohort import MENTORING, STUDENTS, TUTORING
from tests.factories.gateway import HARBOR, Gateway, bring_into_force, load, names

SEATTLE = ZoneInfo("America/Los_Angeles")
FIRST, AFTER = dt.datetime(2026, 9, 1, tzinfo=SEATTLE), dt.datetime(2027, 7, 1, tzinfo=SEATTLE)
MINUTE = dt.timedelta(minutes=1)


async def status(gateway: Gateway, token: str, path: str) -> tuple[int, str]:
    """Return how a request is answered, with the code of a refusal."""
    answer = await gateway.get(MENTORING, path, token=token)
    return answer.status_code, answer.json().get("code", "")


@pytest.mark.ferpa("T1")
async def test_access_begins_with_the_first_day_and_ends_after_the_last(gateway: Gateway) -> None:
    token = await gateway.token(MENTORING)
    for moment, expected in (
        (FIRST - MINUTE, (403, "agreement_not_yet_valid")),
        (FIRST, (200, "")),
        (FIRST + MINUTE, (200, "")),
        (AFTER - MINUTE, (200, "")),
        (AFTER, (403, "agreement_expired")),
        (AFTER + MINUTE, (403, "agreement_expired")),
        (AFTER - MINUTE, (200, "")),
        (FIRST - MINUTE, (403, "agreement_not_yet_valid")),
    ):
        await gateway.at(moment)
        for path in ("/v1/students", "/v1/attendance", "/v1/grant"):
            assert await status(gateway, token, path) == expected, (moment, path)


async def test_a_refusal_outside_the_term_names_the_clause_and_is_on_the_log(gateway: Gateway) -> None:
    token = await gateway.token(MENTORING)
    await gateway.at(AFTER)
    size = await gateway.size()
    refused = (await gateway.get(MENTORING, "/v1/students", token=token)).json()
    assert refused["clause"] == "/term/last_day"
    (entry,) = await gateway.entries(size)
    assert (entry["event"], entry["code"]) == ("refusal", "agreement_expired")


async def test_no_token_is_issued_outside_the_term(gateway: Gateway) -> None:
    for moment in (FIRST - MINUTE, AFTER):
        await gateway.at(moment)
        with pytest.raises(PartnerRefused, match="invalid_authorization_details"):
            await gateway.token(MENTORING)
    await gateway.at(FIRST)
    assert await gateway.token(MENTORING)


async def test_what_was_permitted_a_minute_ago_is_read_again_when_the_term_ends(gateway: Gateway) -> None:
    # The decision is remembered and no epoch moves; the clock that came with the rows tells that it is over.
    await gateway.at(AFTER - MINUTE)
    await gateway.ask(TUTORING)
    await gateway.at(AFTER)
    with pytest.raises(Problem, match="agreement_expired"):
        await gateway.ask(TUTORING)


@pytest.mark.ferpa("T2")
async def test_an_agreement_gives_the_school_years_it_names_and_no_others(gateway: Gateway) -> None:
    deployment, office = gateway.deployment, await gateway.office()
    wanted = [STUDENTS["ximena"].number, STUDENTS["last_year"].number]
    found = {}
    for years in (["2025-2026"], ["2026-2027"], ["2025-2026", "2026-2027"]):
        older = deployment.ring.agreement(SPS_B, changes=_over(years))
        await bring_into_force(office, deployment.ring, older, deployment.partners[HARBOR])
        rosters = [(older.agreement.id, number, "2026-09-01", None) for number in wanted]
        await load(office, deployment.keys, gateway.home, {"rosters": rosters})
        details = {"agreement": older.digest, "purpose": "mentoring"}
        token = (await asyncio.to_thread(gateway.client(MENTORING).token, details))["access_token"]
        rows = (await gateway.get(MENTORING, "/v1/students", token=token)).json()["data"]
        found[tuple(years)] = names(rows)
    this_year, last_year = STUDENTS["ximena"].first, STUDENTS["last_year"].first
    assert list(found.values()) == [{last_year}, {this_year}, {this_year, last_year}]


def _over(years: list[str]) -> dict[str, Any]:
    """Return the changes that make an agreement about these school years, at the school both students went to."""
    notices = [{"school_year": year, "reference": "Annual notice"} for year in ("2025-2026", "2026-2027")]
    return {
        "/id": f"agreement:years-{len(years)}-{years[0]}",
        "/datasets": [
            {
                "dataset": "students",
                "school_years": years,
                "elements": [{"element": element, "transformation": "exact"} for element in ("000115", "000243")],
            }
        ],
        "/basis/annual_notice_ref": notices,
        "/population": {"all": [{"roster": True}, {"in": {"column": "school_identifier", "values": ["ECS-101"]}}]},
    }
