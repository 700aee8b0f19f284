"""
Drawing the sample of an agreement from an exported log: whoever holds the export draws what the district drew.

Depends on the standard library and `cryptography` only. The log is verified whole before anything is drawn from it.
"""

from collections.abc import AsyncIterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from audit.checkpoint import Checkpoint, CheckpointVerifier
from audit.entry import parse
from audit.errors import RolledBack
from audit.events import Event
from audit.sample import draw
from audit.tiles import WIDTH, tile_path, tile_widths, unpack_bundle
from audit.verify import read_checkpoint, verify_folder


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sample: the entries drawn of the `among` disclosures under an agreement that a checkpoint covers."""

    about: str
    tree_head: bytes
    log_size: int
    among: int
    entries: tuple[int, ...]


def drawn(checkpoint: Checkpoint, about: str, indexes: list[int], size: int) -> Drawn:
    """Draw `size` of the disclosures under the agreement with this digest, as `audit.sample` does."""
    entries = draw(checkpoint.tree_head, about, indexes, size)
    return Drawn(about, checkpoint.tree_head, checkpoint.size, len(indexes), entries)


def draw_in(
    folder: Path, verifier: CheckpointVerifier, about: str, size: int, checkpoint: Checkpoint | None = None
) -> Drawn:
    """
    Draw from an export: from its own checkpoint, or from an earlier one of the same log.

    Raises what `verify_folder` raises; nothing is drawn from a log that does not hold.
    """
    verify_folder(folder, verifier, checkpoint)
    chosen = checkpoint or read_checkpoint(folder / "checkpoint", verifier)
    indexes = [
        index for index, leaf in enumerate(_leaves(folder, verifier)) if index < chosen.size and is_about(leaf, about)
    ]
    return drawn(chosen, about, indexes, size)


async def draw_among(leaves: AsyncIterable[bytes], checkpoint: Checkpoint, about: str, size: int) -> Drawn:
    """Draw from the leaves of a log up to a checkpoint that was shown to be its own. Raises `RolledBack` if too few."""
    indexes, index = [], 0
    async for leaf in leaves:
        if is_about(leaf, about):
            indexes.append(index)
        index += 1
    if index < checkpoint.size:
        raise RolledBack(f"the log has {index} entries, the checkpoint covers {checkpoint.size}")
    return drawn(checkpoint, about, indexes, size)


def is_about(leaf: bytes, agreement: str) -> bool:
    """Whether a leaf is a disclosure under this agreement. Raises `LeafRefused` if it may be and cannot be read."""
    if agreement.encode() not in leaf or b'"event":"disclosure"' not in leaf:
        return False
    entry = parse(leaf)
    return entry.event == Event.DISCLOSURE and entry.body.get("agreement") == agreement


def _leaves(folder: Path, verifier: CheckpointVerifier) -> Iterator[bytes]:
    size = read_checkpoint(folder / "checkpoint", verifier).size
    for number, width in tile_widths(size):
        path = folder / tile_path("entries", number, width)
        # A partial tile may be deleted once the full one is there (tlog-tiles, "Partial Tiles").
        found = path if path.is_file() else folder / tile_path("entries", number, WIDTH)
        yield from unpack_bundle(found.read_bytes())[:width]
