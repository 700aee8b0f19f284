"""Every list of the console filters, sorts, pages and downloads; files hold what the page shows, and no formula."""

import csv
import io

import pytest

from agreements.roles import Role
from gateway.console import log_file
from tests.factories.cohort import MENTORING, TUTORING
from tests.factories.console import Console
from tests.factories.superuser import superuser

pytestmark = pytest.mark.asyncio(loop_scope="module")
LISTS = {
    "agreements": Role.AUDITOR,
    "alarms": Role.AUDITOR,
    "calendar": Role.AUDITOR,
    "drafts": Role.ADMINISTRATOR,
    "emergencies": Role.OFFICER,
    "incidents": Role.OFFICER,
    "papers": Role.OFFICER,
    "signers": Role.AUDITOR,
    "partners": Role.AUDITOR,
    "clients": Role.AUDITOR,
    "obligations": Role.AUDITOR,
    "staff": Role.OFFICER,
    "loads": Role.STEWARD,
    "rosters": Role.STEWARD,
    "codes": Role.STEWARD,
}

ARTICLES = {"calendar", "emergencies"}
"""Lists whose rows are shown by month, or whole."""


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


async def test_lists_refuse_fields_they_do_not_have_and_every_one_is_a_file_too(shared: Console) -> None:
    for name, role in LISTS.items():
        browser, path = await shared.as_a(role), f"/console/{name}"
        for query in ("sort=nothing", "page=0", "page=x"):
            assert (await browser.get(f"{path}?{query}")).status_code == 400, (name, query)
        page = await browser.get(path)
        assert page.status_code == 200, name
        file = await browser.get(f"{path}?download=csv")
        assert file.headers["content-type"] == "text/csv; charset=utf-8"
        assert file.headers["content-disposition"] == f'attachment; filename="{name}.csv"'
        assert file.headers["cache-control"] == "no-store"
        rows = rows_of(file.text)
        if name in ARTICLES:
            assert bool(rows) == ("Download as a table" in page.text), name
            continue
        assert bool(rows) == ("<tbody>" in page.text), name
        if rows:
            assert page.text.count('aria-sort="') >= 3
            assert sum(f'aria-sort="{order}"' in page.text for order in ("ascending", "descending")) == 1


async def test_a_filter_keeps_what_the_page_asked_for_and_a_file_holds_what_it_shows(shared: Console) -> None:
    number = await shared.raise_alarm("volume_exceeded", client="client:x", agreement="sha256:00", dataset="students")
    await shared.raise_alarm("undecided", cause="error")
    incident = await shared.open_incident()
    officer, administrator = await shared.as_a(Role.OFFICER), await shared.as_a(Role.ADMINISTRATOR)
    page = (await officer.get("/console/alarms?code=volume_exceeded")).text
    assert f'href="/console/alarms/{number}"' in page
    assert page.count("<tr>") == 2, "the titles and one case"
    beyond = (await officer.get("/console/agreements?page=7")).text
    assert "This list has one page." in beyond
    assert 'href="/console/agreements?page=1"' in beyond
    assert "Nothing in this list fits" not in beyond
    none = (await officer.get("/console/alarms?state=all&mine=false&words=nothing+of+it")).text
    assert 'href="/console/alarms?state=all&amp;mine=false"' in none, "what is cleared are the filters alone"
    assert '<input type="hidden" name="state" value="all">' in none
    (row,) = rows_of((await officer.get("/console/incidents?standing=open&download=csv")).text)
    assert (row["Incident"], row["Whom it concerns"]) == (str(incident), "Bright Path Tutoring")
    assert rows_of((await officer.get("/console/incidents?concerns=partner:bright-path&download=csv")).text) == [row]
    assert not rows_of((await officer.get("/console/incidents?standing=overdue&download=csv")).text)
    keys = rows_of((await officer.get("/console/signers?party=officers&download=csv")).text)
    assert {(row["Signs for"], row["Standing"]) for row in keys} == {("privacy officer", "in office")}
    assert len(rows_of((await officer.get("/console/signers?download=csv")).text)) > len(keys) > 1
    days = rows_of((await officer.get("/console/calendar?partner=partner:bright-path&download=csv")).text)
    assert {row["Partner"] for row in days} == {"Bright Path Tutoring"}
    assert [row["Day"] for row in days] == sorted(row["Day"] for row in days)
    assert "Bright Path Tutoring" in (await administrator.get("/console/calendar?coming=term_ends")).text
    assert (await officer.get("/console/calendar?sort=coming")).status_code == 400, "months are in the order of days"
    assert (await officer.get("/console/calendar.ics?sort=coming")).status_code == 400
    file = await officer.get("/console/calendar.ics?partner=partner:bright-path")
    assert file.headers["content-type"] == "text/calendar; charset=utf-8"
    assert file.headers["content-disposition"] == 'attachment; filename="calendar.ics"'
    assert file.text.count("BEGIN:VEVENT") == file.text.count("Bright Path Tutoring") == len(days)


