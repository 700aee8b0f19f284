"""
The datasets a partner can read. No logic: a verified caller and a query go in, `disclose` answers or raises.

The answer is declared for the interface description only; the bytes that leave are the bytes the log committed to.
"""

from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from gateway.api.cursor import Cursors
from gateway.api.query import DEFAULT_LIMIT, PageQuery, read_query
from gateway.caller import AnyCaller, Caller
from gateway.http import line_of
from gateway.oauth.callers import caller_of
from gateway.oauth.journal import SERVICES_STATE
from gateway.oauth.lean import LeanRoute
from gateway.problems import Problem
from gateway.records.reader import Position
from gateway.services.changes import Following
from gateway.services.container import Services
from gateway.services.disclosure import Asked, Disclosed
from policies.request import AccessRequest

_JSON = "application/json"
RECEIPT_HEADER = "Pactgate-Receipt"
"""Index of the entry that records the answer: what `/v1/receipts/{id}` takes."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset by its name in agreements, its path after `/v1` and after `/v1/changes`, and what its rows are."""

    name: str
    path: str
    says: str


STUDENTS: Final = Dataset(
    "students", "/students", "Students this agreement covers, one object each, in the order of their record codes."
)
DATASETS: Final = (
    STUDENTS,
    Dataset(
        "enrollments",
        "/enrollments",
        "Stays at schools, those that are over too, one object a student and stay that the agreement covers.",
    ),
    Dataset(
        "attendance",
        "/attendance",
        "Attendance counts, one object a student and school year, as of the agreement's last cadence day.",
    ),
    Dataset(
        "attendance_events",
        "/attendance/events",
        "Attendance events, one object a student and day, where an agreement lists them.",
    ),
    Dataset("courses", "/courses", "Courses with marks and credits, one object a student and section."),
    Dataset(
        "academic_summary",
        "/academic-summary",
        "Grade points and credits, one object a student and session, or school year where there are no sessions.",
    ),
    Dataset("assessments", "/assessments", "Test results, one object a student, test, day and type of score."),
    Dataset(
        "discipline",
        "/discipline",
        "Actions after incidents, or how many incidents there were, as the agreement says.",
    ),
    Dataset("programs", "/programs", "Participation in programs and supports, one object a student and program."),
    Dataset("graduation", "/graduation", "Diploma, cohort and being on track, one object a student."),
)
"""Whatever is served, here and at `/compat`, as pages and as changes: a dataset is added here and nowhere else."""


def datasets_router(cursors: Cursors) -> APIRouter:
    """Return the routes of the datasets."""
    router = APIRouter(prefix="/v1", tags=["datasets"], route_class=LeanRoute)
    for dataset in DATASETS:
        _add(router, dataset, cursors)

    @router.get(f"{STUDENTS.path}/{{code}}")
    async def read_student(
        request: Request, code: str, caller: Annotated[Caller, caller_of(STUDENTS.name)]
    ) -> Response:
        """One student by record code; not there and not yours are the same answer."""
        return await answer_one(request, caller, code)

    return router


def _add(router: APIRouter, dataset: Dataset, cursors: Cursors) -> None:
    @router.get(dataset.path, name=f"read_{dataset.name}", description=dataset.says)
    async def read_page(request: Request, caller: Annotated[Caller, caller_of(dataset.name)]) -> Response:
        return await answer_page(request, caller, dataset.name, cursors)


async def answer_page(request: Request, caller: AnyCaller, dataset: str, cursors: Cursors) -> Response:
    """Answer with a page of a dataset. Raises what `disclose` raises."""
    disclosures = services_of(request).disclosures
    try:
        # Not `request.url` and `request.query_params`: both build objects of which nothing else is used.
        given = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        query = read_query(request.scope["path"], given)
        after = _position(query, caller, dataset, cursors)
    except Problem as problem:
        await disclosures.refuse(caller, unread(request, caller, dataset), problem)
        raise
    asked = Asked(query.request(caller, dataset), request_id_of(request), query.text, query.limit, after=after)

    def seal(position: Position | Following, nonce: bytes) -> str:
        assert isinstance(position, Position)  # a page was asked for
        return cursors.seal(
            position, nonce=nonce, client=caller.client, agreement=caller.agreement, dataset=dataset, query=query.bound
        )

    return respond(await disclosures.disclose(caller, asked, seal))


async def answer_one(request: Request, caller: AnyCaller, code: str) -> Response:
    """Answer with one student. Raises what `disclose` raises."""
    disclosures = services_of(request).disclosures
    try:
        query = read_query(request.url.path, request.query_params.multi_items(), single=True)
    except Problem as problem:
        await disclosures.refuse(caller, unread(request, caller, "students"), problem)
        raise
    asked = Asked(query.request(caller, "students"), request_id_of(request), query.text, limit=1, code=code)
    return respond(await disclosures.disclose(caller, asked))


def unread(request: Request, caller: AnyCaller, dataset: str) -> Asked:
    """Return what can be put on record of a query that could not be read: its text, committed to and not shown."""
    asked = AccessRequest(caller.client, caller.agreement, caller.purpose, dataset, bearer=caller.bearer)
    return Asked(asked, request_id_of(request), f"{request.url.path}?{request.url.query}", DEFAULT_LIMIT)


def _position(query: PageQuery, caller: AnyCaller, dataset: str, cursors: Cursors) -> Position | None:
    if query.cursor is None:
        return None
    return cursors.open(
        query.cursor, client=caller.client, agreement=caller.agreement, dataset=dataset, query=query.bound
    )


def request_id_of(request: Request) -> str:
    """Return the id under which this request is logged."""
    return line_of(request.scope).request_id


def services_of(request: Request) -> Services:
    """Return the services of this process."""
    services: Services = request.scope["state"][SERVICES_STATE]
    return services


def respond(disclosed: Disclosed) -> Response:
    """Return the answer with its receipt's coordinate."""
    return Response(disclosed.body, media_type=_JSON, headers={RECEIPT_HEADER: str(disclosed.entry)})
