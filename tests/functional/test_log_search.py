"""An officer's searches: names become what the entries say, and a look at one student is on record."""

import datetime as dt
from typing import Any

import orjson
import pytest

from agreements.elements import load_catalogue
from agreements.errors import UnknownElement
from agreements.lifecycle import Standing
from audit.commitments import commit_bytes, unpack_private
from audit.entry import Entry, parse
from audit.events import Event
from audit.search import Found
from gateway.records.errors import UnknownStudent
from gateway.services.errors import CursorRefused, LinkErased, UnknownAgreement, UnknownPartner
from gateway.services.searching.searches import Answer, Searches
from gateway.services.searching.sentences import sentence
from gateway.services.searching.wanted import Outcome, Wanted
from tests.factories.cohort import MENTORING, STUDENTS, TUTORING, personal
from tests.factories.gateway import BRIGHT_PATH, NOON, Gateway

REFUSED = "/v1/students?fields=sex"


async def searches(gateway: Gateway) -> Searches:
    return Searches(await gateway.office(), gateway.deployment.keys.subject)


async def found(gateway: Gateway, wanted: Wanted, **more: Any) -> list[Entry]:
    answer = await (await searches(gateway)).search(wanted, limit=500, **more)
    assert answer.next is None
    return [parse(each.leaf) for each in answer.found]


async def plainly(gateway: Gateway, event: str, **said: object) -> int:
    entries = await gateway.entries()
    return sum(entry["event"] == event and said.items() <= entry.items() for entry in entries)


async def test_what_nobody_has_is_refused_and_leaves_no_entry(idle_gateway: Gateway) -> None:
    size = await idle_gateway.size()
    for wanted, error in (
        (Wanted(agreements=("sha256:" + "9" * 64,)), UnknownAgreement),
        (Wanted(partners=("partner:nobody",)), UnknownPartner),
        (Wanted(elements=("shoe_size",)), UnknownElement),
        (Wanted(student="nobody has this"), UnknownStudent),
    ):
        with pytest.raises(error):
            await (await searches(idle_gateway)).search(wanted, limit=5)
    assert await idle_gateway.size() == size


@pytest.mark.claim(9)
async def test_a_search_for_a_student_is_on_record_first_and_names_nobody(gateway: Gateway) -> None:
    student = STUDENTS["ximena"].number
    await gateway.ask(TUTORING, limit=100)
    await gateway.ask(MENTORING, limit=1)
    desk = await searches(gateway)
    answer = await desk.search(Wanted(student=student, outcome=Outcome.DISCLOSURE), limit=500)
    (page,) = answer.found
    assert parse(page.leaf).body["agreement"] == gateway.digest(TUTORING)
    entries = await gateway.entries()
    assert answer.entry == len(entries) - 1 > page.index
    written = entries[-1]
    assert written["event"] == Event.LOG_SEARCHED
    assert written["searched_by"] == ["outcome", "student"]
    auditor = await gateway.database.connection("auditor")
    assert await auditor.fetchval("SELECT count(*) FROM audit.subject WHERE idx = $1", answer.entry) == 0
    opening = unpack_private(await auditor.fetchval("SELECT opening FROM audit.private WHERE idx = $1", answer.entry))
    assert commit_bytes(opening.request_salt, opening.request).hex() == written["request"]
    asked = orjson.loads(opening.request)
    assert (asked["outcome"], len(asked["student"])) == ("disclosure", 32)
    said = orjson.dumps(written).decode() + opening.request.decode() + repr(Wanted(student=student))
    assert not any(word in said for word in personal())


async def test_what_left_under_a_number_that_was_merged_since_is_found_by_either(gateway: Gateway) -> None:
    student, second = (STUDENTS[role].number for role in ("ximena", "mentored_a"))
    await gateway.ask(TUTORING, limit=100)
    await gateway.ask(MENTORING, limit=100)

    async def left(number: str) -> list[str]:
        pages = await found(gateway, Wanted(student=number, outcome=Outcome.DISCLOSURE))
        return [page.body["agreement"] for page in pages]

    assert await left(student) == [gateway.digest(TUTORING)]
    assert await left(second) == [gateway.digest(MENTORING)]
    await (await gateway.steward()).merge_students(second, student)
    assert await left(student) == await left(second) == [gateway.digest(each) for each in (MENTORING, TUTORING)]


async def test_a_student_whose_link_was_erased_is_found_by_nothing(gateway: Gateway) -> None:
    owner = await gateway.database.connection("owner")
    await owner.execute("DELETE FROM records.subject")
    size = await gateway.size()
    with pytest.raises(LinkErased):
        await (await searches(gateway)).search(Wanted(student=STUDENTS["ximena"].number), limit=5)
    assert await gateway.size() == size


