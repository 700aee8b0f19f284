"""Numbers that are merged or reused in the source system: nothing that was given to one child reaches another."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.records.coverage import Scope
from gateway.records.errors import LoadHeld, NumberRefused, UnknownStudent
from gateway.records.loading import holders
from gateway.records.loading.entered import newest_entry
from gateway.records.loading.holders import is_somebody_else
from gateway.services.renumbering import former, keep_number, merge_students, reuse_number
from gateway.services.statements import place_statement
from gateway.services.stops import opt_out, withdraw_consent
from policies.population import Roster
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
    changed,
    permit,
    terms,
)

pytestmark = [pytest.mark.claim(1), pytest.mark.claim(3), pytest.mark.claim(7)]

CONSENT = terms(basis="consent", element_order=("000115", "000172"))
ON_ROSTER = terms(Roster())
GIVEN = [
    (LINE, "1001", "all", "parent", "2025-08-20", "2025-09-01", None),
    (LINE, "1003", "all", "parent", "2025-08-20", "2025-09-01", None),
]
LISTED = [(OTHER_LINE, "1001", "2025-09-01", None), (OTHER_LINE, "1002", "2025-09-01", None)]
ANOTHER = ("1001", "Ngozi", "Abara", "01.02.2014", "F", None, None)
"""Another child, with the number that Ana Ruiz had."""
RENAMED = ("1001", "Ana", "Lopez", "06.06.2012", "F", "98101", None)
"""Ana Ruiz with another family name and a corrected birth date."""
CHILDREN = [(*each[:3], each[3] or "01.01.2013", *each[4:]) for each in STUDENTS]


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    """By consent 1001 and 1003 are covered, by roster 1001 and 1002; everybody has a birth date."""
    district = await SmallDistrict.open(database, tmp_path)
    district.scopes += [Scope(AGREEMENT, LINE, CONSENT), Scope(OTHER, OTHER_LINE, ON_ROSTER)]
    await district.load({"students": CHILDREN, "enrollments": ENROLLMENTS, "rosters": LISTED, "consents": GIVEN})
    assert await seen(district) == (["Ana", "Chí"], ["Ana", "Bo"])
    return district


async def seen(district: SmallDistrict) -> tuple[list[str], list[str]]:
    """Return whom each agreement shows, by first name."""
    ours = await district.rows(permit("first_name", rows=CONSENT))
    theirs = await district.rows(changed(permit("first_name", rows=ON_ROSTER), agreement=OTHER))
    return sorted(str(row["first_name"]) for row in ours), sorted(str(row["first_name"]) for row in theirs)


async def merge(district: SmallDistrict, second: str, standing: str) -> int:
    async with district.engine.begin() as connection:
        return await merge_students(connection, second, standing, scopes=district.in_force)


async def reuse(district: SmallDistrict, number: str) -> str:
    async with district.engine.begin() as connection:
        return former(number, (await reuse_number(connection, number, scopes=district.in_force))[1])


async def keep(district: SmallDistrict, number: str) -> int:
    async with district.engine.begin() as connection:
        return await keep_number(connection, number)


def without(number: str, rows: Sequence[Sequence[object]]) -> list[Sequence[object]]:
    return [row for row in rows if number not in row[:2]]


async def test_what_cannot_be_said_of_numbers_is_refused(district: SmallDistrict) -> None:
    for second, standing in (("9", "1001"), ("1001", "9")):
        with pytest.raises(UnknownStudent):
            await merge(district, second, standing)
    for act in (reuse(district, "9"), keep(district, "9")):
        with pytest.raises(UnknownStudent):
            await act
    with pytest.raises(NumberRefused):
        await merge(district, "1001", "1001")
    with pytest.raises(NumberRefused):
        await keep(district, "1001")
    await merge(district, "1004", "1002")
    for second, standing in (("1004", "1001"), ("1004", "1002"), ("1002", "1004")):
        with pytest.raises(NumberRefused):
            await merge(district, second, standing)
    assert await seen(district) == (["Ana", "Chí"], ["Ana", "Bo"])


async def test_merging_gives_nothing_and_hides_the_second_number(district: SmallDistrict) -> None:
    await merge(district, "1001", "1002")
    # 1002 had no consent, and has none by that of 1001; it stays on its own roster line.
    assert await seen(district) == (["Chí"], ["Bo"])
    # A load that still brings the second number moves nothing either.
    await district.load({"consents": [*GIVEN, (LINE, "1001", "all", "parent", "2026-03-01", "2026-03-01", None)]})
    assert await seen(district) == (["Chí"], ["Bo"])
    # What is entered for the number that stands counts.
    await district.load(
        {"consents": [*GIVEN, (LINE, "1002", "all", "eligible_student", "2026-03-05", "2026-03-05", None)]}
    )
    assert await seen(district) == (["Bo", "Chí"], ["Bo"])


async def test_a_stop_of_either_number_is_one_of_the_child(district: SmallDistrict) -> None:
    async with district.engine.begin() as connection:
        await withdraw_consent(connection, LINE, "1001", scopes=district.in_force)
    assert await seen(district) == (["Chí"], ["Ana", "Bo"])
    await merge(district, "1001", "1003")
    # Consent of 1003 was signed before that withdrawal; no load brings it back.
    assert await seen(district) == ([], ["Bo"])
    await district.load({"consents": GIVEN})
    assert await seen(district) == ([], ["Bo"])
    # An opt-out of the second number, stated or loaded, before or after, and through a second merger.
    async with district.engine.begin() as connection:
        await opt_out(connection, "1004", scopes=district.in_force)
    await merge(district, "1004", "1003")
    await merge(district, "1003", "1002")
    assert await seen(district) == ([], [])
    # A consent that the child never had, signed before one was withdrawn under another number, does not begin.
    late = (LINE, "1002", "all", "eligible_student", "2026-03-05", "2026-03-05", None)
    report = await district.load({"consents": [*GIVEN, late]})
    assert sum("withdrawn after it was signed" in str(row) for row in report.refused) == 1


async def test_an_opt_out_that_comes_later_under_the_second_number_counts(district: SmallDistrict) -> None:
    await merge(district, "1004", "1001")
    await district.load({"opt_outs": [("1004", LINE, "sharing", "2026-03-01")]})
    assert await seen(district) == (["Chí"], ["Ana", "Bo"])
    async with district.engine.begin() as connection:
        await opt_out(connection, "1004", scopes=district.in_force)
    assert await seen(district) == (["Chí"], ["Bo"])


@pytest.mark.ferpa("F2")
async def test_what_the_family_stated_goes_along_with_the_number_that_stands(district: SmallDistrict) -> None:
    async with district.engine.begin() as connection:
        await place_statement(connection, "1004", ["000172"], "The name is spelt otherwise.")
        await place_statement(connection, "1004", ["000115"], "It was never this.")
        await place_statement(connection, "1001", ["000172"], "Ask us.")
    await merge(district, "1004", "1001")
    said = "SELECT c.elements[1], c.statement FROM records.contested c JOIN records.identity i USING (student_id)"
    rows = await district.owner.fetch(f"{said} WHERE i.student_identifier = '1001' AND c.to_idx IS NULL ORDER BY 1")
    assert [tuple(row) for row in rows] == [
        ("000115", "It was never this."),
        ("000172", "Ask us.\n\nThe name is spelt otherwise."),
    ]


async def test_a_number_that_comes_with_another_child_is_a_question(district: SmallDistrict) -> None:
    report = await district.load({"students": [ANOTHER, *CHILDREN[1:]], "enrollments": ENROLLMENTS}, confirm=True)
    assert sum("records number-kept" in str(row) for row in report.refused) == 2  # its row, and its stay
    assert not any("Abara" in str(row) or "1001" in str(row) for row in report.refused)
    assert await seen(district) == (["Chí"], ["Bo"])
    # Until somebody says whose it is: neither row by row nor in another file is anything taken for it.
    later = await district.load({"attendance_events": [("1001", "2026-03-02", "north", YEAR, "-")]})
    assert len(later.refused) == 1
    listed = await district.load({"rosters": LISTED})
    assert (len(listed.refused), listed.targets[0].ended) == (1, 1)
    assert await seen(district) == (["Chí"], ["Bo"])
    # A list speaks of its agreement though the number of its only row is in question: whoever left it leaves.
    listed = await district.load({"rosters": LISTED[:1]})
    assert (len(listed.refused), listed.targets[0].ended) == (1, 1)
    assert await seen(district) == (["Chí"], [])
    # The source takes it back: there is no question any more.
    await district.load({"students": CHILDREN, "enrollments": ENROLLMENTS}, confirm=True)
    await district.load({"rosters": LISTED})
    assert await seen(district) == (["Ana", "Chí"], ["Ana", "Bo"])


async def test_an_export_that_turns_many_children_into_others_is_held(
    district: SmallDistrict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holders, "ROWS", 1)
    others = {"students": [(each[0], *ANOTHER[1:]) for each in CHILDREN], "enrollments": ENROLLMENTS}
    held = "students: 0 rows would end and 4 change, of 4"
    with pytest.raises(LoadHeld, match=held):
        await district.load(others)
    # A load that is only tried says it too, and asks nobody's family to wait.
    tried = await district.load(others, dry=True)
    assert tried.held == (held,)
    assert sum("records number-kept" in reason for each in tried.targets for reason in each.reasons) == 2
    assert await district.owner.fetchval("SELECT count(*) FROM records.withheld") == 0
    assert await seen(district) == (["Ana", "Chí"], ["Ana", "Bo"])


async def test_the_same_child_is_shown_again_when_a_person_said_so(district: SmallDistrict) -> None:
    files = {"students": [RENAMED, *CHILDREN[1:]], "enrollments": ENROLLMENTS}
    await district.load(files, confirm=True)
    assert await seen(district) == (["Chí"], ["Bo"])
    await keep(district, "1001")
    assert await seen(district) == (["Chí"], ["Bo"])
    await district.load(files, confirm=True)
    assert await seen(district) == (["Ana", "Chí"], ["Ana", "Bo"])
    # It was said beside the row that stood: the next child with this number is a question again.
    assert (await district.load({"students": [ANOTHER, *CHILDREN[1:]]}, confirm=True)).refused
    await keep(district, "1001")
    assert not (await district.load({"students": [ANOTHER, *CHILDREN[1:]]}, confirm=True)).refused


@pytest.mark.claim(10)
async def test_another_child_gets_nothing_of_the_one_who_had_the_number(district: SmallDistrict) -> None:
    files = {"students": [ANOTHER, *CHILDREN[1:]], "enrollments": ENROLLMENTS, "rosters": LISTED, "consents": GIVEN}
    await district.load(files, confirm=True)
    codes = {row[0] for row in await district.owner.fetch("SELECT code FROM records.code")}
    before = await reuse(district, "1001")
    assert before == "1001 (until 2026-03-11)"
    report = await district.load(files, confirm=True)
    # Roster line and consent were given for the child before.
    assert sum("another child's" in str(row) for row in report.refused) == 2
    assert await seen(district) == (["Chí"], ["Bo"])
    # The question is answered: nothing is kept of the one who had it that would keep the link from being erased.
    assert await district.owner.fetchval("SELECT count(*) FROM records.withheld WHERE to_batch IS NULL") == 0
    new = [(OTHER_LINE, "1001", "2026-03-11", None), LISTED[1]]
    await district.load({"rosters": new})
    assert await seen(district) == (["Chí"], ["Bo", "Ngozi"])
    fresh = {row[0] for row in await district.owner.fetch("SELECT code FROM records.code")} - codes
    assert len(fresh) == 1
    # The one who had it is found by the other name, and the number changes hands once a day.
    async with district.engine.begin() as connection:
        await opt_out(connection, before, scopes=district.in_force)
    with pytest.raises(NumberRefused):
        await reuse(district, "1001")


async def test_a_number_that_was_gone_for_years_is_a_question_too(district: SmallDistrict) -> None:
    await district.load({"students": CHILDREN[1:], "enrollments": without("1001", ENROLLMENTS)}, confirm=True)
    assert await seen(district) == (["Chí"], ["Bo"])
    report = await district.load({"students": [ANOTHER, *CHILDREN[1:]], "enrollments": ENROLLMENTS}, confirm=True)
    assert len(report.refused) == 2
    assert await seen(district) == (["Chí"], ["Bo"])


async def test_a_number_of_whom_no_row_is_kept_any_more_is_a_question_too(district: SmallDistrict) -> None:
    await district.load({"students": CHILDREN[1:], "enrollments": without("1001", ENROLLMENTS)}, confirm=True)
    await (await district.database.connection("admin")).execute(
        "SELECT records.retire(f.batch, f.batch + 1) FROM records.frontier f"
    )
    files = {"students": [ANOTHER, *CHILDREN[1:]], "enrollments": ENROLLMENTS}
    assert len((await district.load(files, confirm=True)).refused) == 2
    await keep(district, "1001")
    assert not (await district.load(files, confirm=True)).refused


async def test_a_load_compared_before_a_number_moved_is_not_published_after_it(district: SmallDistrict) -> None:
    # The entry of what is said about a number is among those that a load looks at before it becomes visible.
    async with district.engine.connect() as connection:
        before = await newest_entry(connection)
    entry = await merge(district, "1004", "1002")
    async with district.engine.connect() as connection:
        assert await newest_entry(connection) == entry > before


async def test_an_entry_commits_to_what_was_said_and_names_nobody(district: SmallDistrict) -> None:
    entry = await merge(district, "1004", "1002")
    leaf = bytes(await district.owner.fetchval("SELECT leaf FROM audit.entry WHERE idx = $1", entry)).decode()
    assert '"event":"students.merged"' in leaf
    assert "1004" not in leaf.split('"facts"')[0].split("students.merged")[1]
    parts = {row["part"] for row in await district.owner.fetch("SELECT part FROM records.dated_between($1, $1)", entry)}
    assert "renumbered.begun" in parts


BORN, NOT_BORN = dt.date(2012, 6, 5), dt.date(2014, 2, 1)


@pytest.mark.parametrize(
    ("first", "last", "born", "another"),
    [
        ("Ana", "Ruiz", BORN, False),
        ("ANA ", "ruiz", NOT_BORN, False),  # a corrected date
        ("Ngozi", "Abara", BORN, False),  # a new name
        ("Ana", "Abara", NOT_BORN, True),
        ("Ngozi", "Ruiz", NOT_BORN, True),
        ("Ana", "Abara", None, False),
        ("Ngozi", "Abara", None, True),
        (None, "Abara", None, False),
        (None, None, NOT_BORN, False),
    ],
)
def test_another_child_has_another_name_and_another_birth_date(
    first: str | None, last: str | None, born: dt.date | None, another: bool
) -> None:
    old = {"first_name": "Ana", "last_name": "Ruiz", "birthdate": BORN}
    assert is_somebody_else(old, {"first_name": first, "last_name": last, "birthdate": born}) is another
