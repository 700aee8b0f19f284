"""What families ask: until when it is answered, who answers it, and what nobody destroys meanwhile."""

import datetime as dt
from collections.abc import Mapping, Sequence

import pytest

from agreements.documents.family import Asked, Capacity, Step
from agreements.errors import InvalidDocument, NotEntitled, SamePerson
from agreements.signature import Kind
from gateway.records.errors import UnknownStudent
from gateway.services.accounting.accountings import Accountings
from gateway.services.accounting.inspected import NOT_THEIRS, Inspections, tables_of_students
from gateway.services.emergencies.papers import Students
from gateway.services.errors import LinkErased, RecordKept, RequestRefused, UnknownRequest
from gateway.services.family.alarming import overdue_alarming
from gateway.services.family.waiting import waiting
from gateway.services.retention import Retention
from gateway.settings import FEWEST_DAYS
from tests.factories.agreements import key_for
from tests.factories.cohort import DAY, STUDENTS, TUTORING, export
from tests.factories.consenting import signed
from tests.factories.family import FamilyDesk
from tests.factories.gateway import NOON, Gateway, load

ONE, OTHER = STUDENTS["calixte"].number, STUDENTS["ximena"].number


Files = Mapping[str, Sequence[Sequence[object]]]


def without_stays(files: Files, *numbers: str) -> dict[str, Sequence[Sequence[object]]]:
    """The same files, with these students' stays beginning a day later."""
    moved = [[*row[:4], "2026-09-03", *row[5:]] if row[0] in numbers else row for row in files["enrollments"]]
    return {**files, "enrollments": moved}


@pytest.fixture
async def desk(idle_gateway: Gateway) -> FamilyDesk:
    return await FamilyDesk.at(idle_gateway)


@pytest.mark.ferpa("F1")
@pytest.mark.claim(12)
async def test_nothing_is_taken_in_that_no_officer_signed_or_that_is_about_somebody_else(desk: FamilyDesk) -> None:
    size = await desk.gateway.size()
    document, student = desk.request(Asked.INSPECTION, ONE)
    # (1): a key that is no officer's.
    forged = desk.signed(Kind.FAMILY_REQUEST, document.payload, key_for("mallory"))
    with pytest.raises(NotEntitled):
        await desk.requests.receive(forged, student)
    # (2): another student than it commits to, two, and one whom nobody knows.
    for others in (Students((OTHER,), student.salt), Students((ONE, OTHER), student.salt)):
        with pytest.raises(RequestRefused, match="one student"):
            await desk.requests.receive(document, others)
    with pytest.raises(UnknownStudent):
        await desk.ask(Asked.INSPECTION, "4711")
    # (3): a request from the future, one that is due too late, and one about an element that there is not.
    for changes in (
        {"on": DAY + dt.timedelta(days=3)},
        {"answer_by": DAY + dt.timedelta(days=46)},
        {"elements": ("000115",)},
    ):
        with pytest.raises(InvalidDocument):
            await desk.ask(Asked.INSPECTION, ONE, **changes)
    with pytest.raises(InvalidDocument, match="/elements/0"):
        await desk.requests.receive(*desk.request(Asked.AMENDMENT, ONE, elements=("999999",)))
    assert await desk.gateway.size() == size
    # Once it is on file it is not filed again.
    await desk.requests.receive(document, student)
    with pytest.raises(RequestRefused, match="on file"):
        await desk.requests.receive(document, student)


