"""
One student: who saw what, when and why, and the stop of it.

INVARIANT: a student's number never stands in an address. It comes in a form, and leaves in a page that nothing keeps;
each look is an entry that names the person who looked, and is committed before anything is shown (claim 4).
"""

from typing import Final

from fastapi import APIRouter, Request, Response

from gateway.console.callers import StudentSearcher
from gateway.console.desk import ConsoleDesk, zone_of
from gateway.console.views import person_of, view
from gateway.services.accounting.accountings import Accountings
from gateway.services.accounting.lines import Accounting, Line
from gateway.services.accounting.paper import paper
from gateway.services.accounting.wording import basis, behind, elements, when
from gateway.services.staff.session import Session
from gateway.services.stewardship import Stewardship
from gateway.signin.callers import form_of

_LONGEST: Final = 64


def students_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes about one student."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/students", name="console_students")
    async def read_students(request: Request, staff: StudentSearcher) -> Response:
        """Ask whose accounting to show."""
        return view(request, staff.session, "students", "students.html")

    @router.post("/console/students", name="console_student")
    async def read_student(request: Request, staff: StudentSearcher) -> Response:
        """Show who received what about one student. The look is on record first."""
        return await _student(request, staff.session, await _number(request))

    @router.post("/console/students/paper", name="console_paper")
    async def read_paper(request: Request, staff: StudentSearcher) -> Response:
        """Write the accounting as the paper that a family is handed."""
        found = await _accounting(staff.session, await _number(request), "pdf")
        return Response(
            paper(found),
            media_type="application/pdf",
            headers={"content-disposition": f'attachment; filename="accounting-{found.entry}.pdf"'},
        )

    @router.post("/console/students/stop", name="console_stop_sharing")
    async def stop_sharing(request: Request, staff: StudentSearcher) -> Response:
        """Put a family's no on file: nothing about this student leaves from the next request on."""
        number = await _number(request)
        entry = await Stewardship(desk.office).opt_out(
            number, None, directory_only=False, person=person_of(staff.session)
        )
        return await _student(request, staff.session, number, stopped=entry)

    async def _accounting(session: Session, number: str, form: str) -> Accounting:
        return await Accountings(desk.office.desk, desk.subject_key).read(number, form, read_by=person_of(session))

    async def _student(request: Request, session: Session, number: str, stopped: int | None = None) -> Response:
        found = await _accounting(session, number, "json")
        _, registry = await desk.read()
        return view(
            request,
            session,
            "students",
            "student.html",
            zone=zone_of(registry),
            found=found,
            lines=[_shown(line) for line in found.lines],
            stopped=stopped,
        )

    return router


def _shown(line: Line) -> dict[str, object]:
    return {
        "line": line,
        "basis": basis(line.about.basis),
        "behind": behind(line),
        "elements": elements(line),
        "when": when(line),
    }


async def _number(request: Request) -> str:
    return (await form_of(request)).get("number", "").strip()[:_LONGEST]
