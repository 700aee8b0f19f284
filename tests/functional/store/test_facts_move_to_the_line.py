"""Migration 0003: a database of the revision before keeps its facts, by line, and gives nobody more than it gave."""

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from alembic import command

from gateway.migrations.upgrade import _run, require_same_tables, upgrade
from gateway.store.catalogue import read_catalogue
from tests.factories.database import TestDatabase
from tests.factories.records import SmallDistrict, mapping_for

DOCUMENT = "INSERT INTO agreements.document (digest, kind, envelope, idx) VALUES ($1, $2, $3, $4)"
KEPT = "INSERT INTO records.scope (agreement, time_zone) VALUES ($1, 'America/Los_Angeles')"
CODE = "INSERT INTO records.code VALUES ($1, $2, $3)"
COVERED = (
    "INSERT INTO records.population (agreement, student_id, code, valid, from_idx) VALUES ($1, $2, $3, '{[,)}', $4)"
)
LISTED = "(agreement, student_id, from_date, to_date, digest, from_idx) VALUES ($1, $2, '2025-09-02', $3, $4, $5)"
CONSENT = (
    "INSERT INTO records.consent (agreement, student_id, covers, signed_by, signed_on, from_date, digest, from_idx,"
    " to_idx, withdrawn_on) VALUES ($1, $2, $3, 'parent', $4, $4, $5, $6, $7, $8)"
)
NO = (
    "INSERT INTO records.opt_out (agreement, student_id, scope, from_date, stated, digest, from_idx)"
    " VALUES ($1, $2, 'sharing', '2025-10-01', $3, $4, $5)"
)
ANA, BO, CHI, DUA = (UUID(int=number) for number in range(1, 5))
NUMBERS = {ANA: "1001", BO: "1002", CHI: "1003", DUA: "1004"}
SIGNED = dt.date(2025, 9, 1)
TUTORING, MENTORING = "agreement:tutoring", "agreement:mentoring"
STALE = bytes(16)


def signed(content: object) -> tuple[str, str]:
    """Return the digest and the envelope of a document; who signed it is not this migration's business."""
    payload = json.dumps(content, ensure_ascii=False).encode()
    encoded = base64.urlsafe_b64encode(payload).rstrip(b"=").decode()
    return f"sha256:{hashlib.sha256(payload).hexdigest()}", json.dumps({"payload": encoded, "signatures": []})


def code(letter: str) -> str:
    return "rc_" + letter * 26


class Before:
    """A database at revision 0002, filled by hand."""

    def __init__(self, database: TestDatabase, owner: asyncpg.Connection) -> None:
        self.database = database
        self.owner = owner

    @classmethod
    async def of(cls, database: TestDatabase) -> "Before":
        await _run(database.url("owner"), lambda config: command.upgrade(config, "0002"))
        owner = await database.connection("owner")
        for student, number in NUMBERS.items():
            await owner.execute("INSERT INTO records.identity VALUES ($1, $2)", student, number)
        return cls(database, owner)

    async def agreement(self, line: str, version: int, idx: int, *, kept: bool = True, kind: str = "agreement") -> str:
        digest, envelope = signed({"id": line, "title": "Ünïcode ✓ " * version, "version": version})
        await self.owner.execute(DOCUMENT, bytes.fromhex(digest[7:]), kind, envelope, idx)
        if kept:
            await self.owner.execute(KEPT, digest)
        return digest

    async def roster(self, digest: str, student: UUID, idx: int, to: str | None = None) -> None:
        last = None if to is None else dt.date.fromisoformat(to)
        await self.owner.execute(f"INSERT INTO records.roster {LISTED}", digest, student, last, STALE, idx)

    async def placement(self, digest: str, student: UUID, idx: int) -> None:
        await self.owner.execute(f"INSERT INTO records.placement {LISTED}", digest, student, None, STALE, idx)

    async def consent(
        self,
        digest: str,
        student: UUID,
        idx: int,
        *,
        signed_on: dt.date = SIGNED,
        withdrawn: tuple[int, dt.date] | None = None,
    ) -> None:
        to_idx, on = withdrawn or (None, None)
        await self.owner.execute(CONSENT, digest, student, ["000115", 'a"\\b'], signed_on, STALE, idx, to_idx, on)

    async def opt_out(self, digest: str | None, student: UUID, idx: int, *, stated: bool = False) -> None:
        await self.owner.execute(NO, digest, student, stated, STALE, idx)

    async def covered(self, digest: str, student: UUID, idx: int, letter: str) -> None:
        await self.owner.execute(CODE, digest, student, code(letter))
        await self.owner.execute(COVERED, digest, student, code(letter), idx)

    async def migrate(self) -> None:
        await upgrade(self.database.url("owner"))

    async def rows(self, query: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in await self.owner.fetch(query)]

    async def covers(self, digest: str) -> set[UUID]:
        query = "SELECT student_id FROM records.population WHERE agreement = $1 AND to_idx IS NULL"
        return {row[0] for row in await self.owner.fetch(query, digest)}


