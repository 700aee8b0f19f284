"""A stop that comes while a list is loaded stands: whatever the list said when it was compared does not bring back."""

import datetime as dt
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.records.coverage import Scope
from gateway.records.errors import LoadBusy
from gateway.records.subjects import SubjectKey
from gateway.services.appearing import Appearing
from gateway.services.loads import Loads
from gateway.services.renumbering import merge_students
from gateway.services.stops import opt_out, withdraw_consent
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    ENROLLMENTS,
    LINE,
    STUDENTS,
    SmallDistrict,
    mapping_for,
    permit,
    terms,
)

pytestmark = [pytest.mark.claim(7), pytest.mark.ferpa("C8")]

CONSENT = terms(basis="consent", element_order=("000115",))
LEAVE = permit("first_name", rows=CONSENT)
NUMBERS = ("1001", "1002", "1004")
"""Students whose birth dates are known, so that a parent's consent covers something."""
RECORDS = {"students": STUDENTS, "enrollments": ENROLLMENTS}
Meanwhile = Callable[[], Awaitable[None]]


def consents(last: str | None = None) -> list[tuple[object, ...]]:
    """Return the list; the first one's consent has this last day."""
    lasting = {NUMBERS[0]: last}
    return [(LINE, each, "all", "parent", "2025-09-01", "2025-09-02", lasting.get(each)) for each in NUMBERS]


class _HeldBefore(Loads):
    meanwhile: Meanwhile

    async def _prepare(self, *given: Any, **more: Any) -> Any:
        await self.meanwhile()
        return await super()._prepare(*given, **more)


class _HeldAfter(Appearing):
    meanwhile: Meanwhile

    async def show(self, *given: Any, **more: Any) -> tuple[int, ...]:
        await self.meanwhile()
        return await super().show(*given, **more)


class _HeldLast(Appearing):
    meanwhile: Meanwhile

    async def publish(self, *given: Any, **more: Any) -> tuple[int, ...]:
        await self.meanwhile()
        return await super().publish(*given, **more)


def before_rows_are_written(district: SmallDistrict, meanwhile: Meanwhile) -> Loads:
    """Loads that are held when their lists were compared."""
    loads = _HeldBefore(district.engine, SubjectKey(bytes(32)), district.in_force)
    loads.meanwhile = meanwhile
    return loads


def before_populations_are_prepared(district: SmallDistrict, meanwhile: Meanwhile) -> Loads:
    """Loads that are held when all of their rows are prepared."""
    loads = Loads(district.engine, SubjectKey(bytes(32)), district.in_force)
    appearing = _HeldAfter(district.engine, district.in_force, secrets.token_bytes)
    appearing.meanwhile = meanwhile
    loads.appearing = appearing
    return loads


def before_it_is_visible(district: SmallDistrict, meanwhile: Meanwhile) -> Loads:
    """Loads that are held when what populations will be is prepared too."""
    loads = Loads(district.engine, SubjectKey(bytes(32)), district.in_force)
    appearing = _HeldLast(district.engine, district.in_force, secrets.token_bytes)
    appearing.meanwhile = meanwhile
    loads.appearing = appearing
    return loads


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2026, 2, 1))
    district.scopes.append(Scope(AGREEMENT, LINE, CONSENT))
    await district.load({**RECORDS, "consents": consents()})
    assert await seen(district) == {"Ana", "Bo", "Dua"}
    return district


async def seen(district: SmallDistrict) -> set[str]:
    return {row["first_name"] for row in await district.rows(LEAVE)}


async def withdraw(district: SmallDistrict, number: str) -> None:
    async with district.engine.begin() as connection:
        await withdraw_consent(connection, LINE, number, scopes=district.in_force)


@pytest.mark.parametrize(
    ("targets", "last"),
    [(("consents",), None), (("students", "enrollments", "consents"), "2026-06-30")],
    ids=["as it was", "changed, with records"],
)
@pytest.mark.parametrize("held", [before_rows_are_written, before_populations_are_prepared, before_it_is_visible])
async def test_a_consent_withdrawn_while_its_list_is_loaded_stays_withdrawn(
    district: SmallDistrict,
    held: Callable[[SmallDistrict, Meanwhile], Loads],
    targets: tuple[str, ...],
    last: str | None,
) -> None:
    stops = iter(("1001",))

    async def meanwhile() -> None:
        for number in stops:
            await withdraw(district, number)

    district.write("consents", *consents(last))
    await held(district, meanwhile).load(mapping_for(*targets), district.folder)
    assert await seen(district) == {"Bo", "Dua"}
    in_force = "SELECT count(*) FROM records.consent JOIN records.identity USING (student_id) WHERE to_idx IS NULL"
    assert await district.owner.fetchval(f"{in_force} AND student_identifier = '1001'") == 0
    assert await district.owner.fetchval(in_force) == 2


@pytest.mark.parametrize("held", [before_populations_are_prepared, before_it_is_visible])
async def test_a_stop_about_somebody_whom_the_lists_do_not_change_stands_and_keeps_no_load_waiting(
    district: SmallDistrict, held: Callable[[SmallDistrict, Meanwhile], Loads], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.services.loads._ATTEMPTS", 1)
    stops = iter(NUMBERS[1:])

    async def meanwhile() -> None:
        for number in stops:
            await withdraw(district, number)

    district.write("consents", *consents("2026-06-30"))
    report = await held(district, meanwhile).load(mapping_for("consents"), district.folder)
    assert [(each.changed, each.refused_rows) for each in report.targets] == [(1, 0)]
    assert await seen(district) == {"Ana"}
    days = "SELECT to_date FROM records.consent WHERE to_idx IS NULL"
    assert [row["to_date"] for row in await district.owner.fetch(days)] == [dt.date(2026, 6, 30)]


async def test_what_a_list_says_of_a_childs_second_number_counts_though_something_came_about_the_first(
    district: SmallDistrict,
) -> None:
    first, second = NUMBERS[0], NUMBERS[2]
    async with district.engine.begin() as connection:
        await merge_students(connection, second, first, scopes=district.in_force)
    assert await seen(district) == {"Ana", "Bo"}
    comes = iter((first,))

    async def meanwhile() -> None:
        for number in comes:
            async with district.engine.begin() as connection:
                await opt_out(connection, number, scopes=district.in_force, directory_only=True)

    district.write("opt_outs", (second, None, "sharing", "2026-01-01"))
    await before_it_is_visible(district, meanwhile).load(mapping_for("opt_outs"), district.folder)
    assert await seen(district) == {"Bo"}


async def test_lists_that_stops_overtake_whenever_they_are_loaded_give_way(
    district: SmallDistrict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.services.loads._ATTEMPTS", 1)

    async def meanwhile() -> None:
        await withdraw(district, NUMBERS[0])

    district.write("consents", *consents("2026-06-30"))
    with pytest.raises(LoadBusy, match="stops came"):
        await before_populations_are_prepared(district, meanwhile).load(mapping_for("consents"), district.folder)
    # The next load is overtaken by nobody, and brings back nothing.
    await district.load({"consents": consents()})
    assert await seen(district) == {"Bo", "Dua"}
