"""
The district's work on rosters before it decides: see which came, whom their lines mean, and say so of those that wait.

What is shown here names children, also some whom nobody here knows: it is for the district's people alone. Nothing of
it lets anything leave: that takes a decision (`deciding`).
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.services.filing import Desk
from gateway.services.names_shown import enter_names_shown
from gateway.services.rosters.errors import LineRefused
from gateway.services.rosters.kept import (
    OPEN,
    KeptLine,
    columns_of,
    content_of,
    keep_found,
    lines_of,
    match_again,
    submission_of,
    write_line,
)
from gateway.services.rosters.lines import RosterLine
from gateway.services.rosters.matching import Child, Directory, Found, Rule
from gateway.services.rosters.people import directory_for
from gateway.services.rosters.submissions import standing_of
from gateway.store.rosters import FORGET_NAMES, roster_line, roster_submission

SET_ASIDE: Final = "set_aside"
ACCEPTED: Final = "accepted"


@dataclass(frozen=True, slots=True)
class RosterSummary:
    """A roster in the list: how it stands, and how many of its lines were matched, wait or were set aside."""

    roster: int
    agreement: str
    client: str
    covers: str
    received_at: dt.datetime
    state: str
    counts_until: dt.date | None
    lines: int
    matched: int
    waiting: int
    set_aside: int
    accepted: int
    names_kept: bool
    """Whether the names are there still: without them nothing more can be matched."""

    @property
    def is_matched(self) -> bool:
        """Whether somebody has found out yet whom the lines mean: before that none is matched, and none waits."""
        return any((self.matched, self.waiting, self.set_aside, self.accepted))


@dataclass(frozen=True, slots=True)
class KnownChild:
    """A child as the district knows it, for a person who compares."""

    student_number: str = field(repr=False)
    given_name: str = field(repr=False)
    family_name: str = field(repr=False)
    birth_date: dt.date = field(repr=False)
    schools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line beside the child it was found to mean, by which rule; or what it waits for, and who may be meant."""

    line: RosterLine
    state: str
    rule: str | None
    waits_for: str | None
    child: KnownChild | None
    suggested: tuple[KnownChild, ...]


@dataclass(frozen=True, slots=True)
class StandingLine:
    """How a line stands, by its number: by which rule it means somebody, or what it waits for. It names nobody."""

    number: int
    state: str
    rule: str | None
    waits_for: str | None


@dataclass(frozen=True, slots=True)
class Look:
    """
    That somebody looks at the children of a roster, as it stands in the log.

    INVARIANT: `RosterOffice.enter_look` alone makes one, once the entry is committed; without one nobody is named.
    """

    roster: int
    entry: int


