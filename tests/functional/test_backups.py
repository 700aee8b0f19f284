"""A backup is whole or not there; what is restored is checked, has the migrations' guards, and forgets whom it must."""

import asyncio
import gzip
import json
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from audit.errors import LogDamaged
from gateway.erased import ErasedLinks
from gateway.errors import WrappingKeyMissing
from gateway.kept import KeptCheckpoint
from gateway.keys import load_keys
from gateway.migrations.upgrade import require_same_tables
from gateway.services.backups.making import back_up
from gateway.services.backups.manifest import BackupRefused, Manifest, read_manifest
from gateway.services.backups.restoring import Outside, Restored, restore
from gateway.services.errors import LogSetBack, OtherInstallation
from gateway.services.forgetting import erase_again
from gateway.services.rewrapping import Rewrapping
from gateway.store.catalogue import read_catalogue
from gateway.store.copies import copy_in, copy_out, digest_of_file
from gateway.wrapping_keys import FIRST, add_wrapping_key, destroy_wrapping_key
from tests.factories.cohort import TUTORING
from tests.factories.database import TestDatabase
from tests.factories.gateway import Gateway
from tests.factories.installation import TestInstallation

_numbers = count(1)
SCHEMAS = "SELECT count(*) FROM pg_namespace WHERE nspname IN ('agreements', 'audit', 'records', 'gateway')"


