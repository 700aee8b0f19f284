"""A database of any earlier schema comes up to date with its log whole; a newer one, and one in use, are left alone."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command

from agreements.keys import SigningKey
from agreements.trust import Officer, pin_trust
from audit.change import append_change
from audit.checkpoint import CheckpointSigner
from audit.entry import encode
from audit.events import Event
from audit.recheck import recheck
from audit.signing import sign_head
from gateway.erased import ErasedLinks
from gateway.kept import KeptCheckpoint
from gateway.keys import create_keys
from gateway.migrations.upgrade import _run, known_revisions, require_same_tables, upgrade
from gateway.services.backups.making import back_up
from gateway.services.backups.restoring import Outside, restore
from gateway.services.container import open_services
from gateway.services.installation import _open_log
from gateway.store.catalogue import read_catalogue
from gateway.store.errors import SchemaMismatch
from tests.factories.command_line import CommandLine
from tests.factories.database import TestDatabase
from tests.factories.installation import OFFICERS, ORIGIN

_ALL = sorted(known_revisions())
EARLIER = (_ALL[0], _ALL[-2])
"""The oldest and the newest of the earlier ones: every step between them runs too."""


@pytest.mark.claim(5)
async def test_a_database_of_an_earlier_schema_keeps_its_log(
    empty_database: TestDatabase, database: TestDatabase, tmp_path: Path
) -> None:
    keys = create_keys(tmp_path / "keys")
    signer = CheckpointSigner(ORIGIN, keys.checkpoint)
    officers = tuple(Officer(name, SigningKey.generate("Ed25519").public) for name in OFFICERS)
    trust = pin_trust(ORIGIN, officers, signer.vkey)
    url, owner = empty_database.url("owner"), await empty_database.connection("owner")
    fresh = await read_catalogue(await database.connection("owner"))
    for revision in EARLIER:
        # What the release of this schema left behind: an opened log with some history, signed and kept.
        await owner.execute("DROP SCHEMA IF EXISTS agreements, audit, records, gateway CASCADE")
        await _run(url, lambda config, to=revision: command.upgrade(config, to))  # type: ignore[misc] # bound
        await _open_log(empty_database.url("loader"), trust, demo=True)
        engine = await empty_database.engine("loader")
        for number in range(3):
            async with engine.begin() as connection:
                await append_change(connection, encode(Event.LOG_CHECKED, datetime.now(UTC), {"number": number}))
        kept = KeptCheckpoint(tmp_path / f"checkpoint-{revision}", signer.verifier)
        kept.keep(await sign_head(await empty_database.pool("loader"), signer))
        await engine.dispose()
        folder, erased = tmp_path / f"backup-{revision}", ErasedLinks(tmp_path / "erasures")
        made = await back_up(url, folder, trust, erased)
        assert made.revision == revision
        # After the upgrade it is what the migrations make, and its log is the one that was kept.
        await upgrade(url)
        await require_same_tables(url)
        assert await read_catalogue(owner) == fresh
        assert (await recheck(owner, signer.verifier)).size == 4
        # So does a backup of that release, restored by this one.
        await owner.execute("DROP SCHEMA agreements, audit, records, gateway CASCADE")
        done = await restore(url, folder, Outside(trust, kept, erased, keys.subject), verify=True)
        assert (done.set_back, done.manifest) == (None, made)
        assert await read_catalogue(owner) == fresh
        app = empty_database.url("app")
        async with open_services(app, keys, trust, readers=2, public_url="http://127.0.0.1", kept=kept):
            pass


async def test_a_database_of_a_newer_release_is_left_alone(database: TestDatabase) -> None:
    owner = await database.connection("owner")
    await owner.execute("UPDATE gateway.alembic_version SET version_num = '9999'")
    before = await read_catalogue(owner)
    with pytest.raises(SchemaMismatch, match="newer release") as refused:
        await upgrade(database.url("owner"))
    assert "restore a backup" in refused.value.remedy
    assert await read_catalogue(owner) == before


def test_a_database_that_is_served_is_not_upgraded(active: CommandLine) -> None:
    async def served() -> str:
        database = TestDatabase(active.server, active.database)
        await (await database.pool("app", size=1)).fetchval("SELECT 1")
        try:
            return await asyncio.to_thread(active.refused, "db", "upgrade")
        finally:
            await database.close()

    assert "Stop every `pactgate serve`" in asyncio.run(served())
    assert active.done("db", "upgrade") is None