async def test_a_list_is_filtered_and_sorted_by_what_stands_in_the_address(shared: Console) -> None:
    await superuser(shared.gateway)
    auditor = await shared.as_a(Role.AUDITOR)
    tutoring, mentoring = shared.gateway.digest(TUTORING), shared.gateway.digest(MENTORING)
    page = (await auditor.get("/console/agreements?partner=partner:harbor-mentors")).text
    assert mentoring in page
    assert tutoring not in page
    assert '<option value="partner:harbor-mentors" selected>' in page
    none = (await auditor.get("/console/agreements?words=%22%3E%3Cscript%3E")).text
    assert "Nothing in this list fits." in none
    assert '"><script>' not in none
    up = (await auditor.get("/console/agreements?sort=title")).text
    down = (await auditor.get("/console/agreements?sort=title&down=1")).text
    assert [up.index(tutoring) < up.index(mentoring), down.index(tutoring) < down.index(mentoring)] in (
        [True, False],
        [False, True],
    )
    file = rows_of((await auditor.get("/console/agreements?partner=partner:harbor-mentors&download=csv")).text)
    assert [int(row["Students today"]) > 0 for row in file] == [True]


async def test_the_log_is_a_file_of_what_was_searched_for_bounded_and_without_formulas(
    shared: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await superuser(shared.gateway)
    await admin.execute("UPDATE gateway.client SET name = $1", '=HYPERLINK("https://evil.example")')
    for fields in ("first_name", "grade_level", "sex"):
        await shared.gateway.get(TUTORING, f"/v1/students?fields={fields}")
    auditor = await shared.as_a(Role.AUDITOR)
    assert (await auditor.get("/console/log?first=2026-02-30&download=csv")).status_code == 400
    answered = rows_of((await auditor.get("/console/log?outcome=disclosure&download=csv")).text)
    assert [row["Event"] for row in answered] == ["disclosure", "disclosure"]
    assert not any(cell.lstrip().startswith("=") for row in answered for cell in row.values())
    monkeypatch.setattr(log_file, "AT_ONCE", 5)
    whole = rows_of((await auditor.get("/console/log?download=csv")).text)
    numbers = [int(row["Entry"]) for row in whole]
    assert numbers == list(range(max(numbers), -1, -1)), "each entry once, across the parts that are sent"
    monkeypatch.setattr(log_file, "MOST", 7)
    monkeypatch.setattr("gateway.console.log.AT_ONCE", 5)
    assert len(rows_of((await auditor.get("/console/log?download=csv")).text)) == 7


async def test_drafts_are_listed_by_the_legal_basis_that_they_begin_with(shared: Console) -> None:
    administrator = await shared.as_a(Role.ADMINISTRATOR)
    begun = {"csrf": await administrator.token(), "basis": "consent"}
    assert (await administrator.post("/console/drafts", begun)).status_code == 303
    (row,) = rows_of((await administrator.get("/console/drafts?basis=consent&download=csv")).text)
    assert row["Legal basis"] == "The family's consent"
    assert rows_of((await administrator.get("/console/drafts?basis=studies&download=csv")).text) == []
