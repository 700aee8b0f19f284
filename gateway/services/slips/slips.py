"""
What a slip says, read after the act: the entry and its time, the agreement as it is signed, the student by name.

INVARIANT: a slip says only what is on file. Nothing in it is taken from what somebody typed at the counter.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.document import Agreement
from agreements.elements import Element
from audit.entry import parse
from audit.reading import leaf_at
from gateway.records import facts
from gateway.records.coverage import visible
from gateway.records.standing import consent
from gateway.services.filing import Desk
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

    async def of(self, wish: Wish, student: str, named: str | None, entry: int, language: Language) -> Slip:
        """
        Return the slip of what a family did by `entry`, under an agreement (id, or digest of any version; None: all).

        Raises `UnknownStudent`.
        """
        _, registry = await self._desk.registry()
        known = None if named is None else registry.history.get(named)
        line = named if known is None else known.verified.agreement.id
        newest = _newest(registry, None)
        agreement = None if line is None else _newest(registry, line)
        zone = _UTC if newest is None else (agreement or newest).term.time_zone
        async with self._desk.engine.connect() as connection:
            written = parse(await leaf_at(await driver_of(connection), entry))
            child = await student_known_as(connection, student)
            own = facts.person.c
            found = select(own.first_name, own.last_name).where(own.student_id == child, visible(facts.person))
            row = (await connection.execute(found)).first()
            given = await self._given(connection, child, entry) if wish is Wish.CONSENT else None
        return Slip(
            wish=wish,
            language=language,
            district=self._desk.trust.origin if newest is None else newest.district.name,
            name=None if row is None else " ".join(part for part in row if part) or None,
            number=student,
            entry=entry,
            at=time_of(written).astimezone(ZoneInfo(zone)),
            zone=zone,
            origin=self._desk.trust.origin,
            agreement=line if agreement is None else agreement.title,
            partner=line if agreement is None else agreement.partner.name,
            given=given,
        )

    async def _given(self, connection: AsyncConnection, child: UUID, entry: int) -> Given:
        own = consent.c
        found = await connection.execute(select(consent).where(own.student_id == child, own.from_idx == entry))
        row = found.one()
        return Given(
            elements=tuple(each for each in self._desk.catalogue if each.id in row.covers),
            purpose=row.purpose,
            what_will_be_done=row.what_will_be_done,
            first=row.from_date,
            last=row.to_date,
        )


def _newest(registry: Registry, line: str | None) -> Agreement | None:
    """Return the newest version of a line (None: the agreement received last), over or not, that verifies."""
    known = [each.verified for each in registry.history.values() if line in {None, each.verified.agreement.id}]
    if not known:
        return None
    return max(known, key=lambda each: (each.received.index, each.agreement.version)).agreement
