"""One embedded server a test process, one database a test: made from a template in about 70 ms."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.checkpoint import CheckpointVerifier
from gateway.migrations.upgrade import upgrade
from gateway.store.database import Database, engine_for
from gateway.store.embedded import EmbeddedPostgres
from gateway.store.roles import Passwords, Role, create_database, create_roles
from gateway.store.session import connect, quote_name
from tests.factories.whole_log import known_by, require_whole

TEMPLATE = "pactgate_template"
_OURS = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY datname"


@dataclass(frozen=True, slots=True)
class TestServer:
    """
    The running server, its roles, and a migrated template database. Use it from synchronous fixtures too.

    No database goes before its whole log was recomputed. `damaged` names those whose test damaged the log on purpose.
    """

    __test__ = False

    embedded: EmbeddedPostgres
    passwords: Passwords
    damaged: set[str] = field(default_factory=set)
    _log_keys: dict[str, CheckpointVerifier] = field(default_factory=dict)

    def know(self, vkey: str) -> None:
        """Have signatures of this key checked, in every database that holds one."""
        self._log_keys.update(known_by(vkey))

    def url(self, role: str, database: str) -> str:
        """URL for `owner`, `app`, `loader`, `auditor`, or `admin` (the superuser)."""
        if role == "admin":
            return self.embedded.admin_url(database)
        named = Role[role.upper()]
        return self.embedded.url(named, self.passwords.of(named), database)

    async def prepare(self) -> None:
        """
        Create the roles and the template.

        Nothing happens on this server that no test did: a table looked over in between (autovacuum) takes locks, and
        changes plans, on one run of many.
        """
        async with connect(self.embedded.admin_url()) as connection:
            await connection.execute("ALTER SYSTEM SET autovacuum = off")
            await connection.execute("SELECT pg_reload_conf()")
        await create_roles(self.embedded.admin_url(), self.passwords)
        await create_database(self.embedded.admin_url(), TEMPLATE)
        await upgrade(self.url("owner", TEMPLATE))

    async def create(self, name: str, *, template: str | None = TEMPLATE) -> None:
        """Create a database: migrated, or empty with `template=None`."""
        await create_database(self.embedded.admin_url(), name, template=template)

    async def drop(self, name: str) -> None:
        """Drop a database, with whoever is still connected; its log was whole. Raises `VerificationFailed`."""
        async with connect(self.embedded.admin_url()) as connection:
            try:
                if await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name):
                    await self.require_whole(name)
            finally:
                await connection.execute(f"DROP DATABASE IF EXISTS {quote_name(name)} WITH (FORCE)")

    async def require_whole(self, name: str) -> None:
        """Recompute the log of a database. Raises `VerificationFailed`."""
        await require_whole(self.url("admin", name), self._log_keys, damaged=name in self.damaged)

    async def require_all_whole(self) -> None:
        """Recompute the log of every database that is left. Raises `VerificationFailed`."""
        async with connect(self.embedded.admin_url()) as connection:
            names = [row["datname"] for row in await connection.fetch(_OURS)]
        for name in names:
            await self.require_whole(name)


@dataclass(slots=True)
class TestDatabase:
    """A database of one test. Everything opened through it is closed when the test ends."""

    __test__ = False

    server: TestServer
    name: str
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    def url(self, role: str) -> str:
        """URL for `owner`, `app`, `loader`, `auditor` or `admin`."""
        return self.server.url(role, self.name)

    async def engine(self, role: str) -> AsyncEngine:
        """Return a SQLAlchemy engine as `role`."""
        engine = engine_for(self.url(role))
        self._open.push_async_callback(engine.dispose)
        return engine

    async def pool(self, role: str, *, size: int = 8) -> asyncpg.Pool:
        """Return an asyncpg pool as `role`."""
        pool: asyncpg.Pool = await asyncpg.create_pool(self.url(role), min_size=0, max_size=size)
        self._open.push_async_callback(_end, pool)
        return pool

    async def connection(self, role: str) -> asyncpg.Connection:
        """Return one asyncpg connection as `role`."""
        return await self._open.enter_async_context(connect(self.url(role)))

    async def open(self, role: str) -> Database:
        """Return the product's own `Database` as `role`."""
        database = await Database.open(self.url(role))
        self._open.push_async_callback(database.close)
        return database

    async def close(self) -> None:
        """Close whatever was opened."""
        await self._open.aclose()


async def _end(pool: asyncpg.Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), 2)
    except TimeoutError:
        pool.terminate()  # the test left a connection checked out; dropping the database ends it
