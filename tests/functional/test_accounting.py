"""The accounting of one student over a whole deployment: what left, to whom and why, and nothing of anybody else."""

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from agreements.documents.outside_disclosure import OutsideDisclosure, outside_disclosure_bytes
from agreements.errors import NotEntitled
from agreements.keys import SigningKey
from agreements.signature import Envelope, Kind, add_signature
from gateway.records.errors import UnknownStudent
from gateway.services.accounting.accountings import Accountings
from gateway.services.accounting.by_hand import OutsideDisclosures
from gateway.services.accounting.cautions import Warn
from gateway.services.accounting.lines import Accounting, Channel, Line
from gateway.services.accounting.plain import plain
from gateway.services.accounting.proofs import prove_entries
from gateway.services.emergencies.papers import Students
from gateway.services.errors import LinkErased, NothingSigned, RecordRefused
from gateway.services.naming import Checked
from gateway.services.renumbering import former, merge_students
from tests.factories.agreements import key_for
from tests.factories.cohort import MENTORING, STUDENTS, TUTORING, export, personal
from tests.factories.gateway import NOON, Gateway, load
from tests.factories.partners import OUTSIDE

CALIXTE, XIMENA, MENTORED = STUDENTS["calixte"], STUDENTS["ximena"], STUDENTS["mentored_a"]
FIELDS = "/v1/students?fields=first_name,grade_level"


async def accountings(gateway: Gateway) -> Accountings:
    return Accountings((await gateway.office()).desk, gateway.deployment.keys.subject)


async def read(gateway: Gateway, number: str, **how: Any) -> Accounting:
    return await (await accountings(gateway)).read(number, "json", **{"acknowledged": list(Warn), **how})


async def disclosed(gateway: Gateway) -> None:
    """One page to each partner, one page twice, and refused requests."""
    for path in (FIELDS, FIELDS, "/v1/students?fields=sex", "/v1/attendance/events"):
        await gateway.get(TUTORING, path)
    await gateway.get(MENTORING, "/v1/students?fields=first_name")


def signed(gateway: Gateway, numbers: tuple[str, ...], key: SigningKey | None = None, **changes: Any) -> Any:
    """A record by an officer of a disclosure about these students, and the students."""
    students = Students(numbers)
    about = {"disclosed_on": NOON.date(), "count": len(students.each), "commitment": students.commitment, **changes}
    said: OutsideDisclosure = replace(OUTSIDE, **about)
    key = key or gateway.deployment.ring.officers[0].key
    return add_signature(None, Kind.OUTSIDE_DISCLOSURE, outside_disclosure_bytes(said), key), students


async def record(gateway: Gateway, numbers: tuple[str, ...], key: SigningKey | None = None, **changes: Any) -> int:
    document: Envelope
    document, students = signed(gateway, numbers, key, **changes)
    by_hand = OutsideDisclosures((await gateway.office()).desk, gateway.deployment.keys.subject)
    return await by_hand.record(document, students)


def to(accounting: Accounting, partner: str) -> Line:
    (line,) = (each for each in accounting.lines if partner in each.about.recipients[0])
    return line


async def test_a_student_who_is_not_there_has_no_accounting_and_leaves_no_entry(idle_gateway: Gateway) -> None:
    start = await idle_gateway.size()
    with pytest.raises(UnknownStudent):
        await read(idle_gateway, "Nr0")
    assert await idle_gateway.size() == start


async def test_a_student_whose_link_was_erased_has_no_accounting(idle_gateway: Gateway) -> None:
    admin = await idle_gateway.database.connection("admin")
    await admin.execute(
        "DELETE FROM records.subject USING records.identity i WHERE i.student_id = subject.student_id"
        " AND i.student_identifier = $1",
        XIMENA.number,
    )
    with pytest.raises(LinkErased):
        await read(idle_gateway, XIMENA.number)


@pytest.mark.ferpa("N1")
@pytest.mark.claim(6)
async def test_every_disclosure_of_a_student_is_told_with_who_what_why_and_when(gateway: Gateway) -> None:
    await disclosed(gateway)
    found = await read(gateway, CALIXTE.number)
    tutoring, mentoring = to(found, "Bright Path"), to(found, "Harbor")
    assert (tutoring.times, mentoring.times) == (2, 1)
    assert [each.title for each in tutoring.about.elements] == ["First name", "Grade level"]
    signed_one = gateway.deployment.agreements[TUTORING].agreement
    assert tutoring.about.interest == signed_one.purpose.words
    assert tutoring.about.under is not None
    assert (tutoring.about.under.id, tutoring.about.under.digest) == (signed_one.id, signed_one.digest)
    assert (tutoring.about.basis, tutoring.about.behind) == ("consent", "automated")
    assert tutoring.about.further == ()
    assert {each.students_list for each in tutoring.occurrences} == {Checked.HOLDS}
    assert (tutoring.first, tutoring.rhythm) == (NOON.date(), "several times on one day")
    entries = await gateway.entries()
    assert {entries[each]["event"] for each in found.entries} == {"disclosure"}
    assert len(found.entries) == 3
    # Refused requests name nobody: they are counted under the agreements that cover the student.
    assert sum(each.requests for each in found.refused) == 2
    assert "no refused request names a student" in " ".join(str(each) for each in plain(found)["does_not_cover"])  # type: ignore[attr-defined]


