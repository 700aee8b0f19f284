"""A page is not put in order where that means the whole of a large population, for every page again."""

import pytest

from gateway.records import extent
from tests.factories.cohort import COVERED, MENTORING, TUTORING
from tests.factories.gateway import Gateway, names

SORTED = "/v1/students?fields=first_name&sort=first_name&limit=500"
POPULATION = len(COVERED) + 1
"""Covered by the tutoring agreement; one of them has no enrollment this year, and so no row."""


@pytest.mark.claim(4)
@pytest.mark.claim(8)
async def test_a_sorted_page_of_too_many_students_is_refused_before_it_is_read_and_on_the_log_first(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extent, "MOST_SORTED", POPULATION - 1)
    answers = [
        await gateway.get(TUTORING, address)
        for address in (SORTED, SORTED.replace("first_name&limit", "last_name&limit"), f"{SORTED}&last_name=Nobody")
    ]
    assert {(each.status_code, each.json()["code"]) for each in answers} == {(400, "too_many_to_sort")}
    assert len({each.json()["detail"] for each in answers}) == 1
    assert not any(each.first in answers[0].text for each in COVERED)
    entry = (await gateway.entries())[-1]
    assert (entry["event"], entry["code"], entry["dataset"]) == ("refusal", "too_many_to_sort", "students")
    # Another agreement, of fewer students, and pages in no order are served.
    assert (await gateway.get(MENTORING, SORTED)).status_code == 200
    unsorted = await gateway.get(TUTORING, SORTED.replace("&sort=first_name", ""))
    assert names(unsorted.json()["data"]) == {each.first for each in COVERED}


async def test_a_sorted_page_of_as_many_students_as_can_be_is_served(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extent, "MOST_SORTED", POPULATION)
    rows = (await gateway.get(TUTORING, SORTED)).json()["data"]
    assert [row["first_name"] for row in rows] == sorted(each.first for each in COVERED)
