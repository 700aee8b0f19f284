"""Somebody who owns the database and rewrites the log in it, whole and sound in itself."""

from audit.reading import leaves
from audit.tree import CompactRange, leaf_hash
from tests.factories.database import TestDatabase

_TABLES = ("entry", "head", "checkpoint", "subject", "signature")


async def rewrite(database: TestDatabase, start: int, *, grow: int = 1) -> int:
    """Put other entries in the place of those from `start` on, and `grow` more behind them; return the new size."""
    owner = await database.connection("owner")
    async with owner.transaction():
        for table in _TABLES:
            await owner.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER USER")
        size = await owner.fetchval("SELECT size FROM audit.head")
        written = [leaf async for leaf in leaves(owner, 0, size)]
        forged = written[:start] + [written[1]] * (size + grow - start)
        await owner.execute("DELETE FROM audit.signature WHERE size > $1", start)
        edge = CompactRange()
        for index, leaf in enumerate(forged):
            edge.append(leaf_hash(leaf))
            if index >= start:
                await owner.execute(
                    "INSERT INTO audit.entry (idx, leaf, leaf_hash) VALUES ($1, $2, $3)"
                    " ON CONFLICT (idx) DO UPDATE SET leaf = excluded.leaf, leaf_hash = excluded.leaf_hash",
                    *(index, leaf, leaf_hash(leaf)),
                )
                await owner.execute(
                    "INSERT INTO audit.checkpoint (size, tree_head) VALUES ($1, $2)"
                    " ON CONFLICT (size) DO UPDATE SET tree_head = excluded.tree_head",
                    *(index + 1, edge.head()),
                )
        await owner.execute("UPDATE audit.head SET size = $1, range = $2", len(forged), edge.pack())
    return len(forged)
