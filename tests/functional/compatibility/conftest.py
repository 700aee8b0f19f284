"""A deployment with a program that knows only a secret: its agreement, its binding, two secrets and its students."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gateway.services.alarms import alarm
from gateway.services.office import open_office
from policies.guardrails import Guardrails
from tests.factories.agreements import RECEIVED, SPS_B, SignedAgreement, client_id
from tests.factories.cohort import STUDENTS
from tests.factories.database import TestDatabase
from tests.factories.gateway import NOON, SHIFT, Deployment, Gateway, load
from tests.factories.lenient import INSIDE, NETWORK, allowing

OUTSIDE = "203.0.113.99"
PROGRAM, OTHER = client_id("a gradebook that knows only a secret"), client_id("another one")
LINE = "agreement:sps-b-gradebook"
CLAUSE = {"bearer": True, "because": "The gradebook cannot bind its tokens to a key.", "last_day": "2027-05-31"}
_numbers = count(1)


@dataclass(frozen=True)
class Compatible:
    """What was set up: a deployment whose template has the program in it; its secrets by their entries."""

    deployment: Deployment
    agreement: SignedAgreement
    secrets: dict[int, str] = field(repr=False)
    other: str = field(repr=False)

    @property
    def secret(self) -> str:
        """The older of the two secrets."""
        return self.secrets[min(self.secrets)]


@dataclass
class Tool:
    """A program as a partner has one, against a gateway that serves."""

    gateway: Gateway
    made: Compatible

    async def serve(self, guardrails: Guardrails | None = None, *, on: bool = True) -> None:
        """Serve, by default with everything switched on."""
        await self.gateway.serve(guardrails=guardrails or allowing(), compatibility=on)

    async def post(
        self, form: dict[str, str] | None = None, *, address: str | None = INSIDE, query: str = "", **more: Any
    ) -> httpx2.Response:
        """Ask for a token with a form (by default id and secret), from an address."""
        good = {"grant_type": "client_credentials", "client_id": PROGRAM, "client_secret": self.made.secret}
        headers = {**more.pop("headers", {}), **({} if address is None else {"x-forwarded-for": address})}
        url = f"/compat/oauth/token{query}"
        return await self.gateway.http.post(url, data=good if form is None else form, headers=headers, **more)

    async def token(self, **more: Any) -> str:
        """Return a token."""
        answer = await self.post(**more)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def get(
        self, path: str, token: str | None, *, address: str | None = INSIDE, scheme: str = "Bearer", **headers: str
    ) -> httpx2.Response:
        """Ask the compatibility API."""
        sent = {**headers, **({} if token is None else {"authorization": f"{scheme} {token}"})}
        sent |= {} if address is None else {"x-forwarded-for": address}
        return await self.gateway.http.get(path, headers=sent)

    async def last(self) -> dict[str, Any]:
        """Return the newest entry of the log."""
        return (await self.gateway.entries(await self.gateway.size() - 1))[0]


async def _make(deployment: Deployment, home: Path) -> Compatible:
    database = TestDatabase(deployment.server, "pactgate_compatible")
    await deployment.server.create(database.name, template=deployment.template)
    ring = deployment.ring
    made = ring.agreement(SPS_B, changes={"/id": LINE, "/compatibility": CLAUSE})
    clerk = await database.connection("loader")
    await clerk.execute(SHIFT, RECEIVED)  # before the tests' clock, however long the copied database has been there
    async with open_office(database.url("loader"), deployment.trust, alarm) as office:
        await office.onboarding.activate(made.envelope, [made.approval])
        people = ring.people(made)
        await office.admissions.name_people(people.envelope, [people.approval])
        for client in (PROGRAM, OTHER):
            bound = ring.binding(made, client, [], compatibility=True, allowed_addresses=(NETWORK,))
            await office.admissions.register_client(bound.envelope, [bound.approval], "gradebook")
        await office.admissions.accept_undertaking(ring.undertaking(made))
        await clerk.execute(SHIFT, NOON)
        rosters = [(LINE, each.number, "2026-09-01", None) for each in STUDENTS.values()]
        await load(office, deployment.keys, home, {"rosters": rosters}, confirm=True)
        secrets = [await office.secrets.issue(PROGRAM, 365) for _ in range(2)]
        other = await office.secrets.issue(OTHER, 365)
    await database.close()
    copied = replace(deployment, template=database.name)
    return Compatible(copied, made, {each.entry: each.text for each in secrets}, other.text)


@pytest.fixture(scope="session")
def compatible(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Compatible:
    """Set up once and copied by every test that wants it."""
    return asyncio.run(_make(deployment, tmp_path_factory.mktemp("compatible")))


@pytest.fixture
async def tool(compatible: Compatible, tmp_path: Path) -> AsyncIterator[Tool]:
    """A copy that does not serve yet; whatever the test does, its log is whole at the end."""
    server = compatible.deployment.server
    database = TestDatabase(server=server, name=f"compatible_{next(_numbers)}")
    await server.create(database.name, template=compatible.deployment.template)
    opened = Gateway(compatible.deployment, database, tmp_path)
    try:
        await opened.at(NOON)
        yield Tool(opened, compatible)
        await opened.close()
        await opened.verify()
    finally:
        await opened.close()
        await database.close()
        await server.drop(database.name)
