"""What was verified once: a verification depends on nothing but what it is given, so it is not done at every epoch."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Verified = TypeVar("Verified")


class Remembered:
    """
    Keeps verified documents by all that they depend on; refusals are not kept.

    What a whole pass did not ask for belongs to documents or authorities that are no more, and is forgotten after it.
    """

    def __init__(self) -> None:
        self._kept: dict[bytes, Any] = {}
        self._used: dict[bytes, Any] = {}

    def branch(self) -> "Remembered":
        """Return another memory that begins with what is kept here; neither learns or forgets by the other."""
        other = Remembered()
        other._kept = dict(self._kept)
        return other

    @contextmanager
    def generation(self) -> Iterator[None]:
        """Forget, after the block, what nobody asked for within it."""
        self._used = {}
        yield
        self._kept = self._used

    def once(self, make: Callable[[], Verified], *parts: str) -> Verified:
        """Return what `make` verifies; `parts` are all the texts it depends on, the first says what it makes."""
        hashed = hashlib.sha256()
        for part in parts:
            encoded = part.encode()
            hashed.update(len(encoded).to_bytes(8, "big") + encoded)
        key = hashed.digest()
        made: Verified = self._kept[key] if key in self._kept else make()
        self._kept[key] = self._used[key] = made
        return made
