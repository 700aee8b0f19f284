"""Who left an agreement, and when: read from the days and entries of the kept population."""

import datetime as dt
from collections.abc import Mapping
from typing import Final
from uuid import UUID

import asyncpg
import pytest

from gateway.services.obligations.leavers import leavers_of
from tests.factories.cohort import DAY, TUTORING
from tests.factories.gateway import Gateway

CODE: Final = "rc_" + "a" * 26
ONE: Final = dt.timedelta(days=1)
ANOTHER: Final = "sha256:" + "8" * 64
Row = tuple[str, str, int, int | None]
"""Agreement, days, the entry that began it, the entry that ended it."""

_STUDENTS: Final = "SELECT student_id FROM records.code WHERE line = $1 ORDER BY student_id LIMIT 1"
_INSERT: Final = """INSERT INTO records.population (agreement, student_id, code, valid, from_idx, to_idx)
    VALUES ($1, $2, $3, $4::text::datemultirange, $5, $6)"""


async def emptied(gateway: Gateway) -> tuple[asyncpg.Connection, UUID]:
    """Empty the population, and return a connection and a student."""
    owner = await gateway.database.connection("owner")
    await owner.execute("DELETE FROM records.population")
    student: UUID = await owner.fetchval(_STUDENTS, gateway.deployment.agreements[TUTORING].agreement.id)
    return owner, student


async def left(gateway: Gateway, *rows: Row, today: dt.date = DAY) -> Mapping[str, dt.date]:
    owner, student = await emptied(gateway)
    for agreement, days, begun, ended in rows:
        await owner.execute(_INSERT, agreement, student, CODE, days, begun, ended)
    terms = gateway.deployment.agreements[TUTORING].agreement
    async with (await gateway.office()).engine.connect() as connection:
        return await leavers_of(connection, terms, (terms.digest, ANOTHER), today)


@pytest.fixture
def own(gateway: Gateway) -> str:
    return gateway.digest(TUTORING)


async def test_whom_the_agreement_covers_today_or_will_cover_has_not_left(gateway: Gateway, own: str) -> None:
    for days in ("{[2026-09-01,)}", "{[2026-09-01,2027-03-11)}", "{[2026-09-01,2026-10-01),[2027-04-01,2027-05-01)}"):
        assert await left(gateway, (own, days, 3, None)) == {}
    assert await left(gateway) == {}


async def test_a_student_left_on_the_last_day_of_the_rows(gateway: Gateway, own: str) -> None:
    days, last = "{[2026-09-01,2027-03-21)}", dt.date(2027, 3, 20)
    assert await left(gateway, (own, days, 3, None), today=last) == {}
    assert await left(gateway, (own, days, 3, None), today=last + ONE) == {CODE: last}


async def test_a_student_left_on_the_day_of_the_entry_that_ended_the_row(gateway: Gateway, own: str) -> None:
    ended = (await gateway.size()) - 1  # every entry here is of the day itself
    assert await left(gateway, (own, "{[2026-09-01,)}", 3, ended)) == {CODE: DAY}
    assert await left(gateway, (own, "{[2026-09-01,2027-03-11)}", 3, ended), today=DAY + 9 * ONE) == {CODE: DAY}


async def test_a_row_that_gives_way_to_another_is_no_leaving(gateway: Gateway, own: str) -> None:
    ended = (await gateway.size()) - 1
    rows: tuple[Row, ...] = ((own, "{[2026-09-01,)}", 3, ended), (own, "{[2026-09-01,2027-06-01)}", ended, None))
    assert await left(gateway, *rows) == {}
    assert await left(gateway, *rows, today=dt.date(2027, 6, 1)) == {CODE: dt.date(2027, 5, 31)}


async def test_whom_a_later_version_covers_has_not_left(gateway: Gateway, own: str) -> None:
    gone, today = (own, "{[2026-09-01,2027-03-11)}", 3, None), DAY + ONE
    assert await left(gateway, gone, (ANOTHER, "{[2027-03-11,)}", 3, None), today=today) == {}
    unrelated = "sha256:" + "9" * 64
    assert await left(gateway, gone, (unrelated, "{[2027-03-11,)}", 3, None), today=today) == {CODE: DAY}


async def test_who_was_never_covered_while_something_could_be_asked_for_is_nobody_who_left(
    gateway: Gateway, own: str
) -> None:
    ended = (await gateway.size()) - 1
    assert await left(gateway, (own, "{[2026-07-01,2026-09-01)}", 3, None)) == {}  # before the term
    assert await left(gateway, (own, "{[2027-04-01,)}", 3, ended)) == {}  # ended before it began
    assert await left(gateway, (own, "{[2026-09-01,2027-03-01)}", ended, None)) == {}  # recorded when it was past
