"""Exports that were not meant well, or not looked at: no row of anybody in an error, and no family's no lost."""

import datetime as dt
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import CheckConstraint

from gateway.records.columns import SCHOOL_YEAR_FORM
from gateway.records.coverage import Scope
from gateway.records.errors import LoadBusy, RowsUnstorable
from gateway.records.loading import staging
from gateway.records.loading.cells import CellRefused, Value
from gateway.records.loading.forms import FORMS, FREE, require_forms
from gateway.records.loading.prepare import undo_leftovers
from gateway.records.loading.targets import TARGETS, field_of
from gateway.records.subjects import SubjectKey
from gateway.services.appearing import Appearing
from gateway.services.loads import Loads
from policies.population import Placement, Roster
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    ENROLLMENTS,
    LINE,
    STUDENTS,
    YEAR,
    SmallDistrict,
    mapping_for,
    permit,
    terms,
)

HISTORY = (
    *("digest_has_its_size", "ends_after_it_began", "begins_before_it_ends", "withdrawn_is_over"),
    *("is_whole_or_older", "is_proven_if_electronic", "by_hand_is_whole"),
)
"""Constraints on how rows are dated, on the order of dates, and on what goes together: these are checked elsewhere."""


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2026, 2, 1))
    district.scopes.append(Scope(AGREEMENT, LINE, terms()))
    await district.load({"students": STUDENTS, "enrollments": ENROLLMENTS})
    return district


async def names(district: SmallDistrict) -> set[str]:
    return {row["first_name"] for row in await district.rows(permit("first_name"))}


def noes(*more: tuple[object, ...]) -> dict[str, Any]:
    """Return a district's list of opt-outs, one of them in order."""
    return {"opt_outs": [("1003", None, "sharing", "2026-01-01"), *more]}


@pytest.mark.claim(7)
@pytest.mark.parametrize(
    "rows",
    [
        [("1001", None, "sharing", "2026-13-01")],
        [("1001", None, "Sharing", "2026-01-01")],
        [("1001", None, "", "2026-01-01")],
        [("1001", "bright", "sharing", "2026-01-01")],
        [("1001", None, "directory", "2026-01-01"), ("1001", None, "directory", "2026-01-02")],
    ],
    ids=["no date", "no scope", "nothing", "no agreement", "twice"],
)
async def test_a_familys_no_that_cannot_be_read_is_a_no_to_everything_until_it_is_mended(
    district: SmallDistrict, rows: list[tuple[object, ...]]
) -> None:
    for _ in range(2):  # the same list of the next night changes nothing
        report = await district.load(noes(*rows))
        assert len(report.refused) == len(rows)
        assert [each.withheld for each in report.targets] == [1]
        assert await names(district) == {"Bo", "Dua"}
    await district.load(noes(("1001", None, "directory", "2026-01-01")), confirm=True)
    assert await names(district) == {"Ana", "Bo", "Dua"}


async def test_a_no_of_nobody_here_is_refused_and_the_others_are_taken(district: SmallDistrict) -> None:
    report = await district.load(noes(("4711", None, "sharing", "soon")))
    assert [str(row) for row in report.refused] == ["opt_outs:3: 'in' is no date written as YYYY-MM-DD"]
    assert await names(district) == {"Ana", "Bo", "Dua"}


@pytest.mark.claim(7)
async def test_a_consent_whose_end_cannot_be_read_has_ended(district: SmallDistrict) -> None:
    rows = terms(basis="consent", element_order=("000115",))
    district.scopes[0] = Scope(AGREEMENT, LINE, rows)
    given = [(LINE, each, "all", "parent", "2025-09-01", "2025-09-02", None) for each in ("1001", "1002")]
    leave = permit("first_name", rows=rows)
    await district.load({"consents": given})
    assert {row["first_name"] for row in await district.rows(leave)} == {"Ana", "Bo"}
    report = await district.load({"consents": [(*given[0][:6], "31 January"), given[1]]})
    assert [(each.ended, len(each.refused)) for each in report.targets] == [(1, 1)]
    assert [row["first_name"] for row in await district.rows(leave)] == ["Bo"]
    await district.load({"consents": given})
    assert {row["first_name"] for row in await district.rows(leave)} == {"Ana", "Bo"}


@pytest.mark.claim(7)
@pytest.mark.parametrize("target", ["rosters", "placements"])
async def test_a_standing_whose_end_cannot_be_read_has_ended(district: SmallDistrict, target: str) -> None:
    district.scopes[0] = Scope(AGREEMENT, LINE, terms(Roster() if target == "rosters" else Placement()))
    listed: list[tuple[object, ...]] = [(LINE, each, "2025-09-02", None) for each in ("1001", "1002")]
    await district.load({target: listed})
    assert await names(district) == {"Ana", "Bo"}
    await district.load({target: [(*listed[0][:3], "31 January"), listed[1]]})
    assert await names(district) == {"Bo"}


