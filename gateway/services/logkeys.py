"""
Which keys the log's checkpoints are believed by: the pinned one, and those that two officers introduced since.

INVARIANT: every load verifies the documents again, up to the pinned officers and down to the entries that received
them. A document that does not hold gives no key and retires none; it is reported.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Final

import asyncpg

from agreements.elements import load_catalogue
from agreements.errors import AgreementError, LogKeyRefused
from agreements.log_keys import LogKey, VerifiedLogKeyMove, ended_halves, log_keys_by_origin, verify_log_key
from agreements.register import Register, StoredDocument
from agreements.signature import Kind
from agreements.trust import Trust
from audit import checkpoint
from audit.batch import Session
from audit.checkpoint import CheckpointSigner, CheckpointVerifier
from audit.entry import parse
from audit.errors import LeafRefused, LogDamaged, NoteInvalid
from audit.events import Event
from audit.log import Log
from audit.note import NoteVerifier
from gateway.kept import KeptCheckpoint
from gateway.keys import GatewayKeys, load_keys, public_half
from gateway.services.alarms import alarm
from gateway.services.errors import OtherInstallation
from gateway.services.standing.judging import AUTHORITY, Judging
from gateway.services.standing.registry import Read
from gateway.services.standing.remembered import Remembered
from gateway.store.session import connect

LOOK_SECONDS: Final = 5.0
"""How often a running gateway looks for a new or a retired key."""
_DOCUMENTS: Final = """SELECT d.digest, d.kind, d.envelope, d.idx, e.leaf FROM agreements.document d
    LEFT JOIN audit.entry e ON e.idx = d.idx WHERE d.kind = ANY ($1) ORDER BY d.idx, d.digest"""
_MOVES: Final = """SELECT e.idx, e.leaf, d.digest FROM audit.entry e
    LEFT JOIN agreements.document d ON d.idx = e.idx AND d.kind = 'log_key'
    WHERE position('"event":"log_key.'::bytea IN e.leaf) > 0 ORDER BY e.idx"""
_MOVED: Final = frozenset({Event.LOG_KEY_INTRODUCED, Event.LOG_KEY_RETIRED})
_NEWEST: Final = "SELECT max(idx) FROM agreements.document WHERE kind = ANY ($1)"
_KINDS: Final = [kind.value for kind in (*AUTHORITY, Kind.LOG_KEY)]


@dataclass(frozen=True, slots=True)
class LogKeys:
    """The keys of one log, in the order of the log, the pinned one first. INVARIANT: each can be a key of this log."""

    origin: str
    keys: tuple[LogKey, ...]
    superseded: tuple[tuple[CheckpointVerifier, int], ...] = ()
    """The origins before, each known by all its keys, with the size of the checkpoint that its recovery cites."""
    ended: frozenset[str] = frozenset()
    """Public halves that were retired under an origin before: they do not come back."""

    def judging(self, kept: KeptCheckpoint) -> KeptCheckpoint:
        """Return what is kept outside the database, judged by every key that the log had under each of its origins."""
        return replace(kept, verifier=self.verifier, superseded=self.superseded)

    @property
    def verifier(self) -> CheckpointVerifier:
        """What knows the log: each key for the checkpoints between its introduction and its retirement."""
        return CheckpointVerifier(
            self.origin,
            *(
                checkpoint.LogKey(
                    NoteVerifier.parse(each.key).public,
                    # A checkpoint of size n covers the entries below n.
                    first=0 if each.introduced is None else each.introduced + 1,
                    last=checkpoint.MAX_SIZE if each.retired is None else each.retired,
                )
                for each in self.keys
            ),
        )

    def signer(self, held: GatewayKeys) -> CheckpointSigner:
        """Return what signs the log here: every key of it that is held and stands. Raises `OtherInstallation`."""
        here = {CheckpointSigner(self.origin, key).vkey: key for key in held.checkpoints}
        standing = [here[each.key] for each in self.keys if each.retired is None and each.key in here]
        if not standing:
            raise OtherInstallation(
                "The checkpoint key is not the one that was pinned when the log was opened, nor one introduced since."
            )
        return CheckpointSigner(self.origin, *standing)


@dataclass(slots=True)
class StandingKeys:
    """The log's keys as they stand now, in a gateway that runs: what is kept outside the database is judged by them."""

    known: LogKeys

    def verify(self, note: str) -> checkpoint.Checkpoint:
        """Read a checkpoint of the log. Raises a `VerificationFailed`."""
        return self.known.verifier.verify(note)


async def log_keys(url: str, trust: Trust) -> LogKeys:
    """Return the log's keys by the register at `url`. Raises what `connect` raises."""
    async with connect(url) as session:
        return await log_keys_in(session, trust)


