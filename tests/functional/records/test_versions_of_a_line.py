"""Facts belong to an agreement's line: a later version starts with them, and with every no that was said before it."""

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.records.coverage import Scope
from gateway.records.errors import NothingToStop
from gateway.records.population import close_population, rewrite_population
from gateway.services.stops import opt_out, withdraw_consent
from policies.decision import RowTerms
from policies.population import Column, In, Or, Placement, Roster
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    ENROLLMENTS,
    LINE,
    OTHER,
    OTHER_LINE,
    STUDENTS,
    SmallDistrict,
    permit,
    promised,
    terms,
)

AMENDED = "sha256:" + "d" * 64
"""A later version of the agreement of `LINE`."""
FIRST, LAST, GRADE, BIRTH = "000115", "000172", "000100", "000033"
CONSENT = terms(basis="consent", element_order=(FIRST, LAST))
WIDER = replace(CONSENT, element_order=(BIRTH, GRADE, FIRST, LAST))
SIGNED = "2025-09-01"
GIVEN = [(LINE, number, "all", "parent", SIGNED, "2025-09-02", None) for number in ("1001", "1002")]


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    """Two versions of one line in force by consent, and another line as a school official."""
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2026, 2, 1))
    district.scopes += [Scope(AGREEMENT, LINE, CONSENT), Scope(AMENDED, LINE, WIDER), Scope(OTHER, OTHER_LINE, terms())]
    await district.load({"students": STUDENTS, "enrollments": ENROLLMENTS, "consents": GIVEN})
    return district


async def names(district: SmallDistrict, agreement: str, rows: RowTerms) -> set[str]:
    return {row["first_name"] for row in await district.rows(permit("first_name", rows=rows, agreement=agreement))}


async def of_both(district: SmallDistrict) -> tuple[set[str], set[str]]:
    return await names(district, AGREEMENT, CONSENT), await names(district, AMENDED, WIDER)


async def codes(district: SmallDistrict, agreement: str, rows: RowTerms) -> dict[str, str]:
    page = await district.page(permit("first_name", rows=rows, agreement=agreement))
    return {row["v0"]: code for row, code in zip(page.rows, page.codes, strict=True)}


async def withdraw(district: SmallDistrict, number: str = "1001", line: str = LINE) -> int:
    async with district.engine.begin() as connection:
        return await withdraw_consent(connection, line, number, scopes=district.in_force)


async def say_no(district: SmallDistrict, number: str = "1001", line: str | None = LINE) -> int:
    async with district.engine.begin() as connection:
        return await opt_out(connection, number, scopes=district.in_force, line=line)


# --- What a stop stops


@pytest.mark.claim(3)
@pytest.mark.claim(7)
async def test_a_later_version_does_not_revive_a_withdrawn_consent(district: SmallDistrict) -> None:
    del district.scopes[1]
    async with district.engine.begin() as connection:
        await close_population(connection, AMENDED, 90)
    await withdraw(district)
    # The agreement is amended, and the old file is loaded once more for the new version.
    district.scopes[0] = Scope(AMENDED, LINE, WIDER)
    async with district.engine.begin() as connection:
        await rewrite_population(connection, promised(district.scopes[0]), 99)
    assert await names(district, AMENDED, WIDER) == {"Bo"}
    report = await district.load({"consents": GIVEN})
    assert [str(row) for row in report.refused] == ["consents:2: this consent was withdrawn after it was signed"]
    assert await names(district, AMENDED, WIDER) == {"Bo"}
    with pytest.raises(NothingToStop):
        await withdraw(district)


@pytest.mark.claim(7)
async def test_a_stop_moves_every_version_of_its_line_by_one_entry(district: SmallDistrict) -> None:
    assert await of_both(district) == ({"Ana", "Bo"}, {"Ana", "Bo"})
    entries = [await withdraw(district, "1001"), await say_no(district, "1002")]
    assert await of_both(district) == (set(), set())
    assert await names(district, OTHER, terms()) == {"Ana", "Bo", "Chí", "Dua"}
    ended = await district.owner.fetch("SELECT agreement, to_idx FROM records.population WHERE to_idx IS NOT NULL")
    assert sorted((row["to_idx"], row["agreement"]) for row in ended) == [
        (entry, agreement) for entry in entries for agreement in (AGREEMENT, AMENDED)
    ]


