"""
The folder itself: what waits in it, what is at rest, and where an export goes when it was dealt with.

An export is a folder, a zip archive or a single table below it. It is taken by renaming, so nobody who goes on writing
by its name can change what is read. Its report says the digest of its bytes: what was loaded, whatever it is called.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from gateway.durable import replace_file, sync_folder
from gateway.services.errors import WatchBusy

DONE: Final = "done"
REFUSED: Final = "refused"
REPORT: Final = ".report.json"
ROWS: Final = ".refused.csv"
_TAKEN: Final = ".taken"
_LOCK: Final = ".lock"
_PARTIAL: Final = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".swp")
"""How programs that copy files name what is not whole yet."""
_FILES: Final = (".zip", ".xlsx", ".xlsm", ".csv", ".tsv", ".txt")
"""Files that are exports by themselves: archives, and single tables."""
_PIECE: Final = 2**20

Fingerprint = tuple[tuple[str, int, int], ...]
"""Of each file of an export its path, size and time of change."""


class DropFolder:
    """
    A folder in which exports are laid down.

    With `marker` an export counts only when a file of its name and that ending stands beside it.
    """

    def __init__(self, place: Path, marker: str | None = None) -> None:
        self._place, self._marker = place, marker

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other watchers away, and make the folders below. Raises `WatchBusy`, `OSError`."""
        for name in (DONE, REFUSED, _TAKEN):
            (self._place / name).mkdir(mode=0o700, exist_ok=True)
        handle = os.open(self._place / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise WatchBusy("Another process watches this folder.") from None
            yield
        finally:
            os.close(handle)

    def waiting(self) -> Iterator[tuple[Path, Fingerprint]]:
        """Yield the exports that are laid down, in the order of their names; none of which a part is still named so."""
        for each in sorted(self._place.iterdir()):
            if each.name.startswith(".") or each.name in {DONE, REFUSED} or each.is_symlink():
                continue
            if not (each.is_dir() or each.suffix.lower() in _FILES):
                continue
            if self._marker is not None and not self._marker_of(each.name).is_file():
                continue
            if (found := fingerprint(each)) is not None:
                yield each, found

    def left(self) -> list[Path]:
        """Return what was taken and never put away: a process died over it."""
        return sorted((self._place / _TAKEN).iterdir())

    def take(self, export: Path) -> Path:
        """Take an export out of everybody's hands."""
        return export.rename(self._place / _TAKEN / export.name)

    def give_back(self, taken: Path) -> None:
        """Lay an export down again where it was, beside another one that may have come under its name."""
        self._rows_of(taken).unlink(missing_ok=True)
        taken.rename(self._place / _free(self._place, taken.name))

    def rows_beside(self, taken: Path) -> Path:
        """Return a new file for the refused rows of an export."""
        file = self._rows_of(taken)
        file.unlink(missing_ok=True)
        return file

    def put_away(self, taken: Path, where: str, stamp: str, report: Mapping[str, object]) -> Path:
        """
        Put an export away with its report and its refused rows; return where it is now.

        If we die after the report, the export is loaded again, which changes nothing.
        """
        place = self._place / where
        name = _free(place, taken.name, f"{stamp}-")
        written = json.dumps(msgspec.to_builtins(report), indent=2, sort_keys=True)
        replace_file(place / f"{name}{REPORT}", written.encode() + b"\n", mode=0o600)
        if (rows := self._rows_of(taken)).exists():
            rows.rename(place / f"{name}{ROWS}")
        target = taken.rename(place / name)
        self._marker_of(taken.name).unlink(missing_ok=True)
        sync_folder(place)
        return target

    @staticmethod
    def _rows_of(taken: Path) -> Path:
        return taken.with_name(f".{taken.name}{ROWS}")

    def _marker_of(self, name: str) -> Path:
        return self._place / f"{name}{self._marker or '.never'}"


def fingerprint(export: Path) -> Fingerprint | None:
    """Return what tells whether an export still grows, or None if a part of it is named as one that does."""
    files = [export] if export.is_file() else sorted(each for each in export.rglob("*") if not each.is_dir())
    if not files or any(each.suffix.lower() in _PARTIAL for each in files):
        return None
    found = []
    for each in files:
        try:
            state = each.lstat()
        except FileNotFoundError:
            return None
        found.append((str(each.relative_to(export.parent)), state.st_size, state.st_mtime_ns))
    return tuple(found)


def digest_of_export(export: Path) -> str:
    """Return the digest of an export: its files' paths and bytes."""
    whole = hashlib.sha256()
    files = [export] if export.is_file() else sorted(each for each in export.rglob("*") if each.is_file())
    for each in files:
        # An archive is the same under another name; a file of a folder is not.
        path = "" if each == export else each.relative_to(export).as_posix()
        own = hashlib.sha256()
        with each.open("rb") as file:
            while piece := file.read(_PIECE):
                own.update(piece)
        whole.update(json.dumps([path, own.hexdigest()]).encode())
    return f"sha256:{whole.hexdigest()}"


def _free(place: Path, name: str, before: str = "") -> str:
    """Return a name that nothing has there; its ending stays, for it says what an archive is."""
    free, number = f"{before}{name}", 1
    while (place / free).exists() or (place / f"{free}{REPORT}").exists():
        number += 1
        free = f"{before}{number}-{name}"
    return free
