"""
Who holds the embedded server: known by file locks, which the kernel gives back however a holder ends.

Two locks: one for the right to start or stop, held for moments; one shared by all who work with the server.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Holders:
    """This process's place among the holders of the server in `base`."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._held: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether this process holds the server."""
        return self._held is not None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the right to start or stop the server: one process, and one thread, at a time."""
        handle = self._open("starting")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def join(self) -> None:
        """Become a holder. Only while alone, so that nobody stops the server meanwhile."""
        self._held = self._open("holders")
        fcntl.flock(self._held, fcntl.LOCK_SH)

    def is_last(self) -> bool:
        """Whether nobody else holds the server. Only while alone, so that nobody joins meanwhile."""
        assert self._held is not None, "join() comes first"
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def leave(self) -> None:
        """Hold the server no longer."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _open(self, name: str) -> int:
        return os.open(self._base / name, os.O_RDWR | os.O_CREAT, 0o600)
