"""
One student: who saw what, when and why, and the stop of it.

INVARIANT: a student's number never stands in an address. It comes in a form, and leaves in a page that nothing keeps;
each look is an entry that names the person who looked, and is committed before anything is shown (claim 4).
"""

from collections.abc import Collection
from typing import Final

from fastapi import APIRouter, Request, Response

from agreements.documents.family import Asked
from audit.copy import CopiedEntry, copy_text
from gateway.console.callers import StudentSearcher
from gateway.console.desk import ConsoleDesk, zone_of
from gateway.console.forms import bounded
from gateway.console.lists import words_of
from gateway.console.parents import GROUNDS
from gateway.console.views import person_of, view
from gateway.pages.languages import message
from gateway.services.accounting.accountings import Accountings
from gateway.services.accounting.copies import Copies
from gateway.services.accounting.lines import Accounting, Line, Warn
from gateway.services.accounting.paper import paper
from gateway.services.accounting.proofs import prove_entries
from gateway.services.accounting.wording import basis, behind, elements, when
from gateway.services.alarms import alarm
from gateway.services.analysis.past import Law
from gateway.services.errors import NotRebuilt
from gateway.services.explaining.seen_now import student_now
from gateway.services.family.of_student import requests_of
from gateway.services.law import guardrails_of
from gateway.services.logkeys import log_keys_in
from gateway.services.obligations.history import driver_of
from gateway.services.restrictions import Restrictions
from gateway.services.staff.session import Session
from gateway.services.stewardship import Stewardship
from gateway.signin.callers import form_of

_LONGEST: Final = 64
_LONGEST_LINE: Final = 120
SAID: Final = {
    "consent": message("Consent"),
    "sharing": message("No to sharing"),
    "directory": message("No to directory information"),
    "statement": message("Statement about a contested record"),
}
ASKINGS: Final = {
    Asked.INSPECTION: message("to inspect"),
    Asked.AMENDMENT: message("to amend"),
    Asked.HEARING: message("to be heard"),
    Asked.ACCOUNTING: message("to see an accounting"),
    Asked.COPY: message("to have a copy"),
    Asked.STOP: message("to stop sharing"),
}


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
        form = await form_of(request)
        seen = [each for each in Warn if f"acknowledge_{each}" in form]
        found = await _accounting(staff.session, await _number(request), "pdf", acknowledged=seen)
        return Response(
            paper(found),
            media_type="application/pdf",
            headers={"content-disposition": f'attachment; filename="accounting-{found.entry}.pdf"'},
        )

    @router.post("/console/students/copy", name="console_copy")
    async def read_copy(request: Request, staff: StudentSearcher) -> Response:
        """Write a copy of every row that was disclosed about the student, with the proof of each (34 CFR 99.30(c))."""
        written, entry = await copy_of(desk, await _number(request), person_of(staff.session))
        named = {"content-disposition": f'attachment; filename="records-{entry}.json"'}
        return Response(written, media_type="application/json", headers=named)

    @router.post("/console/students/stop", name="console_stop_sharing")
    async def stop_sharing(request: Request, staff: StudentSearcher) -> Response:
        """Put a family's no on file, for one agreement or for all: it acts from the next request on."""
        number, line = await _number(request), _whole(await form_of(request), "agreement", most=_LONGEST_LINE)
        entry = await Stewardship(desk.office).opt_out(
            number, line or None, directory_only=False, person=person_of(staff.session)
        )
        return await _student(request, staff.session, number, stopped=entry, only=line)

    async def _accounting(
        session: Session, number: str, form: str, *, acknowledged: Collection[Warn] = (), handed_out: bool = True
    ) -> Accounting:
        return await Accountings(desk.office.desk, desk.subject_key).read(
            number, form, read_by=person_of(session), acknowledged=acknowledged, handed_out=handed_out
        )

    async def _student(
        request: Request, session: Session, number: str, stopped: int | None = None, only: str = ""
    ) -> Response:
        found = await _accounting(session, number, "json", handed_out=False)
        # The look is on record by now; the rest of the page is given by the same entry.
        moment, registry = await desk.read()
        titles = {each.verified.agreement.id: each.verified.agreement.title for each in registry.history.values()}
        return view(
            request,
            session,
            "students",
            "student.html",
            zone=zone_of(registry),
            found=found,
            lines=[_shown(line) for line in found.lines],
            stopped=stopped,
            only=titles.get(only, only),
            now=await student_now(desk.office, number),
            asked=await requests_of(
                desk.office.desk, number, desk.subject_key, moment.now.astimezone(zone_of(registry)).date()
            ),
            titles=titles,
            elements={each.id: each.title for each in desk.office.desk.catalogue},
            said=SAID,
            askings=ASKINGS,
            parents=await Restrictions(desk.office.desk).on_file(number),
            grounds_said={each.value: words_of(request)(said) for each, said in GROUNDS.items()},
        )

    return router


async def copy_of(desk: ConsoleDesk, number: str, person: str) -> tuple[str, int]:
    """Return the copy of what was disclosed about a student, as `python -m audit copy` checks it, and its entry."""
    _, registry = await desk.read()
    office = desk.office
    law = Law(office.desk.catalogue, guardrails_of(office.desk, registry))
    copied = await Copies(office.desk, law, alarm, desk.subject_key).copy(number, person=person)
    if not copied.copied:
        raise NotRebuilt(f"No record of this student could be copied; entry {copied.entry} says that it was tried.")
    async with office.engine.connect() as connection:
        session = await driver_of(connection)
        verifier = (await log_keys_in(session, office.trust)).verifier
        proofs = await prove_entries(session, verifier, [each.entry for each in copied.copied])
    receipts = {each.entry: each.receipt for each in proofs}
    rows = (CopiedEntry(each.leaf, receipts[each.entry], each.rows) for each in copied.copied)
    return copy_text(rows), copied.entry


def _shown(line: Line) -> dict[str, object]:
    return {
        "line": line,
        "basis": basis(line.about.basis),
        "behind": behind(line),
        "elements": elements(line),
        "when": when(line),
    }


async def _number(request: Request) -> str:
    return _whole(await form_of(request), "number", most=_LONGEST)


def _whole(form: dict[str, str], name: str, *, most: int) -> str:
    # What is too long is refused, never cut: the beginning of a number may be another child's.
    return bounded({name: form.get(name, "")}, most=most)[name]
