"""
Claim 3. No row outside the population, judged in the same snapshot in which the rows were read.

Over the wire: whatever a partner asks, in whatever order and pages, it finds the students its agreement covers on that
day and nobody else.
"""

import asyncio
import datetime as dt

import pytest

from gateway.services.stops import withdraw_consent
from tests.factories.cohort import COVERED, MENTORING, NOT_COVERED, STUDENTS, TUTORING, on_roster
from tests.factories.gateway import NOON, Gateway, load, names

pytestmark = pytest.mark.claim(3)

COVERED_NAMES = {each.first for each in COVERED}
ONLY_MENTORED = {STUDENTS[role].first for role in ("mentored_a", "mentored_b")}


async def code_of(gateway: Gateway, agreement: str, role: str) -> str:
    """Return the record code of a student under an agreement."""
    rows = await gateway.rows(agreement, fields="first_name", first_name=STUDENTS[role].first)
    return str(rows[0]["record_code"])


async def status_of(gateway: Gateway, agreement: str, code: str) -> int:
    """Return how a request for one student is answered."""
    return (await gateway.get(agreement, f"/v1/students/{code}?fields=first_name")).status_code


async def test_whatever_is_asked_nobody_else_is_found(gateway: Gateway) -> None:
    for query in (
        {"limit": 1, "fields": "first_name"},
        {"limit": 9, "sort": "gpa_cumulative"},
        {"limit": 500, "sort": "last_name"},
        {"school_identifier": "ECS-103"},
        {"grade_level": "09", "sort": "birthdate", "limit": 3},
    ):
        found = names(await gateway.rows(TUTORING, **query))
        assert found <= COVERED_NAMES
        if len(query) == 2 and "limit" in query:
            assert found == COVERED_NAMES
    assert await gateway.rows(TUTORING, school_identifier="ECS-199") == []
    assert await gateway.rows(TUTORING, school_year="2025-2026") == []


async def test_each_reason_not_to_be_covered_keeps_a_student_out(gateway: Gateway) -> None:
    for student in NOT_COVERED:
        assert await gateway.rows(TUTORING, last_name=student.last) == [], student.role


async def test_a_student_of_another_partner_does_not_appear_by_code_name_or_cursor(gateway: Gateway) -> None:
    theirs = await gateway.rows(MENTORING)
    assert names(theirs) >= ONLY_MENTORED
    for row in theirs:
        assert await status_of(gateway, MENTORING, row["record_code"]) == 200
        assert await status_of(gateway, TUTORING, row["record_code"]) == 404
    for name in ONLY_MENTORED:
        assert await gateway.rows(TUTORING, first_name=name) == []
    cursor = (await gateway.get(MENTORING, "/v1/students?limit=1")).json()["next"]
    foreign = await gateway.get(TUTORING, f"/v1/students?limit=1&cursor={cursor}")
    assert (foreign.status_code, foreign.json()["code"]) == (400, "cursor_invalid")


@pytest.mark.ferpa("T2")
async def test_last_years_rows_are_absent(gateway: Gateway) -> None:
    years = {row["school_year"] for row in await gateway.rows(TUTORING) if "school_year" in row}
    assert years == {"2026-2027"}
    assert STUDENTS["last_year"].first not in names(await gateway.rows(TUTORING))


async def test_withdrawn_opted_out_and_taken_off_the_roster_are_gone_on_the_next_request(gateway: Gateway) -> None:
    office, steward = await gateway.office(), await gateway.steward()
    codes = {role: await code_of(gateway, TUTORING, role) for role in ("ximena", "fio", "dagny", "calixte", "eskil")}
    line = gateway.line(TUTORING)
    await steward.withdraw(line, STUDENTS["ximena"].number)
    assert await status_of(gateway, TUTORING, codes["ximena"]) == 404
    await steward.opt_out(STUDENTS["fio"].number, None, directory_only=False)
    assert await status_of(gateway, TUTORING, codes["fio"]) == 404
    # The new roster leaves one student out and knows that another's place ended yesterday.
    rows: list[tuple[object, ...]] = []
    for role in on_roster(TUTORING) - {"dagny"}:
        ended = "2027-03-09" if role == "calixte" else None
        rows.append((line, STUDENTS[role].number, "2026-09-01", ended))
    await load(office, gateway.deployment.keys, gateway.home, {"rosters": rows})
    assert {role for role in codes if await status_of(gateway, TUTORING, codes[role]) == 200} == {"eskil"}
    gone = {STUDENTS[role].first for role in codes if role != "eskil"}
    assert names(await gateway.rows(TUTORING)) == COVERED_NAMES - gone
    # The other partner's agreement rests on no consent: only the opt-out concerns it.
    assert names(await gateway.rows(MENTORING)) == ONLY_MENTORED | {STUDENTS["calixte"].first}


async def test_who_leaves_a_school_is_gone_the_day_after(gateway: Gateway) -> None:
    office, code = await gateway.office(), await code_of(gateway, TUTORING, "ximena")
    stays = [
        (
            each.number,
            each.school,
            each.year,
            each.grade,
            each.stay[0],
            NOON.date() if role == "ximena" else each.stay[1],
        )
        for role, each in STUDENTS.items()
    ]
    await load(office, gateway.deployment.keys, gateway.home, {"enrollments": stays})
    assert await status_of(gateway, TUTORING, code) == 200
    await gateway.at(NOON + dt.timedelta(days=1))
    assert await status_of(gateway, TUTORING, code) == 404


async def test_a_parents_consent_lapses_on_the_eighteenth_birthday(gateway: Gateway) -> None:
    code = await code_of(gateway, TUTORING, "dagny")
    # Midnight in Seattle between 10 and 11 March is 08:00 in UTC.
    midnight = dt.datetime(2027, 3, 11, 8, tzinfo=dt.UTC)
    await gateway.at(midnight - dt.timedelta(minutes=1))
    assert await status_of(gateway, TUTORING, code) == 200
    await gateway.at(midnight)
    assert await status_of(gateway, TUTORING, code) == 404


async def test_a_consent_that_begins_or_ends_is_counted_by_the_day(gateway: Gateway) -> None:
    found = {}
    for day in (9, 10, 11):
        await gateway.at(NOON.replace(day=day))
        seen = names(await gateway.rows(TUTORING, fields="first_name"))
        found[day] = {role for role in ("lapsed", "not_begun") if STUDENTS[role].first in seen}
    assert found == {9: {"lapsed"}, 10: set(), 11: {"not_begun"}}


async def test_rows_that_were_read_before_a_withdrawal_do_not_leave_after_it(gateway: Gateway) -> None:
    office = await gateway.office()
    code = await code_of(gateway, TUTORING, "ximena")
    async with office.engine.begin() as connection:
        # It holds the head and is not committed: whoever reads now still sees the student.
        await withdraw_consent(connection, gateway.line(TUTORING), STUDENTS["ximena"].number, scopes=office.desk.scopes)
        asking = asyncio.create_task(gateway.get(TUTORING, f"/v1/students/{code}?fields=first_name"))
        await gateway.blocked()
        assert not asking.done()
    answer = await asking
    assert answer.status_code == 404
    assert STUDENTS["ximena"].first not in answer.text
