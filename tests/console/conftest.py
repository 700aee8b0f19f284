"""Fixtures of this room: `console`, a gateway with its console; `chromium`, a browser to look at it with."""

from collections.abc import AsyncIterator

import pytest

from tests.factories.console import Console, console_of
from tests.factories.gateway import Gateway


@pytest.fixture
async def console(idle_gateway: Gateway) -> AsyncIterator[Console]:
    """A gateway with its console, and one person for each role."""
    async with console_of(idle_gateway) as opened:
        yield opened