@pytest.mark.ferpa("N1")
async def test_of_two_numbers_that_were_merged_either_accounts_for_both(gateway: Gateway) -> None:
    await disclosed(gateway)
    office = await gateway.office()
    async with office.engine.begin() as connection:
        entry = await merge_students(connection, MENTORED.number, XIMENA.number, scopes=office.desk.scopes)
    # Under the one number tutoring got records, under the other mentoring did.
    for number in (XIMENA.number, MENTORED.number):
        found = await read(gateway, number)
        assert sorted(each.about.recipients[0] for each in found.lines) == ["Bright Path Tutoring", "Harbor Mentors"]
        assert to(found, "Harbor").times == 1
    # From the next request on the second number is nobody's.
    page = await gateway.get(MENTORING, "/v1/students?fields=first_name")
    assert MENTORED.first not in page.text
    (leaf,) = [each for each in await gateway.entries(entry) if each["event"] == "students.merged"]
    assert leaf.keys() <= {"event", "facts", "ts", "v"}


@pytest.mark.ferpa("N4")
@pytest.mark.claim(9)
async def test_an_accounting_is_on_record_first_and_shows_nothing_of_another_student(gateway: Gateway) -> None:
    await disclosed(gateway)
    start = await gateway.size()
    found = await read(gateway, MENTORED.number)
    assert [each.about.recipients[0] for each in found.lines] == ["Harbor Mentors"]
    said = json.dumps(plain(found), default=str)
    assert not [each for each in personal() if each in said]
    (entry,) = await gateway.entries(start)
    assert entry["event"] == "accounting.read"
    assert not personal() & set(json.dumps(entry).split('"'))
    # Read again, it knows of the first time: a question of the district's own, and no disclosure.
    again = await read(gateway, MENTORED.number)
    assert (again.looks, len(again.lines)) == ((("accounting.read", 1),), 1)


