"""What came into the records, or was held or refused: the list of loads, and the entry of one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response

from audit.entry import parse
from audit.events import Event
from audit.reading import leaf_at, newest_changes
from gateway.console.callers import Loader
from gateway.console.desk import ConsoleDesk, zone_of
from gateway.console.errors import UnknownLoad
from gateway.console.lists import list_view, listed, words_of
from gateway.console.load_words import SETTLED
from gateway.console.steward_lists import LoadLine, loads_listing
from gateway.console.views import view
from gateway.services.load_reports.kept import LoadReports, ReportLine, State
from gateway.services.obligations.history import driver_of

_NEWEST: Final = 1_000
_EVENTS: Final = tuple(each.value for each in Event if each.value.endswith("loaded"))


@dataclass(frozen=True, slots=True)
class Filled:
    """What the entry of a load says of one target, in rows."""

    target: str
    added: int
    changed: int
    ended: int
    refused: int


@dataclass(frozen=True, slots=True)
class LoadEntry:
    """The entry of a load: its time, its event, and what it filled by which mapping."""

    entry: int
    at: datetime
    event: str
    mapping: str
    filled: tuple[Filled, ...]

    def rows(self, count: str) -> int:
        """Return how many rows of all targets it added, changed, ended or refused."""
        return sum(getattr(each, count) for each in self.filled)


def loads_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of what comes in."""
    router = APIRouter(include_in_schema=False)
    reports = LoadReports(desk.office.engine)

    @router.get("/console/loads", name="console_loads")
    async def read_loads(request: Request, staff: Loader) -> Response:
        """List the newest loads: by their reports, and by their entries where none is kept."""
        _, registry = await desk.read()
        async with desk.office.engine.connect() as connection:
            found = await newest_changes(await driver_of(connection), _EVENTS, _NEWEST)
        known = await reports.listed()
        lines = list(_lines(known, [_entry(each.index, each.leaf) for each in found]))
        shown = listed(request, loads_listing(words_of(request)), lines)
        waiting = [each for each in known if each.waits]
        return list_view(request, staff.session, "loads", "loads.html", shown, zone=zone_of(registry), waiting=waiting)

    @router.get("/console/loads/{entry}", name="console_load")
    async def read_load(request: Request, staff: Loader, entry: Annotated[int, Path(ge=0, lt=2**62)]) -> Response:
        """Show one load: what it filled, target by target. Raises `UnknownLoad` for an entry that is of none."""
        _, registry = await desk.read()
        async with desk.office.engine.connect() as connection:
            leaf = await leaf_at(await driver_of(connection), entry)
        line = _entry(entry, leaf)
        if line.event not in _EVENTS:
            raise UnknownLoad(f"Entry {entry} is of no load.")
        report = next((each for each in await reports.listed() if entry in each.entries), None)
        return view(request, staff.session, "loads", "load.html", zone=zone_of(registry), line=line, report=report)

    return router


def state_of(report: ReportLine) -> str:
    """Return what became of a load, as `LOAD_STATES` calls it."""
    return SETTLED if report.state is State.HELD and not report.waits else report.state.value


def _lines(reports: Sequence[ReportLine], entries: Sequence[LoadEntry]) -> Iterator[LoadLine]:
    """Yield each load once; what narrowed in a held one belongs to its report."""
    events = {each.entry: each.event for each in entries}
    reported = {entry for each in reports for entry in each.entries}
    for each in reports:
        filled = each.state is State.LOADED
        yield LoadLine(
            state=state_of(each),
            at=each.at,
            mapping=each.mapping,
            entries=each.entries,
            events=tuple(dict.fromkeys(events[entry] for entry in each.entries if entry in events)),
            report=each.number,
            added=each.added if filled else None,
            changed=each.changed if filled else None,
            ended=each.ended if filled else None,
            refused=each.refused,
        )
    for one in entries:
        if one.entry not in reported:
            yield LoadLine(
                state=State.LOADED.value,
                at=one.at,
                mapping=one.mapping,
                entries=(one.entry,),
                events=(one.event,),
                report=None,
                added=one.rows("added"),
                changed=one.rows("changed"),
                ended=one.rows("ended"),
                refused=one.rows("refused"),
            )


def _entry(index: int, leaf: bytes) -> LoadEntry:
    entry = parse(leaf)
    body: Mapping[str, Any] = entry.body
    targets = body.get("targets")
    filled = sorted(targets.items()) if isinstance(targets, Mapping) else []
    at = datetime.fromisoformat(entry.time)
    return LoadEntry(index, at, entry.event, str(body.get("mapping", "")), tuple(_filled(*each) for each in filled))


def _filled(target: str, counts: Mapping[str, int]) -> Filled:
    return Filled(target, *(int(counts.get(name, 0)) for name in ("added", "changed", "ended", "refused")))
