"""
The destruction of what a partner received: the figures it certifies, and its certificate, compared with the log.

The figures for leavers hold record codes: they are in the bytes that are signed, for whoever manages partners and for
the partner, and stand on no page. The page says about how many answers there are; the file and the certificate are made
of the log itself when somebody asks for them (decision 70).
"""

import json
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from agreements.documents.destruction import COVERS, METHODS, WHOLE, certificate_bytes
from agreements.documents.destruction import read_certificate as read_document
from agreements.signature import Kind, read_envelope
from gateway.console import labels
from gateway.console.agreements import Digest
from gateway.console.callers import LogReader, Preparer
from gateway.console.desk import ConsoleDesk, partners_of, zone_of
from gateway.console.errors import BadForm
from gateway.console.forms import Form, chosen, day, words
from gateway.console.preparing import prepared
from gateway.console.views import ROOT, person_of, view
from gateway.services.family.inspections import OpenInspections
from gateway.services.obligations.certifying import Told
from gateway.services.obligations.owed import Obligations
from gateway.services.overview import agreement_page
from gateway.services.papers.judging import in_our_words
from gateway.signin.callers import form_of

_LONGEST = 14_000
Covers = Annotated[str, Query(pattern=f"^({'|'.join(COVERS)})$")]


def destruction_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of certificates of destruction."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/agreements/{digest}/destruction", name="console_destruction")
    async def read_destruction(request: Request, staff: LogReader, digest: Digest) -> Response:
        """Show what the partner has to certify, and what it certified."""
        found = await agreement_page(desk.office, digest)
        _, registry = await desk.read()
        return view(
            request,
            staff.session,
            "obligations",
            "destruction.html",
            zone=zone_of(registry),
            it=found.agreement,
            partners=partners_of(registry),
            outlook=await desk.obligations.outlook(digest),
            labels=labels,
        )

    @router.get("/console/agreements/{digest}/destruction/figures", name="console_figures")
    async def read_figures(
        staff: Preparer,  # noqa: ARG001  who may is said by its type
        digest: Digest,
        covers: Covers = WHOLE,
    ) -> Response:
        """Write the file that the partner completes and signs."""
        found = await desk.obligations.figures(digest, covers)
        return Response(
            json.dumps(found.content, indent=2) + "\n",
            media_type="application/json",
            headers={"content-disposition": f'attachment; filename="destruction-{covers}.json"'},
        )

    @router.post("/console/agreements/{digest}/destruction/certificate", name="console_draw_up")
    async def draw_up(request: Request, staff: Preparer, digest: Digest) -> RedirectResponse:
        """Prepare the certificate for the partner's signer: what the partner tells, with the figures of the log."""
        form = await form_of(request)
        covers, told = chosen(form, "covers", "What is certified", COVERS), _told(form)
        with in_our_words():
            drawn = await desk.obligations.draw_up(digest, covers, told)
        title = f"Destruction under {(await agreement_page(desk.office, digest)).agreement.id}"
        return await prepared(desk, staff, Kind.CERTIFICATE, certificate_bytes(drawn), title)

    @router.post("/console/agreements/{digest}/destruction", name="console_certify")
    async def certify(request: Request, staff: Preparer, digest: Digest) -> RedirectResponse:
        """Register a certificate that the partner's signer signed; one over everything closes the agreement."""
        pasted = words(await form_of(request), "certificate", "The signed certificate", most=_LONGEST)
        inspections = OpenInspections(desk.office.desk.catalogue, desk.subject_key)
        with in_our_words():
            document = read_envelope(pasted.encode(), Kind.CERTIFICATE)
            if read_document(document.payload).agreement != digest:
                raise BadForm("The certificate is for another agreement.")
            await Obligations(desk.office.desk.of(person_of(staff.session)), inspections).certify(document)
        return RedirectResponse(f"{ROOT}/agreements/{digest}/destruction", 303)

    return router


def _told(form: Form) -> Told:
    """Return what the partner tells of the destruction. Raises `BadForm`."""
    return Told(
        what=words(form, "what", "What was destroyed"),
        method=chosen(form, "method", "The method", METHODS),
        how=words(form, "how", "How it was done"),
        destroyed_on=day(form, "destroyed_on", "Destroyed on"),
        who=words(form, "who", "Who destroyed it", most=200),
        witness=words(form, "witness", "Who saw it", most=200),
    )
