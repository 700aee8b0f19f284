"""A copy of the deployment for one test, or for the tests of one file, whose log is whole at the end."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.factories.database import TestDatabase
from tests.factories.gateway import NOON, Deployment, Gateway
from tests.factories.spills import require_nothing_spilled


@asynccontextmanager
async def copied(deployment: Deployment, name: str, folder: Path) -> AsyncIterator[Gateway]:
    """Copy the deployment into a database of this name; it does not serve yet, and it is gone afterwards."""
    server = deployment.server
    database = TestDatabase(server=server, name=name)
    await server.create(database.name, template=deployment.template)
    opened = Gateway(deployment, database, folder)
    try:
        await opened.at(NOON)
        yield opened
        await opened.close()
        await opened.verify()
        require_nothing_spilled(json.dumps(opened.lines), "the lines of the gateway")
    finally:
        await opened.close()
        await database.close()
        await server.drop(database.name)
