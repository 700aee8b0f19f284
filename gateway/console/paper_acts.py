"""What is done with a paper: a signature is added, an approval prepared, it is filed, or taken away."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway.console.callers import PaperReader
from gateway.console.desk import ConsoleDesk, partners_of, zone_of
from gateway.console.fresh import require_fresh
from gateway.console.paper_desk import Digest, opened, origin_of
from gateway.console.views import ROOT, person_of, view
from gateway.services.family.inspections import OpenInspections
from gateway.services.papers.errors import PaperFiled
from gateway.services.papers.held_decisions import HeldDecisions
from gateway.services.papers.invitations import Invitations
from gateway.services.papers.papers import Papers
from gateway.services.papers.passkeys import signable, signed_by_passkey
from gateway.services.papers.signature_file import read_signature_file
from gateway.signin.callers import form_of
from gateway.signing.link import link


def paper_acts_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes by which papers move on."""
    router = APIRouter(include_in_schema=False)
    papers = Papers(desk.office, OpenInspections(desk.office.desk.catalogue, desk.subject_key))

    @router.post("/console/papers/{digest}/signatures", name="console_paper_sign")
    async def add_signature(request: Request, staff: PaperReader, digest: Digest) -> Response:
        """Take a signature that was made on the signer's own machine."""
        found = await opened(papers, staff.session, digest)
        pasted = (await form_of(request)).get("signature", "")
        signed = read_signature_file(pasted.strip(), found.line.kind, found.envelope.payload)
        added = await papers.add(digest, signed, person_of(staff.session))
        return RedirectResponse(f"{ROOT}/papers/{added.line.digest}", 303)

    @router.post("/console/papers/{digest}/passkey", name="console_paper_passkey")
    async def sign_by_passkey(request: Request, staff: PaperReader, digest: Digest) -> Response:
        """Take what a passkey signed. The session is not trusted for it: the signature is the evidence."""
        found = await opened(papers, staff.session, digest)
        known = signable(found.passkeys, origin_of(request))
        signed = signed_by_passkey(await form_of(request), known, found.line.kind, found.envelope.payload)
        await papers.add(digest, signed, person_of(staff.session))
        return RedirectResponse(f"{ROOT}/papers/{digest}", 303)

    @router.post("/console/papers/{digest}/invitations", name="console_paper_invite")
    async def invite(request: Request, staff: PaperReader, digest: Digest) -> Response:
        """Make a link for whoever of a partner's signs. It is shown once, in this answer, and kept nowhere."""
        found = await opened(papers, staff.session, digest)
        party = (await form_of(request)).get("party", "")
        made = await Invitations(desk.office).invite(digest, party, person_of(staff.session))
        _, registry = await desk.read()
        return view(
            request,
            staff.session,
            "papers",
            "invited.html",
            zone=zone_of(registry),
            paper=found.line,
            made=made,
            link=link(origin_of(request), made.code),
            partners=partners_of(registry),
        )

    @router.post("/console/papers/{digest}/approvals", name="console_paper_approve")
    async def approve(request: Request, staff: PaperReader, digest: Digest) -> Response:
        """Prepare an officer's approval, which lists the terms that only words carry."""
        await opened(papers, staff.session, digest)
        form = await form_of(request)
        seen = tuple(form.get("acknowledges", "").split())
        made = await papers.approve(digest, form.get("key", ""), person_of(staff.session), seen)
        return RedirectResponse(f"{ROOT}/papers/{made}", 303)

    @router.post("/console/papers/{digest}/file", name="console_paper_file")
    async def file_paper(request: Request, staff: PaperReader, digest: Digest) -> Response:
        """Bring a complete document into force, or have it wait for a second person: the page then says which."""
        found = await opened(papers, staff.session, digest)
        # A button is pressed twice: whoever filed it is not asked to sign in once more for nothing.
        if found.line.filed is not None:
            raise PaperFiled(f"The paper {digest} was filed by entry {found.line.filed}.")
        await require_fresh(request, staff.session, found.line.kind, digest)
        await HeldDecisions(desk.office, papers).file(digest, person_of(staff.session))
        return RedirectResponse(f"{ROOT}/papers/{digest}", 303)

    @router.post("/console/papers/{digest}/withdraw", name="console_paper_withdraw")
    async def withdraw(staff: PaperReader, digest: Digest) -> Response:
        """Take a document away that nobody shall sign."""
        await opened(papers, staff.session, digest)
        await papers.withdraw(digest, person_of(staff.session))
        return RedirectResponse(f"{ROOT}/papers", 303)

    return router