@pytest.mark.ferpa("N4")
async def test_what_serves_partners_cannot_read_whose_records_left(gateway: Gateway) -> None:
    app = await gateway.database.connection("app")
    for table in ("audit.subject", "records.subject", "records.identity", "gateway.outside_disclosure"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.fetch(f"SELECT * FROM {table}")  # noqa: S608 - fixed words
    auditor = await gateway.database.connection("auditor")
    assert await auditor.fetch("SELECT idx FROM audit.entry")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await auditor.fetch("SELECT * FROM records.subject")


@pytest.mark.ferpa("N3")
async def test_the_record_of_disclosures_is_kept_for_as_long_as_the_log(gateway: Gateway) -> None:
    await disclosed(gateway)
    await record(gateway, (XIMENA.number,))
    for role in ("loader", "owner"):
        login = await gateway.database.connection(role)
        for table in ("audit.entry", "audit.subject", "gateway.outside_disclosure"):
            with pytest.raises(asyncpg.PostgresError):
                await login.execute(f"DELETE FROM {table}")  # noqa: S608 - fixed words


@pytest.mark.ferpa("N2")
async def test_what_federal_law_asks_to_be_recorded_is_marked_and_all_else_is_there_too(gateway: Gateway) -> None:
    await disclosed(gateway)
    await record(gateway, (CALIXTE.number,))
    found = await read(gateway, CALIXTE.number)
    assert {line.about.basis: line.about.ferpa_9932_required for line in found.lines} == {
        "consent": False,
        "school_official": False,
        "audit_evaluation": True,
    }


async def test_every_entry_of_an_accounting_is_proven_under_one_checkpoint(gateway: Gateway) -> None:
    await disclosed(gateway)
    found = await read(gateway, CALIXTE.number)
    session = await gateway.database.connection("loader")
    verifier = gateway.deployment.signer.verifier
    with pytest.raises(NothingSigned):
        await prove_entries(session, verifier, [await gateway.size()])
    await gateway.signed()
    proofs = await prove_entries(session, verifier, found.entries)
    checkpoints = {(each.receipt.verify(each.leaf, verifier).size) for each in proofs}
    assert [each.entry for each in proofs] == list(found.entries)
    assert len(checkpoints) == 1
    assert len(plain(found, proofs)["proofs"]) == 3  # type: ignore[arg-type]


@pytest.mark.claim(5)
async def test_a_list_of_students_that_was_altered_is_found(gateway: Gateway) -> None:
    await disclosed(gateway)
    found = await read(gateway, CALIXTE.number)
    entry = to(found, "Harbor").occurrences[0].entry
    admin = await gateway.database.connection("admin")
    await admin.execute("ALTER TABLE audit.subject DISABLE TRIGGER ALL")
    packed: bytes = await admin.fetchval("SELECT subjects FROM audit.subject WHERE idx = $1", entry)
    other = await admin.fetchval("SELECT subjects FROM audit.subject WHERE idx = $1", found.entry)
    # One who is on it is told that the list was changed; one who was taken out is found by looking at every list.
    at = packed.index(other)
    changed = packed[:at] + bytes(16) + packed[at + 16 :]
    await admin.execute("UPDATE audit.subject SET subjects = $2 WHERE idx = $1", entry, changed)
    assert (await read(gateway, MENTORED.number)).altered == (entry,)
    assert (await read(gateway, CALIXTE.number)).altered == ()
    assert (await read(gateway, CALIXTE.number, every_list=True)).altered == (entry,)
    await admin.execute("UPDATE audit.subject SET subjects = $2 WHERE idx = $1", entry, packed)


async def test_a_list_that_cannot_be_opened_is_counted(gateway: Gateway) -> None:
    await disclosed(gateway)
    admin = await gateway.database.connection("admin")
    entry = (await read(gateway, MENTORED.number)).entries[0]
    await admin.execute("DELETE FROM audit.private WHERE idx = $1", entry)
    found = await read(gateway, MENTORED.number)
    assert (found.not_opened, found.lines[0].occurrences[0].students_list) == (1, Checked.NOT_OPENED)


@pytest.mark.ferpa("N5")
@pytest.mark.claim(9)
async def test_a_disclosure_recorded_by_hand_stands_in_the_same_accounting(idle_gateway: Gateway) -> None:
    evidence = "sha256:" + "e" * 64
    entry = await record(idle_gateway, (XIMENA.number, CALIXTE.number), evidence=evidence)
    (line,) = (await read(idle_gateway, XIMENA.number)).lines
    assert (line.about.channel, line.about.recipients) == (Channel.BY_HAND, ("Cedar County Health (a county agency)",))
    assert (line.about.how, line.about.evidence) == ("a letter", evidence)
    assert line.about.recorded_by == idle_gateway.deployment.ring.officers[0].name
    assert line.occurrences[0].entry == entry
    assert not (await read(idle_gateway, MENTORED.number)).lines
    written = (await idle_gateway.entries(entry))[0]
    assert "Cedar" not in json.dumps(written)
    assert written["ferpa_9932_required"] is True
    admin = await idle_gateway.database.connection("admin")
    kept = await admin.fetchval("SELECT envelope FROM gateway.outside_disclosure")
    assert not [each for each in personal() if each in kept]


@pytest.mark.ferpa("N5")
async def test_a_record_is_corrected_by_a_later_one_and_never_changed(idle_gateway: Gateway) -> None:
    wrong = await record(idle_gateway, (XIMENA.number,))
    right = await record(
        idle_gateway, (CALIXTE.number,), corrects=wrong, why_corrected="It was about somebody else.", how="a fax"
    )
    first, second = await read(idle_gateway, XIMENA.number), await read(idle_gateway, CALIXTE.number)
    assert not first.lines
    assert first.corrected[0].occurrences[0].corrected_by == right
    assert second.lines[0].occurrences[0].corrects == wrong
    taken_back = await record(
        idle_gateway, (CALIXTE.number,), corrects=right, why_corrected="It was never sent.", elements=()
    )
    third = await read(idle_gateway, CALIXTE.number)
    assert not third.lines
    assert third.entries == (right, taken_back)


@pytest.mark.ferpa("N5")
async def test_a_record_that_does_not_fit_is_refused_and_nothing_is_written(idle_gateway: Gateway) -> None:
    by_hand = OutsideDisclosures((await idle_gateway.office()).desk, idle_gateway.deployment.keys.subject)
    document, students = signed(idle_gateway, (XIMENA.number,))
    await by_hand.record(document, students)
    wrong = await record(idle_gateway, (CALIXTE.number,))
    later: dict[str, Any] = {"corrects": wrong, "why_corrected": "The wrong day."}
    await record(idle_gateway, (CALIXTE.number,), **later)
    start = await idle_gateway.size()
    with pytest.raises(RecordRefused, match="on file already"):
        await by_hand.record(document, students)
    with pytest.raises(RecordRefused, match="not those"):
        await by_hand.record(document, Students((CALIXTE.number,)))
    with pytest.raises(RecordRefused, match="no disclosure that was recorded by hand"):
        await record(idle_gateway, (CALIXTE.number,), corrects=0, why_corrected="The wrong day.")
    with pytest.raises(RecordRefused, match="was corrected by entry"):
        await record(idle_gateway, (CALIXTE.number,), **later)
    with pytest.raises(UnknownStudent):
        await record(idle_gateway, ("Nr0",))
    with pytest.raises(NotEntitled):
        await record(idle_gateway, (CALIXTE.number,), key_for("somebody"))
    assert await idle_gateway.size() == start


@pytest.mark.ferpa("N5")
async def test_what_was_disclosed_before_a_number_was_another_childs_is_recorded_about_whoever_had_it(
    idle_gateway: Gateway,
) -> None:
    office, before = await idle_gateway.office(), NOON.date() - dt.timedelta(days=1)
    _, day = await (await idle_gateway.steward()).reuse_number(XIMENA.number)
    lines = {name: bundle.agreement.id for name, bundle in idle_gateway.deployment.agreements.items()}
    await load(office, idle_gateway.deployment.keys, idle_gateway.home, {"students": export(lines)["students"]})
    with pytest.raises(RecordRefused, match=rf"place 1 of 2 was another child's.* \(until {day}\)") as refused:
        await record(idle_gateway, (XIMENA.number, CALIXTE.number), disclosed_on=before)
    assert XIMENA.number not in str(refused.value)
    entry = await record(idle_gateway, (former(XIMENA.number, day),), disclosed_on=before)
    # From that day on the number is the other child's.
    other = await record(idle_gateway, (XIMENA.number,), disclosed_on=day)
    found = [(await read(idle_gateway, number)).entries for number in (former(XIMENA.number, day), XIMENA.number)]
    assert found == [(entry,), (other,)]


async def test_a_disclosure_under_an_agreement_that_verifies_no_more_is_told_all_the_same(gateway: Gateway) -> None:
    await disclosed(gateway)
    entries = to(await read(gateway, MENTORED.number), "Harbor").occurrences
    admin = await gateway.database.connection("admin")
    await admin.execute("ALTER TABLE agreements.document DISABLE TRIGGER ALL")
    digest = bytes.fromhex(gateway.digest(MENTORING).removeprefix("sha256:"))
    await admin.execute("UPDATE agreements.document SET envelope = '{}' WHERE digest = $1", digest)
    found = await read(gateway, MENTORED.number)
    (line,) = found.lines
    assert line.about.recipients == (gateway.deployment.partners["harbor-mentors"].client,)
    assert line.about.purpose == "Mentoring"
    assert [each.entry for each in line.occurrences] == [each.entry for each in entries]
    assert [each.entry for each in found.unread] == [each.entry for each in entries]


async def test_a_record_whose_document_was_exchanged_is_not_believed(idle_gateway: Gateway) -> None:
    entry = await record(idle_gateway, (XIMENA.number,))
    other, _ = signed(idle_gateway, (XIMENA.number,), party="Somebody Else")
    admin = await idle_gateway.database.connection("admin")
    await admin.execute("ALTER TABLE gateway.outside_disclosure DISABLE TRIGGER ALL")
    for text in (other.text, "no document"):
        await admin.execute("UPDATE gateway.outside_disclosure SET envelope = $1", text)
        found = await read(idle_gateway, XIMENA.number)
        assert [each.entry for each in found.unread] == [entry]
        assert found.lines[0].about.recipients == ()
    await admin.execute("DELETE FROM gateway.outside_disclosure")
    assert [each.entry for each in (await read(idle_gateway, XIMENA.number)).unread] == [entry]


async def test_the_accounting_says_what_period_and_which_channels_it_covers(idle_gateway: Gateway) -> None:
    found = plain(await read(idle_gateway, XIMENA.number))
    covers: Any = found["covers"]
    assert set(covers["channels"]) == {each.value for each in Channel}
    assert covers["since"] < covers["until"]
    assert covers["until"].date() == NOON.date() or covers["until"] > NOON
    assert found["district"] == idle_gateway.deployment.agreements[TUTORING].agreement.district.name
    assert dt.datetime.fromisoformat(str(covers["since"])).tzinfo is not None
