"""
Rosters that partners handed in: whom their lines mean, and the district's decision, as a paper that one person signs.

INVARIANT: children are named only in the answer to a form, also some whom nobody here knows, once the entry stands that
says who looks (claim 4); the page that is read by its address has numbers and rules. A child stands in no address: a
roster and a line are called by their numbers. Nothing leaves by it before the decision is filed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from agreements.documents.roster_decision import Answer, roster_decision_bytes
from agreements.signature import Kind
from gateway.console.callers import RosterManager
from gateway.console.desk import ConsoleDesk, zone_of
from gateway.console.errors import NothingSaid
from gateway.console.forms import words
from gateway.console.lists import list_view, listed
from gateway.console.steward_lists import rosters_listing
from gateway.console.views import ROOT, person_of, view
from gateway.services.papers.held_decisions import HeldDecisions
from gateway.services.papers.needs import Need, Who, held_now
from gateway.services.papers.papers import Papers
from gateway.services.rosters.deciding import RosterDecisions
from gateway.services.rosters.kept import OPEN
from gateway.services.rosters.office import Look, RosterOffice, RosterSummary, ShownLine, StandingLine
from gateway.services.staff.session import Session
from gateway.services.standing.registry import Moment, Registry
from gateway.signin.callers import form_of

_LONGEST: Final = 1_000
_DIGITS: Final = 6
Roster = Annotated[int, Path(ge=0, lt=2**53)]


@dataclass(frozen=True, slots=True)
class Decider:
    """A key that may decide: for all schools, or that of a principal, for one."""

    kid: str
    name: str
    school: str | None


def rosters_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of rosters."""
    router = APIRouter(include_in_schema=False)
    rosters = RosterOffice(desk.office.desk)

    @router.get("/console/rosters", name="console_rosters")
    async def read_rosters(request: Request, staff: RosterManager) -> Response:
        """List the rosters that partners handed in, the newest first. Nobody is named."""
        _, registry = await desk.read()
        names = _titles(registry)
        shown = listed(request, rosters_listing(names), await rosters.summaries())
        return list_view(
            request,
            staff.session,
            "rosters",
            "rosters.html",
            shown,
            zone=zone_of(registry),
            names=names,
            waiting=await HeldDecisions(desk.office).waiting(),
        )

    @router.get("/console/rosters/{roster}", name="console_roster")
    async def read_roster(request: Request, staff: RosterManager, roster: Roster) -> Response:
        """Show one roster: how each line stands, and by which rule. Nobody is named."""
        summary = await rosters.summary(roster)
        standing = await rosters.standing(roster) if summary.names_kept else ()
        return await _page(desk, request, staff.session, summary, standing=standing)

    @router.post("/console/rosters/{roster}/look", name="console_look_roster")
    async def look_roster(request: Request, staff: RosterManager, roster: Roster) -> Response:
        """Show each line beside whom it means. The look is on record first."""
        look = await rosters.enter_look(roster, person_of(staff.session))
        return await _named(desk, request, staff.session, look)

    @router.post("/console/rosters/{roster}/match", name="console_match")
    async def match_roster(staff: RosterManager, roster: Roster) -> Response:
        """Find anew whom the lines mean."""
        del staff  # who may is asked; nothing is decided by it
        await rosters.match(roster)
        return _back(roster)

    @router.post("/console/rosters/{roster}/say", name="console_say")
    async def say_line(request: Request, staff: RosterManager, roster: Roster) -> Response:
        """Say whom a line means that waits, and show the lines. Raises `LineRefused`, on record as well."""
        form = await form_of(request)
        line = _line(form)
        look = await rosters.enter_look(roster, person_of(staff.session))
        await rosters.say(look, line, form.get("number", "").strip())
        return await _named(desk, request, staff.session, look)

    @router.post("/console/rosters/{roster}/set-aside", name="console_set_aside")
    async def set_aside(request: Request, staff: RosterManager, roster: Roster) -> Response:
        """Set a line aside, or take it back, and show the lines. Raises `LineRefused`."""
        form = await form_of(request)
        line = _line(form)
        look = await rosters.enter_look(roster, person_of(staff.session))
        await rosters.set_aside(roster, [line], back="back" in form)
        await rosters.match(roster)
        return await _named(desk, request, staff.session, look)

    @router.post("/console/rosters/{roster}/decide", name="console_decide")
    async def decide_roster(request: Request, staff: RosterManager, roster: Roster) -> Response:
        """Prepare the decision as a paper, for the key that was chosen to sign it. Raises `NothingSaid`."""
        form = await form_of(request)
        moment, registry = await desk.read()
        answer = form.get("answer", "")
        kid = next((each.kid for each in _deciders(moment, registry) if each.kid == form.get("decider")), None)
        if answer not in set(Answer) or kid is None:
            raise NothingSaid("Say what is decided, and by whose key.")
        reason = words(form, "reason", "Why it is refused", most=_LONGEST) if form.get("reason") else ""
        if (answer == Answer.REFUSE) != bool(reason):
            raise NothingSaid("A refusal says why, and nothing else does.")
        case = await RosterDecisions(desk.office.desk).plan(roster, Answer(answer), kid)
        digest = await Papers(desk.office).prepare(
            Kind.ROSTER_DECISION,
            roster_decision_bytes(case.document(reason or None)),
            person_of(staff.session),
            title=f"Roster {roster}: {answer}",
        )
        return RedirectResponse(f"{ROOT}/papers/{digest}", 303)

    return router


