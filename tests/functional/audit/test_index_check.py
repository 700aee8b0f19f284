"""An index changed by hand makes no entry up; what it hides is found by the check, and a rebuild brings it back."""

import asyncpg
import pytest

from audit.draft import Draft
from audit.entry import encode
from audit.errors import IndexWrong, LeafRefused, LogDamaged
from audit.events import Event
from audit.facets import Facet, said_by, term
from audit.index import BLOCK, NUMBER_SIZE, catch_up, rebuild
from audit.index_check import check_index
from audit.query import Clause, Query
from audit.search import search
from tests.factories.database import TestDatabase
from tests.factories.log import TIME
from tests.factories.long_log import AGREEMENTS, append, drafts, numbers

pytestmark = pytest.mark.claim(5)

STUDENTS = numbers(30)
ENTRIES = drafts(BLOCK + 20, STUDENTS)
LEFT = Query((Clause(frozenset({(Facet.EVENT, "partner.left")})),))
WORD = term(Facet.EVENT, "partner.left")
CHANGES = {
    "posting gone": "DELETE FROM audit.posting WHERE term = $1",
    "posting that lies": "UPDATE audit.posting SET places = places || '\\x0001' WHERE term = $1",
    "posting altered": "UPDATE audit.posting SET places = substring(places FROM 3) WHERE term = $1",
    "posting added": "INSERT INTO audit.posting SELECT substring(sha256($1) FOR 8), 0, '\\x0001'",
    "naming gone": "DELETE FROM audit.named WHERE bucket % 2 = 1 AND $1::bytea IS NOT NULL",
    "naming altered": "UPDATE audit.named SET places = places || '\\x00000000' WHERE $1::bytea IS NOT NULL",
    "times altered": "UPDATE audit.indexed SET last_time = first_time WHERE $1::bytea IS NOT NULL",
}


async def indexed(database: TestDatabase) -> asyncpg.Connection:
    loader = await database.connection("loader")
    await append(loader, ENTRIES)
    await catch_up(loader)
    return loader


@pytest.mark.parametrize("change", CHANGES)
async def test_a_changed_index_is_found_and_a_rebuild_mends_it(database: TestDatabase, change: str) -> None:
    loader, told = await indexed(database), list[int]()
    auditor, owner = await database.connection("auditor"), await database.connection("owner")
    assert await check_index(auditor, told.append) == 1
    assert told == [1]
    before = await search(loader, LEFT, limit=500)
    await owner.execute(CHANGES[change], WORD)
    with pytest.raises(IndexWrong, match="block 0"):
        await check_index(auditor)
    assert set((await search(loader, LEFT, limit=500)).found) <= set(before.found)  # hidden perhaps, never made up
    assert await rebuild(loader) == 1
    assert await check_index(auditor) == 1
    assert await search(loader, LEFT, limit=500) == before


async def test_an_entry_that_is_not_there_is_not_passed_over(database: TestDatabase) -> None:
    database.server.damaged.add(database.name)
    loader, owner = await indexed(database), await database.connection("owner")
    await owner.execute("ALTER TABLE audit.entry DISABLE TRIGGER entry_is_kept")
    await owner.execute("DELETE FROM audit.entry WHERE idx = 0")  # one of those that are searched for
    with pytest.raises(LogDamaged, match="entry 0 is missing"):
        await search(loader, LEFT, limit=500)
    with pytest.raises(LogDamaged):
        await check_index(loader)


async def test_a_damaged_leaf_says_the_same_to_the_index_and_to_its_check(database: TestDatabase) -> None:
    database.server.damaged.add(database.name)
    loader, owner = await indexed(database), await database.connection("owner")
    await owner.execute("ALTER TABLE audit.entry DISABLE TRIGGER entry_is_kept")
    damaged = (b"\xff", b"[", b"[1]", b'{"event":"disclosure","time":7}', b'"\x00"', b'{"time":NaN}', b"[" * 20_000)
    for at, damage in enumerate(damaged):
        assert said_by(damage).time is None
        await owner.execute(
            "UPDATE audit.entry SET leaf = $1, leaf_hash = sha256('\\x00'::bytea || $1) WHERE idx = $2", damage, at
        )
    await owner.execute("UPDATE audit.indexed SET first_time = '', last_time = ''")
    await rebuild(loader)
    assert await check_index(loader) == 1
    everything = await search(loader, Query(newest_first=False), limit=len(damaged))
    assert [found.leaf for found in everything.found] == list(damaged)
    dated = await search(loader, Query(since=TIME.replace(year=1), newest_first=False), limit=1)
    assert dated.found[0].index == len(damaged)  # in no period


async def test_a_log_of_nothing_is_searched(database: TestDatabase) -> None:
    loader = await database.connection("loader")
    assert await search(loader, LEFT, limit=5) == await search(loader, Query(), limit=5)
    await append(loader, [Draft(encode(Event.PARTNER_LEFT, TIME, {"agreements": [*AGREEMENTS, 3]}))])
    assert [found.index for found in (await search(loader, LEFT, limit=5)).found] == [0]


def test_what_can_match_nothing_by_mistake_is_no_query() -> None:
    with pytest.raises(LeafRefused):
        Query(since=TIME.replace(tzinfo=None))
    for subject in (b"short", b"", bytes(NUMBER_SIZE + 1)):
        with pytest.raises(LeafRefused):
            Query(subject=subject)
