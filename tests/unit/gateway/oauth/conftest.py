"""The application in memory: the real one, on a directory and a log that live in a dictionary (unit tests only)."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Request
from joserfc.jwk import ECKey

from agreements.attending import Attendance
from audit.draft import Appended, Draft, Once
from audit.entry import encode, parse
from audit.errors import Replayed
from audit.events import Event
from gateway.app import Bounds, create_app
from gateway.caller import Caller
from gateway.oauth.callers import CallerDep, caller_of
from gateway.oauth.rates import Rate
from gateway.registration import AgreementGrant, RegisteredClient
from gateway.settings import read_settings
from gateway.token_keys import TokenKey
from tests.factories.oauth import Builder, World, key, public
from tests.factories.oauth import Request as Built

ISSUER = "https://district.example"
PURPOSE = "tutoring"
EPOCH = 7


@dataclass
class MemoryLog:
    """The log's promise in a list: spends replay ids, writes the refusal if one was spent."""

    entries: list[Mapping[str, Any]] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    spent: set[bytes] = field(default_factory=set)
    fail: list[Exception] = field(default_factory=list)

    async def append(self, draft: Draft) -> Appended:
        """Append, or raise what the test asked for."""
        if self.fail:
            raise self.fail.pop(0)
        self.drafts.append(draft)
        replayed = any(once.id in self.spent for once in draft.once)
        self.spent |= {once.id for once in draft.once}
        written = parse(draft.refusal if replayed and draft.refusal else draft.leaf)
        self.entries.append({"event": written.event, **written.body})
        if replayed:
            raise Replayed(len(self.entries) - 1)
        return Appended(len(self.entries) - 1, len(self.entries))


@dataclass
class MemoryDirectory:
    """Registered clients in a dictionary."""

    clients: dict[str, RegisteredClient] = field(default_factory=dict)
    loads: int = 0

    async def load(self, client_id: str, _key_id: str | None = None, /) -> RegisteredClient | None:
        """Return the client."""
        self.loads += 1
        return self.clients.get(client_id)


@dataclass
class MemoryServices:
    """What the application opens."""

    clients: MemoryDirectory
    log: MemoryLog


@dataclass
class Gateway:
    """A running application and all a test looks at."""

    app: FastAPI
    world: World
    build: Builder
    services: MemoryServices
    lines: list[Mapping[str, object]]
    clock: "Clock"
    client: httpx2.AsyncClient

    async def pause(self, seconds: float) -> None:
        """Let the application work."""
        await asyncio.sleep(seconds)

    async def send(self, built: Built) -> httpx2.Response:
        """Send a built request."""
        return await self.client.request(
            built.method, built.target, headers=built.headers, content=built.content or None
        )


@dataclass
class Clock:
    """A clock the test moves."""

    now: float = field(default_factory=lambda: float(int(time.time())))

    def __call__(self) -> datetime:
        """Return the time."""
        return datetime.fromtimestamp(self.now, UTC)


KEYS = {key(name).thumbprint(): ((),) for name in ("client", "rsa", "client_ed25519", "other_client")}
"""The keys of the clients by thumbprint, each usable from anywhere."""
ATTENDANCE = Attendance(people={"person:pat": "staff"})
"""For whom the clients may ask."""


def registered(world_ids: Mapping[str, str], agreement: Mapping[str, str]) -> dict[str, RegisteredClient]:
    """Return the clients every test finds."""
    keys = (
        public("client", kid="k1"),
        public("rsa", kid="r1"),
        public("client_ed25519", kid="e1"),
    )
    covers = frozenset({"students", "attendance"})

    def grant(name: str, *, in_force: bool = True) -> AgreementGrant:
        return AgreementGrant(agreement[name], PURPOSE, covers, in_force, KEYS, name, ATTENDANCE)

    good = RegisteredClient(
        id=world_ids["client"],
        partner="partner:reading-club",
        name="Reading Club",
        active=True,
        jwks=keys,
        agreements=(grant("client"),),
        epoch=EPOCH,
        read_at=datetime(2025, 11, 1, tzinfo=UTC),
    )
    clients = {
        "client": good,
        "other": replace(
            good,
            id=world_ids["other"],
            jwks=(public("other_client", kid="k1"),),
            agreements=(grant("other"), grant("expired", in_force=False)),
        ),
        "suspended": replace(good, id=world_ids["suspended"], active=False),
        "keyless": replace(good, id=world_ids["keyless"], jwks=()),
        "doubled": replace(good, id=world_ids["doubled"], jwks=(keys[0], keys[0])),
        "bare": replace(good, id=world_ids["bare"], agreements=()),
        "over": replace(good, id=world_ids["over"], agreements=(grant("expired", in_force=False),)),
    }
    return {client.id: client for client in clients.values()}


