"""The routes of what an administrator keeps: partners, programs, people, signers, staff, and what is owed."""

from fastapi import APIRouter

from gateway.console.bindings import bindings_router
from gateway.console.clients import clients_router
from gateway.console.desk import ConsoleDesk
from gateway.console.destruction import destruction_router
from gateway.console.holds import holds_router
from gateway.console.obligations import obligations_router
from gateway.console.partner import partner_router
from gateway.console.partner_papers import partner_papers_router
from gateway.console.people import people_router
from gateway.console.reviews import reviews_router
from gateway.console.roles import roles_router
from gateway.console.signer_papers import signer_papers_router
from gateway.console.signers import signers_router
from gateway.console.staff import staff_router
from gateway.console.staff_stops import staff_stops_router
from gateway.console.undertakings import undertakings_router


def administration_routers(desk: ConsoleDesk) -> tuple[APIRouter, ...]:
    """Return the pages over one installation's office."""
    return (
        partner_router(desk),
        partner_papers_router(desk),
        clients_router(desk),
        bindings_router(desk),
        people_router(desk),
        undertakings_router(desk),
        signers_router(desk),
        signer_papers_router(desk),
        staff_router(desk),
        staff_stops_router(desk),
        roles_router(desk),
        obligations_router(desk),
        holds_router(desk),
        destruction_router(desk),
        reviews_router(desk),
    )
