"""
A database from a backup: in one transaction, checked before it stands, without whom it must not know any more.

The schema is made by the migrations up to the backup's own revision, filled, and brought up to date: rights, triggers
and functions are never those of a copy.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.register import load_register
from agreements.trust import Trust
from audit.errors import LogDamaged
from audit.reading import require_sound_head
from audit.recheck import recheck_here
from gateway.erased import ErasedLinks
from gateway.kept import KeptCheckpoint
from gateway.migrations.upgrade import known_revisions, upgrade_here
from gateway.services.backups.manifest import BackupRefused, Manifest, read_manifest, require_whole
from gateway.services.continuity import require_continued
from gateway.services.erasures import links_on_file
from gateway.services.errors import LogSetBack
from gateway.services.forgetting import erase_again
from gateway.services.logkeys import log_keys_in
from gateway.services.opening import require_opened
from gateway.store.copies import SCHEMAS, continue_identities, copy_in, tables
from gateway.store.database import engine_for
from gateway.store.session import connect
from gateway.wrapping_keys import WrappingKeys

_THERE: Final = text("SELECT count(*) FROM pg_namespace WHERE nspname = ANY (:schemas)")
_UNHURRIED: Final = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0"


@dataclass(frozen=True, slots=True)
class Outside:
    """What is kept outside the database, and a copy of it is judged by."""

    trust: Trust
    kept: KeptCheckpoint
    erased: ErasedLinks
    subject_key: WrappingKeys = field(repr=False)


@dataclass(frozen=True, slots=True)
class Restored:
    """
    What was restored. `erased` are students whom the copy still knew, `rechecked` whether all entries were recomputed.

    `set_back` says why the log does not continue what was kept outside; None if it does, or nothing was kept.
    """

    manifest: Manifest
    erased: int
    rechecked: bool
    set_back: str | None


async def restore(
    owner_url: str, folder: Path, outside: Outside, *, verify: bool, digest: str | None = None
) -> Restored:
    """
    Fill the empty database at `owner_url` from a backup.

    `digest` is what `pactgate backup` said; with it an exchanged backup is refused. With `verify` every entry is
    recomputed. A log that was set back is restored all the same, for reading: `serve` refuses it.

    Raises `BackupRefused`, `OtherInstallation`, `InstallationChanged`, `LogDamaged`, `WrappingKeyMissing`; the
    database is empty then.
    """
    # (1): the backup is whole, the one that was meant, and of a release we know.
    manifest = read_manifest(folder)
    if digest not in {None, manifest.digest}:
        raise BackupRefused(f"{folder} is another backup than {digest}.", remedy="Use the copy that belongs to it.")
    require_whole(folder, manifest)
    if manifest.revision not in known_revisions():
        raise BackupRefused(
            f"{folder} has the schema {manifest.revision}, which this release does not know.",
            remedy="Restore it with the release that made it, or a newer one.",
        )
    engine = engine_for(owner_url)
    try:
        # (2): in one transaction. If we die in it, the database is as empty as before.
        async with engine.begin() as connection:
            if await connection.scalar(_THERE, {"schemas": list(SCHEMAS)}):
                raise BackupRefused(
                    "The database is not empty.",
                    remedy="Restore into a new one: name it in the PACTGATE_*_URL settings and run `pactgate db roles`,"
                    " or set PACTGATE_POSTGRES to a new folder.",
                )
            await upgrade_here(connection, manifest.revision)
            session = (await connection.get_raw_connection()).driver_connection
            assert session is not None
            await _fill(session, folder, manifest)
            await upgrade_here(connection, "head")
            await session.execute(_UNHURRIED)
            # (3): it is our log, and it is what the backup says it is.
            await _require_log(connection, session, manifest, outside.trust, verify=verify)
            # (4): whom two officers erased is erased in this copy too.
            links = outside.erased.read() | links_on_file(await load_register(connection))
            forgotten = await erase_again(session, links, outside.subject_key)
    finally:
        await engine.dispose()
    # (5): whether it continues what was kept outside is said, not refused: people must be able to look at it.
    return Restored(manifest, forgotten, verify, await _set_back(owner_url, outside))


async def _fill(session: asyncpg.Connection, folder: Path, manifest: Manifest) -> None:
    await session.execute(_UNHURRIED)
    parts = {part.table: part for part in manifest.parts}
    found = await tables(session)
    if set(found) != set(parts):
        raise BackupRefused("The backup has other tables than its schema.", remedy="Use another copy.")
    for table in found:
        part = parts[table]
        try:
            rows = await copy_in(session, table, folder / part.file)
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, OSError, EOFError) as error:
            # Without the cause: PostgreSQL's own words quote the row.
            raise BackupRefused(
                f"The rows of {table.schema}.{table.name} do not fit: {type(error).__name__}.",
                remedy="Use another copy.",
            ) from None
        if rows != part.copied.rows:
            raise BackupRefused(f"{part.file} has {rows} rows, not {part.copied.rows}.", remedy="Use another copy.")
    await continue_identities(session)


async def _require_log(
    connection: AsyncConnection, session: asyncpg.Connection, manifest: Manifest, trust: Trust, *, verify: bool
) -> None:
    await require_opened(connection, trust)
    edge = await require_sound_head(session)
    if (edge.size, edge.head()) != (manifest.size, manifest.tree_head):
        raise LogDamaged(f"the backup holds {edge.size} entries and says {manifest.size}, or another tree head")
    if verify:
        await recheck_here(session, (await log_keys_in(session, trust)).verifier)


async def _set_back(owner_url: str, outside: Outside) -> str | None:
    async with connect(owner_url) as session:
        known = await log_keys_in(session, outside.trust)
        try:
            await require_continued(session, known.judging(outside.kept))
        except LogSetBack as error:
            return str(error)
    return None
