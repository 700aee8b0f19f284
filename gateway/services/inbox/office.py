"""
The inbox: what people of the district do about alarms, as the loader role.

Each act is one transaction: its entry, which names the person and never what they wrote, the note, and how the case
stands. INVARIANT: nothing that may leave depends on a case, and handling one undoes no alarm: it is raised again as
long as its cause is there.
"""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.roles import Role
from audit.change import append_change
from audit.entry import leaf
from audit.events import Event
from gateway.errors import Sentence
from gateway.services.filing import Desk
from gateway.services.inbox.cases import UNRESOLVED, Act, Case, CaseLine, Note, Resolution, State
from gateway.services.inbox.errors import CaseMoved, CaseRefused, UnknownCase
from gateway.services.standing.identity import by
from gateway.services.standing.registry import Moment, Registry, read_moment
from gateway.store.cases import alarm_case, alarm_note

LONGEST: Final = 2_000
"""Characters of a note."""
HANDLERS: Final = frozenset({Role.OFFICER, Role.AUDITOR, Role.ADMINISTRATOR})
"""To whom a case can be given: whoever may read the log."""


class Inbox:
    """The alarms of one installation."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def lines(
        self, *, states: Collection[State] = frozenset(State), assigned_to: str | None = None, limit: int = 100
    ) -> tuple[CaseLine, ...]:
        """Return cases that stand so, and are given to somebody if it is said to whom, the last raised first."""
        own = alarm_case.c
        wanted = select(alarm_case).where(own.state.in_([each.value for each in states]))
        if assigned_to is not None:
            wanted = wanted.where(own.assigned_to == assigned_to)
        wanted = wanted.order_by(own.last_seen.desc(), own.number.desc()).limit(limit)
        async with self._desk.engine.connect() as connection:
            return tuple(_line(row) for row in await connection.execute(wanted))

    async def counts(self) -> dict[State, int]:
        """Return how many cases stand in which way."""
        async with self._desk.engine.connect() as connection:
            rows = await connection.execute(select(alarm_case.c.state, func.count()).group_by(alarm_case.c.state))
            found = {State(state): int(count) for state, count in rows}
        return {state: found.get(state, 0) for state in State}

    async def case(self, number: int) -> Case:
        """Return one case with what was done about it. Raises `UnknownCase`."""
        async with self._desk.engine.connect() as connection:
            line = await _read(connection, number)
            own = alarm_note.c
            rows = await connection.execute(select(alarm_note).where(own.number == number).order_by(own.id))
            notes = tuple(Note(row.at, Act(row.act), row.by, row.idx, row.about, row.words) for row in rows)
        return Case(line, notes)

    async def look(self, number: int, person: str | None) -> int:
        """Say that somebody looked at an open case; return the entry. Raises `UnknownCase`, `CaseMoved`."""
        return await self._act(number, Act.LOOKED_AT, person, only={State.OPEN}, state=State.LOOKED_AT)

    async def note(self, number: int, words: str, person: str | None) -> int:
        """Note something about a case; return the entry. Raises `UnknownCase`, `CaseRefused`."""
        return await self._act(number, Act.NOTED, person, words=_words(words, needed=True))

    async def assign(self, number: int, to: str, person: str | None) -> int:
        """
        Give a case to somebody who may read the log; return the entry.

        Raises `UnknownCase`, `CaseMoved` if it is resolved, `CaseRefused` if it cannot be given to that person.
        """
        moment, registry = await self._desk.registry()
        if to not in handlers_in(registry, moment):
            raise CaseRefused("A case is given to an officer, an auditor or an administrator of the district.")
        return await self._act(number, Act.ASSIGNED, person, only=UNRESOLVED, assigned_to=to)

    async def resolve(
        self, number: int, why: Resolution, words: str, person: str | None, *, times: int | None = None
    ) -> int:
        """
        Resolve a case; return the entry. It opens again when it is raised anew.

        `times` is how often it had been raised when it was looked at. Raises `UnknownCase`, `CaseRefused` without
        words, `CaseMoved` if it is resolved, or was raised again since then.
        """
        said = _words(words, needed=True)
        return await self._act(
            number, Act.RESOLVED, person, words=said, only=UNRESOLVED, state=State.RESOLVED, resolution=why, times=times
        )

    async def _act(
        self,
        number: int,
        act: Act,
        person: str | None,
        *,
        words: str | None = None,
        only: frozenset[State] | set[State] = frozenset(State),
        state: State | None = None,
        assigned_to: str | None = None,
        resolution: Resolution | None = None,
        times: int | None = None,
    ) -> int:
        async with self._desk.engine.begin() as connection:
            line = await _read(connection, number, locked=True)
            # (1): what is decided about is what was looked at.
            if line.state not in only or times not in {None, line.times}:
                raise CaseMoved(f"Case {number} is {line.state} and was raised {line.times} times.")
            moment = await read_moment(connection)
            given = {} if assigned_to is None else {"assigned_to": assigned_to}
            why = {} if resolution is None else {"reason": resolution.value}
            written = leaf(
                Event.ALARM_HANDLED,
                moment.now,
                case=number,
                code=line.code,
                act=act.value,
                **by(person),
                **given,
                **why,
            )
            index = await append_change(connection, written, moves_epoch=False)
            about = assigned_to or (None if resolution is None else resolution.value)
            row = {
                "number": number,
                "at": moment.now,
                "act": act.value,
                "by": person,
                "idx": index,
                "about": about,
                "words": words,
            }
            await connection.execute(insert(alarm_note).values(row))
            moved: dict[str, str] = {} if state is None else {"state": state.value}
            if given or why or moved:
                resolved = {"resolution": why["reason"]} if why else {}
                await connection.execute(
                    update(alarm_case).where(alarm_case.c.number == number).values(**moved, **given, **resolved)
                )
        return index


def handlers_in(registry: Registry, moment: Moment) -> tuple[str, ...]:
    """Return the people to whom a case can be given now, in the order in which they came."""
    links = sorted(registry.staff.links.values(), key=lambda each: each.index)
    may = [each for each in links if registry.staff.roles_of(each.identity, moment.received) & HANDLERS]
    return tuple(dict.fromkeys(each.person.id for each in may))


async def _read(connection: AsyncConnection, number: int, *, locked: bool = False) -> CaseLine:
    wanted = select(alarm_case).where(alarm_case.c.number == number)
    row = (await connection.execute(wanted.with_for_update() if locked else wanted)).one_or_none()
    if row is None:
        raise UnknownCase(f"No alarm has case {number}.")
    return _line(row)


def _line(row: Row[tuple[object, ...]]) -> CaseLine:
    return CaseLine(
        number=row.number,
        code=row.code,
        facts=dict(row.facts),
        times=row.times,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        state=State(row.state),
        assigned_to=row.assigned_to,
        resolution=None if row.resolution is None else Resolution(row.resolution),
    )


def _words(words: str, *, needed: bool) -> str | None:
    said = words.replace("\x00", "").strip()
    if needed and not said:
        raise CaseRefused("Say in words what was found or done.")
    if len(said) > LONGEST:
        raise CaseRefused(Sentence("A note has at most %(most)s characters.", most=LONGEST))
    return said or None
