"""
Any order of requests, answers, holds, loads, retention, erasures and days, compared with a model a child could follow.

The model knows which requests are open and until when, and therefore what must not be destroyed and what is overdue.
What is compared after every step is what officers see, and what the database still holds.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any, Final

import asyncpg
import pytest

from agreements.documents.erasure import Erasure, erasure_bytes
from agreements.documents.family import Asked, Step
from agreements.documents.hold import Hold, Release, hold_bytes, release_bytes
from agreements.errors import AgreementError
from agreements.signature import Kind
from gateway.erased import ErasedLinks
from gateway.records.errors import UnknownStudent
from gateway.services.erasures import Erasures
from gateway.services.errors import RecordKept, UnknownRequest
from gateway.services.family.requests import due
from gateway.services.obligations.owed import Obligations
from gateway.services.retention import Retention
from gateway.settings import FEWEST_DAYS
from tests.factories.cohort import DAY, STUDENTS, TUTORING, export
from tests.factories.family import FamilyDesk
from tests.factories.gateway import NOON, Gateway, load

SEED, STEPS = 81, 24
"""Chosen so that every wall is met and passed, which the test asks for at its end."""
CHILDREN: Final = tuple(STUDENTS[each].number for each in ("calixte", "ximena", "bartholo", "eskil"))
OUTCOMES: Final = {Asked.INSPECTION: "inspected", Asked.AMENDMENT: "amended"}
OLD: Final = """SELECT DISTINCT i.student_identifier FROM records.enrollment e
    JOIN records.identity i USING (student_id) WHERE e.to_batch IS NOT NULL"""
LINK: Final = """SELECT u.sealed FROM records.subject u JOIN records.identity i USING (student_id)
    WHERE i.student_identifier = $1"""

WALLS: Final = ("kept from retention", "retired", "is kept", "asked to inspect", "hold", "erased")


class Act(StrEnum):
    """What can happen."""

    INSPECT = "inspect"
    AMEND = "amend"
    ANSWER = "answer"
    WITHDRAW = "withdraw"
    EXTEND = "extend"
    LOAD = "load"
    LEAVE = "leave"
    HOLD = "hold"
    RETIRE = "retire"
    ERASE = "erase"
    PASS = "pass"


ACTS: Final = (*Act, Act.INSPECT, Act.RETIRE, Act.ERASE, Act.ERASE)


MET: Counter[str] = Counter()
"""How often each wall was met, and passed: a walk that never came to one has shown nothing."""


@dataclass
class Model:
    """What everybody agrees on: requests with their child and last day, and whose old versions are there."""

    today: dt.date
    open: dict[int, tuple[Asked, str, dt.date]] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    old: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    hold: str | None = None

    def inspected(self) -> set[str]:
        return {child for kind, child, _ in self.open.values() if kind is Asked.INSPECTION}

    def overdue(self) -> set[int]:
        return {entry for entry, (_, _, last) in self.open.items() if self.today > last}


class District:
    """One gateway beside its model."""

    def __init__(self, desk: FamilyDesk, owner: asyncpg.Connection) -> None:
        self.desk = desk
        self.owner = owner
        self.model = Model(DAY)
        key = desk.gateway.deployment.keys.subject
        self.retention = Retention(desk.desk, FEWEST_DAYS, subject_key=key)
        self.erasures = Erasures(desk.desk, key, ErasedLinks(desk.gateway.home / "erasures"))
        self.obligations = Obligations(desk.desk)
        self.stays = 2
        self.held = 0

    async def take(self, act: Act, child: str, place: int) -> None:
        """Do one thing; `place` chooses among what there is."""
        every, still = sorted({*self.model.open, *self.model.ended}), sorted(self.model.open)
        match act:
            case Act.INSPECT | Act.AMEND:
                await self.ask(Asked.INSPECTION if act is Act.INSPECT else Asked.AMENDMENT, child)
            case Act.ANSWER | Act.WITHDRAW if every:
                await self.end(every[place % len(every)], Step.ANSWERED if act is Act.ANSWER else Step.WITHDRAWN)
            case Act.EXTEND if still:
                await self.extend(still[place % len(still)], (1, 30, 45, 46)[place % 4])
            case Act.LOAD:
                await self.load()
            case Act.LEAVE:
                await self.leave(child)
            case Act.HOLD:
                await self.hold()
            case Act.RETIRE:
                await self.retire()
            case Act.ERASE:
                await (self.leave(child) if place % 2 else self.pass_days(1))
                await self.erase(child)
            case _:
                await self.pass_days((1, 30, 46)[place % 3])

    async def ask(self, kind: Asked, child: str) -> None:
        if child in self.model.erased:
            with pytest.raises(UnknownStudent):
                await self.desk.ask(kind, child, on=self.model.today)
            return
        entry = await self.desk.ask(kind, child, on=self.model.today)
        self.model.open[entry] = (kind, child, due(kind, self.model.today, 45))

    async def end(self, entry: int, step: Step) -> None:
        """Answer or withdraw: what is open ends, what is not is refused."""
        kind = self.model.open[entry][0] if entry in self.model.open else Asked.INSPECTION
        said: dict[str, Any] = {"outcome": OUTCOMES[kind]} if step is Step.ANSWERED else {}
        if entry not in self.model.open:
            with pytest.raises((AgreementError, UnknownRequest)):
                await self.desk.step(entry, step, **said)
            return
        await self.desk.step(entry, step, **said)
        del self.model.open[entry]
        self.model.ended.add(entry)

    async def extend(self, entry: int, days: int) -> None:
        kind, child, last = self.model.open[entry]
        later = last + dt.timedelta(days=days)
        if kind is Asked.AMENDMENT and days <= 45:
            await self.desk.step(entry, Step.EXTENDED, answer_by=later)
            self.model.open[entry] = (kind, child, later)
            return
        with pytest.raises(AgreementError):
            await self.desk.step(entry, Step.EXTENDED, answer_by=later)

    async def load(self) -> None:
        """Move the stay of every child who is there by a day: each has an old version then. Who left is in no file."""
        gateway, model = self.desk.gateway, self.model
        self.stays += 1
        files = export({name: bundle.agreement.id for name, bundle in gateway.deployment.agreements.items()})
        began = f"2026-09-{self.stays:02}"
        there = {name: [row for row in rows if not model.left & set(row[:2])] for name, rows in files.items()}
        moved = [[*row[:4], began, *row[5:]] if row[0] in CHILDREN else row for row in there["enrollments"]]
        opened = await gateway.office()
        await load(opened, gateway.deployment.keys, gateway.home, {**there, "enrollments": moved}, confirm=True)
        model.old |= set(CHILDREN) - model.left

    async def leave(self, child: str) -> None:
        """A child leaves, and with the next load no record about it is current."""
        if child not in self.model.left:
            self.model.left.add(child)
            await self.load()
            self.model.old.add(child)

    async def hold(self) -> None:
        """An officer's hold on the agreement under which all were covered, or the end of it."""
        if self.model.hold is None:
            self.held += 1
            reason = f"evidence, for the {self.held}. time"
            payload = hold_bytes(Hold(self.desk.gateway.digest(TUTORING), "legal", DAY, reason))
            document = self.desk.signed(Kind.HOLD, payload)
            await self.obligations.place_hold(document)
            self.model.hold = document.digest
        else:
            payload = release_bytes(Release(self.model.hold, "it is over"))
            await self.obligations.release_hold(self.desk.signed(Kind.RELEASE, payload))
            self.model.hold = None

    async def retire(self) -> None:
        """After the district's time: what nobody waits to inspect goes, unless an officer holds it."""
        await self.pass_days(FEWEST_DAYS + 1)
        if self.model.hold is not None:
            with pytest.raises(RecordKept, match="hold"):
                await self.retention.retire()
            return
        await self.retention.retire()
        MET["kept from retention"] += len(self.model.old & self.model.inspected())
        MET["retired"] += len(self.model.old - self.model.inspected())
        self.model.old &= self.model.inspected()

    async def erase(self, child: str) -> None:
        """Only who left is erased, and while nobody waits to inspect or holds what is kept about them."""
        model = self.model
        if child in model.erased:
            return
        link = await self.owner.fetchval(LINK, child)
        payload = erasure_bytes(Erasure((link,), "the time is over"))
        document = self.desk.signed(Kind.ERASURE, payload, self.desk.officer(0), self.desk.officer(1))
        kept = (
            "is kept"
            if child not in model.left
            else "asked to inspect"
            if child in model.inspected()
            else "hold"
            if model.hold is not None
            else None
        )
        if kept is not None:
            with pytest.raises(RecordKept, match=kept):
                await self.erasures.erase(document)
            MET[kept] += 1
            return
        assert (await self.erasures.erase(document)).students == 1
        MET["erased"] += 1
        model.erased.add(child)
        model.old.discard(child)

    async def pass_days(self, days: int) -> None:
        self.model.today += dt.timedelta(days=days)
        await self.desk.gateway.at(NOON + (self.model.today - DAY))

    async def compare(self) -> None:
        lines = {each.entry: each for each in await self.desk.requests.listed()}
        assert {entry for entry, each in lines.items() if each.open} == set(self.model.open)
        assert {entry for entry, each in lines.items() if each.overdue} == self.model.overdue()
        assert {entry: lines[entry].answer_by for entry in self.model.open} == {
            entry: last for entry, (_, _, last) in self.model.open.items()
        }
        assert {row[0] for row in await self.owner.fetch(OLD)} == self.model.old


@pytest.mark.ferpa("X4")
@pytest.mark.ferpa("F1")
async def test_no_order_of_acts_destroys_what_a_family_waits_to_inspect(idle_gateway: Gateway) -> None:
    MET.clear()
    drawn = Random(SEED)  # noqa: S311 - the same walk each time
    district = District(await FamilyDesk.at(idle_gateway), await idle_gateway.database.connection("owner"))
    # One family waits already, and of one child nothing is current: every wall is near.
    await district.load()
    await district.ask(Asked.INSPECTION, CHILDREN[0])
    await district.leave(CHILDREN[1])
    for _ in range(STEPS):
        await district.take(drawn.choice(ACTS), drawn.choice(CHILDREN), drawn.randrange(10))
        await district.compare()
    assert min(MET[each] for each in WALLS) > 0, MET
