"""
Loads, stops and crashes in any order: what is served, now and as of every earlier epoch, is what a simple model says.

A crash leaves all of a load or nothing; a stop that comes while a load is prepared is never overridden; what a load
that commits late brings changes no earlier read; and at every step the tables are what the log commits to.
"""

import asyncio
from collections.abc import Awaitable, Coroutine
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.factories.database import TestDatabase, TestServer
from tests.factories.loaded_world import NUMBERS, SCHOOLS, SCOPES, LoadedWorld, Person
from tests.factories.records import DAY, SmallDistrict

pytestmark = [pytest.mark.claim(1), pytest.mark.claim(6), pytest.mark.claim(7)]

EXAMPLES, STEPS = 3, 10
BOUNDED = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    # Runs are slow: the first failure is told as it was found.
    phases=(Phase.explicit, Phase.generate),
    report_multiple_bugs=False,
    suppress_health_check=(HealthCheck.too_slow,),
)
_numbers = count(1)

agreements = st.sampled_from(sorted(SCOPES))
some = st.frozensets(st.sampled_from(NUMBERS), max_size=6)
a_student = st.sampled_from(NUMBERS)
persons = st.builds(Person, st.sampled_from(["Ana", "Bo"]), st.sampled_from(SCHOOLS), st.none() | st.just(DAY))
changes = st.dictionaries(a_student, persons | st.none(), max_size=5)
stops = st.one_of(
    st.none(),
    st.tuples(st.just("withdraw"), a_student),
    st.tuples(st.just("say_no"), a_student),
    st.tuples(st.sampled_from(["stop", "start"]), agreements),
)
crashes = st.one_of(st.just(0), st.integers(1, 75))


class Loads(RuleBasedStateMachine):
    """One district, one database a run."""

    postgres: TestServer
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.database = TestDatabase(server=self.postgres, name=f"loads_{next(_numbers)}")

    def run(self, work: Coroutine[Any, Any, Any]) -> None:
        self.runner.run(work)

    @initialize()
    def open(self) -> None:
        self.run(self._open())

    async def _open(self) -> None:
        await self.postgres.create(self.database.name)
        self.world = await LoadedWorld.open(await SmallDistrict.open(self.database, self.folder))
        for agreement in SCOPES:
            await self.world.start(agreement)
        everybody = {number: self._named(number, Person("Ana")) for number in NUMBERS[:8]}
        await self.world.load_records(everybody, frozenset())
        await self.world.load_consents(frozenset(NUMBERS[:5]))
        await self.world.check()

    def _named(self, number: str, person: Person) -> Person:
        """A name of its own for each student and each change, so that rows tell whose they are."""
        return Person(f"{person.name}{number}", person.school, person.last)

    def _meanwhile(self, stop: tuple[str, str] | None) -> partial[Awaitable[None]] | None:
        return None if stop is None else partial(getattr(self.world, stop[0]), stop[1])

    async def _checked(self, work: Awaitable[None]) -> None:
        await work
        await self.world.check()
        await self.world.check_past(newest=2)

    @rule(changes=changes, unreadable=some, stop=stops, crash=crashes, kills=st.booleans())
    def load_records(
        self,
        changes: dict[str, Person | None],
        unreadable: frozenset[str],
        stop: tuple[str, str] | None,
        crash: int,
        kills: bool,
    ) -> None:
        people = dict(self.world.model.people)
        for number, person in changes.items():
            if person is None:
                people.pop(number, None)
            else:
                people[number] = self._named(number, person)
        meanwhile = self._meanwhile(stop)
        work = self.world.load_records(people, unreadable, meanwhile=meanwhile, crash=crash, kills=kills)
        self.run(self._checked(work))

    @rule(numbers=some, stop=stops, crash=crashes)
    def load_consents(self, numbers: frozenset[str], stop: tuple[str, str] | None, crash: int) -> None:
        self.run(self._checked(self.world.load_consents(numbers, meanwhile=self._meanwhile(stop), crash=crash)))

    @rule(numbers=some, stop=stops, crash=crashes)
    def load_noes(self, numbers: frozenset[str], stop: tuple[str, str] | None, crash: int) -> None:
        self.run(self._checked(self.world.load_noes(numbers, meanwhile=self._meanwhile(stop), crash=crash)))

    @rule(number=a_student)
    def withdraw(self, number: str) -> None:
        self.run(self._checked(self.world.withdraw(number)))

    @rule(number=a_student)
    def say_no(self, number: str) -> None:
        self.run(self._checked(self.world.say_no(number)))

    @rule(agreement=agreements)
    def start(self, agreement: str) -> None:
        self.run(self._checked(self.world.start(agreement)))

    @rule(agreement=agreements)
    def stop(self, agreement: str) -> None:
        self.run(self._checked(self.world.stop(agreement)))

    @rule(days=st.integers(1, 20))
    def move_clock(self, days: int) -> None:
        self.run(self._checked(self.world.move_clock(days)))

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self.run(self.world.check_past())
        finally:
            self.run(self._close())
            self.runner.close()

    async def _close(self) -> None:
        await self.database.close()
        await self.postgres.drop(self.database.name)


def test_whatever_is_loaded_stopped_or_killed_every_epoch_shows_what_the_model_says(
    postgres: TestServer, tmp_path: Path
) -> None:
    machine = type("Bound", (Loads,), {"postgres": postgres, "folder": tmp_path})
    run_state_machine_as_test(machine, settings=BOUNDED)
