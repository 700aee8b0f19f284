"""
The routes of a partner's signatories: the document that a link leads to, its bytes, a signature, a new passkey.

Nobody is signed in here, and nothing is trusted: the signature is the evidence.
"""

from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from agreements.errors import AgreementError
from agreements.signature import Envelope
from gateway.errors import GatewayError, without_remedy
from gateway.http import line_of
from gateway.oauth.callers import PUBLIC
from gateway.oauth.errors import RateExceeded
from gateway.pages.render import Pages
from gateway.problems import PROBLEMS
from gateway.services.office import Office
from gateway.services.papers.errors import InvitationOver
from gateway.services.papers.invitations import Invitations, Opened
from gateway.services.papers.papers import Paper
from gateway.services.papers.passkeys import (
    challenge_to_make,
    challenge_to_prove,
    challenge_to_sign,
    encoded,
    new_passkey,
    relying_party,
    signable,
    signed_by_passkey,
)
from gateway.services.papers.signature_file import read_signature_file
from gateway.signin.callers import ORIGIN_STATE, OWN_SITE, form_of
from gateway.signing.link import ROOT, code_of, count_failed, drop_code, keep_code, opened_by
from gateway.signing.words import TITLES

_PAGES: Final = Pages("gateway.signing")


class _OfALink(APIRoute):
    """A route to which only a link leads: without one that is good, and whatever is refused, it says so on a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, with a page in the place of a refusal."""
        handle = super().get_route_handler()

        async def handle_or_say(request: Request) -> Response:
            try:
                return await handle(request)
            except InvitationOver:
                answer = _page(request, "code.html", 404, over=True)
                drop_code(answer)
                return answer
            except (GatewayError, AgreementError) as refused:
                return _refused(request, refused)

        return handle_or_say


def signing_router(office: Office) -> APIRouter:
    """Return the pages by which a partner's signer signs."""
    router = APIRouter(include_in_schema=False, route_class=_OfALink)
    invitations = Invitations(office)

    @router.get(ROOT, name="sign", dependencies=[PUBLIC])
    async def read_sign(request: Request) -> Response:
        """Show the document that the link leads to, or ask for the link's code."""
        if not code_of(request):
            return _page(request, "code.html", over=False)
        return _shown(request, await opened_by(request, invitations, code_of(request)))

    @router.post(ROOT, name="sign_open", dependencies=[OWN_SITE])
    async def open_link(request: Request) -> Response:
        """Take the code of a link."""
        code = (await form_of(request)).get("code", "").strip()
        await opened_by(request, invitations, code)
        answer = RedirectResponse(ROOT, 303)
        keep_code(answer, code)
        return answer

    @router.get(f"{ROOT}/document", name="sign_document", dependencies=[PUBLIC])
    async def read_document(request: Request) -> Response:
        """Hand out exactly the bytes that are signed."""
        paper = (await opened_by(request, invitations, code_of(request))).paper
        name = f"{paper.line.kind.value}-{paper.line.digest[7:15]}.json"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(paper.envelope.payload, media_type="application/json", headers=headers)

    @router.post(f"{ROOT}/signatures", name="sign_add", dependencies=[OWN_SITE])
    async def add_signature(request: Request) -> Response:
        """Take a signature: a file that the signer's own machine made, or what a passkey signed."""
        code, form = code_of(request), await form_of(request)
        opened = await opened_by(request, invitations, code)
        try:
            await invitations.sign(code, _signed(request, opened.paper, form))
        except GatewayError as refused:
            count_failed(request, refused)
            return _shown(request, opened, refused=refused)
        answer = _page(request, "done.html", title=opened.paper.line.title, digest=opened.paper.line.digest)
        drop_code(answer)
        return answer

    @router.post(f"{ROOT}/passkeys", name="sign_passkey", dependencies=[OWN_SITE])
    async def make_passkey(request: Request) -> Response:
        """Take a new passkey of the partner's signer: it becomes a document that the district's officer signs."""
        code, form = code_of(request), await form_of(request)
        opened = await opened_by(request, invitations, code)
        try:
            key = new_passkey(form, code, _origin(request))
            await invitations.introduce(opened, key, form.get("name", ""))
        except GatewayError as refused:
            return _shown(request, opened, refused=refused)
        return _shown(request, opened, made=key.thumbprint)

    return router


def _refused(request: Request, refused: GatewayError | AgreementError) -> Response:
    line = line_of(request.scope)
    line.facts["error"] = refused.code
    said = _said(refused)
    if isinstance(refused, RateExceeded):
        line.headers = refused.fields
        said["sentence"] = PROBLEMS[refused.code].detail  # what it tells of tokens is for programs
    status = PROBLEMS[refused.code].status if refused.code in PROBLEMS else HTTPStatus.CONFLICT
    return _page(request, "refused.html", status, **said)


def _said(refused: GatewayError | AgreementError | None) -> dict[str, str]:
    if refused is None:
        return {"sentence": "", "remedy": ""}
    return {"sentence": without_remedy(refused.public_detail, refused.remedy), "remedy": refused.remedy}


def _signed(request: Request, paper: Paper, form: Mapping[str, str]) -> Envelope:
    kind, payload = paper.line.kind, paper.envelope.payload
    if "credential" in form:
        return signed_by_passkey(form, signable(paper.passkeys, _origin(request)), kind, payload)
    return read_signature_file(form.get("signature", "").strip(), kind, payload)


def _shown(request: Request, opened: Opened, *, refused: GatewayError | None = None, made: str = "") -> Response:
    origin, line = _origin(request), opened.paper.line
    return _page(
        request,
        "sign.html",
        200 if refused is None else 409,
        found=opened.paper,
        party=opened.party,
        takes_signers=opened.takes_signers,
        **_said(refused),
        made=made,
        credentials=list(signable(opened.paper.passkeys, origin)),
        rp=relying_party(origin),
        challenge=challenge_to_sign(line.kind, line.digest),
        new_challenge=encoded(challenge_to_make(code_of(request))),
        proof=encoded(challenge_to_prove(code_of(request))),
        user=encoded(opened.party.encode()),
        titles=TITLES,
    )


def _origin(request: Request) -> str:
    origin: str = request.scope["state"][ORIGIN_STATE]
    return origin


def _page(request: Request, template: str, status: int = 200, **values: object) -> Response:
    return _PAGES.page(request, template, {"root": ROOT, "site": "Pactgate", **values}, status)
