"""A running gateway signs with a new key soon after officers introduced it, without a restart, and survives trouble."""

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agreements.documents.log_key import LogKeyMove, log_key_bytes
from agreements.errors import LogKeyRefused, NotEntitled
from agreements.signature import Envelope, Kind, add_signature
from audit.checkpoint import Checkpoint, CheckpointSigner
from audit.cosignature import WitnessSigner
from audit.draft import Draft
from audit.errors import LogUnavailable
from audit.log import Log
from audit.paths import TileHeads
from audit.reading import receipt_for
from gateway.keys import GatewayKeys, add_checkpoint_key, create_keys, load_keys
from gateway.services.errors import OtherInstallation
from gateway.services.logkeys import StandingKeys, kept_log_keys, log_keys
from gateway.services.office import open_office
from gateway.services.rotation import move_log_key
from gateway.services.witnessing.delivery import Contradicted, Delivery, Parts
from gateway.services.witnessing.submission import WitnessClient
from tests.factories.installation import TestInstallation
from tests.factories.log import numbered_leaf
from tests.factories.superuser import alarms
from tests.factories.unhurried import until
from tests.factories.witness import NAME
from tests.factories.witnessing import LyingAnswer, liar

pytestmark = pytest.mark.claim(5)


def document(site: TestInstallation, key: str, move: str = "introduced", *, origin: str | None = None) -> Envelope:
    payload = log_key_bytes(LogKeyMove(origin or site.trust.origin, key, move, "Test."))
    envelope = None
    for officer in site.officers:
        envelope = add_signature(envelope, Kind.LOG_KEY, payload, officer)
    assert envelope is not None
    return envelope


async def register(site: TestInstallation, envelope: Envelope) -> int:
    async with open_office(site.database.url("loader"), site.trust, lambda *_: None) as office:
        return await move_log_key(office.desk, envelope)


@pytest.mark.claim(12)
async def test_a_document_about_another_log_or_of_another_kind_moves_nothing(installed: TestInstallation) -> None:
    key = CheckpointSigner(installed.trust.origin, Ed25519PrivateKey.generate()).vkey
    with pytest.raises(LogKeyRefused, match=r"is about the log elsewhere\.example"):
        await register(installed, document(installed, key, origin="elsewhere.example"))
    with pytest.raises(LogKeyRefused, match="cannot be a key"):
        await register(installed, document(installed, "nonsense"))
    payload = log_key_bytes(LogKeyMove(installed.trust.origin, key, "introduced", "Test."))
    with pytest.raises(NotEntitled):
        await register(installed, add_signature(None, Kind.HOLD, payload, installed.officers[0]))


async def test_a_gateway_without_a_key_that_stands_does_not_sign(installed: TestInstallation, tmp_path: Path) -> None:
    known = await log_keys(installed.database.url("app"), installed.trust)
    with pytest.raises(OtherInstallation, match="checkpoint key"):
        known.signer(create_keys(tmp_path / "other"))
    assert known.signer(installed.keys).vkey == installed.trust.log_public_key


