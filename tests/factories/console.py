"""A gateway with its console, and the staff who may be picked at its sign-in: one person for each role."""

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import httpx2
from fastapi import APIRouter

from agreements.roles import Role
from gateway.console.desk import ConsoleDesk
from gateway.console.routes import console_routers
from gateway.console.sections import first_page
from gateway.services.inbox.keeping import flush
from gateway.services.inbox.office import Inbox
from gateway.services.inbox.pending import Pending
from gateway.services.incidents.incidents import Incidents
from gateway.services.incidents.lines import Concerns
from gateway.services.office import Office
from gateway.services.standing.identity import DEVELOPMENT, Identity, Person, Realm
from gateway.settings import read_settings
from gateway.signin.development import development_for
from gateway.signin.routes import development_routers
from tests.factories.cohort import TUTORING
from tests.factories.gateway import Gateway
from tests.factories.rosters import hand_in, line
from tests.factories.staff import Browser
from tests.factories.staffing import StaffRoom

HOUR: Final = dt.timedelta(hours=1)
ROLES: Final = (Role.OFFICER, Role.ADMINISTRATOR, Role.STEWARD, Role.AUDITOR)


@dataclass
class Console:
    """
    A gateway that shows its console.

    `people` are those who can be picked, by role; `load` is the entry of a load,
    `incident` that of the newest incident.
    """

    gateway: Gateway
    http: httpx2.AsyncClient
    people: dict[Role, Person]
    load: int
    office: Office
    incident: int = 0
    roster: int | None = None

    async def as_a(self, role: Role) -> Browser:
        """Return a browser in which somebody with this role is signed in."""
        browser = Browser(self.http, self.gateway.url)
        form = {"subject": role.value, "next": "/console"}
        answer = await browser.post("/console/development/sign-in", form)
        assert answer.status_code == 303, answer.text
        return browser

    async def raise_alarm(self, code: str, **facts: str) -> int:
        """Have an alarm on file; return the number of its case."""
        pending = Pending()
        pending.take(code, facts)
        await flush(self.office.engine, pending)
        # The gateway's own alarms come in between.
        return next(each.number for each in await Inbox(self.office.desk).lines() if each.code == code)

    async def open_incident(self, **concerns: str) -> int:
        """Have an incident of the last hour on file, at Bright Path unless said otherwise; return its number."""
        office = self.office
        now = (await office.desk.registry())[0].now
        window = Concerns(now - HOUR, now + HOUR, **(concerns or {"partner": "partner:bright-path"}))
        self.incident = await Incidents(office).open("A laptop was stolen.", now, window, None)
        return self.incident

    async def entries(self, start: int, event: str) -> list[dict[str, object]]:
        """Return the entries of an event from `start` on."""
        return [each for each in await self.gateway.entries(start) if each["event"] == event]


async def handed_in(console: Console) -> int:
    """Return the number of a roster that a partner handed in, the same each time: one line is matched, one waits."""
    if console.roster is None:
        stranger = {"given_name": "Nobody", "family_name": "Anywhere", "birth_date": "2012-01-01"}
        console.roster = await hand_in(console.gateway, TUTORING, line("calixte"), stranger, covers="additions")
    return console.roster


@asynccontextmanager
async def console_of(gateway: Gateway, host: str = "127.0.0.1") -> AsyncIterator[Console]:
    """
    Serve the gateway with its console, and bring in somebody for each role of the district's.

    `host` is what this machine is called in its address.
    """
    office = await gateway.office(remembers=True)

    async def more(url: str) -> Sequence[APIRouter]:
        chosen = read_settings({"PACTGATE_PUBLIC_URL": url, "PACTGATE_DEVELOPMENT_SIGN_IN": "on"})
        development = await development_for(chosen, gateway.services.database.pool)
        desk = ConsoleDesk(office, gateway.deployment.keys.subject)
        return (*development_routers(development, first=first_page), *console_routers(desk))

    await gateway.serve(more=more, host=host)
    room, people = StaffRoom(gateway), {}
    for role in ROLES:
        person = people[role] = await room.come_in(Identity(Realm.DISTRICT, DEVELOPMENT, role.value))
        await room.give(person, role, officer_key=room.officers[0].thumbprint if role is Role.OFFICER else None)
    async with httpx2.AsyncClient(timeout=20) as http:
        entries = enumerate(await gateway.entries(0))
        load = next(index for index, each in entries if each["event"] == "records.loaded")
        yield Console(gateway, http, people, load, await gateway.office())
