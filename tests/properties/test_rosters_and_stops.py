"""
Whatever partners hand in and the district says of it, whom the agreement covers is what a plain model says.

The walk is drawn from a fixed seed: rosters whole or in part, accepted, refused or confirmed, days that pass, families
that opt out, numbers that are merged. After each step the pages are read and compared.
"""

import datetime as dt
from dataclasses import dataclass, field
from random import Random

import pytest

from agreements.documents.roster_decision import Answer
from tests.factories.cohort import DAY, MENTORING, STUDENTS
from tests.factories.gateway import NOON, Gateway, names
from tests.factories.rosters import Line, decide, hand_in, line

pytestmark = [pytest.mark.ferpa("R1"), pytest.mark.ferpa("R3"), pytest.mark.claim(3)]

KIDS = ("calixte", "fio", "gulnara", "mentored_a", "mentored_b")
STEPS, FRESH = 22, dt.timedelta(days=35)


@dataclass
class Model:
    """Who is on the roster from when until when, who stays away whatever it says, and which day it is."""

    today: dt.date = DAY
    roster: dict[str, tuple[dt.date, dt.date | None]] = field(default_factory=dict)
    ends: dict[str, dt.date | None] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)

    def accept(self, chosen: dict[str, dt.date | None], *, whole: bool) -> None:
        known = {kid: last for kid, last in chosen.items() if kid not in self.gone}
        if whole:
            self.roster = {kid: days for kid, days in self.roster.items() if kid in known}
            self.ends = {kid: last for kid, last in self.ends.items() if kid in known}
        for kid, last in known.items():
            self._put(kid, last)

    def confirm(self) -> None:
        for kid in set(self.roster) & set(self.ends) - self.gone:
            self._put(kid, self.ends[kid])

    def _put(self, kid: str, last: dt.date | None) -> None:
        first = self.roster[kid][0] if kid in self.roster else self.today
        until = min(last or dt.date.max, self.today + FRESH)
        self.ends[kid] = last
        if self.today <= until:
            self.roster[kid] = (first, until)
        else:
            self.roster.pop(kid, None)

    @property
    def covered(self) -> set[str]:
        on = {kid for kid, (first, last) in self.roster.items() if first <= self.today <= (last or dt.date.max)}
        return {STUDENTS[kid].first for kid in on - self.away - self.gone}


async def test_the_population_is_what_a_plain_model_says_after_every_step(gateway: Gateway) -> None:
    draw, steward = Random(20270310), await gateway.steward()  # noqa: S311 - a walk that is the same on every run
    loaded = ("calixte", "fio", "mentored_a", "mentored_b")
    model = Model(roster={kid: (dt.date(2026, 9, 1), None) for kid in loaded})
    accepted: int | None = None
    taken = 0
    for step in range(STEPS):
        act = (
            "merge" if step == 15 else "opt out" if step == 9 else draw.choice(["hand in", "hand in", "day", "confirm"])
        )
        if act == "day":
            model.today += dt.timedelta(days=draw.choice([1, 5, 20]))
            await gateway.at(NOON + (model.today - DAY))
            gateway.forget_tokens()
        elif act == "opt out":
            model.away.add("fio")
            await steward.opt_out(STUDENTS["fio"].number, None, directory_only=False)
        elif act == "merge":
            model.gone.add("gulnara")
            await steward.merge_students(STUDENTS["gulnara"].number, STUDENTS["mentored_b"].number)
        elif act == "confirm" and accepted is not None:
            model.confirm()
            await decide(gateway, accepted, Answer.CONFIRM)
        elif act == "hand in":
            last = [None, model.today + dt.timedelta(days=draw.choice([0, 3, 60]))]
            chosen = {kid: draw.choice(last) for kid in draw.sample(KIDS, draw.randint(1, len(KIDS)))}
            covers = draw.choice(["whole", "additions"])
            lines: list[Line] = [
                line(kid, **({} if day is None else {"to_date": day.isoformat()})) for kid, day in chosen.items()
            ]
            roster = await hand_in(gateway, MENTORING, *lines, covers=covers)
            if draw.random() < 0.2:
                await decide(gateway, roster, Answer.REFUSE, reason="Not now.")
            else:
                model.accept(chosen, whole=covers == "whole")
                await decide(gateway, roster)
                accepted, taken = roster, taken + 1
        assert names(await gateway.rows(MENTORING, fields="first_name")) == model.covered, (step, act)
    assert taken > STEPS // 4
    await gateway.services.facts.check()
