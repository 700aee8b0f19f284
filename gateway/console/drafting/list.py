"""Drafts as a whole: which there are, where one stands, how it is taken out as a file, and deleted."""

import uuid
from typing import Final

from fastapi import APIRouter, Request, Response

from gateway.console.callers import Drafter
from gateway.console.desk import ConsoleDesk, partners_of, zone_of
from gateway.console.drafting import words
from gateway.console.drafting.sheet import goes_to, sheet_of
from gateway.console.errors import NotConfirmed
from gateway.console.lists import list_view, listed, words_of
from gateway.console.paper_lists import drafts_listing
from gateway.console.views import ROOT
from gateway.services.drafts.kept import Draft, Drafts
from gateway.services.drafts.writing import written
from gateway.signin.callers import form_of

_NUMBER: Final = 8
"""Characters of a draft's number by which people call one that has no title yet."""


def drafts_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of drafts as a whole."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/drafts", name="console_drafts")
    async def read_drafts(request: Request, staff: Drafter) -> Response:
        """List the drafts, and offer to begin one."""
        _, registry = await desk.read()
        drafts = Drafts(desk.office.engine)
        await drafts.forget_registered([each.document.digest for each in registry.register.agreements])
        listing = drafts_listing(named, words.BASES, words_of(request))
        return list_view(
            request,
            staff.session,
            "drafts",
            "drafts.html",
            listed(request, listing, await drafts.listed()),
            zone=zone_of(registry),
            named=named,
            bases=words.BASES,
            partners=partners_of(registry),
        )

    @router.get("/console/drafts/{draft}", name="console_draft")
    async def read_draft(request: Request, staff: Drafter, draft: uuid.UUID) -> Response:
        """Show where a draft stands."""
        sheet = await sheet_of(desk, staff.session, draft)
        return sheet.show(request, "draft.html", "", name=named(sheet.draft))

    @router.get("/console/drafts/{draft}/file", name="console_draft_file")
    async def read_file(staff: Drafter, draft: uuid.UUID) -> Response:
        """Write a draft as the YAML that `pactgate agreement check` reads, with what is missing as comments."""
        sheet = await sheet_of(desk, staff.session, draft)
        text = written(sheet.draft.content, sheet.catalogue)
        headers = {"content-disposition": f'attachment; filename="draft-{str(draft)[:_NUMBER]}.yaml"'}
        return Response(text, media_type="application/yaml", headers=headers)

    @router.post("/console/drafts/{draft}/delete", name="console_delete_draft")
    async def delete_draft(request: Request, staff: Drafter, draft: uuid.UUID) -> Response:
        """Delete a draft, once its name was typed."""
        form = await form_of(request)
        sheet = await sheet_of(desk, staff.session, draft)
        if form.get("name", "").split() != named(sheet.draft).split():
            raise NotConfirmed("the name of the draft was not typed")
        await Drafts(desk.office.engine).delete(draft)
        return goes_to(f"{ROOT}/drafts")

    return router


def named(draft: Draft) -> str:
    """Return what people call a draft, and type to delete it."""
    return draft.title or str(draft.id)[:_NUMBER]
