"""
Writing a log as static files, from the beginning or from where an earlier export ended.

What is true at each crash point: tiles and bundles are written before the checkpoint that needs them and never change,
so the target always holds a whole export of the size of its checkpoint, and running again goes on from there.
"""

from dataclasses import dataclass
from pathlib import Path

from audit.checkpoint import Checkpoint, CheckpointVerifier
from audit.entry import require_size
from audit.errors import ExportMismatch, LogDamaged
from audit.exported import read_bundle, read_tile
from audit.note import MAX_NOTE
from audit.targets import FolderTarget, Target
from audit.tiles import WIDTH, pack_bundle, split_hashes, tile_path
from audit.tree import CompactRange, leaf_hash, tree_head
from audit.verify import CHECKPOINT, checkpoint_in


@dataclass(frozen=True, slots=True)
class Earlier:
    """
    What an earlier export left at its right edge: the hashes of the unfinished tile of each level, the last entries.

    INVARIANT: made by `earlier_export` only, after all of it was seen to lead to its checkpoint.
    """

    checkpoint: Checkpoint
    levels: tuple[tuple[bytes, ...], ...]
    leaves: tuple[bytes, ...]
    edge: bytes


def earlier_export(target: Target, verifier: CheckpointVerifier, *, bundles: bool = True) -> Earlier | None:
    """
    Read what is needed to continue an export, and check it: a handful of files, whatever the size of the log.

    None if there is no checkpoint. Raises `LogDamaged`, `NoteInvalid` or `CheckpointInvalid` if the edge is not what
    was signed, `ExportMismatch` if it was made with entries and is to go on without, or the other way round.
    """
    if target.read(CHECKPOINT, MAX_NOTE) is None:
        return None
    # (1): the log's key signed it.
    checkpoint = checkpoint_in(target, verifier)
    # (2): the unfinished tiles are there, and lead to the head that was signed.
    levels = _unfinished(target, checkpoint.size)
    edge = CompactRange(checkpoint.size, [each for hashes in reversed(levels) for each in _heads(hashes)])
    if edge.head() != checkpoint.tree_head:
        raise LogDamaged(f"the last tiles do not lead to the checkpoint of size {checkpoint.size}")
    # (3): entries are there if and only if they are to be.
    if checkpoint.size and _has_entries(target, checkpoint.size) != bundles:
        which, other = ("without", "with") if bundles else ("with", "without")
        raise ExportMismatch(f"the earlier export was made {which} entries, and this one is to be {other} them")
    # (4): those of the unfinished bundle are the ones in the tree.
    leaves: list[bytes] = []
    if bundles and levels[0]:
        name, found, _ = read_bundle(target, checkpoint.size // WIDTH, len(levels[0]))
        leaves = found[: len(levels[0])]
        if [leaf_hash(leaf) for leaf in leaves] != list(levels[0]):
            raise LogDamaged(f"{name} does not hold the entries of its tile")
    return Earlier(checkpoint, levels, tuple(leaves), edge.pack())


class Exporter:
    """
    Writes a log leaf by leaf, from the first or from where `earlier` ended; `finish` puts the checkpoint in place last.

    INVARIANT: what is there already is never written anew; if its bytes would differ, the target holds another past and
    `Forked` is raised. Without `bundles` only hashes are published, which tell no behaviour.
    """

    def __init__(self, target: Path | Target, earlier: Earlier | None = None, *, bundles: bool = True) -> None:
        self._target = FolderTarget(target) if isinstance(target, Path) else target
        self._bundles = bundles
        size = earlier.checkpoint.size if earlier else 0
        self._edge = CompactRange.unpack(size, earlier.edge if earlier else b"")
        self._leaves = list(earlier.leaves) if earlier else []
        self._levels = [list(hashes) for hashes in earlier.levels] if earlier else [[]]
        self._full = [size // WIDTH ** (level + 1) for level in range(len(self._levels))]

    @property
    def size(self) -> int:
        """Entries added so far, those of the earlier export included."""
        return self._edge.size

    def add(self, leaf: bytes) -> None:
        """Add the next leaf. Raises `Forked`, or `LeafRefused` for one that no log of ours can hold."""
        require_size(leaf)
        hashed = leaf_hash(leaf)
        self._edge.append(hashed)
        if self._bundles:
            self._leaves.append(leaf)
            if len(self._leaves) == WIDTH:
                self._target.put(tile_path("entries", self._full[0]), pack_bundle(self._leaves))
                self._leaves = []
        self._add_hash(0, hashed)

    def finish(self, checkpoint: Checkpoint) -> None:
        """Write the partial tiles, then the checkpoint. Raises `LogDamaged` if it is not over these leaves."""
        if (checkpoint.size, checkpoint.tree_head) != (self._edge.size, self._edge.head()):
            raise LogDamaged(f"the entries exported are not the {checkpoint.size} entries of the checkpoint")
        if self._leaves:
            self._target.put(tile_path("entries", self._full[0], len(self._leaves)), pack_bundle(self._leaves))
        for level, hashes in enumerate(self._levels):
            if hashes:
                self._target.put(tile_path(level, self._full[level], len(hashes)), b"".join(hashes))
        # If we die before this line, the target still holds the older checkpoint and all that it needs.
        self._target.replace(CHECKPOINT, checkpoint.note.encode())

    def _add_hash(self, level: int, hashed: bytes) -> None:
        hashes = self._levels[level]
        hashes.append(hashed)
        if len(hashes) < WIDTH:
            return
        self._target.put(tile_path(level, self._full[level]), b"".join(hashes))
        self._full[level] += 1
        self._levels[level] = []
        if level + 1 == len(self._levels):
            self._levels.append([])
            self._full.append(0)
        self._add_hash(level + 1, tree_head(hashes))


def _unfinished(target: Target, size: int) -> tuple[tuple[bytes, ...], ...]:
    levels: list[tuple[bytes, ...]] = []
    count = size
    while True:
        full, width = divmod(count, WIDTH)
        levels.append(tuple(split_hashes(read_tile(target, len(levels), full, width))) if width else ())
        if not full:
            return tuple(levels)
        count = full


def _heads(hashes: tuple[bytes, ...]) -> list[bytes]:
    """Return the heads of the perfect subtrees over these, largest first."""
    edge = CompactRange()
    edge.extend(hashes)
    return split_hashes(edge.pack())


def _has_entries(target: Target, size: int) -> bool:
    number, width = divmod(size - 1, WIDTH)
    try:
        read_bundle(target, number, width + 1)
    except LogDamaged:
        return False
    return True
