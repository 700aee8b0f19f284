"""
G7: what it costs that a page's statement also reads the epoch, on a real database. Wall clock, since it waits.

The statement is the one the gateway reads pages with, on a connection of its reading pool. The one it is compared with
differs only in not looking at the log's head.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from asyncpg.pool import PoolConnectionProxy

from agreements.trust import read_trust
from gateway.records.reader import Reader
from gateway.records.statement import Shape, Statement, build
from gateway.services.grants import Grants
from gateway.store.database import Database
from policies.decision import Permit
from policies.request import AccessRequest
from tests.bench.deployment import Deployment, deployed
from tests.bench.pages import LIMIT
from tests.bench.policy_race import TURNS, WrongAnswer
from tests.bench.policy_rows import GOALS, Row, shown

STUDENTS = 4_000
"""About half of them are covered: twenty pages."""
_PAGES = 200
"""Pages a turn for each contender, which take turns page by page."""
CARRIED, ALONE, BEFORE = "carried", "alone", "before"
_EPOCH = "SELECT epoch FROM audit.head"
_WITHOUT_HEAD = (("SELECT audit.head.epoch AS epoch,", "SELECT 0::bigint AS epoch,"), (" \nFROM audit.head)", ")"))


async def carried() -> list[Row]:
    """G7: the page with its epoch against the page without, and against asking for the epoch by itself before it."""
    with tempfile.TemporaryDirectory(prefix="pactgate-bench-") as folder:
        async with deployed(Path(folder), STUDENTS) as deployment:
            database = await Database.open(deployment.cluster.url("app"), readers=1)
            try:
                permit = await _permit(deployment, database)
                codes = await _codes(database, permit)
                async with database.pool.acquire() as connection:
                    taken = await _read(connection, build(permit, Shape(LIMIT, "after")), codes)
            finally:
                await database.close()
    kind = f"a page of {LIMIT} rows, epoch carried"
    return [
        Row("G7", 1, compared, kind, shown(taken[CARRIED]), shown(taken[name]), taken[CARRIED] / taken[name], asked)
        for name, compared, asked in (
            (ALONE, "the page alone", GOALS["G7"]),
            (BEFORE, "the page, and the epoch asked for before it", None),
        )
    ]


async def _permit(deployment: Deployment, database: Database) -> Permit:
    grants = Grants(database.engine, read_trust(deployment.settings.trust.read_bytes()), configuration=0)
    registry, _ = await grants.registry()
    ((digest, granted),) = registry.granted.items()
    purpose = granted.document.purpose.code
    decision, _ = await grants.decide(AccessRequest(deployment.client, digest, purpose, "students"))
    if not isinstance(decision, Permit):
        raise WrongAnswer(decision)
    return decision


async def _codes(database: Database, permit: Permit) -> list[str]:
    """Return where each full page begins, but the first and the last."""
    reader, codes = Reader(database.pool), []
    page = await reader.read_page(permit, limit=LIMIT)
    while page.next is not None:
        codes.append(page.next.code)
        page = await reader.read_page(permit, limit=LIMIT, after=page.next)
    return codes[:-1]


async def _read(connection: PoolConnectionProxy, statement: Statement, codes: Sequence[str]) -> dict[str, float]:
    """Return the median over the turns of the median page, in microseconds, by contender."""
    alone = statement.sql
    for old, new in _WITHOUT_HEAD:
        if alone.count(old) != 1:
            raise WrongAnswer("the page's statement reads the epoch in another way now")
        alone = alone.replace(old, new)
    texts = {CARRIED: statement.sql, ALONE: alone, BEFORE: alone}
    turns: dict[str, list[float]] = {name: [] for name in texts}
    for turn in range(TURNS + 1):
        taken: dict[str, list[float]] = {name: [] for name in texts}
        for number in range(_PAGES):
            arguments = statement.arguments({"code": codes[number % len(codes)]})
            names = tuple(texts)
            for name in (*names[number % len(names) :], *names[: number % len(names)]):
                begun = perf_counter()
                if name == BEFORE:
                    await connection.fetchval(_EPOCH)
                found = await connection.fetch(texts[name], *arguments)
                taken[name].append(1e6 * (perf_counter() - begun))
                if len(found) != LIMIT + 1:
                    raise WrongAnswer(f"{len(found)} rows")
        if turn:  # the first one warms up
            for name, times in taken.items():
                turns[name].append(median(times))
    return {name: median(times) for name, times in turns.items()}
