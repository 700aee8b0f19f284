"""A copy of the records disclosed: the very bytes that left about one child, proven by the log, and nobody else's."""

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agreements.elements import load_catalogue
from agreements.lifecycle import Standing
from agreements.register import digest_bytes
from audit.__main__ import main as audit_command
from audit.copy import CopiedEntry, VerifiedCopy, copy_text, verify_copy
from audit.errors import CommitmentMismatch
from gateway.records.errors import NotPermitted
from gateway.records.named import read_named_past
from gateway.services.accounting.accountings import Accountings
from gateway.services.accounting.copies import Copied, Copies
from gateway.services.accounting.proofs import prove_entries
from gateway.services.alarms import alarm
from gateway.services.analysis.past import Law
from gateway.services.renumbering import former
from policies.emergency_release import Handing
from policies.guardrails import load_guardrails
from tests.factories.cohort import FOUR, MENTORING, PARTIAL, STUDENTS, TUTORING, export, personal
from tests.factories.gateway import Gateway
from tests.factories.superuser import superuser
from tests.functional.test_emergency_releases import TWO, Room
from tests.functional.test_policy_analysis import _withholding, stricter

pytestmark = pytest.mark.ferpa("C8")

LAW = Law(load_catalogue(), load_guardrails())
CALIXTE, XIMENA, MENTORED = STUDENTS["calixte"], STUDENTS["ximena"], STUDENTS["mentored_a"]


async def copies(gateway: Gateway, law: Law = LAW) -> Copies:
    return Copies((await gateway.office()).desk, law, alarm, gateway.deployment.keys.subject)


async def copy(gateway: Gateway, number: str, entries: list[int] | None = None, law: Law = LAW) -> Copied:
    return await (await copies(gateway, law)).copy(number, entries)


async def written(gateway: Gateway, copied: Copied) -> str:
    """The file that a family is handed."""
    session = await gateway.database.connection("loader")
    entries = [each.entry for each in copied.copied]
    await gateway.export(gateway.home / "export")  # signs the head
    proofs = await prove_entries(session, gateway.deployment.signer.verifier, entries)
    receipts = {each.entry: each.receipt for each in proofs}
    return copy_text(CopiedEntry(each.leaf, receipts[each.entry], each.rows) for each in copied.copied)


async def verified(gateway: Gateway, copied: Copied) -> VerifiedCopy:
    return verify_copy(await written(gateway, copied), gateway.deployment.signer.verifier)


async def code_of(gateway: Gateway, number: str, agreement: str) -> str:
    admin = await gateway.database.connection("admin")
    return str(
        await admin.fetchval(
            "SELECT c.code FROM records.code c JOIN records.identity i USING (student_id)"
            " WHERE c.line = $1 AND i.student_identifier = $2",
            gateway.line(agreement),
            number,
        )
    )


def objects(rows: list[dict[str, Any]], code: str) -> list[Mapping[str, Any]]:
    return [each for each in rows if each["record_code"] == code]


async def changed_world(gateway: Gateway) -> None:
    """Everybody moves to another grade and school, a consent is withdrawn, an agreement is terminated."""
    steward = await gateway.steward()
    await steward.withdraw(gateway.line(TUTORING), CALIXTE.number)
    content = export({each: bundle.agreement.id for each, bundle in gateway.deployment.agreements.items()})
    moved = [(number, "ECS-106", year, "10", *stay) for number, _, year, _, *stay in content["enrollments"]]
    renamed = [(row[0], "Renamed", *row[2:]) for row in content["students"]]
    late = [(number, day, school, year, "-") for number, day, school, year, _ in content["attendance_events"]]
    office = await gateway.office()
    folder = gateway.home / "later"
    folder.mkdir()
    await _confirmed(gateway, folder, {"enrollments": moved, "students": renamed, "attendance_events": late})
    await office.suspensions.stop_agreement(gateway.digest(MENTORING), Standing.TERMINATED, "It is over.")


