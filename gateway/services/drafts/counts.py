"""
Counting whom a draft covers, within a budget, and on record: the one door through which numbers about drafts come out.

One transaction: look whether it was answered today, judge the budget, count, write the entry, keep the answer.
INVARIANT: no number leaves that has no committed entry, and what was answered once is answered so again.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Text, cast, distinct, func, insert, literal, select, text
from sqlalchemy.dialects.postgresql import BIT
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from agreements.document import Agreement
from agreements.register import digest_bytes
from audit.change import append_change
from audit.entry import leaf
from audit.events import Event
from gateway.records import headcount
from gateway.services.drafts.approximation import Approximate, Tally, approximate, differing_bits, reach
from gateway.services.drafts.errors import DraftBudgetSpent
from gateway.services.standing.identity import by
from gateway.services.standing.registry import read_moment
from gateway.services.standing.scopes import scope_for
from gateway.store.tables import SKETCH_BITS, draft_count

LINE_BUDGET: Final = 20
"""Drafts of one line counted a day: whoever writes an agreement reviews it a handful of times."""
INSTALLATION_BUDGET: Final = 100
"""Drafts counted a day in all: five busy lines. A new line for each draft must not be a way around the other budget."""
_ALONE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('pactgate.draft_count', 0))")


@dataclass(frozen=True, slots=True)
class Counted:
    """
    What was answered: about how many students, now and under the version in force; the answer's day and entry.

    `left_out` are lists that the line did not have yet: with any of them the number means "at most".
    """

    students: Approximate
    in_force: Approximate | None
    left_out: tuple[str, ...]
    day: dt.date
    entry: int


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer that was given today."""

    students: Approximate
    left_out: tuple[str, ...]
    entry: int


@dataclass(frozen=True, slots=True)
class _Answer:
    """One row to keep. `tally` is there if later drafts over nearly the same students shall get this answer."""

    agreement: Agreement
    students: Approximate
    left_out: tuple[str, ...]
    tally: Tally | None


@dataclass(frozen=True, slots=True)
class Budget:
    """How many different drafts may still be counted today: of one line, and of all lines together."""

    line: int
    all: int

    @property
    def left(self) -> int:
        """How many, whichever ends first."""
        return max(0, min(self.line, self.all))


async def budget_of(engine: AsyncEngine, line: str) -> Budget:
    """Return what is left of today's budget for one line."""
    async with engine.connect() as connection:
        day = (await read_moment(connection)).now.astimezone(dt.UTC).date()
        return await _budget(connection, line, day)


async def count_draft(
    engine: AsyncEngine, draft: Agreement, in_force: Agreement | None, person: str | None = None
) -> Counted:
    """
    Return about how many students `draft` covers, and the version in force, as entry `draft.reviewed` of today.

    `person` is who asks on a page, for the entry. Raises `DraftBudgetSpent`, `Problem` without a log, `UnknownTerm`;
    nothing was counted or is shown then.
    """
    async with engine.begin() as connection:
        moment = await read_moment(connection)
        day = moment.now.astimezone(dt.UTC).date()
        # (1): one at a time, or a budget could be spent twice and near drafts answered apart.
        await connection.execute(_ALONE)
        shown = await _kept(connection, day)
        if draft.digest not in shown:
            await _require_budget(connection, draft.id, day)
            # (2): the version in force first: people know it, and drafts that are nearly the same get its number.
            versions = [each for each in (in_force, draft) if each is not None and each.digest not in shown]
            answers: list[_Answer] = []
            for version in versions:
                answers.append(await _answer(connection, version, moment.now, answers))
            # (3): last, because it holds the log's head until the transaction ends.
            written = leaf(Event.DRAFT_REVIEWED, moment.now, draft=draft.digest, line=draft.id, **by(person))
            entry = await append_change(connection, written, moves_epoch=False)
            await connection.execute(insert(draft_count).values([_row(answer, day, entry) for answer in answers]))
            shown |= {each.agreement.digest: _Kept(each.students, each.left_out, entry) for each in answers}
    own, before = shown[draft.digest], None if in_force is None else shown.get(in_force.digest)
    return Counted(own.students, None if before is None else before.students, own.left_out, day, own.entry)


async def _kept(connection: AsyncConnection, day: dt.date) -> dict[str, _Kept]:
    """Return what was answered on `day`, by digest."""
    own = draft_count.c
    kept = select(own.digest, own.students, own.left_out, own.idx).where(own.day == day)
    return {
        f"sha256:{row.digest.hex()}": _Kept(Approximate(row.students), tuple(row.left_out), row.idx)
        for row in (await connection.execute(kept)).all()
    }


async def _require_budget(connection: AsyncConnection, line: str, day: dt.date) -> None:
    budget = await _budget(connection, line, day)
    if budget.line <= 0:
        raise DraftBudgetSpent(f"{LINE_BUDGET} different drafts of {line} were counted today, which is all there are.")
    if budget.all <= 0:
        raise DraftBudgetSpent(f"{INSTALLATION_BUDGET} different drafts were counted today, which is all there are.")


async def _budget(connection: AsyncConnection, line: str, day: dt.date) -> Budget:
    entries = select(func.count(distinct(draft_count.c.idx))).where(draft_count.c.day == day)
    own = (await connection.execute(entries.where(draft_count.c.line == line))).scalar_one()
    every = (await connection.execute(entries)).scalar_one()
    return Budget(LINE_BUDGET - own, INSTALLATION_BUDGET - every)


async def _answer(
    connection: AsyncConnection, agreement: Agreement, now: dt.datetime, others: list[_Answer]
) -> _Answer:
    """Count, and answer as before if nearly the same students were asked about before."""
    term = agreement.term
    today = now.astimezone(ZoneInfo(term.time_zone)).date()
    on = min(max(today, term.first_day), term.last_day)
    head = await headcount.count_draft(connection, scope_for(agreement), on)
    found, left_out = Tally(head.students, head.sketch), tuple(each.value for each in head.left_out)
    differing = func.bit_count(draft_count.c.sketch.op("#")(_bits(found.sketch)))
    near = select(draft_count.c.students).where(differing < draft_count.c.reach)
    first = (await connection.execute(near.order_by(draft_count.c.idx, draft_count.c.digest).limit(1))).one_or_none()
    if first is not None:
        return _Answer(agreement, Approximate(first.students), left_out, None)
    for other in others:
        if other.tally is not None and differing_bits(other.tally, found) < reach(other.tally):
            return _Answer(agreement, other.students, left_out, None)
    return _Answer(agreement, approximate(found), left_out, found)


def _row(answer: _Answer, day: dt.date, entry: int) -> dict[str, object]:
    found = answer.tally
    return {
        "digest": digest_bytes(answer.agreement.digest),
        "line": answer.agreement.id,
        "day": day,
        "students": answer.students.rounded,
        "left_out": list(answer.left_out),
        "sketch": None if found is None else _bits(found.sketch),
        "reach": None if found is None else reach(found),
        "idx": entry,
    }


def _bits(sketch: int) -> object:
    """Return a sketch as SQL, by way of text: drivers have no one type for bits."""
    return cast(cast(literal(f"{sketch:0{SKETCH_BITS}b}", Text), Text), BIT(SKETCH_BITS))
