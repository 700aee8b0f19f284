"""Submissions as they stand: what a partner may be told of its own, without anything about anybody in them."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.documents.roster_decision import Answer
from gateway.store.rosters import roster_decision, roster_submission


@dataclass(frozen=True, slots=True)
class Coded:
    """A line of whom the agreement covers today, with the student's record code."""

    line: int
    reference: str | None
    record_code: str


@dataclass(frozen=True, slots=True)
class RosterStanding:
    """How a roster stands: `roster` is its number, the entry that received it."""

    roster: int
    state: str
    covers: str
    lines: int
    received_at: datetime
    counts_until: date | None = None
    students: tuple[Coded, ...] = ()


_STATES = {None: "waiting", Answer.ACCEPT: "accepted", Answer.CONFIRM: "accepted", Answer.REFUSE: "refused"}


def is_answered() -> ColumnElement[bool]:
    """Return the condition that the district has said something about a submission."""
    answered = roster_decision.c.submission == roster_submission.c.idx
    return select(roster_decision.c.idx).where(answered).exists()


async def standing_of(connection: AsyncConnection, roster: int) -> RosterStanding:
    """Return how a roster that is there stands, without its lines."""
    own, decided = roster_submission.c, roster_decision.c
    columns = (own.idx, own.covers, own.lines, own.received_at)
    found = (await connection.execute(select(*columns).where(own.idx == roster))).one()
    newest = select(decided.decision, decided.fresh_until).where(decided.submission == roster)
    last = (await connection.execute(newest.order_by(decided.idx.desc()).limit(1))).one_or_none()
    state = _STATES[None if last is None else Answer(last.decision)]
    until = None if last is None else last.fresh_until
    return RosterStanding(found.idx, state, found.covers, found.lines, found.received_at, until)
