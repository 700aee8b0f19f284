"""
Check an exported log without the gateway, without its database and without trust in either.

Depends on the standard library and `cryptography` only. It recomputes everything and stops at the first thing wrong.
"""

from dataclasses import dataclass
from pathlib import Path

from audit.checkpoint import Checkpoint, CheckpointVerifier
from audit.entry import MAX_LEAF
from audit.errors import Forked, LogDamaged, RolledBack
from audit.note import MAX_NOTE
from audit.tiles import WIDTH, tile_path, tile_widths, unpack_bundle
from audit.tree import EMPTY, HASH_SIZE, CompactRange, leaf_hash, tree_head

_MAX_BUNDLE = WIDTH * (2 + MAX_LEAF)


@dataclass(frozen=True, slots=True)
class Verified:
    """
    What an exported log was found to be.

    INVARIANT: made by `verify_folder` only, after every check passed.
    """

    origin: str
    size: int
    tree_head: bytes
    continues: int | None
    """Size of the earlier checkpoint that this log was shown to continue, if one was given."""


def read_checkpoint(path: Path, verifier: CheckpointVerifier) -> Checkpoint:
    """Read a checkpoint file and check its signature. Raises `LogDamaged`, `NoteInvalid` or `CheckpointInvalid`."""
    raw = _read(path, path.name, MAX_NOTE)
    try:
        return verifier.verify(raw.decode())
    except UnicodeDecodeError as error:
        raise LogDamaged(f"{path.name} is not text") from error


def verify_folder(folder: Path, verifier: CheckpointVerifier, previous: Checkpoint | None = None) -> Verified:
    """
    Check a whole exported log, against an earlier checkpoint of it if one is at hand.

    Raises `NoteInvalid`, `CheckpointInvalid`, `LogDamaged`, `RolledBack` or `Forked`, naming the first thing wrong.
    """
    # (1): the checkpoint is signed by this log's key and names this log.
    checkpoint = read_checkpoint(folder / "checkpoint", verifier)
    # (2): it is not older than what we hold: a shorter log has been rolled back.
    if previous is not None and previous.size > checkpoint.size:
        raise RolledBack(f"the log has {checkpoint.size} entries, an earlier checkpoint had {previous.size}")
    # (3): every entry is there, alone, and hashes to its place in the lowest tile.
    tiles = CompactRange()
    above: list[bytes] = []
    head = past = EMPTY
    for number, width in tile_widths(checkpoint.size):
        hashes = _leaf_hashes(folder, number, width)
        start = number * WIDTH
        if previous is not None and start < previous.size <= start + width:
            past = tiles.head_before(tree_head(hashes[: previous.size - start]))
        if start + width == checkpoint.size:
            head = tiles.head_before(tree_head(hashes))
        if width == WIDTH:
            above.append(tree_head(hashes))
            tiles.append(above[-1])
    # (4): every higher tile follows from the ones below.
    _require_tiles(folder, above)
    # (5): all of it leads to the tree head that was signed.
    if head != checkpoint.tree_head:
        raise LogDamaged(f"the {checkpoint.size} entries do not lead to the tree head that was signed")
    # (6): the tree begins with the tree we saw before.
    if previous is not None and past != previous.tree_head:
        raise Forked(f"the first {previous.size} entries are not those of the earlier checkpoint")
    return Verified(checkpoint.origin, checkpoint.size, checkpoint.tree_head, previous.size if previous else None)


def _leaf_hashes(folder: Path, number: int, width: int) -> list[bytes]:
    name, bundle, held = _tile(folder, "entries", number, width)
    try:
        leaves = unpack_bundle(bundle)
    except LogDamaged as error:
        raise LogDamaged(f"{name}: {error}") from error
    expected = _hashes(folder, 0, number, width)
    for place, leaf in enumerate(leaves[:width]):
        if leaf_hash(leaf) != expected[place]:
            raise LogDamaged(f"entry {number * WIDTH + place} does not hash to its place in the tree")
    if len(leaves) != held:
        raise LogDamaged(f"{name} holds {len(leaves)} entries instead of {held}")
    return expected


def _require_tiles(folder: Path, hashes: list[bytes]) -> None:
    level = 1
    while hashes:
        for number, width in tile_widths(len(hashes)):
            if _hashes(folder, level, number, width) != hashes[number * WIDTH : number * WIDTH + width]:
                raise LogDamaged(f"{tile_path(level, number, width)} does not follow from the tiles below")
        hashes = [tree_head(hashes[at : at + WIDTH]) for at in range(0, len(hashes) // WIDTH * WIDTH, WIDTH)]
        level += 1


def _hashes(folder: Path, level: int, number: int, width: int) -> list[bytes]:
    name, content, held = _tile(folder, level, number, width)
    if len(content) != held * HASH_SIZE:
        raise LogDamaged(f"{name} does not hold {held} hashes")
    return [content[at : at + HASH_SIZE] for at in range(0, width * HASH_SIZE, HASH_SIZE)]


def _tile(folder: Path, level: int | str, number: int, width: int) -> tuple[str, bytes, int]:
    name, held = tile_path(level, number, width), width
    # A partial tile may be deleted once the full one is there (tlog-tiles, "Partial Tiles").
    if not (folder / name).is_file() and (folder / tile_path(level, number)).is_file():
        name, held = tile_path(level, number), WIDTH
    return name, _read(folder / name, name, _MAX_BUNDLE), held


def _read(path: Path, name: str, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise LogDamaged(f"{name} cannot be read: {error.strerror}") from error
    if len(content) > limit:
        raise LogDamaged(f"{name} is larger than it can be")
    return content
