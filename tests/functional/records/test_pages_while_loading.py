"""A load never shows half of itself: a page is of one epoch, and a walk under a cursor loses and doubles nobody."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.records.coverage import Scope
from gateway.records.encoding import encode
from gateway.records.errors import LoadBusy
from gateway.records.reader import Page
from gateway.records.subjects import SubjectKey
from gateway.services.appearing import Appearing
from gateway.services.loads import Loads
from gateway.services.stops import opt_out
from policies.population import Roster
from tests.factories.database import TestDatabase
from tests.factories.records import AGREEMENT, LINE, YEAR, SmallDistrict, mapping_for, permit, terms

LEAVE = permit("first_name", "last_name")
NUMBERS = tuple(str(2000 + place) for place in range(24))
STAY = NUMBERS[:16]
"""These are there the whole time; the others come or go with the second load."""
pytestmark = pytest.mark.claim(3)


def files(numbers: Sequence[str], version: str) -> dict[str, Sequence[Sequence[object]]]:
    return {
        "students": [(each, each, version, "01.02.2012", "F", "98101", None) for each in numbers],
        "enrollments": [(each, "north", YEAR, "07", "2025-09-03", None) for each in numbers],
    }


def shown(page: Page) -> list[tuple[str, str]]:
    rows = [msgspec.json.decode(row) for row in encode(page, LEAVE)]
    return [(row["first_name"], row["last_name"]) for row in rows]


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path)
    district.scopes.append(Scope(AGREEMENT, LINE, terms()))
    await district.load(files((*STAY, *NUMBERS[16:20]), "v1"))
    return district


async def load_with(district: SmallDistrict, meanwhile: Callable[[], Awaitable[None]], **given: Any) -> None:
    """Load, and let `meanwhile` happen whenever the load asks what is in force: while it prepares."""

    async def scopes(_connection: AsyncConnection) -> Sequence[Scope]:
        found = tuple(district.scopes)
        await meanwhile()
        return found

    for target, rows in given.items():
        district.write(target, *rows)
    loads = Loads(district.engine, SubjectKey(bytes(32)), scopes)
    await district.load_by(mapping_for(*given), district.folder, loads=loads)


async def test_a_page_is_of_one_load_and_a_walk_across_it_loses_and_doubles_nobody(district: SmallDistrict) -> None:
    walked: list[tuple[str, str]] = []
    codes: list[str] = []
    after = None
    for number in range(20):
        page = await district.page(LEAVE, limit=5, after=after)
        rows = shown(page)
        assert len({version for _, version in rows}) == 1
        walked, codes = walked + rows, codes + list(page.codes)
        after = page.next
        if after is None:
            break
        if number == 1:
            await district.load(files((*STAY, *NUMBERS[20:]), "v2"), confirm=True)
    assert len(codes) == len(set(codes)) == len({name for name, _ in walked})
    assert {name for name, _ in walked} >= set(STAY)
    assert {version for _, version in walked} == {"v1", "v2"}


async def test_readers_see_all_of_a_load_or_nothing_while_it_runs(district: SmallDistrict) -> None:
    loading = asyncio.create_task(district.load(files((*STAY, *NUMBERS[20:]), "v2"), confirm=True))
    seen: dict[str, set[frozenset[str]]] = {"v1": set(), "v2": set()}
    while not loading.done() or not seen["v2"]:
        rows = shown(await district.page(LEAVE))
        (version,) = {version for _, version in rows}
        seen[version].add(frozenset(name for name, _ in rows))
    await loading
    assert seen["v1"] <= {frozenset((*STAY, *NUMBERS[16:20]))}
    assert seen["v2"] == {frozenset((*STAY, *NUMBERS[20:]))}


async def test_what_is_prepared_is_seen_by_nobody_and_a_stop_meanwhile_stays(district: SmallDistrict) -> None:
    said: list[int] = []

    async def meanwhile() -> None:
        # By now rows are prepared; the second time populations too, which the stop below had prepared anew.
        assert {version for _, version in shown(await district.page(LEAVE))} == {"v1"}
        if not said:
            async with district.engine.begin() as connection:
                said.append(await opt_out(connection, NUMBERS[0], scopes=district.in_force))

    await load_with(district, meanwhile, **files((*STAY, *NUMBERS[20:]), "v2"))
    assert {name for name, _ in shown(await district.page(LEAVE))} == {*STAY[1:], *NUMBERS[20:]}
    assert await district.owner.fetchval("SELECT count(*) FROM records.population WHERE from_batch IS NOT NULL") == 0


async def test_an_agreement_that_changes_meanwhile_is_prepared_by_its_new_terms(district: SmallDistrict) -> None:
    changes = 0

    async def meanwhile() -> None:
        nonlocal changes
        if changes == 0:
            changes += 1
            # Moves the epoch, as an activation does, and changes what is in force.
            async with district.engine.begin() as connection:
                await opt_out(connection, NUMBERS[0], scopes=district.in_force)
            district.scopes[:] = [Scope(AGREEMENT, LINE, terms(time_zone="America/Chicago"))]

    await load_with(district, meanwhile, **files((*STAY, *NUMBERS[20:]), "v2"))
    assert {name for name, _ in shown(await district.page(LEAVE))} == {*STAY[1:], *NUMBERS[20:]}
    assert await district.owner.fetchval("SELECT time_zone FROM records.scope") == "America/Chicago"


@pytest.mark.claim(7)
async def test_a_load_that_stops_overtake_again_and_again_gives_way(
    district: SmallDistrict, monkeypatch: pytest.MonkeyPatch
) -> None:
    saying_no = iter(STAY)

    async def meanwhile() -> None:
        async with district.engine.begin() as connection:
            await opt_out(connection, next(saying_no), scopes=district.in_force)

    monkeypatch.setattr("gateway.services.appearing._CATCH_UPS", 3)
    with pytest.raises(LoadBusy, match="stops came"):
        await load_with(district, meanwhile, **files(STAY, "v2"))
    rows = shown(await district.page(LEAVE))
    assert {version for _, version in rows} == {"v1"}
    # The next load takes back what was prepared.
    await district.load(files((*STAY, *NUMBERS[16:20]), "v3"), confirm=True)
    after = {name for name, _ in shown(await district.page(LEAVE))}
    assert set(NUMBERS[16:20]) < after == {name for name, _ in rows}


async def covered(district: SmallDistrict) -> set[str]:
    """Return whom the app's view of populations covers: what every other view of students is joined with."""
    connection = await district.database.connection("app")
    async with connection.transaction():
        await connection.execute("SELECT set_config('pactgate.agreement', $1, true)", AGREEMENT)
        ids = [row["student_id"] for row in await connection.fetch("SELECT student_id FROM records.granted")]
    numbers = "SELECT student_identifier FROM records.identity WHERE student_id = ANY ($1)"
    return {row["student_identifier"] for row in await district.owner.fetch(numbers, ids)}


