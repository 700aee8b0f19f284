"""
Codes that nobody has classified: a steward says what some of them tell, which becomes a paper that two stewards sign.

Nothing changes by saying it: a code leaves once the paper is filed, under what the paper says.
"""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from agreements.documents.classification import Judgement, Verdict
from agreements.signature import Kind
from gateway.console.callers import Classifier
from gateway.console.desk import ConsoleDesk
from gateway.console.errors import NothingSaid
from gateway.console.forms import words
from gateway.console.lists import list_view, listed
from gateway.console.steward_lists import codes_listing
from gateway.console.views import ROOT, person_of
from gateway.pages.languages import message
from gateway.services.classifications import Classifications
from gateway.services.law import guardrails_of
from gateway.services.papers.judging import in_our_words
from gateway.services.papers.papers import Papers
from gateway.signin.callers import form_of

FIELD: Final = "code "
"""What the name of a field begins with that says what a code tells; the element and the value follow."""
LAWS: Final[Mapping[str, str]] = {
    "34 CFR 300.622": message("special education"),
    "42 U.S.C. 11432(g)(3)(G)": message("homelessness"),
    "42 U.S.C. 1758(b)(6)": message("who eats free or at a reduced price"),
    "project rule M2": message("support with health, language or counseling"),
}
"""What the laws of the shipped guardrails are about; a district may add others, which are called by their names."""
_LONGEST: Final = 400
_GATED: Final = "gated:"


def codes_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of codes."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/codes", name="console_codes")
    async def read_codes(request: Request, staff: Classifier) -> Response:
        """List the values that stand in the records and that nobody has classified: none of them leaves."""
        _, registry = await desk.read()
        found = await Classifications(desk.office.desk).unclassified()
        elements = {each.id: each.name for each in desk.office.desk.catalogue}
        shown = listed(request, codes_listing(elements), found.codes)
        return list_view(
            request,
            staff.session,
            "codes",
            "codes.html",
            shown,
            others=found.others,
            elements=elements,
            field=FIELD,
            laws=sorted(guardrails_of(desk.office.desk, registry).laws),
            about=LAWS,
        )

    @router.post("/console/codes", name="console_classify")
    async def classify_codes(request: Request, staff: Classifier) -> Response:
        """Prepare what is said of codes as a paper. Raises `NothingSaid`, and as `Classifications.draft`."""
        form = await form_of(request)
        said = tuple(_said(form))
        if not said:
            raise NothingSaid("Say of one code at least what it tells.")
        reason = words(form, "reason", "Reason", most=_LONGEST)
        with in_our_words():
            day, payload = await Classifications(desk.office.desk).draft(said, reason)
        digest = await Papers(desk.office).prepare(
            Kind.CODE_CLASSIFICATION, payload, person_of(staff.session), title=f"Codes, {day.isoformat()}"
        )
        return RedirectResponse(f"{ROOT}/papers/{digest}", 303)

    return router


def _said(form: Mapping[str, str]) -> list[Judgement]:
    """Return what was said of each code; of one that is left as it was, nothing."""
    found = []
    for name, verdict in sorted(form.items()):
        element, _, value = name.removeprefix(FIELD).partition(" ")
        if name.startswith(FIELD):
            law = verdict.removeprefix(_GATED) if verdict.startswith(_GATED) else None
            found.append(Judgement(element, value, Verdict.GATED if law else _plain(verdict), law))
    return found


def _plain(verdict: str) -> Verdict:
    if verdict not in {Verdict.OPEN, Verdict.NEVER}:
        raise NothingSaid("A code is open, guarded by a law, or never leaves.")
    return Verdict(verdict)
