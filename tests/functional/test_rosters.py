"""A roster on its whole way: handed in by a partner, matched in the district, accepted, and what leaves by it."""

import asyncio
import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from agreements.documents.roster_decision import Answer
from agreements.documents.signer import Signer, signer_bytes
from agreements.errors import AlreadyRegistered, NotEntitled, SamePerson
from agreements.keys import SigningKey
from agreements.signature import Kind
from audit.change import next_index
from gateway.services.rosters.deciding import RosterDecisions
from gateway.services.rosters.errors import (
    LineRefused,
    RosterAltered,
    RosterForgotten,
    RosterHeld,
    RosterMoved,
    RosterOutdated,
    UnknownRoster,
)
from gateway.services.rosters.matching import Rule, Waiting
from gateway.services.rosters.submitting import MOST_WAITING
from gateway.services.stops import opt_out
from gateway.services.upkeep import upkeep
from tests.factories.agreements import key_for
from tests.factories.cohort import DAY, FOLLOW_UP, MENTORING, STUDENTS, TUTORING
from tests.factories.gateway import NOON, Gateway, names
from tests.factories.held_up import HeldUp
from tests.factories.rosters import at_work, decide, hand_in, line, opened, send_body, sent, signed
from tests.factories.unhurried import PATIENCE

pytestmark = [pytest.mark.ferpa("R1"), pytest.mark.ferpa("R2")]

_WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database() AND usename = $1"
)
NAMED = "SELECT idx FROM gateway.roster_submission WHERE body IS NOT NULL"


def first(*roles: str) -> set[str]:
    return {STUDENTS[role].first for role in roles}


async def told(gateway: Gateway, agreement: str, roster: int) -> dict[str, Any]:
    answer = await gateway.get(agreement, f"/v1/rosters/{roster}")
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


async def introduced(gateway: Gateway, name: str, *, party: str = "", **limits: Any) -> SigningKey:
    """Return the key of a signer whom an officer has introduced."""
    agreement, ring = gateway.deployment.agreements[MENTORING].agreement, gateway.deployment.ring
    key = key_for(name, "ES256")
    whose = party or agreement.district.id
    role = f"{whose.partition(':')[0]}_signer"
    given = Signer(whose, role, name, key.public, dt.date(2026, 7, 1), dt.date(2027, 6, 30), ("roster_decision",))
    document = ring.sign(Kind.SIGNER, signer_bytes(replace(given, **limits)), ring.officers[1].key)
    async with opened(gateway) as office:
        await office.admissions.introduce_signer(document)
    return key


@pytest.mark.claim(8)
async def test_no_answer_says_whom_the_district_knows(gateway: Gateway) -> None:
    stranger = {"given_name": "Nobody", "family_name": "Anywhere", "birth_date": "2012-01-01"}
    roles = ("ximena", "off_roster", "without_consent", "opted_out")
    known, unknown = [
        (await sent(gateway, TUTORING, each, covers="additions")).json() for each in (line("off_roster"), stranger)
    ]
    # (1): what comes back is the same, whoever is named; so are the entry and what is asked afterwards.
    assert {**known, "roster": 0, "received_at": ""} == {**unknown, "roster": 0, "received_at": ""}
    asked = [await told(gateway, TUTORING, each["roster"]) for each in (known, unknown)]
    assert [(each["state"], each["students"]) for each in asked] == [("waiting", [])] * 2
    # (2): of an accepted roster only those are told whom the pages tell of.
    roster = await hand_in(gateway, TUTORING, *(line(role) for role in roles), stranger, covers="additions")
    decided = await decide(gateway, roster)
    assert (decided.begun, decided.counts_until) == (4, DAY + dt.timedelta(days=35))
    content = await told(gateway, TUTORING, roster)
    codes = {row["first_name"]: row["record_code"] for row in await gateway.rows(TUTORING, fields="first_name")}
    assert content["students"] == [
        {"line": number, "reference": f"ref-{role.replace('_', '-')}", "record_code": codes[STUDENTS[role].first]}
        for number, role in enumerate(roles[:2], start=1)
    ]
    (*_, entry) = [each for each in await gateway.entries() if each["event"] == "roster.read"]
    assert (entry["submission"], entry["records"]) == (roster, 2)
    # (3): a stop acts on the next answer.
    steward = await gateway.steward()
    await steward.opt_out(STUDENTS["ximena"].number, None, directory_only=False)
    assert [each["line"] for each in (await told(gateway, TUTORING, roster))["students"]] == [2]
    # (4): another agreement, another partner and a number that nobody has are told the same.
    answers = [
        await gateway.get(agreement, f"/v1/rosters/{number}")
        for agreement, number in ((FOLLOW_UP, roster), (MENTORING, roster), (TUTORING, 999_999), (TUTORING, "x"))
    ]
    assert {(each.status_code, each.json()["code"]) for each in answers} == {(404, "not_found")}


