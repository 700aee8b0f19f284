"""
Claim 2. No rule, no field. Columns outside the grant are not selected, filtered on, sorted by or used in a cursor.

Over the wire and down to the statement that PostgreSQL is sent. The side of the decision alone, over every element, is
shown with the policies.
"""

import re
from collections.abc import Sequence

import pytest

from agreements.elements import load_catalogue
from gateway.records import facts
from gateway.records.following import Follower
from gateway.records.reader import Reader
from tests.factories.cohort import COVERED, MENTORING, PARTIAL, STUDENTS, TUTORING
from tests.factories.gateway import Gateway, names

pytestmark = pytest.mark.claim(2)

FOUR = {"first_name", "last_name", "grade_level", "school_identifier"}
SIX = sorted(FOUR | {"birthdate", "gpa_cumulative"})
WORD = re.compile(r"[a-z_0-9]+")
STRUCTURE = {"student_id", "school_identifier", "school_year", "entry_date", "exit_date", "session_identifier"}
"""What says whose row it is, which stay counts and that a summary is the whole year's, whatever is asked."""
STORED = {
    column.name
    for table in (facts.person, facts.enrollment, facts.academic_summary)
    for column in table.c
    if column.info.get("element")
}


async def statements(gateway: Gateway, *paths: str) -> Sequence[str]:
    """Return the statements with which rows were read for these paths; how many students there are is no row."""
    sent: list[str] = []
    pool = gateway.services.database.pool
    async with pool.acquire() as connection:
        connection.add_query_logger(lambda record: sent.append(record.query))
    for path in paths:
        answer = await gateway.get(TUTORING, path)
        assert answer.status_code == 200, answer.text
    return [statement for statement in sent if "granted_students" in statement]


async def test_an_element_outside_the_grant_is_refused_in_every_position(gateway: Gateway) -> None:
    for name in ("sex", "telephone", "middle_name", "student_identifier", "race", "iep_status"):
        for query in ("fields={}", "fields=first_name,{}", "{}=x", "sort={}"):
            refused = await gateway.get(TUTORING, f"/v1/students?{query.format(name)}")
            body = refused.json()
            assert (refused.status_code, body["code"]) == (403, "element_not_covered")
            assert (body["elements"], body["clause"]) == ([name], "/datasets/0/elements")
            assert "data" not in body


async def test_a_name_that_nobody_has_is_refused_and_not_ignored(gateway: Gateway) -> None:
    for query in ("fields=ssn", "fields=first_name,ssn", "ssn=1", "sort=ssn", "sort=first_name,ssn"):
        refused = await gateway.get(TUTORING, f"/v1/students?{query}")
        assert (refused.status_code, refused.json()["code"]) == (400, "unknown_element")


async def test_an_element_of_another_dataset_opens_nothing_in_this_one(gateway: Gateway) -> None:
    crossed = await gateway.get(TUTORING, "/v1/attendance?fields=gpa_cumulative")
    assert (crossed.status_code, crossed.json()["code"]) == (400, "unknown_element")
    events = await gateway.get(TUTORING, "/v1/attendance/events")
    assert (events.status_code, events.json()["code"]) == (403, "dataset_not_covered")


async def test_postgresql_is_not_even_asked_for_a_column_that_does_not_leave(idle_gateway: Gateway) -> None:
    await idle_gateway.serve(readers=1)
    for name, query in (
        ("first_name", "fields=first_name"),
        ("gpa_cumulative", "fields=gpa_cumulative"),
        ("birthdate", "fields=birthdate&birthdate=15"),
        ("last_name", "fields=last_name&sort=last_name"),
        ("grade_level", "fields=grade_level&limit=2"),
    ):
        (statement,) = await statements(idle_gateway, f"/v1/students?{query}")
        asked = set(WORD.findall(statement)) & STORED
        assert name in asked
        assert asked <= {name} | STRUCTURE, (name, asked)


async def test_one_statement_reads_rows_population_epoch_and_clock(idle_gateway: Gateway) -> None:
    await idle_gateway.serve(readers=1)
    (statement,) = await statements(idle_gateway, "/v1/students")
    assert {"granted_students", "epoch", "clock"} <= set(WORD.findall(statement))
    granted = {element.name for element in load_catalogue().in_dataset("students")} & set(WORD.findall(statement))
    assert not granted & {"sex", "telephone", "street_address", "race", "email", "iep_status"}


