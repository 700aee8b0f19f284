"""
The same answers for programs that know only bearer tokens, on paths of their own; each route asks for their caller.

INVARIANT: nothing is answered here that the partner's API does not answer, by the same functions. No route of one takes
the caller of the other.
"""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from gateway.api.changes import answer_changes
from gateway.api.cursor import ChangeCursors, Cursors
from gateway.api.datasets import DATASETS, STUDENTS, Dataset, answer_one, answer_page
from gateway.api.grant import answer_grant
from gateway.api.receipts import answer_receipt
from gateway.caller import BearerCaller
from gateway.oauth.compatibility.callers import BearerCallerDep, bearer_caller_of
from gateway.oauth.compatibility.issuer import PREFIX
from gateway.oauth.lean import LeanRoute


def compatible_router(cursor_key: bytes) -> APIRouter:
    """Return the routes; `cursor_key` (32 bytes) seals page cursors, which belong to the client either way."""
    cursors = Cursors(cursor_key)
    router = APIRouter(prefix=f"{PREFIX}/v1", tags=["compatibility"], route_class=LeanRoute)
    for dataset in DATASETS:
        _add_page(router, dataset, cursors)
        _add_changes(router, dataset, ChangeCursors(cursor_key))

    @router.get(f"{STUDENTS.path}/{{code}}")
    async def read_student(
        request: Request, code: str, caller: Annotated[BearerCaller, bearer_caller_of(STUDENTS.name)]
    ) -> Response:
        """As `/v1/students/{code}`."""
        return await answer_one(request, caller, code)

    @router.get("/grant")
    async def read_grant(request: Request, caller: BearerCallerDep) -> Response:
        """As `/v1/grant`."""
        return await answer_grant(request, caller)

    @router.get("/receipts/{entry}")
    async def read_receipt(request: Request, entry: str, caller: BearerCallerDep) -> Response:
        """As `/v1/receipts/{entry}`."""
        return await answer_receipt(request, caller, entry)

    return router


def _add_page(router: APIRouter, dataset: Dataset, cursors: Cursors) -> None:
    @router.get(dataset.path, name=f"read_{dataset.name}", description=f"As `/v1{dataset.path}`.")
    async def read_page(request: Request, caller: Annotated[BearerCaller, bearer_caller_of(dataset.name)]) -> Response:
        return await answer_page(request, caller, dataset.name, cursors)


def _add_changes(router: APIRouter, dataset: Dataset, cursors: ChangeCursors) -> None:
    path = f"/changes{dataset.path}"

    @router.get(path, name=f"read_changes_of_{dataset.name}", description=f"As `/v1{path}`.")
    async def read_changes(
        request: Request, caller: Annotated[BearerCaller, bearer_caller_of(dataset.name)]
    ) -> Response:
        return await answer_changes(request, caller, dataset.name, cursors)
