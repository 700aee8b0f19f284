"""Analyses of a whole deployment: what its own log and register lead to, exactly."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from agreements.document import Agreement
from agreements.elements import load_catalogue
from agreements.lifecycle import Standing
from audit.errors import EntryMissing
from gateway.records.errors import UnknownStudent
from gateway.records.subjects import SubjectKey
from gateway.services.alarms import alarm
from gateway.services.analysis.analyses import Analyses
from gateway.services.analysis.past import Law
from gateway.services.analysis.supposed import NOBODY_YET
from gateway.services.errors import UnknownPartner
from policies.analyse.changes import Kind
from policies.analyse.replay import Effect
from policies.guardrails import load_guardrails, read_guardrails
from tests.factories.agreements import Keyring
from tests.factories.cohort import FOLLOW_UP, FOUR, MENTORING, PARTIAL, STUDENTS, TUTORING
from tests.factories.gateway import BRIGHT_PATH, HARBOR, NOON, Gateway

LAW = Law(load_catalogue(), load_guardrails())
MONTH = timedelta(days=30)
GRADE, NAME = "000100", "000115"


async def analyses(gateway: Gateway) -> Analyses:
    return Analyses((await gateway.office()).desk, LAW, alarm)


async def requests(gateway: Gateway) -> None:
    """Ask what is answered, what is refused by the policies, and what is refused by others."""
    for path in (
        "/v1/students?fields=first_name,grade_level",
        "/v1/students",
        "/v1/students?fields=sex",
        "/v1/students?fields=shoe_size",
        "/v1/students?fields=grade_level&gpa=3",
        "/v1/students?limit=0",
        "/v1/students/rc_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "/v1/attendance/events",
        "/v1/attendance?fields=days_absent",
    ):
        await gateway.get(TUTORING, path)
    await gateway.get(MENTORING, "/v1/students?fields=grade_level,first_name")


async def stopped(gateway: Gateway, agreement: str) -> int:
    office = await gateway.office()
    return await office.suspensions.stop_agreement(gateway.digest(agreement), Standing.SUSPENDED, "A complaint.")


def draft_of(gateway: Gateway, agreement: str, *, without: str = "", **changes: Any) -> Agreement:
    """The agreement's next version, as an administrator might write it."""
    document = gateway.deployment.agreements[agreement].agreement
    datasets = tuple(
        replace(terms, elements=tuple(line for line in terms.elements if line.element != without))
        for terms in document.datasets
    )
    return replace(document, digest="sha256:" + "d" * 64, version=document.version + 1, datasets=datasets, **changes)


async def test_without_a_difference_a_replay_finds_none(gateway: Gateway) -> None:
    await requests(gateway)
    await stopped(gateway, MENTORING)
    await gateway.get(MENTORING, "/v1/students")
    office = await gateway.office()
    await office.suspensions.suspend_client(gateway.deployment.partners[BRIGHT_PATH].client, "A lost key.")
    await gateway.get(TUTORING, "/v1/students")
    found = await (await analyses(gateway)).replay(MONTH, draft=None, law=None)
    assert (found.unexplained, found.missing.total(), found.differences) == (0, 0, ())
    assert found.decided_again >= 8
    assert {"invalid_request", "not_found", "unknown_element"} <= found.not_decided.keys()
    assert found.requests == found.decided_again + found.not_decided.total()


async def test_a_replay_under_a_draft_says_who_would_have_lost_what(gateway: Gateway) -> None:
    start = await gateway.size()
    await requests(gateway)
    draft = draft_of(gateway, TUTORING, without=GRADE)
    found = await (await analyses(gateway)).replay(MONTH, draft=draft, law=None)
    assert found.unexplained == 0
    (lost,) = found.differences
    assert (lost.client, lost.effect) == (gateway.deployment.partners[BRIGHT_PATH].client, Effect.LOST)
    assert dict(lost.elements) == {"students:grade_level": 2}
    assert start <= lost.first < lost.last < await gateway.size()


async def test_a_replay_under_other_guardrails_reaches_every_client(gateway: Gateway) -> None:
    await requests(gateway)
    found = await (await analyses(gateway)).replay(MONTH, draft=None, law=stricter())
    assert found.unexplained == 0
    assert {(each.client, each.effect) for each in found.differences} == {
        (partner.client, Effect.LOST) for partner in gateway.deployment.partners.values()
    }


