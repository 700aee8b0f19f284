"""The district's office: what its officers and stewards do to one installation, as the loader role."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from agreements.trust import Trust
from gateway.kept import KeptCheckpoint
from gateway.services.admissions import Admissions
from gateway.services.compatibility.secrets import ClientSecrets
from gateway.services.continuity import keep_signed, require_continued
from gateway.services.filing import Desk
from gateway.services.logkeys import log_keys_in
from gateway.services.onboarding import Onboarding
from gateway.services.opening import require_opened
from gateway.services.standing.registry import Alarm
from gateway.services.suspensions import Suspensions
from gateway.store.database import engine_for
from gateway.store.roles import require_primary
from gateway.store.session import connect


@dataclass(frozen=True, slots=True)
class Office:
    """One installation, open for administration."""

    engine: AsyncEngine
    trust: Trust
    desk: Desk
    onboarding: Onboarding
    admissions: Admissions
    suspensions: Suspensions
    secrets: ClientSecrets


@asynccontextmanager
async def open_office(
    url: str, trust: Trust, alarm: Alarm, kept: KeptCheckpoint | None = None, *, remembers: bool = False
) -> AsyncIterator[Office]:
    """
    Open the installation at `url` and check that it is the one `trust` is pinned for, and goes on from what was `kept`.

    For pages it `remembers` what is in force as long as nothing of it changed (`Desk`).

    Raises the store's errors, `SchemaMismatch` before `pactgate init`, `OtherInstallation` for another log's database,
    `InstallationChanged` if either is not what entry 0 says, `LogSetBack`, `KeptCheckpointUnusable`.
    """
    engine = engine_for(url)
    try:
        async with engine.connect() as connection:
            await require_opened(connection, trust)
        if kept is not None:
            await _require_continued(url, trust, kept)
        desk = Desk(engine, trust, alarm, remembers=remembers)
        yield Office(engine, trust, desk, Onboarding(desk), Admissions(desk), Suspensions(desk), ClientSecrets(desk))
    finally:
        await engine.dispose()


async def _require_continued(url: str, trust: Trust, kept: KeptCheckpoint) -> None:
    async with connect(url) as connection:
        await require_primary(connection)
        known = await log_keys_in(connection, trust)
        standing = known.judging(kept)
        await keep_signed(connection, standing, known.verifier, await require_continued(connection, standing))
