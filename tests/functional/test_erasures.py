"""Erasing a student: only when nothing about them is kept, only by two officers, and for good, in old copies too."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from agreements.documents.erasure import Erasure, erasure_bytes
from agreements.documents.family import Asked, Step
from agreements.documents.hold import Hold, Release, hold_bytes, release_bytes
from agreements.errors import NotEntitled, SignatureMissing
from agreements.keys import SigningKey
from agreements.signature import Envelope, Kind, add_signature
from gateway.erased import ErasedLinks, ErasuresUnusable
from gateway.records.errors import LoadBusy, UnknownStudent
from gateway.services.erasures import Erasures
from gateway.services.errors import RecordKept
from gateway.services.forgetting import erase_again
from gateway.services.obligations.owed import Obligations
from tests.factories.agreements import key_for
from tests.factories.cohort import DAY, TUTORING, export
from tests.factories.family import FamilyDesk
from tests.factories.gateway import Gateway, load

NAMED = """SELECT i.student_identifier AS number, i.student_id, c.code, u.sealed FROM records.code c
    JOIN records.identity i USING (student_id) JOIN records.subject u USING (student_id)
    JOIN records.population p ON p.student_id = c.student_id AND p.code = c.code
    WHERE p.agreement = $1 AND p.to_idx IS NULL AND p.valid @> $2::date ORDER BY 1"""
TABLES = """SELECT table_name FROM information_schema.columns
    WHERE table_schema = 'records' AND column_name = 'student_id' AND table_name NOT LIKE 'granted%'
    AND table_name IN (SELECT tablename FROM pg_tables WHERE schemaname = 'records')"""
DATED = """SELECT table_name FROM information_schema.columns
    WHERE table_schema = 'records' AND column_name = 'to_batch' AND table_name <> 'population' AND table_name IN (
    SELECT table_name FROM information_schema.columns WHERE table_schema = 'records' AND column_name = 'student_id')"""


class Room:
    """A gateway, the officers' keys, and one student whom a partner has seen."""

    def __init__(self, gateway: Gateway, owner: asyncpg.Connection) -> None:
        self.gateway = gateway
        self.owner = owner
        self.keys = [person.key for person in gateway.deployment.ring.officers]
        self.list = ErasedLinks(gateway.home / "erasures")

    async def student(self, place: int = 0) -> asyncpg.Record:
        rows = await self.owner.fetch(NAMED, self.gateway.digest(TUTORING), DAY)
        return rows[place]

    async def erasures(self) -> Erasures:
        return Erasures((await self.gateway.office()).desk, self.gateway.deployment.keys.subject, self.list)

    def document(self, links: Sequence[bytes], keys: Sequence[SigningKey] | None = None) -> Envelope:
        payload = erasure_bytes(Erasure(tuple(links), "the retention of the district is over"))
        return signed(Kind.ERASURE, payload, self.keys if keys is None else keys)

    async def end_records(self, student: asyncpg.Record) -> None:
        """Do what a load does from which a student is missing, in every table."""
        await self.owner.execute("UPDATE records.frontier SET batch = batch + 1")
        for (table,) in await self.owner.fetch(DATED):
            await self.owner.execute(
                f"UPDATE records.{table} SET to_batch = (SELECT batch FROM records.frontier)"  # noqa: S608 - from the catalogue
                " WHERE student_id = $1 AND to_batch IS NULL",
                student["student_id"],
            )

    async def rows(self, student: asyncpg.Record) -> int:
        found = 0
        for (table,) in await self.owner.fetch(TABLES):
            found += await self.owner.fetchval(
                f"SELECT count(*) FROM records.{table} WHERE student_id = $1",  # noqa: S608 - from the catalogue
                student["student_id"],
            )
        return found

    async def see(self, student: asyncpg.Record) -> None:
        answer = await self.gateway.get(TUTORING, f"/v1/students/{student['code']}")
        assert answer.status_code == 200


def signed(kind: Kind, payload: bytes, keys: Sequence[SigningKey]) -> Envelope:
    document: Envelope | None = None
    for key in keys:
        document = add_signature(document, kind, payload, key)
    assert document is not None
    return document


@pytest.fixture
async def room(gateway: Gateway) -> Room:
    return Room(gateway, await gateway.database.connection("owner"))