@pytest.mark.claim(3)
@pytest.mark.claim(7)
@pytest.mark.parametrize("act", [withdraw, say_no])
@pytest.mark.parametrize("spoilt", [None, "DELETE FROM records.scope WHERE agreement = $1"], ids=["kept", "gone"])
async def test_a_stop_reaches_a_version_that_does_not_verify_just_now(
    district: SmallDistrict, act: Callable[[SmallDistrict], Awaitable[int]], spoilt: str | None
) -> None:
    district.scopes[:] = [district.scopes[0]]
    if spoilt is not None:
        await district.owner.execute(spoilt, AMENDED)
    await act(district)
    assert await names(district, AGREEMENT, CONSENT) == {"Bo"}
    found = await district.owner.fetch(
        "SELECT p.agreement, count(*) FROM records.population p"
        " WHERE p.to_idx IS NULL AND p.valid @> '2026-02-01'::date GROUP BY p.agreement"
    )
    # The other line does not verify either, and the stop is not meant for it.
    assert {row[0]: row[1] for row in found} == {AGREEMENT: 1, AMENDED: 1, OTHER: 4}


@pytest.mark.claim(7)
async def test_an_opt_out_from_a_line_holds_for_the_version_that_comes_after_it(district: SmallDistrict) -> None:
    await say_no(district)
    renewed = "sha256:" + "e" * 64
    district.scopes.append(Scope(renewed, LINE, CONSENT))
    async with district.engine.begin() as connection:
        await rewrite_population(connection, promised(district.scopes[-1]), 99)
    assert await names(district, renewed, CONSENT) == {"Bo"}


# --- What a version takes over, and what stays its own


@pytest.mark.claim(3)
async def test_two_versions_in_force_are_kept_from_the_same_facts_each_by_its_own_order_of_elements(
    district: SmallDistrict,
) -> None:
    given = [(LINE, "1001", LAST, *GIVEN[0][3:]), (LINE, "1002", f"{GRADE};{LAST}", *GIVEN[1][3:])]
    await district.load({"consents": given}, confirm=True)
    kept = await district.owner.fetch(
        "SELECT p.agreement, i.student_identifier, p.covers FROM records.population p"
        " JOIN records.identity i USING (student_id) WHERE p.to_idx IS NULL AND p.agreement <> $1",
        OTHER,
    )
    assert {tuple(row) for row in kept} == {
        (AGREEMENT, "1001", 0b10),
        (AGREEMENT, "1002", 0b10),
        (AMENDED, "1001", 0b1000),
        (AMENDED, "1002", 0b1010),
    }
    wanted = ("last_name", "grade_level")
    old = permit("last_name", rows=CONSENT)
    new = permit(*wanted, rows=WIDER, agreement=AMENDED)
    assert sorted(await district.rows(old), key=str) == [{"last_name": "Lind"}, {"last_name": "Ruiz"}]
    assert sorted(await district.rows(new), key=str) == [
        {"last_name": "Lind", "grade_level": "12"},
        {"last_name": "Ruiz"},
    ]


@pytest.mark.claim(3)
@pytest.mark.ferpa("C2")
@pytest.mark.parametrize(
    ("signed", "expected"),
    [
        (SIGNED, {"first_name", "last_name"}),
        ("2026-01-15", {"first_name", "last_name"}),
        ("2026-01-16", {"first_name", "last_name", "grade_level"}),
    ],
    ids=["before", "on the day", "after"],
)
async def test_an_amendment_widens_no_consent_that_was_signed_before_it(
    district: SmallDistrict, signed: str, expected: set[str]
) -> None:
    amended = dt.date(2026, 1, 15)
    district.scopes[1] = Scope(AMENDED, LINE, WIDER, added=((GRADE, amended), (BIRTH, dt.date(2026, 3, 1))))
    await district.load({"consents": [(LINE, "1001", "all", "parent", signed, signed, None)]}, confirm=True)
    leave = permit("first_name", "last_name", "grade_level", rows=WIDER, agreement=AMENDED)
    (row,) = await district.rows(leave)
    assert row.keys() == expected
    # Where everything is new, a consent to everything that was signed before is a consent to nothing.
    late = tuple((element, dt.date(2026, 3, 1)) for element in WIDER.element_order)
    district.scopes[1] = Scope(AMENDED, LINE, WIDER, added=late)
    await district.load({"enrollments": ENROLLMENTS[:4]}, confirm=True)
    assert await district.rows(leave) == []


