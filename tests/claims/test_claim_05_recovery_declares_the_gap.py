"""
Claim 5, after a disaster: a log that lost entries goes on under a new origin only, by two officers, its gap declared.

The old origin signs nothing more; what it signed before can be checked as ever.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from agreements.canonical import read_canonical
from agreements.documents.recovery import Cited, Recovery, read_recovery, recovery_bytes
from agreements.errors import BadSignature, BadTrust, InvalidDocument, NotEntitled, SignatureMissing
from agreements.trust import Trust
from audit.checkpoint import CheckpointSigner, CheckpointVerifier
from audit.note import b64
from audit.reading import leaf_at
from audit.recheck import recheck
from gateway.kept import KeptCheckpoint, KeptCheckpointUnusable
from gateway.services.alarms import alarm
from gateway.services.container import open_services
from gateway.services.errors import InstallationChanged, LogSetBack, OtherInstallation, RecoveryRefused
from gateway.services.office import open_office
from gateway.services.recovery import declare
from gateway.store.errors import GatewayServes
from tests.factories.agreements import key_for
from tests.factories.disaster import NEW, Disaster, disaster_of
from tests.factories.gateway import Gateway

pytestmark = [pytest.mark.claim(5), pytest.mark.claim(12)]


@pytest.fixture
async def disaster(idle_gateway: Gateway) -> AsyncIterator[Disaster]:
    async with disaster_of(idle_gateway) as lost:
        yield lost


async def unchanged(disaster: Disaster, size: int) -> None:
    assert await disaster.size() == size
    assert disaster.trust_file.read_bytes() == disaster.gateway.deployment.trust.canonical
    with pytest.raises(LogSetBack):
        await disaster.start()


async def test_one_officer_alone_does_not_recover_a_log(disaster: Disaster) -> None:
    size, payload = await disaster.size(), await disaster.declared()
    for keys in ([disaster.officers[0]], [disaster.officers[0], key_for("mallory")]):
        with pytest.raises((SignatureMissing, NotEntitled)):
            await disaster.open(disaster.signed(payload, keys))
    moved = replace(disaster.signed(payload), payload=await disaster.declared("log3.district.example/pactgate"))
    with pytest.raises(BadSignature):
        await disaster.open(moved)
    await unchanged(disaster, size)


async def test_what_is_not_so_is_refused(disaster: Disaster) -> None:
    size, right = await disaster.size(), read_recovery(await disaster.declared())
    stranger = CheckpointSigner(right.origin, disaster.gateway.deployment.signer._signers[0]._key)
    assert stranger.vkey == right.log_public_key
    wrong: dict[str, Recovery] = {
        "another log": replace(right, old_origin="other.example/log"),
        "another checkpoint key": replace(right, log_public_key=right.old_public_key),
        "does not hold": replace(right, note="bm90ZQ=="),
        "another checkpoint than": replace(right, kept=replace(right.kept, size=right.kept.size - 1)),
        "officers signed for": replace(right, left=replace(right.left, size=right.left.size - 1)),
    }
    for message, recovery in wrong.items():
        with pytest.raises(RecoveryRefused, match=message):
            await disaster.open(disaster.signed(recovery_bytes(recovery)))
    with pytest.raises(InvalidDocument):
        await disaster.declared(right.old_origin)
    await unchanged(disaster, size)


async def test_a_log_that_lost_nothing_is_not_recovered(disaster: Disaster) -> None:
    session = await disaster.gateway.database.connection("loader")
    with pytest.raises(RecoveryRefused, match="nothing is lost"):
        await declare(session, disaster.pinned, origin=NEW, reason="to be rid of the past")
    elsewhere = replace(disaster.pinned, kept=replace(disaster.pinned.kept, file=Path("/nowhere/checkpoint")))
    with pytest.raises(RecoveryRefused, match="No checkpoint is kept"):
        await declare(session, elsewhere, origin=NEW, reason="to be rid of the past")


async def test_a_checkpoint_that_the_recovery_does_not_cite_refuses_it(disaster: Disaster) -> None:
    """Somebody kept a newer one: more is lost than would be declared."""
    document = disaster.signed(await disaster.declared())
    size = await disaster.size()
    newer = disaster.gateway.deployment.signer.sign(size + 100, b"n" * 32)
    found = disaster.gateway.kept.read()
    assert found is not None
    other = replace(disaster.pinned.kept, file=disaster.gateway.home / "other")
    other.keep(newer)
    with pytest.raises(RecoveryRefused, match="is kept, and"):
        await disaster.open(document, replace(disaster.pinned, kept=other))
    # On a machine that learns of it later, the gateway does not start either.
    await disaster.open(document)
    with pytest.raises(KeptCheckpointUnusable, match="more is lost than it declares"):
        await disaster.start(kept=replace(disaster.pinned.kept, file=other.file))


async def test_nothing_is_recovered_under_a_gateway(disaster: Disaster) -> None:
    document = disaster.signed(await disaster.declared())
    async with open_services(
        disaster.database.url("app"),
        disaster.pinned.keys,
        disaster.pinned.trust,
        readers=2,
        public_url="http://127.0.0.1",
    ) as services:
        await services.database.pool.fetchval("SELECT 1")
        with pytest.raises(GatewayServes):
            await disaster.open(document)


async def test_a_recovered_log_goes_on_and_declares_its_gap(disaster: Disaster) -> None:
    old = disaster.pinned.trust
    size, kept = await disaster.size(), disaster.gateway.kept.read()
    assert kept is not None
    document = disaster.signed(await disaster.declared())
    done = await disaster.open(document)
    # The entry cites the old checkpoint and says what is left; the gap is theirs to see.
    assert (done.entry, done.lost, done.checkpoint.origin) == (size, kept.size - size, NEW)
    session = await disaster.database.connection("auditor")
    body = read_canonical(await leaf_at(session, size))
    assert isinstance(body, dict)
    assert body["event"] == "log.recovered"
    assert body["kept"] == {"size": kept.size, "tree_head": kept.tree_head.hex()}
    assert isinstance(body["left"], dict)
    assert body["left"]["size"] == size
    # It is served, written to and checked under the new origin.
    pinned = disaster.pinned
    verifier = CheckpointVerifier.parse(pinned.trust.log_public_key)
    await disaster.start()
    async with open_office(disaster.database.url("loader"), pinned.trust, alarm, pinned.kept):
        pass
    assert (await recheck(session, verifier)).size >= size + 1
    found = pinned.kept.read()
    assert found is not None
    assert found.origin == NEW
    # What the old origin signed is checked as ever, and it signs nothing more.
    before = CheckpointVerifier.parse(old.log_public_key)
    assert disaster.receipt.verify(await leaf_at(session, 0), before).origin == old.origin
    with pytest.raises(InstallationChanged, match="otherwise than the trust file says"):
        await disaster.start(trust=old, kept=KeptCheckpoint(disaster.gateway.home / "none", before))
    signers = await session.fetch("SELECT DISTINCT signer FROM audit.signature WHERE size > $1", size)
    assert {row["signer"].split("+")[0] for row in signers} == {NEW}
    # Opened again, nothing happens.
    assert (await disaster.open(document)).entry == size
    with pytest.raises(BadTrust, match="each another"):
        await disaster.open(disaster.signed(await redeclared(disaster, old)))


async def redeclared(disaster: Disaster, old: Trust) -> bytes:
    """Return a recovery back to the old origin, as whoever wants to sign under it again would write it."""
    pinned, size = disaster.pinned, await disaster.size()
    found = pinned.kept.read()
    assert found is not None
    return recovery_bytes(
        Recovery(
            old.origin,
            CheckpointSigner(old.origin, pinned.keys.checkpoint).vkey,
            pinned.trust.origin,
            pinned.trust.log_public_key,
            Cited(found.size, found.tree_head),
            b64(found.note.encode()),
            Cited(size, b"l" * 32),
            "to sign under the old name again",
        )
    )


async def test_whoever_dies_in_a_recovery_completes_it_by_the_same_document(
    disaster: Disaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = disaster.signed(await disaster.declared())
    size = await disaster.size()

    def die(*_: object, **__: object) -> None:
        raise InterruptedError

    place = "gateway.services.recovery"
    for step in ("_require_cited", "_pin", "_finish"):
        with monkeypatch.context() as patched:
            patched.setattr(f"{place}.{step}", die)
            with pytest.raises(InterruptedError):
                await disaster.open(document)
        # Whatever stands by now, nothing is served half-way.
        if step == "_require_cited":
            await unchanged(disaster, size)
        if step == "_pin":
            with pytest.raises(InstallationChanged, match="otherwise"):
                await disaster.start()
    done = await disaster.open(document)
    assert done.entry == size
    await disaster.start()


async def test_who_is_no_officer_cannot_pass_a_rewritten_log_off_as_recovered(disaster: Disaster) -> None:
    """The operator has the database, the keys and the trust file, and writes all that a recovery leaves behind."""
    document = disaster.signed(await disaster.declared())
    await disaster.open(document)
    owner = await disaster.database.connection("owner")
    forged = {
        "one signature": disaster.signed(document.payload, disaster.officers[:1]).text,
        "a stranger's": disaster.signed(document.payload, [key_for("mallory"), key_for("mallory2")]).text,
    }
    await owner.execute("ALTER TABLE agreements.document DISABLE TRIGGER USER")
    for text in forged.values():
        await owner.execute("UPDATE agreements.document SET envelope = $1 WHERE kind = 'recovery'", text)
        with pytest.raises(InstallationChanged, match="does not hold"):
            await disaster.start()
    await owner.execute("UPDATE agreements.document SET envelope = $1 WHERE kind = 'recovery'", document.text)
    await disaster.start()
    trust = disaster.pinned.trust
    (followed,) = trust.follows
    for changed in (replace(followed, kept=followed.kept + 1), replace(followed, origin="other.example/log")):
        with pytest.raises((InstallationChanged, OtherInstallation)):
            await disaster.start(trust=replace(trust, follows=(changed,)))
