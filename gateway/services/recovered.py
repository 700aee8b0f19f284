"""
Whether a log went on under another origin only as two officers said it may, and as the trust file says it did.

INVARIANT: judged at every start, from the signed document on: whoever holds the database, the gateway's keys and the
trust file, and is no officer, cannot pass a rewritten log off as a recovered one.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.authority import Filed, Received
from agreements.canonical import digest_of
from agreements.documents.recovery import Recovery
from agreements.elements import load_catalogue
from agreements.errors import AgreementError
from agreements.irrevocable import verify_recovery
from agreements.register import StoredDocument
from agreements.signature import Kind
from agreements.trust import Followed, Trust
from audit.entry import parse
from audit.errors import LeafRefused
from audit.events import Event
from gateway.services.alarms import alarm
from gateway.services.errors import InstallationChanged
from gateway.services.standing.judging import Judging
from gateway.services.standing.registry import Read
from gateway.services.standing.remembered import Remembered
from gateway.services.standing.snapshot import RegistryReader

_RECOVERIES: Final = text(
    "SELECT 'sha256:' || encode(digest, 'hex') AS digest, idx FROM agreements.document"
    " WHERE kind = 'recovery' ORDER BY idx"
)
_ENTRY: Final = text("SELECT leaf FROM audit.entry WHERE idx = :index")
_HEAD: Final = text("SELECT tree_head FROM audit.checkpoint WHERE size = :size")


async def require_recovered(connection: AsyncConnection, trust: Trust) -> None:
    """
    Check that the log was recovered as often as `trust` says, each time by two officers and by the entry it names.

    Raises `InstallationChanged`.
    """
    found = [(row.digest, row.idx) for row in await connection.execute(_RECOVERIES)]
    # (1): the trust file and the database know of the same recoveries.
    if found != [(each.recovery, each.entry) for each in trust.follows]:
        raise InstallationChanged(
            "The log was recovered otherwise than the trust file says.",
            remedy="Where a recovery was just opened, run `pactgate recovery open` with its document again. Elsewhere,"
            " copy the trust file from the machine where it was opened.",
        )
    if not found:
        return
    reader = RegistryReader(trust, load_catalogue(), alarm)
    read = await reader.everything(connection, found[-1][1])
    for times, followed in enumerate(trust.follows, start=1):
        await _require_one(connection, read, trust.before(times), followed)


async def _require_one(connection: AsyncConnection, read: Read, trust: Trust, followed: Followed) -> None:
    """Check the recovery after which `trust` was pinned."""
    # (2): its entry is there, and names the document and the trust file that followed from it.
    written = await connection.scalar(_ENTRY, {"index": followed.entry})
    try:
        entry = None if written is None else parse(written)
    except LeafRefused:
        entry = None
    pinned = {"document": followed.recovery, "trust": digest_of(trust.canonical)}
    if (
        entry is None
        or entry.event != Event.LOG_RECOVERED
        or any(entry.body.get(name) != value for name, value in pinned.items())
    ):
        raise InstallationChanged("The trust file is not the one that the log's recovery pinned.")
    # (3): two officers in office signed it, judged by what stood before it.
    received = Received(followed.entry, datetime.fromisoformat(entry.time))
    stored = next(each for each in read.register.of(Kind.RECOVERY) if each.digest == followed.recovery)
    recovery = _verified(read, trust, stored, received)
    # (4): it says what the trust file says, and the log begins with what it says is left.
    head = await connection.scalar(_HEAD, {"size": followed.entry})
    says = (recovery.origin, recovery.log_public_key, recovery.old_origin, recovery.old_public_key)
    if (
        says != (trust.origin, trust.log_public_key, followed.origin, followed.log_public_key)
        or (recovery.kept.size, recovery.left.size) != (followed.kept, followed.entry)
        or head != recovery.left.tree_head
    ):
        raise InstallationChanged("The log was recovered otherwise than its two officers signed.")


def _verified(read: Read, trust: Trust, stored: StoredDocument, received: Received) -> Recovery:
    before = Judging(read.until(received.index - 1), trust, load_catalogue(), alarm, Remembered())
    try:
        return verify_recovery(Filed(stored.envelope, received), authority=before.authority).recovery
    except AgreementError as error:
        raise InstallationChanged(f"The recovery of the log does not hold: {error}") from None