@pytest.mark.claim(4)
@pytest.mark.claim(9)
async def test_a_roster_is_taken_once_and_whole_or_refused_with_an_entry(gateway: Gateway) -> None:
    start = await gateway.size()
    key = {"idempotency-key": "march"}
    first_try = await sent(gateway, MENTORING, line("fio"), headers=key)
    again = await sent(gateway, MENTORING, line("fio"), headers=key)
    word_for_word = [await hand_in(gateway, MENTORING, line("calixte")) for _ in range(2)]
    assert first_try.json() == again.json()
    assert word_for_word[0] == word_for_word[1]
    other = await sent(gateway, MENTORING, line("calixte"), headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "roster_repeated")
    broken = line("fio", birth_date="yesterday")
    json_type, csv_type = {"content-type": "application/json"}, {"content-type": "text/csv"}
    for answer, expected in (
        (await sent(gateway, MENTORING, line("fio"), broken), (400, "roster_unreadable")),
        (await sent(gateway, MENTORING, line("fio"), covers="all"), (400, "invalid_request")),
        (await sent(gateway, MENTORING, line("fio"), headers={"content-type": "text/xml"}), (400, "invalid_request")),
        (await sent(gateway, MENTORING, line("fio"), headers={"idempotency-key": "k" * 201}), (400, "invalid_request")),
        (await send_body(gateway, MENTORING, b"\xff\xfe", headers=csv_type), (400, "roster_unreadable")),
        (await send_body(gateway, MENTORING, b"x" * 300_000, headers=json_type), (413, "body_too_large")),
    ):
        assert (answer.status_code, answer.json()["code"]) == expected
    saved = b"birth_date;given_name;family_name\r\n2011-04-05;Ulrikachen;Drummondville\r\n"
    assert (await send_body(gateway, MENTORING, b"\xef\xbb\xbf" + saved, headers=csv_type)).status_code == 202
    for number in range(MOST_WAITING - 3):
        await hand_in(gateway, MENTORING, line("fio", reference=f"r{number}"))
    full = await sent(gateway, MENTORING, line("fio", reference="one-more"))
    assert (full.status_code, full.json()["code"]) == (429, "rosters_waiting")
    entries = await gateway.entries(start)
    codes = [each["code"] for each in entries if each["event"] == "refusal"]
    unread = ["roster_unreadable", "invalid_request", "invalid_request", "invalid_request", "roster_unreadable"]
    assert codes == ["roster_repeated", *unread, "rosters_waiting"]
    assert sum(each["event"] == "roster.submitted" for each in entries) == MOST_WAITING
    # No entry, and no line of the gateway, has a name or a birth date; and who serves cannot read them back.
    written = str(entries) + str(gateway.lines)
    assert not [text for text in ("Fionnualee", "Drummondville", "2011-04-05", "ref-fio") if text in written]
    app = await gateway.database.connection("app")
    assert not await app.fetchval("SELECT has_column_privilege('gateway.roster_submission', 'body', 'SELECT')")
    assert not await app.fetchval("SELECT has_any_column_privilege('gateway.roster_line', 'SELECT')")


