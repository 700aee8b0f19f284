"""
Whatever a district's people do, in any order: each agreement shows whom a simple model says, with the values it says.

Loads, rosters from stewards and partners, consents from lists and by hand, withdrawals by whoever it may be, opt-outs,
birthdays, courts, numbers that are merged, agreements that are stopped, and statements that die, or whose connection is
cut. A crash leaves all of an act or nothing; a stop that comes while a load is prepared is never overridden; and every
answer can be made again, whatever came since.
"""

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.factories.cohort import STUDENTS
from tests.factories.database import TestDatabase
from tests.factories.gateway import NOON, Deployment, Gateway
from tests.factories.lived_model import ALL, FIRST, FOUR, LISTED_BY, SCHOOLS, Child, Given, Key
from tests.factories.lived_world import Danger, World

pytestmark = [
    pytest.mark.claim(1),
    pytest.mark.claim(3),
    pytest.mark.claim(6),
    pytest.mark.claim(7),
    *(pytest.mark.ferpa(row) for row in ("C4", "C5", "C6", "R1", "R3")),
]

WALKS, STEPS = 4, 13
_names = count(1)

ROLES = (
    *("fio", "calixte", "gulnara", "ximena", "part_a", "dagny", "eighteen", "mentored_a", "mentored_b"),
    *("without_consent", "off_roster", "opted_out"),
)
NUMBERS = tuple(STUDENTS[role].number for role in ROLES)
"""Those to whom things happen; the others of the cohort stand for the rest of a district."""
PARENTS = ("Ana Ruiz", LISTED_BY)
Step = tuple[str, dict[str, Any]]

_number = st.sampled_from(NUMBERS)
_some = st.frozensets(_number, max_size=4).map(set)
_agreement = st.sampled_from(sorted(SCHOOLS))
_days = st.sampled_from([-40, -1, 0, 1, 3, 60])
_covers = st.sampled_from([ALL, FOUR])
_speaker = st.sampled_from([("parent", None), *(("parent", name) for name in PARENTS), ("eligible_student", None)])
_signer = st.sampled_from([*(("parent", name) for name in PARENTS), ("eligible_student", "The Student")])
_late = st.one_of(st.just(Danger()), st.builds(Danger, st.integers(1, 60), st.booleans()))
_early = st.one_of(st.just(Danger()), st.builds(Danger, st.integers(1, 9), st.booleans()))
_between = st.one_of(
    st.none(),
    st.tuples(st.just("withdraw"), _number, st.just("parent"), st.none()),
    st.tuples(st.just("say_no"), _number),
    st.tuples(st.just("stop"), _agreement),
)
_loading = {"between": _between, "danger": _late}


