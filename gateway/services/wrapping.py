"""Which keys wrap the links between students and the log: those that were introduced, less those that were retired."""

from typing import Final

import asyncpg

from gateway.wrapping_keys import FIRST, WrappingKeys

INTRODUCED: Final = "introduced"
RETIRED: Final = "retired"
_MOVES: Final = "SELECT name, move FROM gateway.wrapping_key"


async def require_wrapping_keys(connection: asyncpg.Connection, keys: WrappingKeys) -> None:
    """Check that every key that may wrap a link is here. Raises `WrappingKeyMissing`."""
    moves = {(bytes(row["name"]), row["move"]) for row in await connection.fetch(_MOVES)}
    names = {FIRST, *(name for name, move in moves if move == INTRODUCED)}
    for name in sorted(names - {name for name, move in moves if move == RETIRED}):
        keys.find(name)
