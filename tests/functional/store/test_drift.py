"""A change made by hand is found, whatever it is; a database made by the migrations passes."""

import pytest

from gateway.migrations.scratch import require_unchanged, scratch_database
from gateway.migrations.upgrade import require_same_tables, upgrade
from gateway.settings import read_settings
from gateway.store.catalogue import read_catalogue, require_roles_apart, require_same_catalogue
from gateway.store.cluster import Cluster
from gateway.store.errors import SchemaMismatch
from gateway.store.session import connect
from tests.factories.database import TestDatabase

BY_HAND = {
    "a grant on a table": "GRANT SELECT ON audit.entry TO PUBLIC",
    "a grant on a column": "GRANT UPDATE (name) ON gateway.client TO pactgate_app",
    "a grant on a schema": "GRANT CREATE ON SCHEMA records TO pactgate_app",
    "a grant on a function": "GRANT EXECUTE ON FUNCTION gateway.keep_installation() TO PUBLIC",
    "a grant on a sequence": "GRANT USAGE ON ALL SEQUENCES IN SCHEMA records TO pactgate_auditor",
    "the right to grant on": "GRANT SELECT ON gateway.client TO pactgate_app WITH GRANT OPTION",
    "grants on what comes later": "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pactgate_app",
    "a lost grant": "REVOKE SELECT ON gateway.client FROM pactgate_app",
    "a check": "ALTER TABLE gateway.client ADD CONSTRAINT mine CHECK (name <> 'x')",
    "a lost check": "ALTER TABLE gateway.installation DROP CONSTRAINT installation_shifts_the_clock_only_in_a_demo",
    "a function": "CREATE FUNCTION gateway.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "a function's body": "CREATE OR REPLACE FUNCTION gateway.clock() RETURNS timestamptz LANGUAGE sql STABLE"
    " PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog AS 'SELECT now()'",
    "a function's search path": "ALTER FUNCTION gateway.clock() SET search_path = public",
    "whose rights a function has": "ALTER FUNCTION gateway.keep_installation() SECURITY DEFINER",
    "a view": "CREATE VIEW public.everyone AS SELECT * FROM gateway.client",
    "a trigger": "CREATE TRIGGER mine BEFORE INSERT ON gateway.client EXECUTE FUNCTION gateway.refuse_rewriting()",
    "a sleeping trigger": "ALTER TABLE gateway.client DISABLE TRIGGER client_is_only_added_to",
    "a rule": "CREATE RULE mine AS ON DELETE TO gateway.client DO INSTEAD NOTHING",
    "row security": "ALTER TABLE gateway.client ENABLE ROW LEVEL SECURITY",
    "a default": "ALTER TABLE gateway.client_status ALTER reason SET DEFAULT 'x'",
    "a schema": "CREATE SCHEMA mine",
    "a type": "CREATE TYPE gateway.mine AS ENUM ('a')",
    "an index": "CREATE INDEX mine ON gateway.client (name)",
}


@pytest.mark.parametrize("change", BY_HAND)
async def test_a_change_made_by_hand_is_found(database: TestDatabase, change: str) -> None:
    owner = await database.connection("owner")
    before = await read_catalogue(owner)
    require_same_catalogue(before, await read_catalogue(owner))
    await owner.execute(BY_HAND[change])
    with pytest.raises(SchemaMismatch):
        require_same_catalogue(await read_catalogue(owner), before)


async def test_a_table_taken_over_by_another_role_is_found(database: TestDatabase) -> None:
    admin = await database.connection("admin")
    before = await read_catalogue(admin)
    await admin.execute("ALTER TABLE gateway.client OWNER TO pactgate_loader")
    with pytest.raises(SchemaMismatch, match="owner pactgate_loader"):
        require_same_catalogue(await read_catalogue(admin), before)


async def test_a_role_that_joined_another_is_found(database: TestDatabase) -> None:
    admin = await database.connection("admin")
    await require_roles_apart(admin)
    await admin.execute("GRANT pactgate_loader TO pactgate_auditor")
    try:
        with pytest.raises(SchemaMismatch, match="pactgate_auditor is a member of pactgate_loader"):
            await require_roles_apart(admin)
    finally:
        await admin.execute("REVOKE pactgate_loader FROM pactgate_auditor")


async def test_a_table_the_code_does_not_know_is_found(database: TestDatabase) -> None:
    owner = await database.connection("owner")
    await owner.execute("CREATE TABLE records.mine (a int)")
    with pytest.raises(SchemaMismatch, match="mine"):
        await require_same_tables(database.url("owner"))


async def test_a_migrated_database_passes_and_one_manual_grant_fails_it(database: TestDatabase) -> None:
    cluster = Cluster(read_settings({}), {role: database.url(role) for role in ("admin", "owner")})
    await require_unchanged(cluster)
    async with connect(database.url("owner")) as owner:
        await owner.execute("GRANT SELECT ON records.subject TO PUBLIC")
    with pytest.raises(SchemaMismatch, match=r"\+ grant SELECT on relation records.subject to PUBLIC"):
        await require_unchanged(cluster)


async def test_without_an_administrator_a_server_of_our_own_gives_the_comparison(database: TestDatabase) -> None:
    await require_unchanged(Cluster(read_settings({}), {"owner": database.url("owner")}))


async def test_migrating_twice_changes_nothing(empty_database: TestDatabase, database: TestDatabase) -> None:
    await upgrade(empty_database.url("owner"))
    owner = await empty_database.connection("owner")
    once = await read_catalogue(owner)
    await upgrade(empty_database.url("owner"))
    assert await read_catalogue(owner) == once == await read_catalogue(await database.connection("owner"))


async def test_only_the_owner_may_migrate(empty_database: TestDatabase) -> None:
    for role in ("app", "loader", "auditor"):
        with pytest.raises(Exception, match="permission denied"):
            await upgrade(empty_database.url(role))


async def test_a_scratch_database_is_empty_when_asked() -> None:
    async with scratch_database(migrated=False) as owner, connect(owner) as connection:
        assert await connection.fetchval("SELECT to_regnamespace('gateway')") is None
