"""
The yearly review of an agreement: what an officer looks at, the pack to keep, and what was found as a document to sign.

INVARIANT: a review names the very pack that its page showed: it is gathered again under the same checkpoint, and
refused if it is another one.
"""

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from agreements.documents.review import CONCLUSIONS, Finding, Review, review_bytes
from agreements.shapes import DIGEST
from agreements.signature import Kind
from gateway.console import labels
from gateway.console.agreements import Digest
from gateway.console.callers import Reviewer
from gateway.console.desk import ConsoleDesk, zone_of
from gateway.console.errors import BadForm
from gateway.console.forms import Form, chosen, number, shaped
from gateway.console.preparing import prepared
from gateway.console.views import view
from gateway.services.obligations.pack_files import gather_again, zipped
from gateway.services.obligations.review_pack import gather
from gateway.services.overview import agreement_page
from gateway.signin.callers import form_of

MOST_FINDINGS: Final = 5
"""That a form offers; who found more signs with the command."""
_LARGEST: Final = 2**53 - 1
_LONGEST: Final = 1000


def reviews_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of yearly reviews."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/agreements/{digest}/review", name="console_review")
    async def read_review(request: Request, staff: Reviewer, digest: Digest) -> Response:
        """Show what there is to look at, and the form for what was found."""
        found = await agreement_page(desk.office, digest)
        pack = await gather(desk.office.desk, digest)
        _, registry = await desk.read()
        use: dict[str, Any] = json.loads(pack.files["use.json"])
        sample: dict[str, Any] = json.loads(pack.files["sample.json"])
        return view(
            request,
            staff.session,
            "obligations",
            "review.html",
            zone=zone_of(registry),
            it=found.agreement,
            pack=pack,
            use=use,
            sample=sample["entries"],
            labels=labels,
            findings=range(1, MOST_FINDINGS + 1),
        )

    @router.get("/console/agreements/{digest}/review/pack", name="console_review_pack")
    async def read_pack(
        staff: Reviewer,  # noqa: ARG001  who may is said by its type
        digest: Digest,
        size: Annotated[int, Query(ge=1, le=_LARGEST)],
        pack: Annotated[str, Query(pattern=f"^{DIGEST[0]}$")],
    ) -> Response:
        """Write the pack that was shown as one archive. No student is in it."""
        found = await gather_again(desk.office.desk, digest, size, pack)
        name = f"review-pack-{found.digest.removeprefix('sha256:')[:12]}.zip"
        return Response(
            zipped(found),
            media_type="application/zip",
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )

    @router.post("/console/agreements/{digest}/review", name="console_reviewed")
    async def review(request: Request, staff: Reviewer, digest: Digest) -> RedirectResponse:
        """Prepare the review for an officer's signature."""
        form = await form_of(request)
        findings, conclusion = _findings(form), chosen(form, "conclusion", "What follows", CONCLUSIONS)
        size = number(form, "size", "The size of the log", least=1, most=_LARGEST)
        pack = await gather_again(desk.office.desk, digest, size, shaped(form, "pack", "The pack", DIGEST))
        found = (await agreement_page(desk.office, digest)).agreement
        payload = review_bytes(Review(digest, pack.first_day, pack.last_day, pack.digest, findings, conclusion))
        return await prepared(desk, staff, Kind.REVIEW, payload, f"Yearly review of {found.id}")

    return router


def _findings(form: Form) -> tuple[Finding, ...]:
    """Return what was found, each with what is done about it. Raises `BadForm` for one without the other."""
    found = []
    for place in range(1, MOST_FINDINGS + 1):
        what, action = (form.get(f"{name}{place}", "").strip()[:_LONGEST] for name in ("what", "action"))
        if bool(what) != bool(action):
            raise BadForm("Say of each finding what is done about it.")
        if what:
            found.append(Finding(what, action))
    return tuple(found)
