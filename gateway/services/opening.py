"""
Entry 0: what was pinned when the log was opened, and the check that nothing of it was exchanged since.

The trust file lies outside the database and entry 0 inside: whoever changes one of them is found by the other.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.canonical import digest_of
from agreements.trust import Trust
from audit.entry import leaf, parse
from audit.errors import LeafRefused
from audit.events import Event
from gateway.services.errors import InstallationChanged, OtherInstallation
from gateway.services.recovered import require_recovered
from gateway.store.errors import SchemaMismatch
from gateway.store.tables import installation

_THERE: Final = text("SELECT to_regclass('gateway.installation') IS NOT NULL")
FIRST_LEAF: Final = "SELECT leaf FROM audit.entry WHERE idx = 0"


def opening(trust: Trust, now: datetime, *, demo: bool) -> bytes:
    """Return the leaf of entry 0."""
    return leaf(
        Event.LOG_OPENED,
        now,
        origin=trust.origin,
        log_public_key=trust.log_public_key,
        officers=[officer.key.jwk for officer in trust.officers],
        trust=digest_of(trust.canonical),
        demo=demo,
    )


async def require_opened(connection: AsyncConnection, trust: Trust) -> None:
    """
    Check that the database's log was opened, and by what `trust` pins.

    Raises `SchemaMismatch` before `pactgate init`, `OtherInstallation`, `InstallationChanged`.
    """
    row = None
    if await connection.scalar(_THERE):
        row = (await connection.execute(select(installation.c.origin, installation.c.demo))).one_or_none()
    if row is None:
        raise SchemaMismatch("The log of this database was never opened.", remedy="Run `pactgate init` first.")
    written = await connection.scalar(text(FIRST_LEAF))
    require_unchanged(written, trust.before(0), origin=row.origin, demo=row.demo)
    await require_recovered(connection, trust)


def require_unchanged(written: bytes | None, trust: Trust, *, origin: str, demo: bool) -> None:
    """
    Check that `trust` is what entry 0 (`written`) says was pinned, and the database what it says was opened.

    `origin` and `demo` are what the database says of itself now. Raises `OtherInstallation`, `InstallationChanged`.
    """
    # (1): another log's database is a slip of the settings, and is said as one.
    if origin != trust.origin:
        raise OtherInstallation(f"The trust file pins the log {trust.origin}, and this database holds {origin}.")
    # (2): entry 0 is there and is an opening.
    try:
        entry = None if written is None else parse(written)
    except LeafRefused:
        entry = None
    if entry is None or entry.event != Event.LOG_OPENED:
        raise InstallationChanged("Entry 0 of the log does not say how the log was opened.")
    # (3): the officers, the origin and the log's key are those of that day, to the byte.
    if entry.body.get("trust") != digest_of(trust.canonical):
        raise InstallationChanged("The trust file is not the one that was pinned when the log was opened.")
    # (4): so is the mark: a demo never becomes real, nor the other way round.
    if entry.body.get("demo") is not demo:
        raise InstallationChanged("The database's mark as a demo is not what it was when the log was opened.")
