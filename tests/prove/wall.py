"""
Days and instants, worked out from what a clock on the wall of the zone shows.

`policies.term` asks when midnight is; this asks the wall what day it is, and searches. Both use the pinned zone data.
"""

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo


@cache
def zone_of(name: str) -> ZoneInfo:
    """Return the zone, from the data of the `tzdata` package and never from the machine's."""
    with files("tzdata").joinpath("zoneinfo").joinpath(*name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, name)


def day_on_the_wall(now: datetime, zone: str) -> date:
    """Return what day it is there."""
    return now.astimezone(zone_of(zone)).date()


@cache
def day_begins(day: date, zone: str) -> datetime:
    """Return the first second at which the wall shows `day`, or a later one."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=36)
    seconds = bisect_left(
        range(72 * 3600), x=True, key=lambda passed: day_on_the_wall(start + timedelta(seconds=passed), zone) >= day
    )
    return start + timedelta(seconds=seconds)


def whole(moment: datetime) -> datetime:
    """Return the second `moment` lies in: what bounds of rules are rounded to."""
    return moment.replace(microsecond=0)
