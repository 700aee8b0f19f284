"""Files that are there whole or not at all, and stay when the power goes."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait for other processes that replace files in this folder. Raises `OSError`."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def replace_file(file: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Put `content` in the file's place, on disk when this returns. Raises `OSError`: then nothing changed."""
    making = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as writing:
            writing.write(content)
            writing.flush()
            os.fsync(writing.fileno())
        making.rename(file)
        sync_folder(file.parent)
    finally:
        with suppress(OSError):
            making.unlink()


def sync_folder(folder: Path) -> None:
    """See to it that the names in the folder are on disk. Raises `OSError`."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
