"""Reviewing a draft before anybody signs: what would leave, of how many, what changes, what it would have answered."""

import uuid
from typing import Final

from fastapi import APIRouter, Request, Response

from agreements.document import Agreement, judge_agreement
from agreements.errors import InvalidAgreement
from agreements.schema import agreement_schema
from agreements.shapes import title_at
from agreements.signature import Kind
from gateway.console.callers import Drafter
from gateway.console.desk import ConsoleDesk
from gateway.console.drafting import words
from gateway.console.drafting.sheet import Sheet, goes_to, sheet_of
from gateway.console.views import ROOT, person_of
from gateway.services.alarms import alarm
from gateway.services.drafts.counts import INSTALLATION_BUDGET, LINE_BUDGET, budget_of
from gateway.services.drafts.errors import DraftIncomplete
from gateway.services.drafts.kept import Drafts
from gateway.services.drafts.rehearsing import rehearse_draft
from gateway.services.drafts.review import DraftReview, preview_draft, review_draft
from gateway.services.papers.papers import Papers
from gateway.signin.callers import form_of

_LISTED: Final = 20
"""Problems that a refusal lists; the pages of the draft show every one."""


def reviewing_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of the review."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/drafts/{draft}/review", name="console_review_draft")
    async def read_review(request: Request, staff: Drafter, draft: uuid.UUID) -> Response:
        """Show what a draft would let leave, or everything that is missing. Nobody is counted."""
        return await _review(request, await sheet_of(desk, staff.session, draft), None)

    @router.post("/console/drafts/{draft}/review", name="console_count_draft")
    async def count_draft(request: Request, staff: Drafter, draft: uuid.UUID) -> Response:
        """Count, rounded and within the budget, whom a draft covers; the entry names who asked."""
        sheet = await sheet_of(desk, staff.session, draft)
        sheet.revision(await form_of(request))
        sound = _sound(sheet)
        counted = await review_draft(desk.office.desk, sound.canonical, person_of(staff.session))
        return await _review(request, sheet, counted)

    @router.get("/console/drafts/{draft}/requests", name="console_rehearse_draft")
    async def read_requests(request: Request, staff: Drafter, draft: uuid.UUID) -> Response:
        """Show what the draft would have answered to the requests of the last days."""
        sheet = await sheet_of(desk, staff.session, draft)
        found = await rehearse_draft(desk.office.desk, _sound(sheet), alarm)
        return sheet.show(request, "draft_requests.html", "review", found=found)

    @router.get("/console/drafts/{draft}/canonical", name="console_draft_canonical")
    async def read_canonical(staff: Drafter, draft: uuid.UUID) -> Response:
        """Write the exact bytes that both parties sign, for `pactgate agreement sign`."""
        sound = _sound(await sheet_of(desk, staff.session, draft))
        named = f"{sound.id.partition(':')[2]}-{sound.version}.json"
        headers = {"content-disposition": f'attachment; filename="{named}"'}
        return Response(sound.canonical, media_type="application/json", headers=headers)

    @router.post("/console/drafts/{draft}/ready", name="console_draft_ready")
    async def make_ready(request: Request, staff: Drafter, draft: uuid.UUID) -> Response:
        """Prepare the bytes that are to be signed as a paper. Refused with everything that is missing."""
        sheet = await sheet_of(desk, staff.session, draft)
        revision = sheet.revision(await form_of(request))
        sound = _sound(sheet)
        await Drafts(desk.office.engine).give_out(draft, revision, sound.digest)
        papers, person = Papers(desk.office), person_of(staff.session)
        digest = await papers.prepare(Kind.AGREEMENT, sound.canonical, person, title=sound.title)
        return goes_to(f"{ROOT}/papers/{digest}")

    return router


async def _review(request: Request, sheet: Sheet, counted: DraftReview | None) -> Response:
    try:
        sound = judge_agreement(sheet.draft.content, sheet.catalogue)
    except InvalidAgreement:
        return sheet.show(request, "draft_review.html", "review", shown=None)
    office = sheet.desk.office
    return sheet.show(
        request,
        "draft_review.html",
        "review",
        shown=counted or await preview_draft(office.desk, sound),
        counted=counted,
        sound=sound,
        budget=await budget_of(office.engine, sound.id),
        titles={path: title_at(agreement_schema(sheet.catalogue), path) for path in sound.words_only},
        budgets=(LINE_BUDGET, INSTALLATION_BUDGET),
        words=words,
    )


def _sound(sheet: Sheet) -> Agreement:
    """Return the draft as the agreement it would be. Raises `DraftIncomplete`, with the first problems."""
    problems = sheet.problems()
    if problems:
        raise DraftIncomplete([problem.sentence for problem in problems[:_LISTED]])
    return judge_agreement(sheet.draft.content, sheet.catalogue)
