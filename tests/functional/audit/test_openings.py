"""What stands beside the tree is opened by what its entry commits to: a list or a request altered there is found."""

from hashlib import sha256
from typing import Any

import pytest

from audit.commitments import Private, commit_bytes, commit_subjects, pack_private
from audit.draft import Draft
from audit.errors import CommitmentMismatch, LogDamaged, VerificationFailed
from audit.openings import Openings, open_commitments
from tests.factories.log import numbered_leaf
from tests.functional.audit.conftest import Ledger

pytestmark = pytest.mark.claim(5)

PRIVATE = Private(row_secret=bytes([1]) * 32, result_salt=bytes([2]) * 32, request_salt=bytes([3]) * 32, request=b"/v1")
SUBJECTS = bytes(range(48))
DATED = b"pactgate-facts/1"
COMMITTED: dict[str, Any] = {
    "request": commit_bytes(PRIVATE.request_salt, PRIVATE.request).hex(),
    "listed": commit_subjects(PRIVATE.row_secret, SUBJECTS).hex(),
    "rows": "ab" * 32,
    "result": "cd" * 32,
}
EMPTY = commit_subjects(PRIVATE.row_secret, b"").hex()
_REPLACED = "UPDATE audit.private SET opening = replace(convert_from(opening, 'UTF8'), '{}', '{}')::bytea WHERE idx = 1"
_LIST = "UPDATE audit.subject SET subjects = {} WHERE idx = 1"
CHANGES = {
    "a number in the list": _LIST.format("set_byte(subjects, 20, 255)"),
    "a number less": _LIST.format("substr(subjects, 1, 32)"),
    "a number more": _LIST.format("subjects || substr(subjects, 1, 16)"),
    "two in each other's place": _LIST.format(
        "substr(subjects, 17, 16) || substr(subjects, 1, 16) || substr(subjects, 33)"
    ),
    "no list": "DELETE FROM audit.subject WHERE idx = 1",
    "a list where none was": "INSERT INTO audit.subject VALUES (2, substr(sha256(''), 1, 16))",
    "another request": _REPLACED.format("/v1", "/v2"),
    "another secret": _REPLACED.format("0101", "0102"),
    "a salt that is none": _REPLACED.format("0202", "02"),
    "openings that are none": "UPDATE audit.private SET opening = 'x' WHERE idx = 1",
    "another opening of dated rows": "UPDATE audit.private SET opening = 'pactgate-facts/2' WHERE idx = 5",
    "something beside no entry": "INSERT INTO audit.private VALUES (9, 'x')",
}


async def fill(ledger: Ledger) -> None:
    log = await ledger.start()
    packed = pack_private(PRIVATE)
    for draft in (
        Draft(numbered_leaf(1, **COMMITTED), subjects=SUBJECTS, private=packed),
        Draft(numbered_leaf(2, **{**COMMITTED, "listed": EMPTY}), private=packed),  # an empty page
        Draft(numbered_leaf(3, **COMMITTED), subjects=SUBJECTS),  # its openings were erased
        Draft(numbered_leaf(4), subjects=SUBJECTS[:16]),  # commits to no list
        Draft(numbered_leaf(5, facts=sha256(DATED).hexdigest(), rows=3), private=DATED),
        Draft(numbered_leaf(6, facts=sha256(DATED).hexdigest())),  # its opening is gone
    ):
        await log.append(draft)
    await log.stop()


@pytest.mark.parametrize("change", CHANGES)
async def test_what_was_altered_beside_the_tree_is_found(ledger: Ledger, change: str) -> None:
    await fill(ledger)
    admin = await ledger.database.connection("admin")
    await admin.execute("BEGIN; ALTER TABLE audit.subject DISABLE TRIGGER ALL")
    await admin.execute(CHANGES[change])
    with pytest.raises(VerificationFailed, match=r"entry [1259]"):
        await open_commitments(admin, 7)
    await admin.execute("ROLLBACK")


@pytest.mark.parametrize(
    ("leaf", "refusal"),
    [
        (numbered_leaf(1, rows="short"), CommitmentMismatch),
        (numbered_leaf(1, request=7), CommitmentMismatch),
        (b'["listed","request"]', LogDamaged),
        (b'{"request":', LogDamaged),
    ],
)
async def test_an_entry_that_commits_to_nothing_readable_is_named(
    ledger: Ledger, leaf: bytes, refusal: type[VerificationFailed]
) -> None:
    log = await ledger.start()
    await log.append(Draft(leaf, private=pack_private(PRIVATE)))
    with pytest.raises(refusal, match="entry 1"):
        async with ledger.auditor.acquire() as session:
            await open_commitments(session, 2)


async def test_what_opens_is_counted_and_what_cannot_is_said(ledger: Ledger) -> None:
    await fill(ledger)
    told: list[tuple[int, int]] = []
    async with ledger.auditor.acquire() as session:
        found = await open_commitments(session, 7, lambda done, whole: told.append((done, whole)))
    assert found == Openings(opened=5, closed=3, unbound=1)
    assert told == [(7, 7)]
