"""
Walks through everything that moves what may leave: after each step, three answers to the same questions agree.

    await walk(made, tmp_path, seed=7, steps=30)      # -> how many requests were compared

A walk is drawn from its seed alone. What goes wrong says the seed and every step that led there.
"""

import datetime as dt
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from random import Random
from typing import Final

from tests.factories.cohort import FOLLOW_UP, TUTORING
from tests.factories.gateway import Deployment
from tests.factories.long_lived import World
from tests.factories.long_lived_model import Consent, Line, Version
from tests.factories.small_district import BRIGHT_PATH, FIRST, HARBOR, PUPILS, SECOND, START

Act = tuple[str, Callable[[], Awaitable[None]]]
WORDS: Final = (("all",), ("000115", "000172", "000100", "001069"), ("000115", "000128", "000255"))
"""What consents are given to: everything, four elements, or two that not everybody has."""
WEEKS: Final = dt.timedelta(days=21)
"""How long a walk may last: what is over is owed for a month, and nothing is activated while it is overdue."""
VERSIONS: Final = 4
LAST_DAY: Final = dt.date(2027, 6, 30)


class Walk:
    """One walk through one world."""

    def __init__(self, world: World, chance: Random) -> None:
        self.world, self.chance = world, chance
        self.model = world.model
        self.lines = list(world.model.lines.values())

    def day(self, *offsets: int) -> dt.date:
        """Return a day near today."""
        return self.world.today + dt.timedelta(self.chance.choice(offsets))

    def possible(self) -> Iterator[Act]:
        """Every act that somebody could do now, drawn with what it needs."""
        yield from self._about_agreements()
        yield from self._about_clients()
        yield from self._about_students()
        yield from self._about_time()

    def _about_agreements(self) -> Iterator[Act]:
        line = self.chance.choice(self.lines)
        newest = line.newest
        has_begun = newest.agreement.term.begins <= self.world.now
        if has_begun and newest.stopped is None and not newest.terminated and len(line.versions) < VERSIONS:
            yield "amend", lambda: self._amend(line)
        late = [each for each in self.lines if not each.newest.accepted]
        if late:
            yield "accept", lambda: self.world.accept(late[0].name)
        versions = [each for each in line.versions if not each.terminated]
        for version in versions[-2:]:
            yield from self._about_version(line, version)

    def _about_version(self, line: Line, version: Version) -> Iterator[Act]:
        if version.stopped is None:
            yield "suspend", lambda: self.world.suspend(version)
        else:
            yield "reinstate", lambda: self.world.reinstate(version)
        if line.name == FOLLOW_UP and self.world.now > START + dt.timedelta(days=5):
            yield "terminate", lambda: self.world.terminate(version)

    async def _amend(self, line: Line) -> None:
        first = self.day(0, 1, 2)
        last = first + dt.timedelta(2) if self.chance.random() < 1 / 3 else LAST_DAY
        adds, accepts = self.chance.random() < 1 / 2, self.chance.random() < 3 / 4
        await self.world.amend(line.name, first_day=first, last_day=last, adds=adds, accepts=accepts)

    def _about_clients(self) -> Iterator[Act]:
        tutoring = self.model.lines[TUTORING].newest
        if SECOND not in tutoring.clients and not tutoring.terminated and tutoring.agreement.term.ends > self.world.now:
            yield "bind", lambda: self.world.bind(TUTORING, SECOND)
        bound = {client for line in self.lines for version in line.versions for client in version.clients}
        client = self.chance.choice([each for each in (BRIGHT_PATH, HARBOR, SECOND) if each in bound])
        if client in self.model.suspended:
            yield "restart client", lambda: self.world.restart_client(client)
        elif self.chance.random() < 1 / 2:
            yield "stop client", lambda: self.world.stop_client(client)

    def _about_students(self) -> Iterator[Act]:
        line, tutoring = self.chance.choice(self.lines), self.model.lines[TUTORING]
        some = self.chance.sample(PUPILS, self.chance.randrange(5))
        ends = self.chance.choice((None, self.day(-1, 0, 1)))
        yield (
            "roster",
            lambda: self.world.list_roster(
                line.name,
                {each.number: (FIRST, None) for each in PUPILS if each not in some}
                | ({} if ends is None else {each.number: (FIRST, ends) for each in some}),
            ),
        )
        signed, until = self.day(-30, -1, 0), self.chance.choice((None, self.day(0, 1, 2)))
        consents = {
            each.number: Consent(self.chance.choice(WORDS), signed, signed, until)
            for each in self.chance.sample(PUPILS, self.chance.randrange(3, len(PUPILS)))
        }
        yield "consents", lambda: self.world.list_consents(TUTORING, consents)
        given = [each for each in PUPILS if each.number in tutoring.consents]
        if given:
            whose = self.chance.choice(given)
            yield "withdraw", lambda: self.world.withdraw(TUTORING, whose)
        pupil, name = self.chance.choice(PUPILS), self.chance.choice((None, *self.model.lines))
        if len(self.model.noes) < 3 and (pupil.number, name) not in self.model.noes:
            yield "opt out", lambda: self.world.opt_out(pupil, name)
        if len(self.model.exits) < 3 and pupil.number not in self.model.exits:
            last = self.day(-1, 0, 1)
            yield "exit", lambda: self.world.leave_school(pupil, last)

    def _about_time(self) -> Iterator[Act]:
        if self.world.now > START + WEEKS:
            return
        hours = self.chance.choice((1, 26, 74))
        yield "hours pass", lambda: self.world.tick(dt.timedelta(hours=hours))
        yield "midnight", self._midnight

    async def _midnight(self) -> None:
        """Ten minutes to midnight, and the first instant after it: days end there and nowhere else."""
        midnight = dt.datetime.combine(self.day(1), dt.time(), self.world.now.tzinfo).astimezone(dt.UTC)
        left = midnight - self.world.now.astimezone(dt.UTC)
        if left > dt.timedelta(minutes=10):
            await self.world.tick(left - dt.timedelta(minutes=10))
            await self.world.compare()
        await self.world.tick(midnight - self.world.now.astimezone(dt.UTC))


async def walk(made: Deployment, home: Path, *, seed: int, steps: int) -> Counter[str]:
    """Take a walk; return how often each act was done and each answer given. Raises what goes wrong first."""
    world = await World.open(made, f"walk_{seed}", home)
    chance, done = Random(seed), list[str]()  # noqa: S311 - walks, not secrets
    try:
        walking = Walk(world, chance)
        await world.compare()
        for _ in range(steps):
            name, act = chance.choice(list(walking.possible()))
            done.append(name)
            await act()
            await world.compare()
    except BaseException as error:
        error.add_note(f"seed {seed}: {', '.join(done)}")
        raise
    finally:
        await world.close()
    return Counter(done) + world.answers
