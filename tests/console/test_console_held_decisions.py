"""A decision by which many students would leave a roster: one person asks, another one answers, on the pages alone."""

import asyncio
import datetime as dt

import asyncpg
import pytest

from agreements.errors import SamePerson
from agreements.roles import Role
from gateway.services.papers.errors import NothingWaits, PaperRefused
from gateway.services.papers.held_decisions import COUNTS, HeldDecisions
from gateway.services.rosters.deciding import RosterDecisions
from tests.factories.cohort import MENTORING, STUDENTS
from tests.factories.console import Console
from tests.factories.gateway import NOON, names
from tests.factories.held_decisions import a_held_decision, a_short_roster, decided
from tests.factories.papers import papers_of
from tests.factories.superuser import superuser

pytestmark = [pytest.mark.claim(12), pytest.mark.ferpa("R2")]
REASON = "The program lost two mentors, says its manager."
BEFORE = {STUDENTS[role].first for role in ("calixte", "fio", "mentored_a", "mentored_b")}
AFTER = {STUDENTS[role].first for role in ("calixte", "fio")}


async def test_whoever_had_a_part_in_a_decision_does_not_answer_for_it(console: Console) -> None:
    roster = await a_short_roster(console)
    steward, officer = await console.as_a(Role.STEWARD), await console.as_a(Role.OFFICER)
    administrator, csrf = await console.as_a(Role.ADMINISTRATOR), {"csrf": await steward.token()}
    # An administrator prepares it, an auditor brings the signature by the officer's key, the steward has it filed.
    key = console.gateway.deployment.ring.officers[0].key
    digest = await decided(console, roster, key, Role.ADMINISTRATOR, Role.AUDITOR)
    page, said = f"/console/papers/{digest}", {"name": str(roster), "reason": REASON}
    for path in ("confirm", "turn-down"):
        early = await steward.post(f"{page}/{path}", {**csrf, **said})
        assert early.status_code == 409, "nobody has asked for it to be filed"
    assert (await steward.post(f"{page}/file", csrf)).status_code == 303
    for browser in (steward, officer, administrator):
        form = {"csrf": await browser.token(), **said}
        for path in ("confirm", "turn-down"):
            answer = await browser.post(f"{page}/{path}", form)
            assert (answer.status_code, REASON in answer.text) == (403, False), path
    for browser in (steward, officer):
        assert "You had a part in the decision" in (await browser.get(page)).text
    decisions = HeldDecisions(console.office)
    (held,) = await decisions.waiting()
    for role, person in console.people.items():
        assert not await decisions.is_for(held, person.id), role
    assert await decisions.is_for(held, "user:5b0a3c1e-6d1f-4a52-9d0b-3f6c7a1e2b90")
    papers, people = await papers_of(console), console.people
    envelope = (await papers.paper(digest)).envelope
    await papers.withdraw(digest, people[Role.STEWARD].id)
    assert not await decisions.waiting()
    assert not await decisions.about(roster), "nobody answered"
    # Prepared again, of the same bytes, it is to be signed before it waits again.
    again = await papers.prepare(envelope.kind, envelope.payload, people[Role.ADMINISTRATOR].id, title="Again")
    assert (again, await decisions.waiting(), await decisions.about(roster)) == (digest, (), ())
    shown = (await officer.get(page)).text
    assert ('id="sign"' in shown, "On another day" in shown, 'id="second"' in shown) == (True, True, False)
    await papers.add(digest, envelope, people[Role.AUDITOR].id)
    assert [each.document for each in await decisions.waiting()] == [digest]
    assert 'id="second"' in (await officer.get(page)).text
    # What a command files meanwhile waits for nobody.
    await RosterDecisions(console.office.desk).decide(envelope, confirm=True)
    assert (await decisions.waiting(), await decisions.about(roster)) == ((), ())
    assert "waits for a second person" not in (await steward.get("/console/rosters")).text


