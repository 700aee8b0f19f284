"""A database whose next writes die at a statement of one's choice: the statement fails, or its connection is cut."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.factories.database import TestDatabase

_WATCHED = (
    *("batch", "population", "code", "frontier", "student", "enrollment", "withheld", "consent", "opt_out"),
    *("identity", "subject", "scope", "roster", "restriction", "renumbered"),
)
"""Tables of records at whose statements work may die, beside those of the log and of rosters."""
_MADE = """
CREATE SEQUENCE records.ticks;
CREATE TABLE records.crashing (at bigint, kills boolean);
INSERT INTO records.crashing VALUES (0, false);
CREATE FUNCTION records.tick() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    planned record;
BEGIN
    SELECT * INTO planned FROM records.crashing;
    IF planned.at > 0 AND nextval('records.ticks') = planned.at THEN
        IF planned.kills THEN PERFORM pg_terminate_backend(pg_backend_pid()); ELSE RAISE 'crashed'; END IF;
    END IF;
    RETURN NULL;
END $$;
"""
_DISARM = (
    "WITH was AS (SELECT at FROM records.crashing) UPDATE records.crashing SET at = 0 RETURNING (SELECT at FROM was)"
)
_TRIGGER = (
    "CREATE TRIGGER tick AFTER INSERT OR UPDATE OR DELETE ON {} FOR EACH STATEMENT EXECUTE FUNCTION records.tick();"
)


class Crashing:
    """Arms and disarms the crash, as the superuser."""

    def __init__(self, admin: asyncpg.Connection) -> None:
        self._admin = admin

    @classmethod
    async def prepare(cls, database: TestDatabase) -> "Crashing":
        """Put the triggers into a database that nobody else uses."""
        admin: asyncpg.Connection = await database.connection("admin")
        await admin.execute(_MADE)
        rosters = [f"gateway.{each}" for each in ("roster_line", "roster_decision")]
        for table in [*(f"records.{each}" for each in _WATCHED), *rosters, "audit.entry", "audit.head"]:
            await admin.execute(_TRIGGER.format(table))
        return cls(admin)

    async def arm(self, at: int, *, kills: bool) -> None:
        """Let the statement `at`, counted from now, die; 0 is none."""
        await self._admin.execute("SELECT setval('records.ticks', 1, false)")
        await self._admin.execute("UPDATE records.crashing SET at = $1, kills = $2", at, kills)

    async def disarm(self) -> int:
        """Let everything live; return which statement was to die."""
        return int(await self._admin.fetchval(_DISARM))

    @asynccontextmanager
    async def safe(self) -> AsyncIterator[None]:
        """Let whatever is done inside live, and count on afterwards."""
        at = await self.disarm()
        yield
        await self._admin.execute("UPDATE records.crashing SET at = $1", at)
