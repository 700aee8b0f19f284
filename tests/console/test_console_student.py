"""A student's page: on record before it is shown, the number in no address and no line; what left, and the stop."""

from dataclasses import replace

import pypdfium2
import pytest

from agreements.documents.outside_disclosure import outside_disclosure_bytes
from agreements.roles import Role
from agreements.signature import Kind
from gateway.services.accounting.by_hand import OutsideDisclosures
from gateway.services.emergencies.papers import Students
from tests.factories.cohort import DAY, MENTORING, STUDENTS, TUTORING
from tests.factories.console import Console
from tests.factories.family import FamilyDesk
from tests.factories.partners import OUTSIDE

CALIXTE = STUDENTS["calixte"]


@pytest.mark.claim(9)
async def test_the_number_is_in_no_address_and_no_line_and_an_unknown_one_leaves_no_entry(console: Console) -> None:
    officer, start = await console.as_a(Role.OFFICER), await console.gateway.size()
    token = await officer.token()
    unknown = await officer.post("/console/students", {"csrf": token, "number": "no-such-number"})
    assert unknown.status_code == 404
    assert "no-such-number" not in unknown.text
    # Never cut: the beginning of what is too long may be the number of another child.
    long, line = {"csrf": token, "number": "9" * 65}, {"csrf": token, "number": CALIXTE.number, "agreement": "a" * 121}
    for place, form in (("", long), ("/paper", long), ("/copy", long), ("/stop", long), ("/stop", line)):
        assert (await officer.post(f"/console/students{place}", form)).status_code == 400, place
    assert not await console.entries(start, "accounting.read")
    assert not await console.entries(start, "opted_out")
    page = await officer.post("/console/students", {"csrf": token, "number": CALIXTE.number})
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    addresses = [part.split('"')[0] for part in page.text.split('href="')[1:] + page.text.split('action="')[1:]]
    assert not any(CALIXTE.number in each for each in addresses)
    assert CALIXTE.number not in str(console.gateway.lines)
    assert CALIXTE.number not in str(await console.gateway.entries(start))


@pytest.mark.claim(4)
@pytest.mark.ferpa("N1")
async def test_who_looked_is_on_record_and_what_left_is_one_block_for_each_partner_and_purpose(
    console: Console,
) -> None:
    for _ in range(2):
        await console.gateway.get(TUTORING, "/v1/students?fields=first_name,grade_level")
    await console.gateway.get(MENTORING, "/v1/students?fields=first_name")
    officer, start = await console.as_a(Role.OFFICER), await console.gateway.size()
    page = await officer.post("/console/students", {"csrf": await officer.token(), "number": CALIXTE.number})
    (look,) = await console.entries(start, "accounting.read")
    assert look["person"] == console.people[Role.OFFICER].id
    assert look["form"] == "json"
    assert "Bright Path" in page.text
    assert "2 entries" in page.text
    assert CALIXTE.first in page.text


async def test_the_paper_for_the_family_is_a_pdf_of_the_same(console: Console) -> None:
    await console.gateway.get(TUTORING, "/v1/students?fields=first_name")
    officer, start = await console.as_a(Role.OFFICER), await console.gateway.size()
    form = {"csrf": await officer.token(), "number": CALIXTE.number}
    answer = await officer.post("/console/students/paper", form)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("attachment")
    document = pypdfium2.PdfDocument(answer.content)
    assert len(document) == 1
    assert "Bright Path" in document[0].get_textpage().get_text_range()
    (look,) = await console.entries(start, "accounting.read")
    assert look["form"] == "pdf"


@pytest.mark.ferpa("N4")
async def test_the_paper_is_written_when_each_caution_that_the_page_shows_is_ticked(console: Console) -> None:
    family = await FamilyDesk.at(console.gateway)
    student = Students((CALIXTE.number,))
    said = replace(OUTSIDE, party="Cedar Night Shelter", disclosed_on=DAY, commitment=student.commitment)
    document = family.signed(Kind.OUTSIDE_DISCLOSURE, outside_disclosure_bytes(said))
    await OutsideDisclosures(family.desk, console.gateway.deployment.keys.subject).record(document, student)
    officer = await console.as_a(Role.OFFICER)
    form = {"csrf": await officer.token(), "number": CALIXTE.number}
    page = await officer.post("/console/students", form)
    assert 'name="acknowledge_partner_tells"' in page.text
    assert (
        "El solo nombre de quien recibió los datos"
        in (await officer.post("/console/students", form, accept_language="es")).text
    )
    size = await console.gateway.size()
    refused = await officer.post("/console/students/paper", form)
    assert refused.headers["content-type"].startswith("text/html")
    assert refused.status_code == 409
    given = await officer.post("/console/students/paper", {**form, "acknowledge_partner_tells": "on"})
    assert given.headers["content-type"] == "application/pdf"
    looks = await console.entries(size, "accounting.read")
    assert [each.get("acknowledged") for each in looks] == [None, ["partner_tells"]]


@pytest.mark.claim(7)
@pytest.mark.ferpa("C6")
async def test_sharing_about_a_student_stops_with_the_next_request_and_names_who_entered_it(console: Console) -> None:
    async def names() -> list[str]:
        answer = await console.gateway.get(TUTORING, "/v1/students?fields=first_name")
        return [row["first_name"] for row in answer.json()["data"]]

    assert CALIXTE.first in await names()
    officer, start = await console.as_a(Role.OFFICER), await console.gateway.size()
    form = {"csrf": await officer.token(), "number": CALIXTE.number}
    page = await officer.post("/console/students/stop", form)
    assert "Sharing is stopped" in page.text
    assert CALIXTE.first not in await names()
    (stop,) = await console.entries(start, "opted_out")
    assert stop["person"] == console.people[Role.OFFICER].id
    assert (await officer.post("/console/students/stop", form)).status_code in {400, 404, 409}