async def test_filters_and_sorting_act_on_the_value_as_released(gateway: Gateway) -> None:
    born = await gateway.get(TUTORING, "/v1/students?birthdate=2012-09-01")
    assert (born.status_code, born.json()["code"]) == (400, "bad_filter")
    # Fourteen on 1 September 2026: one was born that day, the other a day later.
    assert STUDENTS["bartholo"].first in names(await gateway.rows(TUTORING, birthdate=14))
    assert STUDENTS["calixte"].first not in names(await gateway.rows(TUTORING, birthdate=14))
    ages = [row["birthdate"] for row in await gateway.rows(TUTORING, sort="birthdate", limit=4) if "birthdate" in row]
    assert ages == sorted(ages)


async def test_who_sorts_by_age_learns_nothing_of_the_days_within_a_year(gateway: Gateway) -> None:
    rows = await gateway.rows(TUTORING, sort="birthdate", birthdate=15)
    codes = [row["record_code"] for row in rows]
    assert len(codes) > 30
    assert codes == sorted(codes)


async def test_a_consent_to_four_of_six_elements_yields_four(gateway: Gateway) -> None:
    rows = await gateway.rows(TUTORING, fields=",".join(SIX))
    partial = {each.first for each in PARTIAL}
    assert partial
    for row in rows:
        wanted = FOUR if row["first_name"] in partial else set(SIX)
        assert set(row) - {"record_code"} == wanted


async def test_a_consent_that_does_not_cover_a_value_hides_it_from_filters(gateway: Gateway) -> None:
    covered, hidden = STUDENTS["ximena"], PARTIAL[0]
    assert names(await gateway.rows(TUTORING, gpa_cumulative=covered.gpa)) == {covered.first}
    assert await gateway.rows(TUTORING, gpa_cumulative=hidden.gpa) == []
    assert names(await gateway.rows(TUTORING, first_name=hidden.first)) == {hidden.first}
    # Not by the released age either, though it is the same as that of most others.
    assert names(await gateway.rows(TUTORING, birthdate=15)).isdisjoint(each.first for each in PARTIAL)
    assert names(await gateway.rows(TUTORING, birthdate=15, first_name=hidden.first)) == set()


@pytest.mark.parametrize("limit", [3, 100])
async def test_a_consent_that_does_not_cover_a_value_hides_it_from_sorting(gateway: Gateway, limit: int) -> None:
    rows = await gateway.rows(TUTORING, sort="gpa_cumulative", limit=limit)
    known = [row["gpa_cumulative"] for row in rows if row.get("gpa_cumulative") is not None]
    assert known == sorted(known)
    # Theirs are the lowest of all; they stand with the unknown ones, and among these by code alone.
    last = rows[len(known) :]
    assert names(last) == {each.first for each in COVERED if each.gpa is None} | {each.first for each in PARTIAL}
    codes = [row["record_code"] for row in last]
    assert codes == sorted(codes)


async def test_a_cursor_holds_no_value_that_can_be_read(gateway: Gateway) -> None:
    page = (await gateway.get(TUTORING, "/v1/students?limit=1&sort=last_name")).json()
    assert page["data"][0]["last_name"] not in page["next"]
    crossed = await gateway.get(TUTORING, f"/v1/students?limit=1&sort=first_name&cursor={page['next']}")
    assert (crossed.status_code, crossed.json()["code"]) == (400, "cursor_invalid")


async def test_a_narrower_agreement_of_another_partner_is_not_widened_by_ours(gateway: Gateway) -> None:
    refused = await gateway.get(MENTORING, "/v1/students?fields=gpa_cumulative")
    assert refused.json()["code"] == "element_not_covered"
    assert all("gpa_cumulative" not in row for row in await gateway.rows(MENTORING))


def test_the_reader_is_the_only_way_to_the_rows() -> None:
    for door, name in ((Reader, "read_page"), (Follower, "read_changes")):
        assert [each for each in vars(door) if not each.startswith("_")] == [name]
