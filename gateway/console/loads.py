"""What came into the records: loads with what each brought, rosters that wait, codes that nobody has classified."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response

from audit.entry import parse
from audit.events import Event
from audit.reading import leaf_at, newest_changes
from gateway.console.callers import Loader
from gateway.console.desk import ConsoleDesk, zone_of
from gateway.console.errors import UnknownLoad
from gateway.console.lists import list_view, listed
from gateway.console.steward_lists import LOADS, Filled, LoadLine
from gateway.console.views import view
from gateway.services.obligations.history import driver_of

_NEWEST: Final = 1_000
_EVENTS: Final = tuple(each.value for each in Event if each.value.endswith("loaded"))


def loads_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of what comes in."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/loads", name="console_loads")
    async def read_loads(request: Request, staff: Loader) -> Response:
        """List the newest loads, by their entries."""
        _, registry = await desk.read()
        async with desk.office.engine.connect() as connection:
            found = await newest_changes(await driver_of(connection), _EVENTS, _NEWEST)
        shown = listed(request, LOADS, [_line(each.index, each.leaf) for each in found])
        return list_view(request, staff.session, "loads", "loads.html", shown, zone=zone_of(registry))

    @router.get("/console/loads/{entry}", name="console_load")
    async def read_load(request: Request, staff: Loader, entry: Annotated[int, Path(ge=0, lt=2**62)]) -> Response:
        """Show one load: what it filled, target by target. Raises `UnknownLoad` for an entry that is of none."""
        _, registry = await desk.read()
        async with desk.office.engine.connect() as connection:
            leaf = await leaf_at(await driver_of(connection), entry)
        line = _line(entry, leaf)
        if line.event not in _EVENTS:
            raise UnknownLoad(f"Entry {entry} is of no load.")
        return view(request, staff.session, "loads", "load.html", zone=zone_of(registry), line=line)

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
