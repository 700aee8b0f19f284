"""
The application: every part joined in one place, none of them made here twice.

`create_app` takes what differs between a deployment and a test; the services are opened when the server starts and
closed when it stops. Requests find them, typed, in the ASGI state.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from fastapi import APIRouter, FastAPI, Response
from starlette.middleware import Middleware

from gateway.addresses import Terminators
from gateway.answers import exception_handlers
from gateway.http import Front, Limits, security_headers
from gateway.oauth.bearer import Bearer
from gateway.oauth.callers import BEARER_STATE, PUBLIC, require_declared
from gateway.oauth.compatibility.callers import GATE_STATE
from gateway.oauth.compatibility.endpoint import CompatibilityEndpoint
from gateway.oauth.compatibility.gate import CompatibilityGate
from gateway.oauth.compatibility.issuer import compatibility_issuer
from gateway.oauth.compatibility.routes import compatibility_router
from gateway.oauth.compatibility.tokens import BearerTokens
from gateway.oauth.endpoint import TokenEndpoint
from gateway.oauth.issuer import Issuer
from gateway.oauth.journal import SERVICES_STATE, OAuthServices
from gateway.oauth.own_tokens import OwnTokens
from gateway.oauth.rates import Buckets, Rate
from gateway.oauth.rotation import RereadKeys, kept_token_keys
from gateway.oauth.routes import oauth_router
from gateway.oauth.strangers import Strangers
from gateway.oauth.throttle import Throttle
from gateway.oauth.tokens import AccessTokens
from gateway.signin.callers import ORIGIN_STATE, require_guarded
from gateway.token_keys import TokenKey

LineWriter = Callable[[Mapping[str, object]], None]

_ADDRESS_RATE = Rate(burst=300, per_second=10)
_CLIENT_RATE = Rate(burst=60, per_second=2)
"""A token lives five minutes, so a well-behaved client asks a few times an hour for each agreement."""
_REVOKING_RATE = Rate(burst=20, per_second=1 / 15)
"""Each makes every replica read anew what is in force; a token that is left alone is over in five minutes."""
_FAILURE_RATE = Rate(burst=300, per_second=10)
_BURST_SECONDS = 10
"""How many seconds' worth of requests a client may send at once."""


class AppSettings(Protocol):
    """What the application needs of the settings."""

    @property
    def public_url(self) -> str:
        """The address partners use; issuer, audience and every link are made from it."""
        ...

    @property
    def in_flight(self) -> int:
        """How many requests may be served at once."""
        ...

    @property
    def body_bytes(self) -> int:
        """How large a request body may be."""
        ...

    @property
    def request_seconds(self) -> int:
        """How long a request may take."""
        ...

    @property
    def client_rate(self) -> int:
        """How many requests a second one client may send under one agreement."""
        ...

    @property
    def terminators(self) -> Terminators:
        """What stands in front of the gateway."""
        ...

    @property
    def compatibility(self) -> bool:
        """Whether programs that know only secrets and bearer tokens are served at all."""
        ...


class AppKeys(Protocol):
    """What the application needs of the gateway's own keys."""

    @property
    def token_keys(self) -> tuple[TokenKey, ...]:
        """The keys that sign access tokens, in the order in which they take over."""
        ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """How often one caller may ask for a token, and how often an address may fail to prove anything."""

    address_rate: Rate = _ADDRESS_RATE
    client_rate: Rate = _CLIENT_RATE
    failure_rate: Rate = _FAILURE_RATE
    revoking_rate: Rate = _REVOKING_RATE
    """How often one client may end a token of its own."""
    strangers_seconds: float = 60.0
    """How often refusals of strangers are summed up in one entry."""


