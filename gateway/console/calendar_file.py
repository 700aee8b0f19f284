"""
The calendar as a file that calendar programs open (RFC 5545): one whole day for each thing that comes due.

INVARIANT: it says what the page says, and nobody is named in it: agreements, partners and programs have names, people
do not. So it may lie where calendars lie.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

from icalendar import Calendar, Event

from gateway.console.paper_lists import COMING
from gateway.console.sections import ROOT
from gateway.pages.languages import message
from gateway.services.calendar import Day

MEDIA_TYPE: Final = "text/calendar; charset=utf-8"
_OVERDUE: Final = message("overdue")
_OURS: Final = "-//Pactgate//Calendar of agreements//EN"


def calendar_file(
    days: Iterable[Day], *, said: Callable[[str], str], partners: Mapping[str, str], origin: str, now: datetime
) -> bytes:
    """
    Return the file. `said` says a message in the reader's language, `partners` are names by id, `origin` our address.

    `now` is when it was written (section 3.8.7.2).
    """
    made = Calendar()
    made.add("prodid", _OURS)
    made.add("version", "2.0")
    alike = Counter[tuple[str, str, str]]()
    for each in days:
        event, words = Event(), said(COMING[each.coming])
        about = (each.agreement, each.coming.value, each.about or "")
        event.add("uid", _uid(*about, alike[about]))
        alike[about] += 1
        event.add("dtstamp", now)
        event.add("dtstart", each.day)
        event.add("summary", f"{words}: {each.title}" + (f", {each.about}" if each.about else ""))
        overdue = f"{said(_OVERDUE)}. " if each.overdue else ""
        event.add("description", overdue + partners.get(each.partner, each.partner))
        event.add("url", f"{origin}{ROOT}/agreements/{each.agreement}")
        event.add("transp", "TRANSPARENT")  # nobody is busy because a term ends
        made.add_component(event)
    written: bytes = made.to_ical()
    return written


def _uid(agreement: str, coming: str, about: str, place: int) -> str:
    """
    Return the name of an event (section 3.8.4.7): without its day, so that one that moves is moved where it was copied.

    RFC 7986 section 5.3 wants nothing in it that says of whom or where it is.
    """
    return hashlib.sha256("\n".join((agreement, coming, about, str(place))).encode()).hexdigest()
