"""Records handed over by an emergency order: on record first, counted together, ended to the second (row L4)."""

import asyncio
import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from agreements.authority import Filed
from agreements.canonical import canonical_bytes
from agreements.documents.emergency_release import emergency_release_bytes
from agreements.elements import load_catalogue
from agreements.errors import AgreementError, InvalidDocument, NotEntitled, NotRegistered, OrderNotOpen, ReviewMissing
from agreements.keys import SigningKey
from agreements.signature import Envelope, Kind, add_signature
from audit.commitments import require_bytes, unpack_private
from audit.events import Event
from gateway.records.errors import NotPermitted, UnknownStudent
from gateway.records.named import read_named
from gateway.records.subjects import SubjectKey
from gateway.services.emergencies.errors import OrderEnded, OtherStudents, ReleaseRefused, TooManyStudents, UnknownOrder
from gateway.services.emergencies.orders import Emergencies
from gateway.services.emergencies.papers import Students
from gateway.services.emergencies.releases import EmergencyReleases, Released
from gateway.services.filing import Desk
from gateway.services.suspensions import suspend_client
from policies.emergency_release import Handing
from policies.guardrails import load_guardrails
from tests.factories.agreements import key_for
from tests.factories.cohort import STUDENTS, personal
from tests.factories.gateway import NOON, Gateway
from tests.factories.leaves import made_up
from tests.factories.log import APPEND
from tests.factories.partners import ORDER, PartnerPapers
from tests.factories.replayed import Change, altered, rejustified
from tests.factories.unhurried import head_held

pytestmark = pytest.mark.ferpa("L4")

NAMES = ("000115", "000172", "000149", "001649", "000076", "002022", "000201", "000128", "001068", "000100")
TWO = Handing((0,), "students", ("000115", "000172"))
HOUR = dt.timedelta(hours=1)


@dataclass
class Room:
    """The officers of a deployment, and one order that stands: ten elements of three students, to two recipients."""

    gateway: Gateway
    desk: Desk
    papers: PartnerPapers
    releases: EmergencyReleases
    order: Filed

    @classmethod
    async def open(cls, gateway: Gateway, **changes: Any) -> "Room":
        ring = gateway.deployment.ring
        papers = PartnerPapers(replace(ring, officers=list(ring.officers), signers=dict(ring.signers)))
        desk = (await gateway.office()).desk
        order = papers.order(**{"begins": NOON, "elements": NAMES, "count": 3, **changes})
        await Emergencies(desk).order(order.envelope)
        return cls(gateway, desk, papers, EmergencyReleases(desk, gateway.deployment.keys.subject), order)

    @property
    def emergencies(self) -> Emergencies:
        return Emergencies(self.desk)

    async def signed(
        self, students: Students, handing: Handing = TWO, key: SigningKey | None = None, **changes: Any
    ) -> Envelope:
        planned, _ = await self.releases.plan(self.order.envelope.digest, handing, students)
        payload = emergency_release_bytes(replace(planned, **changes))
        signing = key or self.papers.ring.officers[1].key
        return add_signature(None, Kind.EMERGENCY_RELEASE, payload, signing)

    async def hand_over(self, *roles: str, handing: Handing = TWO, key: SigningKey | None = None) -> Released:
        students = named(roles)
        return await self.releases.release(await self.signed(students, handing, key), students)

    async def rows(self, *roles: str, handing: Handing = TWO) -> list[dict[str, Any]]:
        data: list[dict[str, Any]] = json.loads((await self.hand_over(*roles, handing=handing)).body)["data"]
        return data


def named(roles: Iterable[str]) -> Students:
    return Students(tuple(STUDENTS[role].number for role in roles))


@pytest.fixture
async def room(idle_gateway: Gateway) -> Room:
    return await Room.open(idle_gateway)


@pytest.mark.claim(12)
async def test_a_person_without_an_officers_key_hands_over_nothing(room: Room) -> None:
    size = await room.gateway.size()
    for key in (key_for("a clerk"), room.papers.signer("district:emerald-city")):
        with pytest.raises(NotEntitled):
            await room.hand_over("ximena", key=key)
    assert await room.gateway.size() == size