@pytest.mark.ferpa("N3")
async def test_nothing_is_erased_while_a_record_lives(room: Room) -> None:
    student, size = await room.student(), await room.gateway.size()
    erasures = await room.erasures()
    with pytest.raises(RecordKept, match="as academic summary"):
        await erasures.links_of([student["number"]])
    with pytest.raises(RecordKept):
        await erasures.erase(room.document([student["sealed"]]))
    # One table in which one row is current is enough.
    await room.end_records(student)
    await room.owner.execute(
        "UPDATE records.enrollment SET to_batch = NULL WHERE student_id = $1", student["student_id"]
    )
    with pytest.raises(RecordKept, match="as enrollment"):
        await erasures.erase(room.document([student["sealed"]]))
    assert await room.gateway.size() == size
    assert room.list.read() == frozenset()


@pytest.mark.ferpa("N3")
@pytest.mark.parametrize("under_way", ["pactgate.load", "pactgate.retire"])
async def test_nothing_is_erased_beside_what_could_bring_a_row_back(room: Room, under_way: str) -> None:
    student, erasures = await room.student(), await room.erasures()
    await room.end_records(student)
    other = await room.gateway.database.connection("loader")
    await other.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", under_way)
    with pytest.raises(LoadBusy):
        await erasures.erase(room.document([student["sealed"]]))
    assert await room.rows(student)
    assert room.list.read() == frozenset()


@pytest.mark.ferpa("X4")
async def test_a_hold_beats_an_erasure(room: Room) -> None:
    student = await room.student()
    await room.end_records(student)
    obligations = Obligations((await room.gateway.office()).desk)
    agreement = room.gateway.digest(TUTORING)
    hold = signed(Kind.HOLD, hold_bytes(Hold(agreement, "inspection", DAY, "a family asked")), room.keys[:1])
    await obligations.place_hold(hold)
    erasures = await room.erasures()
    with pytest.raises(RecordKept, match="hold") as refused:
        await erasures.erase(room.document([student["sealed"]]))
    assert "released" in refused.value.remedy
    assert await room.rows(student)
    await obligations.release_hold(
        signed(Kind.RELEASE, release_bytes(Release(hold.digest, "they have seen it")), room.keys[:1])
    )
    # So does a family that waits to inspect, until it is answered; and no other's.
    family = await FamilyDesk.at(room.gateway)
    other = (await room.student(1))["number"]
    others = await family.ask(Asked.INSPECTION, other)
    asked = await family.ask(Asked.INSPECTION, student["number"])
    with pytest.raises(RecordKept, match=f"entry {asked}"):
        await erasures.erase(room.document([student["sealed"]]))
    with pytest.raises(RecordKept, match=f"entry {asked}"):
        await erasures.links_of([student["number"]])
    await family.step(asked, Step.ANSWERED, outcome="inspected")
    # It turns out that the number is a second one of the child whose family waits.
    await (await room.gateway.steward()).merge_students(student["number"], other)
    with pytest.raises(RecordKept, match=f"entry {others}"):
        await erasures.links_of([student["number"]])
    await family.step(others, Step.ANSWERED, outcome="inspected")
    assert (await erasures.erase(room.document([student["sealed"]]))).students == 1


@pytest.mark.claim(12)
async def test_one_officer_alone_erases_nobody(room: Room) -> None:
    student = await room.student()
    await room.end_records(student)
    erasures = await room.erasures()
    with pytest.raises(SignatureMissing, match="two officers"):
        await erasures.erase(room.document([student["sealed"]], room.keys[:1]))
    with pytest.raises(NotEntitled):
        await erasures.erase(room.document([student["sealed"]], [room.keys[0], key_for("mallory")]))
    assert await room.rows(student)


async def test_a_link_or_a_number_that_nobody_has_erases_nobody(room: Room) -> None:
    student = await room.student()
    await room.end_records(student)
    erasures = await room.erasures()
    for attempt in (
        erasures.erase(room.document([student["sealed"], b"0" * 16])),
        erasures.links_of([student["number"], "4711"]),
    ):
        with pytest.raises(UnknownStudent) as refused:
            await attempt
        assert "4711" not in str(refused.value)
    assert await room.rows(student)


@pytest.mark.claim(9)
async def test_an_erasure_leaves_proofs_and_no_link(room: Room) -> None:
    student, other = await room.student(), await room.student(1)
    await room.see(student)
    alone = await room.gateway.size() - 1
    await room.gateway.rows(TUTORING)
    together = await room.gateway.size() - 1
    await room.end_records(student)
    erasures = await room.erasures()
    (link,) = await erasures.links_of([student["number"]])
    before = await room.rows(other)
    done = await erasures.erase(room.document([link]))
    # The rows, the code and the link are gone from every table; another student has all of theirs.
    assert (done.students, await room.rows(student), await room.rows(other)) == (1, 0, before)
    # What opened an entry about this student alone is gone; what opens the rows of others is not.
    opened = await room.owner.fetch("SELECT idx FROM audit.private WHERE idx = ANY ($1)", [alone, together])
    assert [row["idx"] for row in opened] == [together]
    assert done.openings >= 1
    # The list of numbers stands beside the entry, and the receipt holds as before.
    assert await room.owner.fetchval("SELECT subjects FROM audit.subject WHERE idx = $1", alone)
    assert (await room.gateway.get(TUTORING, f"/v1/receipts/{alone}")).status_code == 200
    # The entry names nobody, and the list outside has the link for restored copies.
    entry = (await room.gateway.entries(done.entry))[0]
    assert entry["event"] == "subjects.erased"
    assert set(entry) == {"event", "document", "students", "officers", "facts"}
    assert room.list.read() == {link}
    # Again is refused: the document is registered and the links are no one's.
    with pytest.raises(UnknownStudent):
        await erasures.erase(room.document([link]))