@pytest.mark.claim(7)
async def test_a_whole_roster_is_who_is_covered_and_whoever_left_is_gone_at_once(gateway: Gateway) -> None:
    assert names(await gateway.rows(MENTORING)) == first("calixte", "fio", "mentored_a", "mentored_b")
    unclear = line("fio", given_name="Nobody", reference="x")
    roster = await hand_in(gateway, MENTORING, line("fio"), line("gulnara"), unclear)
    async with at_work(gateway) as office:
        summary = await office.match(roster)
        assert (summary.matched, summary.waiting, summary.state, summary.names_kept) == (2, 1, "waiting", True)
        look = await office.enter_look(roster, None)
        shown = await office.show(look)
        assert [(each.rule, each.waits_for) for each in shown] == [(Rule.NAME, None)] * 2 + [(None, Waiting.NOBODY)]
        assert [each.student_number for each in shown[2].suggested] == [STUDENTS["fio"].number]
    with pytest.raises(RosterHeld, match="3 of 4"):
        await decide(gateway, roster, confirm=False)
    assert names(await gateway.rows(MENTORING)) == first("calixte", "fio", "mentored_a", "mentored_b")
    decided = await decide(gateway, roster)
    assert (decided.begun, decided.ended) == (2, 4)
    assert names(await gateway.rows(MENTORING)) == first("fio", "gulnara")
    # The line that waited: a person says whom it means, and the roster is accepted again; nobody leaves by that.
    async with at_work(gateway) as office:
        with pytest.raises(LineRefused, match="No student"):
            await office.say(look, 3, "nobody's")
        with pytest.raises(LineRefused, match="not open"):
            await office.say(look, 1, STUDENTS["mentored_a"].number)
        await office.say(look, 3, STUDENTS["mentored_a"].number)
        with pytest.raises(LineRefused, match="not open"):
            await office.set_aside(roster, [1])
        await office.set_aside(roster, [3])
        await office.set_aside(roster, [3], back=True)
        assert (await office.match(roster)).matched == 1
    await decide(gateway, roster, confirm=False)
    assert names(await gateway.rows(MENTORING)) == first("fio", "gulnara", "mentored_a")
    content = await told(gateway, MENTORING, roster)
    assert [each["reference"] for each in content["students"]] == ["ref-fio", "ref-gulnara", "x"]
    with pytest.raises(UnknownRoster):
        await decide(gateway, roster, Answer.REFUSE, reason="Too late.")
    await gateway.services.facts.check()


@pytest.mark.claim(12)
async def test_a_named_person_decides_and_a_principal_about_one_school(gateway: Gateway) -> None:
    roster = await hand_in(gateway, MENTORING, line("calixte"), line("gulnara"), line("fio"), covers="whole")
    for wrong, error in (
        (key_for("somebody", "ES256"), NotEntitled),
        (await introduced(gateway, "Signs Agreements", may_sign=("agreement",)), NotEntitled),
        (await introduced(gateway, "Rae Responsible"), SamePerson),
    ):
        with pytest.raises(error):
            await decide(gateway, roster, key=wrong)
    principal = await introduced(gateway, "Percy Principal", school="ECS-103")
    decided = await decide(gateway, roster, key=principal)
    # calixte and gulnara go to ECS-103, and mentored_a left it; fio and mentored_b, at ECS-105, stay as they were.
    assert names(await gateway.rows(MENTORING)) == first("calixte", "gulnara", "fio", "mentored_b")
    (entry,) = [each for each in await gateway.entries() if each["event"] == "roster.decided"]
    assert (entry["signers"], entry["submission"]) == ([principal.thumbprint], roster)
    assert (entry["begun"], entry["ended"]) == (decided.begun, decided.ended) == (2, 2)
    # What was handed in since stays, whoever else leaves; an officer has the last word on the others.
    await decide(gateway, await hand_in(gateway, MENTORING, line("mentored_a"), covers="additions"))
    await decide(gateway, roster, Answer.CONFIRM)
    await decide(gateway, roster)
    assert names(await gateway.rows(MENTORING)) == first("calixte", "gulnara", "fio", "mentored_a")
    await decide(gateway, roster)
    assert names(await gateway.rows(MENTORING)) == first("calixte", "gulnara", "fio", "mentored_a")
    # What is refused lets nobody in.
    refused = await hand_in(gateway, MENTORING, line("mentored_a"))
    await decide(gateway, refused, Answer.REFUSE, reason="It is last year's.")
    assert (await told(gateway, MENTORING, refused))["state"] == "refused"
    with pytest.raises(UnknownRoster):
        await decide(gateway, refused)
    with pytest.raises(UnknownRoster):
        await decide(gateway, refused, Answer.CONFIRM)
    with pytest.raises(UnknownRoster):
        await decide(gateway, 999_999)


