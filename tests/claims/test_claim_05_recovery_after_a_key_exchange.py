"""
Claim 5, after a disaster: a log whose key was exchanged goes on by the key that stands; a retired one never comes back.

What is kept outside, here and on other machines, is signed by keys that the trust file does not name.
"""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from shutil import copyfile, copytree

import pytest

from agreements.documents.log_key import LogKeyMove, log_key_bytes
from agreements.documents.recovery import read_recovery, recovery_bytes
from agreements.errors import LogKeyRefused
from agreements.signature import Envelope, Kind, add_signature
from audit.checkpoint import CheckpointSigner, CheckpointVerifier
from gateway.demo.perform import free_port
from gateway.kept import KeptCheckpointUnusable
from gateway.keys import add_checkpoint_key, load_keys
from gateway.services.alarms import alarm
from gateway.services.errors import RecoveryRefused
from gateway.services.office import open_office
from gateway.services.rotation import move_log_key
from tests.factories.disaster import NEW, Disaster, disaster_of
from tests.factories.gateway import Gateway
from tests.prove.partners import environment_for

pytestmark = [pytest.mark.claim(5), pytest.mark.claim(12)]


def moved(gateway: Gateway, key: str, move: str, origin: str) -> Envelope:
    payload, document = log_key_bytes(LogKeyMove(origin, key, move, "Stolen.")), None
    for person in gateway.deployment.ring.officers:
        document = add_signature(document, Kind.LOG_KEY, payload, person.key)
    assert document is not None
    return document


async def register(gateway: Gateway, key: str, move: str) -> None:
    made = gateway.deployment
    async with open_office(gateway.database.url("loader"), made.trust, alarm) as office:
        await move_log_key(office.desk, moved(gateway, key, move, made.trust.origin))


async def introduce(gateway: Gateway) -> None:
    """Let a second key stand. The first one's file stays where it is, and is the first that is read."""
    made = gateway.deployment
    folder = copytree(made.home / "keys", gateway.home / "keys")
    fresh = CheckpointSigner(made.trust.origin, add_checkpoint_key(folder)).vkey
    made.server.know(fresh)
    gateway.deployment = replace(made, keys=load_keys(folder))
    await register(gateway, fresh, "introduced")


async def retire(gateway: Gateway) -> None:
    await register(gateway, gateway.deployment.trust.log_public_key, "retired")


async def exchange(gateway: Gateway) -> None:
    await introduce(gateway)
    await retire(gateway)


@pytest.fixture
async def disaster(idle_gateway: Gateway) -> AsyncIterator[Disaster]:
    async with disaster_of(idle_gateway, before=exchange) as lost:
        yield lost


def keys_under(disaster: Disaster, origin: str) -> tuple[str, ...]:
    """Return the first key and the second one as keys of this origin."""
    return CheckpointSigner(origin, *disaster.pinned.keys.checkpoints).verifier.vkeys


async def test_a_retired_key_does_not_come_back_by_a_recovery(disaster: Disaster) -> None:
    declared = read_recovery(await disaster.declared())
    retired, standing = keys_under(disaster, NEW)
    assert declared.log_public_key == standing
    with pytest.raises(RecoveryRefused, match="another checkpoint key"):
        await disaster.open(disaster.signed(recovery_bytes(replace(declared, log_public_key=retired))))
    await disaster.open(disaster.signed(recovery_bytes(declared)))
    # Nor by two officers' word afterwards: it is the same key under another name.
    async with open_office(disaster.database.url("loader"), disaster.pinned.trust, alarm) as office:
        with pytest.raises(LogKeyRefused, match="does not come back"):
            await move_log_key(office.desk, moved(disaster.gateway, retired, "introduced", NEW))


async def test_a_retirement_that_was_lost_too_leaves_the_newer_key(idle_gateway: Gateway) -> None:
    async with disaster_of(idle_gateway, before=introduce, after=retire) as disaster:
        assert read_recovery(await disaster.declared()).log_public_key == keys_under(disaster, NEW)[1]


