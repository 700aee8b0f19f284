"""
Incidents: opened, followed and closed by the district's office, as the loader role.

Each step is one transaction: its entry, with ids and codes alone, and the row that says it in words. INVARIANT: nothing
that may leave depends on an incident; what must stop is stopped by a stop.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.change import append_change
from audit.commitments import SECRET_SIZE, Private, commit_subjects, pack_private
from audit.entry import leaf, stamp
from audit.events import Event
from gateway.errors import Sentence
from gateway.records.subjects import SubjectKey
from gateway.services.inbox.errors import CaseMoved, CaseRefused, DutiesUndone
from gateway.services.incidents.affected import disclosures_of, numbers_beside, packed, students_of
from gateway.services.incidents.clocks import Task
from gateway.services.incidents.concerned import require_together
from gateway.services.incidents.lines import Affected, Concerns, Incident, IncidentLine
from gateway.services.incidents.standing import CLOSED, NOT_APPLICABLE, line_of, noted, stored
from gateway.services.office import Office
from gateway.services.searching.wanted import Wanted, clauses_for
from gateway.services.standing.identity import by
from gateway.services.standing.registry import Moment, Registry, read_moment
from gateway.store.cases import incident, incident_note
from gateway.wrapping_keys import WrappingKeys

LONGEST: Final = 4_000
"""Characters of what happened, and of a note."""


class Incidents:
    """The incidents of one installation. Holds the key of the subject numbers if it is at hand."""

    def __init__(
        self,
        office: Office,
        subject_key: WrappingKeys | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._office = office
        self._key = None if subject_key is None else SubjectKey(subject_key)
        self._random = random

    async def open(self, what: str, discovered: datetime, concerns: Concerns, person: str | None) -> int:
        """
        Put an incident on file; return its entry, which is its number.

        Raises `CaseRefused` for what cannot be, `UnknownAgreement`, `UnknownPartner`.
        """
        said = _words(what)
        _, registry = await self._office.desk.registry()
        named = concerns.named
        # (1): it concerns somebody whom the log knows.
        if not named:
            raise CaseRefused("Say whom it concerns: a partner, an agreement or a client.")
        if concerns.client is not None and concerns.client not in {each.id for each in registry.clients.values()}:
            raise CaseRefused("No client with this id is registered.")
        wanted = Wanted(
            partners=tuple(filter(None, [concerns.partner])), agreements=tuple(filter(None, [concerns.agreement]))
        )
        clauses_for(wanted, registry, self._office.desk.catalogue)
        require_together(concerns, registry)
        # (2): the window is one, and it was discovered before it is told of.
        if concerns.since >= concerns.until:
            raise CaseRefused("The time that it concerns begins before it ends.")
        async with self._office.engine.begin() as connection:
            moment = await read_moment(connection)
            if discovered > moment.now:
                raise CaseRefused("It cannot be discovered in the future.")
            written = leaf(
                Event.INCIDENT_OPENED,
                moment.now,
                discovered=stamp(discovered),
                since=stamp(concerns.since),
                until=stamp(concerns.until),
                **by(person),
                **named,
            )
            index = await append_change(connection, written, moves_epoch=False)
            about = {
                "what": said,
                "discovered_at": discovered,
                "since": concerns.since,
                "until": concerns.until,
                **dict.fromkeys(("partner", "agreement", "client")),
                **named,
            }
            # (3): under the head: a button is pressed twice, and each incident has duties of its own.
            same = [incident.c[name].is_not_distinct_from(value) for name, value in about.items()]
            if await connection.scalar(select(incident.c.idx).where(*same).limit(1)) is not None:
                raise CaseRefused("This incident is on file already: the list has it.")
            await connection.execute(insert(incident).values({"idx": index, "at": moment.now, "by": person, **about}))
        return index

    async def affected(self, number: int, person: str | None) -> Affected:
        """
        Return whose records it may concern, on record before any of them is told.

        Raises `UnknownIncident`, `LeafRefused`, `LogDamaged`, `WrappingKeyMissing`.
        """
        assert self._key is not None  # whoever takes out a list brings the key
        moment, registry = await self._office.desk.registry()
        line = (await self._one(number, registry, moment)).line
        entries = await disclosures_of(self._office, line.concerns)
        async with self._office.engine.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
            numbers, altered = await numbers_beside(connection, entries)
            # Read in one snapshot with the entries, and told to nobody before the entry below stands.
            students, unlinked = await students_of(connection, numbers, self._key)
        count = len(students) + unlinked
        async with self._office.engine.begin() as connection:
            now = (await read_moment(connection)).now
            opens = Private(row_secret=self._random(SECRET_SIZE))
            beside = packed(numbers)
            body = {"incident": number, "students": count, "listed": commit_subjects(opens.row_secret, beside).hex()}
            written = leaf(Event.INCIDENT_AFFECTED_READ, now, **body, **by(person))
            index = await append_change(
                connection, written, moves_epoch=False, subjects=beside, private=pack_private(opens)
            )
            # Where a list is gone nobody knows how many they are: it stays to be counted, and families to be told.
            sure = None if altered else count
            await _note(connection, index, number, now, person, act="counted", students=sure)
        return Affected(index, len(entries), students, unlinked, tuple(altered))

    async def note(
        self, number: int, words: str, person: str | None, *, task: Task | None = None, applies: bool = True
    ) -> int:
        """
        Note something, or that a task is done, or that it does not apply; return the entry.

        Raises `UnknownIncident`, `CaseMoved` if it is closed, `CaseRefused` without words where they are needed: that
        somebody need not be told has a reason.
        """
        said = _words(words) if task is None or not applies or words.strip() else None
        if task is None:
            return await self._step(number, Event.INCIDENT_NOTED, person, act="noted", words=said)
        act, more = ("done", {}) if applies else (NOT_APPLICABLE, {"applies": False})
        told = {"task": task.value, **more}
        return await self._step(number, Event.INCIDENT_NOTED, person, act=act, words=said, told=told)

    async def close(self, number: int, words: str, person: str | None) -> int:
        """
        Close it with a last note; return the entry.

        Raises `UnknownIncident`, `CaseRefused`, `CaseMoved`, and `DutiesUndone` as long as somebody is to be told.
        """
        return await self._step(number, Event.INCIDENT_CLOSED, person, act=CLOSED, words=_words(words))

    async def listed(self) -> tuple[IncidentLine, ...]:
        """Return every incident, the newest first."""
        moment, registry = await self._office.desk.registry()
        async with self._office.engine.connect() as connection:
            rows = (await connection.execute(select(incident).order_by(incident.c.idx.desc()))).all()
            steps = (await connection.execute(select(incident_note).order_by(incident_note.c.idx))).all()
        return tuple(
            line_of(row, [noted(each) for each in steps if each.incident == row.idx], registry, moment) for row in rows
        )

    async def one(self, number: int) -> Incident:
        """Return one incident. Raises `UnknownIncident`."""
        moment, registry = await self._office.desk.registry()
        return await self._one(number, registry, moment)

    async def _one(self, number: int, registry: Registry, moment: Moment) -> Incident:
        async with self._office.engine.connect() as connection:
            row, notes = await stored(connection, number)
        return Incident(line_of(row, notes, registry, moment), notes)

    async def _step(
        self,
        number: int,
        event: Event,
        person: str | None,
        *,
        act: str,
        words: str | None,
        told: Mapping[str, str | bool] | None = None,
    ) -> int:
        told = told or {}
        _, registry = await self._office.desk.registry()
        async with self._office.engine.begin() as connection:
            await stored(connection, number)
            moment = await read_moment(connection)
            index = await append_change(
                connection, leaf(event, moment.now, incident=number, **told, **by(person)), moves_epoch=False
            )
            # Under the head: whoever closed it or ticked something off did so before this entry, or after it.
            row, notes = await stored(connection, number)
            line = line_of(row, notes, registry, moment)
            if line.closed is not None:
                raise CaseMoved(f"Incident {number} is closed.")
            # INVARIANT: an incident is not closed over a duty that nobody did or gave a reason against.
            if act == CLOSED and line.undone:
                raise DutiesUndone(each.task for each in line.undone)
            await _note(connection, index, number, moment.now, person, act=act, words=words, task=told.get("task"))
        return index


async def _note(
    connection: AsyncConnection, index: int, number: int, now: datetime, person: str | None, **said: object
) -> None:
    row = {"idx": index, "incident": number, "at": now, "by": person, **said}
    await connection.execute(insert(incident_note).values(row))


def _words(words: str) -> str:
    said = words.replace("\x00", "").strip()
    if not said:
        raise CaseRefused("Say in words what happened.")
    if len(said) > LONGEST:
        raise CaseRefused(Sentence("It has at most %(most)s characters.", most=LONGEST))
    return said
