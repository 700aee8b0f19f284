"""A search is what a plain look through all entries finds, whatever is indexed and while the log grows."""

import asyncio
import datetime as dt
from collections.abc import Iterator

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.draft import Draft
from audit.entry import parse
from audit.facets import Facet, told
from audit.index import BLOCK, catch_up
from audit.query import Clause, Query
from audit.search import Found, search
from tests.factories.database import TestDatabase, TestServer
from tests.factories.log import TIME
from tests.factories.long_log import AGREEMENTS, CLIENTS, CODES, ELEMENTS, append, drafts, numbers

STUDENTS = numbers(40)
ENTRIES = drafts(BLOCK + 300, STUDENTS)
WORDS = [
    *((Facet.EVENT, event) for event in ("disclosure", "refusal", "partner.left", "opted_out")),
    *((Facet.CLIENT, each) for each in CLIENTS),
    *((Facet.AGREEMENT, each) for each in AGREEMENTS),
    *((Facet.ELEMENT, each) for each in (*ELEMENTS, "scope")),
    *((Facet.CODE, each) for each in CODES),
    *((Facet.BEHIND, f"person:{at}") for at in range(3)),
    (Facet.PARTNER, "partner:one"),
]
KEYS = {
    Facet.EVENT: ("event",),
    Facet.CLIENT: ("client", "clients"),
    Facet.AGREEMENT: ("agreement", "agreements"),
    Facet.ELEMENT: ("elements",),
    Facet.CODE: ("code",),
    Facet.BEHIND: ("behind",),
    Facet.PARTNER: ("partner",),
}
CLAUSES = st.lists(
    st.builds(Clause, st.frozensets(st.sampled_from(WORDS), min_size=0, max_size=3), st.booleans()), max_size=3
)
TIMES = st.none() | st.integers(-1, 20 * 24).map(lambda hours: TIME + dt.timedelta(hours=hours))
QUERIES = st.builds(
    Query,
    clauses=CLAUSES.map(tuple),
    since=TIMES,
    until=TIMES,
    subject=st.none() | st.sampled_from(STUDENTS),
    newest_first=st.booleans(),
)


class Searched:
    """One log, its entries in memory, and a loop to search it on."""

    def __init__(self, loader: asyncpg.Connection, run: asyncio.Runner) -> None:
        self.loader = loader
        self.run = run
        self.entries: list[Draft] = []
        self.read: list[dict[str, object]] = []

    def append(self, more: list[Draft]) -> None:
        """Let the log grow."""
        self.run.run(append(self.loader, more))
        self.entries += more
        for draft in more:
            entry = parse(draft.leaf)
            self.read.append({**entry.body, "event": entry.event, "time": dt.datetime.fromisoformat(entry.time)})

    def plainly(self, query: Query) -> list[Found]:
        """Look through everything."""
        found = [Found(at, draft.leaf) for at, draft in enumerate(self.entries) if self._is(at, query)]
        return found[::-1] if query.newest_first else found

    def _is(self, at: int, query: Query) -> bool:
        body, lists = self.read[at], self.entries[at].subjects
        time = body["time"]
        assert isinstance(time, dt.datetime)
        return (
            (query.since is None or time >= query.since)
            and (query.until is None or time < query.until)
            and (query.subject is None or query.subject in {lists[i : i + 16] for i in range(0, len(lists), 16)})
            and all(clause.without is not any(_says(body, *word) for word in clause.any_of) for clause in query.clauses)
        )


def _says(body: dict[str, object], facet: Facet, value: str) -> bool:
    # A zero character and its escape spelled out are found by the other characters of their text.
    return any(told(value) == told(each) for key in KEYS[facet] for each in _texts(body.get(key)))


def _texts(said: object) -> list[str]:
    texts = said if isinstance(said, list) else [said]
    return [each for each in texts if isinstance(each, str)]


@pytest.fixture(scope="module")
def searched(postgres: TestServer) -> Iterator[Searched]:
    """A block that is indexed, and a rest that is not."""
    database = TestDatabase(server=postgres, name="test_log_search")
    with asyncio.Runner() as run:
        run.run(postgres.create(database.name))
        log = Searched(run.run(database.connection("loader")), run)
        log.append(ENTRIES)
        assert run.run(catch_up(log.loader)) == 1
        yield log
        run.run(database.close())
        run.run(postgres.drop(database.name))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES, limit=st.sampled_from((1, 7, 100, 20_000)), growing=st.integers(0, 3))
def test_pages_put_together_are_what_a_plain_look_finds(
    searched: Searched, query: Query, limit: int, growing: int
) -> None:
    expected = searched.plainly(query)
    found: list[Found] = []
    after, pages = None, 0
    while pages < 5:
        page = searched.run.run(search(searched.loader, query, limit=limit, after=after))
        assert len(page.found) <= limit
        found += page.found
        after, pages = page.after, pages + 1
        if after is None:
            break
        if pages <= growing:
            searched.append(drafts(3, STUDENTS, seed=pages))  # newer than everything that is still to come, or after it
    if not query.newest_first:
        expected = searched.plainly(query)
    assert found == (expected if after is None else expected[: len(found)])
    assert after is None or len(found) == limit * pages


def test_a_search_finds_the_same_without_an_index(searched: Searched) -> None:
    queries = [Query((Clause(frozenset({word})),), newest_first=word[0] is Facet.EVENT) for word in WORDS[::3]]
    queries.append(Query(subject=STUDENTS[3]))
    before = [searched.run.run(search(searched.loader, each, limit=2_000)) for each in queries]
    searched.run.run(searched.loader.execute("SELECT audit.forget_index()"))
    assert [searched.run.run(search(searched.loader, each, limit=2_000)) for each in queries] == before
