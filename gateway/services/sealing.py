"""
How a change of facts gets its entry: the head is locked, the rows are written, and the entry commits to exactly them.

INVARIANT: whatever dates a row by an entry does it between `audit.change.next_index` and `append_sealed`, in one
transaction; a row that was written in any other way is one that no entry claims (claim 1).
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from audit.change import append_change
from audit.entry import leaf
from audit.events import Event
from gateway.records.parts import SALT_BYTES, Part, commit, dated_by, open_with

COMMITMENT: Final = "facts"
"""The name in the leaf of the commitment to the rows that its entry dates."""
Random = Callable[[int], bytes]


async def append_sealed(
    connection: AsyncConnection,
    index: int,
    event: Event,
    now: datetime,
    body: Mapping[str, object],
    *,
    loaded: Iterable[Part] = (),
    moves_epoch: bool = True,
    random: Random = secrets.token_bytes,
) -> int:
    """
    Write the entry `index`, which commits to the rows of this transaction that carry it, and return it.

    `loaded` are the parts of the batch that becomes visible, computed before the head was locked. Raises `LeafRefused`.
    """
    parts = [*loaded, *await dated_by(connection, index)]
    opening = open_with(parts, random(SALT_BYTES))
    written = leaf(event, now, **{**body, COMMITMENT: commit(opening)})
    appended = await append_change(connection, written, moves_epoch=moves_epoch, private=opening)
    assert appended == index, "the head was locked since the index was read"
    return appended
