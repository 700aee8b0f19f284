"""The reading pool gives its connections back as they are, so nothing may be left on them."""

import asyncpg
import pytest

from gateway.store.database import Database
from tests.factories.database import TestDatabase

AGREEMENT = "sha256:" + "a" * 64
NAMED = "SELECT coalesce(current_setting('pactgate.agreement', true), '')"


async def test_a_plan_does_not_depend_on_the_parameters_it_was_first_used_with(database: TestDatabase) -> None:
    opened = await Database.open(database.url("app"))
    assert await opened.pool.fetchval("SHOW plan_cache_mode") == "force_generic_plan"
    assert await opened.log_pool.fetchval("SHOW plan_cache_mode") == "auto"
    await opened.close()


@pytest.mark.attack("a pooled connection keeps the last caller's agreement")
async def test_an_agreement_named_in_a_statement_ends_with_the_statement(database: TestDatabase) -> None:
    opened = await Database.open(database.url("app"), readers=1)
    name = "SELECT set_config('pactgate.agreement', $1, true)"
    assert await opened.pool.fetchval(name, AGREEMENT) == AGREEMENT
    assert await opened.pool.fetchval(NAMED) == ""
    with pytest.raises(asyncpg.DivisionByZeroError):
        await opened.pool.fetchval(f"{name}, 1 / $2::int", AGREEMENT, 0)
    assert await opened.pool.fetchval(NAMED) == ""
    await opened.close()


async def test_a_transaction_left_open_on_a_reading_connection_does_not_reach_its_next_user(
    database: TestDatabase,
) -> None:
    opened = await Database.open(database.url("app"), readers=1)
    async with opened.pool.acquire() as connection:
        await connection.execute(f"BEGIN; SET LOCAL pactgate.agreement = '{AGREEMENT}'")
    assert await opened.pool.fetchval(NAMED) == ""
    await opened.close()
