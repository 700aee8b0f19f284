"""Where trust starts: two officers, one log, once."""

import json
from pathlib import Path

import pytest

from agreements.canonical import digest_of
from agreements.errors import BadKey, BadTrust
from agreements.keys import SigningKey
from agreements.trust import Officer, read_trust
from audit.checkpoint import CheckpointVerifier
from audit.entry import parse
from audit.errors import AuditError
from gateway.errors import GatewayError
from gateway.keys import GatewayKeys, create_keys, load_keys
from gateway.services import installation
from gateway.services.installation import AlreadyInstalled, Installation, install, read_officer
from gateway.settings import read_settings
from tests.factories.database import TestDatabase
from tests.factories.installation import TestInstallation

ORIGIN = "log.district.example/pactgate"


@pytest.fixture
def keys(tmp_path: Path) -> GatewayKeys:
    return create_keys(tmp_path / "keys")


@pytest.fixture
def officers() -> tuple[Officer, Officer]:
    return (
        Officer("Ines Duarte", SigningKey.generate("ES256").public),
        Officer("Tomasz Wilk", SigningKey.generate("Ed25519").public),
    )


async def _install(
    database: TestDatabase, folder: Path, keys: GatewayKeys, officers: tuple[Officer, ...], origin: str = ORIGIN
) -> Installation:
    trust = folder / "trust.json"
    return await install(
        database.url("owner"), database.url("loader"), trust, keys, officers, origin=origin, demo=False
    )


async def _nothing_happened(database: TestDatabase, folder: Path) -> None:
    assert not (folder / "trust.json").exists()
    owner = await database.connection("owner")
    assert await owner.fetchval("SELECT size FROM audit.head") == 0
    assert await owner.fetchval("SELECT count(*) FROM gateway.installation") == 0


@pytest.mark.claim(12)
@pytest.mark.parametrize("case", ["same key", "same person", "one officer", "nobody"])
async def test_one_person_cannot_start_trust_alone(
    database: TestDatabase, tmp_path: Path, keys: GatewayKeys, officers: tuple[Officer, Officer], case: str
) -> None:
    first, second = officers
    pinned: dict[str, tuple[Officer, ...]] = {
        "same key": (first, Officer("Tomasz Wilk", first.key)),
        "same person": (first, Officer("  ines DUARTE ", second.key)),
        "one officer": (first,),
        "nobody": (),
    }
    with pytest.raises(BadTrust):
        await _install(database, tmp_path, keys, pinned[case])
    await _nothing_happened(database, tmp_path)


async def test_a_private_key_is_refused_as_an_officers() -> None:
    with pytest.raises(BadKey, match="private"):
        read_officer("Ines Duarte", SigningKey.generate("ES256").export_pem())


async def test_an_origin_that_cannot_name_a_log_is_refused(
    database: TestDatabase, tmp_path: Path, keys: GatewayKeys, officers: tuple[Officer, Officer]
) -> None:
    for origin in ("", "two words", "a+b"):
        with pytest.raises(AuditError):
            await _install(database, tmp_path, keys, officers, origin)
    await _nothing_happened(database, tmp_path)


async def test_trust_starts_once(
    database: TestDatabase, tmp_path: Path, keys: GatewayKeys, officers: tuple[Officer, Officer]
) -> None:
    await _install(database, tmp_path, keys, officers)
    pinned = (tmp_path / "trust.json").read_bytes()
    for again in (officers, officers[::-1]):
        with pytest.raises(AlreadyInstalled):
            await _install(database, tmp_path, keys, again)
    with pytest.raises(AlreadyInstalled):
        await _install(database, tmp_path, keys, officers, "other.example/log")
    with pytest.raises(AlreadyInstalled):
        await _install(database, tmp_path / "elsewhere", keys, officers)
    assert (tmp_path / "trust.json").read_bytes() == pinned
    owner = await database.connection("owner")
    assert await owner.fetchval("SELECT size FROM audit.head") == 1


async def test_a_start_that_died_after_pinning_goes_on_when_repeated(
    database: TestDatabase,
    tmp_path: Path,
    keys: GatewayKeys,
    officers: tuple[Officer, Officer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def die(*_: object, **__: object) -> None:
        raise InterruptedError

    with monkeypatch.context() as patched:
        patched.setattr(installation, "_open_log", die)
        with pytest.raises(InterruptedError):
            await _install(database, tmp_path, keys, officers)
    with pytest.raises(AlreadyInstalled, match="other officers"):
        await _install(database, tmp_path, keys, officers[::-1])
    assert (await _install(database, tmp_path, keys, officers)).checkpoint.size == 1


async def test_a_trust_file_that_cannot_be_written_is_a_sentence(
    database: TestDatabase, tmp_path: Path, keys: GatewayKeys, officers: tuple[Officer, Officer]
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(GatewayError) as refused:
        await _install(database, tmp_path / "file", keys, officers)
    assert "PACTGATE_TRUST" in refused.value.remedy


async def test_entry_zero_names_the_log_its_key_and_the_officers_and_is_signed(
    empty_database: TestDatabase, tmp_path: Path, keys: GatewayKeys, officers: tuple[Officer, Officer]
) -> None:
    opened = await _install(empty_database, tmp_path, keys, officers)
    trust = read_trust((tmp_path / "trust.json").read_bytes())
    assert trust == opened.trust
    owner = await empty_database.connection("owner")
    row = await owner.fetchrow("SELECT leaf, epoch FROM audit.entry, audit.head WHERE idx = 0")
    assert row is not None
    assert row["epoch"] == 0
    entry = parse(row["leaf"])
    assert entry.event == "log.opened"
    assert entry.body == {
        "origin": ORIGIN,
        "log_public_key": trust.log_public_key,
        "officers": [officer.key.jwk for officer in officers],
        "trust": digest_of(trust.canonical),
        "demo": False,
    }
    assert "Ines" not in json.dumps(entry.body)
    verified = CheckpointVerifier.parse(trust.log_public_key).verify(opened.checkpoint.note)
    assert verified.size == 1


async def test_an_installation_is_found_again_through_its_settings(
    installed: TestInstallation,
) -> None:
    chosen = read_settings(installed.environment)
    assert chosen.trust.read_bytes() == installed.trust.canonical
    assert load_keys(chosen.keys).checkpoint_public == installed.keys.checkpoint_public
    app = await installed.database.connection("app")
    assert await app.fetchval("SELECT demo FROM gateway.installation")
