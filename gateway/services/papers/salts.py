"""
The salt under which a release commits to students' numbers, kept beside its paper as long as that waits.

INVARIANT: it is there as long as the paper waits and no longer: it goes with a paper that is withdrawn or too old, and
once the release is filed it stands beside the entry, where it can be erased (decision 0011).
"""

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.register import digest_bytes
from gateway.store.papers import paper_salt


async def keep_salt(connection: AsyncConnection, digest: str, salt: bytes) -> None:
    """Keep the salt of a paper that is there."""
    await connection.execute(insert(paper_salt).values(digest=digest_bytes(digest), salt=salt))


async def salt_of(connection: AsyncConnection, digest: str) -> bytes | None:
    """Return the salt of a paper; None if it has none, or none any more."""
    wanted = select(paper_salt.c.salt).where(paper_salt.c.digest == digest_bytes(digest))
    found: bytes | None = await connection.scalar(wanted)
    return found


async def drop_salt(connection: AsyncConnection, digest: str) -> None:
    """Delete the salt of a paper, if it has one."""
    await connection.execute(delete(paper_salt).where(paper_salt.c.digest == digest_bytes(digest)))
