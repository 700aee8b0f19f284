"""A form that is refused comes back as it was sent, with the sentence at its top: nobody types a long form twice."""

import html
import re

import pytest

from agreements.keys import SigningKey
from agreements.roles import Role
from tests.factories.cohort import STUDENTS
from tests.factories.console import Console
from tests.factories.console_drafts import Pen, content_of

pytestmark = [pytest.mark.claim(12), pytest.mark.asyncio(loop_scope="module")]

MARKUP = '"><script>x</script>'
ORDER = {
    "id": "emergency:flood-at-cedar",
    "threat": f"The river is over the road to the school. {MARKUP}",
    "name_1": "Fire department",
    "kind_1": "public_health",
    "why_1": "They drive the buses.",
    "element_000115": "on",
    "count": "40",
    "whom": "Whoever waits at Cedar",
    "hours": "99",
}
INCIDENT = {
    "what": f"A laptop was stolen. {MARKUP}",
    "discovered": "2026-10-05T08:30",
    "partner": "partner:bright-path",
    "since": "2026-10-01",
    "until": "2026-09-30",
}
CONSENT = {
    "number": STUDENTS["calixte"].number,
    "party": "partner:bright-path",
    "purpose": "tutoring",
    "what_will_be_done": f"Tutors plan sessions. {MARKUP}",
    "elements": "no such element",
    "signed_by": "parent",
    "signer": "A. Parent",
    "signed_on": "2026-09-15",
    "form": "electronic",
    "authenticated_by": "code_sent",
}
WISH = {
    "number": "no-such-number",
    "wish": "withdraw",
    "agreement": "agreement:sps-a-tutoring",
    "by": "parent",
    "name": f"A. Parent {MARKUP}",
}
STATEMENT = {"number": STUDENTS["calixte"].number, "elements": "no such element", "words": "It was another pupil."}


def fields(page: str) -> str:
    """Return the page without its blanks and entities, as a person reads the values of its fields."""
    return html.unescape(re.sub(r"\s+", " ", page))


async def test_a_private_key_in_a_form_does_not_come_back(shared: Console) -> None:
    officer = await shared.as_a(Role.OFFICER)
    key = SigningKey.generate("Ed25519").export_pem().decode()
    answer = await officer.post("/console/emergencies", {"csrf": await officer.token(), **ORDER, "whom": key})
    assert answer.status_code == 400
    assert "PRIVATE" not in answer.text
    assert ORDER["why_1"] not in answer.text


@pytest.mark.parametrize(
    ("role", "path", "form", "sentence"),
    [
        (Role.OFFICER, "/console/emergencies", ORDER, "hours"),
        (Role.OFFICER, "/console/incidents", INCIDENT, "begins before it ends"),
        (Role.STEWARD, "/console/consents", CONSENT, "Name each element"),
        (Role.STEWARD, "/console/consents/statement", STATEMENT, "Name each element"),
        (Role.STEWARD, "/console/wishes", WISH, "No student has this number"),
    ],
)
async def test_a_refused_form_comes_back_as_it_was_sent_but_for_the_student_s_number(
    shared: Console, role: Role, path: str, form: dict[str, str], sentence: str
) -> None:
    browser, start = await shared.as_a(role), await shared.gateway.size()
    answer = await browser.post(path, {"csrf": await browser.token(), **form})
    assert answer.status_code in {400, 404, 409}
    assert await shared.gateway.size() == start
    page = fields(answer.text)
    assert "Nothing was saved" in page
    assert sentence in page.partition("Nothing was saved")[2].partition("</div>")[0]
    assert 'action="/language"' not in answer.text, "nobody loses it by another language"
    assert MARKUP not in answer.text  # what was sent is shown as it was typed, and is no markup
    form = dict(form)
    if number := form.pop("number", ""):
        assert number not in answer.text
    for name, value in form.items():
        is_text = f">{value}</textarea>" in page
        is_value = f'name="{name}" value="{value}"' in page
        is_choice = f'<option value="{value}" selected' in page
        is_tick = re.search(f'name="{name}"(?: value="1")? checked', page)
        assert is_text or is_value or is_choice or is_tick, name
    # The other form of the same page stays empty.
    assert page.count("no such element") == ("elements" in form)


