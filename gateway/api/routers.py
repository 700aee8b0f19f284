"""All routes of partners and of the public register, for whoever assembles the application."""

from fastapi import APIRouter

from gateway.api.changes import changes_router
from gateway.api.cursor import Cursors
from gateway.api.datasets import datasets_router
from gateway.api.grant import grant_router
from gateway.api.receipts import receipts_router
from gateway.api.rosters import rosters_router
from gateway.register.routes import register_router


def partner_routers(cursor_key: bytes) -> list[APIRouter]:
    """Return the routers; `cursor_key` (32 bytes) seals page cursors."""
    datasets, changes = datasets_router(Cursors(cursor_key)), changes_router(cursor_key)
    return [datasets, changes, grant_router(), receipts_router(), rosters_router(), register_router()]