class RosterOffice:
    """The rosters of one installation, for its stewards and officers, as the loader role."""

    def __init__(self, desk: Desk) -> None:
        self._engine = desk.engine

    async def summaries(self) -> tuple[RosterSummary, ...]:
        """Return every roster, the newest last. Names whose time is over are forgotten on the way."""
        own = roster_submission.c
        async with self._engine.begin() as connection:
            await connection.execute(text(FORGET_NAMES))
            rosters = (await connection.scalars(select(own.idx).order_by(own.idx))).all()
            counted = await _counted(connection)
            return tuple([await _summary(connection, roster, counted[roster]) for roster in rosters])

    async def summary(self, roster: int) -> RosterSummary:
        """Return one of them. Raises `UnknownRoster`."""
        async with self._engine.begin() as connection:
            await connection.execute(text(FORGET_NAMES))
            await submission_of(connection, roster)
            return await _summary_of(connection, roster)

    async def match(self, roster: int) -> RosterSummary:
        """
        Find anew whom the lines of a roster mean, and keep it; what a person said of some of them stands.

        Raises `UnknownRoster`, `RosterForgotten`, `RosterAltered`.
        """
        async with self._engine.begin() as connection:
            await self._matched(connection, roster)
            return await _summary_of(connection, roster)

    async def show(self, look: Look) -> tuple[ShownLine, ...]:
        """Return each line beside whom it means now. Raises as `match`; nothing is kept."""
        return await self._lines(look.roster)

    async def _lines(self, roster: int) -> tuple[ShownLine, ...]:
        async with self._engine.connect() as connection:
            await submission_of(connection, roster)
            content = await content_of(connection, roster)
            kept = await lines_of(connection, roster)
            found, directory = await match_again(connection, roster, content.lines)
            shown = zip(content.lines, found, strict=True)
            return tuple(_shown(line, each, kept.get(line.number), directory) for line, each in shown)

    async def standing(self, roster: int) -> tuple[StandingLine, ...]:
        """Return how each line stands now, without whom it means. Raises as `match`; nothing is kept."""
        return tuple(
            StandingLine(each.line.number, each.state, each.rule, each.waits_for) for each in await self._lines(roster)
        )

    async def enter_look(self, roster: int, person: str | None) -> Look:
        """Commit that `person` sees whom the lines of a roster mean. Raises `UnknownRoster`."""
        async with self._engine.connect() as connection:
            await submission_of(connection, roster)
        return Look(roster, await enter_names_shown(self._engine, person, submission=roster))

    async def say(self, look: Look, number: int, student_number: str) -> None:
        """
        Say that a line means the student with this number; it counts in a decision that is signed afterwards.

        Whether somebody has the number is told by it, so it is a look. Raises `LineRefused`, and as `match`.
        """
        roster = look.roster
        async with self._engine.begin() as connection:
            lines, kept = await self._matched(connection, roster)
            if number not in kept or kept[number].state != OPEN:
                raise LineRefused(f"Line {number} is not open.")
            named = replace(lines[number - 1], student_number=student_number)
            known = (await directory_for(connection, [named])).children.values()
            meant = [each.student_id for each in known if student_number in {each.number, *each.also_known_as}]
            if not meant:
                raise LineRefused("No student has this number.")
            said = Found(number, meant[0], Rule.PERSON)
            if not await write_line(connection, roster, number, OPEN, **columns_of(said)):
                raise LineRefused(f"Line {number} is not open.")

    async def set_aside(self, roster: int, numbers: Collection[int], *, back: bool = False) -> None:
        """
        Set lines aside, so that nobody comes onto the roster by them; or take them `back`.

        Raises `LineRefused`, and as `match`.
        """
        before, after = (SET_ASIDE, OPEN) if back else (OPEN, SET_ASIDE)
        async with self._engine.begin() as connection:
            _, kept = await self._matched(connection, roster)
            for number in sorted(set(numbers)):
                if number not in kept or not await write_line(connection, roster, number, before, state=after):
                    raise LineRefused(f"Line {number} is not {before.replace('_', ' ')}.")

    async def _matched(
        self, connection: AsyncConnection, roster: int
    ) -> tuple[Sequence[RosterLine], Mapping[int, KeptLine]]:
        await submission_of(connection, roster)
        content = await content_of(connection, roster)
        found, _ = await match_again(connection, roster, content.lines)
        await keep_found(connection, roster, content.lines, found)
        return content.lines, await lines_of(connection, roster)


async def _counted(connection: AsyncConnection, *only: ColumnElement[bool]) -> Mapping[int, Counter[tuple[str, bool]]]:
    """Return of each roster how many lines are in each state, with and without a student whom they mean."""
    kept = roster_line.c
    means = kept.student_id.is_not(None)
    counts = select(kept.submission, kept.state, means, func.count()).where(*only)
    found: dict[int, Counter[tuple[str, bool]]] = defaultdict(Counter)
    for roster, *line, lines in await connection.execute(counts.group_by(kept.submission, kept.state, means)):
        found[roster][line[0], line[1]] = lines
    return found


async def _summary_of(connection: AsyncConnection, roster: int) -> RosterSummary:
    counted = await _counted(connection, roster_line.c.submission == roster)
    return await _summary(connection, roster, counted[roster])


async def _summary(connection: AsyncConnection, roster: int, counted: Counter[tuple[str, bool]]) -> RosterSummary:
    own = roster_submission.c
    columns = (own.line, own.client, own.body.is_not(None).label("names_kept"))
    row = (await connection.execute(select(*columns).where(own.idx == roster))).one()
    standing = await standing_of(connection, roster)
    return RosterSummary(
        roster,
        row.line,
        row.client,
        standing.covers,
        standing.received_at,
        standing.state,
        standing.counts_until,
        standing.lines,
        matched=counted[OPEN, True],
        waiting=counted[OPEN, False],
        set_aside=counted[SET_ASIDE, True] + counted[SET_ASIDE, False],
        accepted=counted[ACCEPTED, True],
        names_kept=row.names_kept,
    )


def _shown(line: RosterLine, found: Found, kept: KeptLine | None, directory: Directory) -> ShownLine:
    return ShownLine(
        line=line,
        state=OPEN if kept is None else kept.state,
        rule=None if found.rule is None else found.rule.value,
        waits_for=None if found.waits is None else found.waits.value,
        child=None if found.student_id is None else _known(directory.children[found.student_id]),
        suggested=tuple(_known(directory.children[each]) for each in found.suggested),
    )


def _known(child: Child) -> KnownChild:
    return KnownChild(child.number, child.given_name, child.family_name, child.birth_date, tuple(sorted(child.schools)))