async def test_a_cursor_goes_on_with_its_own_question_only(gateway: Gateway) -> None:
    for _ in range(5):
        await gateway.ask(TUTORING)
    desk, wanted = await searches(gateway), Wanted(outcome=Outcome.DISCLOSURE)
    first = await desk.search(wanted, limit=2)
    assert first.next is not None
    await gateway.ask(TUTORING)
    pages = [*first.found]
    cursor: str | None = first.next
    while cursor is not None:
        page: Answer = await desk.search(wanted, limit=2, cursor=cursor)
        pages, cursor = [*pages, *page.found], page.next
    indexes = [each.index for each in pages]
    assert indexes == sorted(set(indexes), reverse=True)
    assert len(indexes) == 5
    student = STUDENTS["ximena"].number
    for other, more in (
        (Wanted(outcome=Outcome.REFUSAL), {}),
        (wanted, {"newest_first": False}),
        (Wanted(outcome=Outcome.DISCLOSURE, student=student), {}),
    ):
        with pytest.raises(CursorRefused):
            await desk.search(other, limit=2, cursor=first.next, **more)
    size = await gateway.size()
    for wrong in ("", "?", "AAAA", "ä", first.next[:-4]):
        with pytest.raises(CursorRefused):
            await desk.search(wanted, limit=2, cursor=wrong)
    assert await gateway.size() == size  # what was not looked at is not on record


async def test_each_facet_finds_what_a_plain_look_finds(gateway: Gateway) -> None:
    await gateway.ask(TUTORING, elements=("first_name", "grade_level"))
    await gateway.ask(MENTORING)
    await gateway.get(TUTORING, REFUSED)
    await gateway.get(TUTORING, "/v1/receipts/0")
    bright, digest = gateway.deployment.partners[BRIGHT_PATH].client, gateway.digest(TUTORING)
    entries = await gateway.entries()
    assert len(await found(gateway, Wanted())) == len(entries)
    assert len(await found(gateway, Wanted(clients=(bright,), events=("disclosure",)))) == 1
    (refused,) = await found(gateway, Wanted(codes=("element_not_covered",)))
    assert refused.body["client"] == bright
    assert [entry.event for entry in await found(gateway, Wanted(elements=("sex",)))] == ["refusal"]
    by_id, by_name = [await found(gateway, Wanted(elements=(name,))) for name in ("000115", "first_name")]
    assert by_id == by_name
    assert len(by_id) == await plainly(gateway, "disclosure")
    assert len(await found(gateway, Wanted(outcome=Outcome.REFUSAL))) == await plainly(gateway, "refusal")
    other = await found(gateway, Wanted(outcome=Outcome.OTHER))
    assert len(other) == len(entries) - await plainly(gateway, "refusal") - await plainly(gateway, "disclosure")
    assert {entry.event for entry in await found(gateway, Wanted(agreements=(digest,)))} >= {
        "agreement.signed",
        "agreement.approved",
        "agreement.activated",
        "client.registered",
        "people.named",
        "disclosure",
        "refusal",
    }
    line = gateway.line(TUTORING)
    assert await found(gateway, Wanted(agreements=(line,))) == await found(gateway, Wanted(agreements=(digest,)))


async def test_a_partner_is_found_by_whatever_is_its_own(gateway: Gateway) -> None:
    await gateway.ask(TUTORING)
    await gateway.ask(MENTORING)
    office = await gateway.office()
    await office.suspensions.stop_agreement(gateway.digest(TUTORING), Standing.SUSPENDED, "A complaint.")
    partner = gateway.deployment.agreements[TUTORING].agreement.partner.id
    events = [entry.event for entry in await found(gateway, Wanted(partners=(partner,)))]
    assert events[0] == "agreement.suspended"
    assert events.count("disclosure") == 1
    asked = Wanted(partners=(partner,), since=NOON - dt.timedelta(hours=1), until=NOON + dt.timedelta(hours=1))
    assert {entry.event for entry in await found(gateway, asked)} == {"agreement.suspended", "disclosure"}


def test_a_sentence_says_who_received_what() -> None:
    catalogue, time = load_catalogue(), "2026-11-02T09:30:00.000000Z"
    about = {"client": "client:one", "agreement": "sha256:1", "dataset": "students"}
    disclosed = {**about, "records": 1, "elements": ["000115", "made_up"], "behind": "person:7"}
    assert sentence(3, Entry("disclosure", time, disclosed), catalogue) == (
        "Entry 3, 2026-11-02 09:30:00 UTC: client:one received 1 record of students under sha256:1:"
        " first_name, made_up; behind it person:7."
    )
    several = sentence(3, Entry("disclosure", time, {**disclosed, "records": 2, "behind": "automated"}), catalogue)
    assert "2 records" in several
    assert several.endswith("; automated.")
    assert sentence(4, Entry("refusal", time, {**about, "elements": ["sex"], "code": "denied"}), catalogue) == (
        "Entry 4, 2026-11-02 09:30:00 UTC: a request of client:one for students (sex)"
        " was refused under sha256:1: denied; automated."
    )
    assert "client:one was refused" in sentence(5, Entry("refusal", time, {"client": "client:one"}), catalogue)
    stopped = sentence(6, Entry("partner.suspended", time, {"partner": "partner:one"}), catalogue)
    assert stopped.endswith("A partner was stopped under every agreement, until further notice (partner partner:one).")
    assert sentence(7, Entry("of.tomorrow", time, {}), catalogue).endswith("UTC: of.tomorrow.")
    assert Found(1, b"") != Found(2, b"")
