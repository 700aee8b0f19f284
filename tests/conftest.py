"""
Fixtures every room may use: `postgres` (the server), `database` (migrated, fresh), `empty_database`, and `installed`
(a demo database where trust has started, with keys and officers).
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

from gateway.store.embedded import throw_away_postgres
from gateway.store.roles import new_passwords
from tests.factories.chromium import PROGRAM
from tests.factories.copied import copied
from tests.factories.database import TestDatabase, TestServer
from tests.factories.gateway import Deployment, Gateway, deploy
from tests.factories.installation import TestInstallation, installed_in
from tests.factories.spills import (
    pytest_configure,
    pytest_runtest_makereport,
    require_nothing_spilled,
)
from tests.factories.traced import keep_callbacks_in_c
from tests.factories.unhurried import unhurried_log

keep_callbacks_in_c()

__all__ = ["pytest_configure", "pytest_runtest_makereport"]  # hooks: whatever the suite collects is looked through

# The same examples on every run: a suite that draws new ones covers other branches each time, and blames who came last.
settings.register_profile("fixed", derandomize=True, database=None, deadline=None)
settings.load_profile("fixed")

_numbers = count(1)


@pytest.fixture(scope="session", autouse=True)
def _unhurried_log() -> Iterator[None]:
    """The seconds that a batch of the log may take are for a database of its own: here others run on the same cores."""
    with unhurried_log():
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[TestServer]:
    """One embedded server for this test process, stopped and removed when it ends; no log on it is broken then."""
    with throw_away_postgres(in_memory=True) as embedded:
        server = TestServer(embedded=embedded, passwords=new_passwords())
        asyncio.run(server.prepare())
        yield server
        asyncio.run(server.require_all_whole())
        require_nothing_spilled(embedded.log.read_text(errors="replace"), "PostgreSQL's log")


@pytest.fixture
async def database(postgres: TestServer) -> AsyncIterator[TestDatabase]:
    """A fresh database of this test, as the migrations leave it."""
    database = TestDatabase(server=postgres, name=f"test_{next(_numbers)}")
    await postgres.create(database.name)
    yield database
    await database.close()
    await postgres.drop(database.name)


@pytest.fixture
async def empty_database(postgres: TestServer) -> AsyncIterator[TestDatabase]:
    """A fresh database without any schema, owned by the owner role."""
    database = TestDatabase(server=postgres, name=f"test_{next(_numbers)}")
    await postgres.create(database.name, template=None)
    yield database
    await database.close()
    await postgres.drop(database.name)


@pytest.fixture
async def installed(database: TestDatabase, tmp_path: Path) -> TestInstallation:
    """A database marked as a demo, so that its clock may be shifted, with keys, trust and entry 0."""
    return await installed_in(database, tmp_path / "home", demo=True)


@pytest.fixture(scope="session")
def deployment(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """Agreements in force, clients with keys and students, set up once and copied by every test that wants them."""
    return asyncio.run(deploy(postgres, "pactgate_deployed", tmp_path_factory.mktemp("deployed")))


@pytest.fixture
async def idle_gateway(deployment: Deployment, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A copy of the deployment that does not serve yet; whatever the test does, its log is whole at the end."""
    async with copied(deployment, f"test_{next(_numbers)}", tmp_path) as opened:
        yield opened


@pytest.fixture
async def gateway(idle_gateway: Gateway) -> Gateway:
    """A gateway that serves."""
    await idle_gateway.serve()
    return idle_gateway


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a browser where there is none, and say so: `.ci/run` installs one, and runs them."""
    if not PROGRAM and (left := [each for each in items if each.get_closest_marker("browser")]):
        items[:] = [each for each in items if not each.get_closest_marker("browser")]
        config.hook.pytest_deselected(items=left)
