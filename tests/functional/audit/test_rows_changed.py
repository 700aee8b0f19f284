"""Any single change of the log's rows by somebody who may do anything is found, and the place is named."""

import asyncio
import random
from collections.abc import Mapping

import asyncpg
import pytest

from audit.checkpoint import Checkpoint
from audit.draft import Draft
from audit.errors import Forked, RolledBack, VerificationFailed
from audit.recheck import recheck, recheck_here
from audit.signing import sign_head
from audit.tree import leaf_hash, tree_head
from tests.factories.log import numbered_leaf, signer_of
from tests.functional.audit.conftest import Ledger

pytestmark = pytest.mark.claim(5)

SIZE = 300
ROUNDS = 40
FREE = (
    "ALTER TABLE audit.entry DISABLE TRIGGER ALL; ALTER TABLE audit.checkpoint DISABLE TRIGGER ALL;"
    "ALTER TABLE audit.head DISABLE TRIGGER ALL; ALTER TABLE audit.signature DISABLE TRIGGER ALL;"
    "ALTER TABLE audit.entry DROP CONSTRAINT entry_leaf_hash, DROP CONSTRAINT entry_idx"
)


async def fill(ledger: Ledger, start: int = 1, end: int = SIZE) -> None:
    log = await ledger.start()
    await asyncio.gather(*(log.append(Draft(numbered_leaf(number))) for number in range(start, end)))
    await log.stop()


EDIT = "UPDATE audit.entry SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'), '\"v\":1', '\"v\":2'), 'UTF8')"
CHANGES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "edited": ((EDIT + " WHERE idx = {at}",), "entry {at} does not hash"),
    "edited with its hash": (
        (
            EDIT + " WHERE idx = {at}",
            "UPDATE audit.entry SET leaf_hash = sha256('\\x00'::bytea || leaf) WHERE idx = {at}",
        ),
        "the checkpoint of size {covering}",
    ),
    "dropped": (("DELETE FROM audit.entry WHERE idx = {at}",), "entry {at} is missing"),
    "its hash alone": (
        ("UPDATE audit.entry SET leaf_hash = sha256('') WHERE idx = {at}",),
        "entry {at} does not hash",
    ),
    "swapped": (
        (
            "UPDATE audit.entry SET idx = -1 WHERE idx = {at}",
            "UPDATE audit.entry SET idx = {at} WHERE idx = {after}",
            "UPDATE audit.entry SET idx = {after} WHERE idx = -1",
        ),
        "the checkpoint of size {covering}",
    ),
    "inserted": (
        (
            "UPDATE audit.entry SET idx = -idx - 1 WHERE idx >= {at}",
            "UPDATE audit.entry SET idx = -idx WHERE idx < 0",
            "INSERT INTO audit.entry VALUES ({at}, 'x', sha256('\\x00'::bytea || 'x'))",
        ),
        "the checkpoint of size {covering}",
    ),
    "truncated": (("DELETE FROM audit.entry WHERE idx >= {at}",), "the head row is not the right edge of the {at} "),
    "another head": (
        ("UPDATE audit.checkpoint SET tree_head = sha256('') WHERE size = {covering}",),
        "the checkpoint of size {covering}",
    ),
}
"""What is done, and the place that must be named; `covering` is the first checkpoint that covers entry `at`."""


async def found(admin: asyncpg.Connection, ledger: Ledger, statement: str, previous: Checkpoint | None = None) -> str:
    """Do something in a transaction, check in it, and undo it; return what was found."""
    await admin.execute(f"BEGIN; {FREE}; {statement}")
    try:
        with pytest.raises(VerificationFailed) as refused:
            await recheck_here(admin, ledger.signer.verifier, previous)
    finally:
        await admin.execute("ROLLBACK")
    return str(refused.value)


async def test_any_single_change_of_the_rows_is_found_with_its_place(ledger: Ledger) -> None:
    await fill(ledger)
    admin = await ledger.database.connection("admin")
    chosen = random.Random(20)  # noqa: S311 - places to break, the same in every run
    sizes = [row["size"] for row in await ledger.auditor.fetch("SELECT size FROM audit.checkpoint ORDER BY size")]
    for kind in [*CHANGES] * (ROUNDS // len(CHANGES)):
        at, after = sorted(chosen.sample(range(SIZE - 1), 2))
        places = {"at": at, "after": after, "covering": next(size for size in sizes if size > at)}
        statements, place = CHANGES[kind]
        said = await found(admin, ledger, "; ".join(statements).format(**places))
        assert place.format(**places) in said, (kind, places)


async def test_a_log_set_back_or_written_anew_is_found_by_a_checkpoint_kept_elsewhere(ledger: Ledger) -> None:
    await fill(ledger)
    app = await ledger.database.pool("app")
    kept = await sign_head(app, ledger.signer)
    later = ledger.signer.sign(SIZE + 1, bytes(32))
    with pytest.raises(RolledBack, match=f"the log has {SIZE} entries"):
        await recheck(ledger.auditor, ledger.signer.verifier, later)
    hashes = [leaf_hash(numbered_leaf(0, forked=True)) for _ in range(50)]
    forked = ledger.signer.sign(50, tree_head(hashes))
    with pytest.raises(Forked, match="the first 50 entries"):
        await recheck(ledger.auditor, ledger.signer.verifier, forked)
    await fill(ledger, SIZE, SIZE + 10)
    told: list[tuple[int, int]] = []
    again = await recheck(ledger.auditor, ledger.signer.verifier, kept, lambda *done: told.append(done))
    assert (again.size, again.continues) == (SIZE + 10, SIZE)
    assert told == [(SIZE + 10, SIZE + 10)]


async def test_a_signature_that_is_not_the_keys_is_found(ledger: Ledger) -> None:
    await fill(ledger, 1, 5)
    await sign_head(await ledger.database.pool("app"), ledger.signer)
    admin = await ledger.database.connection("admin")
    swapped = "UPDATE audit.signature SET note = '{}' || chr(10) WHERE size = 5"
    stranger = swapped.format(signer_of(seed=5).line(5, bytes(32)).strip())
    assert "not by the key it is kept for" in await found(admin, ledger, stranger)
    assert "signature" in await found(admin, ledger, "UPDATE audit.signature SET note = 'x' WHERE size = 5")


async def test_leaf_hashes_of_another_length_are_found(ledger: Ledger) -> None:
    await fill(ledger, 1, 5)
    admin = await ledger.database.connection("admin")
    longer = "UPDATE audit.entry SET leaf_hash = leaf_hash || '\\x00'::bytea WHERE idx = 4"
    assert "from entry 0 on" in await found(admin, ledger, longer)
