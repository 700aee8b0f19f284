"""The tables of a log as plain values, to be changed at will and written back past every guard."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import asyncpg

from audit.checkpoint import CheckpointSigner, kept_as
from audit.tree import CompactRange, leaf_hash, tree_head

_TABLES = ("entry", "checkpoint", "signature", "head")


@dataclass(frozen=True, slots=True)
class Tables:
    """
    What stands in the database: rows of `entry` (index, leaf, leaf hash), of `checkpoint` and `signature`, by size,
    and the head's size and right edge.
    """

    entries: tuple[tuple[int, bytes, bytes], ...]
    size: int
    edge: bytes
    checkpoints: dict[int, bytes]
    signatures: dict[int, str]

    def with_entries(self, entries: Iterable[tuple[int, bytes, bytes]]) -> "Tables":
        """The same with other entries, and nothing else done about it."""
        return replace(self, entries=tuple(entries))

    @property
    def leaves(self) -> list[bytes]:
        """The leaves, in order."""
        return [leaf for _, leaf, _ in self.entries]

    async def write(self, superuser: asyncpg.Connection, signer: CheckpointSigner) -> None:
        """Put these rows in the place of what is there. The guards must be off."""
        async with superuser.transaction():
            for table in _TABLES:
                await superuser.execute(f"DELETE FROM audit.{table}")  # noqa: S608 -- our own names
            copy = superuser.copy_records_to_table
            await copy("entry", schema_name="audit", records=self.entries)
            await copy("checkpoint", schema_name="audit", records=self.checkpoints.items())
            name = kept_as(signer.verifier.keys[0][0])
            named = [(size, name, line) for size, line in self.signatures.items()]
            await copy("signature", schema_name="audit", records=named)
            await superuser.execute("INSERT INTO audit.head VALUES (true, $1, $2, -1)", self.size, self.edge)


def tables_of(
    leaves: Sequence[bytes], batches: Sequence[int], signed: Iterable[int], signer: CheckpointSigner
) -> Tables:
    """Return the tables of an honest log of these leaves, appended in batches so long, signed at these sizes."""
    hashes = [leaf_hash(leaf) for leaf in leaves]
    sizes = [size for size in accumulate(batches) if size < len(leaves)] + [len(leaves)] * bool(leaves)
    heads = {size: tree_head(hashes[:size]) for size in sizes}
    edge = CompactRange()
    for hashed in hashes:
        edge.append(hashed)
    return Tables(
        tuple((at, leaf, hashes[at]) for at, leaf in enumerate(leaves)),
        len(leaves),
        edge.pack(),
        heads,
        {size: signer.line(size, heads[size]) for size in signed if size in heads},
    )


async def guards_off(superuser: asyncpg.Connection) -> None:
    """Do what only a superuser can, and nobody would notice in the database."""
    for table in _TABLES:
        await superuser.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER ALL")
    for table, check in (("entry", "entry_leaf_hash"), ("head", "head_range_fits_size")):
        await superuser.execute(f"ALTER TABLE audit.{table} DROP CONSTRAINT {check}")
