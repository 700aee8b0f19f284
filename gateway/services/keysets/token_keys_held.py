"""
Alarm when this replica lacks a key that others sign access tokens with, or will: it would refuse what they issue.

Each replica adds the keys that it holds to a table and looks who holds another, so a file that was not copied is
noticed before the key signs. Nobody is let in by a row: a key counts by its file, and whoever adds a row makes a line
of a log.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.errors import KeysMissing
from gateway.services.standing.registry import Alarm, Moment, Registry
from gateway.store.tables import token_key_held
from gateway.token_keys import load_token_keys


def comparing_token_keys(
    engine: AsyncEngine, alarm: Alarm, folder: Path | None
) -> Callable[[Registry, Moment], Awaitable[None]]:
    """
    Return what looks once a round at the keys in `folder`. As the app role.

    The alarm is `token_key_missing`, with the key's thumbprint: for the newest key that anybody holds, unless it was
    retired. Older ones sign nothing any more.
    """

    async def look(registry: Registry, moment: Moment) -> None:
        del moment
        if folder is None:
            return
        try:
            held = await asyncio.to_thread(load_token_keys, folder)
        except (KeysMissing, OSError, ValueError):
            return  # a folder that cannot be read changes nothing: the keys stay as they were read before
        rows = [{"key": each.id, "signs_from": each.signs_from} for each in held if not each.is_retired]
        async with engine.begin() as connection:
            if rows:
                await connection.execute(insert(token_key_held).values(rows).on_conflict_do_nothing())
            known = (await connection.execute(select(token_key_held.c.signs_from, token_key_held.c.key))).all()
        standing = [(signs_from, key) for signs_from, key in known if key not in registry.ended_tokens.keys]
        newest = max(standing, default=(0, ""))[1]
        if newest and newest not in {each.id for each in held}:
            alarm("token_key_missing", {"key": newest})

    return look
