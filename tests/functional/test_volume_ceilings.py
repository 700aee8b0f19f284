"""Volume ceilings over HTTP: a key, stolen or not, cannot walk the population again and again."""

import asyncio
import datetime as dt
import logging
from dataclasses import replace

import pytest

from agreements.elements import load_catalogue
from audit.errors import AuditError
from gateway.problems import Problem
from gateway.services.alarms import alarm
from gateway.services.analysis.analyses import Analyses
from gateway.services.analysis.past import Law
from gateway.services.container import open_services
from policies.ceilings import Ceiling
from policies.guardrails import Guardrails, load_guardrails
from tests.factories.cohort import COVERED, FOLLOW_UP, MENTORING, STUDENTS, TUTORING, on_roster
from tests.factories.gateway import NOON, Gateway, names

WALK = "/v1/students?fields=first_name&limit=500"
POPULATION = len(COVERED) + 1
"""Covered by the tutoring agreement; one of them has no enrollment this year, and so no row."""


def low(times: int, least: int) -> Guardrails:
    """The shipped guardrails, with ceilings that a test can reach."""
    shipped = load_guardrails()
    return replace(shipped, ceilings=dict.fromkeys(shipped.ceilings, Ceiling(times, least)))


@pytest.mark.claim(4)
async def test_more_than_the_population_allows_is_refused_and_on_the_log_first(
    idle_gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = idle_gateway
    await gateway.serve(guardrails=low(times=2, least=1))
    for _ in range(2):
        assert names((await gateway.get(TUTORING, WALK)).json()["data"]) == {each.first for each in COVERED}
    with caplog.at_level(logging.ERROR, "pactgate"):
        refused = await gateway.get(TUTORING, WALK)
    assert (refused.status_code, refused.json()["code"]) == (429, "volume_exceeded")
    assert 0 < int(refused.headers["retry-after"]) <= 4 * 3600
    assert not any(each.first in refused.text for each in COVERED)
    entry = (await gateway.entries(await gateway.size() - 1))[0]
    assert (entry["event"], entry["code"], entry["dataset"]) == ("refusal", "volume_exceeded", "students")
    assert (entry["records"], entry["most"]) == (len(COVERED), 2 * POPULATION)
    assert [record.getMessage().split()[:2] for record in caplog.records] == [["alarm", "volume_exceeded"]]
    # The log can be replayed afterwards: a ceiling is no decision of the rules.
    law = Law(load_catalogue(), low(times=2, least=1))
    replayed = await Analyses((await gateway.office()).desk, law, alarm).replay(
        dt.timedelta(days=30), draft=None, law=None
    )
    assert (replayed.not_decided["volume_exceeded"], replayed.differences) == (1, ())


async def test_looking_up_one_student_counts_and_finding_none_does_not(idle_gateway: Gateway) -> None:
    gateway = idle_gateway
    await gateway.serve(guardrails=low(times=1, least=6))
    row, *_ = await gateway.rows(MENTORING, fields="first_name")
    one = f"/v1/students/{row['record_code']}?fields=first_name"
    found = [await gateway.get(MENTORING, path) for path in (one, f"/v1/students/rc_{'a' * 26}", one, one)]
    assert [answer.status_code for answer in found] == [200, 404, 200, 429]
    # A page without rows has nothing to count.
    empty = await gateway.get(MENTORING, "/v1/students?fields=first_name&first_name=Nobody")
    assert (empty.status_code, empty.json()["data"]) == (200, [])


async def test_a_day_a_dataset_and_an_agreement_each_have_their_own_count(idle_gateway: Gateway) -> None:
    gateway = idle_gateway
    await gateway.serve(guardrails=low(times=1, least=1))
    assert (await gateway.get(TUTORING, WALK)).status_code == 200
    assert (await gateway.get(TUTORING, WALK)).status_code == 429
    # The same client under its other agreement, another client, another dataset.
    assert (await gateway.get(FOLLOW_UP, WALK)).status_code == 200
    assert (await gateway.get(MENTORING, WALK)).status_code == 200
    assert (await gateway.get(TUTORING, "/v1/attendance?fields=days_absent&limit=500")).status_code == 200
    await gateway.at(NOON + dt.timedelta(hours=3, minutes=59))
    assert (await gateway.get(TUTORING, WALK)).status_code == 429
    await gateway.at(NOON + dt.timedelta(hours=4))
    assert (await gateway.get(TUTORING, WALK)).status_code == 200
    assert (await gateway.get(TUTORING, WALK)).status_code == 429


async def test_a_refusal_spends_nothing_and_a_restart_gives_nothing_back(idle_gateway: Gateway) -> None:
    gateway, few = idle_gateway, low(times=1, least=6)
    await gateway.serve(guardrails=few)
    assert len(await gateway.rows(MENTORING, fields="first_name")) == len(on_roster(MENTORING)) == 4
    for _ in range(3):
        assert (await gateway.get(MENTORING, WALK)).status_code == 429
    await gateway.serve(guardrails=few)
    assert (await gateway.get(MENTORING, WALK)).status_code == 429
    answers = [await gateway.get(MENTORING, f"/v1/students?fields=first_name&limit={rows}") for rows in (2, 1)]
    assert [answer.status_code for answer in answers] == [200, 429]


async def test_the_ceiling_follows_the_population_of_the_epoch(idle_gateway: Gateway) -> None:
    gateway = idle_gateway
    await gateway.serve(guardrails=low(times=1, least=1))
    assert len((await gateway.get(TUTORING, WALK)).json()["data"]) == POPULATION - 1
    # One row is left, and goes with the student.
    await (await gateway.steward()).withdraw(gateway.digest(TUTORING), STUDENTS["ximena"].number)
    assert (await gateway.get(TUTORING, "/v1/students?fields=first_name&limit=1")).status_code == 429


async def test_askers_on_two_replicas_never_pass_the_ceiling_together(idle_gateway: Gateway) -> None:
    gateway, few = idle_gateway, low(times=0, least=60)
    await gateway.serve(guardrails=few)
    made = gateway.deployment
    async with open_services(
        gateway.database.url("app"), made.keys, made.trust, readers=4, public_url="http://127.0.0.1", guardrails=few
    ) as second:
        start, refused = await gateway.size(), set[str]()

        async def asks(number: int) -> None:
            for turn in range(5):
                services = (gateway.services, second)[(number + turn) % 2]
                try:
                    await gateway.ask(TUTORING, services=services, limit=1 + (number + turn) % 3)
                except (Problem, AuditError) as error:
                    refused.add(error.code)

        async with asyncio.TaskGroup() as group:
            for number in range(16):
                group.create_task(asks(number))
    entries = await gateway.entries(start)
    assert len(entries) == 80
    left = [entry["records"] for entry in entries if entry["event"] == "disclosure"]
    assert 57 < sum(left) <= 60
    assert refused == {entry["code"] for entry in entries if entry["event"] == "refusal"} == {"volume_exceeded"}
