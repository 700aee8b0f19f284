"""The rules over a whole deployment: nothing of an ordinary nightly fetch, what is unusual by its entries."""

import datetime as dt
from collections.abc import Sequence
from itertools import product

import pytest

from agreements.elements import load_catalogue
from agreements.lifecycle import Standing
from gateway.services.analysis.past import Law
from gateway.services.anomalies.thresholds import Thresholds
from gateway.services.anomalies.watch import Watch, Watched
from gateway.services.grants import alarm
from policies.guardrails import load_guardrails
from tests.factories.cohort import MENTORING, TUTORING, personal
from tests.factories.gateway import NOON, Gateway

LAW = Law(load_catalogue(), load_guardrails())
NIGHT = NOON - dt.timedelta(hours=10)
"""02:00 in the agreements' zone."""
PATHS = ("/v1/students", "/v1/attendance")


async def watched(gateway: Gateway, thresholds: Thresholds | None = None) -> Watched:
    return await Watch(await gateway.office(), LAW, alarm, thresholds).anomalies()


async def nights(gateway: Gateway, days: Sequence[int]) -> None:
    """Fetch everything by night, over the wire, as a partner's program does."""
    for day in days:
        await gateway.at(NIGHT + dt.timedelta(days=day))
        gateway._tokens.clear()
        for agreement, path in product((TUTORING, MENTORING), PATHS):
            await gateway.rows(agreement, path, limit=100)


async def test_the_ordinary_nightly_fetch_raises_no_false_alarm(gateway: Gateway) -> None:
    await nights(gateway, range(1, 9))
    found = await watched(gateway)
    fetched = {gateway.line(name) for name in (TUTORING, MENTORING)}
    assert [each.reason for each in found.anomalies if each.rule != "unused_grants"] == []
    # One agreement grants what no route serves yet; of what is served everything was fetched.
    unused = {each.reason.rpartition(": ")[2] for each in found.anomalies if each.agreement in fetched}
    assert unused <= {"discipline."}
    assert found.last == await gateway.size() - 1


@pytest.mark.claim(9)
async def test_what_is_unusual_is_told_by_its_entries_and_without_anybodys_name(gateway: Gateway) -> None:
    await gateway.at(NIGHT + dt.timedelta(days=1))
    for place in range(4):
        await gateway.get(TUTORING, f"/v1/receipts/{place}")
        await gateway.get(TUTORING, f"/v1/students/rc_{'a' * 25}{'bcde'[place]}")
    office = await gateway.office()
    await office.suspensions.stop_agreement(gateway.digest(TUTORING), Standing.SUSPENDED, "A complaint.")
    for _ in range(3):
        await gateway.get(TUTORING, "/v1/students")
    limits = Thresholds(codes_tried=4, burst=11, unused_days=3_650)
    found = await watched(gateway, limits)
    assert [each.rule for each in found.anomalies] == [
        "denial_burst",
        "receipts_of_others",
        "enumeration",
        "asks_after_stop",
    ]
    entries = await gateway.entries()
    for each in found.anomalies:
        assert {entries[index]["event"] for index in each.entries} == {"refusal"}
        assert not any(word in repr(each) for word in personal())
    assert (await watched(gateway, limits)).anomalies == found.anomalies


async def test_a_grant_is_unused_when_it_was_in_force_all_the_time(gateway: Gateway) -> None:
    young = await watched(gateway, Thresholds(unused_days=3_650))
    assert young.anomalies == ()  # the log is younger than that
    await gateway.rows(TUTORING, "/v1/students")
    unused = (await watched(gateway)).anomalies
    assert {each.rule for each in unused} == {"unused_grants"}
    reasons = {each.agreement: each.reason for each in unused}
    assert ": attendance" in reasons[gateway.line(TUTORING)]
    assert ": everything it grants." in reasons[gateway.line(MENTORING)]
