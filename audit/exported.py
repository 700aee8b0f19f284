"""Reading tiles and bundles of an export, whoever wrote it: by name, bounded, the partial one or the full one."""

from typing import Final

from audit.entry import MAX_LEAF
from audit.errors import LogDamaged
from audit.sources import Source
from audit.tiles import LENGTH_SIZE, WIDTH, tile_path, unpack_bundle
from audit.tree import HASH_SIZE

_MAX_BUNDLE: Final = WIDTH * (LENGTH_SIZE + MAX_LEAF)


def read_tile(source: Source, level: int, number: int, width: int) -> bytes:
    """Return the first `width` hashes of a tile, packed. Raises `LogDamaged`, and what `Source.read` raises."""
    name, content, held = _read(source, level, number, width, WIDTH * HASH_SIZE)
    if len(content) != held * HASH_SIZE:
        raise LogDamaged(f"{name} does not hold {held} hashes")
    return content[: width * HASH_SIZE]


def read_bundle(source: Source, number: int, width: int) -> tuple[str, list[bytes], int]:
    """
    Return a bundle of entries: the name it has, its entries, and how many there should be, at least `width`.

    Raises `LogDamaged`, and what `Source.read` raises.
    """
    name, bundle, held = _read(source, "entries", number, width, _MAX_BUNDLE)
    try:
        return name, unpack_bundle(bundle), held
    except LogDamaged as error:
        raise LogDamaged(f"{name}: {error}") from error


def _read(source: Source, level: int | str, number: int, width: int, limit: int) -> tuple[str, bytes, int]:
    name = tile_path(level, number, width)
    content = source.read(name, limit)
    if content is None and width < WIDTH:
        # A partial tile may be deleted once the full one is there (tlog-tiles, "Partial Tiles").
        whole = tile_path(level, number)
        content = source.read(whole, limit)
        if content is not None:
            return whole, content, WIDTH
    if content is None:
        raise LogDamaged(f"{name} is missing")
    return name, content, width