def probe_router() -> APIRouter:
    """Return routes that answer with who is calling, spending the proof as disclosures do."""
    router = APIRouter()

    async def answer(request: Request, caller: Caller) -> dict[str, str]:
        spend = (Once(caller.replay_id, caller.replay_expires_at),)
        now = datetime.now(UTC)
        refusal = encode(Event.REFUSAL, now, {"client": caller.client})
        draft = Draft(encode(Event.DISCLOSURE, now, {"client": caller.client}), once=spend, refusal=refusal)
        await request.scope["state"]["services"].log.append(draft)
        return {"client": caller.client, "agreement": caller.agreement, "behind": caller.behind}

    @router.get("/v1/grant")
    async def probe(request: Request, caller: CallerDep) -> dict[str, str]:
        return await answer(request, caller)

    @router.get("/v1/students")
    async def probe_students(
        request: Request, caller: Annotated[Caller, caller_of("students")], limit: int = 10
    ) -> dict[str, str]:
        del limit
        return await answer(request, caller)

    return router


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Start the application and talk to it without a network."""
    async with app.router.lifespan_context(app) as state:

        async def with_state(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, "state": dict(state or {})}, receive, send)

        transport = httpx2.ASGITransport(with_state, raise_app_exceptions=True)
        async with httpx2.AsyncClient(transport=transport, base_url=ISSUER) as client:
            yield client


@pytest.fixture
def bounds() -> Bounds:
    """Bounds that never get in the way; a test of them replaces this."""
    return Bounds(address_rate=Rate(1e6, 1e6), client_rate=Rate(1e6, 1e6), strangers_seconds=3600)


@pytest.fixture
def make_gateway(bounds: Bounds) -> Callable[..., Any]:
    """Return a maker of running gateways."""

    @asynccontextmanager
    async def make(
        *routers: APIRouter, environment: Mapping[str, str] | None = None, strangers_seconds: float | None = None
    ) -> AsyncIterator[Gateway]:
        names = ("client", "other", "suspended", "keyless", "doubled", "bare", "over", "unknown")
        ids = {name: f"client:{uuid4()}" for name in names}
        agreement = {name: f"sha256:{uuid4().hex * 2}" for name in ("other", "expired", "client")}
        for name in ("suspended", "keyless", "doubled", "unknown"):
            agreement[name] = agreement["client"]
        server = key("server")
        assert isinstance(server, ECKey)
        clock = Clock()
        world = World(ISSUER, lambda: clock.now, ids, agreement, PURPOSE, server)
        services = MemoryServices(MemoryDirectory(registered(ids, agreement)), MemoryLog())
        lines: list[Mapping[str, object]] = []

        @asynccontextmanager
        async def open_services() -> AsyncIterator[MemoryServices]:
            yield services

        settings = read_settings({"PACTGATE_PUBLIC_URL": ISSUER, **(environment or {})})
        app = create_app(
            settings,
            _Keys((TokenKey(server),)),
            open_services,
            [probe_router(), *routers],
            write=lines.append,
            bounds=replace(bounds, strangers_seconds=strangers_seconds or bounds.strangers_seconds),
            clock=clock,
        )
        async with running(app) as client:
            yield Gateway(app, world, Builder(world), services, lines, clock, client)

    return make


@dataclass(frozen=True)
class _Keys:
    token_keys: tuple[TokenKey, ...]


@pytest.fixture
async def gateway(make_gateway: Callable[..., Any]) -> AsyncIterator[Gateway]:
    """A running gateway."""
    async with make_gateway() as made:
        yield made
