"""
A consent without one of the facts that the law asks for is none: its row is refused, and its student withheld.

Rows C1 to C4. What a district had on file before these facts were asked for goes on, unchanged, until it ends.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.records.coverage import Scope
from gateway.records.loading.mapping import parse_mapping
from gateway.records.loading.report import LoadReport
from gateway.records.loading.staging import row_digest
from gateway.records.loading.targets import columns_of
from gateway.services.consents import OnFile, consents_on_file
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    ENROLLMENTS,
    LINE,
    OTHER_LINE,
    PARTY,
    PURPOSE,
    SAID,
    STUDENTS,
    SmallDistrict,
    permit,
    terms,
)

NOW = dt.date(2026, 2, 1)
CONSENT = terms(basis="consent", element_order=("000115", "000172"))
PAPER = {
    "agreement": LINE,
    "student_identifier": "1001",
    "covers": "all",
    "signed_by": "parent",
    "signed_on": "2025-09-01",
    "from_date": "2025-09-02",
    "purpose": PURPOSE,
    "party": PARTY,
    **SAID,
}
ELECTRONIC = PAPER | {"form": "electronic", "authenticated_by": "district_account", "approved_by": "typed_name"}
OLDER = {name: value for name, value in PAPER.items() if name not in {*SAID, "purpose", "party"}}
FIELDS = (*ELECTRONIC, "to_date")
Row = dict[str, str]


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path, now=NOW)
    district.scopes.append(Scope(AGREEMENT, LINE, CONSENT))
    await district.load({"students": STUDENTS, "enrollments": ENROLLMENTS})
    return district


async def load(district: SmallDistrict, *rows: Row, fields: Sequence[str] = FIELDS) -> LoadReport:
    """Load these consents as the whole list, by a mapping that fills these fields."""
    lines = ['format = 1\nname = "consents"\n[files.consents]\npath = "consents.csv"\n[[load]]\ntarget = "consents"']
    lines += ['from = "consents"', *(f'fields.{each} = "{each}"' for each in fields if each != "covers")]
    lines.append('fields.covers = {column = "covers", separator = ";"}')
    cells = [",".join(fields), *(",".join(row.get(each, "") for each in fields) for row in rows)]
    (district.folder / "consents.csv").write_text("\n".join(cells) + "\n", "utf-8")
    return await district.loads.load(parse_mapping("\n".join(lines)), district.folder)


async def served(district: SmallDistrict) -> list[dict[str, Any]]:
    return await district.rows(permit("first_name", "last_name", rows=CONSENT))


async def first_names(district: SmallDistrict) -> set[str]:
    return {row["first_name"] for row in await served(district)}


def reason(report: LoadReport) -> str:
    (refused,) = report.refused
    return str(refused)


@pytest.mark.ferpa("C1")
@pytest.mark.ferpa("C2")
@pytest.mark.ferpa("C3")
async def test_a_consent_that_lacks_something_is_none_and_its_student_is_withheld(district: SmallDistrict) -> None:
    lacking: list[Row] = [
        PAPER | {"purpose": ""},
        PAPER | {"what_will_be_done": ""},
        PAPER | {"signed_on": ""},
        ELECTRONIC | {"authenticated_by": "none"},
        ELECTRONIC | {"approved_by": "pre_ticked"},
    ]
    for row in lacking:
        await load(district, PAPER)
        assert await first_names(district) == {"Ana"}
        report = await load(district, row)
        assert [(each.ended, each.refused) for each in report.targets] == [(1, report.refused)]
        assert "Somebody" not in reason(report)
        assert await served(district) == []


@pytest.mark.ferpa("C1")
async def test_a_consent_for_another_purpose_or_party_is_none_to_this_agreement(district: SmallDistrict) -> None:
    for other in ({"purpose": "mentoring"}, {"party": "partner:harbor-mentors"}):
        report = await load(district, PAPER | other)
        assert "purpose or party is not that of the agreement" in reason(report)
        assert await served(district) == []


@pytest.mark.claim(3)
@pytest.mark.ferpa("C1")
async def test_a_version_with_another_purpose_is_not_what_families_consented_to(district: SmallDistrict) -> None:
    await load(district, PAPER)
    district.scopes[0] = replace((await district.in_force(None))[0], purpose="own_program")  # type: ignore[arg-type] # no connection is used
    await district.load({"enrollments": ENROLLMENTS[:1]}, confirm=True)
    assert await served(district) == []
    # Nothing was taken from the row: it is the agreement that asks for something else now.
    assert await district.owner.fetchval("SELECT count(*) FROM records.consent WHERE to_idx IS NULL") == 1


async def test_a_consent_to_an_agreement_that_is_not_in_force_is_kept_for_when_it_is(district: SmallDistrict) -> None:
    report = await load(district, PAPER | {"agreement": OTHER_LINE, "purpose": "mentoring"})
    assert (report.refused, [each.added for each in report.targets]) == ((), [1])


@pytest.mark.ferpa("C4")
@pytest.mark.claim(7)
async def test_what_is_signed_tomorrow_gives_nothing_today(district: SmallDistrict) -> None:
    await load(district, PAPER | {"signed_on": "2026-02-02", "from_date": "2026-02-02"})
    assert await served(district) == []
    await district.at(dt.date(2026, 2, 2), 20)
    assert await first_names(district) == {"Ana"}
    report = await load(district, PAPER | {"signed_on": "2026-02-03", "from_date": "2026-02-02"})
    assert "signed_on is after from_date" in reason(report)
    assert await served(district) == []


@pytest.mark.ferpa("C7")
async def test_a_consent_covers_its_elements_and_no_other(district: SmallDistrict) -> None:
    await load(district, PAPER | {"covers": "000115"})
    assert await served(district) == [{"first_name": "Ana"}]


@pytest.mark.claim(1)
async def test_older_rows_go_on_until_they_change_or_end_and_no_new_ones_come(district: SmallDistrict) -> None:
    await _put_older(district)
    report = await load(district, OLDER, fields=(*OLDER, "to_date"))
    assert (report.refused, [each.unchanged for each in report.targets]) == ((), [1])
    assert await first_names(district) == {"Ana"}
    # (1): one that nobody had, and the same one with another day, are new: they say too little.
    two = (OLDER, OLDER | {"student_identifier": "1002"})
    report = await load(district, *two, fields=(*OLDER, "to_date"))
    assert "it says neither who signed" in reason(report)
    assert await first_names(district) == {"Ana"}
    # (2): an end is taken whatever else a row lacks: what it kept in force is over.
    report = await load(district, OLDER | {"to_date": "2025-12-31"}, fields=(*OLDER, "to_date"))
    assert [each.ended for each in report.targets] == [1]
    assert await served(district) == []
    # (3): once it is whole, it counts again.
    await load(district, PAPER)
    assert await first_names(district) == {"Ana"}


async def _put_older(district: SmallDistrict) -> None:
    """Put a consent on file as a release before these facts did: a row that says nothing of them."""
    await load(district, PAPER)
    lacking = (*SAID, "purpose", "party")
    row = await district.owner.fetchrow("SELECT * FROM records.consent")
    assert row is not None
    values = [None if name in lacking else row[name] for name in columns_of("consents")]
    emptied = ", ".join(f"{name} = NULL" for name in lacking)
    await district.owner.execute(
        f"UPDATE records.consent SET {emptied}, digest = $1",  # noqa: S608 - names of columns
        row_digest("consents", columns_of("consents"), values),
    )


async def test_what_says_too_little_is_counted(district: SmallDistrict) -> None:
    await _put_older(district)
    async with district.engine.connect() as connection:
        assert await consents_on_file(connection) == (OnFile(LINE, consents=1, by_hand=0, older=1),)