def stricter() -> Law:
    """A district that shares nobody's first name."""
    return Law(load_catalogue(), _withholding(NAME))


def _withholding(element: str) -> Any:
    from importlib.resources import files  # noqa: PLC0415 -- the text is wanted here only

    text = files("policies").joinpath("guardrails.toml").read_text("utf-8")
    line = f'[[never]]\nelement = "{element}"\nreason = "Names stay here."\n\n[[never]]'
    return read_guardrails(text.replace("[[never]]", line, 1), load_catalogue())


async def test_requests_are_explained_by_the_law_they_cite_and_compared_with_todays(gateway: Gateway) -> None:
    await requests(gateway)
    analysis = Analyses((await gateway.office()).desk, stricter(), alarm)
    found = await analysis.replay(MONTH, draft=None, law=None)
    assert (found.unexplained, found.unexplained_entries) == (0, [])
    assert {each.effect for each in found.differences} == {Effect.LOST}


async def test_what_is_older_than_the_period_is_not_replayed(gateway: Gateway) -> None:
    await requests(gateway)
    await gateway.at(NOON + timedelta(days=40))
    found = await (await analyses(gateway)).replay(MONTH, draft=None, law=None)
    assert (found.requests, found.first) == (0, await gateway.size())


async def test_who_can_obtain_an_element_of_one_student_and_it_is_on_record_first(idle_gateway: Gateway) -> None:
    analysis, key = await analyses(idle_gateway), idle_gateway.deployment.keys.subject
    start = await idle_gateway.size()
    fio, part = STUDENTS["fio"], PARTIAL[0]
    tutoring = idle_gateway.deployment.agreements[TUTORING].agreement
    found = await analysis.who_of_student(NAME, fio.number, key, at=None)
    assert {each.agreement for each in found.found} == {
        idle_gateway.digest(n) for n in (TUTORING, MENTORING, FOLLOW_UP)
    }
    consented = await analysis.who_of_student(GRADE, part.number, key, at=None)
    assert [each.agreement for each in consented.found] == [idle_gateway.digest(TUTORING)]
    # The consent covers four elements, and this is not among them.
    other = next(each for each in tutoring.element_ids if each not in FOUR.split(";"))
    assert (await analysis.who_of_student(other, part.number, key, at=None)).found == ()
    assert (await analysis.who_of_student(GRADE, STUDENTS["opted_out"].number, key, at=None)).found == ()
    entries = await idle_gateway.entries(start)
    assert [(each["event"], each["element"]) for each in entries] == [
        ("analysis.read", NAME),
        ("analysis.read", GRADE),
        ("analysis.read", other),
        ("analysis.read", GRADE),
    ]
    assert found.entry == start
    admin = await idle_gateway.database.connection("admin")
    beside = await admin.fetchval("SELECT subjects FROM audit.subject WHERE idx = $1", start)
    sealed = await admin.fetchval(
        "SELECT sealed FROM records.subject JOIN records.identity USING (student_id) WHERE student_identifier = $1",
        fio.number,
    )
    assert beside == SubjectKey(key).numbers([sealed])


async def test_a_student_who_is_not_there_or_an_unknown_element_leaves_no_entry(idle_gateway: Gateway) -> None:
    analysis, start = await analyses(idle_gateway), await idle_gateway.size()
    with pytest.raises(UnknownStudent):
        await analysis.who_of_student(NAME, "Nr0", idle_gateway.deployment.keys.subject, at=None)
    assert await idle_gateway.size() == start


async def test_who_can_obtain_an_element_now_or_ever(idle_gateway: Gateway) -> None:
    analysis = await analyses(idle_gateway)
    now = await analysis.who("002022", at=None, ever=False)
    assert {each.partner for each in now.found} == {"partner:bright-path", "partner:harbor-mentors"}
    assert now.at is not None
    after = await analysis.who("002022", at=NOON + timedelta(days=400), ever=False)
    assert after.found == ()
    assert len((await analysis.who("002022", at=None, ever=True)).found) >= len(now.found)


