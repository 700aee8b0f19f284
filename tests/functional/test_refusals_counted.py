"""Refusals are counted the same by the index, entry by entry, and half of each."""

from collections import Counter

import pytest

from audit.entry import parse
from audit.events import Event
from audit.index import BLOCK, catch_up
from gateway.services.accounting.refusals import refusals_of
from tests.factories.database import TestDatabase
from tests.factories.long_log import AGREEMENTS, append, drafts, numbers

ENTRIES = drafts(BLOCK + 300, numbers(5))


def told(agreement: str, stop: int) -> int:
    read = [parse(each.leaf) for each in ENTRIES[:stop]]
    return sum(each.event == Event.REFUSAL and each.body["agreement"] == agreement for each in read)


@pytest.mark.ferpa("N1")
async def test_what_the_index_counts_is_what_the_entries_say(database: TestDatabase) -> None:
    loader = await database.connection("loader")
    await append(loader, ENTRIES)
    stops = (0, 100, BLOCK - 1, BLOCK, BLOCK + 200)
    before = [await refusals_of(loader, AGREEMENTS, stop) for stop in stops]
    assert await catch_up(loader) == 1
    after = [await refusals_of(loader, AGREEMENTS, stop) for stop in stops]
    expected = [Counter({each: told(each, stop) for each in AGREEMENTS}) for stop in stops]
    assert before == after == expected
    assert await refusals_of(loader, ("sha256:" + "c" * 64,), BLOCK) == Counter()
