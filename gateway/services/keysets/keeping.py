"""
How a key set that was fetched comes to count: its entry and its row, in one transaction, before anybody uses it.

INVARIANT: no key counts before the entry with the digest of its set is committed (claim 1); the row is dated by it.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from agreements.fetched import PublishedKey, published_bytes
from agreements.in_force import VerifiedBinding
from agreements.register import digest_bytes
from audit.change import append_change, next_index
from audit.entry import leaf, parse
from audit.events import Event
from gateway.services.standing.registry import read_moment
from gateway.store.tables import fetched_keys

RENEWED_AFTER: Final = timedelta(hours=4)
"""
A set of this age is fetched anew, beside the request: it counts for twenty hours more if that fails.

The same set fetched before that is no news: a stranger who names clients must not fill the log.
"""
_NEWEST: Final = text(
    "SELECT f.content, e.leaf FROM gateway.fetched_keys AS f JOIN audit.entry AS e USING (idx)"
    " WHERE f.binding = :binding ORDER BY f.idx DESC LIMIT 1"
)


async def keep(engine: AsyncEngine, binding: VerifiedBinding, keys: Sequence[PublishedKey]) -> int | None:
    """Put a set on record and return its entry; None if it is there already and not old. As the app role."""
    content, digest = published_bytes(keys), digest_bytes(binding.digest)
    async with engine.begin() as connection:
        await next_index(connection)  # from here on nobody else keeps one
        moment = await read_moment(connection)
        newest = (await connection.execute(_NEWEST, {"binding": digest})).one_or_none()
        if newest is not None and newest.content == content and moment.now - _time_of(newest.leaf) < RENEWED_AFTER:
            return None
        written = leaf(
            Event.CLIENT_KEYS_FETCHED,
            moment.now,
            client=binding.binding.client,
            binding=binding.digest,
            key_set=f"sha256:{hashlib.sha256(content).hexdigest()}",
            keys=[each.key.thumbprint for each in keys],
        )
        index = await append_change(connection, written)
        await connection.execute(insert(fetched_keys).values(binding=digest, idx=index, content=content))
    return index


def _time_of(written: bytes) -> datetime:
    return datetime.fromisoformat(parse(written).time)
