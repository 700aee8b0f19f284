"""Signing after commit, receipts, proofs between sizes, exports, and the check of the log inside its database."""

import asyncio
from itertools import combinations_with_replacement
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import Checkpoint
from audit.cosignature import WitnessSigner
from audit.cosigning import body_at, keep_cosignature
from audit.draft import Draft
from audit.errors import AuditError, EntryMissing, LogDamaged, NoteInvalid, ProofInvalid
from audit.export import export_log
from audit.log import Log, append_change, sign_head
from audit.reading import consistency, cosigned_checkpoint, inclusion, leaf_at, leaves, receipt_for, signed_checkpoint
from audit.recheck import recheck, recheck_here
from audit.tree import require_consistency
from audit.verify import verify_folder
from tests.factories.database import TestDatabase
from tests.factories.log import numbered_leaf, signer_of
from tests.functional.audit.conftest import Ledger

STRANGER = signer_of(seed=9)


async def fill(ledger: Ledger, size: int) -> Log:
    log = await ledger.start()
    await asyncio.gather(*(log.append(Draft(numbered_leaf(number))) for number in range(1, size)))
    return log


async def test_an_empty_log_has_nothing_to_sign_or_prove(database: TestDatabase) -> None:
    pool, signer = await database.pool("app"), signer_of()
    for attempt in (sign_head(pool, signer), receipt_for(pool, signer, 0), leaf_at(pool, 0)):
        with pytest.raises(EntryMissing):
            await attempt
    assert await signed_checkpoint(pool, signer) is None
    assert (await recheck(pool, signer.verifier)).size == 0
    log = Log(pool, signer)
    await log.start()
    await log.stop()


async def test_a_head_that_may_still_be_rolled_back_is_never_signed(ledger: Ledger) -> None:
    engine, session = await ledger.database.engine("loader"), await ledger.database.connection("app")
    async with engine.connect() as connection:
        await connection.begin()
        await append_change(connection, numbered_leaf(1))
        assert (await sign_head(session, ledger.signer)).size == 1
        await connection.rollback()
    async with session.transaction():
        with pytest.raises(AuditError, match="not inside a transaction"):
            await sign_head(session, ledger.signer)


async def test_signing_twice_gives_the_same_bytes_and_one_signature(ledger: Ledger) -> None:
    app = await ledger.database.pool("app")
    first, second = await asyncio.gather(sign_head(app, ledger.signer), sign_head(app, ledger.signer))
    assert first == second
    assert (await ledger.check()).signatures == 1


