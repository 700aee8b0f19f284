"""Who may connect, and what they may do once connected."""

import asyncio

import asyncpg
import pytest

from gateway.store.errors import DatabaseUnavailable, DurabilityOff, LoginRefused
from gateway.store.roles import (
    Role,
    create_roles,
    new_passwords,
    require_durable,
    require_modest_login,
    require_views_only,
)
from gateway.store.session import connect
from tests.factories.database import TestDatabase, TestServer

ROLES = ("owner", "app", "loader", "auditor")


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_without_its_password_is_refused(postgres: TestServer, role: str) -> None:
    named = Role[role.upper()]
    for wrong in ("", "wrong", postgres.passwords.of(Role.APP if named is not Role.APP else Role.OWNER)):
        with pytest.raises(LoginRefused):
            async with connect(postgres.embedded.url(named, wrong, "postgres")):
                pass


async def test_a_login_that_pactgate_did_not_make_is_refused(postgres: TestServer) -> None:
    async with connect(postgres.url("admin", "postgres")) as admin:
        await admin.execute("CREATE ROLE stranger LOGIN SUPERUSER PASSWORD 'known'")
    try:
        with pytest.raises(LoginRefused):
            async with connect(postgres.embedded.url("stranger", "known", "postgres")):
                pass
    finally:
        async with connect(postgres.url("admin", "postgres")) as admin:
            await admin.execute("DROP ROLE stranger")


async def test_a_role_cannot_reach_a_database_that_was_not_granted(postgres: TestServer) -> None:
    async with connect(postgres.url("admin", "postgres")) as admin:
        await admin.execute("CREATE DATABASE elsewhere")
        await admin.execute("REVOKE ALL ON DATABASE elsewhere FROM PUBLIC")
    try:
        with pytest.raises((LoginRefused, DatabaseUnavailable)):
            async with connect(postgres.url("app", "elsewhere")):
                pass
    finally:
        await postgres.drop("elsewhere")


@pytest.mark.parametrize("login", ["admin", "owner", "loader", "auditor"])
async def test_serve_refuses_a_login_with_more_rights_than_app(database: TestDatabase, login: str) -> None:
    connection = await database.connection(login)
    with pytest.raises(LoginRefused):
        await require_modest_login(connection, Role.APP)


@pytest.mark.parametrize("power", ["BYPASSRLS", "CREATEROLE", "CREATEDB", "REPLICATION", "SUPERUSER"])
async def test_serve_refuses_app_once_it_was_given_power(database: TestDatabase, power: str) -> None:
    admin = await database.connection("admin")
    await admin.execute(f"ALTER ROLE pactgate_app {power}")
    try:
        with pytest.raises(LoginRefused):
            await require_modest_login(await database.connection("app"), Role.APP)
    finally:
        await create_roles(database.url("admin"), database.server.passwords)
    await require_modest_login(await database.connection("app"), Role.APP)


async def test_serve_refuses_app_once_it_is_a_member_of_the_owner(database: TestDatabase) -> None:
    admin = await database.connection("admin")
    await admin.execute("GRANT pactgate_owner TO pactgate_app")
    try:
        with pytest.raises(LoginRefused):
            await require_modest_login(await database.connection("app"), Role.APP)
    finally:
        await admin.execute("REVOKE pactgate_owner FROM pactgate_app")


@pytest.mark.parametrize("role", ["loader", "auditor"])
async def test_serve_refuses_app_once_it_is_a_member_of_another_role(database: TestDatabase, role: str) -> None:
    admin = await database.connection("admin")
    await admin.execute(f"GRANT pactgate_{role} TO pactgate_app WITH INHERIT FALSE")
    try:
        with pytest.raises(LoginRefused, match="member of another"):
            await require_modest_login(await database.connection("app"), Role.APP)
    finally:
        await admin.execute(f"REVOKE pactgate_{role} FROM pactgate_app")


@pytest.mark.claim(3)
@pytest.mark.parametrize(
    ("right", "whom"),
    [
        ("SELECT", "pactgate_app"),
        ("SELECT", "PUBLIC"),
        ("SELECT (first_name)", "pactgate_app"),
        ("INSERT", "PUBLIC"),
        ("UPDATE", "pactgate_app"),
        ("DELETE", "pactgate_app"),
    ],
)
async def test_serve_refuses_app_once_a_table_of_students_was_opened(
    database: TestDatabase, right: str, whom: str
) -> None:
    app, owner = await database.connection("app"), await database.connection("owner")
    await require_views_only(app)
    await owner.execute(f"GRANT {right} ON records.student TO {whom}")
    with pytest.raises(LoginRefused, match="student") as refused:
        await require_views_only(app)
    assert "db check" in refused.value.remedy


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_is_modest_as_created(database: TestDatabase, role: str) -> None:
    await require_modest_login(await database.connection(role), Role[role.upper()])


async def test_a_server_that_may_lose_commits_is_refused(database: TestDatabase) -> None:
    connection = await database.connection("app")
    await require_durable(connection)
    await connection.execute("SET synchronous_commit = off")
    with pytest.raises(DurabilityOff):
        await require_durable(connection)


async def test_creating_the_roles_many_times_at_once_is_harmless(postgres: TestServer) -> None:
    url = postgres.url("admin", "postgres")
    await asyncio.gather(*(create_roles(url, postgres.passwords) for _ in range(8)))
    async with connect(postgres.url("app", "pactgate_template")) as connection:
        assert await connection.fetchval("SELECT current_user") == "pactgate_app"


async def test_a_new_password_replaces_the_old_one(postgres: TestServer) -> None:
    url = postgres.url("admin", "postgres")
    other = new_passwords()
    await create_roles(url, other)
    try:
        with pytest.raises(LoginRefused):
            async with connect(postgres.url("app", "pactgate_template")):
                pass
    finally:
        await create_roles(url, postgres.passwords)


async def test_passwords_are_never_printed_and_never_reach_the_servers_log(postgres: TestServer) -> None:
    text = postgres.embedded.log.read_text() + repr(postgres.passwords) + str(postgres.passwords)
    for role in Role:
        assert postgres.passwords.of(role) not in text


async def test_app_cannot_write_the_gateways_tables(database: TestDatabase) -> None:
    app = await database.connection("app")
    for statement in (
        "INSERT INTO gateway.installation (origin, initialised_at) VALUES ('x', now())",
        "INSERT INTO gateway.client_status VALUES ('client:x', 'active', 1, '')",
        "CREATE TABLE gateway.mine (a int)",
        "CREATE SCHEMA mine",
        "CREATE TEMPORARY TABLE mine (a int)",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(statement)
