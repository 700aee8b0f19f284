"""The inbox: what the gateway was alarmed about and what is unusual in the log, worked through case by case."""

import re
from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from gateway.console.callers import AlarmHandler, LogReader
from gateway.console.desk import ConsoleDesk, names_of, zone_of
from gateway.console.lists import list_view, listed, words_of
from gateway.console.views import ROOT, person_of, view
from gateway.console.watch_lists import RESOLUTIONS, STATES, cases_listing
from gateway.pages.languages import language_of, message
from gateway.services.alarms import alarm
from gateway.services.inbox.cases import UNRESOLVED, Act, CaseLine, Resolution, State
from gateway.services.inbox.errors import CaseRefused
from gateway.services.inbox.meanings import Meaning, meanings
from gateway.services.inbox.office import Inbox, handlers_in
from gateway.services.inbox.unusual import find_unusual
from gateway.signin.callers import form_of

MOST: Final = 5_000
"""Cases that stand in one list, the last raised: what is the same is one case, so there are few."""
TO_RESOLVE: Final = "to_resolve"
"""What the list shows unless somebody asks: also what somebody looked at, until it is resolved."""
ALL: Final = "all"
_STATES: Final[Mapping[str, frozenset[State]]] = {
    TO_RESOLVE: UNRESOLVED,
    **{each.value: frozenset({each}) for each in State},
    ALL: frozenset(State),
}
_TIMES: Final = re.compile(r"[0-9]{1,18}")
ACTS: Final = {
    Act.NOTED: message("Note"),
    Act.LOOKED_AT: message("Looked at"),
    Act.ASSIGNED: message("Given to"),
    Act.RESOLVED: message("Resolved"),
    Act.REOPENED: message("Raised again, so it is open again"),
}
CaseNumber = Annotated[int, Path(ge=1, lt=2**62)]


def alarms_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of the inbox."""
    router = APIRouter(include_in_schema=False)
    inbox = Inbox(desk.office.desk)

    @router.get("/console/alarms", name="console_alarms")
    async def read_alarms(
        request: Request,
        staff: LogReader,
        *,
        state: Annotated[str, Query(max_length=20)] = TO_RESOLVE,
        mine: Annotated[bool, Query()] = False,
    ) -> Response:
        """List the cases that stand so, the last raised first."""
        _, registry = await desk.read()
        wanted = state if state in _STATES else ALL
        person = person_of(staff.session)
        lines = await inbox.lines(states=_STATES[wanted], assigned_to=person if mine else None, limit=MOST)
        known, names = _Meanings(request), names_of(registry)
        listing = cases_listing(lambda line: _plain(known.of(line).found), names, person, words_of(request))
        return list_view(
            request,
            staff.session,
            "alarms",
            "alarms.html",
            listed(request, listing, lines),
            zone=zone_of(registry),
            chosen=_chosen(await inbox.counts()),
            states=STATES,
            wanted=wanted,
            mine=mine,
            person=person,
            meanings=known,
            names=names,
        )

    @router.post("/console/alarms", name="console_find_unusual")
    async def find(request: Request, staff: AlarmHandler) -> Response:  # noqa: ARG001 - says who may
        """Go through the log of the last seven days by every rule; what is found has a case."""
        await form_of(request)
        await find_unusual(desk.office, alarm)
        return RedirectResponse(f"{ROOT}/alarms", 303)

    @router.get("/console/alarms/{number}", name="console_alarm")
    async def read_alarm(request: Request, staff: LogReader, number: CaseNumber) -> Response:
        """Show one case: what was found, what to do, and what was done."""
        moment, registry = await desk.read()
        found = await inbox.case(number)
        return view(
            request,
            staff.session,
            "alarms",
            "alarm.html",
            zone=zone_of(registry),
            case=found.line,
            notes=found.notes,
            meaning=_Meanings(request).of(found.line),
            states=STATES,
            acts_done=ACTS,
            resolutions=RESOLUTIONS,
            handlers=handlers_in(registry, moment),
            person=person_of(staff.session),
            names=names_of(registry),
        )

    @router.post("/console/alarms/{number}/look", name="console_look")
    async def look(request: Request, staff: AlarmHandler, number: CaseNumber) -> Response:
        """Say that somebody looks at it."""
        await form_of(request)
        await inbox.look(number, person_of(staff.session))
        return _back(number)

    @router.post("/console/alarms/{number}/note", name="console_note")
    async def note(request: Request, staff: AlarmHandler, number: CaseNumber) -> Response:
        """Note something about it."""
        form = await form_of(request)
        await inbox.note(number, form.get("words", ""), person_of(staff.session))
        return _back(number)

    @router.post("/console/alarms/{number}/assign", name="console_assign")
    async def assign(request: Request, staff: AlarmHandler, number: CaseNumber) -> Response:
        """Give it to somebody."""
        form = await form_of(request)
        await inbox.assign(number, form.get("to", ""), person_of(staff.session))
        return _back(number)

    @router.post("/console/alarms/{number}/resolve", name="console_resolve")
    async def resolve(request: Request, staff: AlarmHandler, number: CaseNumber) -> Response:
        """Resolve it, for a reason and in words, if it is still what was looked at."""
        form = await form_of(request)
        why, times = form.get("why", ""), form.get("times", "")
        if why not in set(Resolution) or not _TIMES.fullmatch(times):
            raise CaseRefused("Say why it is resolved.")
        words = form.get("words", "")
        await inbox.resolve(number, Resolution(why), words, person_of(staff.session), times=int(times))
        return _back(number)

    return router


def _chosen(counts: Mapping[State, int]) -> list[tuple[str, str, int]]:
    """Return what the list can be narrowed to: what stands in the address, what it is called, how many there are."""
    called: dict[str, str] = {
        TO_RESOLVE: message("to resolve"),
        **{each.value: text for each, text in STATES.items()},
        ALL: message("all"),
    }
    return [(name, called[name], sum(counts[each] for each in states)) for name, states in _STATES.items()]


class _Meanings:
    """What codes mean in the reader's language; one that this release does not know means nothing here."""

    def __init__(self, request: Request) -> None:
        self._known: Mapping[str, Meaning] = meanings(language_of(request).value)

    def of(self, line: CaseLine) -> Meaning:
        """Return what a case means."""
        return self._known.get(line.code, Meaning(line.name, ""))


def _plain(words: str) -> str:
    """Return words without the marks of what is code in them."""
    return words.replace("`", "")


def _back(number: int) -> Response:
    return RedirectResponse(f"{ROOT}/alarms/{number}", 303)