async def test_what_came_before_the_whole_roster_that_counts_brings_nobody_back(gateway: Gateway) -> None:
    older = [
        await hand_in(gateway, MENTORING, line("gulnara"), line("fio")),
        await hand_in(gateway, MENTORING, line("calixte"), covers="additions"),
    ]
    newest = await hand_in(gateway, MENTORING, line("fio"))
    later = await hand_in(gateway, MENTORING, line("mentored_a"), covers="additions")
    # Neither what is refused nor what adds makes an older one outdated.
    await decide(gateway, await hand_in(gateway, MENTORING, line("fio", reference="x")), Answer.REFUSE, reason="Twice.")
    await decide(gateway, older[0])
    await decide(gateway, later)
    await decide(gateway, newest)
    assert names(await gateway.rows(MENTORING)) == first("fio", "mentored_a")
    size = await gateway.size()
    for roster in older:
        with pytest.raises(RosterOutdated, match=f"whole roster {newest}"):
            await decide(gateway, roster)
    assert await gateway.size() == size
    assert names(await gateway.rows(MENTORING)) == first("fio", "mentored_a")
    # What counts can be accepted and confirmed again, and an older one is told off with a reason.
    await decide(gateway, newest)
    await decide(gateway, newest, Answer.CONFIRM)
    await decide(gateway, older[1], Answer.REFUSE, reason="A newer one counts.")


async def test_no_grant_moves_with_a_number_between_the_match_and_the_word(gateway: Gateway) -> None:
    numbered = line("gulnara", student_number=STUDENTS["gulnara"].number)
    roster = await hand_in(gateway, MENTORING, line("fio"), numbered, covers="additions")
    officer, steward = gateway.deployment.ring.officers[0].key, await gateway.steward()
    async with opened(gateway) as office:
        decisions = RosterDecisions(office.desk)
        case = await decisions.plan(roster, Answer.ACCEPT, officer.thumbprint)
        assert case.accepted == (1, 2)
        # The number turns out to be another one of mentored_a's: what was signed is not what would be done.
        await steward.merge_students(STUDENTS["gulnara"].number, STUDENTS["mentored_a"].number)
        with pytest.raises(RosterMoved):
            await decisions.decide(signed(case, officer))
        case = await decisions.plan(roster, Answer.ACCEPT, officer.thumbprint)
        # It is the child that stands now; under its own number and birth date, and by no likeness of names.
        assert (case.accepted, case.waiting) == ((1, 2), 0)
        # The other number becomes another child's: nobody has it now, and the name alone is no way around.
        await steward.reuse_number(STUDENTS["fio"].number)
        with pytest.raises(RosterMoved):
            await decisions.decide(signed(case, officer))
        case = await decisions.plan(roster, Answer.ACCEPT, officer.thumbprint)
        assert (case.accepted, case.waiting) == ((2,), 1)
        await decisions.decide(signed(case, officer))
    assert names(await gateway.rows(MENTORING)) == first("calixte", "mentored_a", "mentored_b")


@pytest.mark.ferpa("R3")
async def test_a_roster_covers_nobody_once_it_is_stale_until_it_is_confirmed(gateway: Gateway) -> None:
    leaves = (DAY + dt.timedelta(days=2)).isoformat()
    roster = await hand_in(gateway, MENTORING, line("fio"), line("calixte"), line("gulnara", to_date=leaves))
    decided = await decide(gateway, roster)
    assert decided.counts_until == DAY + dt.timedelta(days=35)

    async def on(days: int) -> set[str]:
        await gateway.at(NOON + dt.timedelta(days=days))
        gateway.forget_tokens()
        return names(await gateway.rows(MENTORING))

    assert await on(2) == first("fio", "calixte", "gulnara")
    assert await on(3) == first("fio", "calixte")
    assert await on(35) == first("fio", "calixte")
    assert await on(36) == set()
    assert (await told(gateway, MENTORING, roster))["students"] == []
    # Confirmed: as before, but for who has left meanwhile and whoever is merged.
    steward = await gateway.steward()
    await steward.merge_students(STUDENTS["calixte"].number, STUDENTS["ximena"].number)
    confirmed = await decide(gateway, roster, Answer.CONFIRM)
    assert confirmed.counts_until == DAY + dt.timedelta(days=71)
    assert (confirmed.begun, confirmed.ended) == (
        1,
        2,
    )  # of gulnara, whose days are over, nothing begins; of calixte neither
    assert await on(36) == first("fio")
    assert (await told(gateway, MENTORING, roster))["state"] == "accepted"
    assert await on(72) == set()


