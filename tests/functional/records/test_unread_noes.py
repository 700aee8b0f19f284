"""Whatever keeps something from partners stays, while a row of its file is refused that may have said it."""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gateway.records.coverage import Scope
from gateway.records.loading.report import TargetReport
from gateway.records.loading.targets import DECIDING, ENDING_WIDENS, HISTORY, TARGETS
from policies.population import Column, NotInKnown
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    ENROLLMENTS,
    LINE,
    OTHER,
    OTHER_LINE,
    STUDENTS,
    YEAR,
    SmallDistrict,
    mapping_for,
    permit,
    terms,
)

SHOWN = {"opt_outs": terms(), "programs": terms(NotInKnown(Column.PROGRAM_TYPE, ("special",)))}
"""Whom the agreement is about."""
MANY = [(str(number), f"N{number}", "X", "05.06.2012", "F", "98101", None) for number in range(2000, 2020)]
STAYS = [(each[0], "north", YEAR, "07", "2025-09-03", None) for each in MANY]
NUMBERS = [*(each[0] for each in MANY), "1001"]
KEPT: dict[str, tuple[Sequence[Sequence[object]], str]] = {
    "opt_outs": ([(each, None, "sharing", "2025-10-01") for each in NUMBERS], "1001,,sharing"),
    "programs": (
        [
            *((each, "p", "special", "2025-10-01", None) for each in NUMBERS),
            *((each, "q", "tutoring", "2025-10-01", None) for each in (*NUMBERS, "1002", "1003", "1004")),
        ],
        "1001,p,special",
    ),
}
"""What keeps each of these students from the agreement, and how the line of 1001 begins."""
SLIPS: dict[str, Callable[[str, str], str]] = {
    "one comma more": lambda text, line: text.replace(line, f"{line},"),
    "a number that is nobody's": lambda text, line: text.replace(line, line.replace("1001", "10O1")),
    "no number": lambda text, line: text.replace(line, line.replace("1001", "")),
    "a number that another row has": lambda text, line: text.replace(line, line.replace("1001", "2003")),
    "nobody's number, and no day": lambda text, line: text.replace(
        f"{line},2025-10-01", f"{line.replace('1001', '10O1')},soon"
    ),
    "a day that is none": lambda text, line: text.replace(f"{line},2025-10-01", f"{line},soon"),
}


def test_of_each_target_it_is_known_whether_something_opens_where_a_row_is_missing() -> None:
    closing = {name for name, each in TARGETS.items() if each.ending_narrows}
    own = {"schools", "sessions", "students", "enrollments", "academic_summaries", "attendance_events"}
    own |= {"course_grades", "assessments", "discipline"}  # a row of them that is missing is released no more
    assert closing == {"rosters", "consents", "placements"}
    assert set(KEPT) == ENDING_WIDENS == TARGETS.keys() - own - closing
    assert own >= DECIDING - ENDING_WIDENS
    # What a person has entered is no target, or no column that a load fills.
    assert {"withdrawn_on", "stated", "by_hand"} <= HISTORY
    filled = {each.table.name for each in TARGETS.values()}
    assert filled.isdisjoint({"contested", "restriction", "renumbered", "withheld"})


@pytest.mark.claim(7)
@pytest.mark.parametrize("target", sorted(ENDING_WIDENS))
async def test_nothing_opens_while_a_row_of_the_file_is_refused_that_may_have_kept_it_closed(
    database: TestDatabase, tmp_path: Path, target: str
) -> None:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2026, 2, 1))
    district.scopes.append(Scope(OTHER, OTHER_LINE, SHOWN[target]))
    rows, line = KEPT[target]
    await district.load({"students": [*STUDENTS, *MANY], "enrollments": [*ENROLLMENTS, *STAYS]}, confirm=True)
    await district.load({target: rows})
    assert await names(district, target) == {"Bo", "Chí", "Dua"}
    # 2019's row is gone, as if its family had changed its mind; 1001's cannot be read.
    district.write(target, *[each for each in rows if each[0] != "2019" or "tutoring" in each])
    right = (tmp_path / f"{target}.csv").read_text()
    for slip, spoil in SLIPS.items():
        spoilt = spoil(right, line)
        assert spoilt != right, slip
        (tmp_path / f"{target}.csv").write_text(spoilt)
        told = await tonight(district, target)
        assert told.refused, slip
        assert told.withheld, slip
        assert "Ana" not in await names(district, target), slip
        if slip not in {"a day that is none", "one comma more"}:  # there the student is told, and the others' rows end
            assert told.ended == 0, slip
    (tmp_path / f"{target}.csv").write_text(right)
    assert (await tonight(district, target)).refused == ()
    assert await names(district, target) == {"Bo", "Chí", "Dua", "N2019"}


@pytest.mark.claim(7)
async def test_a_no_to_everything_ends_by_no_list_of_some_agreements_but_by_one_of_that_students_noes(
    database: TestDatabase, tmp_path: Path
) -> None:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2026, 2, 1))
    district.scopes += [Scope(AGREEMENT, LINE, terms()), Scope(OTHER, OTHER_LINE, terms())]
    await district.load({"students": [*STUDENTS, *MANY], "enrollments": [*ENROLLMENTS, *STAYS]})
    # So many that nobody confirms the end of one.
    noes = [(each[0], OTHER_LINE, "sharing", "2025-10-01") for each in MANY]

    async def left_out(*rows: Sequence[object], scope: str = "agreement") -> tuple[bool, bool]:
        """Load these noes; return whether 1001 is kept from the agreement of the list, and from another one."""
        district.write("opt_outs", *rows)
        await district.load_by(mapping_for("opt_outs", scope=[scope]), district.folder, confirm=False)
        found = []
        for agreement in (OTHER, AGREEMENT):
            shown = {str(row["first_name"]) for row in await district.rows(permit("first_name", agreement=agreement))}
            found.append("Ana" not in shown)
        return found[0], found[1]

    assert await left_out(*noes) == (False, False)
    assert await left_out(*noes, ("1001", OTHER_LINE, "sharing", "soon")) == (True, True)
    # It may have stood in another list, of which this one says nothing: also one with noes to everything.
    assert await left_out(*noes, ("1003", None, "sharing", "2025-10-01")) == (True, True)
    mended = ("1001", OTHER_LINE, "sharing", "2025-10-01")
    assert await left_out(*noes, mended) == (True, True)
    assert await left_out(mended, scope="student_identifier") == (True, False)


async def tonight(district: SmallDistrict, target: str) -> TargetReport:
    """Load the file as it stands; nobody confirms anything. Return what the load did."""
    report = await district.load_by(mapping_for(target), district.folder, confirm=False)
    assert not report.held
    return report.targets[0]


async def names(district: SmallDistrict, target: str) -> set[str]:
    """Return who is shown."""
    leave = permit("first_name", rows=SHOWN[target], agreement=OTHER)
    return {row["first_name"] for row in await district.rows(leave)}