async def test_a_signature_that_failed_is_made_later(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.log.SIGN_SECONDS", 0.05)
    owner = await ledger.database.connection("owner")
    await owner.execute("REVOKE EXECUTE ON FUNCTION audit.keep_signature(bigint, text, text) FROM pactgate_app")
    log = await fill(ledger, 5)
    # Taken up, and then put back, because the attempt has failed: what was committed stays to be signed.
    for is_put_back in (False, True):
        while log._committed.is_set() != is_put_back:  # noqa: ASYNC110 - the product has no event for this
            await asyncio.sleep(0)
    assert (await ledger.check()).signatures == 0
    await owner.execute("GRANT EXECUTE ON FUNCTION audit.keep_signature(bigint, text, text) TO pactgate_app")
    while (await ledger.check()).signatures == 0:  # noqa: ASYNC110 - it shows in the database only
        await asyncio.sleep(0.02)
    newest = await signed_checkpoint(ledger.auditor, ledger.signer)
    assert newest is not None
    assert newest.size == 5


async def test_a_receipt_proves_its_entry_and_needs_nothing_else(ledger: Ledger) -> None:
    await fill(ledger, 40)
    app = await ledger.database.pool("app")
    for index in (0, 1, 17, 39):
        receipt = await receipt_for(app, ledger.signer, index)
        leaf = await leaf_at(app, index)
        assert isinstance(receipt.verify(leaf, ledger.signer.verifier), Checkpoint)
        with pytest.raises(ProofInvalid):
            receipt.verify(numbered_leaf(999), ledger.signer.verifier)
    for missing in (40, -1):
        with pytest.raises(EntryMissing):
            await receipt_for(app, ledger.signer, missing)


async def test_a_receipt_carries_every_signature_over_its_checkpoint(ledger: Ledger) -> None:
    app = await ledger.database.pool("app")
    await sign_head(app, STRANGER)
    await sign_head(app, ledger.signer)
    checkpoint = await signed_checkpoint(app, ledger.signer)
    assert checkpoint is not None
    assert checkpoint.note.count("\u2014 ") == 2
    assert STRANGER.verifier.verify(checkpoint.note).size == 1


async def test_a_kept_signature_that_does_not_hold_is_not_handed_out(ledger: Ledger) -> None:
    app = await ledger.database.pool("app")
    name = f"{STRANGER.origin}+{STRANGER.key_id}"
    await app.execute("SELECT audit.keep_signature(1, $1, $2)", name, STRANGER.line(1, bytes(32)))
    with pytest.raises(NoteInvalid):
        await signed_checkpoint(app, STRANGER)
    with pytest.raises(NoteInvalid):
        await recheck(app, STRANGER.verifier)


async def test_every_size_continues_every_earlier_one(ledger: Ledger) -> None:
    await fill(ledger, 20)
    heads = {row["size"]: row["tree_head"] for row in await ledger.auditor.fetch("SELECT * FROM audit.checkpoint")}
    for old, new in combinations_with_replacement(sorted(heads), 2):
        require_consistency(old, heads[old], new, heads[new], await consistency(ledger.auditor, old, new))
    with pytest.raises(LogDamaged):
        await consistency(ledger.auditor, 1, 21)
    with pytest.raises(EntryMissing):
        await inclusion(ledger.auditor, 20, 20)


async def test_reading_past_the_end_finds_the_gap(ledger: Ledger) -> None:
    with pytest.raises(LogDamaged, match="0 to 2 only 1"):
        assert [leaf async for leaf in leaves(ledger.auditor, 0, 3)]


async def test_an_exported_log_verifies_and_can_be_continued(ledger: Ledger, tmp_path: Path) -> None:
    log = await fill(ledger, 300)
    app = await ledger.database.pool("app")
    earlier = await export_log(app, ledger.signer, tmp_path)
    assert verify_folder(tmp_path, ledger.signer.verifier).tree_head == (await ledger.check()).tree_head
    await log.append(Draft(numbered_leaf(300)))
    later = await export_log(app, ledger.signer, tmp_path)
    assert (earlier.size, later.size) == (300, 301)
    assert verify_folder(tmp_path, ledger.signer.verifier, earlier).continues == 300


async def test_an_export_over_another_log_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    app = await ledger.database.pool("app")
    await export_log(app, ledger.signer, tmp_path)
    (tmp_path / "tile/entries/000.p/1").write_bytes(b"\x00\x01x")
    with pytest.raises(LogDamaged, match=r"tile/entries/000\.p/1"):
        await export_log(app, ledger.signer, tmp_path)


DAMAGE = {
    "an edited leaf": "UPDATE audit.entry SET leaf = 'x', leaf_hash = sha256('\\x00'::bytea || 'x') WHERE idx = 3",
    "an edited leaf with its old hash": "UPDATE audit.entry SET leaf = 'x' WHERE idx = 3",
    "a missing entry": "DELETE FROM audit.entry WHERE idx = 3",
    "a missing last entry": "DELETE FROM audit.entry WHERE idx = 5",
    "another checkpoint": "UPDATE audit.checkpoint SET tree_head = sha256('') WHERE size = 6",
    "a checkpoint of the future": "INSERT INTO audit.checkpoint VALUES (99, sha256(''))",
    "a head that went back": "UPDATE audit.head SET size = 4, epoch = 0, range = substr(range, 1, 32)",
    "no head": "DELETE FROM audit.head",
    "a signature over nothing": "DELETE FROM audit.checkpoint WHERE size = 6",
}


@pytest.mark.claim(5)
@pytest.mark.parametrize("damage", DAMAGE)
async def test_damage_done_by_a_superuser_is_found_in_the_database(ledger: Ledger, damage: str) -> None:
    log = await fill(ledger, 6)
    await log.stop()
    admin = await ledger.database.connection("admin")
    # What a superuser could do, in one transaction of ours: checked inside it, then undone.
    await admin.execute("BEGIN")
    for table in ("entry", "checkpoint", "head"):
        await admin.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER ALL")
    await admin.execute("ALTER TABLE audit.entry DROP CONSTRAINT entry_leaf_hash")
    await admin.execute(DAMAGE[damage])
    with pytest.raises(LogDamaged):
        await recheck_here(admin, ledger.signer.verifier)
    await admin.execute("ROLLBACK")


async def test_what_was_cosigned_under_another_origin_or_key_makes_no_receipt(ledger: Ledger) -> None:
    """After a recovery the log has another name, after an exchange another key: what was seen before is not its."""
    app = await ledger.database.pool("app")
    await ledger.change(numbered_leaf(1))
    checkpoint = await sign_head(app, ledger.signer)
    body = body_at(checkpoint.origin, checkpoint.size, checkpoint.tree_head)
    witness = WitnessSigner("witness.example", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    cosignature = witness.verifier.verify(body, witness.line(body, 5))
    await keep_cosignature(app, witness.verifier, checkpoint.size, cosignature)
    found = await cosigned_checkpoint(app, ledger.signer.verifier, covering=0)
    assert found is not None
    assert cosignature.line in found.note
    assert (await receipt_for(app, ledger.signer, 0)).checkpoint == found.note
    for other in (signer_of("other.example/log"), signer_of(seed=2)):
        assert await cosigned_checkpoint(app, other.verifier, covering=0) is None