def _act(name: str, /, **drawn: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.tuples(st.just(name), st.fixed_dictionaries(drawn))


STEP: st.SearchStrategy[Step] = st.one_of(
    _act(
        "load_people",
        renamed=_some,
        leaving=st.dictionaries(_number, _days, max_size=2),
        missing=st.frozensets(_number, max_size=1),
        unreadable=_some,
        confirm=st.booleans(),
        is_broken=st.integers(0, 4).map(lambda drawn: drawn == 0),
        **_loading,
    ),
    _act(
        "load_roster", name=_agreement, ends=st.dictionaries(_number, st.none() | _days), unreadable=_some, **_loading
    ),
    _act(
        "load_consents",
        drawn=st.dictionaries(_number, st.tuples(_covers, st.booleans(), _days, st.none() | _days)),
        unreadable=_some,
        **_loading,
    ),
    _act("load_noes", numbers=_some, confirm=st.booleans(), **_loading),
    _act("hand_in", ends=st.dictionaries(_number, st.none() | _days, min_size=1), whole=st.booleans()),
    _act("accept", which=st.integers(1, 3), danger=_late),
    _act("accept", which=st.integers(1, 3), danger=_late),
    _act("confirm", danger=_late),
    _act("withdraw", number=_number, speaker=_speaker, danger=_early),
    _act(
        "sign",
        number=_number,
        signer=_signer,
        covered=_covers,
        ago=st.integers(0, 3),
        lasts=st.sampled_from([None, 2, 30]),
        danger=_early,
    ),
    _act("say_no", number=_number, danger=_early),
    _act("judge", number=_number, parent=st.sampled_from(PARENTS), danger=_early),
    _act("merge", second=_number, standing=_number, danger=_early),
    _act("stop", name=_agreement),
    _act("days_pass", ahead=st.sampled_from([1, 1, 2, 5, 20])),
)


def walks(steps: int) -> st.SearchStrategy[list[Step]]:
    """Walks of so many steps. The simplest walk, which Hypothesis takes first, is one without any."""
    whole = st.lists(STEP, min_size=steps, max_size=steps)
    return st.integers(0, 9).flatmap(lambda drawn: st.just(list[Step]()) if drawn == 0 else whole)


class Lived:
    """What one step is, drawn, in a world as it stands. Its methods are the acts of `STEP`."""

    def __init__(self, world: World) -> None:
        self.world, self.model = world, world.model

    async def take(self, steps: list[Step]) -> None:
        """Take each step, and compare before the first and after each."""
        await self.world.check()
        for name, drawn in steps:
            await getattr(self, name)(**drawn)
            await self.world.check()

    def _how(self, between: tuple[Any, ...] | None, **more: Any) -> dict[str, Any]:
        act: Callable[..., Coroutine[Any, Any, None]] | None = None
        if between is not None:
            act = partial(getattr(self.world, between[0]), *between[1:])
        return {"meanwhile": act, **more}

    def _day(self, ahead: int | None) -> dt.date | None:
        return None if ahead is None else max(FIRST, self.model.today + dt.timedelta(ahead))

    # --- Stewards

    async def load_people(
        self,
        *,
        renamed: set[str],
        leaving: dict[str, int],
        missing: frozenset[str],
        unreadable: set[str],
        is_broken: bool,
        **how: Any,
    ) -> None:
        people = []
        # Whoever was left out by an earlier load comes again, as at first.
        for number, child in {**self.world.first_children, **self.model.children}.items():
            if number not in missing:
                # Of an export that is broken every name is another.
                named = self._renamed(child) if is_broken or number in renamed else child
                last = self._day(leaving[number]) if number in leaving else child.leaves
                people.append(replace(named, leaves=None if last is None else max(last, child.enters)))
        await self.world.load_people(people, unreadable, **self._how(**how))

    def _renamed(self, child: Child) -> Child:
        return replace(child, last=f"{child.last.partition('-')[0]}-{len(self.world.told)}")

    async def load_roster(self, *, name: str, ends: dict[str, int | None], unreadable: set[str], **how: Any) -> None:
        others = {number: each.last for number, each in self.model.rosters[name].items() if number not in NUMBERS}
        rows = others | {number: self._day(end) for number, end in ends.items()}
        await self.world.load_roster(name, rows, unreadable, **self._how(**how))

    async def load_consents(
        self, *, drawn: dict[str, tuple[str, bool, int, int | None]], unreadable: set[str], **how: Any
    ) -> None:
        rows: dict[Key, Given] = {
            key: each for key, each in self.model.consents.items() if key[0] not in NUMBERS and not each.by_hand
        }
        for number, (covered, by_student, ago, end) in drawn.items():
            first, last = self.model.today - dt.timedelta(abs(ago)), self._day(end)
            signed = Given(LISTED_BY, first - dt.timedelta(1), covered, None if last is None else max(first, last))
            rows[number, "eligible_student" if by_student else "parent", first] = signed
        await self.world.load_consents(rows, unreadable, **self._how(**how))

    async def load_noes(self, *, numbers: set[str], **how: Any) -> None:
        await self.world.load_noes(numbers, **self._how(**how))

    # --- Partners, and what the district says to their rosters

    async def hand_in(self, *, ends: dict[str, int | None], whole: bool) -> None:
        await self.world.hand_in({number: self._day(end) for number, end in ends.items()}, whole=whole)

    async def accept(self, *, which: int, danger: Danger) -> None:
        if self.world.handed:
            await self.world.accept(self.world.handed[-min(which, len(self.world.handed))], danger)

    async def confirm(self, *, danger: Danger) -> None:
        if self.world.accepted:
            await self.world.confirm(self.world.accepted[-1], danger)

    # --- Families, officers, courts

    async def withdraw(self, *, number: str, speaker: tuple[str, str | None], danger: Danger) -> None:
        await self.world.withdraw(number, *speaker, danger)

    async def sign(
        self, *, number: str, signer: tuple[str, str], covered: str, ago: int, lasts: int | None, danger: Danger
    ) -> None:
        day = self.model.today - dt.timedelta(ago)
        last = None if lasts is None else day + dt.timedelta(lasts)
        await self.world.sign(number, signer[0], day, Given(signer[1], day, covered, last, by_hand=True), danger)

    async def say_no(self, *, number: str, danger: Danger) -> None:
        await self.world.say_no(number, danger)

    async def judge(self, *, number: str, parent: str, danger: Danger) -> None:
        await self.world.judge(number, parent, danger)

    async def merge(self, *, second: str, standing: str, danger: Danger) -> None:
        await self.world.merge(second, standing, danger)

    async def stop(self, *, name: str) -> None:
        await self.world.stop(name)

    async def days_pass(self, *, ahead: int) -> None:
        await self.world.move_clock(ahead)


async def lived(deployment: Deployment, home: Path, steps: list[Step], *, again: int) -> Counter[str]:
    """Take a walk in a copy of the deployment; make `again` of its answers again; return what came of it."""
    database = TestDatabase(deployment.server, f"lived_{next(_names)}")
    await deployment.server.create(database.name, template=deployment.template)
    own = home / database.name
    own.mkdir()
    gateway = Gateway(deployment, database, own)
    try:
        await gateway.at(NOON)
        await gateway.serve()
        world = await World.open(gateway, own)
        await Lived(world).take(steps)
        await world.check_past(again)
        return world.outcomes
    finally:
        await gateway.close()
        await database.close()
        await deployment.server.drop(database.name)


def take_walks(deployment: Deployment, home: Path, *, number: int, steps: int, again: int) -> Counter[str]:
    """Take walks, each in a world of its own: the same ones on every run; return what came of them."""
    outcomes = Counter[str]()

    @settings(
        max_examples=number,
        derandomize=True,
        database=None,
        deadline=None,
        # Walks are slow: the first failure is told as it was found.
        phases=(Phase.generate,),
        report_multiple_bugs=False,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
    )
    @given(walks(steps))
    def walk(drawn: list[Step]) -> None:
        outcomes.update(asyncio.run(lived(deployment, home, drawn, again=again)))

    walk()
    return outcomes


def test_whatever_is_done_each_agreement_shows_whom_and_what_the_model_says(
    deployment: Deployment, tmp_path: Path
) -> None:
    outcomes = take_walks(deployment, tmp_path, number=WALKS, steps=STEPS, again=2)
    assert outcomes.keys() >= {"done", "refused", "died without a trace", "overtaken"}, outcomes
