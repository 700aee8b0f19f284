"""
`GET /v1/changes/…`: what became other in a dataset since a partner last asked, as far as it may see it.

No logic: a verified caller and a query go in, `disclose` answers or raises.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from gateway.api.cursor import ChangeCursors
from gateway.api.datasets import request_id_of, respond, services_of, unread
from gateway.api.query import read_changes_query
from gateway.caller import AnyCaller, Caller
from gateway.oauth.callers import caller_of
from gateway.oauth.lean import LeanRoute
from gateway.problems import Problem
from gateway.records.reader import Position
from gateway.services.changes import Following, with_opened
from gateway.services.disclosure import Asked

CHANGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "students": "/students",
        "enrollments": "/enrollments",
        "attendance": "/attendance",
        "attendance_events": "/attendance/events",
        "courses": "/courses",
        "academic_summary": "/academic-summary",
        "assessments": "/assessments",
        "discipline": "/discipline",
        "programs": "/programs",
        "graduation": "/graduation",
    }
)
"""Each dataset, and its path after `/v1/changes`: the same as after `/v1`."""


def changes_router(cursor_key: bytes) -> APIRouter:
    """Return the routes; `cursor_key` (32 bytes) seals cursors."""
    cursors = ChangeCursors(cursor_key)
    router = APIRouter(prefix="/v1/changes", tags=["changes"], route_class=LeanRoute)
    for dataset, path in CHANGES.items():
        _add(router, dataset, path, cursors)
    return router


def _add(router: APIRouter, dataset: str, path: str, cursors: ChangeCursors) -> None:
    @router.get(path)
    async def read_changes(request: Request, caller: Annotated[Caller, caller_of(dataset)]) -> Response:
        """Rows that were created, changed or deleted since the cursor `since`; without one, all of them are new."""
        return await answer_changes(request, caller, dataset, cursors)


async def answer_changes(request: Request, caller: AnyCaller, dataset: str, cursors: ChangeCursors) -> Response:
    """Answer with a page of changes. Raises what `disclose` raises."""
    disclosures = services_of(request).disclosures
    try:
        given = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        query, since = read_changes_query(request.scope["path"], given)
        following = Following()
        if since is not None:
            following = cursors.open(since, client=caller.client, dataset=dataset, query=query.bound)
    except Problem as problem:
        await disclosures.refuse(caller, unread(request, caller, dataset), problem)
        raise
    text = with_opened(query.text, following)
    asked = Asked(query.request(caller, dataset), request_id_of(request), text, query.limit, following=following)

    def seal(come: Position | Following, nonce: bytes) -> str:
        assert isinstance(come, Following)  # changes were asked for, and no page
        return cursors.seal(come, client=caller.client, dataset=dataset, query=query.bound, nonce=nonce)

    return respond(await disclosures.disclose(caller, asked, seal))
