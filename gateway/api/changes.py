"""
`GET /v1/changes/…`: what became other in a dataset since a partner last asked, as far as it may see it.

No logic: a verified caller and a query go in, `disclose` answers or raises.
"""

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from gateway.api.cursor import ChangeCursors
from gateway.api.datasets import DATASETS, Dataset, request_id_of, respond, services_of, unread
from gateway.api.query import read_changes_query
from gateway.caller import AnyCaller, Caller
from gateway.oauth.callers import caller_of
from gateway.oauth.lean import LeanRoute
from gateway.problems import Problem
from gateway.records.reader import Position
from gateway.services.changes import Following, with_opened
from gateway.services.disclosure import Asked


def changes_router(cursor_key: bytes) -> APIRouter:
    """Return the routes; `cursor_key` (32 bytes) seals cursors."""
    cursors = ChangeCursors(cursor_key)
    router = APIRouter(prefix="/v1/changes", tags=["changes"], route_class=LeanRoute)
    for dataset in DATASETS:
        _add(router, dataset, cursors)
    return router


def _add(router: APIRouter, dataset: Dataset, cursors: ChangeCursors) -> None:
    @router.get(dataset.path, name=f"read_changes_of_{dataset.name}")
    async def read_changes(request: Request, caller: Annotated[Caller, caller_of(dataset.name)]) -> Response:
        """Rows that were created, changed or deleted since the cursor `since`; without one, all of them are new."""
        return await answer_changes(request, caller, dataset.name, cursors)


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
