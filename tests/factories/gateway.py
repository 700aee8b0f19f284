"""
A whole deployment for tests: real database, real log, real HTTP on a loopback port.

`Deployment` is made once a process: officers, three agreements in force, clients with keys, and the cohort, loaded by a
mapping file; its database is a template. `Gateway` is one test's copy of it: it serves, and talks to itself as a
partner would. Nothing is replaced by a stand-in.
"""

import asyncio
import csv
import datetime as dt
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
from fastapi import APIRouter

from agreements.trust import Officer, Trust
from audit.checkpoint import CheckpointSigner
from audit.entry import parse
from audit.events import Event
from audit.export import export_log
from audit.reading import leaves
from audit.recheck import Rechecked, recheck
from audit.shapes import require_members
from gateway.api.compatible import compatible_router
from gateway.api.routers import partner_routers
from gateway.app import Bounds, create_app
from gateway.caller import Caller
from gateway.kept import KeptCheckpoint
from gateway.keys import GatewayKeys, create_keys
from gateway.oauth.client import PartnerClient, PartnerKeys
from gateway.oauth.rates import Rate
from gateway.records.subjects import SubjectKey
from gateway.server import bind, server_for
from gateway.services.alarms import alarm
from gateway.services.configuration import record_configuration, shipped
from gateway.services.container import Services, open_services
from gateway.services.disclosure import Asked, Disclosed
from gateway.services.inspection import newest_signed
from gateway.services.installation import install
from gateway.services.keysets.renewing import Fetches
from gateway.services.loads import Loads
from gateway.services.office import Office, open_office
from gateway.services.stewardship import Stewardship
from gateway.settings import read_settings
from policies.guardrails import Guardrails
from policies.request import AccessRequest
from tests.factories.agreements import RECEIVED, SPS_A, SPS_B, Keyring, SignedAgreement, client_id
from tests.factories.cohort import DAY, FOLLOW_UP, MENTORING, TUTORING, Rows, export
from tests.factories.confirmed import load_confirmed
from tests.factories.database import TestDatabase, TestServer
from tests.factories.records import NAMES, OFFICERS, mapping_for
from tests.factories.spills import require_nothing_spilled, seed
from tests.factories.unhurried import PATIENCE

BRIGHT_PATH, HARBOR = "bright-path", "harbor-mentors"
NOON = dt.datetime.combine(DAY, dt.time(20), dt.UTC)
"""Noon in the agreements' zone, on the day of the cohort."""
_NO_LIMITS = Bounds(address_rate=Rate(1e6, 1e6), client_rate=Rate(1e6, 1e6), strangers_seconds=3600)
_EVENTS = {event.value: event for event in Event}
_WAITING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = $1"
SHIFT = "UPDATE gateway.installation SET clock_shift = $1 - statement_timestamp()"


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner's one client."""

    client: str
    keys: PartnerKeys = field(repr=False)


@dataclass(frozen=True, slots=True)
class Deployment:
    """What was set up once. `template` is a database that tests copy; keys and trust file are in `home`."""

    server: TestServer
    template: str
    keys: GatewayKeys
    trust: Trust
    ring: Keyring
    agreements: Mapping[str, SignedAgreement]
    partners: Mapping[str, Partner]
    home: Path
    """The folder with the keys and the trust file, for commands on a copy."""

    @property
    def signer(self) -> CheckpointSigner:
        """The log's signer."""
        return CheckpointSigner(self.trust.origin, self.keys.checkpoint)

    def partner_of(self, agreement: str) -> str:
        """Return who an agreement is with."""
        return HARBOR if agreement == MENTORING else BRIGHT_PATH


async def deploy(server: TestServer, name: str, home: Path) -> Deployment:
    """Set everything up in a new database called `name`, as an installation does it."""
    await server.create(name)
    database = TestDatabase(server, name)
    keys, ring = create_keys(home / "keys"), Keyring()
    seed(
        keys.cursor.hex(),
        keys.subject.newest.secret.hex(),
        *(str(each.key.as_dict(private=True)["d"]) for each in keys.token_keys),
    )
    officers = tuple(Officer(person.name, person.key.public) for person in ring.officers)
    urls = database.url("owner"), database.url("loader")
    installed = await install(*urls, home / "trust.json", keys, officers, origin=ring.origin, demo=True)
    ring.log_public_key = installed.trust.log_public_key
    clerk = await database.connection("loader")
    await clerk.execute(SHIFT, RECEIVED)
    agreements = _agreements(ring)
    partners = {each: Partner(client_id(each), PartnerKeys.generate()) for each in (BRIGHT_PATH, HARBOR)}
    deployment = Deployment(server, name, keys, installed.trust, ring, agreements, partners, home)
    server.know(deployment.trust.log_public_key)
    async with open_office(database.url("loader"), installed.trust, alarm) as office:
        # As a gateway does at its first start, so that no test's gateway has anything to record.
        async with office.engine.begin() as connection:
            await record_configuration(connection, shipped())
        await _sign_everything(deployment, office)
        await clerk.execute(SHIFT, NOON)
        await load(office, keys, home, export({each: bundle.agreement.id for each, bundle in agreements.items()}))
    await database.close()
    return deployment


