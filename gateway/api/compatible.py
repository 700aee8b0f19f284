"""
The same answers for programs that know only bearer tokens, on paths of their own; each route asks for their caller.

INVARIANT: nothing is answered here that the partner's API does not answer, by the same functions. No route of one takes
the caller of the other.
"""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from gateway.api.changes import CHANGES, answer_changes
from gateway.api.cursor import ChangeCursors, Cursors
from gateway.api.datasets import answer_one, answer_page
from gateway.api.grant import answer_grant
from gateway.api.receipts import answer_receipt
from gateway.caller import BearerCaller
from gateway.oauth.compatibility.callers import BearerCallerDep, bearer_caller_of
from gateway.oauth.compatibility.issuer import PREFIX
from gateway.oauth.lean import LeanRoute

StudentsCaller = Annotated[BearerCaller, bearer_caller_of("students")]
EnrollmentsCaller = Annotated[BearerCaller, bearer_caller_of("enrollments")]
AttendanceCaller = Annotated[BearerCaller, bearer_caller_of("attendance")]
AttendanceEventsCaller = Annotated[BearerCaller, bearer_caller_of("attendance_events")]
CoursesCaller = Annotated[BearerCaller, bearer_caller_of("courses")]
AcademicSummaryCaller = Annotated[BearerCaller, bearer_caller_of("academic_summary")]
AssessmentsCaller = Annotated[BearerCaller, bearer_caller_of("assessments")]
DisciplineCaller = Annotated[BearerCaller, bearer_caller_of("discipline")]
ProgramsCaller = Annotated[BearerCaller, bearer_caller_of("programs")]
GraduationCaller = Annotated[BearerCaller, bearer_caller_of("graduation")]


def compatible_router(cursor_key: bytes) -> APIRouter:
    """Return the routes; `cursor_key` (32 bytes) seals page cursors, which belong to the client either way."""
    cursors = Cursors(cursor_key)
    router = APIRouter(prefix=f"{PREFIX}/v1", tags=["compatibility"], route_class=LeanRoute)
    _add_outcomes(router, cursors)
    for dataset, path in CHANGES.items():
        _add_changes(router, dataset, path, ChangeCursors(cursor_key))

    @router.get("/students")
    async def read_students(request: Request, caller: StudentsCaller) -> Response:
        """As `/v1/students`."""
        return await answer_page(request, caller, "students", cursors)

    @router.get("/students/{code}")
    async def read_student(request: Request, code: str, caller: StudentsCaller) -> Response:
        """As `/v1/students/{code}`."""
        return await answer_one(request, caller, code)

    @router.get("/enrollments")
    async def read_enrollments(request: Request, caller: EnrollmentsCaller) -> Response:
        """As `/v1/enrollments`."""
        return await answer_page(request, caller, "enrollments", cursors)

    @router.get("/attendance")
    async def read_attendance(request: Request, caller: AttendanceCaller) -> Response:
        """As `/v1/attendance`."""
        return await answer_page(request, caller, "attendance", cursors)

    @router.get("/attendance/events")
    async def read_attendance_events(request: Request, caller: AttendanceEventsCaller) -> Response:
        """As `/v1/attendance/events`."""
        return await answer_page(request, caller, "attendance_events", cursors)

    @router.get("/grant")
    async def read_grant(request: Request, caller: BearerCallerDep) -> Response:
        """As `/v1/grant`."""
        return await answer_grant(request, caller)

    @router.get("/receipts/{entry}")
    async def read_receipt(request: Request, entry: str, caller: BearerCallerDep) -> Response:
        """As `/v1/receipts/{entry}`."""
        return await answer_receipt(request, caller, entry)

    return router


def _add_outcomes(router: APIRouter, cursors: Cursors) -> None:
    @router.get("/courses")
    async def read_courses(request: Request, caller: CoursesCaller) -> Response:
        """As `/v1/courses`."""
        return await answer_page(request, caller, "courses", cursors)

    @router.get("/academic-summary")
    async def read_academic_summary(request: Request, caller: AcademicSummaryCaller) -> Response:
        """As `/v1/academic-summary`."""
        return await answer_page(request, caller, "academic_summary", cursors)

    @router.get("/assessments")
    async def read_assessments(request: Request, caller: AssessmentsCaller) -> Response:
        """As `/v1/assessments`."""
        return await answer_page(request, caller, "assessments", cursors)

    @router.get("/discipline")
    async def read_discipline(request: Request, caller: DisciplineCaller) -> Response:
        """As `/v1/discipline`."""
        return await answer_page(request, caller, "discipline", cursors)

    @router.get("/programs")
    async def read_programs(request: Request, caller: ProgramsCaller) -> Response:
        """As `/v1/programs`."""
        return await answer_page(request, caller, "programs", cursors)

    @router.get("/graduation")
    async def read_graduation(request: Request, caller: GraduationCaller) -> Response:
        """As `/v1/graduation`."""
        return await answer_page(request, caller, "graduation", cursors)


def _add_changes(router: APIRouter, dataset: str, path: str, cursors: ChangeCursors) -> None:
    @router.get(f"/changes{path}")
    async def read_changes(request: Request, caller: Annotated[BearerCaller, bearer_caller_of(dataset)]) -> Response:
        """As `/v1/changes`."""
        return await answer_changes(request, caller, dataset, cursors)
