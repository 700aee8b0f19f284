"""Where an export's files are found: in a folder. A mapping names files below it and can reach nothing else."""

import os
from pathlib import Path
from typing import BinaryIO, Protocol

from gateway.records.errors import BadSource


class Export(Protocol):
    """The files of an export by their paths."""

    def has(self, path: str) -> bool:
        """Return whether there is a file at `path`. Raises `BadSource` for a path that leads outside."""

    def size(self, path: str) -> int:
        """Return how many bytes the file has."""

    def names(self, folder: str) -> list[str]:
        """Return the names of the files directly in `folder`. Raises `BadSource` for one that leads outside."""

    def open(self, path: str) -> BinaryIO:
        """Return the file's bytes as a stream, to be closed by the caller. Raises `BadSource`."""


class Folder:
    """An export in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, path: str) -> bool:
        """Return whether there is a file at `path`. Raises `BadSource` for a path that leads outside."""
        return self._below(path).is_file()

    def size(self, path: str) -> int:
        """Return how many bytes the file has."""
        return self._below(path).stat().st_size

    def names(self, folder: str) -> list[str]:
        """Return the names of the files directly in `folder`. Raises `BadSource` for one that leads outside."""
        place = self._below(folder)
        return [each.name for each in place.iterdir() if each.is_file()] if place.is_dir() else []

    def open(self, path: str) -> BinaryIO:
        """Return the file's bytes as a stream. Raises `BadSource`."""
        place = self._below(path)
        if not place.is_file() or not os.access(place, os.R_OK):
            raise BadSource(f"{path} is not there, or cannot be read.")
        return place.open("rb")

    def _below(self, path: str) -> Path:
        # Resolved, so that neither `..` nor a link leads out.
        place = self._folder / path
        if not place.resolve().is_relative_to(self._folder.resolve()):
            raise BadSource(f"{path} lies outside the export.")
        return place


class OneFile(Folder):
    """An export that is one file, known by its own name: what lies beside it is no part of it."""

    def __init__(self, file: Path) -> None:
        super().__init__(file.parent)
        self._file = file

    def has(self, path: str) -> bool:
        """Return whether the file is called so."""
        return path == self._file.name and super().has(path)

    def names(self, folder: str) -> list[str]:
        """Return the file's name. Raises `BadSource` for a folder that leads outside."""
        return [name for name in super().names(folder) if name == self._file.name] if not folder else []

    def open(self, path: str) -> BinaryIO:
        """Return the file's bytes as a stream. Raises `BadSource`."""
        if path != self._file.name:
            raise BadSource(f"{path} is not what this export, a single file, is called.")
        return super().open(path)
