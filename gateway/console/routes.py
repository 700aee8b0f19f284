"""All routes of the console, for whoever assembles the application."""

from fastapi import APIRouter

from gateway.console.agreements import agreements_router
from gateway.console.alarms import alarms_router
from gateway.console.bindings import bindings_router
from gateway.console.calendar import calendar_router
from gateway.console.clients import clients_router
from gateway.console.desk import ConsoleDesk
from gateway.console.destruction import destruction_router
from gateway.console.drafting.routes import drafting_routers
from gateway.console.holds import holds_router
from gateway.console.loads import loads_router
from gateway.console.log import log_router
from gateway.console.obligations import obligations_router
from gateway.console.overview import overview_router
from gateway.console.paper_acts import paper_acts_router
from gateway.console.papers import papers_router
from gateway.console.partner import partner_router
from gateway.console.partner_papers import partner_papers_router
from gateway.console.people import people_router
from gateway.console.reviews import reviews_router
from gateway.console.roles import roles_router
from gateway.console.signer_papers import signer_papers_router
from gateway.console.signers import signers_router
from gateway.console.staff import staff_router
from gateway.console.staff_stops import staff_stops_router
from gateway.console.students import students_router
from gateway.console.wishes import wishes_router


def console_routers(desk: ConsoleDesk) -> tuple[APIRouter, ...]:
    """Return the pages over one installation's office."""
    return (
        overview_router(desk),
        log_router(desk),
        students_router(desk),
        agreements_router(desk),
        *drafting_routers(desk),
        calendar_router(desk),
        papers_router(desk),
        paper_acts_router(desk),
        partner_router(desk),
        partner_papers_router(desk),
        clients_router(desk),
        bindings_router(desk),
        people_router(desk),
        signers_router(desk),
        signer_papers_router(desk),
        staff_router(desk),
        staff_stops_router(desk),
        roles_router(desk),
        obligations_router(desk),
        holds_router(desk),
        destruction_router(desk),
        reviews_router(desk),
        alarms_router(desk),
        loads_router(desk),
        wishes_router(desk),
    )
