"""All routes of the console, for whoever assembles the application."""

from fastapi import APIRouter

from gateway.console.agreements import agreements_router
from gateway.console.alarms import alarms_router
from gateway.console.calendar import calendar_router
from gateway.console.desk import ConsoleDesk
from gateway.console.drafting.routes import drafting_routers
from gateway.console.loads import loads_router
from gateway.console.log import log_router
from gateway.console.overview import overview_router
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
        alarms_router(desk),
        loads_router(desk),
        wishes_router(desk),
    )