@pytest.mark.claim(10)
async def test_a_code_is_the_same_in_every_version_of_a_line_and_another_in_another_line(
    district: SmallDistrict,
) -> None:
    first, second = await codes(district, AGREEMENT, CONSENT), await codes(district, AMENDED, WIDER)
    other = await codes(district, OTHER, terms())
    assert first == second
    assert first.keys() == {"Ana", "Bo"}
    assert set(first.values()).isdisjoint(other.values())
    # The old version ends and a renewal follows: the partner goes on with the codes it has.
    async with district.engine.begin() as connection:
        await close_population(connection, AGREEMENT, 98)
        await close_population(connection, AMENDED, 98)
        renewed = Scope("sha256:" + "e" * 64, LINE, CONSENT)
        await rewrite_population(connection, promised(renewed), 99)
    assert await codes(district, renewed.agreement, CONSENT) == first


@pytest.mark.claim(3)
async def test_closing_one_version_leaves_the_other_and_their_facts(district: SmallDistrict) -> None:
    async with district.engine.begin() as connection:
        await close_population(connection, AGREEMENT, 99)
    assert await of_both(district) == (set(), {"Ana", "Bo"})
    assert await district.owner.fetchval("SELECT count(*) FROM records.consent WHERE to_idx IS NULL") == 2


@pytest.mark.claim(3)
@pytest.mark.parametrize("target", ["rosters", "placements"])
async def test_one_list_feeds_every_version_and_no_other_line(district: SmallDistrict, target: str) -> None:
    listed = Roster() if target == "rosters" else Placement()
    rows = terms(Or((listed, In(Column.SCHOOL_IDENTIFIER, ("nowhere",)))))
    ours = [Scope(digest, LINE, rows) for digest in (AGREEMENT, AMENDED)]
    district.scopes[:] = [*ours, Scope(OTHER, OTHER_LINE, rows)]
    await district.load({target: [(LINE, "1001", "2025-09-03", None), (OTHER_LINE, "1002", "2025-09-03", None)]})
    # A page looks at the list itself again, to choose the stay it speaks of.
    assert [await names(district, each.agreement, rows) for each in district.scopes] == [{"Ana"}, {"Ana"}, {"Bo"}]
    await district.owner.execute("DELETE FROM records.scope WHERE agreement = $1", AGREEMENT)
    assert await names(district, AGREEMENT, rows) == set()


@pytest.mark.claim(3)
async def test_the_line_of_a_population_is_what_the_signed_document_says(district: SmallDistrict) -> None:
    await district.owner.execute("UPDATE records.scope SET line = $1 WHERE agreement = $2", OTHER_LINE, AMENDED)
    async with district.engine.begin() as connection:
        await rewrite_population(connection, promised(district.scopes[1]), 99)
    assert await district.owner.fetchval("SELECT line FROM records.scope WHERE agreement = $1", AMENDED) == LINE


@pytest.mark.claim(7)
async def test_of_versions_in_two_zones_a_withdrawal_counts_the_later_day(district: SmallDistrict) -> None:
    district.scopes[1] = Scope(AMENDED, LINE, replace(WIDER, time_zone="Pacific/Guam"))
    # Two in the morning of the 11th in Guam, eight in the morning of the 10th in Los Angeles.
    await district.at(dt.date(2026, 2, 10), 16)
    await district.load({"enrollments": ENROLLMENTS[:4]}, confirm=True)
    await withdraw(district)
    for signed, taken in (("2026-02-11", 0), ("2026-02-12", 1)):
        report = await district.load({"consents": [(LINE, "1001", "all", "parent", signed, signed, None)]})
        assert [(each.added, len(each.refused)) for each in report.targets] == [(taken, 1 - taken)], signed