async def test_a_running_gateway_follows_the_officers(
    installed: TestInstallation, caplog: pytest.LogCaptureFixture
) -> None:
    folder = installed.home / "keys"
    fresh = CheckpointSigner(installed.trust.origin, add_checkpoint_key(folder))
    held: GatewayKeys = load_keys(folder)
    old = CheckpointSigner(installed.trust.origin, held.checkpoint)
    pool = await installed.database.pool("app", size=4)
    log = Log(pool, old)
    await log.start()
    standing = StandingKeys(await log_keys(installed.database.url("app"), installed.trust))
    async with kept_log_keys(log, pool, installed.trust, held, standing, every=0.01):
        await asyncio.sleep(0.05)
        assert [*log.signer.verifier.vkeys] == [old.vkey]  # in the folder, and introduced by nobody
        await register(installed, document(installed, fresh.vkey))
        await until(lambda: [*log.signer.verifier.vkeys] == [old.vkey, fresh.vkey])
        receipt = await receipt_for(pool, log.signer, 1)
        assert receipt.checkpoint.count("\u2014 ") == 2
        # A keys folder that is away for a moment changes nothing, and is said.
        folder.rename(folder.with_name("away"))
        await until(lambda: "tried again later" in caplog.text)
        assert [*log.signer.verifier.vkeys] == [old.vkey, fresh.vkey]
        folder.with_name("away").rename(folder)
        await register(installed, document(installed, old.vkey, "retired"))
        await until(lambda: [*log.signer.verifier.vkeys] == [fresh.vkey])
        assert [*standing.known.verifier.vkeys] == [old.vkey, fresh.vkey]  # what was kept before is still believed
    await log.stop()
    known = await log_keys(installed.database.url("auditor"), installed.trust)
    assert [(each.introduced, each.retired) for each in known.keys] == [(None, 2), (1, None)]
    with pytest.raises(OtherInstallation):
        known.signer(replace(held, further_checkpoints=()))
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_machine_whose_key_was_retired_and_that_holds_no_other_appends_and_signs_nothing(
    installed: TestInstallation, caplog: pytest.LogCaptureFixture
) -> None:
    folder = installed.home / "keys"
    elsewhere = CheckpointSigner(installed.trust.origin, Ed25519PrivateKey.generate())
    held = load_keys(folder)
    pool = await installed.database.pool("app", size=4)
    log = Log(pool, CheckpointSigner(installed.trust.origin, held.checkpoint))
    await log.start()
    standing = StandingKeys(await log_keys(installed.database.url("app"), installed.trust))
    async with kept_log_keys(log, pool, installed.trust, held, standing, every=0.01):
        await register(installed, document(installed, elsewhere.vkey))
        await register(installed, document(installed, log.signer.vkey, "retired"))
        await until(lambda: log.is_halted)
        with pytest.raises(LogUnavailable):
            await log.append(Draft(numbered_leaf(1)))
        with pytest.raises(LogUnavailable):
            _ = log.signer
        # What comes later is still known, for what is kept outside is judged by it; nothing is said twice.
        later = CheckpointSigner(installed.trust.origin, Ed25519PrivateKey.generate())
        await register(installed, document(installed, later.vkey))
        await until(lambda: standing.known.keys[-1].key == later.vkey)
        said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
        assert [line.split()[:2] for line in said] == [["alarm", "log_key_gone"]]
    await log.stop()


async def test_a_folder_with_another_key_changes_nothing_while_the_one_that_was_read_stands(
    installed: TestInstallation, caplog: pytest.LogCaptureFixture
) -> None:
    file = installed.home / "keys" / "checkpoint.key"
    held = load_keys(file.parent)
    pool = await installed.database.pool("app", size=4)
    log = Log(pool, CheckpointSigner(installed.trust.origin, held.checkpoint))
    standing = StandingKeys(await log_keys(installed.database.url("app"), installed.trust))
    create_keys(installed.home / "others")
    (installed.home / "others" / file.name).replace(file)
    async with kept_log_keys(log, pool, installed.trust, held, standing, every=0.01):
        await until(lambda: "tried again later" in caplog.text)
    assert log.signer.vkey == installed.trust.log_public_key
    assert "log_key_gone" not in alarms(caplog)


async def test_what_an_exchanged_key_signed_is_proof_when_a_witness_shows_it(installed: TestInstallation) -> None:
    fresh = CheckpointSigner(installed.trust.origin, Ed25519PrivateKey.generate())
    old = CheckpointSigner(installed.trust.origin, installed.keys.checkpoint)
    await register(installed, document(installed, fresh.vkey))
    await register(installed, document(installed, old.vkey, "retired"))
    pool = await installed.database.pool("app", size=4)
    keys = StandingKeys(await log_keys(installed.database.url("app"), installed.trust))
    parts = Parts(pool, Log(pool, fresh), keys, TileHeads(), None)
    witness = WitnessSigner(NAME, Ed25519PrivateKey.generate()).verifier

    async def shows(checkpoint: Checkpoint) -> Checkpoint | None:
        def answer(path: str, _body: bytes) -> LyingAnswer:
            return (200, {}, checkpoint.note.encode()) if path.endswith("/checkpoint") else (422, {}, b"")

        with liar(answer) as other:
            async with WitnessClient(witness, other.url) as client:
                with pytest.raises(Contradicted) as found:
                    await Delivery(witness, client, parts).turn()
        return found.value.proof

    # It counts up to its retirement: beyond, and by a key that the log never had, it is the witness's word alone.
    stranger = CheckpointSigner(installed.trust.origin, Ed25519PrivateKey.generate())
    for unproven in (old.sign(3, b"x" * 32), stranger.sign(2, b"x" * 32)):
        assert await shows(unproven) is None
    assert await shows(old.sign(2, b"x" * 32)) == old.sign(2, b"x" * 32)
