"""
The code of a link to sign: how it comes, where the browser keeps it, and what guessing costs.

It stands behind the # of the link, which browsers send to nobody, and is posted. INVARIANT: it never stands in an
address that reaches us, so it is in no log of ours or of a proxy's.
"""

from typing import Final

from fastapi import Request, Response

from gateway.addresses import known
from gateway.errors import GatewayError
from gateway.http import line_of
from gateway.oauth.bearer import Bearer
from gateway.oauth.callers import BEARER_STATE
from gateway.services.papers.errors import InvitationOver
from gateway.services.papers.invitations import Invitations, Opened
from gateway.services.staff.errors import SessionOver
from gateway.signin.cookies import require_cookie

ROOT: Final = "/sign"
COOKIE: Final = "__Host-pactgate-sign"
_KEPT_SECONDS: Final = 3600
"""As long as somebody reads an agreement; then the link is opened again."""


def link(public_url: str, code: str) -> str:
    """Return the link that is handed to the partner's signer."""
    return f"{public_url}{ROOT}#{code}"


def code_of(request: Request) -> str:
    """Return the code that this browser holds; empty if it holds none."""
    try:
        return require_cookie(request, COOKIE)
    except SessionOver:
        return ""


def keep_code(answer: Response, code: str) -> None:
    """Have the browser hold the code for an hour. Strict: no other site leads anybody into somebody's document."""
    answer.set_cookie(COOKIE, code, max_age=_KEPT_SECONDS, path="/", secure=True, httponly=True, samesite="strict")


def drop_code(answer: Response) -> None:
    """Have the browser forget the code."""
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")


async def opened_by(request: Request, invitations: Invitations, code: str) -> Opened:
    """
    Return what a code leads to; a wrong one is counted against the address, as a sign-in that failed is.

    Raises `InvitationOver`, `RateExceeded`.
    """
    bearer: Bearer = request.scope["state"][BEARER_STATE]
    bearer.throttle.require_room(known(request.scope["client"]))
    try:
        return await invitations.open(code)
    except InvitationOver as over:
        count_failed(request, over)
        raise


def count_failed(request: Request, refused: GatewayError) -> None:
    """Count against the address what proved nothing: a wrong code, or what is no signature that the link is for."""
    bearer: Bearer = request.scope["state"][BEARER_STATE]
    line_of(request.scope).facts["error"] = refused.code
    bearer.throttle.failed(known(request.scope["client"]))
    bearer.strangers.count(refused.code)
