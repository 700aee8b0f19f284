"""
What stands in a database besides rows, one sorted line a fact: who may do what, and what runs when.

Alembic compares tables and indexes only; a CHECK, a GRANT TO PUBLIC, a function or a view made by hand passes it by.
Two databases with the same lines behave the same. Bodies and definitions appear as digests: their text is in the
migrations.
"""

from importlib.resources import files

import asyncpg

from gateway.store.errors import SchemaMismatch
from gateway.store.roles import Role

_MEMBERS = (
    "SELECT format('%I is a member of %I', m.member::regrole, m.roleid::regrole) FROM pg_auth_members m"
    " WHERE (m.member::regrole::text = ANY ($1) OR m.roleid::regrole::text = ANY ($1))"
    " AND NOT (SELECT r.rolsuper OR r.rolcreaterole FROM pg_roles r WHERE r.oid = m.member)"
)
_POWERS = (
    "SELECT format('%I has powers over the server', r.rolname) FROM pg_roles r WHERE r.rolname = ANY ($1)"
    " AND (r.rolsuper OR r.rolcreatedb OR r.rolcreaterole OR r.rolreplication OR r.rolbypassrls)"
)


async def read_catalogue(connection: asyncpg.Connection) -> tuple[str, ...]:
    """Return the facts of this database, sorted."""
    # With nothing on the search path every name is written in full, whatever this login's own path says.
    async with connection.transaction(readonly=True):
        await connection.execute("SET LOCAL search_path = ''")
        facts = await connection.fetch((files("gateway.store") / "catalogue.sql").read_text(encoding="utf-8"))
    return tuple(sorted(str(row["fact"]) for row in facts))


async def require_roles_apart(connection: asyncpg.Connection) -> None:
    """Check that none of the four roles is another's member or has powers over the server. Raises `SchemaMismatch`."""
    roles = [role.value for role in Role]
    found = [str(row[0]) for query in (_MEMBERS, _POWERS) for row in await connection.fetch(query, roles)]
    if found:
        raise SchemaMismatch(
            f"The four database roles are not apart: {'; '.join(found)}.",
            remedy="Run `pactgate db roles` for powers, and REVOKE the memberships.",
        )


def require_same_catalogue(found: tuple[str, ...], expected: tuple[str, ...], *, remedy: str | None = None) -> None:
    """Check that two databases hold the same facts. Raises `SchemaMismatch`, naming each difference."""
    added = sorted(set(found) - set(expected))
    missing = sorted(set(expected) - set(found))
    if added or missing:
        lines = [*(f"+ {line}" for line in added), *(f"- {line}" for line in missing)]
        raise SchemaMismatch("The database differs from what its migrations make:\n" + "\n".join(lines), remedy=remedy)
