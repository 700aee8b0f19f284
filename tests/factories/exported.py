"""An exported log as anybody could write it from the specification: no exporter of ours is trusted with the test."""

from collections.abc import Sequence
from pathlib import Path

from audit.checkpoint import CheckpointSigner
from audit.tiles import WIDTH, pack_bundle, tile_path, tile_widths
from audit.tree import leaf_hash, tree_head


def write_export(folder: Path, leaves: Sequence[bytes], signer: CheckpointSigner, *, lines: str = "") -> None:
    """Write every tile and bundle of these leaves, then the checkpoint; `lines` are more signatures."""
    for number, width in tile_widths(len(leaves)):
        held = list(leaves[number * WIDTH : number * WIDTH + width])
        put(folder / tile_path("entries", number, width), pack_bundle(held))
    level, hashes = 0, [leaf_hash(leaf) for leaf in leaves]
    head = tree_head(hashes)
    while hashes:
        for number, width in tile_widths(len(hashes)):
            put(folder / tile_path(level, number, width), b"".join(hashes[number * WIDTH : number * WIDTH + width]))
        full = len(hashes) // WIDTH
        hashes = [tree_head(hashes[at * WIDTH : (at + 1) * WIDTH]) for at in range(full)]
        level += 1
    put(folder / "checkpoint", (signer.sign(len(leaves), head).note + lines).encode())


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
