"""Terms include their last day, in the agreement's own zone, on every kind of day."""

import zoneinfo
from datetime import date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from policies.errors import UnknownTimeZone
from policies.term import bounds
from policies.zones import PINNED, Zones
from tests.factories.policy_worlds import World, denied, permitted, promise

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../zones", "/etc/localtime", "america/los_angeles", "zones"])
def test_only_zones_of_the_pinned_data_are_read(name: str) -> None:
    with pytest.raises(UnknownTimeZone):
        bounds(date(2026, 9, 1), date(2027, 6, 30), name)


def test_the_version_of_the_zone_data_is_known() -> None:
    assert PINNED.release.startswith("20")


@pytest.mark.ferpa("T1")
@pytest.mark.parametrize(
    ("first", "last", "zone", "begins", "ends"),
    [
        pytest.param(
            "2026-09-01", "2027-06-30", "America/Los_Angeles", "2026-09-01T07", "2027-07-01T07", id="summer to summer"
        ),
        pytest.param(
            "2026-11-01", "2026-11-01", "America/Los_Angeles", "2026-11-01T07", "2026-11-02T08", id="25-hour day"
        ),
        pytest.param(
            "2027-03-14", "2027-03-14", "America/Los_Angeles", "2027-03-14T08", "2027-03-15T07", id="23-hour day"
        ),
        pytest.param(
            "2026-10-31", "2026-10-31", "America/Los_Angeles", "2026-10-31T07", "2026-11-01T07", id="before the change"
        ),
        pytest.param("2028-02-29", "2028-02-29", "America/Denver", "2028-02-29T07", "2028-03-01T07", id="29 February"),
        pytest.param(
            "2026-12-31", "2026-12-31", "America/Phoenix", "2026-12-31T07", "2027-01-01T07", id="no summer time"
        ),
        pytest.param(
            "2026-09-01", "2026-09-01", "Pacific/Kiritimati", "2026-08-31T10", "2026-09-01T10", id="a day ahead"
        ),
    ],
)
def test_a_minute_decides_at_both_ends(first: str, last: str, zone: str, begins: str, ends: str) -> None:
    term = {"/term/first_day": first, "/term/last_day": last, "/term/time_zone": zone}
    world = World((promise(changes=term),))
    begin, end = (datetime.fromisoformat(f"{edge}:00:00Z") for edge in (begins, ends))
    assert denied(world.decide("students", now=begin - MINUTE)).code == "agreement_not_yet_valid"
    assert permitted(world.decide("students", now=begin)).valid_from == begin
    assert permitted(world.decide("students", now=end - MINUTE)).valid_until == end
    assert denied(world.decide("students", now=end)).code == "agreement_expired"


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        pytest.param("America/Havana", date(2026, 3, 8), "2026-03-08T05:00:00Z", id="midnight is skipped"),
        pytest.param("America/Havana", date(2026, 11, 1), "2026-11-01T04:00:00Z", id="midnight comes twice"),
        pytest.param("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00:00Z", id="the whole day is skipped"),
    ],
)
def test_a_day_begins_where_its_midnight_would_be(zone: str, day: date, begins: str) -> None:
    assert bounds(day, day, zone)[0] == datetime.fromisoformat(begins)


def test_the_zone_comes_from_the_pinned_data_whatever_the_machine_says(tmp_path: Path) -> None:
    (tmp_path / "America").mkdir()
    tokyo = files("tzdata").joinpath("zoneinfo", "Asia", "Tokyo").read_bytes()
    (tmp_path / "America" / "Los_Angeles").write_bytes(tokyo)
    zoneinfo.reset_tzpath(to=[str(tmp_path)])
    try:
        summer = datetime(2026, 7, 1)  # noqa: DTZ001 -- a wall-clock time, to be read in a zone
        assert ZoneInfo.no_cache("America/Los_Angeles").utcoffset(summer) == timedelta(hours=9)
        anew = Zones(PINNED.release, PINNED._names, PINNED._read)
        assert anew.zone("America/Los_Angeles").utcoffset(summer) == timedelta(hours=-7)
    finally:
        zoneinfo.reset_tzpath()
