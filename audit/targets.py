"""
Where an exported log is written to. What is there is never changed, but for the checkpoint, which comes last.

A target is also a source: an export is continued from what lies there.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from audit.errors import Forked, SourceUnavailable
from audit.sources import Folder, Source

MAX_FILE: Final = 1 << 25
"""Bytes; more than any file of an export has."""


class Target(Source, Protocol):
    """Takes the files of one exported log by name."""

    def put(self, name: str, content: bytes) -> None:
        """
        Keep a file that never changes. Raises `Forked` if one with other content is there, `SourceUnavailable`.

        Once this returns the file is there to stay: the checkpoint that needs it may follow.
        """
        ...  # pragma: no cover - a protocol

    def replace(self, name: str, content: bytes) -> None:
        """Put a file in the place of an earlier one, whole or not at all. Raises `SourceUnavailable`."""
        ...  # pragma: no cover - a protocol


class FolderTarget(Folder):
    """A folder to export to; a plain web server over it is all that readers need."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._target = folder

    def put(self, name: str, content: bytes) -> None:
        """Keep a file, as `Target.put` says."""
        found = self.read(name, MAX_FILE)
        if found is None:
            self.replace(name, content)
        else:
            require_same(name, found, content)

    def replace(self, name: str, content: bytes) -> None:
        """Replace a file, as `Target.replace` says."""
        path = self._target / name
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Flushed before it has its name: a file that a power cut left half written must not look finished.
            with fresh.open("xb") as file:
                file.write(content)
                file.flush()
                os.fdatasync(file.fileno())
            fresh.replace(path)
        except OSError as error:
            raise SourceUnavailable(f"{name} cannot be written: {error.strerror}") from None
        finally:
            with suppress(OSError):
                fresh.unlink()


def require_same(name: str, found: bytes, content: bytes) -> None:
    """Check that what is there is what would be written. Raises `Forked`."""
    if found != content:
        raise Forked(f"{name} is already there with other content")
