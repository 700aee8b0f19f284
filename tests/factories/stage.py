"""
Two replicas of one gateway, whoever asks them, and every route at which they may be asked.

Whoever asks is one of three: a client with keys, the same client on a person's behalf, a program that knows only a
secret. A route is asked by those whom it lets in. The list of routes is the application's: one that comes later is
asked as a page of a dataset, and has to answer as one.
"""

import datetime as dt
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx2

from gateway.http import ROSTERS_PATH
from gateway.oauth.assertion import ASSERTION_TYPE
from gateway.oauth.callers import declarations
from gateway.oauth.client import PartnerClient
from gateway.oauth.compatibility.issuer import PREFIX
from gateway.services.compatibility.secrets import Issued
from gateway.services.office import Office
from tests.factories.database import TestDatabase
from tests.factories.gateway import BRIGHT_PATH, HARBOR, Gateway, load
from tests.factories.held_up import HeldUp
from tests.factories.lenient import INSIDE, allowing
from tests.factories.stoppable import LEFT, MAIN, PAT, PROGRAM, Stoppable

ZONE: Final = ZoneInfo("America/Los_Angeles")
_CHANGES: Final = "/v1/changes/"
_numbers = count(1)
_BEHIND: Final = {"person": PAT, "role": "staff"}


def after(day: dt.date) -> dt.datetime:
    """Return the first instant that is no longer this day, where the agreements are at home."""
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), ZONE)


class Who(StrEnum):
    """Who asks."""

    KEYED = "a client with keys"
    ATTENDED = "a person behind a call"
    PROGRAM = "a program with a secret"


class Shape(StrEnum):
    """What a route answers with."""

    PAGES = "pages of rows"
    ONE = "one student"
    OWN = "what is the partner's own"


@dataclass(frozen=True)
class Route:
    """A guarded route."""

    path: str
    shape: Shape

    @property
    def asked_by(self) -> tuple[Who, ...]:
        """Who is let in here."""
        return (Who.PROGRAM,) if self.path.startswith(PREFIX) else (Who.KEYED, Who.ATTENDED)

    @property
    def follows(self) -> bool:
        """Whether its pages tell changes."""
        return self.path.removeprefix(PREFIX).startswith(_CHANGES)

    @property
    def going_on(self) -> str:
        """The parameter that takes the cursor."""
        return "since" if self.follows else "cursor"


PUBLIC: Final = frozenset({"/healthz", "/openapi.json", "/register"})
"""Routes that ask nobody and hold nothing of a student; so do those below `/.well-known/`."""
PROVING: Final = frozenset({"/oauth/token", "/oauth/introspect", "/oauth/revoke", f"{PREFIX}/oauth/token"})
"""Routes at which a client proves who it is: asked by `Stage.proving`."""
_SHAPES: Final = {
    "/students/{code}": Shape.ONE,
    "/grant": Shape.OWN,
    "/receipts/{entry}": Shape.OWN,
    "/rosters": Shape.OWN,
    "/rosters/{roster}": Shape.OWN,
}
_ROSTER: Final = b'{"lines":[{"given_name":"A","family_name":"B","birth_date":"2012-01-01"}]}'


def routes_of(gateway: Gateway) -> tuple[Route, ...]:
    """Return every guarded route of the application. A part of a path that nobody can fill in fails."""
    found = []
    for path, _ in declarations(gateway.app):
        if path in PROVING or path.startswith(("/.well-known/", *PUBLIC)):
            continue
        shape = _SHAPES.get(path.removeprefix(PREFIX).removeprefix("/v1"), Shape.PAGES)
        assert shape is not Shape.PAGES or "{" not in path, f"tests/factories/stage.py does not know how to ask {path}"
        found.append(Route(path, shape))
    return tuple(found)


