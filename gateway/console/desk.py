"""What the pages work with: the installation's office, and what was counted of its log so far."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from audit.paths import TileHeads
from gateway.pages.render import UTC
from gateway.services.activity import DAYS, Activity
from gateway.services.analysis.requests import first_since
from gateway.services.obligations.history import driver_of
from gateway.services.obligations.left import LeftUnder
from gateway.services.obligations.owed import Obligations
from gateway.services.obligations.shown import Listed, Owed
from gateway.services.office import Office
from gateway.services.standing.registry import Moment, Registry
from gateway.wrapping_keys import WrappingKeys

COUNTING_SECONDS: Final = 0.05
"""How long one look at the first page counts entries at most: what is missing is counted beforehand (`ahead`)."""
SOON: Final = 30
"""Days within which what ends or comes due is shown on the first page."""
_OWED_HOLDS: Final = timedelta(minutes=2)
"""For so long what is owed is shown as it was found: it is a matter of days, and takes seconds to find."""


@dataclass(slots=True)
class Found:
    """What is owed, as it was found at `at` by the documents up to `version`."""

    version: int = -2
    at: datetime | None = None
    listed: Listed = field(default_factory=lambda: Listed((), (), ()))


@dataclass(frozen=True, slots=True)
class ConsoleDesk:
    """
    One installation as its staff sees it, as the loader role.

    `subject_key` opens the numbers of students; it is asked for when somebody asks about one student. `tiles` are the
    heads of the log's tiles, so that a proof reads a part of a long log and not all of it.
    `stopping` is held by whoever makes a stop (`gateway.console.stopping`).
    """

    office: Office
    subject_key: WrappingKeys = field(repr=False)
    activity: Activity = field(default_factory=Activity)
    tiles: TileHeads = field(default_factory=TileHeads)
    found_owed: Found = field(default_factory=Found)
    stopping: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    left: LeftUnder = field(init=False)

    def __post_init__(self) -> None:
        """Remember what left from here on."""
        object.__setattr__(self, "left", LeftUnder(self.office.engine))

    @property
    def obligations(self) -> Obligations:
        """What is owed, as far as it is asked for on a page."""
        return Obligations(self.office.desk, left=self.left)

    async def read(self) -> tuple[Moment, Registry]:
        """Return what is in force now, verified."""
        return await self.office.desk.registry()

    async def owed(self, moment: Moment, registry: Registry, *, anew: bool = False) -> Listed:
        """Return what is owed under all agreements; `anew`: found again, though it was found a moment ago."""
        found = self.found_owed
        if anew or not self._holds(moment, registry):
            found.listed = await self.obligations.listed()
            found.version, found.at = registry.version, moment.now
        return found.listed

    async def owed_by(self, partner: str, moment: Moment, registry: Registry) -> tuple[Owed, ...]:
        """Return what is owed by one partner or about it: of what was found a moment ago, or found for it alone."""
        if not self._holds(moment, registry):
            return (await self.obligations.listed(partner=partner)).obligations
        return tuple(each for each in self.found_owed.listed.obligations if each.partner == partner)

    def _holds(self, moment: Moment, registry: Registry) -> bool:
        found = self.found_owed
        is_fresh = found.at is not None and abs(moment.now - found.at) < _OWED_HOLDS
        return is_fresh and found.version == registry.version

    async def due(self, moment: Moment, registry: Registry) -> tuple[Owed, ...]:
        """Return what is overdue, or due soon."""
        every = (await self.owed(moment, registry)).obligations
        return tuple(
            each for each in every if each.overdue_since or (each.days_left is not None and each.days_left <= SOON)
        )

    async def count(
        self, connection: AsyncConnection, moment: Moment, registry: Registry, seconds: float = COUNTING_SECONDS
    ) -> bool:
        """Count on what left and was refused; return whether every entry up to this moment is counted."""
        since = moment.now - timedelta(days=DAYS)
        start = await first_since(connection, moment.size, since) if self.activity.counted is None else 0
        session = await driver_of(connection)
        return await self.activity.advance(session, start, moment.size, moment.now, zone_of(registry), seconds=seconds)


def zone_of(registry: Registry) -> ZoneInfo:
    """Return the zone the district is in: that of its newest agreement; UTC before there is one."""
    newest = max(registry.history.values(), key=lambda each: each.activated, default=None)
    return UTC if newest is None else ZoneInfo(newest.verified.agreement.term.time_zone)


def partners_of(registry: Registry) -> Mapping[str, str]:
    """Return the names of all partners, by id."""
    agreements = (each.verified.agreement for each in registry.history.values())
    named = {each.partner.id: each.partner.name for each in agreements}
    return dict(sorted(named.items(), key=lambda pair: pair[1].casefold()))


def parties_of(registry: Registry) -> Mapping[str, str]:
    """
    Return the names of the district and of all partners, by id, the district first.

    Before there is an agreement nobody has said a name: whoever signs or signs in is of a party by its id.
    """
    agreements = (each.verified.agreement for each in registry.history.values())
    known = {each.signer.party for each in registry.authority.introductions}
    known |= {link.person.party for link in registry.staff.links.values()}
    districts = {each.district.id: each.district.name for each in agreements}
    return {**{each: each for each in sorted(known)}, **districts, **partners_of(registry)}


def names_of(registry: Registry) -> Mapping[str, str]:
    """Return what people call partners, programs and agreements, by their ids and digests."""
    clients = {known.id: known.name for known in registry.clients.values()}
    titles = {digest: f"“{each.verified.agreement.title}”" for digest, each in registry.history.items()}
    return {**partners_of(registry), **clients, **titles}