async def test_two_entries_compared_show_what_a_stop_between_them_took(idle_gateway: Gateway) -> None:
    entry = await stopped(idle_gateway, MENTORING)
    analysis = await analyses(idle_gateway)
    found = await analysis.compare_entries(entry - 1, entry)
    document = idle_gateway.deployment.agreements[MENTORING].agreement
    assert {(each.side.line, each.side.dataset, each.side.element) for each in found.changes} == {
        (document.id, terms.dataset, line.element) for terms in document.datasets for line in terms.elements
    }
    assert {each.kind for each in found.changes} == {Kind.LOST}
    assert (await analysis.compare_entries(entry, entry)).changes == ()
    assert {each.kind for each in (await analysis.compare_entries(0, entry)).changes} == {Kind.GAINED}
    with pytest.raises(EntryMissing):
        await analysis.compare_entries(entry, entry + 1)


async def test_a_draft_of_a_line_changes_what_it_says_and_nothing_else(idle_gateway: Gateway) -> None:
    draft = draft_of(idle_gateway, TUTORING, without=GRADE)
    found = await (await analyses(idle_gateway)).compare(draft=draft, law=None)
    assert [(each.kind, each.side.element, each.side.line) for each in found.changes] == [
        (Kind.LOST, GRADE, idle_gateway.line(TUTORING))
    ]
    same = await (await analyses(idle_gateway)).compare(draft=draft_of(idle_gateway, TUTORING), law=None)
    assert same.changes == ()


async def test_a_draft_of_a_new_line_is_gained_by_the_clients_of_its_partner(idle_gateway: Gateway) -> None:
    analysis = await analyses(idle_gateway)
    new = await analysis.compare(draft=draft_of(idle_gateway, MENTORING, id="agreement:new"), law=None)
    assert {each.kind for each in new.changes} == {Kind.GAINED}
    assert {each.side.client for each in new.changes} == {idle_gateway.deployment.partners[HARBOR].client}
    stranger = Keyring().agreement(changes={"/partner/id": "partner:new"}).agreement
    found = await analysis.compare(draft=replace(stranger, id="agreement:stranger"), law=None)
    assert {each.side.client for each in found.changes} == {NOBODY_YET}


async def test_other_guardrails_take_an_element_from_every_client(idle_gateway: Gateway) -> None:
    found = await (await analyses(idle_gateway)).compare(draft=None, law=stricter())
    assert {(each.kind, each.side.element) for each in found.changes} == {(Kind.LOST, NAME)}
    assert {each.side.line for each in found.changes} == {
        idle_gateway.line(n) for n in (TUTORING, MENTORING, FOLLOW_UP)
    }


async def test_what_was_asked_is_not_unused_and_refusals_count_as_asked(gateway: Gateway) -> None:
    await requests(gateway)
    found = await (await analyses(gateway)).unused(MONTH)
    whole = {(each.line, each.dataset) for each in found.unused if not each.element}
    assert (gateway.line(FOLLOW_UP), "") in whole
    assert (gateway.line(MENTORING), "attendance") in whole
    single = {(each.line, each.dataset, each.element) for each in found.unused if each.element}
    assert (gateway.line(MENTORING), "students", GRADE) not in single
    assert (gateway.line(MENTORING), "students", "000172") in single
    assert not any(line == gateway.line(TUTORING) and dataset == "students" for line, dataset, _ in single)


async def test_what_partners_hold_together_and_could_join(idle_gateway: Gateway) -> None:
    analysis = await analyses(idle_gateway)
    every = await analysis.together(None)
    assert [each.partner for each in every] == ["partner:bright-path", "partner:harbor-mentors"]
    (one,) = await analysis.together("partner:bright-path")
    assert one == every[0]
    assert [(pair.one, pair.other) for pair in one.adding_up] == [
        (idle_gateway.line(TUTORING), idle_gateway.line(FOLLOW_UP))
    ]
    assert "full name" in {each.by.name for each in one.joinable}
    with pytest.raises(UnknownPartner):
        await analysis.together("partner:nobody")


async def test_nothing_in_use_is_called_dead(idle_gateway: Gateway) -> None:
    assert await (await analyses(idle_gateway)).dead() == ()
    entry = await stopped(idle_gateway, MENTORING)
    (found,) = await (await analyses(idle_gateway)).dead()
    assert (found.line, found.by) == (idle_gateway.line(MENTORING), f"log:/{entry}")