async def test_it_goes_on_by_the_key_that_stands_though_somebody_died_in_between(
    disaster: Disaster, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    document, size = disaster.signed(await disaster.declared()), await disaster.size()
    with monkeypatch.context() as patched:
        patched.delattr("gateway.services.recovery.sign_head")
        with pytest.raises(NameError):
            await disaster.open(document)
    # The trust file is the new one, and what is kept is signed by the old origin's second key alone.
    assert disaster.pinned.trust.origin == NEW
    assert (await disaster.open(document)).checkpoint.origin == NEW
    await disaster.start()
    signers = [*CheckpointSigner(NEW, disaster.pinned.keys.checkpoints[1]).lines(size + 1, b"h" * 32)]
    session = await disaster.database.connection("auditor")
    rows = await session.fetch("SELECT DISTINCT signer FROM audit.signature WHERE size > $1", size)
    assert [row["signer"] for row in rows] == signers
    # The moves of the old origin's keys hold as ever, and alarm nobody.
    assert disaster.alarms == set()
    assert "log_key_refused" not in caplog.text
    # Opened once more after a further exchange, it is signed by what stands by then.
    pinned = disaster.pinned
    third = CheckpointSigner(NEW, add_checkpoint_key(disaster.gateway.home / "keys")).vkey
    disaster.gateway.deployment.server.know(third)
    keys = load_keys(disaster.gateway.home / "keys")
    async with open_office(disaster.database.url("loader"), pinned.trust, alarm, pinned.kept) as office:
        for key, move in ((third, "introduced"), (pinned.trust.log_public_key, "retired")):
            await move_log_key(office.desk, moved(disaster.gateway, key, move, NEW))
    again = await disaster.open(document, replace(pinned, keys=keys))
    assert CheckpointVerifier.parse(third).verify(again.checkpoint.note) == again.checkpoint


async def serve(disaster: Disaster, checkpoint: Path) -> None:
    """Let `pactgate serve` start with what is kept there, and end."""
    gateway = disaster.gateway
    port = free_port()
    environment = environment_for(gateway.home, disaster.database.url("app"), port)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "serve"),
        env=environment | {"PACTGATE_CHECKPOINT": str(checkpoint)},
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            said = await process.stderr.readline()
            assert said.startswith(b"Serving "), said
            with socket.create_connection(("127.0.0.1", port)) as waiting:
                waiting.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                # Answered, it hears the signal too, and keeps the head on its way out.
                assert await asyncio.to_thread(waiting.recv, 1)
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()


async def test_another_machine_goes_on_from_what_it_kept_and_not_from_more(disaster: Disaster) -> None:
    gateway = disaster.gateway
    desk, server = gateway.home / "desk", gateway.home / "server"
    for file in (desk, server):
        copyfile(gateway.kept.file, file)
    retired, standing = (
        CheckpointSigner(disaster.pinned.trust.origin, key) for key in disaster.pinned.keys.checkpoints
    )
    payload = await disaster.declared()
    cited = read_recovery(payload).kept
    await disaster.open(disaster.signed(payload))
    pinned = disaster.pinned
    async with open_office(disaster.database.url("loader"), pinned.trust, alarm, replace(pinned.kept, file=desk)):
        pass
    await serve(disaster, server)
    for file in (desk, server):
        assert replace(pinned.kept, file=file).read() is not None  # it is the new origin's by now
    # More than the recovery knew of, and what the retired key signed after its end, refuse the start.
    for note, refusal in (
        (standing.sign(cited.size + 1, b"n" * 32).note, "more is lost than it declares"),
        (retired.sign(cited.size, cited.tree_head).note, "is not a checkpoint of this log"),
    ):
        server.write_text(note)
        with pytest.raises(KeptCheckpointUnusable, match=refusal):
            await disaster.start(kept=replace(pinned.kept, file=server))
