"""A partner's rosters: the students it serves, handed in for the district to accept, and how that stands."""

import msgspec
from fastapi import APIRouter, Request, Response

from gateway.http import line_of
from gateway.oauth.callers import CallerDep
from gateway.oauth.journal import SERVICES_STATE
from gateway.services.container import Services
from gateway.services.rosters.submissions import RosterStanding
from gateway.services.rosters.submitting import Handed

_FORMS = {"application/json": "json", "text/csv": "csv"}


def rosters_router() -> APIRouter:
    """Return the routes of rosters."""
    router = APIRouter(prefix="/v1", tags=["rosters"])

    @router.post("/rosters", status_code=202)
    async def hand_in_roster(request: Request, caller: CallerDep) -> Response:
        """
        Hand in the students you serve, for the district to accept.

        `covers=whole` says that nobody else is served any more, `covers=additions` that these come to the others. The
        body is JSON (`{"lines": […]}`) or CSV with a line of names. The answer is a receipt and says of no child
        whether the district knows it. With an `Idempotency-Key` the same roster is taken once, however often it comes.
        """
        services: Services = request.scope["state"][SERVICES_STATE]
        handed = _handed(request, await request.body())
        found = await services.rosters.submit(caller, handed, line_of(request.scope).request_id)
        return _answer(found, 202)

    @router.get("/rosters/{roster}")
    async def read_roster(request: Request, roster: str, caller: CallerDep) -> Response:
        """
        Read how a roster of your own stands, by the number that its receipt gave.

        Once it is accepted, `students` has the record codes of those of its lines whom the agreement covers today.
        """
        services: Services = request.scope["state"][SERVICES_STATE]
        return _answer(await services.rosters.read(caller, roster, line_of(request.scope).request_id), 200)

    return router


def _handed(request: Request, body: bytes) -> Handed:
    form = _FORMS.get(request.headers.get("content-type", "").partition(";")[0].strip().lower(), "")
    given = request.query_params.multi_items()
    covers = given[0][1] if [name for name, _ in given] == ["covers"] else ""
    return Handed(body, form, covers, request.headers.get("idempotency-key"))


def _answer(found: RosterStanding, status: int) -> Response:
    body: dict[str, object] = {
        "roster": found.roster,
        "state": found.state,
        "covers": found.covers,
        "lines": found.lines,
        "received_at": found.received_at.isoformat(),
        "counts_until": found.counts_until,
    }
    if status == 200:  # noqa: PLR2004 - OK
        body["students"] = [
            {"line": each.line, "reference": each.reference, "record_code": each.record_code} for each in found.students
        ]
    return Response(msgspec.json.encode(body), status_code=status, media_type="application/json")
