"""
Fixtures of this room: `console`, a gateway with its console, and `shared`, one for all tests of a file.

A file that takes `shared` says `pytestmark = pytest.mark.asyncio(loop_scope="module")`: its tests run in one loop, none
of them moves the clock, and what one of them wrote the others pass over.
"""

from collections.abc import AsyncIterator
from itertools import count

import pytest
import pytest_asyncio

from tests.factories.console import Console, console_of
from tests.factories.copied import copied
from tests.factories.gateway import Deployment, Gateway

_numbers = count(1)


@pytest.fixture
async def console(idle_gateway: Gateway) -> AsyncIterator[Console]:
    """A gateway with its console, and one person for each role."""
    async with console_of(idle_gateway) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Console]:
    """The same for all tests of a file."""
    folder = tmp_path_factory.mktemp("shared")
    async with copied(deployment, f"test_shared_{next(_numbers)}", folder) as gateway, console_of(gateway) as opened:
        yield opened
