"""What is certified is made of the log itself; what a page says at once may be wrong only if the index was changed."""

import asyncpg
import pytest

from audit.entry import parse
from audit.errors import LogDamaged
from audit.events import Event
from audit.facets import Facet, term
from audit.index import BLOCK, catch_up
from audit.query import Clause
from audit.reading import leaves_with
from audit.search import Counted, count
from gateway.services.obligations.owed import Obligations
from tests.factories.cohort import TUTORING
from tests.factories.database import TestDatabase
from tests.factories.gateway import Gateway
from tests.factories.long_log import AGREEMENTS, append, drafts, numbers
from tests.factories.superuser import superuser

ENTRIES = drafts(BLOCK + 300, numbers(40))
ABOUT = AGREEMENTS[0]
SAID = (Clause(frozenset({(Facet.AGREEMENT, ABOUT)})), Clause(frozenset({(Facet.EVENT, "disclosure")})))


def _is_wanted(leaf: bytes) -> bool:
    entry = parse(leaf)
    return entry.event == Event.DISCLOSURE and entry.body.get("agreement") == ABOUT


PLAINLY = [(at, draft.leaf) for at, draft in enumerate(ENTRIES) if _is_wanted(draft.leaf)]


async def walked(session: asyncpg.Connection) -> list[tuple[int, bytes]]:
    found = leaves_with(session, [ABOUT.encode(), b"nothing"], 0, len(ENTRIES), also=b'"event":"disclosure"')
    return [(index, leaf) async for index, leaf in found if _is_wanted(leaf)]


async def test_a_log_with_a_gap_is_neither_gone_through_nor_counted(database: TestDatabase) -> None:
    database.server.damaged.add(database.name)
    session, owner = await database.connection("loader"), await database.connection("owner")
    await append(session, ENTRIES)
    await owner.execute("ALTER TABLE audit.entry DISABLE TRIGGER ALL")
    await owner.execute("DELETE FROM audit.entry WHERE idx = $1", BLOCK + 5)
    with pytest.raises(LogDamaged):
        await walked(session)
    with pytest.raises(LogDamaged):
        await count(session, SAID)


async def test_a_walk_finds_what_is_there_whatever_the_index_says_and_a_count_trusts_the_index(
    database: TestDatabase,
) -> None:
    session, owner = await database.connection("loader"), await database.connection("owner")
    assert await count(session, SAID) == Counted(0, None)  # an empty log
    await append(session, ENTRIES)
    for indexed in (False, True):
        if indexed:
            assert await catch_up(session) == 1
        assert await walked(session) == PLAINLY
        found = await count(session, SAID)
        assert (found.entries, found.last) == (len(PLAINLY), PLAINLY[-1][0])
    assert (await count(session, (Clause(frozenset({(Facet.CLIENT, "client:nobody")})),))).entries == 0
    # Somebody who writes to the database adds places to the index, and takes the row away.
    of = (0, term(Facet.AGREEMENT, ABOUT))
    await owner.execute("UPDATE audit.posting SET places = $3 WHERE block = $1 AND term = $2", *of, b"\xff" * 512)
    assert (await count(session, SAID)).entries > len(PLAINLY)
    assert await walked(session) == PLAINLY
    await owner.execute("DELETE FROM audit.posting WHERE block = $1 AND term = $2", *of)
    assert (await count(session, SAID)).entries == sum(index >= BLOCK for index, _ in PLAINLY) < len(PLAINLY)
    assert await walked(session) == PLAINLY


async def test_figures_to_certify_are_exact_though_the_index_hides_every_answer(gateway: Gateway) -> None:
    for fields in ("first_name", "grade_level"):
        assert (await gateway.get(TUTORING, f"/v1/students?fields={fields}")).status_code == 200
    obligations, digest = Obligations((await gateway.office()).desk), gateway.digest(TUTORING)
    outlook, figures = await obligations.outlook(digest), await obligations.figures(digest, "whole")
    assert (outlook.answers, outlook.last_entry) == (figures.disclosures.count, figures.disclosures.last_entry)
    assert outlook.answers == 2
    # A row says that all of the log is indexed, and nothing in the index says that anything left.
    admin = await superuser(gateway)
    await admin.execute("INSERT INTO audit.indexed (block, first_time, last_time) VALUES (0, '2020', '2090')")
    assert (await obligations.outlook(digest)).answers == 0
    assert await obligations.figures(digest, "whole") == figures
