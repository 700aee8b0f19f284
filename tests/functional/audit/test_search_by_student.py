"""A search for a student, in blocks that are indexed and in entries that are not yet."""

import pytest

from audit.facets import Facet
from audit.index import BLOCK, NUMBER_SIZE, catch_up
from audit.query import Clause, Query
from audit.search import search
from tests.factories.database import TestDatabase
from tests.factories.long_log import append, drafts, numbers

ENTRIES = drafts(BLOCK + 300, numbers(40))
NAMED = {
    at: [draft.subjects[start : start + NUMBER_SIZE] for start in range(0, len(draft.subjects), NUMBER_SIZE)]
    for at, draft in enumerate(ENTRIES)
    if draft.subjects
}
STUDENT = NAMED[max(NAMED)][0]
SAID = (Clause(frozenset({(Facet.EVENT, "disclosure")})),)


@pytest.mark.parametrize("clauses", [(), SAID], ids=["any event", "an answer"])
async def test_a_search_for_a_student_finds_every_entry_that_names_the_student_and_no_other(
    database: TestDatabase, clauses: tuple[Clause, ...]
) -> None:
    session = await database.connection("loader")
    await append(session, ENTRIES)
    assert await catch_up(session) == 1
    told = [at for at, named in NAMED.items() if STUDENT in named]
    assert told[0] < BLOCK <= told[-1]  # in what is indexed, and in what is not yet
    found = await search(session, Query(clauses=clauses, subject=STUDENT), limit=len(ENTRIES))
    assert [each.index for each in found.found] == told[::-1]
    # Several numbers that are one student's.
    other = next(each for named in NAMED.values() for each in named if each != STUDENT)
    told = [at for at, named in NAMED.items() if {STUDENT, other} & {*named}]
    both = await search(session, Query(clauses=clauses, subject=other + STUDENT), limit=len(ENTRIES))
    assert [each.index for each in both.found] == told[::-1]
    nobody = await search(session, Query(clauses=clauses, subject=bytes(NUMBER_SIZE)), limit=1)
    assert nobody.found == ()
