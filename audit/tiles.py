"""
The log as static files (C2SP tlog-tiles): `checkpoint`, `tile/<level>/…` and `tile/entries/…`.

A verifier needs nothing else. Hash tiles and checkpoints may be published; entry bundles carry behaviour and go to
officers only.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from audit.checkpoint import Checkpoint
from audit.entry import require_size
from audit.errors import Forked, LogDamaged
from audit.tree import HASH_SIZE, CompactRange, leaf_hash, tree_head

WIDTH = 256
"""Hashes in a full tile, entries in a full bundle."""
LENGTH_SIZE = 2
"""Bytes before each entry of a bundle."""


def tile_path(level: int | str, number: int, width: int = WIDTH) -> str:
    """
    Name a tile: `tile_path(0, 1234067)` is `tile/0/x001/x234/067`; a partial one ends in `.p/<width>`.

    The level of entry bundles is `entries`.
    """
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03}")
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(groups)}{partial}"


def tile_widths(count: int) -> Iterator[tuple[int, int]]:
    """List (number, width) of the tiles that hold `count` hashes or entries; none is empty."""
    full, rest = divmod(count, WIDTH)
    for number in range(full):
        yield number, WIDTH
    if rest:
        yield full, rest


def pack_bundle(leaves: list[bytes]) -> bytes:
    """Write an entry bundle: each leaf behind its length as a big-endian uint16."""
    return b"".join([len(leaf).to_bytes(LENGTH_SIZE, "big") + leaf for leaf in leaves])


def unpack_bundle(bundle: bytes) -> list[bytes]:
    """Read an entry bundle. Raises `LogDamaged` unless it is a whole number of entries."""
    leaves, at, end = [], 0, len(bundle)
    while at < end:
        start = at + LENGTH_SIZE
        if start > end:
            raise LogDamaged("the bundle ends inside a length")
        at = start + (bundle[at] << 8 | bundle[at + 1])
        leaves.append(bundle[start:at])
    if at > end:
        raise LogDamaged("the bundle ends inside an entry")
    return leaves


def split_hashes(packed: bytes) -> list[bytes]:
    """Cut a tile into its hashes."""
    return [packed[at : at + HASH_SIZE] for at in range(0, len(packed), HASH_SIZE)]


class Exporter:
    """
    Writes a log to a folder, leaf by leaf from the first; `finish` puts the checkpoint in place last.

    Exporting again into the same folder continues it. INVARIANT: a tile that is complete is never written anew; if its
    bytes would differ, the folder holds another past and `Forked` is raised.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._edge = CompactRange()
        self._leaves: list[bytes] = []
        self._levels: list[list[bytes]] = [[]]
        self._full = [0]

    @property
    def size(self) -> int:
        """Entries added so far."""
        return self._edge.size

    def add(self, leaf: bytes) -> None:
        """Add the next leaf. Raises `Forked`, or `LeafRefused` for one that no log of ours can hold."""
        require_size(leaf)
        hashed = leaf_hash(leaf)
        self._edge.append(hashed)
        self._leaves.append(leaf)
        if len(self._leaves) == WIDTH:
            self._put(tile_path("entries", self._full[0]), pack_bundle(self._leaves))
            self._leaves = []
        self._add_hash(0, hashed)

    def finish(self, checkpoint: Checkpoint) -> None:
        """Write the partial tiles, then the checkpoint. Raises `LogDamaged` if it is not over these leaves."""
        if (checkpoint.size, checkpoint.tree_head) != (self._edge.size, self._edge.head()):
            raise LogDamaged(f"the entries exported are not the {checkpoint.size} entries of the checkpoint")
        if self._leaves:
            self._put(tile_path("entries", self._full[0], len(self._leaves)), pack_bundle(self._leaves))
        for level, hashes in enumerate(self._levels):
            if hashes:
                self._put(tile_path(level, self._full[level], len(hashes)), b"".join(hashes))
        # If we die before this line, the folder still holds the older checkpoint and all that it needs.
        _replace(self._folder / "checkpoint", checkpoint.note.encode())

    def _add_hash(self, level: int, hashed: bytes) -> None:
        hashes = self._levels[level]
        hashes.append(hashed)
        if len(hashes) < WIDTH:
            return
        self._put(tile_path(level, self._full[level]), b"".join(hashes))
        self._full[level] += 1
        self._levels[level] = []
        if level + 1 == len(self._levels):
            self._levels.append([])
            self._full.append(0)
        self._add_hash(level + 1, tree_head(hashes))

    def _put(self, name: str, content: bytes) -> None:
        path = self._folder / name
        if not path.exists():
            _replace(path, content)
        elif path.read_bytes() != content:
            raise Forked(f"{name} is already there with other content")


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_bytes(content)
    fresh.replace(path)
