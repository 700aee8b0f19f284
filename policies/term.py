"""
When an agreement's days begin and end, in UTC, by time-zone data whose version is pinned.

The operating system's own zone files are not used: the version stands in every ruleset digest, so what is computed
must come from exactly that version, on every machine.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from zoneinfo import ZoneInfo

from policies.errors import UnknownTimeZone

TZDATA_VERSION = version("tzdata")


def bounds(first_day: date, last_day: date, time_zone: str) -> tuple[datetime, datetime]:
    """
    Return the first instant of a term and the first instant after it, in UTC. A term includes its last day.

    Where a clock change skips midnight, the day begins when the change is over; where midnight comes twice, at the
    first. Raises `UnknownTimeZone`.
    """
    zone = pinned_zone(time_zone)
    return _begin(first_day, zone), _begin(last_day + timedelta(days=1), zone)


@cache
def pinned_zone(name: str) -> ZoneInfo:
    """Return the zone called `name` from the pinned data. Raises `UnknownTimeZone`."""
    if name not in _names():
        raise UnknownTimeZone("The term names a time zone that the pinned data do not have.")
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, name)


@cache
def _names() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())


def _begin(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
