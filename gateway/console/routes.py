"""All routes of the console, for whoever assembles the application."""

from fastapi import APIRouter

from gateway.console.administration import administration_routers
from gateway.console.agreements import agreements_router
from gateway.console.alarms import alarms_router
from gateway.console.calendar import calendar_router
from gateway.console.codes import codes_router
from gateway.console.consents import consents_router
from gateway.console.desk import ConsoleDesk
from gateway.console.drafting.routes import drafting_routers
from gateway.console.emergencies import emergencies_router
from gateway.console.glossary import glossary_router
from gateway.console.handing_over import handing_over_router
from gateway.console.held_decisions import held_decisions_router
from gateway.console.incidents import incidents_router
from gateway.console.load_reports import load_reports_router
from gateway.console.loads import loads_router
from gateway.console.log import log_router
from gateway.console.overview import overview_router
from gateway.console.paper_acts import paper_acts_router
from gateway.console.papers import papers_router
from gateway.console.parents import parents_router
from gateway.console.passkeys import passkeys_router
from gateway.console.rosters import rosters_router
from gateway.console.start import start_router
from gateway.console.stops import stops_router
from gateway.console.students import students_router
from gateway.console.wishes import wishes_router
from gateway.signing.routes import signing_router


def console_routers(desk: ConsoleDesk) -> tuple[APIRouter, ...]:
    """Return the pages over one installation's office, and those to which its links lead partners' signers."""
    return (
        overview_router(desk),
        log_router(desk),
        students_router(desk),
        parents_router(desk),
        agreements_router(desk),
        *drafting_routers(desk),
        calendar_router(desk),
        papers_router(desk),
        paper_acts_router(desk),
        held_decisions_router(desk),
        passkeys_router(desk),
        *administration_routers(desk),
        alarms_router(desk),
        incidents_router(desk),
        stops_router(desk),
        emergencies_router(desk),
        handing_over_router(desk),
        loads_router(desk),
        load_reports_router(desk),
        rosters_router(desk),
        codes_router(desk),
        wishes_router(desk),
        consents_router(desk),
        start_router(desk),
        glossary_router(),
        signing_router(desk.office),
    )