def _agreements(ring: Keyring) -> dict[str, SignedAgreement]:
    tutoring = ring.agreement(SPS_A)
    partner = tutoring.agreement.content["partner"]
    second = {"/partner": partner, "/id": "agreement:sps-b-follow-up"}
    return {TUTORING: tutoring, MENTORING: ring.agreement(SPS_B), FOLLOW_UP: ring.agreement(SPS_B, changes=second)}


async def _sign_everything(deployment: Deployment, office: Office) -> None:
    for document in deployment.ring.signer_documents:
        await office.admissions.introduce_signer(document)
    for name, bundle in deployment.agreements.items():
        await bring_into_force(office, deployment.ring, bundle, deployment.partners[deployment.partner_of(name)], name)


async def bring_into_force(
    office: Office, ring: Keyring, bundle: SignedAgreement, partner: Partner, name: str = "nightly"
) -> None:
    """Activate an agreement, with a client of the partner and the person who answers for it."""
    await office.onboarding.activate(bundle.envelope, [bundle.approval])
    people = ring.people(bundle)
    await office.admissions.name_people(people.envelope, [people.approval])
    jwks: Any = partner.keys.jwks()["keys"]
    bound = ring.binding(bundle, partner.client, jwks)
    await office.admissions.register_client(bound.envelope, [bound.approval], name)
    await office.admissions.accept_undertaking(ring.undertaking(bundle))


