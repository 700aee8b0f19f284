"""The demo's stage, set once for the pages that show requests to it."""

from collections.abc import Iterator

import pytest

from tests.factories.staged import Staged, staged


@pytest.fixture(scope="session")
def scene() -> Iterator[Staged]:
    """A fictional district, two agreements, and a gateway that serves them."""
    with staged() as scene:
        yield scene