async def test_a_page_that_stood_open_while_its_reader_signed_in_again_gives_back_what_was_typed(
    shared: Console,
) -> None:
    officer, digest = await shared.as_a(Role.OFFICER), f"sha256:{'0' * 64}"
    old = {"csrf": await officer.token()}
    fresh = {**old, "action": "emergency", "concerns": digest}
    assert (await officer.post("/console/development/sign-in-again", fresh)).status_code == 200
    note, numbers = "We called the partner, and nobody answered.", "1001 1002 1003 1004 1005"
    # No other site has it shown, and no page shows students' numbers.
    foreign = await officer.post("/console/incidents", {**old, **INCIDENT, "what": note}, sec_fetch_site="cross-site")
    listed = await officer.post(f"/console/emergencies/releases/{digest}", {**old, "numbers": numbers})
    assert (foreign.status_code, note in foreign.text) == (403, False)
    assert (listed.status_code, numbers in listed.text) == (403, False)
    late = await officer.post("/console/incidents", {**old, **INCIDENT, "what": note})
    assert (late.status_code, f">\n{note}</textarea>" in late.text) == (403, True)
    assert "Copy it, and open the page again." in late.text


async def test_whoever_saves_second_has_both_before_them_and_saves_theirs_knowingly(shared: Console) -> None:
    one, other = await shared.as_a(Role.ADMINISTRATOR), await shared.as_a(Role.ADMINISTRATOR)
    pen = await Pen.begin(one, "consent")
    stale = {"csrf": await other.token(), "revision": await pen.revision()}
    await pen.write("/parties", title="The first", partner__name="Bright Path")
    late = {**stale, "title": "The second", "partner.name": "Bright Path", "partner.id": "partner:bright-path"}
    answer = await other.post(f"{pen.path}/parties", late)
    assert answer.status_code == 409
    page = fields(answer.text)
    assert "Somebody saved this draft in the meantime" in page
    assert 'name="title" value="The second"' in page
    assert 'Saved by now: <span class="pg-says">The first</span>' in page
    assert 'name="partner.id" value="partner:bright-path"' in page
    assert page.count("Saved by now") == 2  # the title, and the partner's id, which nobody had said
    assert (await content_of(shared, pen.path))["title"] == "The first"
    (revision,) = set(re.findall('name="revision" value="([0-9]+)"', page))
    again = await other.post(f"{pen.path}/parties", {**late, "revision": revision})
    assert again.status_code == 303
    assert (await content_of(shared, pen.path))["title"] == "The second"


async def test_what_was_typed_for_a_basis_that_somebody_changed_is_still_there_to_copy(shared: Console) -> None:
    admin = await shared.as_a(Role.ADMINISTRATOR)
    pen = await Pen.begin(admin, "consent")
    stale = {"csrf": pen.token, "revision": await pen.revision()}
    await pen.write("/purpose", basis__type="studies")
    late = {**stale, "basis.what_will_be_done": "Tutors plan sessions with each family"}
    answer = await admin.post(f"{pen.path}/basis", late)
    assert answer.status_code == 409
    assert "Tutors plan sessions with each family" in answer.text
    assert "fields that are not here any more" in answer.text


async def test_rows_beyond_those_that_are_kept_are_not_cut(shared: Console) -> None:
    admin = await shared.as_a(Role.ADMINISTRATOR)
    pen = await Pen.begin(admin, "consent")
    stale = {"csrf": pen.token, "revision": await pen.revision()}
    await pen.write("/obligations", obligations__security="Locked")
    rows = {f"subrecipients.{index}.name": f"Helper {index}" for index in range(5)}
    answer = await admin.post(f"{pen.path}/obligations", {**stale, **rows})
    assert answer.status_code == 409
    for index in range(5):
        assert f'value="Helper {index}"' in answer.text


async def test_picked_elements_and_conditions_come_back_beside_what_is_saved(shared: Console) -> None:
    admin = await shared.as_a(Role.ADMINISTRATOR)
    pen = await Pen.begin(admin, "consent")
    await pen.send("/population", {"do": "add:", "add.": "in"})
    stale = {"csrf": pen.token, "revision": await pen.revision()}
    await pen.send("/data/students", {"years": "2026-2027", "form.000115": "exact"})
    picked = {**stale, "years": "2027-2028", "form.000115": "no", "form.000033": "age_years"}
    answer = await admin.post(f"{pen.path}/data/students", picked)
    assert answer.status_code == 409
    page = fields(answer.text)
    assert 'name="years" value="2027-2028"' in page
    assert '<option value="age_years" selected>' in page
    assert page.count("Saved by now") == 2
    values = {**stale, "column.": "school_identifier", "values.": "ECS-101\r\nECS-102"}
    answer = await admin.post(f"{pen.path}/population", values)
    assert answer.status_code == 409
    assert "ECS-101, ECS-102" in answer.text
