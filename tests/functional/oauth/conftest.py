"""The gateway behind a real server on a loopback port, on a real log; registrations are given rather than onboarded."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import APIRouter, Request, Response
from joserfc.jwk import ECKey

from agreements.attending import Attendance
from audit.draft import Draft, Once
from audit.entry import encode, parse
from audit.events import Event
from audit.log import Log, append_change
from audit.reading import leaves
from audit.recheck import recheck
from gateway.app import Bounds, create_app
from gateway.caller import Caller
from gateway.oauth.callers import PUBLIC, CallerDep, caller_of
from gateway.oauth.rates import Rate
from gateway.registration import AgreementGrant, RegisteredClient
from gateway.server import bind, server_for
from gateway.settings import read_settings
from gateway.token_keys import TokenKey
from tests.factories.database import TestDatabase
from tests.factories.log import numbered_leaf, signer_of
from tests.factories.oauth import Builder, World, key, public
from tests.factories.oauth import Request as Built

NO_LIMITS = Bounds(address_rate=Rate(1e6, 1e6), client_rate=Rate(1e6, 1e6), strangers_seconds=3600)
NAMES = ("client", "other", "suspended", "keyless", "doubled", "bare", "over", "unknown")
PURPOSE = "tutoring"


@dataclass(frozen=True)
class Registrations:
    """A directory whose clients were registered beforehand."""

    clients: Mapping[str, RegisteredClient]

    async def load(self, client_id: str, _key_id: str | None = None, /) -> RegisteredClient | None:
        """Return the client."""
        return self.clients.get(client_id)


@dataclass(frozen=True)
class Open:
    """The services of one replica."""

    clients: Registrations
    log: Log


@dataclass(frozen=True)
class _Keys:
    token_keys: tuple[TokenKey, ...]


@dataclass
class Replica:
    """A server that runs, and how to talk to it."""

    port: int
    log: Log
    lines: list[Mapping[str, object]]
    client: httpx2.AsyncClient

    async def send(self, built: Built) -> httpx2.Response:
        """Send a built request."""
        return await self.client.request(
            built.method, built.target, headers=built.headers, content=built.content or None
        )


@dataclass
class Site:
    """A district's gateway: one public address, one log, any number of replicas."""

    world: World
    build: Builder
    database: TestDatabase
    start: Callable[[], Awaitable[Replica]]
    replicas: list[Replica] = field(default_factory=list)

    async def entries(self) -> list[Mapping[str, Any]]:
        """Read the whole log back."""
        pool = await self.database.pool("auditor")
        size = await pool.fetchval("SELECT size FROM audit.head")
        read = [parse(leaf) async for leaf in leaves(pool, 0, size)]
        return [{"event": entry.event, **entry.body} for entry in read]


KEYS = {key(name).thumbprint(): ((),) for name in ("client", "rsa", "client_ed25519", "other_client")}
"""The keys of the clients by thumbprint, each usable from anywhere."""


def _clients(ids: Mapping[str, str], agreement: Mapping[str, str]) -> dict[str, RegisteredClient]:
    def grant(name: str, *, in_force: bool = True) -> AgreementGrant:
        return AgreementGrant(
            agreement[name],
            PURPOSE,
            frozenset({"students", "attendance"}),
            in_force,
            KEYS,
            name,
            Attendance(people={"person:pat": "staff"}),
        )

    keys = (public("client", kid="k1"), public("rsa", kid="r1"), public("client_ed25519", kid="e1"))
    good = RegisteredClient(
        id=ids["client"],
        partner="partner:reading-club",
        name="Reading Club",
        active=True,
        jwks=keys,
        agreements=(grant("client"),),
        epoch=0,
        read_at=datetime(2025, 11, 1, tzinfo=UTC),
    )
    clients = (
        good,
        replace(
            good,
            id=ids["other"],
            jwks=(public("other_client", kid="k1"),),
            agreements=(grant("other"), grant("expired", in_force=False)),
        ),
        replace(good, id=ids["suspended"], active=False),
        replace(good, id=ids["keyless"], jwks=()),
        replace(good, id=ids["doubled"], jwks=(keys[0], keys[0])),
        replace(good, id=ids["bare"], agreements=()),
        replace(good, id=ids["over"], agreements=(grant("expired", in_force=False),)),
    )
    return {client.id: client for client in clients}