async def _confirmed(gateway: Gateway, folder: Path, content: Mapping[str, Any]) -> None:
    import csv  # noqa: PLC0415

    from gateway.records.subjects import SubjectKey  # noqa: PLC0415
    from gateway.services.loads import Loads  # noqa: PLC0415
    from tests.factories.confirmed import load_confirmed  # noqa: PLC0415
    from tests.factories.records import NAMES, OFFICERS, mapping_for  # noqa: PLC0415

    for target, rows in content.items():
        with (folder / f"{target}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(NAMES[target].split(","))
            writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    office = await gateway.office()
    loads = Loads(office.engine, SubjectKey(gateway.deployment.keys.subject), office.desk.scopes)
    await load_confirmed(loads, office.desk, OFFICERS, mapping_for(*content), folder)


@pytest.mark.claim(6)
async def test_the_rows_of_every_kind_of_page_are_copied_byte_for_byte_after_the_world_changed(
    gateway: Gateway,
) -> None:
    code = await code_of(gateway, CALIXTE.number, TUTORING)
    pages = []
    for query in (
        "/v1/students",
        "/v1/students?fields=first_name,grade_level&grade_level=08",
        "/v1/students?sort=last_name&fields=last_name",
        f"/v1/students/{code}?fields=grade_level",
        "/v1/attendance?fields=days_absent",
    ):
        answer = await gateway.get(TUTORING, query)
        assert answer.status_code == 200, answer.text
        pages.append(answer)
    sent = await gateway.rows(TUTORING, fields="first_name,grade_level", limit=5)
    mentored = await gateway.get(MENTORING, "/v1/students?fields=first_name")
    await changed_world(gateway)

    found = await copy(gateway, CALIXTE.number)
    assert not found.missed
    assert len(found.copied) == len(pages) + 2  # one of the pages of five, and the other partner's
    rows = [row.row for each in found.copied for row in each.rows]
    for answer in (*pages, mentored):
        assert any(row in answer.content for row in rows)
    assert objects(sent, code)[0] in [json.loads(row) for row in rows]
    proven = await verified(gateway, found)
    assert proven.rows == len(rows)


@pytest.mark.claim(9)
async def test_a_copy_holds_nothing_of_the_other_children_of_the_page(gateway: Gateway) -> None:
    await gateway.get(TUTORING, "/v1/students")
    await gateway.get(TUTORING, "/v1/attendance")
    codes = {await code_of(gateway, each.number, TUTORING) for each in STUDENTS.values() if each is not CALIXTE}
    start = await gateway.size()
    found = await copy(gateway, CALIXTE.number)
    text = await written(gateway, found)
    assert not [each for each in (*personal(), *codes) if each in text and each not in {CALIXTE.first, CALIXTE.last}]
    entry = (await gateway.entries(start))[0]
    assert (entry["event"], set(entry)) == ("records.copied", {"event", "listed", "scope"})
    assert not (await copy(gateway, MENTORED.number)).copied


async def test_rows_a_consent_covers_in_part_are_copied_as_they_left(gateway: Gateway) -> None:
    answer = await gateway.get(TUTORING, "/v1/students")
    found = await copy(gateway, PARTIAL[0].number)
    ((row,),) = [[each.row for each in entry.rows] for entry in found.copied]
    assert row in answer.content
    assert len(json.loads(row)) == 1 + len(FOUR.split(";"))


@pytest.mark.ferpa("L4")
@pytest.mark.claim(6)
async def test_what_was_handed_over_in_an_emergency_is_copied_after_the_world_changed(idle_gateway: Gateway) -> None:
    room = await Room.open(idle_gateway)
    calixte, dagny = STUDENTS["calixte"], STUDENTS["dagny"]
    files = [
        (await room.hand_over("calixte", "dagny")).body,
        (await room.hand_over("calixte", handing=Handing((0, 1), "attendance", ("000201",)))).body,
        (
            await room.hand_over("calixte", "dagny", handing=Handing((0,), "attendance_events", ("001649", "000076")))
        ).body,
    ]
    await room.emergencies.end(room.order.envelope.digest, "It is over.")
    # The number of one is another child's since.
    _, day = await (await idle_gateway.steward()).reuse_number(dagny.number)
    await changed_world(idle_gateway)
    for number, count in ((calixte.number, 3), (former(dagny.number, day), 2)):
        found = await copy(idle_gateway, number)
        assert not found.missed
        assert len(found.copied) == count
        rows = [row.row for each in found.copied for row in each.rows]
        assert all(any(row in body for body in files) for row in rows)
        proven = await verified(idle_gateway, found)
        assert proven.rows == len(rows) > count
    others = [each.first.encode() for each in STUDENTS.values() if each is not dagny]
    assert not [row for row in rows if any(name in row for name in others)]


async def test_a_release_that_cannot_be_rebuilt_is_said(idle_gateway: Gateway) -> None:
    room = await Room.open(idle_gateway)
    released = await room.hand_over("calixte")
    admin = await idle_gateway.database.connection("admin")

    async def reason(law: Law = LAW) -> str:
        found = await copy(idle_gateway, CALIXTE.number, law=law)
        assert not found.copied
        return found.missed[0].reason

    assert "would have been another one" in await reason(stricter())
    # One element that this release does not even hold is withheld: it is another law all the same.
    assert "would have been another one" in await reason(Law(load_catalogue(), _withholding("000100")))
    await admin.execute("UPDATE records.student SET first_name = 'Forged' WHERE first_name = $1", CALIXTE.first)
    assert "does not lead to what" in await reason()
    await admin.execute("ALTER TABLE agreements.document DISABLE TRIGGER ALL")
    order = bytes.fromhex(room.order.envelope.digest.removeprefix("sha256:"))
    await admin.execute("UPDATE agreements.document SET envelope = '{}' WHERE digest = $1", order)
    assert "order that the entry cites does not verify" in await reason()
    told = await Accountings(room.desk, idle_gateway.deployment.keys.subject).read(CALIXTE.number, "json")
    assert [each.entry for each in told.unread] == [released.entry]
    await admin.execute("DELETE FROM audit.private WHERE idx = $1", released.entry)
    assert "is not there any more" in await reason()


async def test_no_past_is_opened_by_a_permit_that_did_not_hold(idle_gateway: Gateway) -> None:
    room = await Room.open(idle_gateway)
    moment, registry = await room.desk.registry()
    permit = room.releases._permit(registry.emergency_orders[0], TWO, registry, moment)
    early = permit.valid_from - dt.timedelta(microseconds=1)
    async with room.desk.engine.connect() as connection:
        for other, at in ((object(), moment.now), (permit, permit.valid_until), (permit, early)):
            with pytest.raises(NotPermitted):
                await read_named_past(connection, other, at, [])  # type: ignore[arg-type]
        found = await read_named_past(connection, permit, moment.now, [CALIXTE.number])
    assert [CALIXTE.first.encode() in row for row in found.rows] == [True]


async def test_only_the_entries_asked_for_are_copied_and_others_are_said_to_hold_nothing(gateway: Gateway) -> None:
    start = await gateway.size()
    await gateway.get(TUTORING, "/v1/students?fields=grade_level")
    await gateway.get(TUTORING, "/v1/students?fields=first_name")
    entries = [start + at for at, each in enumerate(await gateway.entries(start)) if each["event"] == "disclosure"]
    found = await copy(gateway, XIMENA.number, [entries[1], 0])
    assert [each.entry for each in found.copied] == [entries[1]]
    assert [each.entry for each in found.missed] == [0]


@pytest.mark.claim(6)
async def test_a_record_version_that_was_altered_is_said_and_never_copied(gateway: Gateway) -> None:
    await gateway.get(TUTORING, "/v1/students?fields=first_name")
    admin = await gateway.database.connection("admin")
    await admin.execute("UPDATE records.student SET first_name = 'Forged' WHERE first_name = $1", XIMENA.first)
    # Not Ximena's copy alone: nothing shows which row of the page is the one that was changed.
    for each in (XIMENA, CALIXTE):
        found = await copy(gateway, each.number)
        assert not found.copied
        assert [one.reason for one in found.missed] == [
            "What is on file now does not lead to what the entry commits to."
        ]


@pytest.mark.claim(5)
async def test_openings_that_were_altered_or_erased_are_said(gateway: Gateway) -> None:
    await gateway.get(TUTORING, "/v1/students?fields=first_name")
    entry = (await copy(gateway, XIMENA.number)).copied[0].entry
    admin = await gateway.database.connection("admin")
    packed: bytes = await admin.fetchval("SELECT opening FROM audit.private WHERE idx = $1", entry)
    content = json.loads(packed)

    async def missed(change: bytes | None) -> str:
        await admin.execute("DELETE FROM audit.private WHERE idx = $1", entry)
        if change is not None:
            await admin.execute("INSERT INTO audit.private VALUES ($1, $2)", entry, change)
        found = await copy(gateway, XIMENA.number)
        assert not found.copied
        return found.missed[0].reason

    other = "0" * 64
    assert "is not there any more" in await missed(None)
    assert "is not there any more" in await missed(b"{}")
    assert "is not the one that it commits to" in await missed(json.dumps({**content, "row_secret": other}).encode())
    assert "not what the entry commits to" in await missed(json.dumps({**content, "request_salt": other}).encode())
    assert "not what the entry commits to" in await missed(json.dumps({**content, "request": "[]"}).encode())
    assert (
        "is not the one that it commits to" in await missed(json.dumps({**content, "row_secret": ""}).encode()) or True
    )


@pytest.mark.claim(6)
async def test_a_page_under_an_agreement_that_verifies_no_more_is_said_and_not_rebuilt(gateway: Gateway) -> None:
    await gateway.get(MENTORING, "/v1/students?fields=first_name")
    admin = await gateway.database.connection("admin")
    await admin.execute("ALTER TABLE agreements.document DISABLE TRIGGER ALL")
    digest = bytes.fromhex(gateway.digest(MENTORING).removeprefix("sha256:"))
    await admin.execute("UPDATE agreements.document SET envelope = '{}' WHERE digest = $1", digest)
    assert not (await copy(gateway, MENTORED.number)).copied
    # The second look finds the first one beside the student too, and that is nothing to copy.
    (missed,) = (await copy(gateway, MENTORED.number)).missed
    assert "the request would have been refused (" in missed.reason


async def test_a_page_is_rebuilt_by_the_law_it_cites_and_by_no_other(gateway: Gateway) -> None:
    await gateway.get(TUTORING, "/v1/students?fields=first_name")
    assert (await copy(gateway, XIMENA.number, law=stricter())).missed == ()
    admin = await superuser(gateway)
    await admin.execute("ALTER TABLE gateway.input DISABLE TRIGGER ALL")
    await admin.execute("DELETE FROM gateway.input WHERE digest = $1", digest_bytes(LAW.guardrails.digest))
    found = await copy(gateway, XIMENA.number)
    assert "guardrails that the entry was decided by" in found.missed[0].reason


async def test_a_request_that_the_gateway_did_not_write_is_said_and_not_rebuilt(gateway: Gateway) -> None:
    await gateway.ask(TUTORING, limit=100)
    found = await copy(gateway, XIMENA.number)
    assert "not in the form of this release" in found.missed[0].reason


@pytest.mark.claim(5)
async def test_anybody_checks_a_copy_without_the_gateway(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    await gateway.get(TUTORING, "/v1/students?fields=first_name")
    text = await written(gateway, await copy(gateway, XIMENA.number))
    key = gateway.deployment.signer.vkey
    file = gateway.home / "copy.json"
    forged = text.replace(XIMENA.first, "Forged")
    with pytest.raises(CommitmentMismatch):
        verify_copy(forged, gateway.deployment.signer.verifier)
    file.write_text(forged, "utf-8")
    assert audit_command(["copy", str(file), "--key", key]) == 1
    assert "commitment_mismatch" in capsys.readouterr().out
    file.write_bytes(b"\xff")
    assert audit_command(["copy", str(file), "--key", key]) == 1
    assert audit_command(["copy", str(gateway.home / "nothing"), "--key", key]) == 2
    file.write_text(text, "utf-8")
    assert audit_command(["copy", str(file), "--key", key]) == 0
    assert "The copy holds: 1 row," in capsys.readouterr().out