@pytest.mark.ferpa("R3")
async def test_a_roster_is_confirmed_again_and_again_though_no_row_moves_by_it(gateway: Gateway) -> None:
    leaves = DAY + dt.timedelta(days=5)
    roster = await hand_in(gateway, MENTORING, line("fio", to_date=leaves.isoformat()))
    await decide(gateway, roster)
    # Whose last day the partner gave is not longer there by it; that the district looked is on record each time.
    for days in (1, 2, 3):
        await gateway.at(NOON + dt.timedelta(days=days))
        confirmed = await decide(gateway, roster, Answer.CONFIRM)
        assert (confirmed.begun, confirmed.ended) == (0, 0)
        assert confirmed.counts_until == DAY + dt.timedelta(days=35 + days)
    with pytest.raises(AlreadyRegistered):  # the same word, on the same day
        await decide(gateway, roster, Answer.CONFIRM)


@pytest.mark.claim(7)
async def test_a_stop_that_comes_in_between_is_seen_by_the_answer_and_by_the_decision(gateway: Gateway) -> None:
    roster = await hand_in(gateway, MENTORING, line("fio"), line("calixte"), covers="additions")
    await decide(gateway, roster)
    await gateway.get(MENTORING, "/v1/grant")  # gets the token
    slow = HeldUp(gateway.services.log)
    gateway.services.rosters._desk = replace(gateway.services.rosters._desk, log=slow)  # type: ignore[arg-type] # the log itself, later
    slow.hold()
    asked = asyncio.create_task(told(gateway, MENTORING, roster))
    await slow.until(1)
    steward = await gateway.steward()
    await steward.opt_out(STUDENTS["fio"].number, None, directory_only=False)
    slow.let_go()
    # It had read two lines when the stop came, and tells of one.
    assert [each["reference"] for each in (await asked)["students"]] == ["ref-calixte"]
    # A decision that was worked out before a stop is not carried out after it.
    second = await hand_in(gateway, MENTORING, line("gulnara"), covers="additions")
    async with opened(gateway) as office, office.engine.connect() as connection, connection.begin() as stop:
        number = STUDENTS["calixte"].number
        await opt_out(connection, number, scopes=office.desk.scopes)
        deciding = asyncio.create_task(decide(gateway, second))
        await gateway.blocked()
        await stop.commit()
        with pytest.raises(RosterMoved, match="came"):
            await deciding
    await decide(gateway, second)
    assert names(await gateway.rows(MENTORING)) == first("gulnara", "mentored_a", "mentored_b")


async def test_what_is_said_of_a_line_while_it_is_decided_changes_nothing_of_what_it_means(gateway: Gateway) -> None:
    roster = await hand_in(gateway, MENTORING, line("fio"), covers="additions")
    admin = await gateway.database.connection("admin")
    async with at_work(gateway) as office, opened(gateway) as other, other.engine.connect() as connection:

        async def waiting(sessions: int, *, unless: asyncio.Task[None] | None = None) -> None:
            """Wait until so many of the office's sessions wait for a lock, or a task is done."""
            login = await connection.scalar(text("SELECT session_user"))
            async with asyncio.timeout(PATIENCE):
                while not (unless and unless.done()) and await admin.fetchval(_WAITING, login) < sessions:  # noqa: ASYNC110 - of another session
                    await asyncio.sleep(0.002)

        async with connection.begin():
            await next_index(connection)
            deciding = asyncio.create_task(decide(gateway, roster))
            await waiting(1)
            aside = asyncio.create_task(office.set_aside(roster, [1]))
            await waiting(2, unless=aside)
        await deciding
        with pytest.raises(LineRefused):
            await aside
        assert (await office.summary(roster)).accepted == 1


