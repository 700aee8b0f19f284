"""
What a slip says, read after the act: the entry and its time, the agreement as it is signed, the student by name.

INVARIANT: a slip says only what is on file. Nothing in it is taken from what somebody typed at the counter. Nobody gets
one before the entry `names.shown` that says who looked (claim 4).
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.document import Agreement
from agreements.elements import Element
from audit.entry import Entry, parse
from audit.events import Event
from audit.reading import leaf_at
from gateway.errors import GatewayError
from gateway.records import facts
from gateway.records.coverage import visible
from gateway.records.errors import NoSlip
from gateway.records.numbers import one_with
from gateway.records.standing import consent, opt_out
from gateway.services.filing import Desk
from gateway.services.names_shown import enter_names_shown
from gateway.services.obligations.history import driver_of, time_of
from gateway.services.slips.wording import Language, Wish
from gateway.services.standing.registry import Registry
from gateway.services.stops import student_known_as

_UTC: Final = "UTC"


@dataclass(frozen=True, slots=True)
class Given:
    """What a consent gives: elements (none: all that the agreement named), the purpose's code, the use, its days."""

    elements: tuple[Element, ...]
    purpose: str
    what_will_be_done: str
    first: date
    last: date | None


@dataclass(frozen=True, slots=True)
class Slip:
    """
    One slip. `at` is in the district's zone, whose name is `zone`; without `agreement` and `partner` all are meant.

    Names and numbers are personal data: nothing of it is printed but the paper.
    """

    wish: Wish
    language: Language
    district: str
    name: str | None = field(repr=False)
    number: str = field(repr=False)
    entry: int
    at: datetime
    zone: str
    origin: str
    agreement: str | None
    partner: str | None
    given: Given | None = field(default=None, repr=False)


class Slips:
    """Writes slips for one installation."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def of(self, entry: int, student: str, language: Language, person: str | None) -> Slip:
        """
        Return the slip of what a family did by `entry`, for the student with this number, on record as `person`'s look.

        Raises `UnknownStudent`, `NoSlip` if the entry is about another student, or about nothing that a family did.
        """
        try:
            slip = await self._read(entry, student, language)
        except GatewayError:
            # Whether somebody has this number is told by a refusal too.
            await enter_names_shown(self._desk.engine, person)
            raise
        await enter_names_shown(self._desk.engine, person, entry=entry)
        return slip

    async def _read(self, entry: int, student: str, language: Language) -> Slip:
        _, registry = await self._desk.registry()
        newest = _newest(registry, None)
        async with self._desk.engine.connect() as connection:
            written = await self._entry(connection, entry)
            wish, line = _told(written)
            child = await student_known_as(connection, student)
            row = await _dated(connection, wish, child, entry)
            own = facts.person.c
            found = select(own.first_name, own.last_name).where(own.student_id == child, visible(facts.person))
            name = (await connection.execute(found)).first()
        agreement = None if line is None else _newest(registry, line)
        zone = _UTC if newest is None else (agreement or newest).term.time_zone
        return Slip(
            wish=wish,
            language=language,
            district=self._desk.trust.origin if newest is None else newest.district.name,
            name=None if name is None else " ".join(part for part in name if part) or None,
            number=student,
            entry=entry,
            at=time_of(written).astimezone(ZoneInfo(zone)),
            zone=zone,
            origin=self._desk.trust.origin,
            agreement=line if agreement is None else agreement.title,
            partner=line if agreement is None else agreement.partner.name,
            given=self._given(row) if wish is Wish.CONSENT else None,
        )

    async def _entry(self, connection: AsyncConnection, entry: int) -> Entry:
        session = await driver_of(connection)
        if not 0 <= entry < int(await session.fetchval("SELECT size FROM audit.head")):
            raise NoSlip("The log has no such entry.")
        return parse(await leaf_at(session, entry))

    def _given(self, row: Row[Any]) -> Given:
        return Given(
            elements=tuple(each for each in self._desk.catalogue if each.id in row.covers),
            purpose=row.purpose,
            what_will_be_done=row.what_will_be_done,
            first=row.from_date,
            last=row.to_date,
        )


def _told(written: Entry) -> tuple[Wish, str | None]:
    """Return what a family did by an entry, and under which line (None: under all). Raises `NoSlip`."""
    line = written.body.get("line")
    under = line if isinstance(line, str) else None
    match written.event:
        case Event.CONSENT_GIVEN:
            return Wish.CONSENT, under
        case Event.CONSENT_WITHDRAWN:
            return Wish.WITHDRAWAL, under
        case Event.OPTED_OUT:
            return Wish.DIRECTORY if written.body.get("scope") == "directory" else Wish.OPT_OUT, under
        case _:
            raise NoSlip("This entry is about nothing that a family signed, took back or refused.")


async def _dated(connection: AsyncConnection, wish: Wish, child: UUID, entry: int) -> Row[Any]:
    """Return a row of this student that the entry dated. Raises `NoSlip`."""
    table = consent if wish in {Wish.CONSENT, Wish.WITHDRAWAL} else opt_out
    dated_by = table.c.to_idx if wish is Wish.WITHDRAWAL else table.c.from_idx
    ids = await one_with(connection, child)
    row = (await connection.execute(select(table).where(table.c.student_id.in_(ids), dated_by == entry))).first()
    if row is None:
        raise NoSlip("This entry is not about this student.")
    return row


def _newest(registry: Registry, line: str | None) -> Agreement | None:
    """Return the newest version of a line (None: the agreement received last), over or not, that verifies."""
    known = [each.verified for each in registry.history.values() if line in {None, each.verified.agreement.id}]
    if not known:
        return None
    return max(known, key=lambda each: (each.received.index, each.agreement.version)).agreement
