"""What the pages work with: the installation's office, and what was counted of its log so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from gateway.pages.render import UTC
from gateway.services.activity import Activity
from gateway.services.office import Office
from gateway.services.standing.registry import Moment, Registry
from gateway.wrapping_keys import WrappingKeys


@dataclass(frozen=True, slots=True)
class ConsoleDesk:
    """
    One installation as its staff sees it, as the loader role.

    `subject_key` opens the numbers of students; it is asked for when somebody asks about one student.
    """

    office: Office
    subject_key: WrappingKeys = field(repr=False)
    activity: Activity = field(default_factory=Activity)

    async def read(self) -> tuple[Moment, Registry]:
        """Return what is in force now, verified."""
        return await self.office.desk.registry()


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
