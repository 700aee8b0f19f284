"""All routes of drafts, in the order in which they are tried: a step's name takes whatever no other route has."""

from fastapi import APIRouter

from gateway.console.desk import ConsoleDesk
from gateway.console.drafting.beginning import beginning_router
from gateway.console.drafting.choosing import choosing_router
from gateway.console.drafting.list import drafts_router
from gateway.console.drafting.population import population_router
from gateway.console.drafting.reviewing import reviewing_router
from gateway.console.drafting.writing import writing_router


def drafting_routers(desk: ConsoleDesk) -> tuple[APIRouter, ...]:
    """Return the pages on which agreements are written."""
    return (
        beginning_router(desk),
        drafts_router(desk),
        choosing_router(desk),
        population_router(desk),
        reviewing_router(desk),
        writing_router(desk),
    )
