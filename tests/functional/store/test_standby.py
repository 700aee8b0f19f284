"""A standby in recovery is told from the server that takes entries."""

from pathlib import Path

import pytest

from gateway.kept import KeptCheckpoint
from gateway.services.alarms import alarm
from gateway.services.office import open_office
from gateway.services.readiness import require_ready
from gateway.store.embedded import EmbeddedPostgres, throw_away_postgres
from gateway.store.errors import StandbyRefused
from gateway.store.roles import new_passwords
from tests.factories.database import TestDatabase, TestServer
from tests.factories.installation import installed_in


@pytest.mark.claim(5)
async def test_a_standby_is_neither_served_nor_administered(tmp_path: Path) -> None:
    with throw_away_postgres(in_memory=True) as embedded:
        server = TestServer(embedded=embedded, passwords=new_passwords())
        await server.prepare()
        await server.create("pactgate")
        database = TestDatabase(server, "pactgate")
        installed = await installed_in(database, tmp_path / "home", demo=True)
        await database.close()
        embedded.stop()
        # What a copy of the data folder becomes that follows a primary, here one that is away.
        (embedded.base / "data" / "standby.signal").touch()
        standby = EmbeddedPostgres(embedded.base)
        with standby:
            kept = KeptCheckpoint(installed.home / "checkpoint", installed.trust_verifier)
            with pytest.raises(StandbyRefused, match="standby") as refused:
                await require_ready(
                    database.url("app"), public_url="http://127.0.0.1", keys=installed.keys, trust=installed.trust
                )
            assert "promote" in refused.value.remedy
            with pytest.raises(StandbyRefused):
                async with open_office(database.url("loader"), installed.trust, alarm, kept):
                    pass
