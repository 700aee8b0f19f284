"""Writing a draft, a page at a time: each saves what was typed, complete or not, and says what is still missing."""

import re
import uuid
from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from agreements.elements import Catalogue
from agreements.errors import AgreementError
from agreements.keys import read_public_file
from agreements.pointer import resolve
from gateway.console.again import REFUSALS, Again, again
from gateway.console.callers import Drafter
from gateway.console.desk import ConsoleDesk
from gateway.console.drafting.fields import Content, filled, homeless
from gateway.console.drafting.sheet import ONWARD, Sheet, goes_to, sheet_of
from gateway.console.drafting.steps import BY_NAME, Step, by_field, by_step
from gateway.services.drafts.editing import placed, rebased
from gateway.services.drafts.offering import Offered
from gateway.signin.callers import form_of

_STEPS: Final = "^(purpose|parties|basis|term|obligations|agency|people|paper)$"
"""The steps that are plain forms; data and students have pages of their own."""
_DRAFTER: Final = "/people/drafted_by"
_KEY_FILE: Final = re.compile(r"\s*(\{|-----BEGIN )")
StepName = Annotated[str, Path(pattern=_STEPS)]


def writing_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of the steps that are plain forms."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/drafts/{draft}/{step}", name="console_draft_step")
    async def read_step(request: Request, staff: Drafter, draft: uuid.UUID, step: StepName) -> Response:
        """Show one page of a draft."""
        return _page(request, await sheet_of(desk, staff.session, draft), BY_NAME[step])

    @router.post("/console/drafts/{draft}/{step}", name="console_write_step")
    async def write_step(request: Request, staff: Drafter, draft: uuid.UUID, step: StepName) -> Response:
        """Save one page of a draft."""
        sheet, form = await sheet_of(desk, staff.session, draft), await form_of(request)
        try:
            await sheet.save(form, _after(sheet, BY_NAME[step], form))
        except REFUSALS as error:
            refused = again(request, error, form)
            return _page(request, await sheet_of(desk, staff.session, draft), BY_NAME[step], refused)
        return goes_to(sheet.after(BY_NAME[step]) if ONWARD in form else sheet.at(BY_NAME[step]))

    @router.post("/console/drafts/{draft}/{step}/look", name="console_look_step")
    async def look_step(request: Request, staff: Drafter, draft: uuid.UUID, step: StepName) -> Response:
        """Say what would be missing if the page were saved as it is typed so far. Nothing is saved."""
        sheet, form = await sheet_of(desk, staff.session, draft), await form_of(request)
        content = _after(sheet, BY_NAME[step], form)
        return sheet.show(request, "draft_missing.html", step, content=content)

    return router


def _page(request: Request, sheet: Sheet, step: Step, refused: Again | None = None) -> Response:
    kept = sheet.draft.content
    content = kept if refused is None else _after(sheet, step, refused.form)
    fields = step.fields(content, sheet.catalogue, sheet.offered)
    wrong, rest = by_field(by_step(sheet.problems(content))[step.name], fields)
    return sheet.show(
        request,
        "draft_step.html",
        step.name,
        content=content,
        refused=refused,
        title=step.title,
        fields=fields,
        wrong=wrong,
        rest=rest,
        # INVARIANT: what somebody typed is never lost to what somebody else saved: both stand there, to choose from.
        kept={each.path: each.told(kept) for each in fields if each.told(kept) != each.told(content)},
        homeless=() if refused is None else homeless(refused.form, fields),
    )


def _after(sheet: Sheet, step: Step, form: Mapping[str, str]) -> Content:
    return after(step, sheet.draft.content, form, sheet.catalogue, sheet.offered)


def after(step: Step, content: Content, form: Mapping[str, str], catalogue: Catalogue, offered: Offered) -> Content:
    """Return what a draft becomes by the form of a step: what was typed, and what follows from it."""
    before = resolve(content, "/basis/type")
    content = filled(content, step.fields(content, catalogue, offered), form)
    if resolve(content, "/basis/type") != before:
        content = rebased(content, catalogue)
    if step.name == "obligations":
        # They are two ways of saying one thing, and the format wants both (row D2).
        permitted = "listed_subrecipients" if resolve(content, "/subrecipients") else "nobody"
        content = placed(content, "/obligations/redisclosure/permitted", permitted)
    return _with_thumbprint(content) if step.name == "people" else content


def _with_thumbprint(content: Content) -> Content:
    """Return the content with a pasted public key as its thumbprint; what is none stays, and is named a problem."""
    pasted = resolve(content, _DRAFTER)
    if not isinstance(pasted, str) or not _KEY_FILE.match(pasted):
        return content
    try:
        return placed(content, _DRAFTER, read_public_file(pasted.encode()).thumbprint)
    except AgreementError:
        return content
