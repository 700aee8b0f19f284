"""
The log as static files (C2SP tlog-tiles): `checkpoint`, `tile/<level>/…` and `tile/entries/…`; their names and forms.

A verifier needs nothing else. Hash tiles and checkpoints may be published; entry bundles carry behaviour and go to
officers only.
"""

from collections.abc import Iterator

from audit.errors import LogDamaged
from audit.tree import HASH_SIZE

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
