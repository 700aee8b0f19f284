"""
An export in a zip archive, read as a stream: nothing is unpacked to disk.

An archive is judged by its directory before anything in it is read. Sizes are those the directory states; Python's
reader gives out no byte more than that.
"""

import io
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Final, cast

from gateway.records.errors import BadSource
from gateway.records.loading.export import Export, Folder, OneFile

MEMBERS: Final = 1_000
TOTAL_BYTES: Final = 64 * 2**30
RATIO: Final = 200
"""How often larger than packed a file may be. Exports are 5 to 50 times; deflate reaches 1,030 on one repeated byte."""
_SMALL: Final = 2**20
"""Members below this size are not asked for their ratio."""
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 0x1
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)
_PIECE: Final = 2**16
SINGLE: Final = (".xlsx", ".xlsm", ".csv", ".tsv", ".txt")
"""How a file is called that is an export by itself."""


def export_at(place: Path) -> Export:
    """Open what somebody calls an export: a folder, a zip archive, or a single file. Raises `BadSource`."""
    if place.is_dir():
        return Folder(place)
    # A workbook is a zip archive too, and not what an export is packed in.
    return OneFile(place) if place.suffix.lower() in SINGLE else Archive(place)


class Archive:
    """
    An export in a zip file, or a workbook, which is one too.

    `name` is what an open file is called. Raises `BadSource` for an archive that is not a plain set of files.
    """

    def __init__(self, file: Path | BinaryIO, name: str | None = None) -> None:
        name = name if name is not None else Path(str(file)).name
        try:
            self._zip = zipfile.ZipFile(file)
        except (OSError, zipfile.BadZipFile, ValueError):
            raise BadSource(f"{name} is no zip archive that can be read.") from None
        members = [each for each in self._zip.infolist() if not each.is_dir()]
        # (1): so few files that looking at each is cheap.
        if len(members) > MEMBERS:
            raise BadSource(f"{name} holds more than {MEMBERS:,} files.")
        # (2): each a plain file at a plain place, once.
        for each in members:
            _require_plain(each, name)
        names = [each.filename for each in members]
        if len(set(names)) != len(names):
            raise BadSource(f"{name} holds two files of one name.")
        # (3): together not more than a district can have.
        if sum(each.file_size for each in members) > TOTAL_BYTES:
            raise BadSource(f"{name} would unpack to more than {TOTAL_BYTES // 2**30} GiB.")
        self._members = {each.filename: each for each in members}

    def paths(self) -> tuple[str, ...]:
        """Return the paths of its files, in their order."""
        return tuple(sorted(self._members))

    def has(self, path: str) -> bool:
        """Return whether there is a file at `path`."""
        return path in self._members

    def size(self, path: str) -> int:
        """Return how many bytes the file has, unpacked."""
        return self._members[path].file_size

    def names(self, folder: str) -> list[str]:
        """Return the names of the files directly in `folder`."""
        places = [path.rpartition("/") for path in self._members]
        return [name for place, _, name in places if place == folder]

    def open(self, path: str) -> BinaryIO:
        """Return the file's bytes as a stream. Raises `BadSource`."""
        if not self.has(path):
            raise BadSource(f"{path} is not in the archive.")
        try:
            return cast("BinaryIO", _Member(self._zip.open(self._members[path]), path))
        except _DAMAGED:
            raise BadSource(f"{path} is damaged in its archive.") from None


class _Member(io.BufferedIOBase):
    """A member's bytes. Whatever is wrong with them is said in our words."""

    def __init__(self, packed: IO[bytes], path: str) -> None:
        self._packed, self._path = packed, path

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes. Raises `BadSource`."""
        try:
            return self._packed.read(-1 if size is None else size)
        except _DAMAGED:
            raise BadSource(f"{self._path} is damaged in its archive.") from None

    def read1(self, size: int = -1, /) -> bytes:
        """Return some of the next bytes. Raises `BadSource`."""
        return self.read(_PIECE if size < 0 else size)

    def close(self) -> None:
        self._packed.close()
        super().close()


def _require_plain(member: zipfile.ZipInfo, archive: str) -> None:
    place = PurePosixPath(member.filename)
    if place.is_absolute() or ".." in place.parts or "\\" in member.filename or ":" in member.filename:
        raise BadSource(f"{archive} holds a file whose name leads out of it.")
    if member.flag_bits & _ENCRYPTED:
        raise BadSource(f"{archive} holds an encrypted file; unpack it first.")
    if stat.S_IFMT(member.external_attr >> 16) not in {0, stat.S_IFREG}:
        raise BadSource(f"{archive} holds a link or a device.")
    if member.compress_type not in _METHODS:
        raise BadSource(f"{archive} is packed in a way that is not read; pack it with deflate.")
    if member.file_size > _SMALL and member.file_size > RATIO * member.compress_size:
        raise BadSource(f"{archive} holds a file that unpacks to more than {RATIO} times its size.")
