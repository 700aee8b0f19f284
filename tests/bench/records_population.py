"""
What it costs that rows are of covered students only: the page as it is, against the same statement without the check.

The check is the agreement's list, the families' consents and the schools. The statement without it is the reader's own,
over copies of the granted views that ask nobody whether a student is covered, for everybody and with no mask of
consent. It must give the same rows, which is compared.
"""

import re
from dataclasses import replace
from functools import partial
from typing import Final

import asyncpg
import msgspec

from agreements.basis import Basis
from gateway.records.reader import CODE_AT, Page, page_of
from gateway.records.statement import Shape, Statement, build
from gateway.store.database import READING
from policies.decision import Permit
from policies.population import Everyone
from policies.seal import SEAL
from tests.bench.pages import LIMIT
from tests.bench.reading import Reading, Taken, interleaved
from tests.bench.scenes import served

_OPEN: Final = "unchecked"
"""The schema of the copies."""
_LIST: Final = f"""
CREATE TABLE {_OPEN}.listed (
    agreement text, code text COLLATE "C", student_id uuid, covers bigint, PRIMARY KEY (agreement, code)
);
CREATE VIEW {_OPEN}.granted AS
    SELECT student_id, code, covers FROM {_OPEN}.listed WHERE agreement = current_setting('pactgate.agreement', true);
"""  # noqa: S608 - our own name
_COPY: Final = f"""
INSERT INTO {_OPEN}.listed (agreement, code, student_id)
SELECT current_setting('pactgate.agreement'), code, student_id FROM records.granted
"""  # noqa: S608 - our own name
_VIEWS: Final = "SELECT viewname, definition FROM pg_views WHERE schemaname = 'records' AND viewname LIKE 'granted\\_%'"
_JOIN: Final = re.compile(
    r"\(records\.granted g\s+JOIN (records\.\w+ \w+) ON \(\(\w+\.student_id = g\.student_id\)\)\)"
)
"""What narrows a view to covered students and gives it nothing else."""


class Checked(msgspec.Struct):
    """The first page of one dataset, with the check and without it."""

    dataset: str
    checked: Taken
    unchecked: Taken

    @property
    def ratio(self) -> float:
        """How much of the database's processor the page takes with the check, by what it takes without."""
        return self.checked.database / self.unchecked.database


class OtherRows(Exception):
    """The statement without the check gave other rows: nothing was compared."""


async def checks(reading: Reading, connection: asyncpg.Connection) -> list[Checked]:
    """
    Measure the first page of each dataset with the check and without it. Raises `OtherRows`.

    `connection` is the server's own account, for views that no role of the gateway could have.
    """
    await _open_views(connection, reading.deployment.agreement)
    # As the gateway's own connections plan.
    for name, value in READING.items():
        await connection.execute(f"SET {name} = {value}")
    backend = await connection.fetchval("SELECT pg_backend_pid()")
    found = []
    for dataset in served():
        permit = await reading.permit(dataset)
        checked = partial(reading.reader.read_page, permit, limit=LIMIT)
        unchecked = partial(_read, connection, _unchecked(permit))
        rows = [[tuple(row)[CODE_AT:] for row in page.rows] for page in (await checked(), await unchecked())]
        if rows[0] != rows[1]:
            raise OtherRows(f"{dataset}: the statement without the check gives other rows")
        taken = await interleaved({"checked": checked}, reading.backend, reading.turns)
        taken |= await interleaved({"unchecked": unchecked}, backend, reading.turns)
        found.append(Checked(dataset, **taken))
    return found


async def _open_views(connection: asyncpg.Connection, agreement: str) -> None:
    """
    Copy the granted views without what narrows them, over a plain list of those who are covered today.

    The list is found by the agreement that the statement names, as the population is, so that both are planned alike.
    """
    await connection.execute(f"DROP SCHEMA IF EXISTS {_OPEN} CASCADE; CREATE SCHEMA {_OPEN}")
    await connection.execute(_LIST)
    async with connection.transaction():
        await connection.execute("SELECT set_config('pactgate.agreement', $1, true)", agreement)
        await connection.execute(_COPY)
    await connection.execute(f"ANALYZE {_OPEN}.listed")
    for name, definition in await connection.fetch(_VIEWS):
        alone = _JOIN.sub(r"\1", definition)
        own = (definition if "g.code" in alone else alone).replace("records.granted ", f"{_OPEN}.granted ")
        await connection.execute(f"CREATE VIEW {_OPEN}.{name} AS {own}")


def _unchecked(permit: Permit) -> Statement:
    rows = replace(permit.rows, basis=Basis.SCHOOL_OFFICIAL.value, population=Everyone())
    statement = build(replace(permit, rows=rows, seal=SEAL), Shape(LIMIT, "first"))
    return replace(statement, sql=statement.sql.replace("records.granted_", f"{_OPEN}.granted_"))


async def _read(connection: asyncpg.Connection, statement: Statement) -> Page:
    return page_of(await connection.fetch(statement.sql, *statement.arguments({})), statement, LIMIT)