async def _named(desk: ConsoleDesk, request: Request, session: Session, look: Look) -> Response:
    """Return the page with the children in it."""
    rosters = RosterOffice(desk.office.desk)
    summary = await rosters.summary(look.roster)
    lines = sorted(await rosters.show(look), key=lambda each: (each.waits_for is None, each.line.number))
    return await _page(desk, request, session, summary, named=lines)


async def _page(
    desk: ConsoleDesk,
    request: Request,
    session: Session,
    summary: RosterSummary,
    *,
    standing: Sequence[StandingLine] = (),
    named: Sequence[ShownLine] | None = None,
) -> Response:
    moment, registry = await desk.read()
    return view(
        request,
        session,
        "rosters",
        "roster.html",
        zone=zone_of(registry),
        summary=_counted(summary, standing if named is None else named),
        title=_titles(registry).get(summary.agreement, summary.agreement),
        deciders=_deciders(moment, registry),
        asked=await HeldDecisions(desk.office).about(summary.roster),
        standing=standing,
        named=named,
    )


def _counted(summary: RosterSummary, lines: Sequence[StandingLine | ShownLine]) -> RosterSummary:
    """Return the summary with the lines counted as they are shown: what is kept of them may be of an earlier match."""
    waits = [each.waits_for is not None for each in lines if each.state == OPEN]
    return replace(summary, matched=len(waits) - sum(waits), waiting=sum(waits)) if lines else summary


def _titles(registry: Registry) -> Mapping[str, str]:
    return {each.verified.agreement.id: each.verified.agreement.title for each in registry.history.values()}


def _deciders(moment: Moment, registry: Registry) -> list[Decider]:
    """Return the keys by which somebody of the district decides about rosters now: officers, and whom it named."""
    held = held_now(registry.authority, moment.received)
    officers = [Decider(kid, each.name, None) for kid, each in held.officers.items()]
    signers = {kid: each.signer for kid, each in held.signers.items() if kid not in held.officers}
    named = [each for kid, each in signers.items() if held.may(kid, Need(Who.DECIDER), Kind.ROSTER_DECISION)]
    return [*officers, *(Decider(each.key.thumbprint, each.name, each.school) for each in named)]


def _line(form: Mapping[str, str]) -> int:
    number = form.get("line", "")
    if not (number.isascii() and number.isdigit()) or len(number) > _DIGITS:
        raise NothingSaid("Say which line is meant.")
    return int(number)


def _back(roster: int) -> Response:
    return RedirectResponse(f"{ROOT}/rosters/{roster}", 303)
