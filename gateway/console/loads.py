"""What came into the records: loads with what each brought, rosters that wait, codes that nobody has classified."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from audit.entry import parse
from audit.events import Event
from gateway.console.callers import Classifier, Loader, RosterManager
from gateway.console.desk import ConsoleDesk, names_of, zone_of
from gateway.console.views import view
from gateway.services.classifications import Classifications
from gateway.services.rosters.office import RosterOffice
from gateway.services.searching.searches import Searches
from gateway.services.searching.wanted import Wanted

_NEWEST: Final = 50
_LOADS: Final = tuple(each.value for each in Event if each.value.endswith("loaded"))


@dataclass(frozen=True, slots=True)
class Filled:
    """What a load did to one target, in rows."""

    target: str
    added: int
    changed: int
    ended: int
    refused: int


@dataclass(frozen=True, slots=True)
class LoadLine:
    """One load: its entry, its time, its event, and what it filled by which mapping."""

    entry: int
    at: datetime
    event: str
    mapping: str
    filled: tuple[Filled, ...]


def loads_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of what comes in."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/loads", name="console_loads")
    async def read_loads(request: Request, staff: Loader) -> Response:
        """List the newest loads, by their entries."""
        _, registry = await desk.read()
        answer = await Searches(desk.office).search(Wanted(events=_LOADS), limit=_NEWEST)
        lines = [_line(each.index, each.leaf) for each in answer.found]
        return view(request, staff.session, "loads", "loads.html", zone=zone_of(registry), lines=lines)

    @router.get("/console/rosters", name="console_rosters")
    async def read_rosters(request: Request, staff: RosterManager) -> Response:
        """List the rosters that partners handed in, the newest first. Nobody is named."""
        _, registry = await desk.read()
        rosters = tuple(reversed(await RosterOffice(desk.office.desk).summaries()))
        names = {
            **names_of(registry),
            **{each.verified.agreement.id: each.verified.agreement.title for each in registry.history.values()},
        }
        return view(
            request, staff.session, "rosters", "rosters.html", zone=zone_of(registry), rosters=rosters, names=names
        )

    @router.get("/console/codes", name="console_codes")
    async def read_codes(request: Request, staff: Classifier) -> Response:
        """List the values that stand in the records and that nobody has classified: none of them leaves."""
        found = await Classifications(desk.office.desk).unclassified()
        catalogue = desk.office.desk.catalogue
        elements = {each.id: each.name for each in catalogue}
        return view(request, staff.session, "codes", "codes.html", found=found, elements=elements)

    return router


def _line(index: int, leaf: bytes) -> LoadLine:
    entry = parse(leaf)
    body: Mapping[str, Any] = entry.body
    targets = body.get("targets")
    filled = sorted(targets.items()) if isinstance(targets, Mapping) else []
    at = datetime.fromisoformat(entry.time)
    return LoadLine(index, at, entry.event, str(body.get("mapping", "")), tuple(_filled(*each) for each in filled))


def _filled(target: str, counts: Mapping[str, int]) -> Filled:
    return Filled(target, *(int(counts.get(name, 0)) for name in ("added", "changed", "ended", "refused")))