@pytest.mark.ferpa("F1")
@pytest.mark.claim(9)
async def test_a_request_that_is_not_answered_in_45_days_is_an_alarm(desk: FamilyDesk) -> None:
    entry = await desk.ask(Asked.INSPECTION, ONE, capacity=Capacity.GUARDIAN)
    stop = await desk.ask(Asked.STOP, ONE)
    (line, urgent) = await desk.requests.listed()
    assert (line.answer_by - line.received_on, line.days_left, line.overdue) == (dt.timedelta(days=45), 45, False)
    assert urgent.answer_by - urgent.received_on == dt.timedelta(days=1)
    assert [each.entry for each in (await waiting(desk.desk)).families] == [stop, entry]
    await desk.step(stop, Step.WITHDRAWN)
    written = (await desk.gateway.entries(entry))[0]
    assert (written["event"], written["kind"], written["capacity"]) == (
        "family_request.received",
        "inspection",
        "guardian",
    )
    assert not {ONE, STUDENTS["calixte"].first} & {str(each) for each in written.values()}
    shown = await desk.requests.shown(entry)
    assert shown.student == ONE
    assert ONE not in repr(shown)

    heard: list[tuple[str, Mapping[str, str]]] = []
    look = overdue_alarming(await desk.gateway.database.engine("app"), lambda code, facts: heard.append((code, facts)))
    for day, overdue in ((45, False), (46, True)):
        await desk.gateway.at(NOON + dt.timedelta(days=day))
        moment, registry = await desk.desk.registry()
        await look(registry, moment)
        assert [each.overdue for each in await desk.requests.listed()] == [overdue, False]
        assert bool(heard) is overdue
    assert heard == [("family_request_overdue", {"entry": str(entry), "answer_by": line.answer_by.isoformat()})]
    # Late is late: an answer ends it, and the list says so.
    await desk.step(entry, Step.ANSWERED, outcome="inspected")
    (line, _) = await desk.requests.listed()
    assert (line.state, line.outcome, line.late, line.overdue) == ("answered", "inspected", True, False)
    heard.clear()
    moment, registry = await desk.desk.registry()
    await look(registry, moment)
    assert heard == []


@pytest.mark.ferpa("F1")
async def test_a_step_is_signed_fits_the_request_and_ends_it_once(desk: FamilyDesk) -> None:
    entry = await desk.ask(Asked.INSPECTION, ONE, answer_by=DAY + dt.timedelta(days=20))
    size = await desk.gateway.size()
    # (1): an entry that is no request, a document of another request, a key that is no officer's.
    with pytest.raises(UnknownRequest):
        await desk.step(0, Step.WITHDRAWN)
    with pytest.raises(UnknownRequest):
        await desk.requests.shown(0)
    strange = b'{"format":"pactgate-family-step/1","request":"sha256:' + b"0" * 64 + b'","step":"withdrawn"}'
    with pytest.raises(UnknownRequest):
        await desk.requests.take_step(desk.signed(Kind.FAMILY_STEP, strange))
    # (2): an outcome or a ground of another kind of request; more time than the law gives, or less than there was.
    for step, said in (
        (Step.ANSWERED, {"outcome": "stopped"}),
        (Step.REFUSED, {"ground": "hearing_offered"}),
        (Step.EXTENDED, {"answer_by": DAY + dt.timedelta(days=46)}),
        (Step.EXTENDED, {"answer_by": DAY + dt.timedelta(days=20)}),
    ):
        with pytest.raises(InvalidDocument):
            await desk.step(entry, step, **said)
    # (3): the act that is said to have answered is none, or was not there, or came from elsewhere.
    for by in (0, 10_000, entry):
        with pytest.raises(RequestRefused, match="no act"):
            await desk.step(entry, Step.ANSWERED, outcome="inspected", by_entry=by)
    assert await desk.gateway.size() == size

    later = DAY + dt.timedelta(days=45)
    await desk.step(entry, Step.EXTENDED, answer_by=later)
    assert (await desk.requests.listed())[0].answer_by == later
    done = await desk.step(entry, Step.REFUSED, ground="not_kept_here", officer=1)
    shown = await desk.requests.shown(entry)
    assert (shown.line.state, shown.line.ground, shown.line.ended_by_entry) == ("refused", "not_kept_here", done)
    assert [each.step for each in shown.steps] == ["extended", "refused"]
    assert shown.line.handled_by == (desk.officer().thumbprint, desk.officer(1).thumbprint)
    with pytest.raises(NotEntitled, match="ended"):
        await desk.step(entry, Step.WITHDRAWN)