@pytest.fixture
async def before(empty_database: TestDatabase) -> Before:
    return await Before.of(empty_database)


async def test_the_schema_is_the_same_as_a_new_databases(before: Before, database: TestDatabase) -> None:
    await before.roster(await before.agreement(TUTORING, 1, 3), ANA, 5)
    await before.migrate()
    await require_same_tables(before.database.url("owner"))
    assert await read_catalogue(before.owner) == await read_catalogue(await database.connection("owner"))


async def test_facts_stand_under_the_id_that_their_document_was_signed_with(before: Before) -> None:
    tutoring, mentoring = await before.agreement(TUTORING, 1, 3), await before.agreement(MENTORING, 1, 4)
    await before.roster(tutoring, ANA, 5)
    await before.roster(mentoring, ANA, 5, "2026-06-30")
    await before.placement(mentoring, BO, 6)
    await before.consent(tutoring, ANA, 7)
    await before.opt_out(tutoring, BO, 8, stated=True)
    await before.opt_out(None, CHI, 8)
    await before.covered(tutoring, ANA, 7, "a")
    await before.covered(mentoring, ANA, 7, "b")
    await before.migrate()
    assert await before.rows("SELECT line, student_id, to_idx FROM records.roster ORDER BY line") == [
        (MENTORING, ANA, None),
        (TUTORING, ANA, None),
    ]
    assert await before.rows("SELECT line, student_id FROM records.placement") == [(MENTORING, BO)]
    assert await before.rows("SELECT line, student_id FROM records.consent") == [(TUTORING, ANA)]
    assert await before.rows("SELECT line, student_id, stated FROM records.opt_out ORDER BY line") == [
        (TUTORING, BO, True),
        (None, CHI, False),
    ]
    assert await before.rows("SELECT line, code FROM records.code ORDER BY code") == [
        (TUTORING, code("a")),
        (MENTORING, code("b")),
    ]
    assert set(await before.rows("SELECT agreement, line FROM records.scope")) == {
        (tutoring, TUTORING),
        (mentoring, MENTORING),
    }
    assert (await before.covers(tutoring), await before.covers(mentoring)) == ({ANA}, {ANA})


@pytest.mark.parametrize(
    "content",
    [
        {"title": "no id"},
        ["agreement:x"],
        {"id": 7},
        {"id": "partner:x"},
        {"id": "agreement:" + "x" * 71},
        {"id": "agreement:X"},
    ],
)
async def test_a_document_without_an_id_gives_its_facts_a_line_that_no_agreement_can_have(
    before: Before, content: object
) -> None:
    digest, envelope = signed(content)
    await before.owner.execute(DOCUMENT, bytes.fromhex(digest[7:]), "agreement", envelope, 3)
    await before.roster(digest, ANA, 5)
    await before.migrate()
    ((line,),) = await before.rows("SELECT line FROM records.roster")
    assert line == f"agreement:sha256-{digest[7:]}"
    assert len(str(line)) > 80


async def test_what_is_not_the_document_it_is_stored_as_names_no_line(before: Before) -> None:
    _, forged = signed({"id": TUTORING})
    digests = [f"sha256:{number:064x}" for number in range(5)]
    for digest, envelope in zip(digests, (forged, "{", '{"payload": "*"}', '{"payload": 7}'), strict=False):
        await before.owner.execute(DOCUMENT, bytes.fromhex(digest[7:]), "agreement", envelope, 3)
    other_kind = await before.agreement(TUTORING, 9, 4, kept=False, kind="certificate")
    for digest in (*digests, other_kind):
        await before.roster(digest, ANA, 5)
    await before.migrate()
    lines = {row[0] for row in await before.rows("SELECT line FROM records.roster WHERE to_idx IS NULL")}
    assert lines == {f"agreement:sha256-{digest[7:]}" for digest in (*digests, other_kind)}


async def test_of_two_versions_lists_the_one_of_the_version_in_use_stays(before: Before) -> None:
    old, new = await before.agreement(TUTORING, 1, 3), await before.agreement(TUTORING, 2, 10)
    over = await before.agreement(TUTORING, 3, 12, kept=False)
    for digest, student, idx in ((old, ANA, 5), (old, BO, 5), (new, BO, 11), (over, CHI, 13)):
        await before.roster(digest, student, idx, "2026-01-31" if digest == old else None)
        await before.placement(digest, student, idx)
        await before.consent(digest, student, idx)
    await before.covered(old, BO, 5, "a")
    await before.covered(new, BO, 11, "b")
    await before.migrate()
    for table in ("roster", "placement", "consent"):
        found = await before.rows(f"SELECT line, student_id, from_idx, to_idx FROM records.{table} ORDER BY row_id")  # noqa: S608 - our own names
        assert found == [
            (TUTORING, ANA, 5, 11),
            (TUTORING, BO, 5, 11),
            (TUTORING, BO, 11, None),
            (TUTORING, CHI, 13, 14),
        ]
    assert await before.rows("SELECT line, student_id, code FROM records.code") == [(TUTORING, BO, code("b"))]
    assert (await before.covers(old), await before.covers(new)) == ({BO}, {BO})


