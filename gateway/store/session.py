"""One connection to PostgreSQL, with failures in our words. Nothing else in the gateway opens a socket to it."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg

from gateway.store.errors import DatabaseUnavailable, DatabaseUnsupported, LoginRefused

OLDEST_VERSION: Final = 15
"""PostgreSQL 15: `NULLS NOT DISTINCT`, no CREATE on schema public for everyone, MERGE."""
CONNECT_SECONDS: Final = 10.0
"""A server that does not answer a login in this time is away."""

_REFUSED: Final = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidPasswordError)


async def open_connection(
    url: str,
    *,
    server_settings: Mapping[str, str] | None = None,
    **options: Any,  # noqa: ANN401 - asyncpg's own options
) -> asyncpg.Connection:
    """
    Open one connection; `options` go to `asyncpg.connect`, `server_settings` are added to ours.

    Raises `DatabaseUnavailable` when nobody answers, `LoginRefused` when the server refuses this login,
    `DatabaseUnsupported` when it is too old. No message holds the password.
    """
    place = _place(url)
    try:
        connection: asyncpg.Connection = await asyncpg.connect(
            url,
            timeout=CONNECT_SECONDS,
            server_settings={"application_name": "pactgate", "timezone": "UTC", **(server_settings or {})},
            **options,
        )
    except _REFUSED as error:
        raise LoginRefused(f"PostgreSQL at {place} refuses this login: {error.args[0]}.") from None
    except asyncpg.InvalidCatalogNameError:
        raise DatabaseUnavailable(
            f"PostgreSQL at {place} has no such database.", remedy="Run `pactgate db roles` to create it."
        ) from None
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise DatabaseUnavailable(f"PostgreSQL at {place} does not answer: {type(error).__name__}.") from None
    version = connection.get_server_version().major
    if version < OLDEST_VERSION:
        await connection.close()
        raise DatabaseUnsupported(f"PostgreSQL at {place} is version {version}; {OLDEST_VERSION} is the oldest.")
    return connection


@contextlib.asynccontextmanager
async def connect(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Open one connection for the length of a block. Raises as `open_connection` does."""
    connection = await open_connection(url)
    try:
        yield connection
    finally:
        await connection.close(timeout=CONNECT_SECONDS)


def quote_name(name: str) -> str:
    """Return `name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _place(url: str) -> str:
    """Say where a URL leads, without user, password or options."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "a malformed URL"
    return f"{parts.hostname}{port}" if parts.hostname else "a unix socket"