@pytest.mark.claim(1)
async def test_a_roster_that_somebody_wrote_to_is_not_accepted(gateway: Gateway) -> None:
    roster = await hand_in(gateway, MENTORING, line("fio"), covers="additions")
    admin = await gateway.database.connection("admin")
    before = await admin.fetchrow("SELECT * FROM gateway.roster_submission WHERE idx = $1", roster)
    assert before is not None
    other = before["body"].replace(b"Fionnualee", b"Calixtine")
    assert other != before["body"]
    for column, value in (
        ("body", other),
        ("covers", "whole"),
        ("line", gateway.line(FOLLOW_UP)),
        ("client", "client:x"),
        ("lines", 7),
    ):
        written = f"UPDATE gateway.roster_submission SET {column} = $1 WHERE idx = $2"  # noqa: S608 - of the list above
        await admin.execute(written, value, roster)
        with pytest.raises(RosterAltered):
            await decide(gateway, roster)
        await admin.execute(written, before[column], roster)
    await admin.execute("DELETE FROM audit.private WHERE idx = $1", roster)
    with pytest.raises(RosterAltered):
        await decide(gateway, roster)
    # It can still be refused; and what nobody keeps any more cannot be accepted.
    await decide(gateway, roster, Answer.REFUSE, reason="It was altered.")


async def test_names_go_when_their_time_is_over_and_codes_stay(gateway: Gateway) -> None:
    kept, waiting = [await hand_in(gateway, MENTORING, line(role)) for role in ("fio", "calixte")]
    await decide(gateway, kept)
    app = await gateway.database.pool("app", size=1)
    owner = await gateway.database.connection("owner")
    for days, left in ((30, {kept, waiting}), (31, {waiting}), (90, {waiting}), (91, set())):
        await gateway.at(NOON + dt.timedelta(days=days))
        # Beside serving, by a role that cannot read them; nobody has to look.
        async with upkeep(app, every=0.01), asyncio.timeout(PATIENCE):
            while {row["idx"] for row in await owner.fetch(NAMED)} - left:  # noqa: ASYNC110 - it says nothing
                await asyncio.sleep(0.02)
        async with at_work(gateway) as office:
            listed = await office.summaries()
            assert {each.roster for each in listed if each.names_kept} == left
            assert [await office.summary(each.roster) for each in listed] == [*listed]
    with pytest.raises(RosterForgotten):
        await decide(gateway, waiting)
    await decide(gateway, kept, Answer.CONFIRM)
    gateway.forget_tokens()
    assert [each["reference"] for each in (await told(gateway, MENTORING, kept))["students"]] == ["ref-fio"]
    # Erasing a student takes the lines, and what is left of the names in the rosters that they stand in.
    loader, admin = await gateway.database.connection("loader"), await gateway.database.connection("admin")
    again = await hand_in(gateway, MENTORING, line("fio"), line("calixte"))
    await decide(gateway, again)
    link = await admin.fetchval(
        "SELECT sealed FROM records.subject JOIN records.identity USING (student_id) WHERE student_identifier = $1",
        STUDENTS["fio"].number,
    )
    await loader.fetchval("SELECT records.erase($1)", [link])
    rows = await admin.fetch("SELECT body IS NULL AS gone FROM gateway.roster_submission WHERE idx = $1", again)
    assert [row["gone"] for row in rows] == [True]
    assert await admin.fetchval("SELECT count(*) FROM gateway.roster_line WHERE submission = $1", again) == 1


@pytest.mark.ferpa("R3")
async def test_an_alarm_is_raised_before_a_roster_ends_and_while_one_waits(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    async def raised(days: int) -> list[str]:
        caplog.clear()
        await gateway.at(NOON + dt.timedelta(days=days))
        await gateway.services.facts.check()
        return [text for text in caplog.messages if "alarm roster_" in text]

    line_of, end = gateway.line(MENTORING), f"line={gateway.line(MENTORING)}"
    await decide(gateway, await hand_in(gateway, MENTORING, line("fio")))
    waiting = await hand_in(gateway, MENTORING, line("calixte"))
    assert await raised(14) == []
    assert await raised(15) == [f"alarm roster_waiting line={line_of} roster={waiting}"]
    assert await raised(28) == [f"alarm roster_waiting {end} roster={waiting}"]
    assert f"alarm roster_stale {end} days=6" in await raised(29)
    assert f"alarm roster_stale {end} days=-1" in await raised(36)
    await decide(gateway, waiting)
    assert await raised(36) == []
    # A principal's word puts off the end of the own school's part, and not of the others.
    principal = await introduced(gateway, "Percy Principal", school="ECS-105")
    await gateway.at(NOON + dt.timedelta(days=50))
    await decide(gateway, waiting, Answer.CONFIRM, key=principal)
    assert await raised(66) == [f"alarm roster_stale {end} days=5"]
    await decide(gateway, waiting, Answer.CONFIRM)
    assert await raised(67) == []