async def test_a_version_without_a_list_takes_over_the_list_of_the_one_before(before: Before) -> None:
    old = await before.agreement(TUTORING, 1, 3)
    await before.agreement(TUTORING, 2, 10)
    await before.roster(old, ANA, 5)
    await before.migrate()
    assert await before.rows("SELECT line, student_id, to_idx FROM records.roster") == [(TUTORING, ANA, None)]


@pytest.mark.claim(7)
async def test_a_consent_that_was_withdrawn_under_one_version_and_loaded_under_another_ends(before: Before) -> None:
    old, new = await before.agreement(TUTORING, 1, 3), await before.agreement(TUTORING, 2, 10)
    await before.consent(old, ANA, 5, withdrawn=(8, dt.date(2026, 1, 15)))
    await before.consent(old, BO, 5, withdrawn=(20, dt.date(2026, 1, 15)))
    await before.consent(new, ANA, 11)
    await before.consent(new, BO, 11, signed_on=dt.date(2026, 1, 16))
    await before.consent(new, CHI, 11)
    for student, letter in ((ANA, "a"), (BO, "b"), (CHI, "c")):
        await before.covered(new, student, 11, letter)
    await before.migrate()
    kept = await before.rows("SELECT student_id FROM records.consent WHERE to_idx IS NULL ORDER BY student_id")
    assert kept == [(BO,), (CHI,)]
    # Whether Bo's later consent counts is for the next load to compute; until then nothing leaves.
    assert await before.covers(new) == {CHI}
    ended = await before.rows("SELECT student_id, to_idx FROM records.population WHERE to_idx IS NOT NULL ORDER BY 1")
    assert ended == [(ANA, 12), (BO, 20)]


@pytest.mark.claim(7)
async def test_a_no_to_one_version_is_a_no_to_all_and_the_one_a_person_entered_stays(before: Before) -> None:
    old, new = await before.agreement(TUTORING, 1, 3), await before.agreement(TUTORING, 2, 10)
    await before.opt_out(new, ANA, 11)
    await before.opt_out(old, ANA, 12, stated=True)
    await before.opt_out(old, BO, 12)
    await before.opt_out(None, CHI, 12)
    await before.opt_out(new, DUA, 12)
    for student, letter in ((ANA, "a"), (BO, "b"), (CHI, "c"), (DUA, "d")):
        await before.covered(new, student, 11, letter)
    await before.migrate()
    found = await before.rows(
        "SELECT line, student_id, stated FROM records.opt_out WHERE to_idx IS NULL ORDER BY row_id"
    )
    assert found == [(TUTORING, ANA, True), (TUTORING, BO, False), (None, CHI, False), (TUTORING, DUA, False)]
    # A no to everything and one to this very version are in the population already; one to the other version was not.
    assert await before.covers(new) == {CHI, DUA}


async def test_the_next_list_finds_nothing_changed(before: Before, tmp_path: Path) -> None:
    digest = await before.agreement(TUTORING, 1, 3)
    await before.roster(digest, ANA, 5)
    await before.roster(digest, BO, 5, "2026-06-30")
    await before.placement(digest, CHI, 6)
    await before.consent(digest, ANA, 7)
    await before.opt_out(digest, BO, 8)
    await before.opt_out(digest, ANA, 8, stated=True)
    await before.migrate()
    district = await SmallDistrict.open(before.database, tmp_path)
    files: dict[str, Sequence[Sequence[object]]] = {
        "rosters": [(TUTORING, "1001", "2025-09-02", None), (TUTORING, "1002", "2025-09-02", "2026-06-30")],
        "consents": [(TUTORING, "1001", '000115;a"\\b', "parent", SIGNED, SIGNED, None)],
        "opt_outs": [("1002", TUTORING, "sharing", "2025-10-01")],
        "placements": [(TUTORING, "1003", "2025-09-02", None)],
    }
    for target, rows in files.items():
        district.write(target, *rows)
    report = await district.loads.load(mapping_for(*files, older=True), tmp_path)
    assert not report.refused
    assert {each.target: (each.unchanged, each.added, each.changed, each.ended) for each in report.targets} == {
        target: (len(rows), 0, 0, 0) for target, rows in files.items()
    }
