"""The index of the log: it finds what the lists and the entries say, whatever became of it, and nobody can write it."""

import asyncio
from itertools import product

import asyncpg
import pytest

from audit.errors import LeafRefused
from audit.index import BLOCK, catch_up, extent, places_of, rebuild
from audit.naming import entries_naming
from tests.factories.database import TestDatabase
from tests.factories.long_log import append, drafts, numbers
from tests.factories.unhurried import PATIENCE

STUDENTS = numbers(300)
ENTRIES = drafts(2 * BLOCK + 700, STUDENTS)
TABLES = ("indexed", "posting", "named")
LISTS = [draft.subjects for draft in ENTRIES]


def named(number: bytes, start: int = 0, stop: int | None = None) -> list[int]:
    """Who names a number, list by list."""
    places = range(start, len(LISTS) if stop is None else stop)
    return [at for at in places if number in {LISTS[at][i : i + 16] for i in range(0, len(LISTS[at]), 16)}]


async def found(session: asyncpg.Connection, number: bytes, start: int = 0, stop: int | None = None) -> list[int]:
    return [index async for index in entries_naming(session, number, start=start, stop=stop)]


@pytest.fixture
async def loader(database: TestDatabase) -> asyncpg.Connection:
    """A log of two blocks and some more, not indexed yet."""
    session = await database.connection("loader")
    await append(session, ENTRIES)
    return session


@pytest.mark.claim(9)
async def test_nobody_but_the_two_functions_writes_the_index(database: TestDatabase) -> None:
    for role in ("app", "loader", "auditor"):
        session = await database.connection(role)
        for table, verb in product(
            TABLES, ("INSERT INTO audit.{} DEFAULT VALUES", "DELETE FROM audit.{}", "TRUNCATE audit.{}")
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await session.execute(verb.format(table))
    app, auditor = await database.connection("app"), await database.connection("auditor")
    for table in TABLES:  # whom an entry names is not for the gateway
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(f"SELECT FROM audit.{table}")
    for session, call in ((app, "forget_index"), (auditor, "forget_index"), (auditor, "index_next")):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.execute(f"SELECT audit.{call}()")


async def test_what_is_no_subject_number_is_not_looked_up(database: TestDatabase) -> None:
    with pytest.raises(LeafRefused):
        await found(await database.connection("auditor"), b"\0" * 15)


async def test_every_entry_that_names_a_number_is_found_with_and_without_an_index(
    loader: asyncpg.Connection, database: TestDatabase
) -> None:
    asked = [*STUDENTS[:40], b"\0\1\0\1" + b"\7" * 12, b"\0\1\7\7" + b"\7" * 12]
    across = LISTS[next(at for at, each in enumerate(LISTS) if len(each) > 16)][
        8:24
    ]  # no number, but its bytes are there
    for number in (*asked[:5], across):
        assert await found(loader, number) == named(number)
    app, reports = await database.connection("app"), list[int]()
    assert await catch_up(app, reports.append) == 2
    assert reports == [1, 2]
    assert await catch_up(app) == 0
    for number in (*asked, across):
        assert await found(loader, number) == named(number)
    number = STUDENTS[0]
    assert await found(loader, number, BLOCK - 50, BLOCK + 3000) == named(number, BLOCK - 50, BLOCK + 3000)
    assert await found(loader, number, BLOCK, BLOCK) == []
    more = drafts(BLOCK, STUDENTS, seed=8)
    await append(loader, more)  # the log grows past what is indexed
    later = [len(LISTS) + at for at, draft in enumerate(more) if number in _split(draft.subjects)]
    assert await found(loader, number) == named(number) + later


async def test_an_index_that_lost_its_head_or_middle_hides_nothing(
    loader: asyncpg.Connection, database: TestDatabase
) -> None:
    await catch_up(loader)
    owner = await database.connection("owner")
    await owner.execute("DELETE FROM audit.indexed WHERE block = 0")
    assert await found(loader, STUDENTS[0]) == named(STUDENTS[0])
    assert await rebuild(loader) == 2
    assert sorted((await extent(loader)).times) == [0, 1]
    assert await found(loader, STUDENTS[1]) == named(STUDENTS[1])


async def test_two_that_index_at_once_index_each_block_once(loader: asyncpg.Connection, database: TestDatabase) -> None:
    other = await database.connection("app")
    held = loader.transaction()
    await held.start()
    assert await loader.fetchval("SELECT audit.index_next()")
    async with asyncio.timeout(PATIENCE):
        assert await catch_up(other) == 0  # somebody is at it
    await held.rollback()
    assert await catch_up(other) == 2


async def test_a_leaf_that_cannot_be_read_does_not_stop_the_index(
    loader: asyncpg.Connection, database: TestDatabase
) -> None:
    database.server.damaged.add(database.name)
    owner = await database.connection("owner")
    await owner.execute("ALTER TABLE audit.entry DISABLE TRIGGER entry_is_kept")
    for at, damage in enumerate((b"\xff", b"[", b"[1]", b'{"event":"disclosure","time":7}', b'"\x00"')):
        await owner.execute(
            "UPDATE audit.entry SET leaf = $1, leaf_hash = sha256('\\x00'::bytea || $1) WHERE idx = $2", damage, at
        )
    assert await catch_up(loader) == 2
    assert await found(loader, STUDENTS[2]) == named(STUDENTS[2])


def _split(packed: bytes) -> set[bytes]:
    return {packed[at : at + 16] for at in range(0, len(packed), 16)}


def test_a_place_is_read_where_an_item_begins_only() -> None:
    number = b"\0\0\1\2" + b"\0" * 12
    assert places_of(b"\7\1\2\7" + b"\1\2\0\5", number) == 1 << 5  # the first one stands across an item
    assert places_of(b"\7\1\2\7", number) == 0