@pytest.mark.ferpa("F1")
@pytest.mark.ferpa("C6")
async def test_an_accounting_or_a_stop_is_answered_by_an_act_on_record_about_that_student(desk: FamilyDesk) -> None:
    key = desk.gateway.deployment.keys.subject
    early = (await Accountings(desk.desk, key).read(ONE, "json")).entry
    steward = await desk.gateway.steward()
    asked, stop = await desk.ask(Asked.ACCOUNTING, ONE), await desk.ask(Asked.STOP, ONE)
    for entry, outcome in ((asked, "handed_over"), (stop, "stopped")):
        with pytest.raises(RequestRefused, match="names the entry"):
            await desk.step(entry, Step.ANSWERED, outcome=outcome)
    other = (await Accountings(desk.desk, key).read(OTHER, "json")).entry
    for by in (early, other):
        with pytest.raises(RequestRefused, match=r"before the request|about another"):
            await desk.step(asked, Step.ANSWERED, outcome="handed_over", by_entry=by)
    mine = (await Accountings(desk.desk, key).read(ONE, "json")).entry
    await desk.step(asked, Step.ANSWERED, outcome="handed_over", by_entry=mine)
    others = await steward.opt_out(OTHER, None, directory_only=False)
    with pytest.raises(RequestRefused, match="about another"):
        await desk.step(stop, Step.ANSWERED, outcome="stopped", by_entry=others)
    out = await steward.opt_out(ONE, None, directory_only=False)
    await desk.step(stop, Step.ANSWERED, outcome="stopped", by_entry=out)
    # Whoever asks for what stands already is answered by what they said sooner.
    again = await desk.ask(Asked.STOP, ONE)
    await desk.step(again, Step.ANSWERED, outcome="stopped", by_entry=out)
    assert {each.state for each in await desk.requests.listed()} == {"answered"}


@pytest.mark.claim(7)
async def test_what_was_done_before_answers_no_request_unless_it_is_a_stop_that_stands(desk: FamilyDesk) -> None:
    steward, agreement = await desk.gateway.steward(), desk.gateway.digest(TUTORING)
    loaded = [at for at, each in enumerate(await desk.gateway.entries()) if each["event"] == "records.loaded"][-1]
    wrong = await desk.ask(Asked.AMENDMENT, ONE)
    with pytest.raises(RequestRefused, match="came before the request"):
        await desk.step(wrong, Step.ANSWERED, outcome="amended", by_entry=loaded)
    # Taken back under a number that was merged since; the child has a consent again.
    taken_back = await steward.withdraw(agreement, OTHER)
    await steward.merge_students(OTHER, ONE)
    await desk.gateway.at(NOON + dt.timedelta(days=1))
    await steward.give_consent(agreement, ONE, signed(DAY + dt.timedelta(days=1)))
    stop = await desk.ask(Asked.STOP, ONE)
    with pytest.raises(RequestRefused, match="does not answer it any more"):
        await desk.step(stop, Step.ANSWERED, outcome="stopped", by_entry=taken_back)
    await steward.withdraw(agreement, ONE)
    await desk.step(stop, Step.ANSWERED, outcome="stopped", by_entry=taken_back)


@pytest.mark.ferpa("F2")
@pytest.mark.claim(12)
async def test_a_hearing_follows_a_refused_amendment_and_is_decided_by_somebody_else(desk: FamilyDesk) -> None:
    amendment = await desk.ask(Asked.AMENDMENT, ONE)
    digest = await desk.requests.digest_of(amendment)
    with pytest.raises(InvalidDocument, match="follows"):
        await desk.ask(Asked.HEARING, ONE, follows=digest)
    await desk.step(amendment, Step.REFUSED, ground="hearing_offered", officer=1)
    # About other elements, or another student, it is another matter.
    with pytest.raises(InvalidDocument, match="follows"):
        await desk.ask(Asked.HEARING, ONE, follows="sha256:" + "0" * 64)
    with pytest.raises(RequestRefused, match="another student"):
        await desk.ask(Asked.HEARING, OTHER, follows=digest)
    hearing = await desk.ask(Asked.HEARING, ONE, follows=digest)
    assert (await desk.gateway.entries(hearing))[0]["follows"] == amendment
    with pytest.raises(SamePerson, match=r"99\.22"):
        await desk.step(hearing, Step.ANSWERED, outcome="statement_offered", officer=1)
    steward = await desk.gateway.steward()
    others = await steward.place_statement(OTHER, ["000115"], "This is not so.")
    with pytest.raises(RequestRefused, match="about another"):
        await desk.step(hearing, Step.ANSWERED, outcome="statement_offered", by_entry=others)
    placed = await steward.place_statement(ONE, ["000115"], "This is not so.")
    await desk.step(hearing, Step.ANSWERED, outcome="statement_offered", by_entry=placed)
    assert [each.state for each in await desk.requests.listed()] == ["refused", "answered"]