@dataclass
class Stage:
    """Two replicas and the tokens of everybody."""

    made: Stoppable
    replicas: tuple[Gateway, Gateway]
    office: Office
    files: dict[str, Any]
    clients: Mapping[str, PartnerClient]
    slow: HeldUp
    secret: Issued
    routes: tuple[Route, ...] = ()
    tokens: dict[tuple[Who, str], str] = field(default_factory=dict)
    receipts: dict[Who, str] = field(default_factory=dict)
    roster: str = ""
    """A roster of the client with keys under the main agreement."""

    @property
    def gateway(self) -> Gateway:
        """The first replica."""
        return self.replicas[0]

    def digest(self, name: str = MAIN) -> str:
        """Return the digest of an agreement."""
        return self.made.agreements[name].digest

    def line(self, name: str = MAIN) -> str:
        """Return the line of an agreement."""
        return self.made.agreements[name].agreement.id

    async def load(self, *targets: str, refused: int = 0) -> None:
        """Load what the district's systems now export."""
        gateway = self.gateway
        chosen = {target: self.files[target] for target in targets}
        await load(self.office, gateway.deployment.keys, gateway.home, chosen, confirm=True, refused=refused)

    async def get(
        self, who: Who, path: str, *, replica: int = 0, agreement: str = MAIN, token: str | None = None
    ) -> httpx2.Response:
        """Ask a replica (hand in a roster, where one is taken), by the address that partners know."""
        token = token or self.tokens[who, agreement]
        if who is Who.PROGRAM:
            headers = {"authorization": f"Bearer {token}", "x-forwarded-for": INSIDE}
        else:
            way = "POST" if path == ROSTERS_PATH else "GET"
            proof = self.clients[agreement].proof(way, f"{self.gateway.url}{path}", token)
            headers = {"authorization": f"DPoP {token}", "dpop": proof}
            if way == "POST":
                headers["content-type"] = "application/json"
                handed = {"params": {"covers": "whole"}, "content": _ROSTER}
                return await self.replicas[replica].http.post(path, headers=headers, **handed)  # type: ignore[arg-type] # each of its own kind
        return await self.replicas[replica].http.get(path, headers=headers)

    async def proving(self, path: str, *, agreement: str = MAIN, replica: int = 0, **form: str) -> httpx2.Response:
        """Ask a route at which the client proves itself."""
        http = self.replicas[replica].http
        if path.startswith(PREFIX):
            given = {"client_id": PROGRAM, "client_secret": self.secret.text, **form}
            return await http.post(path, data=given, headers={"x-forwarded-for": INSIDE})
        client = self.clients[agreement]
        proved = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": client.assertion()}
        headers = {"dpop": client.proof("POST", f"{self.gateway.url}{path}")}
        return await http.post(path, data={**form, **proved}, headers=headers)

    async def asked_for_token(self, who: Who, agreement: str = MAIN, *, replica: int = 0) -> httpx2.Response:
        """Ask for a token."""
        if who is Who.PROGRAM:
            return await self.proving(f"{PREFIX}/oauth/token", replica=replica, grant_type="client_credentials")
        purpose = self.made.agreements[agreement].agreement.purpose.code
        wanted = {"type": "student_data", "agreement": self.digest(agreement), "purpose": purpose}
        if who is Who.ATTENDED:
            wanted["on_behalf_of"] = _BEHIND  # type: ignore[assignment] # the one member that is no text
        details = json.dumps([wanted])
        return await self.proving(
            "/oauth/token",
            agreement=agreement,
            replica=replica,
            grant_type="client_credentials",
            authorization_details=details,
        )

    async def fetch_token(self, who: Who, agreement: str = MAIN) -> None:
        """Get a token and use it from now on."""
        answer = await self.asked_for_token(who, agreement)
        assert answer.status_code == 200, answer.text
        self.tokens[who, agreement] = answer.json()["access_token"]


@asynccontextmanager
async def staged(made: Stoppable, home: Path) -> AsyncIterator[Stage]:
    """Open two replicas on a copy of the database; whatever the test does, its log is whole at the end."""
    deployment, name = made.deployment, f"staged_{next(_numbers)}"
    database = TestDatabase(deployment.server, name)
    await deployment.server.create(name, template=deployment.template)
    first, second = Gateway(deployment, database, home / "first"), Gateway(deployment, database, home / "second")
    try:
        for each in (first, second):
            each.home.mkdir()
            known = first.url or None
            await each.serve(readers=6, guardrails=allowing(), compatibility=True, public_url=known)
        slow = HeldUp(first.services.log)
        first.services.disclosures._log = slow  # type: ignore[assignment] # the log itself, later
        partners = {agreement: HARBOR if agreement == LEFT else BRIGHT_PATH for agreement in made.agreements}
        clients = {
            agreement: PartnerClient(first.url, deployment.partners[partner].client, deployment.partners[partner].keys)
            for agreement, partner in partners.items()
        }
        office = await first.office()
        yield Stage(made, (first, second), office, dict(made.files), clients, slow, made.secret, routes_of(first))
        await second.close()
        await first.close()
        await first.verify()
    finally:
        await second.close()
        await first.close()
        await database.close()
        await deployment.server.drop(name)