async def load(
    office: Office,
    keys: GatewayKeys,
    folder: Path,
    content: Mapping[str, Rows],
    *,
    confirm: bool = False,
    refused: int = 0,
) -> None:
    """
    Write an export to `folder` and load it by mapping file; so many rows are refused, and the rest goes in.

    With `confirm` two officers let the load through if it is held.
    """
    for target, rows in content.items():
        with (folder / f"{target}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(NAMES[target].split(","))
            writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    loads = Loads(office.engine, SubjectKey(keys.subject), office.desk.scopes)
    mapping = mapping_for(*content)
    if confirm:
        report = await load_confirmed(loads, office.desk, OFFICERS, mapping, folder)
    else:
        report = await loads.load(mapping, folder)
    assert len(report.refused) == refused, report.refused


class Gateway:
    """One test's gateway. `lines` is what it logged, `answers` whatever was answered through this object."""

    def __init__(self, deployment: Deployment, database: TestDatabase, home: Path) -> None:
        self.deployment = deployment
        self.database = database
        self.home = home
        self.lines: list[Mapping[str, object]] = []
        self.answers: list[httpx2.Response] = []
        self.url = ""
        self._open = AsyncExitStack()
        self._offices: dict[bool, Office] = {}
        self._auditing: asyncpg.Pool | None = None
        self._tokens: dict[str, str] = {}
        self._clients: dict[str, PartnerClient] = {}

    @property
    def kept(self) -> KeptCheckpoint:
        """Where this gateway keeps the newest checkpoint."""
        return KeptCheckpoint(self.home / "checkpoint", self.deployment.signer.verifier)

    async def serve(
        self,
        *,
        readers: int = 4,
        guardrails: Guardrails | None = None,
        witnesses_every: float | None = None,
        fetcher: Fetches | None = None,
        terminators: str = "",
        compatibility: bool = False,
        public_url: str | None = None,
        more: Callable[[str], Awaitable[Sequence[APIRouter]]] | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        """
        Serve on a free port until the test ends. Called again, it serves anew, as after a restart.

        With `compatibility`, programs without keys are served, and this machine is believed to stand in front.
        `public_url` is by what partners know it, where it is one of several replicas; else its own address.
        `more` makes further routers, given the address of the gateway; `host` is what this machine is called in it.
        """
        self.services: Services = await self._open.enter_async_context(
            open_services(
                self.database.url("app"),
                self.deployment.keys,
                self.deployment.trust,
                readers=readers,
                public_url="http://127.0.0.1",
                guardrails=guardrails,
                kept=self.kept,
                witnesses_every=witnesses_every,
                compare_every=3600,  # a test says itself when facts are compared
                upkeep_every=3600,  # and when it is tidied up
                fetcher=fetcher,
                compatibility=compatibility,
            )
        )
        listening = self._open.enter_context(bind("127.0.0.1", 0))
        self.url = f"http://{host}:{listening.getsockname()[1]}"
        public = public_url or self.url
        chosen = {"PACTGATE_PUBLIC_URL": public, "PACTGATE_CLIENT_RATE": "10000", "PACTGATE_TERMINATORS": terminators}
        if compatibility:
            chosen |= {"PACTGATE_COMPATIBILITY": "on", "PACTGATE_TERMINATORS": "127.0.0.1"}
        settings = read_settings(chosen)
        routers = [*partner_routers(self.deployment.keys.cursor), *(await more(self.url) if more else ())]
        app = create_app(
            settings,
            self.deployment.keys,
            lambda: nullcontext(self.services),
            routers,
            compatible=[compatible_router(self.deployment.keys.cursor)],
            write=self.lines.append,
            bounds=_NO_LIMITS,
        )
        self.app = app
        server = server_for(app)
        serving = asyncio.create_task(server.serve(sockets=[listening]))

        async def stop() -> None:
            server.should_exit = True
            await serving

        self._open.push_async_callback(stop)
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for this
            await asyncio.sleep(0.005)
        self.http = await self._open.enter_async_context(httpx2.AsyncClient(base_url=self.url, timeout=PATIENCE))
        self._tokens, self._clients = {}, {}

    async def office(self, *, remembers: bool = False, anew: bool = False) -> Office:
        """Return the district's office of this database: the same one until something is closed, or one opened anew."""
        if anew or remembers not in self._offices:
            url = self.database.url("loader")
            self._offices[remembers] = await self._open.enter_async_context(
                open_office(url, self.deployment.trust, alarm, self.kept, remembers=remembers)
            )
        return self._offices[remembers]

    async def auditor(self) -> asyncpg.Pool:
        """Return connections that may read the log."""
        if self._auditing is None:
            self._auditing = await self.database.pool("auditor", size=1)
        return self._auditing

    async def steward(self) -> Stewardship:
        """Return a steward at work."""
        return Stewardship(await self.office())

    async def at(self, moment: dt.datetime) -> None:
        """Shift the demo's clock."""
        clerk = await self.database.connection("loader")
        await clerk.execute(SHIFT, moment)

    def digest(self, agreement: str) -> str:
        """Return the digest of an agreement by its name here."""
        return self.deployment.agreements[agreement].digest

    def line(self, agreement: str) -> str:
        """Return the line of an agreement by its name here."""
        return self.deployment.agreements[agreement].agreement.id

    def client(self, agreement: str) -> PartnerClient:
        """Return the reference client of the partner whom this agreement is with."""
        name = self.deployment.partner_of(agreement)
        if name not in self._clients:
            partner = self.deployment.partners[name]
            made = PartnerClient(self.url, partner.client, partner.keys)
            self._clients[name] = self._open.enter_context(made)
        return self._clients[name]

    async def token(self, agreement: str, **details: object) -> str:
        """Return a new token for an agreement."""
        purpose = self.deployment.agreements[agreement].agreement.purpose.code
        wanted = {"agreement": self.digest(agreement), "purpose": purpose, **details}
        answer = await asyncio.to_thread(self.client(agreement).token, wanted)
        return str(answer["access_token"])

    async def get(self, agreement: str, path: str, *, token: str | None = None) -> httpx2.Response:
        """Ask as the reference client does, with one token an agreement."""
        if token is None and agreement not in self._tokens:
            self._tokens[agreement] = await self.token(agreement)
        return self._kept(await asyncio.to_thread(self.client(agreement).get, path, token or self._tokens[agreement]))

    async def send(self, agreement: str, method: str, path: str, **more: Any) -> httpx2.Response:
        """Send any request with a fresh proof; `headers` replace those of a good request."""
        if agreement not in self._tokens:
            self._tokens[agreement] = await self.token(agreement)
        headers = {**self.headers(agreement, method, path), **more.pop("headers", {})}
        return self._kept(await self.http.request(method, path, headers=headers, **more))

    def forget_tokens(self) -> None:
        """Get new tokens from now on: one is good for minutes of real time, whatever the demo's clock shows."""
        self._tokens.clear()

    def headers(self, agreement: str, method: str, path: str) -> dict[str, str]:
        """Return what a request proves itself with; the token must have been fetched."""
        token = self._tokens[agreement]
        proof = self.client(agreement).proof(method, f"{self.url}{path}", token)
        return {"authorization": f"DPoP {token}", "dpop": proof}

    def _kept(self, answer: httpx2.Response) -> httpx2.Response:
        self.answers.append(answer)
        return answer

    async def ask(
        self,
        agreement: str,
        *,
        services: Services | None = None,
        elements: Sequence[str] = ("first_name",),
        token_epoch: int = -1,
        **about: Any,
    ) -> Disclosed:
        """Ask the service itself, as a caller whose token was verified, with a proof of its own."""
        signed = self.deployment.agreements[agreement].agreement
        client = self.deployment.partners[self.deployment.partner_of(agreement)].client
        caller = Caller(
            client=client,
            key=self.deployment.partners[self.deployment.partner_of(agreement)].keys.client.thumbprint(),
            address=None,
            agreement=signed.digest,
            purpose=signed.purpose.code,
            token_id="token",
            behind="automated",
            proof_digest="sha256:" + "0" * 64,
            replay_id=secrets.token_bytes(32),
            replay_expires_at=NOON + dt.timedelta(days=30_000),
            token_epoch=token_epoch,
        )
        request = AccessRequest(client, signed.digest, signed.purpose.code, "students", tuple(elements))
        asked = Asked(request, "request", "query", about.pop("limit", 1), **about)
        return await (services or self.services).disclosures.disclose(caller, asked)

    async def rows(self, agreement: str, path: str = "/v1/students", **query: object) -> list[dict[str, Any]]:
        """Follow the pages to the end."""
        rows: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            asked = {**query, **({} if cursor is None else {"cursor": cursor})}
            answer = await self.get(agreement, f"{path}?{httpx2.QueryParams({k: str(v) for k, v in asked.items()})}")
            assert answer.status_code == 200, answer.text
            rows += answer.json()["data"]
            cursor = answer.json()["next"]
            if cursor is None:
                return rows

    async def entries(self, start: int = 0) -> list[dict[str, Any]]:
        """Read the log back, from entry `start` on."""
        auditor = await self.auditor()
        size = await auditor.fetchval("SELECT size FROM audit.head")
        read = [parse(leaf) async for leaf in leaves(auditor, start, size)]
        return [{"event": entry.event, **entry.body} for entry in read]

    async def size(self) -> int:
        """Return how many entries the log has."""
        auditor = await self.auditor()
        return int(await auditor.fetchval("SELECT size FROM audit.head"))

    async def signed(self) -> None:
        """Wait until a signed checkpoint covers every entry there is: it is signed after the answer left."""
        session, size = await self.database.connection("auditor"), await self.size()
        async with asyncio.timeout(PATIENCE):
            while True:
                if (await newest_signed(session, self.deployment.signer.verifier)).size >= size:
                    return
                await asyncio.sleep(0.002)

    async def blocked(self, event: str = "transactionid") -> int:
        """Wait until some backend waits for a lock, by default that of the log's head; return its pid."""
        admin = await self.database.connection("admin")
        async with asyncio.timeout(PATIENCE):
            while True:
                pid = await admin.fetchval(_WAITING, event)
                if pid is not None:
                    return int(pid)
                await asyncio.sleep(0.002)

    async def verify(self) -> Rechecked:
        """Recompute the whole log, and see that every entry says what its event says."""
        auditor = await self.auditor()
        async for written in leaves(auditor, 0, await self.size()):
            require_nothing_spilled(written.decode(), "a leaf")
            entry = parse(written)
            require_members(_EVENTS[entry.event], entry.body)
        return await recheck(await self.auditor(), self.deployment.signer.verifier)

    async def export(self, folder: Path) -> None:
        """Write the whole log as an auditor receives it."""
        await export_log(await self.database.pool("app", size=1), self.deployment.signer, folder)

    async def close(self) -> None:
        """Stop whatever runs."""
        self._offices.clear()
        await self._open.aclose()


def names(rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the first names in `rows`: in the cohort each belongs to one student."""
    return {row["first_name"] for row in rows}