@pytest.mark.ferpa("X4")
async def test_an_open_inspection_keeps_that_students_old_records_and_nobody_elses(desk: FamilyDesk) -> None:
    gateway, owner = desk.gateway, await desk.gateway.database.connection("owner")
    lines = {name: bundle.agreement.id for name, bundle in gateway.deployment.agreements.items()}
    files = export(lines)
    await load(await gateway.office(), gateway.deployment.keys, gateway.home, without_stays(files, ONE, OTHER))
    await gateway.at(NOON + dt.timedelta(days=FEWEST_DAYS + 1))
    entry = await desk.ask(Asked.INSPECTION, ONE, on=DAY + dt.timedelta(days=FEWEST_DAYS))
    # Whoever cannot tell whose request it is deletes nothing.
    for act in (Retention(desk.desk, FEWEST_DAYS).look, Retention(desk.desk, FEWEST_DAYS).retire):
        with pytest.raises(RecordKept, match=f"entry {entry}"):
            await act()
    retention = Retention(desk.desk, FEWEST_DAYS, subject_key=gateway.deployment.keys.subject)
    ended = """SELECT i.student_identifier FROM records.enrollment e JOIN records.identity i USING (student_id)
        WHERE e.to_batch IS NOT NULL ORDER BY 1"""
    assert {row[0] for row in await owner.fetch(ended)} == {ONE, OTHER}
    looked = await retention.look()
    assert (await retention.retire()).rows == looked.rows
    assert {row[0] for row in await owner.fetch(ended)} == {ONE}
    await desk.step(entry, Step.ANSWERED, outcome="inspected")
    assert (await retention.retire()).rows == 1
    assert await owner.fetch(ended) == []
    await gateway.serve()
    assert await gateway.services.facts.check() == frozenset()


@pytest.mark.ferpa("X4")
async def test_an_open_inspection_keeps_what_stands_under_a_number_that_is_merged_meanwhile(desk: FamilyDesk) -> None:
    gateway, owner = desk.gateway, await desk.gateway.database.connection("owner")
    files = export({name: bundle.agreement.id for name, bundle in gateway.deployment.agreements.items()})
    await load(await gateway.office(), gateway.deployment.keys, gateway.home, without_stays(files, ONE, OTHER))
    await gateway.at(NOON + dt.timedelta(days=FEWEST_DAYS + 1))
    entry = await desk.ask(Asked.INSPECTION, ONE, on=DAY + dt.timedelta(days=FEWEST_DAYS))
    await (await gateway.steward()).merge_students(OTHER, ONE)
    retention = Retention(desk.desk, FEWEST_DAYS, subject_key=gateway.deployment.keys.subject)
    ended = "SELECT count(*) FROM records.enrollment WHERE to_batch IS NOT NULL"
    assert (await owner.fetchval(ended), (await retention.retire()).rows) == (2, 0)
    await desk.step(entry, Step.ANSWERED, outcome="inspected")
    assert (await retention.retire()).rows == 2


@pytest.mark.ferpa("X4")
async def test_a_list_that_was_altered_keeps_everybodys_records(desk: FamilyDesk) -> None:
    entry = await desk.ask(Asked.INSPECTION, ONE)
    admin = await desk.gateway.database.connection("admin")
    await admin.execute("ALTER TABLE audit.subject DISABLE TRIGGER ALL")
    before = await admin.fetchval("SELECT subjects FROM audit.subject WHERE idx = $1", entry)
    change = "UPDATE audit.subject SET subjects = $2 WHERE idx = $1"
    await admin.execute(change, entry, bytes(16))
    retention = Retention(desk.desk, FEWEST_DAYS, subject_key=desk.gateway.deployment.keys.subject)
    with pytest.raises(RecordKept):
        await retention.look()
    with pytest.raises(LinkErased):
        await desk.requests.shown(entry)
    await admin.execute(change, entry, before)
    assert (await retention.look()).entry is None