class Vault:
    """A gateway with some history, the place of its backups, and new databases to restore into."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.erased = ErasedLinks(gateway.home / "erasures")
        self.made: list[TestDatabase] = []

    @property
    def outside(self) -> Outside:
        made = self.gateway.deployment
        return Outside(made.trust, self.gateway.kept, self.erased, made.keys.subject)

    async def see(self, times: int = 3) -> None:
        for _ in range(times):
            assert (await self.gateway.get(TUTORING, "/v1/students?limit=2")).status_code == 200

    async def back_up(self, name: str = "backup") -> tuple[Path, Manifest]:
        folder = self.gateway.home / name
        url = self.gateway.database.url("owner")
        return folder, await back_up(url, folder, self.gateway.deployment.trust, self.erased)

    async def new(self) -> TestDatabase:
        server = self.gateway.deployment.server
        database = TestDatabase(server, f"restored_{next(_numbers)}_{os.getpid()}")
        await server.create(database.name, template=None)
        self.made.append(database)
        return database

    async def restore(
        self, folder: Path, database: TestDatabase | None = None, *, verify: bool = True, digest: str | None = None
    ) -> Restored:
        database = database or await self.new()
        return await restore(database.url("owner"), folder, self.outside, verify=verify, digest=digest)

    async def close(self) -> None:
        for database in self.made:
            await database.close()
            await database.server.drop(database.name)


@pytest.fixture
async def vault(gateway: Gateway) -> AsyncIterator[Vault]:
    opened = Vault(gateway)
    await opened.see()
    yield opened
    await opened.close()


async def nothing_restored(database: TestDatabase) -> None:
    owner = await database.connection("owner")
    assert await owner.fetchval(SCHEMAS) == 0


async def everything(database: TestDatabase) -> dict[str, list[str]]:
    """Return every row of every table, as text."""
    owner = await database.connection("owner")
    found = {}
    names = await owner.fetch(
        "SELECT schemaname || '.' || tablename FROM pg_tables"
        " WHERE schemaname IN ('agreements', 'audit', 'records', 'gateway') ORDER BY 1"
    )
    for (name,) in names:
        rows = await owner.fetch(f"SELECT t::text AS row FROM {name} t ORDER BY 1")  # noqa: S608 - from the catalogue
        found[name] = [row["row"] for row in rows]
    return found


async def test_a_changed_or_missing_part_is_refused_before_anything_is_restored(vault: Vault) -> None:
    folder, manifest = await vault.back_up()
    database = await vault.new()
    part = folder / "records.student.copy.gz"
    content = part.read_bytes()
    for change in (
        lambda: part.write_bytes(content[:-1] + bytes([content[-1] ^ 1])),
        part.unlink,
        lambda: part.write_bytes(gzip.compress(b"")),
        # As many rows, of another content: nothing but the digest tells.
        lambda: part.write_bytes(gzip.compress(gzip.decompress(content).replace(b"Gulnarabek", b"Gulnaradek"))),
    ):
        change()
        with pytest.raises(BackupRefused, match="student"):
            await vault.restore(folder, database)
        part.write_bytes(content)
    for changed in (b"", b"{}", manifest.canonical.replace(b'"rows"', b'"lines"'), b"[" * 10):
        (folder / "manifest.json").write_bytes(changed)
        with pytest.raises(BackupRefused, match="manifest"):
            await vault.restore(folder, database)
    (folder / "manifest.json").unlink()
    with pytest.raises(BackupRefused, match="no manifest"):
        await vault.restore(folder, database)
    await nothing_restored(database)


async def test_a_backup_that_was_exchanged_is_refused_by_its_digest(vault: Vault) -> None:
    folder, manifest = await vault.back_up()
    # Whoever alters a part writes a manifest to match.
    part = folder / "agreements.status.copy.gz"
    part.write_bytes(gzip.compress(b""))
    parts = tuple(
        replace(each, copied=replace(each.copied, rows=0, digest=digest_of_file(part)))
        if each.table.name == "status" and each.table.schema == "agreements"
        else each
        for each in manifest.parts
    )
    (folder / "manifest.json").write_bytes(replace(manifest, parts=parts).canonical)
    database = await vault.new()
    with pytest.raises(BackupRefused, match="another backup"):
        await vault.restore(folder, database, digest=manifest.digest)
    await nothing_restored(database)


@pytest.mark.claim(5)
async def test_a_backup_whose_log_does_not_hold_restores_nothing(vault: Vault) -> None:
    folder, manifest = await vault.back_up()
    part = folder / "audit.checkpoint.copy.gz"
    rows = gzip.decompress(part.read_bytes()).splitlines(keepends=True)
    rows[2] = rows[2][:-3] + (b"00\n" if rows[2][-3:-1] != b"00" else b"11\n")
    part.write_bytes(gzip.compress(b"".join(rows)))
    parts = tuple(
        replace(each, copied=replace(each.copied, digest=digest_of_file(part))) if each.file == part.name else each
        for each in manifest.parts
    )
    (folder / "manifest.json").write_bytes(replace(manifest, parts=parts).canonical)
    database = await vault.new()
    with pytest.raises(LogDamaged, match="checkpoint of size 3"):
        await vault.restore(folder, database)
    await nothing_restored(database)
    # One that is whole and not what its manifest says is another backup.
    folder, manifest = await vault.back_up("second")
    (folder / "manifest.json").write_bytes(replace(manifest, size=manifest.size + 1).canonical)
    with pytest.raises(LogDamaged, match="and says"):
        await vault.restore(folder, database, verify=False)
    await nothing_restored(database)


async def test_a_database_with_anything_in_it_is_refused(vault: Vault) -> None:
    folder, _ = await vault.back_up()
    await vault.gateway.export(vault.gateway.home / "signed")  # now, and not while it is compared
    before = await everything(vault.gateway.database)
    with pytest.raises(BackupRefused, match="not empty") as refused:
        await vault.restore(folder, vault.gateway.database)
    assert "new one" in refused.value.remedy
    assert await everything(vault.gateway.database) == before


async def test_a_backup_of_another_log_or_of_a_newer_release_is_refused(
    vault: Vault, installed: TestInstallation
) -> None:
    folder, manifest = await vault.back_up()
    database = await vault.new()
    stranger = replace(vault.outside, trust=replace(installed.trust, origin="other.example/log"))
    with pytest.raises(OtherInstallation):
        await restore(database.url("owner"), folder, stranger, verify=False)
    (folder / "manifest.json").write_bytes(replace(manifest, revision="9999").canonical)
    with pytest.raises(BackupRefused, match="this release does not know"):
        await vault.restore(folder, database)
    await nothing_restored(database)


async def test_a_folder_that_is_there_or_cannot_be_written_is_refused(vault: Vault) -> None:
    folder, _ = await vault.back_up()
    before = sorted(each.name for each in folder.iterdir())
    with pytest.raises(BackupRefused, match="already"):
        await vault.back_up()
    assert sorted(each.name for each in folder.iterdir()) == before
    with pytest.raises(BackupRefused, match="cannot be written"):
        await vault.back_up("nowhere/backup")


async def test_what_is_restored_is_every_row_under_the_migrations_own_guards(vault: Vault) -> None:
    await vault.gateway.close()  # it signs a moment after each commit
    folder, manifest = await vault.back_up()
    before = await everything(vault.gateway.database)
    database = await vault.new()
    done = await vault.restore(folder, database, digest=manifest.digest)
    assert (done.erased, done.rechecked, done.set_back) == (0, True, None)
    assert await everything(database) == before
    await require_same_tables(database.url("owner"))
    owner, original = await database.connection("owner"), await vault.gateway.database.connection("owner")
    assert await read_catalogue(owner) == await read_catalogue(original)
    # Only this account can read it, and it is all there is.
    assert folder.stat().st_mode & 0o077 == 0
    assert {each.name for each in folder.iterdir()} == {part.file for part in manifest.parts} | {"manifest.json"}
    assert read_manifest(folder) == manifest
    # It goes on where the original stood: served, loaded into, written to.
    gateway = Gateway(vault.gateway.deployment, database, vault.gateway.home)
    await gateway.serve()
    assert (await gateway.get(TUTORING, "/v1/students?limit=2")).status_code == 200
    await gateway.close()
    await gateway.verify()
    assert await owner.fetchval(
        "INSERT INTO records.batch (kind, source, digest, rows, prepared_at)"
        " VALUES ('k', 's', sha256(''), 0, now()) RETURNING id"
    ) == 1 + await original.fetchval("SELECT max(id) FROM records.batch")


@pytest.mark.claim(5)
async def test_an_old_backup_is_restored_for_reading_and_not_served(vault: Vault) -> None:
    folder, manifest = await vault.back_up()
    await vault.see()
    await vault.gateway.close()
    kept = vault.gateway.kept.read()
    assert kept is not None
    assert kept.size > manifest.size
    database = await vault.new()
    done = await vault.restore(folder, database)
    assert done.set_back is not None
    assert f"had {kept.size}" in done.set_back
    auditor = await database.connection("auditor")
    assert await auditor.fetchval("SELECT size FROM audit.head") == manifest.size
    with pytest.raises(LogSetBack):
        await Gateway(vault.gateway.deployment, database, vault.gateway.home).serve()


async def test_a_restored_copy_knows_nobody_whom_two_officers_erased(vault: Vault) -> None:
    folder, _ = await vault.back_up()
    owner = await vault.gateway.database.connection("owner")
    link = await owner.fetchval("SELECT sealed FROM records.subject ORDER BY 1 LIMIT 1")
    vault.erased.add([link])
    database = await vault.new()
    assert (await vault.restore(folder, database)).erased == 1
    restored = await database.connection("owner")
    assert await restored.fetchval("SELECT count(*) FROM records.subject WHERE sealed = $1", link) == 0
    assert await restored.fetchval("SELECT count(*) FROM records.subject") > 0


async def test_a_backup_of_a_busy_gateway_is_one_moment(vault: Vault) -> None:
    busy = asyncio.create_task(vault.see(20))
    folder, manifest = await vault.back_up()
    await busy
    assert manifest.size < await vault.gateway.size()
    done = await vault.restore(folder)
    assert done.rechecked


async def test_a_backup_that_dies_leaves_no_folder(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    for dies_at in (0, 7, 100):
        with monkeypatch.context() as patched:
            patched.setattr("gateway.services.backups.making.copy_out", dying(copy_out, dies_at, OSError(5, "broken")))
            patched.setattr("gateway.services.backups.making.sync_folder", full)
            with pytest.raises(BackupRefused, match="cannot be written"):
                await vault.back_up()
        assert {each.name for each in vault.gateway.home.iterdir()} <= {"checkpoint", "checkpoint.edge", "erasures"}
    folder, _ = await vault.back_up()
    assert read_manifest(folder).parts


async def test_a_restore_that_dies_leaves_the_database_empty(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _ = await vault.back_up()
    database = await vault.new()
    for dies_at in (0, 20, 100):
        with monkeypatch.context() as patched:
            patched.setattr("gateway.services.backups.restoring.copy_in", dying(copy_in, dies_at, KeyboardInterrupt()))
            patched.setattr(
                "gateway.services.backups.restoring.erase_again", dying(erase_again, 0, KeyboardInterrupt())
            )
            with pytest.raises(KeyboardInterrupt):
                await vault.restore(folder, database)
        await nothing_restored(database)
    assert (await vault.restore(folder, database)).rechecked


def dying(whole: Callable[..., Awaitable[Any]], times: int, death: BaseException) -> Callable[..., Awaitable[Any]]:
    """Return what does as `whole` does so many times, and then dies."""
    done = 0

    async def act(*given: object) -> object:
        nonlocal done
        done += 1
        if done > times:
            raise death
        return await whole(*given)

    return act


async def test_a_copy_on_a_machine_that_kept_nothing_is_said_to_continue(vault: Vault) -> None:
    folder, manifest = await vault.back_up()
    nothing = KeptCheckpoint(vault.gateway.home / "elsewhere", vault.gateway.kept.verifier)
    database = await vault.new()
    done = await restore(database.url("owner"), folder, replace(vault.outside, kept=nothing), verify=False)
    assert (done.set_back, done.rechecked, done.manifest) == (None, False, manifest)
    assert json.loads((folder / "manifest.json").read_text())["log"]["checkpoint"] == manifest.checkpoint


@pytest.mark.ferpa("N3")
async def test_a_backup_from_before_the_key_of_links_was_exchanged_takes_the_old_key(
    vault: Vault, tmp_path: Path
) -> None:
    gateway, home = vault.gateway, tmp_path / "keys"
    shutil.copytree(gateway.deployment.home / "keys", home)
    before, _ = await vault.back_up("before")
    add_wrapping_key(home)
    both = load_keys(home).subject
    work = Rewrapping((await gateway.office()).engine, both)
    await work.rewrap()
    await work.retire("first")
    destroy_wrapping_key(home, FIRST)
    after, _ = await vault.back_up("after")
    new = replace(vault.outside, subject_key=load_keys(home).subject)
    database = await vault.new()
    with pytest.raises(WrappingKeyMissing) as refused:
        await restore(database.url("owner"), before, new, verify=False)
    assert "kept apart" in refused.value.remedy
    await nothing_restored(database)
    await restore(database.url("owner"), before, replace(new, subject_key=both), verify=False)
    links = "SELECT sealed FROM records.subject"
    owner = await database.connection("owner")
    assert {len(row["sealed"]) for row in await owner.fetch(links)} == {16}
    # One from after it takes the new key alone.
    again = await vault.new()
    await restore(again.url("owner"), after, new, verify=False)
    assert {len(row["sealed"]) for row in await (await again.connection("owner")).fetch(links)} == {24}
