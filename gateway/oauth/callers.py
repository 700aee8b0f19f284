"""
Who may call a route, said in its signature: `CallerDep`, `caller_of(dataset)`, or `PUBLIC`.

A route that says nothing does not start (`require_declared`): one path that forgot the check is how such gateways
have leaked.
"""

import secrets
from collections.abc import Callable, Iterator
from typing import Annotated, Any, TypeVar

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from audit.events import Event
from gateway.addresses import known
from gateway.caller import AnyCaller, Caller
from gateway.http import line_of
from gateway.oauth.bearer import Bearer, Presented
from gateway.oauth.errors import InsufficientAuthorization, InvalidToken, RateExceeded, UndeclaredCaller
from gateway.oauth.journal import SERVICES_STATE, OAuthServices
from gateway.oauth.lean import LeanRoute
from gateway.oauth.strangers import Strangers
from gateway.oauth.throttle import Throttle
from gateway.services.entries import draft_for, salts_for

BEARER_STATE = "bearer"
_DECLARES = "declares_caller"


Check = TypeVar("Check", bound=Callable[..., Any])


def declares_caller(check: Check) -> Check:
    """Mark a dependency as one that says who may call: `require_declared` counts it."""
    setattr(check, _DECLARES, True)
    return check


@declares_caller
async def anyone() -> None:
    """Let anyone call: the answer holds nothing that is not public."""


PUBLIC = Depends(anyone)
"""Put into a route's `dependencies`: no caller is needed."""


async def _caller_from(request: Request, dataset: str | None) -> Caller:
    scope = request.scope
    bearer = scope["state"][BEARER_STATE]
    assert isinstance(bearer, Bearer)
    try:
        caller = bearer.require_caller(presented_by(request), dataset=dataset)
    except InsufficientAuthorization as refusal:
        line_of(scope).facts["client"] = refusal.caller.client
        await put_on_record(request, refusal.caller, refusal.code)
        raise
    await admit(request, caller, bearer.throttle, bearer.strangers)
    return caller


def presented_by(request: Request) -> Presented:
    """Return what a request brings, nothing of it believed."""
    scope = request.scope
    # The path as it was sent: that is what a proof was made for.
    path = scope.get("raw_path") or scope["path"].encode()
    address = known(scope["client"])
    return Presented(scope["method"], path.decode("latin-1"), scope["query_string"], scope["headers"], address)


async def admit(request: Request, caller: AnyCaller, throttle: Throttle, strangers: Strangers) -> None:
    """Count a request of a verified caller and tell it what is left. Raises `RateExceeded`."""
    line = line_of(request.scope)
    line.facts["client"] = caller.client
    try:
        line.headers = throttle.admit(caller).fields
    except RateExceeded as refusal:
        # The first one is an entry that names the client; the rest are summed up, or asking would fill the log.
        if refusal.first:
            await put_on_record(request, caller, refusal.code)
        else:
            strangers.count("rate_of_client")
        raise


async def put_on_record(request: Request, caller: AnyCaller, code: str) -> None:
    """Log the refusal of a caller before anybody is told. Raises the log's errors."""
    services: OAuthServices = request.scope["state"][SERVICES_STATE]
    known = await services.clients.load(caller.client)
    if known is None:
        raise InvalidToken("client_unknown")
    salts = salts_for(f"{request.url.path}?{request.url.query}", secrets.token_bytes)
    request_id = line_of(request.scope).request_id
    await services.log.append(
        draft_for(
            caller,
            Event.REFUSAL,
            known.read_at,
            salts,
            request_id=request_id,
            epoch=known.epoch,
            code=code,
        )
    )


@declares_caller
async def require_caller(request: Request) -> Caller:
    """Return the verified caller of a route that discloses no dataset. Raises `AccessRefused`."""
    return await _caller_from(request, None)


CallerDep = Annotated[Caller, Depends(require_caller)]
"""A verified caller. For routes that disclose rows use `caller_of`, so that narrowed tokens stay narrow."""


def caller_of(dataset: str) -> Any:  # noqa: ANN401  FastAPI's own type of a dependency
    """Make the dependency of a route that discloses `dataset`; use it in `Annotated[Caller, …]`."""

    @declares_caller
    async def require_caller_of_dataset(request: Request) -> Caller:
        return await _caller_from(request, dataset)

    return Depends(require_caller_of_dataset)


def require_declared(app: FastAPI) -> None:
    """Check that every route of `app` says who may call it. Raises `UndeclaredCaller`, naming the first without."""
    for path, declared in declarations(app):
        if declared != 1:
            raise UndeclaredCaller(f"the route {path} declares {declared} callers instead of one")
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, LeanRoute) and context.dependant.dependencies != route.dependant.dependencies:
            raise UndeclaredCaller(f"the route {context.path} would not ask for what was added to it")


def declarations(app: FastAPI) -> Iterator[tuple[str, int]]:
    """Give each route's path with the number of callers it declares."""
    for context in iter_route_contexts(app.routes):
        dependant = getattr(context, "dependant", None)
        if isinstance(context.original_route, APIRoute) and isinstance(dependant, Dependant):
            yield str(context.path), declared_in(dependant, _DECLARES)
        else:
            yield str(context.path), 0  # a mount or a bare Starlette route checks nothing


def declared_in(dependant: Dependant, mark: str) -> int:
    """Return how many dependencies of a route carry this mark."""
    own = bool(getattr(dependant.call, mark, False))
    return own + sum(declared_in(each, mark) for each in dependant.dependencies)
