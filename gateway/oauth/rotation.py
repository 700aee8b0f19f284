"""Looking, while the gateway runs, whether the keys that sign access tokens are still those in the folder."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from gateway.oauth.tokens import AccessTokens
from gateway.token_keys import TokenKey

LOOK_SECONDS: Final = 5.0
"""How often a running gateway looks for a new or a retired key."""

RereadKeys = Callable[[], Sequence[TokenKey]]


@asynccontextmanager
async def kept_token_keys(
    tokens: AccessTokens, reread: RereadKeys | None, *, every: float = LOOK_SECONDS
) -> AsyncIterator[None]:
    """
    While the block lasts, go on with whatever keys are on file; without `reread`, with those that there are.

    A folder that cannot be read, or in which something is damaged or open to others, changes nothing: it is looked at
    again, and the operator is told.
    """
    if reread is None:
        yield
        return
    looking = asyncio.create_task(_look(tokens, reread, every), name="token keys")
    try:
        yield
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


async def _look(tokens: AccessTokens, reread: RereadKeys, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            tokens.take(await asyncio.to_thread(reread))
        except Exception as error:  # noqa: BLE001 - whatever a parser says about a private key may quote it
            kind = type(error).__name__
            logging.getLogger("pactgate").warning("the keys of tokens were not read, tried again later: %s", kind)
