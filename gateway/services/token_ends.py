"""
Ending tokens before their time, all of them at once: those of a client, those for an agreement, those of a lost key.

An end needs one person and no signature, and is never undone: whoever may still ask gets a new token. Why it was done
is kept beside the log and not in it: a person wrote it.
"""

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.register import load_agreement
from audit.change import append_change
from audit.entry import leaf
from audit.events import Event
from gateway.services.errors import UnknownClient
from gateway.services.standing.identity import by
from gateway.services.standing.registry import read_moment
from gateway.store.tables import client, token_end


async def end_tokens_of_client(
    connection: AsyncConnection, client_id: str, reason: str, person: str | None = None
) -> int:
    """End all tokens of a client that were issued before this entry; return it. Raises `UnknownClient`."""
    if (await connection.scalar(select(client.c.id).where(client.c.id == client_id))) is None:
        raise UnknownClient(f"No client {client_id} is registered.")
    return await _told(connection, await _end(connection, Event.TOKENS_ENDED, client=client_id, **by(person)), reason)


async def end_tokens_for_agreement(connection: AsyncConnection, digest: str, reason: str) -> int:
    """End all tokens for an agreement that were issued before this entry; return it. Raises `NotRegistered`."""
    await load_agreement(connection, digest)
    return await _told(connection, await _end(connection, Event.TOKENS_ENDED, agreement=digest), reason)


async def retire_token_key(connection: AsyncConnection, key_id: str) -> int:
    """End all that a key of the gateway signed or will sign; return the entry."""
    return await _end(connection, Event.TOKEN_KEY_RETIRED, key=key_id)


async def _end(connection: AsyncConnection, event: Event, **body: str) -> int:
    moment = await read_moment(connection)
    return await append_change(connection, leaf(event, moment.now, **body))


async def _told(connection: AsyncConnection, index: int, reason: str) -> int:
    await connection.execute(insert(token_end).values({"idx": index, "reason": reason}))
    return index