def _probes() -> APIRouter:
    router = APIRouter()

    async def answer(request: Request, caller: Caller) -> dict[str, str]:
        now = datetime.now(UTC)
        draft = Draft(
            encode(Event.DISCLOSURE, now, {"client": caller.client}),
            once=(Once(caller.replay_id, caller.replay_expires_at),),
            refusal=encode(Event.REFUSAL, now, {"client": caller.client, "code": "replayed"}),
        )
        await request.scope["state"]["services"].log.append(draft)
        return {"client": caller.client, "behind": caller.behind}

    @router.get("/v1/grant")
    async def probe(request: Request, caller: CallerDep) -> dict[str, str]:
        return await answer(request, caller)

    @router.get("/v1/slow", dependencies=[PUBLIC])
    async def probe_slow() -> None:
        await asyncio.sleep(0.3)

    @router.get("/v1/much", dependencies=[PUBLIC])
    async def probe_much() -> Response:
        return Response(bytes(16_000_000))

    @router.get("/v1/students/{code}")
    async def probe_one(
        request: Request, code: str, caller: Annotated[Caller, caller_of("students")]
    ) -> dict[str, str]:
        return {**await answer(request, caller), "code": code}

    return router


@pytest.fixture
async def site(database: TestDatabase) -> AsyncIterator[Site]:
    """A log with entry 0; nothing serves yet."""
    async with (await database.engine("loader")).begin() as connection:
        await append_change(connection, numbered_leaf(0, Event.LOG_OPENED))
    signer, server = signer_of(), key("server")
    assert isinstance(server, ECKey)
    ids = {name: f"client:{uuid4()}" for name in NAMES}
    agreement = {name: f"sha256:{uuid4().hex * 2}" for name in ("other", "expired", "client")}
    agreement |= dict.fromkeys(("suspended", "keyless", "doubled", "unknown"), agreement["client"])
    clients = Registrations(_clients(ids, agreement))
    with bind("127.0.0.1", 0) as first:
        issuer = f"http://127.0.0.1:{first.getsockname()[1]}"
        sockets = [first]
        world = World(issuer, lambda: datetime.now(UTC).timestamp(), ids, agreement, PURPOSE, server)
        async with AsyncExitStack() as running:

            async def start() -> Replica:
                listening = sockets.pop() if sockets else bind("127.0.0.1", 0)
                log = Log(await database.pool("app", size=2), signer)
                lines: list[Mapping[str, object]] = []

                @asynccontextmanager
                async def open_services() -> AsyncIterator[Open]:
                    await log.start()
                    yield Open(clients, log)
                    await log.stop()

                settings = read_settings({"PACTGATE_PUBLIC_URL": issuer})
                app = create_app(
                    settings,
                    _Keys((TokenKey(server),)),
                    open_services,
                    [_probes()],
                    write=lines.append,
                    bounds=NO_LIMITS,
                )
                serving = server_for(app)
                task = asyncio.create_task(serving.serve(sockets=[listening]))
                while not serving.started:  # noqa: ASYNC110  uvicorn has no event for this
                    await asyncio.sleep(0.01)
                port = listening.getsockname()[1]
                client = await running.enter_async_context(
                    httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20)
                )

                async def stop() -> None:
                    serving.should_exit = True
                    await task

                running.push_async_callback(stop)
                return Replica(port, log, lines, client)

            yield Site(world, Builder(world), database, start)
        await recheck(await database.pool("auditor"), signer.verifier)
