"""The calendar as a file: other programs read it as it was meant, whatever stands in a title (RFC 5545)."""

import datetime as dt
import re
from collections.abc import Sequence

from icalendar import Calendar

from gateway.console.calendar_file import calendar_file
from gateway.services.calendar import Coming, Day
from tests.factories.gateway import NOON

ORIGIN = "https://share.example"
DIGEST = f"sha256:{'ab' * 32}"
PARTNER = "partner:bright-path"
TODAY = dt.date(2027, 3, 10)
HOSTILE = "Tutoring, “mañana”; a\\b\r\nBEGIN:VEVENT\nATTENDEE:mailto:x@evil.example\r" + "ü" * 90


def a_day(day: dt.date = TODAY, coming: Coming = Coming.TERM_ENDS, title: str = "Tutoring", **more: object) -> Day:
    return Day(day, coming, DIGEST, title, PARTNER, **more)  # type: ignore[arg-type]  # what it may have besides


def written(*days: Day) -> bytes:
    return calendar_file(days, said=str, partners={PARTNER: "Bright Path"}, origin=ORIGIN, now=NOON)


def names_of(*days: Day) -> Sequence[str]:
    return [str(event["uid"]) for event in Calendar.from_ical(written(*days)).walk("VEVENT")]


def test_no_title_breaks_out_of_its_line() -> None:
    content = written(a_day(title=HOSTILE, about="A program\nURL:https://evil.example"))
    lines = content.split(b"\r\n")
    assert lines.pop() == b"", "each line ends by CRLF"
    assert not [line for line in lines if len(line) > 75 or b"\n" in line or b"\r" in line]
    whole = re.sub(rb"\r\n[ \t]", b"", content).decode().split("\r\n")
    assert sorted({line.partition(":")[0].partition(";")[0] for line in whole if line}) == [
        *("BEGIN", "DESCRIPTION", "DTSTAMP", "DTSTART", "END", "PRODID", "SUMMARY", "TRANSP", "UID", "URL", "VERSION")
    ]
    assert whole.count("BEGIN:VEVENT") == 1
    (event,) = Calendar.from_ical(content).walk("VEVENT")
    assert "“mañana”; a\\b" in str(event["summary"])
    assert str(event["url"]) == f"{ORIGIN}/console/agreements/{DIGEST}"


def test_each_thing_is_a_whole_day_and_one_that_moves_is_the_same() -> None:
    overdue = a_day(coming=Coming.DESTRUCTION, overdue=True)
    content = written(a_day(), overdue)
    assert b"DTSTART;VALUE=DATE:20270310\r\n" in content
    assert b"DTSTAMP:20270310T" in content
    last, owed = Calendar.from_ical(content).walk("VEVENT")
    assert str(last["description"]) == "Bright Path"
    assert str(owed["description"]) == "overdue. Bright Path"
    assert names_of(a_day()) == names_of(a_day(TODAY + dt.timedelta(days=7)))
    several = names_of(a_day(), overdue, a_day(about="one"), a_day(about="two"), a_day(about="two"))
    assert len(set(several)) == 5
    assert not [each for each in several if "partner" in each or "share" in each]


def test_a_calendar_of_nothing_is_a_calendar() -> None:
    assert not Calendar.from_ical(written()).walk("VEVENT")
