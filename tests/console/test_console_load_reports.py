"""Reports of loads: what was refused without a cell of it, and a held load from its page to the records."""

import csv
import re
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import pytest

from agreements.roles import Role
from agreements.signature import Kind
from gateway.records.errors import LoadHeld, RowsRefused
from gateway.services.letting_through import load_or_let_through
from gateway.services.load_reports import kept
from gateway.services.load_reports.kept import LoadReports, State
from gateway.services.stewardship import LoadReport
from tests.factories.cohort import FOLLOW_UP, MENTORING, STUDENTS, TUTORING, Rows, export, personal
from tests.factories.console import Console
from tests.factories.load_reports import CONTENT, REASON, SOURCE, a_held_load
from tests.factories.papers import papers_of, signed_file
from tests.factories.records import NAMES, OFFICERS, mapping_for
from tests.factories.superuser import superuser

CALIXTE = STUDENTS["calixte"]
LEFT = "2026-12-01"
pytestmark = pytest.mark.claim(12)


def a_night(folder: Path, *targets: str, **changed: Rows) -> Mapping[str, Rows]:
    """Write the cohort's export with these rows instead; return what was written."""
    content = {**export({each: each for each in (TUTORING, MENTORING, FOLLOW_UP)}), **changed}
    for target in targets:
        with (folder / f"{target}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(NAMES[target].split(","))
            writer.writerows([["" if cell is None else cell for cell in row] for row in content[target]])
    return content


async def load(console: Console, folder: Path, *targets: str, strict: bool = False) -> LoadReport:
    """Load as a steward's command does."""
    keys = console.gateway.deployment.keys
    return await load_or_let_through(
        console.office,
        mapping_for(*targets),
        folder,
        keys.subject,
        agreements={},
        strict=strict,
        refused=None,
        unread=("notes.csv",),
    )


@pytest.mark.claim(9)
async def test_a_report_says_where_and_why_and_holds_no_cell_of_the_export(console: Console, tmp_path: Path) -> None:
    admin = await superuser(console.gateway)
    students = [list(row) for row in a_night(tmp_path)["students"]]
    students[0][3] = f"{CALIXTE.first} {CALIXTE.last}"
    students[1][3] = CALIXTE.number
    a_night(tmp_path, "students", students=students)
    with pytest.raises(RowsRefused):
        await load(console, tmp_path, "students", strict=True)
    await load(console, tmp_path, "students")
    reports = LoadReports(console.office.engine)
    loaded, refused = await reports.listed()
    assert (refused.state, refused.code, refused.entries) == (State.REFUSED, "rows_refused", ())
    assert (loaded.state, loaded.code, loaded.refused) == (State.LOADED, None, 2)
    steward = await console.as_a(Role.STEWARD)
    for line in (loaded, refused):
        page = (await steward.get(f"/console/loads/reports/{line.number}")).text
        assert "born" in page
        assert "notes.csv" in page
        # Read, added, changed, unchanged, refused, left out: each row is one of these.
        (cells,) = re.findall(r'scope="row">students</th>((?:<td class="pg-number">[^<]*</td>)+)', page)
        read, added, changed, unchanged, rejected, left_out, *_ = map(int, re.findall(r">([0-9]+)<", cells))
        assert (read, rejected, left_out) == (len(students), 2, 0)
        assert read == added + changed + unchanged + rejected + left_out
        kept_of_it = await admin.fetchval(
            "SELECT content::text || mapping FROM gateway.load_report WHERE number = $1", line.number
        )
        assert "xxxx" not in kept_of_it, "not even masked"
        for text in (page, kept_of_it):
            assert not [each for each in personal() if re.search(rf"\b{re.escape(each)}\b", text)]
    (entry,) = loaded.entries
    assert f"/console/loads/reports/{loaded.number}" in (await steward.get(f"/console/loads/{entry}")).text


async def test_a_held_load_goes_from_its_page_by_two_signatures_into_the_records(
    console: Console, tmp_path: Path
) -> None:
    everybody, stays = (a_night(tmp_path)[target] for target in ("students", "enrollments"))
    half, both = everybody[: len(everybody) // 2], ("students", "enrollments")
    left = [(*row[:5], LEFT) if row[0] == CALIXTE.number else row for row in stays]
    a_night(tmp_path, *both, students=half, enrollments=left)
    with pytest.raises(LoadHeld) as held:
        await load(console, tmp_path, *both)
    reports = LoadReports(console.office.engine)
    (line,) = await reports.listed()
    # What narrows in it counts at once, and what is confirmed is what is left of it.
    assert line.entries == held.value.entries != ()
    told = {each.target: each.changed for each in (await reports.report(line.number)).content.filled}
    described = held.value.described
    assert described is not None
    assert told["enrollments"] - {each.target: each.changed for each in described.targets}["enrollments"] == 1
    assert line.waits
    steward, page = await console.as_a(Role.STEWARD), f"/console/loads/reports/{line.number}"
    assert page in (await steward.get("/console/loads")).text
    form = {"csrf": await steward.token()}
    assert (await steward.post(f"{page}/confirmation", form)).status_code == 400
    answer = await steward.post(f"{page}/confirmation", {**form, "reason": "Half of them moved."})
    assert answer.status_code == 303
    paper = answer.headers["location"]
    digest = paper.rpartition("/")[2]
    assert paper in (await steward.get(page)).text
    # (1): by one signature, and before any, it is held as ever.
    document = (await (await papers_of(console)).paper(digest)).envelope
    for key in OFFICERS:
        with pytest.raises(LoadHeld):
            await load(console, tmp_path, *both)
        signature = signed_file(Kind.LOAD_CONFIRMATION, document.payload, key)
        added = await steward.post(f"{paper}/signatures", {**form, "signature": signature})
        assert added.status_code == 303, added.text
    assert "records load --confirmed" in (await steward.get(paper)).text
    assert "signed by everybody who must" in (await steward.get(page)).text
    # (2): another export is not let through by it.
    a_night(tmp_path, *both, students=everybody[:2], enrollments=left)
    with pytest.raises(LoadHeld) as other:
        await load(console, tmp_path, *both)
    assert other.value.code == "load_held", "it was not even tried with what confirms another one"
    # (3): exactly this one is, once.
    a_night(tmp_path, *both, students=half, enrollments=left)
    assert (await load(console, tmp_path, *both)).entries
    newest, *earlier = await reports.listed()
    assert (newest.state, {each.settled for each in earlier}) == (State.LOADED, {newest.number})
    assert (await steward.post(f"{page}/confirmation", {**form, "reason": "Again."})).status_code == 409
    assert "held, settled since" in (await steward.get(page)).text


async def test_what_is_not_held_or_not_there_is_not_confirmed_and_hostile_names_are_text(console: Console) -> None:
    reports, hostile = LoadReports(console.office.engine), '"><script>alert(1)</script>\0=1+1\ud800'
    steward = await console.as_a(Role.STEWARD)
    form = {"csrf": await steward.token(), "reason": "It is right."}
    for number in (1, 2**62 - 1):
        assert (await steward.get(f"/console/loads/reports/{number}")).status_code == 404
        assert (await steward.post(f"/console/loads/reports/{number}/confirmation", form)).status_code == 404
    assert (await steward.get("/console/loads/reports/first")).status_code == 400
    await reports.keep(hostile * 40, SOURCE, CONTENT)
    (loaded,) = await reports.listed()
    answer = await steward.post(f"/console/loads/reports/{loaded.number}/confirmation", form)
    assert answer.status_code == 409
    number = await a_held_load(console, hostile)
    for path in ("/console/loads", f"/console/loads/reports/{number}", f"/console/loads/reports/{loaded.number}"):
        page = (await steward.get(path)).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page
    # A file of the mapping may be many of the export.
    page = (await steward.get(f"/console/loads/reports/{number}")).text
    assert "<summary>13 files</summary>" in page
    assert "Student[.-]*xml (delta 1) (12 files) <code" in page
    file = (await steward.get("/console/loads?download=csv")).text
    assert "load_held" not in file
    assert re.search(r"held", file)


async def test_the_office_alone_has_the_newest_reports_and_no_load_fails_by_its_own(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    reports = LoadReports(console.office.engine)
    monkeypatch.setattr(kept, "MOST", 3)
    for number in range(5):
        await reports.keep(f"mapping {number}", SOURCE, CONTENT)
    assert [each.mapping for each in await reports.listed()] == ["mapping 4", "mapping 3", "mapping 2"]
    admin = await superuser(console.gateway)
    for role in ("pactgate_app", "pactgate_auditor"):
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            assert not await admin.fetchval("SELECT has_table_privilege($1, 'gateway.load_report', $2)", role, right)
    with pytest.raises(asyncpg.PostgresError):
        await admin.execute("UPDATE gateway.load_report SET mapping = 'another'")
    await admin.execute("REVOKE INSERT ON gateway.load_report FROM pactgate_loader")
    a_night(tmp_path, "schools")
    assert (await load(console, tmp_path, "schools")).entries
    assert "the report of a load was not kept: ProgrammingError" in caplog.text
    assert REASON not in caplog.text
