"""Whatever is raised, looked at and resolved, in whatever order: what is the same is one case, and none stays shut."""

import asyncio
from dataclasses import dataclass
from itertools import count

import asyncpg
from hypothesis import example as case
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.services.inbox.keeping import put_on_file
from gateway.services.inbox.pending import Raised
from gateway.store.database import engine_for
from tests.factories.database import TestServer

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("alarm"), st.sampled_from("ab"), st.integers(1, 3)),
        st.tuples(st.just("finding"), st.sampled_from("xy"), st.integers(0, 5)),
        st.tuples(st.just("resolve"), st.sampled_from("abxy"), st.just(0)),
        st.tuples(st.just("look"), st.sampled_from("abxy"), st.just(0)),
    ),
    max_size=14,
)

Engines = dict[str, AsyncEngine]

RESOLVE = "UPDATE gateway.alarm_case SET state = 'resolved', resolution = 'mended' WHERE identity = $1"
LOOK = "UPDATE gateway.alarm_case SET state = 'looked_at' WHERE identity = $1 AND state = 'open'"
FOUND = """SELECT c.facts ->> 'cause' AS name, c.times, c.state, c.newest,
    (SELECT count(*) FROM gateway.alarm_note AS n WHERE n.number = c.number AND n.act = 'reopened') AS again
    FROM gateway.alarm_case AS c WHERE c.facts ->> 'entry' = $1"""


@dataclass
class Model:
    """How a case must stand: what the rules say in words, and nothing of how they are kept."""

    times: int = 0
    state: str = "open"
    newest: int | None = None
    reopened: int = 0

    def raised(self, times: int, newest: int | None) -> None:
        if newest is not None and self.newest is not None and newest <= self.newest:
            return
        self.times, self.newest = self.times + times, newest
        if self.state == "resolved":
            self.state, self.reopened = "open", self.reopened + 1


async def play(pool: asyncpg.Pool, engines: Engines, example: int, steps: list[tuple[str, str, int]]) -> None:
    """Do the steps as the roles that do them, in cases of this example alone, and compare with the model."""
    models: dict[str, Model] = {}
    for act, name, amount in steps:
        facts = {"cause": name, "entry": str(example)}
        if act in {"alarm", "finding"}:
            newest = amount if act == "finding" else None
            times = amount if act == "alarm" else 1
            raised = Raised("undecided", facts, times, newest)
            await put_on_file(engines[act], [raised])
            models.setdefault(name, Model()).raised(times, newest)
        elif name in models:
            resolved = act == "resolve"
            identity = Raised("undecided", facts).identity
            await pool.execute(RESOLVE if resolved else LOOK, identity)
            if resolved or models[name].state == "open":
                models[name].state = "resolved" if resolved else "looked_at"
    rows = await pool.fetch(FOUND, str(example))
    assert {row["name"]: (row["times"], row["state"], row["newest"], row["again"]) for row in rows} == {
        name: (each.times, each.state, each.newest, each.reopened) for name, each in models.items()
    }


def test_what_is_the_same_is_one_case_and_raised_anew_it_is_open_again(postgres: TestServer) -> None:
    name, number = "alarms_fold", count()

    async def whole() -> None:
        await postgres.create(name)
        try:
            async with asyncpg.create_pool(postgres.url("loader", name), min_size=1, max_size=1) as pool:
                # What serves partners raises alarms; what is found in the log is put on file by the office.
                engines = {"alarm": engine_for(postgres.url("app", name))}
                engines["finding"] = engine_for(postgres.url("loader", name))
                await asyncio.to_thread(examples, asyncio.get_running_loop(), pool, engines)
                for each in engines.values():
                    await each.dispose()
        finally:
            await postgres.drop(name)

    def examples(loop: asyncio.AbstractEventLoop, pool: asyncpg.Pool, engines: Engines) -> None:
        @settings(max_examples=40, deadline=None)
        @given(STEPS)
        @case([("alarm", "a", 1), ("resolve", "a", 0), ("alarm", "a", 2)])
        @case([("finding", "x", 1), ("resolve", "x", 0), ("finding", "x", 1), ("finding", "x", 2)])
        def example(steps: list[tuple[str, str, int]]) -> None:
            asyncio.run_coroutine_threadsafe(play(pool, engines, next(number), steps), loop).result(60)

        example()

    asyncio.run(whole())
