"""What the pages refuse is said on a page that leads on, in a sentence of its own, and nobody is signed out by it."""

import html
from uuid import UUID

import httpx2
import pytest

from agreements.keys import SigningKey
from agreements.roles import Role
from gateway.errors import GatewayError
from gateway.problems import problem
from gateway.services.drafts.kept import Drafts
from tests.factories.cohort import TUTORING
from tests.factories.console import Console
from tests.factories.console_drafts import Pen
from tests.factories.staff import Browser

SENTENCE = "No record of this student could be copied."


def test_what_a_room_refuses_with_a_sentence_is_told_to_staff_and_to_nobody_else() -> None:
    told = problem("a_code_without_a_title", SENTENCE, to_staff=True)
    assert (told.status, SENTENCE.encode() in told.body) == (409, True)
    for silent in (problem("a_code_without_a_title", SENTENCE), problem("a_code_without_a_title", to_staff=True)):
        assert silent.status == 500
        assert b"a_code_without_a_title" not in silent.body
        assert SENTENCE.encode() not in silent.body
    # What says no more than that it could not be done is a fault of ours, and is counted as one.
    assert problem("a_code_without_a_title", GatewayError.public_detail, to_staff=True).status == 500


async def test_a_refusal_leads_back_to_the_first_page_and_only_whoever_is_signed_out_to_the_sign_in(
    console: Console,
) -> None:
    async with httpx2.AsyncClient(timeout=20) as http:
        nobody = await Browser(http, console.gateway.url).get("/console/overview")
        assert (nobody.status_code, 'href="/console/sign-in?next=/console/overview"' in nobody.text) == (401, True)
        words = "A laptop with <the> letters was stolen."
        sent = {"csrf": "A" * 43, "what": "x", "reason": words}
        form = await Browser(http, console.gateway.url).post("/console/stop", sent)
        assert (form.status_code, 'href="/console/sign-in"' in form.text) == (401, True)
        # What was typed while the session ran out comes back, to copy; it is no markup, and no other site gets at it.
        assert html.escape(words) in form.text
        assert "A" * 43 not in form.text
        elsewhere = await Browser(http, console.gateway.url).post("/console/stop", sent, sec_fetch_site="cross-site")
        assert (elsewhere.status_code, "laptop" in elsewhere.text) == (401, False)
        key = SigningKey.generate("Ed25519").export_pem().decode()
        assert "PRIVATE" not in (await Browser(http, console.gateway.url).post("/console/stop", {"reason": key})).text
    officer = await console.as_a(Role.OFFICER)
    for refused in (
        await officer.get("/console/agreements?sort=nothing"),
        await officer.post("/console/students/stop", {"csrf": await officer.token()}),
        await officer.post("/console/students", {"number": "no token"}),
    ):
        assert refused.status_code in {400, 403, 404}
        assert 'href="/console/sign-in"' not in refused.text
        assert '<p><a href="/console">To the first page</a></p>' in refused.text


async def test_whoever_changes_the_language_where_a_form_was_answered_begins_at_the_front(console: Console) -> None:
    officer = await console.as_a(Role.OFFICER)
    answered = await officer.post("/console/students/stop", {"csrf": await officer.token()})
    assert answered.status_code == 404
    assert 'name="here" value="/console"' in answered.text
    assert 'name="here" value="/console/log"' in (await officer.get("/console/log")).text


@pytest.mark.ferpa("F2")
async def test_a_familys_words_fit_into_a_form_in_any_script(console: Console) -> None:
    officer = await console.as_a(Role.OFFICER)
    form = {"csrf": await officer.token(), "student": "nobody's", "words": "我" * 4_000}
    answer = await officer.post("/console/consents/statement", form)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.status_code not in {413, 500}


async def test_a_character_that_no_keyboard_writes_is_left_out_and_stops_nothing_from_being_stopped(
    console: Console,
) -> None:
    officer, partner, start = await console.as_a(Role.OFFICER), "partner:bright-path", await console.gateway.size()
    form = {"csrf": await officer.token(), "what": partner, "name": partner, "reason": "A laptop\x00 was stolen."}
    assert (await officer.post("/console/stop", form)).status_code == 303
    assert [each["partner"] for each in await console.entries(start, "partner.suspended")] == [partner]


async def test_a_draft_that_changes_after_it_was_given_out_stays_when_the_older_bytes_are_registered(
    console: Console,
) -> None:
    administrator = await console.as_a(Role.ADMINISTRATOR)
    pen = await Pen.begin(administrator, "consent")
    drafts, number = Drafts(console.office.engine), UUID(pen.path.rpartition("/")[2])
    registered = console.gateway.digest(TUTORING)
    await drafts.give_out(number, (await drafts.read(number)).revision, registered)
    # A step that this draft does not have is left like any other.
    assert await pen.send("/agency", {"onward": "1"}) == f"{pen.path}/people"
    assert (await administrator.get("/console/drafts")).status_code == 200
    assert (await administrator.get(pen.path)).status_code == 200
    await drafts.give_out(number, (await drafts.read(number)).revision, registered)
    assert (await administrator.get("/console/drafts")).status_code == 200
    assert (await administrator.get(pen.path)).status_code == 404