async def test_a_second_person_turns_a_decision_down_or_confirms_it_and_it_is_done_as_it_was_signed(
    console: Console,
) -> None:
    roster, start = await a_short_roster(console), await console.gateway.size()
    digest = await a_held_decision(console, roster)
    steward, officer = await console.as_a(Role.STEWARD), await console.as_a(Role.OFFICER)
    page, csrf = f"/console/papers/{digest}", {"csrf": await officer.token()}
    for browser, place in ((steward, "/console/rosters"), (officer, "/console/papers")):
        shown = (await browser.get(place)).text
        assert "2 of 4 students would leave" in shown, place
        assert f'href="{page}"' in shown, place
    shown = (await officer.get(page)).text
    assert ("You had no part in the decision" in shown, "On another day" in shown) == (True, False)
    for path, form in (
        ("confirm", {"name": str(roster + 1), "reason": REASON}),
        ("confirm", {"name": str(roster)}),
        ("turn-down", {"reason": " "}),
        ("turn-down", {"reason": "x" * 501}),
    ):
        assert (await officer.post(f"{page}/{path}", {**csrf, **form})).status_code == 400, (path, form)
    # (1): turned down: the document is gone, the reason stands, the roster is as it was.
    down = await officer.post(f"{page}/turn-down", {**csrf, "reason": "Half of <b>it</b> is missing."})
    assert (down.status_code, down.headers["location"]) == (303, "/console/papers")
    assert (await officer.get(page)).status_code == 404
    shown = (await steward.get(f"/console/rosters/{roster}")).text
    assert "Half of &lt;b&gt;it&lt;/b&gt; is missing." in shown
    assert "waits for a second person" not in (await steward.get("/console/rosters")).text
    assert not await console.entries(start, "roster.decided")
    assert names(await console.gateway.rows(MENTORING)) == BEFORE
    # (2): decided again, and confirmed on another day: it counts from the day on which it was signed.
    assert await a_held_decision(console, roster) == digest
    await console.gateway.at(NOON + dt.timedelta(days=1))
    officer = await console.as_a(Role.OFFICER)
    csrf = {"csrf": await officer.token()}
    form = {**csrf, "name": str(roster), "reason": REASON}
    assert (await officer.post(f"{page}/confirm", form)).status_code == 303
    (entry,) = await console.entries(start, "roster.decided")
    assert (entry["submission"], entry["ended"]) == (roster, 4)
    (filed,) = await console.entries(start, "paper.filed")
    assert (filed["concerns"], filed["person"]) == (digest, console.people[Role.OFFICER].id)
    assert REASON not in str(await console.gateway.entries(start))
    assert (await officer.post(f"{page}/confirm", form)).status_code == 409, "once"
    assert names(await console.gateway.rows(MENTORING)) == AFTER
    listed = await HeldDecisions(console.office).about(roster)
    assert [(each.answer, each.reason) for each in listed] == [
        ("confirmed", REASON),
        ("turned_down", "Half of <b>it</b> is missing."),
    ]


async def test_of_two_answers_one_counts_and_what_waits_too_long_is_decided_anew(console: Console) -> None:
    decisions, officer = HeldDecisions(console.office), console.people[Role.OFFICER].id
    digest = await a_held_decision(console)
    with pytest.raises(SamePerson):
        await decisions.confirm(digest, console.people[Role.STEWARD].id, REASON)
    await console.gateway.at(NOON + COUNTS + dt.timedelta(minutes=1))
    with pytest.raises(PaperRefused, match="7 days"):
        await decisions.confirm(digest, officer, REASON)
    await console.gateway.at(NOON + dt.timedelta(minutes=1))
    done = await asyncio.gather(
        decisions.confirm(digest, officer, REASON), decisions.turn_down(digest, officer, REASON), return_exceptions=True
    )
    (refused,) = [each for each in done if isinstance(each, BaseException)]
    assert isinstance(refused, NothingWaits)
    admin = await superuser(console.gateway)
    for change in (
        "UPDATE gateway.roster_held SET removed = 1",
        "UPDATE gateway.roster_held SET answer = 'turned_down'",
        "UPDATE gateway.roster_held SET reason = 'another'",
    ):
        with pytest.raises(asyncpg.PostgresError):
            await admin.execute(change)
    for role in ("pactgate_app", "pactgate_auditor"):
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            assert not await admin.fetchval("SELECT has_table_privilege($1, 'gateway.roster_held', $2)", role, right)