@pytest.mark.ferpa("X4")
@pytest.mark.claim(1)
async def test_a_row_that_ends_a_request_by_hand_ends_nothing(desk: FamilyDesk) -> None:
    entry = await desk.ask(Asked.INSPECTION, ONE)
    done = await desk.step(entry, Step.ANSWERED, outcome="inspected")
    admin = await desk.gateway.database.connection("admin")
    await admin.execute("ALTER TABLE gateway.family_document DISABLE TRIGGER ALL")
    # (1): an answer whose document is gone, or is another one, is none.
    await admin.execute("DELETE FROM gateway.family_document WHERE idx = $1", done)
    found = await waiting(desk.desk)
    assert [each.entry for each in found.families] == [entry]
    assert [(each.entry, each.code) for each in found.doubtful] == [(done, "document_not_in_log")]
    # (2): a request whose document does not verify is open, and nobody can answer it.
    await admin.execute(
        "UPDATE gateway.family_document SET envelope = replace(envelope, 'signature\":\"', 'signature\":\"A')"
    )
    found = await waiting(desk.desk)
    assert {each.entry for each in found.doubtful} == {entry, done}
    with pytest.raises(RecordKept):
        await Retention(desk.desk, FEWEST_DAYS).look()
    with pytest.raises(UnknownRequest):
        await desk.step(entry, Step.WITHDRAWN)


@pytest.mark.ferpa("F1")
async def test_what_a_family_inspects_is_complete_and_names_no_other_child(desk: FamilyDesk) -> None:
    gateway, owner = desk.gateway, await desk.gateway.database.connection("owner")
    inspections = Inspections(desk.desk, gateway.deployment.keys.subject)
    size = await gateway.size()
    with pytest.raises(UnknownRequest):
        await inspections.take_out(0)
    copy = await desk.ask(Asked.COPY, ONE)
    with pytest.raises(RequestRefused, match="not to inspect"):
        await inspections.take_out(copy)
    assert await gateway.size() == size + 1
    # Every table with rows about a student is shown, or is none of theirs for a reason that is written down.
    tables = {
        row[0]
        for row in await owner.fetch(
            "SELECT c.table_name FROM information_schema.columns c JOIN pg_tables t ON t.tablename = c.table_name"
            " AND t.schemaname = 'records' WHERE c.table_schema = 'records' AND c.column_name = 'student_id'"
        )
    }
    assert {each.name for each in tables_of_students()} | set(NOT_THEIRS) == tables
    await (await gateway.steward()).place_statement(ONE, ["000115"], "This is not so.")
    lines = {name: bundle.agreement.id for name, bundle in gateway.deployment.agreements.items()}
    files = without_stays(export(lines), ONE)
    await load(await gateway.office(), gateway.deployment.keys, gateway.home, files)
    entry = await desk.ask(Asked.INSPECTION, ONE)
    found = await inspections.take_out(entry)
    assert set(found.tables) == {
        *("academic_summary", "attendance", "consent", "contested", "enrollment", "roster", "student")
    }
    for name, rows in found.tables.items():
        counted = f"SELECT count(*) FROM records.{name} r JOIN records.identity i USING (student_id)"  # noqa: S608
        assert len(rows) == await owner.fetchval(f"{counted} WHERE i.student_identifier = $1", ONE)
    assert [row["kept"] for row in found.tables["enrollment"]] == ["now", "before"]
    assert STUDENTS["calixte"].last in str(found.tables["student"])
    assert not {each.last for each in STUDENTS.values() if each.number != ONE} & set(str(found.tables).split("'"))
    assert (found.look_through, ONE in repr(found)) == ((), False)
    written = (await gateway.entries(found.entry))[0]
    assert (written["event"], written["answers"]) == ("records.shown", entry)
    await desk.step(entry, Step.ANSWERED, outcome="inspected", by_entry=found.entry)
    with pytest.raises(RequestRefused, match="ended"):
        await inspections.take_out(entry)
