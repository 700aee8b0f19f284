"""Turning whatever went wrong into an answer: one handler a family of errors, all ending in `gateway.problems`."""

import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import asyncpg
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from agreements.errors import AgreementError
from audit.errors import AuditError, Replayed
from gateway.errors import GatewayError, without_remedy
from gateway.http import line_of
from gateway.oauth.compatibility.issuer import PREFIX
from gateway.oauth.compatibility.issuer import challenge as compatibility_challenge
from gateway.oauth.errors import AccessRefused, BasicRefused, InvalidAccessProof, RateExceeded, TokenRefused
from gateway.oauth.issuer import RESOURCE_PATH, Issuer
from gateway.oauth.publickeys import ALGORITHMS
from gateway.pages.remedies import remedy_on_page
from gateway.problems import Answer, Problem, problem, token_error
from gateway.services.standing.identity import Realm
from gateway.signin.errors import ForeignForm
from gateway.signin.pages import realm_at, refusal_page
from gateway.signin.unsent import unsent
from policies.errors import PolicyError

Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]

_STATUS_CODES = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large", 400: "invalid_request"}
_UNAUTHORIZED = 401
_PARAMETER = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""A parameter name we may repeat to the caller; whatever else was sent is not echoed."""


def exception_handlers(issuer: Issuer) -> dict[int | type[Exception], Handler]:
    """Return the handlers, by class of error. The challenge of RFC 9449 section 7.1 names our metadata."""
    bound = f'DPoP algs="{" ".join(ALGORITHMS)}", resource_metadata="{issuer.at(RESOURCE_PATH)}"'
    unbound = compatibility_challenge(issuer)

    def challenge(request: Request, error: str | None) -> str:
        asked = unbound if request.scope["path"].startswith(f"{PREFIX}/") else bound
        return f'{asked}, error="{error}"' if error else asked

    async def on_access_refused(request: Request, error: AccessRefused) -> Response:
        named = challenge(request, error.error)
        answer = problem(error.code, error.public_detail)
        return _response(request, error.code, answer, {"www-authenticate": named}, reason=str(error))

    async def on_replayed(request: Request, error: Replayed) -> Response:
        del error  # its index is the log's business
        return await on_access_refused(request, InvalidAccessProof("replayed"))

    async def on_error(request: Request, error: Any) -> Response:  # noqa: ANN401  rooms' errors share a shape only
        realm = realm_at(request.url.path)
        if realm is None:
            return answered(request, error.code, problem(error.code, error.public_detail))
        detail = without_remedy(error.public_detail, getattr(error, "remedy", ""))
        answer = problem(error.code, detail, to_staff=realm is Realm.DISTRICT)
        remedy = remedy_on_page(error)
        # A page of before is refused too, such as one that stood open while its reader signed in again.
        is_late = answer.status == _UNAUTHORIZED or isinstance(error, ForeignForm)
        typed = await unsent(request) if is_late else ()
        problems = getattr(error, "listed", ())
        return _response(request, error.code, answer, remedy=remedy, problems=problems, typed=typed)

    async def on_problem(request: Request, error: Problem) -> Response:
        return answered(
            request,
            error.code,
            problem(error.code, error.public_detail, members=error.members, retry_after=error.retry_after),
        )

    def answered(request: Request, code: str, answer: Answer) -> Response:
        # A stop makes a token as useless as a bad signature does, and is told alike (RFC 6750 section 3.1).
        stopped = answer.status == _UNAUTHORIZED
        headers = {"www-authenticate": challenge(request, "invalid_token")} if stopped else {}
        return _response(request, code, answer, headers)

    async def on_rate_exceeded(request: Request, error: RateExceeded) -> Response:
        line_of(request.scope).headers = error.fields
        # What it tells of tokens is for programs.
        detail = error.public_detail if realm_at(request.url.path) is None else ""
        return _response(request, error.code, problem(error.code, detail, retry_after=error.retry_after))

    async def on_token_refused(request: Request, error: TokenRefused) -> Response:
        answer = token_error(error.code, basic=isinstance(error, BasicRefused))
        return _response(request, error.code, answer, reason=str(error))

    return {
        AccessRefused: on_access_refused,
        TokenRefused: on_token_refused,
        RateExceeded: on_rate_exceeded,
        GatewayError: on_error,
        Replayed: on_replayed,
        AuditError: on_error,
        AgreementError: on_error,
        PolicyError: on_error,
        Problem: on_problem,
        RequestValidationError: _on_invalid,
        HTTPException: _on_http,
        OSError: _on_database_away,
        asyncpg.PostgresConnectionError: _on_database_away,
        asyncpg.exceptions.OperatorInterventionError: _on_database_away,
        # What asyncpg says of a connection that was cut while it was about to be used, depending on the moment.
        asyncpg.InterfaceError: _on_database_away,
        asyncpg.InternalClientError: _on_database_away,
    }


async def _on_invalid(request: Request, error: RequestValidationError) -> Response:
    """Answer a request whose parameters have the wrong shape with one sentence, never with what was sent."""
    first = error.errors()[0]
    where, *names = (str(part) for part in first["loc"])
    name = names[0] if names and _PARAMETER.fullmatch(names[0]) else "a parameter"
    detail = f"{name} in the {where}: {first['msg']}."
    return _response(request, "invalid_request", problem("invalid_request", detail))


async def _on_http(request: Request, error: HTTPException) -> Response:
    code = _STATUS_CODES.get(error.status_code, "internal")
    return _response(request, code, problem(code), error.headers)


async def _on_database_away(request: Request, _error: Exception) -> Response:
    return _response(request, "database_unavailable", problem("database_unavailable"))


def _response(
    request: Request,
    code: str,
    answer: Answer,
    headers: Mapping[str, str] | None = None,
    *,
    reason: str | None = None,
    remedy: str = "",
    problems: Sequence[str] = (),
    typed: Sequence[str] = (),
) -> Response:
    facts = line_of(request.scope).facts
    facts["error"] = code
    if reason is not None:
        facts["reason"] = reason
    if (realm := realm_at(request.url.path)) is not None:
        return refusal_page(request, realm, answer, remedy=remedy, problems=problems, typed=typed)
    given = {name.decode(): value.decode() for name, value in answer.headers}
    return Response(answer.body, answer.status, {**given, **(headers or {})})