async def log_keys_in(session: Session, trust: Trust) -> LogKeys:
    """Return the log's keys by the register of this session's database."""
    stored, entries = [], {}
    for row in await session.fetch(_DOCUMENTS, _KINDS):
        digest = f"sha256:{row['digest'].hex()}"
        stored.append(StoredDocument(digest, Kind(row["kind"]), None, row["envelope"], row["idx"]))
        with suppress(LeafRefused):
            if row["leaf"] is not None:
                entries[row["idx"]] = parse(row["leaf"])
    read = Read(-1, Register(stored, {}), (), (), (), entries)
    judging = Judging(read, trust, load_catalogue(), alarm, Remembered())
    *earlier, standing = log_keys_by_origin(trust, verified_moves(judging))
    superseded = tuple(
        (LogKeys(each.origin, keys).verifier, each.kept) for each, keys in zip(trust.follows, earlier, strict=True)
    )
    return LogKeys(trust.origin, standing, superseded, ended_halves(earlier))


async def require_moves_kept(session: Session) -> None:
    """
    Check that each entry that moved a key still has its document: without it a retired key would count again.

    It reads every leaf: for whoever checks the whole log. Raises `LogDamaged`.
    """
    for row in await session.fetch(_MOVES):
        entry = parse(row["leaf"])
        named = str(entry.body.get("document", "")).removeprefix("sha256:")
        if entry.event in _MOVED and (row["digest"] is None or row["digest"].hex() != named):
            raise LogDamaged(f"entry {row['idx']} moved a key of the log, and the register has not its document")


def verified_moves(judging: Judging) -> list[VerifiedLogKeyMove]:
    """Return the moves of the log's keys that two officers signed; what does not hold is reported and left out."""
    found = []
    for filed in judging.filed(judging.read.register.of(Kind.LOG_KEY)):
        try:
            verified = verify_log_key(filed, authority=judging.authority)
            require_key_of(verified.move.key, verified.move.origin)
        except AgreementError as error:
            judging.alarm("log_key_refused", document=filed.envelope.digest, reason=error.code)
            continue
        found.append(verified)
    return found


def require_key_of(key: str, origin: str) -> None:
    """Check that this can be a verifier key of the log with this origin. Raises `LogKeyRefused`."""
    try:
        name = NoteVerifier.parse(key).name
    except NoteInvalid as error:
        raise LogKeyRefused(f"This cannot be a key of a log: {error}.") from None
    if name != origin:
        raise LogKeyRefused(f"The key is one of the log {name}, not of {origin}.")


@asynccontextmanager
async def kept_log_keys(
    log: Log,
    pool: asyncpg.Pool,
    trust: Trust,
    keys: GatewayKeys,
    standing: StandingKeys,
    *,
    every: float = LOOK_SECONDS,
) -> AsyncIterator[None]:
    """
    While the block lasts, sign with whatever keys the officers have introduced, and no longer with one they retired.

    A database that is away is asked again the next time, and so is a folder; until then the log is signed as before.
    When no key that is held here stands any more the log is halted: what a retired key signs counts for nothing.
    """
    looking = asyncio.create_task(_look(log, pool, trust, keys, standing, every), name="log keys")
    try:
        yield
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


async def _look(  # noqa: PLR0917 - the arguments of `kept_log_keys`
    log: Log, pool: asyncpg.Pool, trust: Trust, keys: GatewayKeys, standing: StandingKeys, every: float
) -> None:
    seen: object = None
    while True:
        try:
            # The keys folder too: a new key may be copied to this machine after it was introduced.
            held = keys if keys.folder is None else load_keys(keys.folder)
            known = (await pool.fetchval(_NEWEST, _KINDS), [public_half(key) for key in held.checkpoints])
            if known != seen:
                async with pool.acquire() as session:
                    standing.known = await log_keys_in(session, trust)
                if not log.is_halted:
                    _sign_with_what_stands(log, standing.known, held)
                seen = known
        except Exception as error:
            logging.getLogger("pactgate").warning("the log's keys were not read, tried again later", exc_info=error)
        await asyncio.sleep(every)


def _sign_with_what_stands(log: Log, known: LogKeys, held: GatewayKeys) -> None:
    try:
        log.sign_with(known.signer(held))
    except OtherInstallation:
        standing = {each.key for each in known.keys if each.retired is None}
        if standing.intersection(log.signer.verifier.vkeys):
            raise  # the folder is not what it was; what was read from it before still stands
        log.halt()
        alarm("log_key_gone", {"stands": ",".join(sorted(standing))})