async def test_who_dies_before_the_list_is_written_finds_it_written_by_the_next(room: Room) -> None:
    student = await room.student()
    await room.end_records(student)
    erasures = await room.erasures()
    broken = Erasures(
        (await room.gateway.office()).desk,
        room.gateway.deployment.keys.subject,
        replace(room.list, file=Path("/proc/erasures")),
    )
    document = room.document([student["sealed"]])
    with pytest.raises(ErasuresUnusable, match="cannot be kept"):
        await broken.erase(document)
    assert await room.rows(student) == 0
    assert room.list.read() == frozenset()
    await erasures.synchronise()
    assert room.list.read() == {student["sealed"]}


async def test_a_restored_copy_forgets_again(room: Room) -> None:
    """The copy knows the student and has no erasure: what the list holds is done again in it."""
    student, other = await room.student(), await room.student(1)
    await room.see(student)
    owner = await room.gateway.database.connection("owner")
    key = room.gateway.deployment.keys.subject
    assert await erase_again(owner, [], key) == 0
    assert await erase_again(owner, [student["sealed"]], key) == 1
    assert await room.rows(student) == 0
    assert await room.rows(other)
    assert await erase_again(owner, [student["sealed"]], key) == 0


def test_a_damaged_list_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    links = ErasedLinks(tmp_path / "home" / "erasures")
    assert links.read() == frozenset()
    links.add([b"a" * 16])
    links.add([b"b" * 16, b"a" * 16])
    assert links.read() == {b"a" * 16, b"b" * 16}
    for content in (b"zz", b"6161", b"\xff"):
        links.file.write_bytes(content)
        for act in (links.read, lambda: links.add([b"c" * 16])):
            with pytest.raises(ErasuresUnusable, match="damaged"):
                act()
    links.file.unlink()
    links.file.mkdir()
    with pytest.raises(ErasuresUnusable, match="cannot be read"):
        links.read()


async def gone(room: Room) -> asyncpg.Record:
    """A student whom no file names any more, and who opted out before."""
    student, gateway = await room.student(), room.gateway
    await (await gateway.steward()).opt_out(student["number"], gateway.line(TUTORING), directory_only=False)
    lines = {name: bundle.agreement.id for name, bundle in gateway.deployment.agreements.items()}
    files = {
        target: [row for row in rows if student["number"] not in row[:2]] for target, rows in export(lines).items()
    }
    await load(await gateway.office(), gateway.deployment.keys, gateway.home, files, confirm=True)
    return student


@pytest.mark.claim(1)
async def test_rows_that_were_erased_are_answered_for_by_the_erasure_and_by_nothing_else(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    student, facts = await gone(room), room.gateway.services.facts
    assert await facts.check() == frozenset()
    await (await room.erasures()).erase(room.document([student["sealed"]]))
    assert await room.rows(student) == 0
    assert await facts.check() == frozenset()
    assert (await room.gateway.get(TUTORING, "/v1/students?limit=1")).status_code == 200
    # Whoever deletes a row by hand cannot say that it was erased: no entry answers for the digest put in its place.
    admin = await room.gateway.database.connection("admin")
    for dated_by in ("NULL", "(SELECT max(erased_idx) FROM records.erased_row)"):
        async with admin.transaction():
            await admin.execute(
                "INSERT INTO records.erased_row (at, loaded, part, concerns, row_digest, erased_idx)"  # noqa: S608
                f" SELECT d.idx, false, d.part, d.concerns, d.row_digest, {dated_by}"
                " FROM records.dated_rows(0, 1000) d JOIN records.opt_out o ON o.student_id = d.student"
                " WHERE d.part = 'opt_out.begun'"
            )
            await admin.execute("DELETE FROM records.opt_out")
        assert {finding.table for finding in await facts.check()} & {"opt_out", "erased_row"}
    caplog.clear()
