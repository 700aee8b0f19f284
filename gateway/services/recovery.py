"""
Going on after a disaster that lost entries: under a new origin, whose first entry cites the old one and the gap.

The tree begins with the entries that are left, so nothing in the database has to be dated anew and every old proof can
still be checked; under the old origin nothing is signed any more. Interrupted at any point, the same document opened
again completes it.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

from agreements.canonical import digest_of
from agreements.documents.recovery import Cited, Recovery, read_recovery, recovery_bytes
from agreements.irrevocable import verify_recovery
from agreements.register import load_register
from agreements.signature import Envelope, Kind
from agreements.trust import Trust, recovered_trust
from audit.batch import Session
from audit.checkpoint import Checkpoint, CheckpointVerifier
from audit.errors import VerificationFailed
from audit.events import Event
from audit.note import b64, unb64
from audit.reading import require_sound_head
from audit.signing import sign_head
from gateway.durable import replace_file
from gateway.kept import KeptCheckpoint
from gateway.keys import GatewayKeys
from gateway.services.continuity import require_continued
from gateway.services.erasures import date_erased
from gateway.services.errors import LogSetBack, RecoveryRefused
from gateway.services.filing import Desk, Filing
from gateway.services.logkeys import LogKeys, log_keys_in
from gateway.services.opening import require_opened
from gateway.services.standing.registry import Alarm
from gateway.store.database import engine_for
from gateway.store.roles import require_nobody_serves
from gateway.store.session import connect


@dataclass(frozen=True, slots=True)
class Pinned:
    """What an installation keeps outside its database, as it stands before the recovery."""

    trust_file: Path
    trust: Trust
    kept: KeptCheckpoint
    keys: GatewayKeys = field(repr=False)


@dataclass(frozen=True, slots=True)
class Recovered:
    """A log that goes on: the trust that is pinned now, the entry that says so, and the first new checkpoint."""

    trust: Trust
    entry: int
    lost: int
    """Entries under the newest kept checkpoint of the old origin that are not among those that are left, at least."""
    checkpoint: Checkpoint


async def declare(session: Session, pinned: Pinned, *, origin: str, reason: str) -> bytes:
    """
    Return the recovery that two officers sign: what is left, and the newest kept checkpoint.

    Raises `RecoveryRefused` if nothing is kept or nothing is lost, `InvalidDocument`, and `LogDamaged` for a log whose
    head does not hold.
    """
    edge = await require_sound_head(session)
    known = await log_keys_in(session, pinned.trust)
    pinned = replace(pinned, kept=known.judging(pinned.kept))
    cited = pinned.kept.read()
    if cited is None:
        raise RecoveryRefused(
            f"No checkpoint is kept in {pinned.kept.file}, so nothing says what is lost.",
            remedy="Put the newest checkpoint there that an officer or a witness has.",
        )
    try:
        await require_continued(session, pinned.kept)
    except LogSetBack:
        pass
    else:
        raise RecoveryRefused("The log continues what was kept: nothing is lost.", remedy="Start `pactgate serve`.")
    payload = recovery_bytes(
        Recovery(
            origin,
            # The newest of those that stand: an older one is about to be retired.
            _standing(known, pinned.keys, origin).vkeys[-1],
            pinned.trust.origin,
            pinned.trust.log_public_key,
            Cited(cited.size, cited.tree_head),
            b64(cited.note.encode()),
            Cited(edge.size, edge.head()),
            reason,
        )
    )
    read_recovery(payload)  # judged as it will be when it is opened
    return payload


async def open_recovery(loader_url: str, pinned: Pinned, document: Envelope, alarm: Alarm) -> Recovered:
    """
    Let the log go on as two officers said.

    Raises `RecoveryRefused`, `GatewayServes` while a gateway is connected, an `AgreementError`; nothing happened then.
    """
    recovery = read_recovery(document.payload)
    # (1): done before, as far as the trust file goes: only the end is missing.
    if pinned.trust.follows and pinned.trust.follows[-1].recovery == document.digest:
        return await _finish(loader_url, pinned, recovery)
    async with connect(loader_url) as session:
        known = await log_keys_in(session, pinned.trust)
        pinned = replace(pinned, kept=known.judging(pinned.kept))
        # (2): it goes on from this log, with a key of ours that stands, and cites the newest that is kept.
        _require_ours(recovery, pinned, known)
        _require_cited(recovery, pinned)
        await require_nobody_serves(session)
    # (3): the entry, in the transaction that registers the document. If we die after it, the trust file is missing.
    after = await _enter(loader_url, pinned.trust, document, alarm)
    # (4): the trust file, whole or not at all. From here on nothing can be signed under the old origin.
    _pin(after, pinned.trust_file)
    return await _finish(loader_url, replace(pinned, trust=after), recovery)


def _standing(known: LogKeys, held: GatewayKeys, origin: str) -> CheckpointVerifier:
    """Return what knows a log of this origin by our keys that stand. Raises `OtherInstallation`."""
    return CheckpointVerifier(origin, *(key.public for _, key in known.signer(held).verifier.keys))


async def _enter(loader_url: str, trust: Trust, document: Envelope, alarm: Alarm) -> Trust:
    recovery = read_recovery(document.payload)
    after = recovered_trust(
        trust,
        recovery.origin,
        recovery.log_public_key,
        recovery=document.digest,
        entry=recovery.left.size,
        kept=recovery.kept.size,
    )
    engine = engine_for(loader_url)
    try:
        async with engine.connect() as connection:
            entered = {each.digest for each in (await load_register(connection)).of(Kind.RECOVERY)}
            await require_opened(connection, after if document.digest in entered else trust)
        if document.digest not in entered:
            async with Desk(engine, trust, alarm).filing() as filing:
                await _write(filing, after, document)
    finally:
        await engine.dispose()
    return after


async def _write(filing: Filing, after: Trust, document: Envelope) -> None:
    verified = verify_recovery(filing.filed(document), authority=filing.authority)
    recovery = verified.recovery
    session = (await filing.connection.get_raw_connection()).driver_connection
    assert session is not None
    edge = await require_sound_head(session)
    entry = await filing.next_index()
    # Whom an older copy was made to forget when it was restored: their rows were committed to, and are gone.
    await date_erased(filing.connection, entry)
    await filing.file_sealed(
        entry,
        Event.LOG_RECOVERED,
        document,
        concerns=None,
        origin=recovery.origin,
        follows=recovery.old_origin,
        kept={"size": recovery.kept.size, "tree_head": recovery.kept.tree_head.hex()},
        left={"size": recovery.left.size, "tree_head": recovery.left.tree_head.hex()},
        trust=digest_of(after.canonical),
        officers=sorted(officer.key.thumbprint for officer in verified.officers),
    )
    # The head is locked since then: what was read before may have grown, and what two officers saw is what counts.
    if (Cited(edge.size, edge.head()), entry) != (recovery.left, recovery.left.size):
        raise RecoveryRefused(
            f"The log has {edge.size} entries, and the officers signed for {recovery.left.size}, or for others.",
            remedy="Declare the recovery anew, with nothing at work on the database.",
        )


async def _finish(loader_url: str, pinned: Pinned, recovery: Recovery) -> Recovered:
    engine = engine_for(loader_url)
    try:
        async with engine.connect() as connection:
            await require_opened(connection, pinned.trust)
    finally:
        await engine.dispose()
    # (5): the first checkpoint of the new origin, kept in the place of the old one.
    async with connect(loader_url) as session:
        # By the register again: the document may be opened once more long after, and the key have been exchanged.
        known = await log_keys_in(session, pinned.trust)
        checkpoint = await sign_head(session, known.signer(pinned.keys))
    known.judging(pinned.kept).keep(checkpoint)
    lost = max(0, recovery.kept.size - recovery.left.size)
    return Recovered(pinned.trust, recovery.left.size, lost, checkpoint)


def _require_ours(recovery: Recovery, pinned: Pinned, known: LogKeys) -> None:
    if (recovery.old_origin, recovery.old_public_key) != (pinned.trust.origin, pinned.trust.log_public_key):
        raise RecoveryRefused(
            "The recovery follows another log than the trust file pins.",
            remedy="Use the document that was declared here.",
        )
    if recovery.log_public_key not in _standing(known, pinned.keys, recovery.origin).vkeys:
        raise RecoveryRefused(
            "The recovery names another checkpoint key than those in the keys folder that stand.",
            remedy="Open it where the gateway's keys are.",
        )


def _require_cited(recovery: Recovery, pinned: Pinned) -> None:
    try:
        cited = pinned.kept.verifier.verify(unb64(recovery.note).decode())
    except (VerificationFailed, ValueError):
        raise RecoveryRefused("The checkpoint that the recovery cites does not hold.") from None
    if Cited(cited.size, cited.tree_head) != recovery.kept:
        raise RecoveryRefused("The recovery cites another checkpoint than it says.")
    newest = pinned.kept.read()
    if newest is not None and newest.size > cited.size:
        raise RecoveryRefused(
            f"A checkpoint of {newest.size} entries is kept, and the recovery cites one of {cited.size}.",
            remedy="Declare it anew, so that the whole gap is declared.",
        )


def _pin(trust: Trust, file: Path) -> None:
    try:
        replace_file(file, trust.canonical)
    except OSError as error:
        raise RecoveryRefused(
            f"The trust file {file} cannot be written: {error.strerror}.",
            remedy="Set PACTGATE_TRUST to a file this account may write, and open the same document again.",
        ) from None
