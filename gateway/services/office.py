"""The district's office: what its officers and stewards do to one installation, as the loader role."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from agreements.trust import Trust
from audit.checkpoint import CheckpointVerifier
from gateway.kept import KeptCheckpoint
from gateway.services.admissions import Admissions
from gateway.services.continuity import keep_signed, require_continued
from gateway.services.filing import Desk
from gateway.services.onboarding import Onboarding
from gateway.services.opening import FIRST_LEAF, require_unchanged
from gateway.services.standing.registry import Alarm
from gateway.services.suspensions import Suspensions
from gateway.store.database import engine_for
from gateway.store.errors import SchemaMismatch
from gateway.store.roles import require_primary
from gateway.store.session import connect
from gateway.store.tables import installation

_THERE = text("SELECT to_regclass('gateway.installation') IS NOT NULL")


@dataclass(frozen=True, slots=True)
class Office:
    """One installation, open for administration."""

    engine: AsyncEngine
    trust: Trust
    desk: Desk
    onboarding: Onboarding
    admissions: Admissions
    suspensions: Suspensions


@asynccontextmanager
async def open_office(
    url: str, trust: Trust, alarm: Alarm, kept: KeptCheckpoint | None = None
) -> AsyncIterator[Office]:
    """
    Open the installation at `url` and check that it is the one `trust` is pinned for, and goes on from what was `kept`.

    Raises the store's errors, `SchemaMismatch` before `pactgate init`, `OtherInstallation` for another log's database,
    `InstallationChanged` if either is not what entry 0 says, `LogSetBack`, `KeptCheckpointUnusable`.
    """
    engine = engine_for(url)
    try:
        await _require_same_log(engine, trust)
        if kept is not None:
            await _require_continued(url, trust, kept)
        desk = Desk(engine, trust, alarm)
        yield Office(engine, trust, desk, Onboarding(desk), Admissions(desk), Suspensions(desk))
    finally:
        await engine.dispose()


async def _require_continued(url: str, trust: Trust, kept: KeptCheckpoint) -> None:
    async with connect(url) as connection:
        await require_primary(connection)
        found = await require_continued(connection, kept)
        await keep_signed(connection, kept, CheckpointVerifier.parse(trust.log_public_key), found)


async def _require_same_log(engine: AsyncEngine, trust: Trust) -> None:
    async with engine.connect() as connection:
        row = None
        if await connection.scalar(_THERE):
            row = (await connection.execute(select(installation.c.origin, installation.c.demo))).one_or_none()
        if row is None:
            raise SchemaMismatch("The log of this database was never opened.", remedy="Run `pactgate init` first.")
        written = await connection.scalar(text(FIRST_LEAF))
    require_unchanged(written, trust, origin=row.origin, demo=row.demo)
