"""
Making a backup: every row as of one moment, in a folder that is there whole or not at all.

It holds student records in the clear, in files that only this account may read. It holds no key: without the subject
key, which is kept elsewhere, its log links nobody.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from sqlalchemy import text

from agreements.register import load_register
from agreements.trust import Trust
from audit.reading import require_sound_head
from gateway.durable import sync_folder
from gateway.erased import ErasedLinks
from gateway.services.backups.manifest import MANIFEST, BackupRefused, Manifest, Part
from gateway.services.erasures import links_on_file
from gateway.services.errors import NothingSigned
from gateway.services.inspection import newest_signed
from gateway.services.logkeys import log_keys_in
from gateway.services.opening import require_opened
from gateway.store.copies import copy_out, tables
from gateway.store.database import engine_for

_ABOUT: Final = text("SELECT (SELECT version_num FROM gateway.alembic_version) AS revision, gateway.clock() AS now")


async def back_up(owner_url: str, folder: Path, trust: Trust, erased: ErasedLinks) -> Manifest:
    """
    Write a backup of the database to a new folder; return its manifest.

    A gateway may serve meanwhile: the backup is one snapshot. Raises `BackupRefused` if the folder is there or cannot
    be written, `LogDamaged` for a log that does not hold, and the store's errors. Refused, it leaves nothing.
    """
    with _whole(folder) as making:
        return await _write(owner_url, making, trust, erased)


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """Yield a hidden folder that becomes `folder` at the end of the block, all on disk, or is gone."""
    if folder.exists():
        raise BackupRefused(f"{folder} is there already.", remedy="Name a folder that does not exist yet.")
    making = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        making.mkdir(mode=0o700)
        yield making
        # Everything is on disk before the name is: a folder without the dot is a whole backup.
        for file in making.iterdir():
            _sync(file)
        sync_folder(making)
        making.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise BackupRefused(
            f"{folder} cannot be written: {error.strerror}.", remedy="Name a folder on a disk with room."
        ) from None
    finally:
        with suppress(OSError):
            shutil.rmtree(making)


async def _write(owner_url: str, making: Path, trust: Trust, erased: ErasedLinks) -> Manifest:
    engine = engine_for(owner_url)
    try:
        snapshot = engine.execution_options(isolation_level="REPEATABLE READ")
        async with snapshot.connect() as connection:
            # (1): it is our log, and its head holds.
            await require_opened(connection, trust)
            about = (await connection.execute(_ABOUT)).one()
            session = (await connection.get_raw_connection()).driver_connection
            assert session is not None
            edge = await require_sound_head(session)
            # (2): what was erased stays erased in whatever is restored from now on.
            erased.add(links_on_file(await load_register(connection)))
            # (3): all rows of the same moment.
            parts = []
            for table in await tables(session):
                part = Part(table, await copy_out(session, table, making / f"{table.schema}.{table.name}.copy.gz"))
                parts.append(part)
            note = None
            with suppress(NothingSigned):
                note = (await newest_signed(session, (await log_keys_in(session, trust)).verifier)).note
        manifest = Manifest(
            about.now.isoformat(), about.revision, trust.origin, edge.size, edge.head(), note, tuple(parts)
        )
        # (4): the manifest last: without it the folder is no backup.
        (making / MANIFEST).write_bytes(manifest.canonical)
    finally:
        await engine.dispose()
    return manifest


def _sync(file: Path) -> None:
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
