"""A machine that lacks a key which another one signs tokens with says so, before anybody's token is refused there."""

import shutil
from pathlib import Path

import pytest

from gateway.services.alarms import alarm
from gateway.services.keysets.token_keys_held import comparing_token_keys
from gateway.services.token_ends import retire_token_key
from gateway.token_keys import add_token_key
from tests.factories.gateway import Gateway
from tests.factories.superuser import alarms


@pytest.mark.ferpa("Z1")
async def test_a_machine_without_the_newest_key_says_so_until_it_is_there_or_retired(
    gateway: Gateway, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    for folder in (here, elsewhere):
        shutil.copytree(gateway.deployment.home / "keys", folder)
    engine = gateway.services.database.engine

    async def said(folder: Path | None) -> bool:
        caplog.clear()
        registry, moment = await gateway.services.grants.registry()
        await comparing_token_keys(engine, alarm, folder)(registry, moment)
        return "token_key_missing" in alarms(caplog)

    made = add_token_key(elsewhere, signs_from=2_000_000_000)
    assert [await said(folder) for folder in (here, elsewhere, here, None)] == [False, False, True, False]
    # A folder that cannot be read says nothing; the one that has the key does not either.
    assert not await said(tmp_path / "nowhere")
    assert not await said(elsewhere)
    assert await said(here)
    async with (await gateway.office()).engine.begin() as connection:
        await retire_token_key(connection, made.id)
    assert not await said(here)