LISTED = Scope(AGREEMENT, LINE, terms(Roster()))
ROSTER = tuple((LINE, each, "2025-09-03", None) for each in STAY)


class _Watched(Appearing):
    """Looked at when all is prepared, and when it is visible and not yet dated by its entry."""

    def __init__(self, district: SmallDistrict, seen: list[set[str]]) -> None:
        super().__init__(district.engine, district.in_force, secrets.token_bytes)
        self._district, self._seen = district, seen

    async def publish(self, *prepared: Any, **more: Any) -> tuple[int, ...]:
        self._seen.append(await covered(self._district))
        entries = await super().publish(*prepared, **more)
        self._seen.append(await covered(self._district))
        return entries


async def test_whom_a_load_begins_and_ceases_to_cover_counts_with_its_entry_and_not_before(
    district: SmallDistrict,
) -> None:
    seen: list[set[str]] = []
    for target, rows in files((*STAY, *NUMBERS[20:]), "v2").items():
        district.write(target, *rows)
    loads = Loads(district.engine, SubjectKey(bytes(32)), district.in_force)
    loads.appearing = _Watched(district, seen)
    await district.load_by(mapping_for("students", "enrollments"), district.folder, loads=loads)
    assert seen == [{*STAY, *NUMBERS[16:20]}, {*STAY, *NUMBERS[20:]}]
    assert await covered(district) == seen[-1]


