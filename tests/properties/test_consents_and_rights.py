"""
Consents, withdrawals by whoever it may be, what courts decide, and birthdays, in any order: who is served each day.

A model in plain Python says who may do what and whom a consent covers. It knows nothing of entries, ranges or masks.
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from agreements.documents.parental_rights import Act
from gateway.records.coverage import Scope
from gateway.records.errors import RecordsError
from gateway.records.signed import Capacity, SignerName
from gateway.services.rights import Holder
from tests.factories.consenting import FATHER, MOTHER, OWN, give, rights, signed, withdraw
from tests.factories.database import TestDatabase, TestServer
from tests.factories.records import AGREEMENT, LINE, YEAR, SmallDistrict, permit, terms

pytestmark = [
    pytest.mark.claim(7),
    *(pytest.mark.ferpa(row) for row in ("C4", "C5", "C6")),
]
CONSENT = terms(basis="consent", element_order=("000115",))
START = dt.date(2026, 2, 20)
BORN = {
    "child": dt.date(2014, 5, 1),
    "soon": dt.date(2008, 3, 2),
    "leap": dt.date(2008, 2, 29),
    "adult": dt.date(2007, 1, 1),
}
NOBODY = Holder(Capacity.PARENT)
SPEAKERS = {
    "mother": Holder(Capacity.PARENT, MOTHER),
    "father": Holder(Capacity.PARENT, FATHER),
    "somebody": NOBODY,
    "student": OWN,
}
_numbers = count(1)


@dataclass(frozen=True)
class Step:
    """Who does what to whom; `days` pass before it, and `ago` is how old a signature is."""

    act: str
    who: str
    whom: str
    days: int
    ago: int
    lasts: int | None


@dataclass
class Given:
    """A consent in force: who signed it, and its days."""

    who: str
    signed: dt.date
    first: dt.date
    last: dt.date | None


@dataclass
class Child:
    """One student of the model."""

    born: dt.date
    consents: dict[tuple[bool, dt.date], Given] = field(default_factory=dict)
    withdrawn: dt.date = dt.date.min
    revoked: set[str] = field(default_factory=set)

    def is_ended(self, day: dt.date) -> bool:
        """Whether the parents' time is over."""
        birthday = dt.date(self.born.year + 18, self.born.month, min(self.born.day, 28 if self.born.month == 2 else 31))
        return day >= birthday

    def is_own(self, day: dt.date) -> bool:
        """Whether the student's time has begun: the day after, for those born on 29 February."""
        return self.is_ended(day - dt.timedelta(1)) if self.born.day == 29 else self.is_ended(day)

    def covered(self, day: dt.date) -> bool:
        """Whether any consent counts that day."""
        return any(
            each.first <= day <= (each.last or dt.date.max)
            and (self.is_own(day) if each.who == "student" else not self.is_ended(day))
            for each in self.consents.values()
        )

    def take(self, step: Step, today: dt.date) -> bool:
        """Do it, if it may be done; say whether."""
        if step.act == "withdraw":
            may = bool(self.consents) and self._may_stop(step.who, today)
            if may:
                self.consents, self.withdrawn = {}, today
        elif step.act == "revoke":
            may = step.who not in self.revoked
            self.revoked.add(step.who)
            self.consents = {key: each for key, each in self.consents.items() if each.who != step.who}
        elif step.act == "restore":
            may = step.who in self.revoked
            self.revoked.discard(step.who)
        else:
            may = self._sign(step, today)
        return may

    def _may_stop(self, who: str, today: dt.date) -> bool:
        if who == "student":
            return self.is_ended(today)
        return not self.is_own(today) and not (self.revoked and who == "somebody") and who not in self.revoked

    def _sign(self, step: Step, today: dt.date) -> bool:
        day = today - dt.timedelta(step.ago)
        may = self.is_own(day) if step.who == "student" else not self.is_ended(day) and step.who not in self.revoked
        last = None if step.lasts is None else day + dt.timedelta(step.lasts)
        key, made = (step.who == "student", day), Given(step.who, day, day, last)
        if not may or day <= self.withdrawn or self.consents.get(key) == made:
            return False
        self.consents[key] = made
        return True


def steps() -> st.SearchStrategy[Step]:
    """Steps, of which a revocation or restoration is about a parent, and whoever signs has a name."""
    shared = (st.sampled_from(sorted(BORN)), st.integers(0, 6), st.integers(0, 3), st.sampled_from([None, 2, 30]))
    signing = st.builds(Step, st.just("sign"), st.sampled_from(["mother", "father", "student"]), *shared)
    stopping = st.builds(Step, st.just("withdraw"), st.sampled_from(sorted(SPEAKERS)), *shared)
    judging = st.builds(Step, st.sampled_from(["revoke", "restore"]), st.sampled_from(["mother", "father"]), *shared)
    return st.one_of(signing, signing, stopping, judging)


async def play(district: SmallDistrict, played: list[Step]) -> None:
    """Do the steps to the gateway and to the model, and look at who is served after each."""
    model, today = {name: Child(born) for name, born in BORN.items()}, START
    for step in played:
        today += dt.timedelta(step.days)
        await district.at(today, 20)
        expected = model[step.whom].take(step, today)
        assert await _is_done(district, step, today) is expected, (step, today)
        rows = await district.rows(permit("first_name", rows=CONSENT))
        served = {row["first_name"] for row in rows}
        assert served == {name for name, child in model.items() if child.covered(today)}, (step, today)


async def _is_done(district: SmallDistrict, step: Step, today: dt.date) -> bool:
    try:
        await _do(district, step, today)
    except RecordsError:
        return False
    return True


def _do(district: SmallDistrict, step: Step, today: dt.date) -> Awaitable[int]:
    speaker = SPEAKERS[step.who]
    if step.act == "withdraw":
        return withdraw(district, step.whom, speaker)
    if step.act in {"revoke", "restore"}:
        assert speaker.name is not None
        return rights(district, step.whom, speaker.name, Act.REVOKED if step.act == "revoke" else Act.RESTORED)
    day = today - dt.timedelta(step.ago)
    name = speaker.name or SignerName("The Student")
    last = None if step.lasts is None else day + dt.timedelta(step.lasts)
    return give(district, step.whom, signed(day, signed_by=speaker.capacity, signer=name, to_date=last))


def test_whoever_signs_takes_back_or_is_judged_the_days_are_those_of_the_model(
    postgres: TestServer, tmp_path: Path
) -> None:
    async def world(played: list[Step]) -> None:
        name = f"rights_{next(_numbers)}"
        await postgres.create(name)
        database = TestDatabase(postgres, name)
        try:
            district = await SmallDistrict.open(database, tmp_path, now=START)
            district.scopes.append(Scope(AGREEMENT, LINE, CONSENT))
            people = [(each, each, "X", f"{born:%d.%m.%Y}", None, None, None) for each, born in BORN.items()]
            await district.load(
                {"students": people, "enrollments": [(each, "north", YEAR, "12", "2025-09-03", None) for each in BORN]}
            )
            await play(district, played)
        finally:
            await database.close()
            await postgres.drop(name)

    @settings(
        max_examples=4,
        deadline=None,
        # Runs are slow: the first failure is told as it was found.
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=(HealthCheck.too_slow,),
    )
    @given(st.lists(steps(), min_size=12, max_size=25))
    def run(played: list[Step]) -> None:
        asyncio.run(world(played))

    run()
