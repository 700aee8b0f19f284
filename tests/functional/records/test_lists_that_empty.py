"""Whoever leaves a list leaves it, also with the last row about its agreement, or beside a row that cannot be read."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.records.coverage import Scope
from gateway.records.loading.mapping import MappingFile, parse_mapping
from gateway.records.loading.report import LoadReport
from policies.population import Placement, Roster
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    ENROLLMENTS,
    LINE,
    OTHER,
    OTHER_LINE,
    STUDENTS,
    SmallDistrict,
    mapping_for,
    permit,
    terms,
)

pytestmark = [pytest.mark.claim(7)]

NAMED = {"agreements": {"ours": LINE, "others": OTHER_LINE}}
HEAD = """
format = 1
name = "{name}"
"""
LIST = """
[files.{file}]
path = "{file}.csv"
[[load]]
target = "{target}"
from = "{file}"
{more}
fields.student_identifier = "number"
fields.from_date = "in"
fields.agreement = {{ column = "agreement", lookup = "agreements" }}
"""
TARGETS = {"rosters": terms(Roster()), "placements": terms(Placement())}
Rows = Sequence[tuple[str, str]]


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2026, 2, 1))
    await district.load({"students": STUDENTS, "enrollments": ENROLLMENTS})
    return district


def listing(*files: str, name: str = "lists", target: str = "rosters", more: str = "") -> MappingFile:
    lists = [LIST.format(file=each, target=target, more=more) for each in files]
    return parse_mapping(HEAD.format(name=name) + "".join(lists))


def covering(district: SmallDistrict, target: str) -> None:
    district.scopes[:] = [Scope(AGREEMENT, LINE, TARGETS[target]), Scope(OTHER, OTHER_LINE, TARGETS[target])]


async def load(district: SmallDistrict, mapping: MappingFile, **files: Rows) -> LoadReport:
    for name, rows in files.items():
        text = "".join(f"{agreement},{number},2025-09-02\n" for agreement, number in rows)
        (district.folder / f"{name}.csv").write_text(f"agreement,number,in\n{text}")
    return await district.loads.load(mapping, district.folder, lookups=NAMED)


async def on(district: SmallDistrict, agreement: str = AGREEMENT) -> set[str]:
    leave = permit("first_name", agreement=agreement)
    return {row["first_name"] for row in await district.rows(leave)}


@pytest.mark.parametrize("target", sorted(TARGETS))
async def test_the_last_row_about_an_agreement_ends_as_every_row_before_it(
    district: SmallDistrict, target: str
) -> None:
    covering(district, target)
    mapping = listing("list", target=target)
    await load(district, mapping, list=[("ours", "1001"), ("ours", "1002"), ("others", "1002")])
    assert (await on(district), await on(district, OTHER)) == ({"Ana", "Bo"}, {"Bo"})
    # (1): of another agreement there are rows.
    report = await load(district, mapping, list=[("others", "1002")])
    assert [each.ended for each in report.targets] == [2]
    assert (await on(district), await on(district, OTHER)) == (set(), {"Bo"})
    # (2): there is no row at all.
    report = await load(district, mapping, list=[])
    assert ([each.ended for each in report.targets], report.held) == ([1], ())
    assert (await on(district), await on(district, OTHER)) == (set(), set())
    assert [each.ended for each in (await load(district, mapping, list=[])).targets] == [0]


async def test_a_list_ends_what_it_brought_and_not_what_another_list_of_the_same_names_brought(
    district: SmallDistrict,
) -> None:
    covering(district, "rosters")
    other = listing("other", name="other lists")
    await load(district, listing("list"), list=[("ours", "1001")])
    await load(district, other, other=[("others", "1002")])
    # Given the same names, neither speaks of the other one's.
    for mapping, rows in ((listing("list"), {"list": [("ours", "1001")]}), (other, {"other": [("others", "1002")]})):
        assert [each.ended for each in (await load(district, mapping, **rows)).targets] == [0]
    assert (await on(district), await on(district, OTHER)) == ({"Ana"}, {"Bo"})
    assert [each.ended for each in (await load(district, listing("list"), list=[])).targets] == [1]
    assert (await on(district), await on(district, OTHER)) == (set(), {"Bo"})


async def test_two_files_of_one_target_speak_of_agreements_together(district: SmallDistrict) -> None:
    covering(district, "rosters")
    both = listing("first", "second")
    await load(district, both, first=[("ours", "1001")], second=[("others", "1002")])
    assert [each.ended for each in (await load(district, both)).targets] == [0, 0]
    assert (await on(district), await on(district, OTHER)) == ({"Ana"}, {"Bo"})
    assert sum(each.ended for each in (await load(district, both, second=[])).targets) == 1
    assert (await on(district), await on(district, OTHER)) == ({"Ana"}, set())


async def test_a_list_that_ends_nothing_ends_nothing(district: SmallDistrict) -> None:
    covering(district, "rosters")
    mapping = listing("list", more="scope = []")
    await load(district, mapping, list=[("ours", "1001")])
    assert [each.ended for each in (await load(district, mapping, list=[])).targets] == [0]
    assert await on(district) == {"Ana"}


@pytest.mark.parametrize("spoilt", ["1001,31 January", "nobody,2025-09-02"], ids=["no day", "nobody"])
async def test_whoever_left_a_list_leaves_it_where_its_only_row_cannot_be_read(
    district: SmallDistrict, spoilt: str
) -> None:
    covering(district, "rosters")
    listed = [(LINE, each, "2025-09-02", None) for each in ("1001", "1002")]
    await district.load({"rosters": [*listed, (OTHER_LINE, "1003", "2025-09-02", None)]})
    # 1002 is gone from the file, and what it says of 1001 cannot be read: nothing says any more that either is served.
    (district.folder / "rosters.csv").write_text(f"agreement,number,in,out\n{LINE},{spoilt},\n")
    report = await district.loads.load(mapping_for("rosters"), district.folder)
    assert [(each.ended, each.refused_rows) for each in report.targets] == [(2, 1)]
    assert (await on(district), await on(district, OTHER)) == (set(), {"Chí"})


@pytest.mark.ferpa("F2")
async def test_a_no_that_cannot_be_read_is_a_no_of_whoever_stands_in_the_second_column(
    district: SmallDistrict,
) -> None:
    covering(district, "rosters")
    await district.load({"rosters": [(LINE, each, "2025-09-02", None) for each in ("1001", "1002")]})
    mapping = parse_mapping(
        HEAD.format(name="noes")
        + """
[files.noes]
path = "noes.csv"
[[load]]
target = "opt_outs"
from = "noes"
fields.student_identifier = { column = "local", fallback = "number" }
fields.scope = { constant = "sharing" }
fields.from_date = "in"
"""
    )
    (district.folder / "noes.csv").write_text("local,number,in\n,1001,soon\n")
    report = await district.loads.load(mapping, district.folder)
    assert [(each.refused_rows, each.withheld) for each in report.targets] == [(1, 1)]
    assert await on(district) == {"Bo"}
