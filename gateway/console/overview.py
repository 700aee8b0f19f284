"""The first page: what left lately and what was refused, what comes due, and how the log stands."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.entry import parse
from audit.errors import NoteInvalid
from audit.events import Event
from audit.reading import newest_changes
from gateway.console import labels
from gateway.console.callers import LogReader
from gateway.console.charts import bars
from gateway.console.desk import SOON, ConsoleDesk, names_of, partners_of, zone_of
from gateway.console.views import view
from gateway.services.activity import DAYS, Activity
from gateway.services.errors import NothingSigned
from gateway.services.first_steps import steps_of
from gateway.services.inbox.cases import UNRESOLVED
from gateway.services.inbox.office import Inbox
from gateway.services.inspection import newest_signed
from gateway.services.logkeys import log_keys_in
from gateway.services.obligations.history import driver_of
from gateway.services.papers.kept import count_open
from gateway.services.standing.registry import Moment, Registry
from gateway.services.witnessing.naming import Namings, WitnessReport


@dataclass(frozen=True, slots=True)
class Row:
    """What one partner asked of one dataset: answers, the records in them, and refusals."""

    partner: str
    name: str
    dataset: str
    answers: int
    records: int
    refused: int


@dataclass(frozen=True, slots=True)
class LogHealth:
    """How the log stands: entries, those that the newest signed checkpoint does not cover, and who has seen it."""

    entries: int
    signed: int | None
    witnesses: WitnessReport

    @property
    def unsigned(self) -> int:
        """Entries after the newest signed checkpoint."""
        return self.entries - (self.signed or 0)


@dataclass(frozen=True, slots=True)
class Ending:
    """An agreement whose term ends soon."""

    digest: str
    title: str
    last_day: date
    days_left: int


def overview_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of the first page."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/overview", name="console_overview")
    async def read_overview(request: Request, staff: LogReader) -> Response:
        """Show what left lately, what comes due, and how the log stands."""
        moment, registry = await desk.read()
        zone = zone_of(registry)
        async with desk.office.engine.connect() as connection:
            health = await _health(connection, desk, moment)
            whole = await desk.count(connection, moment, registry)
            waiting = await count_open(connection)
            checked = await _checked(connection)
        owed = await desk.due(moment, registry)
        days = by_day(desk.activity, moment.now.astimezone(zone).date())
        standing = await Inbox(desk.office.desk).counts()
        return view(
            request,
            staff.session,
            "overview",
            "overview.html",
            zone=zone,
            labels=labels,
            whole=whole,
            counted=desk.activity.counted or 0,
            days=days,
            bars=bars([(day.isoformat(), count) for day, count in days]),
            rows=rows(desk.activity, registry),
            reasons=reasons(desk.activity),
            in_force=len(registry.granted),
            ending=sorted(_ending(registry, moment.now), key=lambda each: each.days_left),
            due=sorted(owed, key=lambda each: each.days_left if each.days_left is not None else 0),
            health=health,
            checked=checked,
            cases=sum(standing[each] for each in UNRESOLVED),
            stopped=registry.suspensions,
            names=names_of(registry),
            waiting=waiting,
            open_steps=sum(not each.is_done for each in steps_of(desk.office, moment, registry)),
        )

    return router


async def _checked(connection: AsyncConnection) -> tuple[int, datetime] | None:
    """Return the entry that says that the whole log was verified last, and when; None if nobody ever did."""
    found = await newest_changes(await driver_of(connection), [Event.LOG_CHECKED], 1)
    return None if not found else (found[0].index, datetime.fromisoformat(parse(found[0].leaf).time))


def by_day(activity: Activity, today: date) -> list[tuple[date, int]]:
    """Return how many answers left on each of the last days, days without any too."""
    counts: Counter[date] = Counter()
    for key, count in activity.requests.items():
        counts[key.day] += 0 if key.code else count
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    return [(day, counts[day]) for day in days]


def rows(activity: Activity, registry: Registry) -> list[Row]:
    """Return what each partner asked of each dataset, most first."""
    names, partner = partners_of(registry), {known.id: known.partner for known in registry.clients.values()}
    answers, records, refused = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for key, count in activity.requests.items():
        about = (partner.get(key.client, key.client), key.dataset)
        (refused if key.code else answers)[about] += count
        records[about] += activity.records[key]
    found = [
        Row(
            each, names.get(each, each), dataset, answers[each, dataset], records[each, dataset], refused[each, dataset]
        )
        for each, dataset in answers.keys() | refused.keys()
    ]
    return sorted(found, key=lambda row: (-row.answers, -row.refused, row.name, row.dataset))


def reasons(activity: Activity) -> list[tuple[str, int]]:
    """Return why requests were refused, most first."""
    counts: Counter[str] = Counter()
    for key, count in activity.requests.items():
        if key.code:
            counts[key.code] += count
    return counts.most_common()


async def _health(connection: AsyncConnection, desk: ConsoleDesk, moment: Moment) -> LogHealth:
    session = await driver_of(connection)
    known = await log_keys_in(session, desk.office.trust)
    try:
        signed = (await newest_signed(session, known.verifier)).size
    except (NothingSigned, NoteInvalid):
        signed = None
    return LogHealth(moment.size, signed, await Namings(desk.office.desk).report())


def _ending(registry: Registry, now: datetime) -> Iterable[Ending]:
    for digest, granted in registry.granted.items():
        term = granted.document.term
        # The last day is one of the agreement's own zone, and ends there.
        left = (term.last_day - now.astimezone(ZoneInfo(term.time_zone)).date()).days
        if left <= SOON:
            yield Ending(digest, granted.document.title, term.last_day, left)
