"""
Where trust starts: the officers and the log's origin are pinned in a file outside the database, and the log is opened.

Done once. Interrupted at any point, the same command done again completes it; with other officers, or another origin,
it is refused.
"""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.keys import read_public_file
from agreements.trust import Officer, Trust, pin_trust
from audit.change import append_change
from audit.checkpoint import Checkpoint, CheckpointSigner
from audit.signing import sign_head
from gateway.errors import GatewayError
from gateway.kept import KeptCheckpoint
from gateway.keys import GatewayKeys
from gateway.migrations.upgrade import upgrade
from gateway.services.opening import opening
from gateway.store.database import engine_for
from gateway.store.session import connect
from gateway.store.tables import installation


class AlreadyInstalled(GatewayError):
    """Trust has started already, and it starts once."""

    code = "already_installed"
    remedy = (
        "Officers are added by documents that an officer signs; a second log needs another database and PACTGATE_HOME."
    )


@dataclass(frozen=True, slots=True)
class Installation:
    """A log that was opened: its trust, and the checkpoint over entry 0."""

    trust: Trust
    demo: bool
    checkpoint: Checkpoint


def read_officer(name: str, public_key: bytes) -> Officer:
    """Return an officer from a name and the content of a public key file (PEM or JWK). Raises `BadKey`."""
    return Officer(name, read_public_file(public_key))


async def install(
    owner_url: str,
    loader_url: str,
    trust_file: Path,
    keys: GatewayKeys,
    officers: tuple[Officer, ...],
    *,
    origin: str,
    demo: bool,
    checkpoint_file: Path | None = None,
) -> Installation:
    """
    Migrate the database, pin `officers` and `origin` in `trust_file`, and write entry 0.

    The first checkpoint is kept in `checkpoint_file`. If one is there already, this log was opened before, and its
    database is gone: it is restored, not opened again.

    Raises `BadTrust` (one officer, or one key, named twice), `AlreadyInstalled`, and the store's errors.
    """
    signer = CheckpointSigner(origin, keys.checkpoint)
    # (1): two different people with two different keys, judged before anything is written.
    trust = pin_trust(origin, officers, signer.vkey)
    kept = None if checkpoint_file is None else KeptCheckpoint(checkpoint_file, signer.verifier)
    if kept is not None and kept.read() is not None:
        raise AlreadyInstalled(
            f"{checkpoint_file} holds a checkpoint of this log: it was opened before.",
            remedy="Restore its database with `pactgate restore`; a second log needs another PACTGATE_HOME.",
        )
    await upgrade(owner_url)
    # (2): the file first. If we die here, trust is pinned and nothing was logged: the same command goes on from here.
    _pin(trust, trust_file)
    # (3): the installation and entry 0 in one transaction.
    await _open_log(loader_url, trust, demo=demo)
    # (4): the first checkpoint, after the commit. If we die before, the next start signs it.
    async with connect(loader_url) as connection:
        checkpoint = await sign_head(connection, signer)
    if kept is not None:
        kept.keep(checkpoint)
    return Installation(trust, demo, checkpoint)


async def _open_log(loader_url: str, trust: Trust, *, demo: bool) -> None:
    engine = engine_for(loader_url)
    try:
        async with engine.begin() as connection:
            now = await _now(connection)
            row = {"origin": trust.origin, "demo": demo, "initialised_at": now}
            await connection.execute(insert(installation).values(row))
            await append_change(connection, opening(trust, now, demo=demo))
    except IntegrityError:
        raise AlreadyInstalled("The log of this database is open already.") from None
    finally:
        await engine.dispose()


async def _now(connection: AsyncConnection) -> datetime:
    now = (await connection.execute(select(text("gateway.clock()")))).scalar_one()
    assert isinstance(now, datetime)
    return now


def _pin(trust: Trust, file: Path) -> None:
    """Write the trust file, whole or not at all. Raises `AlreadyInstalled` if another trust is pinned there."""
    making = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        if not file.exists():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as writing:
                writing.write(trust.canonical)
                writing.flush()
                os.fsync(writing.fileno())
            with suppress(FileExistsError):
                file.hardlink_to(making)  # never replaces a file that is there
        pinned = file.read_bytes()
    except OSError as error:
        raise GatewayError(
            f"Trust cannot be pinned in {file}: {error.strerror}.",
            remedy="Set PACTGATE_TRUST to a file this account may write.",
        ) from None
    finally:
        with suppress(OSError):
            making.unlink()
    if pinned != trust.canonical:
        raise AlreadyInstalled(f"{file} pins other officers or another log.")
