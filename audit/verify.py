"""
Check an exported log without the gateway, without its database and without trust in either.

Depends on the standard library and `cryptography` only. It recomputes everything and stops at the first thing wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

from audit.checkpoint import Checkpoint, CheckpointVerifier
from audit.errors import Forked, LogDamaged, RolledBack
from audit.exported import read_bundle, read_tile
from audit.note import MAX_NOTE
from audit.sources import Folder, Source, require_file
from audit.tiles import WIDTH, split_hashes, tile_path, tile_widths
from audit.tree import EMPTY, HASH_SIZE, CompactRange, tree_head

CHECKPOINT = "checkpoint"
"""Name of the file with the newest checkpoint (tlog-tiles, "Checkpoints")."""

Progress: TypeAlias = Callable[[int, int], None]
"""Told now and then how many entries were checked, and how many there are."""


@dataclass(frozen=True, slots=True)
class Verified:
    """
    What an exported log was found to be.

    INVARIANT: made by `verify_export` only, after every check passed.
    """

    origin: str
    size: int
    tree_head: bytes
    continues: int | None
    """Size of the earlier checkpoint that this log was shown to continue, if one was given."""
    entries: bool = True
    """Whether the entries themselves were checked, not only their hashes."""


def read_checkpoint(path: Path, verifier: CheckpointVerifier) -> Checkpoint:
    """
    Read a checkpoint file and check its signature.

    Raises `LogDamaged`, `NoteInvalid`, `CheckpointInvalid` or `SourceUnavailable`.
    """
    return checkpoint_in(Folder(path.parent), verifier, path.name)


def checkpoint_in(source: Source, verifier: CheckpointVerifier, name: str = CHECKPOINT) -> Checkpoint:
    """Read the checkpoint of an export and check its signature. Raises the same as `read_checkpoint`."""
    try:
        return verifier.verify(require_file(source, name, MAX_NOTE).decode())
    except UnicodeDecodeError as error:
        raise LogDamaged(f"{name} is not text") from error


def verify_folder(folder: Path, verifier: CheckpointVerifier, previous: Checkpoint | None = None) -> Verified:
    """Check a whole exported log in a folder. Raises the same as `verify_export`."""
    return verify_export(Folder(folder), verifier, previous)


def verify_export(
    source: Source,
    verifier: CheckpointVerifier,
    previous: Checkpoint | None = None,
    *,
    entries: bool = True,
    progress: Progress | None = None,
) -> Verified:
    """
    Check a whole exported log, against an earlier checkpoint of it if one is at hand.

    Without `entries` only hashes are checked: for an export that was published without its bundles.

    Raises `NoteInvalid`, `CheckpointInvalid`, `LogDamaged`, `RolledBack` or `Forked`, naming the first thing wrong;
    `SourceUnavailable` if that cannot be found out.
    """
    # (1): the checkpoint is signed by this log's key and names this log.
    checkpoint = checkpoint_in(source, verifier)
    # (2): it is not older than what we hold: a shorter log has been rolled back.
    if previous is not None and previous.size > checkpoint.size:
        raise RolledBack(f"the log has {checkpoint.size} entries, an earlier checkpoint had {previous.size}")
    # (3): every entry is there, alone, and hashes to its place in the lowest tile.
    tiles = CompactRange()
    above: list[bytes] = []
    head = past = EMPTY
    for number, width in tile_widths(checkpoint.size):
        tile = read_tile(source, 0, number, width)
        hashes = _require_entries(source, number, width, tile) if entries else split_hashes(tile)
        start = number * WIDTH
        if previous is not None and start < previous.size <= start + width:
            past = tiles.head_before(tree_head(hashes[: previous.size - start]))
        found = tree_head(hashes)
        if start + width == checkpoint.size:
            head = tiles.head_before(found)
        if width == WIDTH:
            above.append(found)
            tiles.append(found)
        if progress is not None:
            progress(start + width, checkpoint.size)
    # (4): every higher tile follows from the ones below.
    _require_tiles(source, above)
    # (5): all of it leads to the tree head that was signed.
    if head != checkpoint.tree_head:
        raise LogDamaged(f"the {checkpoint.size} entries do not lead to the tree head that was signed")
    # (6): the tree begins with the tree we saw before.
    if previous is not None and past != previous.tree_head:
        raise Forked(f"the first {previous.size} entries are not those of the earlier checkpoint")
    continues = None if previous is None else previous.size
    return Verified(checkpoint.origin, checkpoint.size, checkpoint.tree_head, continues, entries)


def _require_entries(source: Source, number: int, width: int, tile: bytes) -> list[bytes]:
    """Check the entries of a bundle against the lowest tile; return their hashes."""
    name, leaves, held = read_bundle(source, number, width)
    # `leaf_hash`, written out: this line is half of what a verification does.
    found = [sha256(b"\x00" + leaf).digest() for leaf in leaves[:width]]
    if b"".join(found) != tile:
        for place, hashed in enumerate(found):
            if hashed != tile[place * HASH_SIZE : (place + 1) * HASH_SIZE]:
                raise LogDamaged(f"entry {number * WIDTH + place} does not hash to its place in the tree")
    if len(leaves) != held:
        raise LogDamaged(f"{name} holds {len(leaves)} entries instead of {held}")
    return found


def _require_tiles(source: Source, hashes: list[bytes]) -> None:
    level = 1
    while hashes:
        for number, width in tile_widths(len(hashes)):
            if read_tile(source, level, number, width) != b"".join(hashes[number * WIDTH : number * WIDTH + width]):
                raise LogDamaged(f"{tile_path(level, number, width)} does not follow from the tiles below")
        hashes = [tree_head(hashes[at : at + WIDTH]) for at in range(0, len(hashes) // WIDTH * WIDTH, WIDTH)]
        level += 1
