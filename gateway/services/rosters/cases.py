"""
One roster before somebody who decides: what it says, what its lines mean now, and what a decision would change.

A principal decides about the students of the own school: lines of others wait for somebody else, and others stay.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.documents.roster_decision import Answer, RosterDecision
from gateway.records.numbers import is_gone
from gateway.records.standing import roster
from gateway.services.filing import Filing
from gateway.services.rosters.errors import RosterAltered, RosterOutdated, UnknownRoster
from gateway.services.rosters.kept import (
    OPEN,
    Submission,
    content_of,
    hold_lines,
    keep_found,
    lines_of,
    match_again,
    submission_of,
)
from gateway.services.rosters.people import schools_of
from gateway.services.rosters.plans import Plan, Row, Wanted, plan_rows
from gateway.services.standing.registry import Promised
from gateway.store.rosters import roster_decision, roster_line, roster_submission
from policies.term import pinned_zone

_NOTHING = "sha256:" + "0" * 64
"""Stands for the rows of a decision by which none moves."""


@dataclass(frozen=True, slots=True)
class Case:
    """
    A roster, whom the agreement is with, and what would be done by one answer.

    `accepted` are the lines that it accepts, `waiting` how many go on waiting. A refusal has no plan.
    """

    submission: Submission
    promised: Promised
    answer: Answer
    plan: Plan | None
    accepted: tuple[int, ...] = ()
    waiting: int = 0

    def document(self, reason: str | None) -> RosterDecision:
        """Return what is signed."""
        begin, end = (len(self.plan.begin), len(self.plan.end)) if self.plan else (0, 0)
        digest = self.plan.digest if self.plan else _NOTHING
        return RosterDecision(self.submission.roster, self.submission.line, self.answer, begin, end, digest, reason)


async def case_of(
    filing: Filing, number: int, answer: Answer, school: str | None, asked_at: dt.datetime | None = None
) -> Case:
    """
    Return the roster `number` as `answer` would leave it, for somebody who decides about `school` (None: all).

    It counts from the day of `asked_at`, else from today. What its lines mean is found anew, and kept.

    Raises `UnknownRoster`, `RosterOutdated`, `RosterForgotten`, `RosterAltered`.
    """
    connection = filing.connection
    submission = await submission_of(connection, number)
    promised = _promised(filing, submission.line)
    zone = pinned_zone(promised.verified.agreement.term.time_zone)
    today = (asked_at or filing.moment.now).astimezone(zone).date()
    if answer is Answer.CONFIRM:
        if not submission.is_accepted:
            raise UnknownRoster("nothing of this roster was accepted, so there is nothing to confirm")
        return Case(submission, promised, answer, await _confirmed(connection, submission.line, today, school))
    if submission.is_refused or (answer is Answer.REFUSE and submission.is_accepted):
        raise UnknownRoster("the district has decided on this roster")
    if answer is Answer.REFUSE:
        return Case(submission, promised, answer, None)
    return await _accepting(filing, submission, promised, today, school)


async def _accepting(
    filing: Filing, submission: Submission, promised: Promised, today: dt.date, school: str | None
) -> Case:
    connection = filing.connection
    await _require_newest(connection, submission)
    content = await content_of(connection, submission.roster)
    under = filing.registry.history.get(content.agreement)
    if under is None or under.verified.agreement.id != submission.line:
        raise RosterAltered("The roster was handed in under another agreement.")
    await hold_lines(connection, submission.roster)
    found, directory = await match_again(connection, submission.roster, content.lines)
    await keep_found(connection, submission.roster, content.lines, found)
    kept = await lines_of(connection, submission.roster)
    wanted, accepted, waiting = [], [], 0
    for line in content.lines:
        means = kept[line.number].found.student_id
        if kept[line.number].state != OPEN:
            continue
        if means is None or (school is not None and not directory.children[means].is_at(school)):
            waiting += 1
            continue
        accepted.append(line.number)
        wanted.append(Wanted(means, line.from_date, line.to_date))
    rows = await _rows(connection, submission.line)
    leaving: frozenset[UUID] = frozenset()
    if submission.covers == "whole":
        # Whoever stood there when it was handed in and is not on it. What was said since then stays.
        brought = await _brought(connection, submission.line)
        named = {each.student_id for each in wanted}
        earlier = {row.student_id for row in rows if brought.get(row.student_id, row.began) < submission.roster}
        leaving = await _at(connection, earlier - named, school)
    plan = plan_rows(wanted, rows, today, leaving=leaving)
    return Case(submission, promised, Answer.ACCEPT, plan, tuple(accepted), waiting)


async def _require_newest(connection: AsyncConnection, submission: Submission) -> None:
    """Check that no whole roster counts that was handed in later: it says who is served. Raises `RosterOutdated`."""
    sent, decided = roster_submission.c, roster_decision.c
    later = (sent.line == submission.line, sent.covers == "whole", sent.idx > submission.roster)
    counts = select(decided.idx).where(decided.submission == sent.idx, decided.decision == Answer.ACCEPT.value).exists()
    newest = await connection.scalar(select(func.max(sent.idx)).where(*later, counts))
    if newest is not None:
        raise RosterOutdated(f"The whole roster {newest}, handed in after this one, was accepted.")


async def _confirmed(connection: AsyncConnection, line: str, today: dt.date, school: str | None) -> Plan:
    """Return how the rows that were accepted go on: of whoever is on the roster still, and no others."""
    rows = await _rows(connection, line)
    lines, sent = roster_line.c, roster_submission.c
    accepted = (
        select(lines.student_id, lines.to_date)
        .join_from(roster_line, roster_submission, sent.idx == lines.submission)
        .where(sent.line == line, lines.state == "accepted", ~is_gone(lines.student_id))
    )
    there = await _at(connection, {row.student_id for row in rows}, school)
    wanted = [
        Wanted(row.student_id, None, row.to_date)
        for row in await connection.execute(accepted)
        if row.student_id in there
    ]
    return plan_rows(wanted, rows, today)


async def _rows(connection: AsyncConnection, line: str) -> Sequence[Row]:
    own = roster.c
    columns = (own.row_id, own.student_id, own.from_date, own.to_date, own.from_idx)
    found = select(*columns).where(own.line == line, own.to_idx.is_(None)).order_by(own.row_id)
    return [Row(*row) for row in await connection.execute(found)]


async def _brought(connection: AsyncConnection, line: str) -> Mapping[UUID, int]:
    """Return the newest roster by which each student stands there; who was loaded is in none."""
    lines, sent = roster_line.c, roster_submission.c
    newest = (
        select(lines.student_id, func.max(lines.submission).label("roster"))
        .join_from(roster_line, roster_submission, sent.idx == lines.submission)
        .where(sent.line == line, lines.state == "accepted")
        .group_by(lines.student_id)
    )
    return {row.student_id: row.roster for row in await connection.execute(newest)}


async def _at(connection: AsyncConnection, students: Collection[UUID], school: str | None) -> frozenset[UUID]:
    """Return those of the students who go to the school; all of them if it is None."""
    if school is None:
        return frozenset(students)
    at = await schools_of(connection, sorted(students))
    return frozenset(student for student in students if school in at[student])


def _promised(filing: Filing, line: str) -> Promised:
    """Return the newest version of an agreement. Raises `UnknownRoster`."""
    versions = _versions(filing.registry.history.values(), line)
    if not versions:
        raise UnknownRoster("the agreement of this roster does not verify")
    return versions[-1]


def _versions(history: Iterable[Promised], line: str) -> list[Promised]:
    found = [each for each in history if each.verified.agreement.id == line]
    return sorted(found, key=lambda each: each.verified.agreement.version)
