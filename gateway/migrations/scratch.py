"""A freshly migrated database to compare with, gone when the comparison is done."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

from gateway.migrations.upgrade import require_same_tables, upgrade
from gateway.store.catalogue import read_catalogue, require_roles_apart, require_same_catalogue
from gateway.store.cluster import Cluster
from gateway.store.embedded import throw_away_postgres
from gateway.store.errors import DatabaseUnsupported
from gateway.store.roles import Role, create_database, create_roles, new_passwords
from gateway.store.session import connect, quote_name


async def require_unchanged(cluster: Cluster) -> None:
    """
    Check that the database is exactly what the migrations make: tables, and everything beside them.

    It is compared with a fresh database on the same server, so that the server's version cannot make a difference.
    Raises `SchemaMismatch`, naming each difference.
    """
    owner = cluster.url("owner")
    await require_same_tables(owner)
    async with connect(owner) as connection:
        await require_roles_apart(connection)
        found = await read_catalogue(connection)
        version = connection.get_server_version().major
    async with _fresh_beside(cluster) as fresh, connect(fresh) as connection:
        if (other := connection.get_server_version().major) != version:
            raise DatabaseUnsupported(
                f"The database runs on PostgreSQL {version}, and there is only PostgreSQL {other} to compare it with.",
                remedy="Set PACTGATE_ADMIN_URL, so that a database to compare with can be made on the same server.",
            )
        expected = await read_catalogue(connection)
    require_same_catalogue(found, expected)


@asynccontextmanager
async def scratch_database(*, migrated: bool = True) -> AsyncIterator[str]:
    """Make a database on a throw-away server; yields the owner's URL."""
    passwords = new_passwords()
    with throw_away_postgres(in_memory=True) as server:
        await create_roles(server.admin_url(), passwords)
        await create_database(server.admin_url(), "scratch")
        owner = server.url(Role.OWNER, passwords.owner, "scratch")
        if migrated:
            await upgrade(owner)
        yield owner


@asynccontextmanager
async def _fresh_beside(cluster: Cluster) -> AsyncIterator[str]:
    admin = cluster.urls.get("admin")
    if admin is None:
        async with scratch_database() as owner:
            yield owner
        return
    name = f"pactgate_scratch_{secrets.token_hex(6)}"
    await create_database(admin, name)
    try:
        owner = urlunsplit(urlsplit(cluster.url("owner"))._replace(path=f"/{name}"))
        await upgrade(owner)
        yield owner
    finally:
        async with connect(admin) as connection:
            await connection.execute(f"DROP DATABASE {quote_name(name)} WITH (FORCE)")
