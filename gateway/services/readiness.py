"""What must hold before the gateway answers anybody. Each step refuses with the sentence that mends it."""

from urllib.parse import urlsplit

import asyncpg

from agreements.trust import Trust
from gateway.addresses import is_loopback
from gateway.errors import SettingsError
from gateway.kept import KeptCheckpoint
from gateway.keys import GatewayKeys
from gateway.services.continuity import require_continued
from gateway.services.logkeys import log_keys_in
from gateway.services.opening import FIRST_LEAF, require_unchanged
from gateway.services.recovered import require_recovered
from gateway.services.wrapping import require_wrapping_keys
from gateway.store.database import engine_for
from gateway.store.errors import SchemaMismatch
from gateway.store.roles import Role, require_durable, require_modest_login, require_primary, require_views_only
from gateway.store.session import connect

_INSTALLATION = "SELECT origin, demo FROM gateway.installation"


async def require_ready(
    url: str, *, public_url: str, keys: GatewayKeys, trust: Trust, kept: KeptCheckpoint | None = None
) -> None:
    """
    Check database, trust, keys and the kept checkpoint against each other before the first request.

    Raises `LoginRefused`, `DurabilityOff`, `StandbyRefused`, `SchemaMismatch`, `OtherInstallation`,
    `InstallationChanged`, `WrappingKeyMissing`, `SettingsError`, `LogSetBack`, `KeptCheckpointUnusable`, and what
    `connect` raises.
    """
    async with connect(url) as connection:
        # (1): this login can do what serving needs and nothing more: not superuser, not owner, no way past a policy.
        await require_modest_login(connection, Role.APP)
        await require_views_only(connection)
        # (2): a committed entry survives a crash, or it proves nothing.
        await require_durable(connection)
        await require_primary(connection)
        # (3): the log was opened, by the officers we know, and it is this log.
        origin, demo = await _installation(connection)
        require_unchanged(await connection.fetchval(FIRST_LEAF), trust.before(0), origin=origin, demo=demo)
        await _require_recovered(url, trust)
        # (4): we hold a key that was pinned or introduced and is not retired; with another we would sign another log.
        known = await log_keys_in(connection, trust)
        known.signer(keys)
        # (5): every key that may wrap a student's link is here, or nothing about that student could be put on record.
        await require_wrapping_keys(connection, keys.subject)
        # (6): fictional students, shifted clocks and demo credentials never face the world.
        if demo and not is_loopback(urlsplit(public_url).hostname or ""):
            raise SettingsError(
                "This database is marked as a demo, for good, and a demo is not served on a public address.",
                remedy="Serve it on a loopback PACTGATE_PUBLIC_URL, or run `pactgate init` on a database of its own.",
            )
        # (7): the log goes on from what was kept outside the database.
        if kept is not None:
            kept.require_writable()
            await require_continued(connection, known.judging(kept))


async def _require_recovered(url: str, trust: Trust) -> None:
    engine = engine_for(url)
    try:
        async with engine.connect() as connection:
            await require_recovered(connection, trust)
    finally:
        await engine.dispose()


async def _installation(connection: asyncpg.Connection) -> tuple[str, bool]:
    try:
        row = await connection.fetchrow(_INSTALLATION)
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError, asyncpg.InsufficientPrivilegeError):
        row = None
    if row is None:
        raise SchemaMismatch("The log of this database was never opened.", remedy="Run `pactgate init` first.")
    return row["origin"], row["demo"]
