"""What the pages refuse is said on a page that leads on, in a sentence of its own, and nobody is signed out by it."""

import httpx2
import pytest

from agreements.roles import Role
from gateway.problems import problem
from tests.factories.console import Console
from tests.factories.staff import Browser

SENTENCE = "No record of this student could be copied."


def test_what_a_room_refuses_with_a_sentence_is_told_to_staff_and_to_nobody_else() -> None:
    told = problem("a_code_without_a_title", SENTENCE, to_staff=True)
    assert (told.status, SENTENCE.encode() in told.body) == (409, True)
    for silent in (problem("a_code_without_a_title", SENTENCE), problem("a_code_without_a_title", to_staff=True)):
        assert silent.status == 500
        assert b"a_code_without_a_title" not in silent.body
        assert SENTENCE.encode() not in silent.body


async def test_a_refusal_leads_back_to_the_first_page_and_only_whoever_is_signed_out_to_the_sign_in(
    console: Console,
) -> None:
    async with httpx2.AsyncClient(timeout=20) as http:
        nobody = await Browser(http, console.gateway.url).get("/console/overview")
        assert (nobody.status_code, 'href="/console/sign-in"' in nobody.text) == (401, True)
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