@pytest.mark.claim(9)
async def test_a_value_without_its_form_refuses_its_row_and_no_other(district: SmallDistrict) -> None:
    rows = (*ENROLLMENTS, ("1003", "north", "2025", "07", "2026-01-05", None))
    report = await district.load({"enrollments": rows})
    assert [str(row) for row in report.refused] == ["enrollments:7: school_year is no school year written as 2026-2027"]


@pytest.mark.claim(9)
async def test_what_the_database_refuses_is_told_without_the_row(
    district: SmallDistrict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "require_forms", lambda target, values: None)  # noqa: ARG005 - the real one's names
    given = ("1001", "all", "teacher", "2025-09-01", "2025-09-02", None)
    wrong: dict[str, Any] = {
        "enrollments": [*ENROLLMENTS, ("1003", "north", "2025", "07", "2026-01-05", None)],
        "opt_outs": [("1001", None, "Sharing", "2026-01-01")],
        "consents": [(LINE, *given)],
    }
    for target, rows in wrong.items():
        size = await district.owner.fetchval("SELECT size FROM audit.head")
        with pytest.raises(RowsUnstorable) as refused:
            await district.load({target: rows})
        assert str(refused.value).endswith("_has_its_form.") or str(refused.value).endswith("_is_known."), target
        assert refused.value.__cause__ is None
        assert not any(word in str(refused.value) for word in ("2025", "north", "1001", "Sharing", "teacher"))
        assert await district.owner.fetchval("SELECT size FROM audit.head") == size
    assert await names(district) == {"Ana", "Bo", "Chí", "Dua"}


@pytest.mark.attack("the lock of a load lost while it works")
async def test_a_load_whose_work_another_one_undid_is_not_published(district: SmallDistrict) -> None:
    class Interrupted(Appearing):
        """A load whose connection was lost after it had prepared its rows: the next one tidies up behind it."""

        async def publish(self, *prepared: Any, **more: Any) -> tuple[int, ...]:
            await undo_leftovers(await district.database.connection("loader"))
            return await super().publish(*prepared, **more)

    size = await district.owner.fetchval("SELECT size FROM audit.head")
    district.write("students", *STUDENTS, ("1005", "Eve", "X", None, None, None, None))
    loads = Loads(district.engine, SubjectKey(bytes(32)), district.in_force)
    loads.appearing = Interrupted(district.engine, district.in_force, secrets.token_bytes)
    with pytest.raises(LoadBusy):
        await loads.load(mapping_for("students"), district.folder)
    assert await district.owner.fetchval("SELECT size FROM audit.head") == size


def constrained() -> Iterator[tuple[str, str]]:
    """Yield (target, constraint) for each constraint on what a load fills."""
    for target, kind in TARGETS.items():
        for each in kind.table.constraints:
            name = str(each.name)
            if isinstance(each, CheckConstraint) and not name.endswith(HISTORY) and "before_it_counts" not in name:
                yield target, name


def test_every_constraint_on_values_has_a_form_that_names_the_row_first() -> None:
    found = list(constrained())
    assert len(found) > 10
    odd: dict[str, tuple[str, Value]] = {
        "consent_covers_something": ("covers", []),
        "consent_signer_is_known": ("signed_by", "x"),
        "consent_signer_has_its_form": ("signer", "x" * 201),
        "consent_use_has_its_form": ("what_will_be_done", "x" * 1001),
        "consent_authentication_is_known": ("authenticated_by", "x"),
        "consent_approval_is_known": ("approved_by", "x"),
        "consent_purpose_has_its_form": ("purpose", "Tutoring!"),
    }
    for target, constraint in found:
        own = [name for name in TARGETS[target].table.c.keys() if field_of(name) in FORMS and name in constraint]  # noqa: SIM118 - a collection of columns is not a mapping of them
        named = next((field_of(name) for name in own), "")
        column, bad = odd.get(constraint, (named, "x"))
        with pytest.raises(CellRefused, match=f"^{column} "):
            require_forms(target, {column: bad})
    require_forms("programs", {"school_year": "x"})
    assert {("programs", "school_year")} == FREE
    require_forms("enrollments", {"school_year": YEAR})
    assert SCHOOL_YEAR_FORM.endswith(f"'^{FORMS['school_year'][0].pattern}$'")