async def test_what_the_guardrails_shut_is_refused_although_the_order_lists_it(room: Room) -> None:
    size = await room.gateway.size()
    handing = replace(TWO, elements=("000115", "000149"))
    with pytest.raises(ReleaseRefused, match=r"11432.*denied_by, guardrails:"):
        await room.hand_over("ximena", handing=handing)
    with pytest.raises(ReleaseRefused, match="denied_by"):  # all of the dataset is that element too
        await room.hand_over("ximena", handing=replace(TWO, elements=()))
    with pytest.raises(ReleaseRefused, match="recipient_not_listed"):
        await room.hand_over("ximena", handing=replace(TWO, recipients=(2,)))
    students = named(["ximena"])
    document = await room.signed(students, elements=("000115", "000149"))
    with pytest.raises(ReleaseRefused, match="denied_by"):  # planned or not
        await room.releases.release(document, students)
    assert await room.gateway.size() == size


async def test_a_release_is_for_the_students_it_was_signed_for_and_once(room: Room) -> None:
    signed = named(["ximena"])
    document, size = await room.signed(signed), await room.gateway.size()
    for others in (named(["dagny"]), named(["ximena", "dagny"]), replace(signed, salt=bytes(32))):
        with pytest.raises(OtherStudents):
            await room.releases.release(document, others)
    with pytest.raises(OtherStudents):  # a count that is not theirs
        await room.releases.release(await room.signed(signed, count=2), signed)
    for more, place in ((Students(("Nr0", *signed.numbers)), 1), (Students((*signed.numbers, "Nr0")), 2)):
        with pytest.raises(UnknownStudent, match=f"place {place} of 2"):  # as they were given, not as they are sorted
            await room.releases.release(await room.signed(more), more)
    assert await room.gateway.size() == size
    await room.releases.release(document, signed)
    with pytest.raises(AgreementError, match="registered already"):
        await room.releases.release(document, signed)
    assert await room.gateway.size() == size + 1


@pytest.mark.claim(3)
async def test_a_number_that_is_another_childs_now_hands_over_nobodys_records_before_that_child_is_loaded(
    room: Room,
) -> None:
    gateway, students = room.gateway, named(["ximena", "dagny"])
    planned = await room.signed(students)
    await (await gateway.steward()).reuse_number(STUDENTS["ximena"].number)
    with pytest.raises(UnknownStudent, match="place 1 of 2"):
        await room.releases.release(planned, students)
    with pytest.raises(UnknownStudent, match="place 1 of 2"):
        await room.releases.require_students(students)
    assert [row["first_name"] for row in await room.rows("dagny")] == [STUDENTS["dagny"].first]


async def test_an_order_that_is_not_registered_releases_nothing(room: Room) -> None:
    with pytest.raises(UnknownOrder):
        await room.releases.plan("emergency:another", TWO, named(["ximena"]))
    students = named(["ximena"])
    with pytest.raises(UnknownOrder):
        await room.releases.release(await room.signed(students, order="sha256:" + "0" * 64), students)


async def test_all_releases_together_stay_within_the_number_of_students(room: Room) -> None:
    await room.hand_over("ximena", "dagny")
    with pytest.raises(TooManyStudents, match="1 more"):
        await room.hand_over("eskil", "fio")
    with pytest.raises(InvalidDocument):
        await room.hand_over("ximena", "dagny", "eskil", "fio")
    # Who was counted is not counted again: to another recipient, or with other elements.
    await room.hand_over("ximena", "eskil", handing=replace(TWO, recipients=(1,)))
    await room.hand_over("dagny", handing=Handing((0,), "attendance", ("000201",)))
    with pytest.raises(TooManyStudents, match="0 more"):
        await room.hand_over("fio")


