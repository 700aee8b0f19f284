"""
The four database roles, each with the rights of one kind of work and no more.

Roles belong to the whole server, so migrations never create them: they only grant. `serve` refuses a login that could
do more than read what a partner may see, because then no view and no trigger would bind it.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field, fields
from enum import StrEnum

import asyncpg

from gateway.store.errors import DurabilityOff, GatewayServes, LoginRefused, StandbyRefused
from gateway.store.session import connect, quote_name


class Role(StrEnum):
    """Who connects to the database."""

    OWNER = "pactgate_owner"
    """Owns the four schemas and runs migrations."""
    APP = "pactgate_app"
    """Serves partners: reads agreements and, through views, records; appends to the log."""
    LOADER = "pactgate_loader"
    """Stewards and administrators: loads records, enters agreements."""
    AUDITOR = "pactgate_auditor"
    """Reads the log and nothing else."""


_SCRAM_ROUNDS = 4096
"""RFC 7677 section 4; the passwords are 256 random bits, so more rounds would add nothing."""
_MODEST = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
_LOCK = "pactgate.roles"
_SERVING = (
    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = $1"
    " AND pid <> pg_backend_pid())"
)
"""A gateway that serves looks after the log every few seconds, so it is always connected."""


@dataclass(frozen=True, slots=True)
class Passwords:
    """One password a role. Never printed."""

    owner: str = field(repr=False)
    app: str = field(repr=False)
    loader: str = field(repr=False)
    auditor: str = field(repr=False)

    def of(self, role: Role) -> str:
        """Return the password of `role`."""
        return str(getattr(self, role.name.lower()))


def new_passwords() -> Passwords:
    """Return four passwords from the operating system's randomness, 256 bits each."""
    return Passwords(**{each.name: secrets.token_urlsafe(32) for each in fields(Passwords)})


async def create_roles(admin_url: str, passwords: Passwords) -> None:
    """
    Create the four roles or bring them back to what they should be; safe to repeat and to run at the same time.

    The server gets SCRAM verifiers, never a password, so none can reach its log.

    Raises `DatabaseUnavailable`, `DatabaseUnsupported`.
    """
    async with connect(admin_url) as connection, connection.transaction():
        # Creating the same role twice at once fails in PostgreSQL; this lock makes the second caller wait.
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", _LOCK)
        for role in Role:
            verifier = _scram_verifier(passwords.of(role))
            found = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
            verb = "ALTER" if found else "CREATE"
            modest = "" if found and await _is_modest(connection, role) else _MODEST
            await connection.execute(f"{verb} ROLE {role} LOGIN {modest} PASSWORD '{verifier}'")


async def create_database(admin_url: str, name: str, *, template: str | None = None) -> None:
    """Create database `name`, owned by the owner role and closed to every login but the four."""
    async with connect(admin_url) as connection:
        database = quote_name(name)
        source = f"TEMPLATE {quote_name(template)} STRATEGY file_copy" if template else "TEMPLATE template0"
        await connection.execute(f"CREATE DATABASE {database} OWNER {Role.OWNER} {source}")
        await connection.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
        await connection.execute(f"GRANT CONNECT ON DATABASE {database} TO {', '.join(Role)}")
        # A load is worked out in temporary tables, which go with its session.
        await connection.execute(f"GRANT TEMPORARY ON DATABASE {database} TO {Role.LOADER}")


async def has_database(admin_url: str, name: str) -> bool:
    """Whether the server has a database called `name`."""
    async with connect(admin_url) as connection:
        return bool(await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name))


async def require_modest_login(connection: asyncpg.Connection, role: Role) -> None:
    """
    Check that this login is `role` and cannot do more than `role` should.

    Raises `LoginRefused`; for a partner-facing process there is no way around it.
    """
    login = str(await connection.fetchval("SELECT session_user"))
    # (1): rights that go round every grant and every policy.
    if not await _is_modest(connection, login):
        raise LoginRefused(
            f"The login {login!r} is a superuser, may create roles or databases, or bypasses row security."
        )
    # (2): whoever is, or may become, an owner of our schemas can change what the grants say.
    owns = await connection.fetchval(
        "SELECT bool_or(pg_has_role(session_user, oid, 'MEMBER')) FROM pg_roles"
        " WHERE oid IN (SELECT datdba FROM pg_database WHERE datname = current_database()"
        " UNION SELECT nspowner FROM pg_namespace WHERE nspname IN ('agreements','audit','records','gateway'))"
        " AND rolname <> $1",
        role if role is Role.OWNER else "",
    )
    if owns:
        raise LoginRefused(f"The login {login!r} owns the tables, or is a member of the role that does.")
    # (3): a member of another role has that role's rights beside its own.
    others = [each for each in Role if each is not role]
    if await connection.fetchval(
        "SELECT bool_or(pg_has_role(session_user, oid, 'MEMBER')) FROM pg_roles"
        " WHERE rolname = ANY ($1) AND rolname <> session_user",
        others,
    ):
        raise LoginRefused(f"The login {login!r} is a member of another of Pactgate's roles.")
    # (4): somebody else's login has somebody else's rights, more or fewer.
    if login != role:
        raise LoginRefused(f"The login is {login!r}, this work is for {role.value!r}.")


async def require_views_only(connection: asyncpg.Connection) -> None:
    """Check that this login has no right on a table of student records, whoever granted it. Raises `LoginRefused`."""
    open_tables = await connection.fetchval(
        "SELECT string_agg(c.relname, ', ' ORDER BY c.relname) FROM pg_class c JOIN pg_namespace n"
        " ON n.oid = c.relnamespace WHERE n.nspname = 'records' AND c.relkind IN ('r', 'p')"
        " AND (has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE')"
        " OR has_table_privilege(c.oid, 'DELETE, TRUNCATE, TRIGGER'))"
    )
    if open_tables:
        raise LoginRefused(
            f"The login may use tables of student records directly, past the views: {open_tables}.",
            remedy="Run `pactgate db check` and REVOKE what it names.",
        )


async def require_durable(connection: asyncpg.Connection) -> None:
    """Check that a committed transaction survives a crash. Raises `DurabilityOff`."""
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        if (value := await connection.fetchval("SELECT current_setting($1)", setting)) in ("off", "local"):
            raise DurabilityOff(f"The database runs with {setting} = {value}.")


async def require_primary(connection: asyncpg.Connection) -> None:
    """Check that this server takes entries: a standby answers from the past. Raises `StandbyRefused`."""
    if await connection.fetchval("SELECT pg_is_in_recovery()"):
        raise StandbyRefused("The database is a standby in recovery.")


async def require_nobody_serves(connection: asyncpg.Connection) -> None:
    """Check that no gateway is connected to this database as the app role. Raises `GatewayServes`."""
    if await connection.fetchval(_SERVING, Role.APP.value):
        raise GatewayServes("A gateway is connected to this database.")


async def _is_modest(connection: asyncpg.Connection, login: str) -> bool:
    powers = "rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls"
    return not await connection.fetchval(f"SELECT {powers} FROM pg_roles WHERE rolname = $1", login)  # noqa: S608 - fixed words


def _scram_verifier(password: str) -> str:
    """Return PostgreSQL's stored form of a password (RFC 5803, RFC 7677)."""
    if not (password.isascii() and password.isprintable()):
        raise LoginRefused(
            "A role's password holds characters outside printable ASCII.",
            remedy="Choose passwords of letters, digits and ASCII punctuation: others depend on the client's SASLprep.",
        )
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _SCRAM_ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    text = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return "SCRAM-SHA-256${}:{}${}:{}".format(_SCRAM_ROUNDS, *text)