@pytest.mark.claim(7)
async def test_under_the_logs_head_a_load_neither_computes_nor_writes_whom_it_covers(district: SmallDistrict) -> None:
    statements: list[str] = []
    under: list[bool] = [False]

    def note(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        under[0] = under[0] or "lock_head" in statement
        if under[0]:
            statements.append(statement)

    event.listen(district.engine.sync_engine, "before_cursor_execute", note)
    event.listen(district.engine.sync_engine, "commit", lambda _conn: under.__setitem__(0, False))
    await district.load(files((*STAY, *NUMBERS[20:]), "v2"), confirm=True)
    assert any("append_batch" in each for each in statements)
    assert [each for each in statements if "records.population" in each or "records.enrollment" in each] == []
    assert len(statements) < 14  # two of them put what two officers signed on record


async def test_whom_a_list_begins_and_ceases_to_cover_counts_with_its_entry_and_not_before(
    district: SmallDistrict,
) -> None:
    district.scopes[:] = [LISTED]
    await district.load({"rosters": ROSTER[:4]}, confirm=True)
    assert await covered(district) == {*STAY[:4]}
    seen: list[set[str]] = []
    loads = Loads(district.engine, SubjectKey(bytes(32)), district.in_force)
    loads.appearing = _Watched(district, seen)
    district.write("rosters", *ROSTER[2:8])
    report = await district.load_by(mapping_for("rosters"), district.folder, loads=loads)
    assert seen == [{*STAY[:4]}, {*STAY[2:8]}]
    assert await covered(district) == seen[-1]
    # And each row leads to the entry that brought it.
    dated = "SELECT count(*) FROM records.population WHERE from_idx = $1 AND to_idx IS NULL"
    assert await district.owner.fetchval(dated, *report.entries) == 4


async def test_a_load_of_records_and_lists_counts_by_both_or_by_neither(district: SmallDistrict) -> None:
    district.scopes[:] = [LISTED]
    await district.load({"rosters": ROSTER}, confirm=True)
    came = NUMBERS[20:]
    seen: list[set[str]] = []
    loads = Loads(district.engine, SubjectKey(bytes(32)), district.in_force)
    loads.appearing = _Watched(district, seen)
    for target, rows in files((*STAY, *came), "v2").items():
        district.write(target, *rows)
    district.write("rosters", *ROSTER[:8], *((LINE, each, "2025-09-03", None) for each in came))
    await district.load_by(mapping_for("students", "enrollments", "rosters"), district.folder, loads=loads)
    assert seen == [{*STAY}, {*STAY[:8], *came}]


@pytest.mark.claim(7)
async def test_under_the_logs_head_a_list_is_written_and_nobodys_coverage_is_computed(district: SmallDistrict) -> None:
    district.scopes[:] = [LISTED]
    statements: list[str] = []
    under: list[bool] = [False]

    def note(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        under[0] = under[0] or "lock_head" in statement
        if under[0]:
            statements.append(statement)

    event.listen(district.engine.sync_engine, "before_cursor_execute", note)
    event.listen(district.engine.sync_engine, "commit", lambda _conn: under.__setitem__(0, False))
    await district.load({"rosters": ROSTER, "opt_outs": [(STAY[0], None, "sharing", "2026-01-01")]}, confirm=True)
    assert any("INSERT INTO records.roster" in each for each in statements)
    touched = ("records.population", "records.code", "records.enrollment", "records.consent")
    found = [each for each in statements if any(name in each for name in touched) and "max(" not in each]
    assert found == []
    assert await covered(district) == {*STAY[1:]}