async def test_two_releases_at_once_cannot_both_take_the_last_place(room: Room) -> None:
    await room.hand_over("ximena", "dagny")
    roles = ("eskil", "fio", "gulnara", "calixte")
    documents = [(await room.signed(students), students) for students in (named([role]) for role in roles)]
    others = [EmergencyReleases(room.desk, room.gateway.deployment.keys.subject) for _ in roles]
    found = await asyncio.gather(
        *(each.release(*document) for each, document in zip(others, documents, strict=True)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in found) == ["Released", *["TooManyStudents"] * 3]


@pytest.mark.claim(4)
@pytest.mark.claim(9)
async def test_the_entry_says_what_left_by_which_order_and_names_nobody(room: Room) -> None:
    room.papers.ring.indexes.clear()
    released = await room.hand_over("ximena", "off_roster", handing=replace(TWO, recipients=(1, 0)))
    (entry,) = await room.gateway.entries(released.entry)
    order = room.order.envelope.digest
    assert entry["event"] == "emergency.released"
    assert (entry["order"], entry["recipients"], entry["students"], entry["records"]) == (order, [1, 0], 2, 2)
    assert (entry["elements"], entry["clauses"]) == (["000115", "000172"], [["/elements/0"], ["/elements/1"]])
    assert (entry["basis"], entry["ferpa_9932_required"]) == ("health_safety_emergency", True)
    assert (entry["guardrails"], entry["catalogue"]) == (load_guardrails().digest, load_catalogue().digest)
    assert entry["officers"] == [room.papers.ring.officers[1].key.thumbprint]
    auditor = await room.gateway.database.pool("auditor", size=1)
    leaf = (await auditor.fetchval("SELECT leaf FROM audit.entry WHERE idx = $1", released.entry)).decode()
    words = {ORDER.threat, ORDER.whom, *(each.name for each in ORDER.recipients), *personal()}
    assert [word for word in words if word in leaf] == []
    # The threat and the recipients stand in the document it names (34 CFR 99.32(a)(5)).
    kept = await auditor.fetchval(
        "SELECT envelope FROM agreements.document WHERE digest = $1", bytes.fromhex(order.removeprefix("sha256:"))
    )
    assert kept == room.order.envelope.text
    # The accounting finds whose records left by the numbers that disclosures use.
    admin, key = await room.gateway.database.connection("admin"), SubjectKey(room.gateway.deployment.keys.subject)
    find = "SELECT sealed FROM records.subject JOIN records.identity USING (student_id) WHERE student_identifier = $1"
    listed = await auditor.fetchval("SELECT subjects FROM audit.subject WHERE idx = $1", released.entry)
    numbers = sorted(STUDENTS[role].number for role in ("ximena", "off_roster"))
    assert listed == key.numbers([await admin.fetchval(find, number) for number in numbers])
    # What left, and whom it was signed for, can be shown to be what the entry commits to; whoever reads what stands
    # beside the log finds no student's number there, since an erased link would not erase it.
    private = unpack_private(await auditor.fetchval("SELECT opening FROM audit.private WHERE idx = $1", released.entry))
    require_bytes(bytes.fromhex(entry["result"]), private.result_salt, released.body)
    named_by_officer = canonical_bytes({"students": list(numbers)})
    require_bytes(bytes.fromhex(entry["request"]), private.request_salt, named_by_officer)
    assert private.request == b""


async def test_a_release_gives_the_listed_elements_of_anybody_exactly_as_they_are(room: Room) -> None:
    first = STUDENTS["off_roster"]
    assert await room.rows("off_roster") == [{"first_name": first.first, "last_name": first.last}]
    more = replace(TWO, elements=("000128", "001068", "000100"))
    assert await room.rows("ximena", handing=more) == [
        {"lea_identifier": "emerald-city", "grade_level": "09", "gpa_cumulative": 3.41}
    ]
    # Nobody's consent, roster or opt-out matters in an emergency, and no stay is needed (34 CFR 99.36).
    assert await room.rows("opted_out", handing=more) == [
        {"lea_identifier": "emerald-city", "grade_level": "09", "gpa_cumulative": None}
    ]


async def test_attendance_is_handed_over_as_it_stands_today(room: Room) -> None:
    events = Handing((0,), "attendance_events", ("001649", "000076"))
    assert await room.rows("ximena", "crowd_00", handing=events) == [
        {"attendance_event_date": "2027-03-01", "attendance_status": "Present"},
        {"attendance_event_date": "2027-03-02", "attendance_status": "UnexcusedAbsence"},
        {"attendance_event_date": "2027-03-03", "attendance_status": "Tardy"},
        {"attendance_event_date": "2027-03-09", "attendance_status": "UnexcusedAbsence"},
    ]
    counts = Handing((0,), "attendance", ("000201", "002022"))
    assert await room.rows("ximena", handing=counts) == [{"days_absent": 2, "chronic_absenteeism": True}]


async def test_named_rows_are_read_by_a_permit_of_a_decision_only(room: Room) -> None:
    async with room.desk.filing() as filing:
        with pytest.raises(NotPermitted):
            await read_named(filing.connection, TWO, ("Nr0",))  # type: ignore[arg-type] # exactly this is refused


@pytest.mark.claim(7)
async def test_an_ended_order_releases_nothing_and_stays_ended(room: Room) -> None:
    await room.hand_over("ximena")
    digest = room.order.envelope.digest
    entry = await room.emergencies.end(digest, "The children were found.")
    with pytest.raises(ReleaseRefused, match=f"order_ended, log:/{entry}"):
        await room.hand_over("ximena")
    size = await room.gateway.size()
    with pytest.raises(OrderEnded):
        await room.emergencies.end(digest, "Once more.")
    with pytest.raises(NotRegistered):
        await room.emergencies.end("sha256:" + "0" * 64, "No such order.")
    assert await room.gateway.size() == size
    # A review makes it no longer.
    await room.emergencies.review(room.papers.review(room.order).envelope)
    with pytest.raises(ReleaseRefused, match="order_ended"):
        await room.hand_over("ximena")
    (line,) = await room.emergencies.lines()
    assert line.ended is not None
    assert (line.standing, line.ended.entry, line.ended.reason) == ("ended", entry, "The children were found.")


@pytest.mark.claim(7)
async def test_an_end_that_comes_between_the_decision_and_the_read_wins(room: Room) -> None:
    students = named(["ximena"])
    document, owner = await room.signed(students), await room.gateway.database.connection("owner")
    async with owner.transaction():
        # The rows wait for this lock; the order was found to stand before.
        await owner.execute("LOCK TABLE records.student IN ACCESS EXCLUSIVE MODE")
        releasing = asyncio.create_task(room.releases.release(document, students))
        await room.gateway.blocked("relation")
        await room.emergencies.end(room.order.envelope.digest, "Found.")
    with pytest.raises(ReleaseRefused, match="order_ended"):
        await releasing


@pytest.mark.claim(7)
async def test_an_end_that_comes_between_the_read_and_the_entry_wins(room: Room) -> None:
    students = named(["ximena"])
    document, holder = await room.signed(students), await room.gateway.database.connection("loader")
    async with head_held(holder):
        releasing = asyncio.create_task(room.releases.release(document, students))
        await room.gateway.blocked()
        ending = asyncio.create_task(room.emergencies.end(room.order.envelope.digest, "Found."))
        await asyncio.sleep(0.05)
    results = await asyncio.gather(releasing, ending, return_exceptions=True)
    events = [each["event"] for each in await room.gateway.entries() if each["event"].startswith("emergency.")]
    # Whoever got the lock first is first on record; nothing is released after the end.
    assert events in (
        ["emergency.ordered", "emergency.released", "emergency.ended"],
        ["emergency.ordered", "emergency.ended"],
    )
    assert isinstance(results[1], int)


@pytest.mark.claim(7)
async def test_a_change_of_what_may_leave_is_found_under_the_lock_and_the_rows_are_read_again(room: Room) -> None:
    students = named(["ximena"])
    document = await room.signed(students)
    client = next(iter(room.gateway.deployment.partners.values())).client
    office = await room.gateway.office()
    async with office.engine.connect() as stopping, stopping.begin():
        stop = await suspend_client(stopping, client, "test")
        releasing = asyncio.create_task(room.releases.release(document, students))
        await room.gateway.blocked()
        assert not releasing.done()
        await stopping.commit()
    released = await releasing
    (entry,) = await room.gateway.entries(released.entry)
    assert entry["epoch"] == stop < released.entry


async def test_an_order_ends_to_the_second_also_while_a_release_waits_for_the_log(room: Room) -> None:
    students, ends = named(["ximena"]), NOON + HOUR * ORDER.hours
    await room.gateway.at(ends - dt.timedelta(seconds=30))
    document, size = await room.signed(students), await room.gateway.size()
    holder = await room.gateway.database.connection("loader")
    async with head_held(holder):
        releasing = asyncio.create_task(room.releases.release(document, students))
        await room.gateway.blocked()
        await room.gateway.at(ends)
    with pytest.raises(OrderNotOpen):
        await releasing
    with pytest.raises(OrderNotOpen):
        await room.releases.release(document, students)
    with pytest.raises(ReleaseRefused, match="order_over, /hours"):
        await room.hand_over("ximena")
    assert await room.gateway.size() == size


async def test_an_order_whose_review_is_overdue_releases_nothing_more(idle_gateway: Gateway) -> None:
    room = await Room.open(idle_gateway, begins=NOON + HOUR * 20, hours=72)
    with pytest.raises(ReleaseRefused, match="order_not_yet_open"):
        await room.hand_over("ximena")
    await idle_gateway.at(NOON + HOUR * 71)
    await room.hand_over("ximena")
    await idle_gateway.at(NOON + HOUR * 72 + dt.timedelta(seconds=5))
    with pytest.raises(ReleaseRefused, match="order_over"):
        await room.hand_over("ximena")


@pytest.mark.claim(12)
async def test_nobody_goes_on_alone_from_one_order_to_the_next(room: Room) -> None:
    over = NOON + HOUR * ORDER.hours
    again = room.papers.order(id="emergency:once-more", begins=over)
    await room.gateway.at(over)
    with pytest.raises(ReviewMissing):
        await room.emergencies.order(again.envelope)
    # Another officer may order, and after a month the slip is forgotten.
    other = room.papers.order(keys=[room.papers.ring.officers[0].key], id="emergency:by-another", begins=over)
    await room.emergencies.order(other.envelope)
    late = NOON + dt.timedelta(days=40)
    await room.gateway.at(late)
    await room.emergencies.order(room.papers.order(id="emergency:much-later", begins=late).envelope)


async def test_who_had_an_order_reviewed_may_order_again(room: Room) -> None:
    await room.emergencies.review(room.papers.review(room.order).envelope)
    await room.gateway.at(NOON + HOUR * ORDER.hours)
    await room.emergencies.order(room.papers.order(id="emergency:once-more", begins=NOON + HOUR * ORDER.hours).envelope)


@pytest.mark.claim(4)
async def test_when_the_log_cannot_be_written_nothing_is_returned(room: Room) -> None:
    students = named(["ximena"])
    document, size = await room.signed(students), await room.gateway.size()
    owner = await room.gateway.database.connection("owner")
    await owner.execute(f"REVOKE EXECUTE ON FUNCTION {APPEND} FROM pactgate_loader")
    with pytest.raises(Exception, match="permission denied"):
        await room.releases.release(document, students)
    await owner.execute(f"GRANT EXECUTE ON FUNCTION {APPEND} TO pactgate_loader")
    assert await room.gateway.size() == size
    assert (await room.releases.release(document, students)).entry == size


@pytest.mark.claim(1)
async def test_a_release_that_was_filed_unjudged_is_an_alarm_and_counts_all_the_same(room: Room) -> None:
    said: list[tuple[str, str]] = []
    await room.hand_over("ximena", "dagny")
    forged = room.papers.release(room.order, keys=[key_for("a clerk")]).envelope

    async with room.desk.filing() as filing:
        said_of_it = made_up(Event.EMERGENCY_RELEASED, without="document")
        await filing.file(Event.EMERGENCY_RELEASED, forged, concerns=room.order.envelope.digest, **said_of_it)
    desk = Desk(room.desk.engine, room.desk.trust, lambda code, facts: said.append((code, facts["reason"])))
    _, registry = await desk.registry()
    assert said == [("emergency_refused", "signer_not_entitled")]
    (ordered,) = registry.emergency_orders
    assert (len(ordered.releases), len(ordered.released_at)) == (1, 2)
    (line,) = await Emergencies(desk).lines()
    assert [(each.students, each.dataset, each.recipients) for each in line.releases] == [(2, "students", (0,))]


async def test_what_leaves_by_an_order_is_explained_without_reading_a_student(room: Room) -> None:
    size = await room.gateway.size()
    about = {each.name: each for each in await room.releases.explain("emergency:flood-at-cedar", 0, "students")}
    assert about["first_name"].leaves
    assert not about["homeless_status"].leaves
    assert await room.gateway.size() == size


@pytest.mark.claim(6)
async def test_a_release_is_made_again_by_its_order_and_an_altered_one_is_named(idle_gateway: Gateway) -> None:
    room = await Room.open(idle_gateway)
    index = (await room.hand_over("fio")).entry
    await room.emergencies.end(room.order.envelope.digest, "It is over.")
    found = await rejustified(idle_gateway)
    assert (found.decided_again, found.shown, found.holds) == ({"emergency.released": 1}, [], True)
    nobody = "sha256:" + "0" * 64
    changes: dict[str, tuple[Change, str]] = {
        "decision": (lambda body: body["elements"].append("000255"), "element_not_covered"),
        "place": (lambda body: body.update(recipients=[7]), "recipient_not_listed"),
        "order": (lambda body: body.update(order=nobody), "no_order"),
        "element": (lambda body: body["elements"].append("999999"), "unknown_element"),
        "hours": (lambda body: body.update(time="2036-01-01T00:00:00.000000Z"), "order_over"),
    }
    for change, code in changes.values():
        async with altered(idle_gateway, {index: change}):
            (named,) = (await rejustified(idle_gateway)).shown
        assert (named["entry"], named["differs"], named["came_out"]["code"]) == (index, ("decision",), code)
    for name, value in (("clauses", [["/elements/1"]] * 2), ("basis", "consent"), ("ruleset", nobody)):
        async with altered(idle_gateway, {index: lambda body, name=name, value=value: body.update({name: value})}):  # type: ignore[misc] # bound in the loop
            (named,) = (await rejustified(idle_gateway)).shown
        assert named["differs"] == (name,)
