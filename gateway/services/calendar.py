"""
What comes due under the agreements, day by day: terms, what is owed, programs whose keys end, people who answer.

All of it is in the signed documents or follows from them; this only puts it in one order.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from agreements.document import Agreement
from agreements.obligations import Duty, Status
from gateway.services.obligations.shown import Owed
from gateway.services.office import Office
from gateway.services.standing.registry import Registry
from policies.state import Granted

_FOR_GOOD = datetime(9000, 1, 1, tzinfo=UTC)


class Coming(StrEnum):
    """What happens on a day."""

    TERM_BEGINS = "term_begins"
    TERM_ENDS = "term_ends"
    DESTRUCTION = "destruction"
    LEAVERS = "leavers"
    REVIEW = "review"
    BINDING_ENDS = "binding_ends"
    NOBODY_ANSWERS = "nobody_answers"
    """The last day on which a person answers for a program: what they accepted, or their training, ends."""


_DUTIES = {Duty.DESTRUCTION: Coming.DESTRUCTION, Duty.LEAVERS: Coming.LEAVERS, Duty.REVIEW: Coming.REVIEW}


@dataclass(frozen=True, slots=True)
class Day:
    """One thing on one day of the agreement's own zone; `about` is the program, None for the agreement itself."""

    day: date
    coming: Coming
    agreement: str
    title: str
    partner: str
    about: str | None = None
    overdue: bool = False


async def calendar(office: Office, owed: Iterable[Owed]) -> tuple[Day, ...]:
    """Return what is overdue and what comes, of what is `owed` and else. What has passed and is done is left out."""
    moment, registry = await office.desk.registry()
    titles = {digest: each.verified.agreement for digest, each in registry.history.items()}
    found = [
        Day(
            each.due,
            _DUTIES[each.duty],
            each.agreement,
            titles[each.agreement].title,
            each.partner,
            None,
            overdue=each.status is Status.OVERDUE,
        )
        for each in owed
        if each.due is not None and each.status is not Status.CERTIFIED and each.agreement in titles
    ]
    found += [each for granted in registry.granted.values() for each in _of(granted, registry, moment.now)]
    return tuple(sorted(found, key=lambda each: (each.day, each.title, each.coming, each.about or "")))


def _of(granted: Granted, registry: Registry, now: datetime) -> Iterator[Day]:
    agreement = granted.document
    zone = ZoneInfo(agreement.term.time_zone)
    today = now.astimezone(zone).date()
    if agreement.term.first_day >= today:
        yield _day(agreement.term.first_day, Coming.TERM_BEGINS, agreement)
    last = (
        agreement.term.last_day if granted.until is None else min(agreement.term.last_day, _last(granted.until, zone))
    )
    if last >= today:
        yield _day(last, Coming.TERM_ENDS, agreement)
    for client in sorted(granted.clients):
        name = registry.clients[client].name if client in registry.clients else client
        ends = [each.ends for each in granted.bindings_of(client)]
        whole = [end for end in ends if end is not None]
        if whole and len(whole) == len(ends) and _last(max(whole), zone) >= today:
            yield _day(_last(max(whole), zone), Coming.BINDING_ENDS, agreement, name)
        windows = [window.ends for window in granted.accountable.get(client, ()) if window.ends < _FOR_GOOD]
        if windows and today <= _last(max(windows), zone) < last:
            yield _day(_last(max(windows), zone), Coming.NOBODY_ANSWERS, agreement, name)


def _day(day: date, coming: Coming, agreement: Agreement, about: str | None = None) -> Day:
    return Day(day, coming, agreement.digest, agreement.title, agreement.partner.id, about)


def _last(end: datetime, zone: ZoneInfo) -> date:
    """Return the last day before an instant."""
    return (end - timedelta(microseconds=1)).astimezone(zone).date()
