"""When an agreement's days begin and end, in UTC, by time-zone data whose release stands in every ruleset digest."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from policies.zones import PINNED, Zones


def bounds(first_day: date, last_day: date, time_zone: str, zones: Zones = PINNED) -> tuple[datetime, datetime]:
    """
    Return the first instant of a term and the first instant after it, in UTC. A term includes its last day.

    Where a clock change skips midnight, the day begins when the change is over; where midnight comes twice, at the
    first. Raises `UnknownTimeZone`.
    """
    zone = zones.zone(time_zone)
    return _begin(first_day, zone), _begin(last_day + timedelta(days=1), zone)


def pinned_zone(name: str) -> ZoneInfo:
    """Return the zone called `name` from the pinned data. Raises `UnknownTimeZone`."""
    return PINNED.zone(name)


def _begin(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
