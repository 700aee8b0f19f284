"""A running gateway signs with a new key soon after officers introduced it, without a restart, and survives trouble."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agreements.documents.log_key import LogKeyMove, log_key_bytes
from agreements.errors import LogKeyRefused, NotEntitled
from agreements.signature import Envelope, Kind, add_signature
from audit.checkpoint import CheckpointSigner
from audit.log import Log
from audit.reading import receipt_for
from gateway.keys import GatewayKeys, add_checkpoint_key, create_keys, load_keys
from gateway.services.errors import OtherInstallation
from gateway.services.logkeys import StandingKeys, kept_log_keys, log_keys
from gateway.services.office import open_office
from gateway.services.rotation import move_log_key
from tests.factories.installation import TestInstallation

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


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - it shows in the log's signer only
            await asyncio.sleep(0.01)


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