def create_app(
    settings: AppSettings,
    keys: AppKeys,
    open_services: Callable[[], AbstractAsyncContextManager[OAuthServices]],
    routers: Sequence[APIRouter] = (),
    *,
    write: LineWriter,
    compatible: Sequence[APIRouter] = (),
    bounds: Bounds | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    random: Callable[[int], bytes] = secrets.token_bytes,
    reread_keys: RereadKeys | None = None,
) -> FastAPI:
    """
    Return the application, not yet started.

    `routers` are those of the API; each of their routes declares its caller. `write` receives one line a request.
    `compatible` are those of the compatibility mode, which is not there at all unless the settings switch it on.
    `reread_keys` gives the keys that sign tokens as they are on file now; without it they stay as they are.
    Starting it raises `UndeclaredCaller` for a route that declares none.
    """
    bounds = bounds or Bounds()
    issuer = Issuer(settings.public_url)

    def seconds() -> float:
        return clock().timestamp()

    tokens = AccessTokens(issuer, keys.token_keys, random=random)
    strangers = Strangers(clock)
    by_address, by_client = Buckets(bounds.address_rate, seconds), Buckets(bounds.client_rate, seconds)
    endpoint = TokenEndpoint(
        issuer, tokens, clock=seconds, strangers=strangers, by_address=by_address, by_client=by_client
    )
    own_tokens = OwnTokens(
        issuer,
        tokens,
        clock=seconds,
        strangers=strangers,
        by_address=by_address,
        by_client=by_client,
        by_revoker=Buckets(bounds.revoking_rate, seconds),
    )
    requests = Rate(settings.client_rate * _BURST_SECONDS, settings.client_rate)
    throttle = Throttle(Buckets(bounds.failure_rate, seconds), Buckets(requests, seconds))
    bearer = Bearer(issuer, tokens, seconds, strangers, throttle)
    unbound = BearerTokens(compatibility_issuer(issuer), tokens, random=random)
    gate = CompatibilityGate(unbound, seconds, strangers, throttle)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        require_declared(app)
        require_guarded(app)
        async with open_services() as services, kept_token_keys(tokens, reread_keys):
            summing = asyncio.create_task(strangers.flush_every(bounds.strangers_seconds, services.log))
            try:
                yield {
                    SERVICES_STATE: services,
                    BEARER_STATE: bearer,
                    GATE_STATE: gate,
                    ORIGIN_STATE: issuer.url,
                }
            finally:
                summing.cancel()
                with suppress(asyncio.CancelledError):
                    await summing
                await strangers.flush(services.log)

    app = FastAPI(
        title="Pactgate",
        lifespan=lifespan,
        docs_url=None,  # the built-in pages load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,  # served below, with a declared caller
        redirect_slashes=False,  # a redirect would be built from the Host header
        exception_handlers=exception_handlers(issuer),
        middleware=[
            Middleware(
                Front,
                limits=Limits(
                    body_bytes=settings.body_bytes,
                    request_seconds=settings.request_seconds,
                    in_flight=settings.in_flight,
                ),
                headers=security_headers(https=issuer.url.startswith("https://")),
                new_id=lambda: random(16).hex(),
                clock=clock,
                write=write,
                terminators=settings.terminators,
            )
        ],
    )
    # What is asked for most comes first: routes are tried one after the other.
    for router in routers:
        app.include_router(router)
    app.include_router(oauth_router(issuer, tokens, endpoint, own_tokens, seconds))
    if settings.compatibility:
        own = compatibility_issuer(issuer)
        second = CompatibilityEndpoint(
            own, unbound, clock=seconds, strangers=strangers, by_address=by_address, by_client=by_client
        )
        for router in (*compatible, compatibility_router(own, second)):
            app.include_router(router)
    app.include_router(_own_router(app))
    return app


def _own_router(app: FastAPI) -> APIRouter:
    router = APIRouter(dependencies=[PUBLIC], include_in_schema=False)

    @router.get("/healthz", name="health")
    async def read_health() -> Response:
        """Say that the process answers; nothing about the database or the data."""
        return Response(b'{"status":"ok"}', media_type="application/json")

    @router.get("/openapi.json", name="openapi")
    async def read_openapi() -> dict[str, object]:
        """Describe the API (OpenAPI 3.1)."""
        return app.openapi()

    return router
