"""
A small district under three agreements, a gateway that lives through all that is done to it, and a fresh one at will.

    made = await deploy_small(server, "small", home)             # once: three agreements, two clients, eight students
    world = await World.open(made, "a_copy", home)               # a copy of it, served by a gateway that stays
    await world.withdraw("tutoring", world.model.pupils[0])      # what is done goes to database and model alike
    await world.compare()                                        # long-lived = fresh = model, for every request
"""

import asyncio
import csv
import datetime as dt
import json
import secrets
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg

from agreements.lifecycle import Standing
from gateway.caller import Caller
from gateway.problems import Problem
from gateway.records.extent import Extents
from gateway.records.following import Follower
from gateway.records.reader import Reader
from gateway.records.subjects import SubjectKey
from gateway.services.alarms import alarm
from gateway.services.container import Services, open_services
from gateway.services.disclosure import Asked as Page
from gateway.services.disclosure import Disclosures
from gateway.services.grants import Grants
from gateway.services.loads import Loads
from gateway.services.office import Office, open_office
from gateway.services.stewardship import Stewardship
from policies.request import AccessRequest
from tests.factories.agreements import RECEIVED, SignedAgreement
from tests.factories.cohort import TUTORING, Rows
from tests.factories.confirmed import load_confirmed
from tests.factories.database import TestDatabase
from tests.factories.gateway import Deployment
from tests.factories.long_lived_model import ZONE, Asked, Consent, Line, Model, Pupil, Version
from tests.factories.records import NAMES, OFFICERS, mapping_for
from tests.factories.small_district import (
    BRIGHT_PATH,
    FIRST,
    HARBOR,
    PARTNERS,
    PUPILS,
    QUESTIONS,
    SECOND,
    SEX,
    SIGNED,
    START,
    stays,
)

_SHIFT = "UPDATE gateway.installation SET clock_shift = $1 - statement_timestamp()"
Answer = str | list[tuple[str, ...]]
"""The code of a refusal, or the rows as the model writes them."""


class World:
    """A copy of the small district with the gateway that lives through everything. Owns what it opened."""

    services: Services
    office: Office
    clerk: asyncpg.Connection

    def __init__(self, made: Deployment, database: TestDatabase, home: Path) -> None:
        self.made, self.database, self.home = made, database, home
        self.now = START
        self.answers: Counter[str] = Counter()
        self._few = asyncio.Semaphore(4)
        self._open = AsyncExitStack()
        self.model = Model(
            PUPILS,
            {
                name: Line(
                    name,
                    PARTNERS[name],
                    frozenset({"ECS-101", "ECS-103", "ECS-105"} if name == TUTORING else {"ECS-103", "ECS-105"}),
                    [Version(bundle, RECEIVED.date(), {PARTNERS[name]})],
                    {each.number: (FIRST, None) for each in PUPILS},
                    {each.number: Consent(("all",), SIGNED, FIRST, None) for each in PUPILS}
                    if name == TUTORING
                    else {},
                )
                for name, bundle in made.agreements.items()
            },
        )

    @classmethod
    async def open(cls, made: Deployment, name: str, home: Path) -> "World":
        """Copy the small district to a database called `name`, and serve it."""
        await made.server.create(name, template=made.template)
        world = cls(made, TestDatabase(made.server, name), home)
        world.services = await world._open.enter_async_context(
            open_services(world.database.url("app"), made.keys, made.trust, readers=4, public_url="http://127.0.0.1")
        )
        world.office = await world._open.enter_async_context(
            open_office(world.database.url("loader"), made.trust, alarm)
        )
        world.clerk = await world.database.connection("loader")
        await world.tick(dt.timedelta(0))
        return world

    async def close(self) -> None:
        """Stop serving and drop the copy."""
        await self._open.aclose()
        await self.database.close()
        await self.made.server.drop(self.database.name)

    # --- What is done: to the database by the services, to the model in plain words

    async def tick(self, span: dt.timedelta) -> None:
        """Let time pass."""
        self.now = (self.now.astimezone(dt.UTC) + span).astimezone(ZONE)
        await self.clerk.execute(_SHIFT, self.now)

    @property
    def today(self) -> dt.date:
        """The day it is where the agreements are at home."""
        return self.now.date()

    async def amend(self, name: str, *, first_day: dt.date, last_day: dt.date, adds: bool, accepts: bool) -> None:
        """Bring the next version into force from `first_day` on, with or without the element that comes and goes."""
        line, ring = self.model.lines[name], self.made.ring
        old = line.newest.agreement
        content: dict[str, Any] = json.loads(json.dumps(old.content))
        content |= {"version": old.version + 1, "replaces": old.digest, "annexes": "carried_over"}
        content["term"] |= {"first_day": str(first_day), "last_day": str(last_day)}
        students = next(terms for terms in content["datasets"] if terms["dataset"] == "students")
        kept = [each for each in students["elements"] if each["element"] != SEX["element"]]
        students["elements"] = [*kept, SEX] if adds else kept
        signed: SignedAgreement = ring.agreement(content=content)
        await self.office.onboarding.activate(signed.envelope, [signed.approval])
        line.versions.append(Version(signed, self.today, set(line.newest.clients), accepted=False))
        if accepts:
            await self.accept(name)

    async def accept(self, name: str) -> None:
        """Let the person who answers for the clients accept the newest version."""
        version = self.model.lines[name].newest
        await self.office.admissions.accept_undertaking(self.made.ring.undertaking(version.signed))
        version.accepted = True

    async def suspend(self, version: Version) -> None:
        """Stop a version."""
        stop = self.office.suspensions.stop_agreement(version.agreement.digest, Standing.SUSPENDED, "test")
        version.stopped = await stop

    async def reinstate(self, version: Version) -> None:
        """Let an officer undo the stop of a version."""
        assert version.stopped is not None
        undone = self.made.ring.reinstatement(version.agreement.digest, undoes=version.stopped)
        await self.office.suspensions.reinstate(undone)
        version.stopped = None

    async def terminate(self, version: Version) -> None:
        """End a version for good."""
        await self.office.suspensions.stop_agreement(version.agreement.digest, Standing.TERMINATED, "test")
        version.terminated = True

    async def bind(self, name: str, client: str) -> None:
        """Bind a client to the newest version."""
        version, partner = self.model.lines[name].newest, self.made.partners[client]
        jwks: Any = partner.keys.jwks()["keys"]
        bound = self.made.ring.binding(version.signed, partner.client, jwks)
        await self.office.admissions.register_client(bound.envelope, [bound.approval], client)
        version.clients.add(client)

    async def stop_client(self, client: str) -> None:
        """Stop a client."""
        stop = self.office.suspensions.suspend_client(self.made.partners[client].client, "test")
        self.model.suspended[client] = await stop

    async def restart_client(self, client: str) -> None:
        """Let an officer undo the stop of a client."""
        undone = self.made.ring.reinstatement(self.made.partners[client].client, undoes=self.model.suspended[client])
        await self.office.suspensions.reinstate(undone)
        del self.model.suspended[client]

    async def list_roster(self, name: str, roster: Mapping[str, tuple[dt.date, dt.date | None]]) -> None:
        """Load a new roster; it is the whole truth about the line."""
        line = self.model.lines[name]
        await self._load("rosters", [(line.id, number, *days) for number, days in roster.items()])
        line.roster = dict(roster)

    async def list_consents(self, name: str, consents: Mapping[str, Consent]) -> None:
        """Load a new list of consents; what was signed before its withdrawal is refused."""
        line = self.model.lines[name]
        rows = [
            (line.id, number, ";".join(each.elements), "parent", each.signed, each.first, each.last)
            for number, each in consents.items()
        ]
        await self._load("consents", rows)
        settled = {
            number for number, each in consents.items() if each.signed <= line.withdrawn.get(number, dt.date.min)
        }
        line.consents = {number: each for number, each in consents.items() if number not in settled}

    async def withdraw(self, name: str, pupil: Pupil) -> None:
        """Withdraw a consent."""
        line = self.model.lines[name]
        await Stewardship(self.office).withdraw(line.id, pupil.number)
        del line.consents[pupil.number]
        line.withdrawn[pupil.number] = self.today

    async def opt_out(self, pupil: Pupil, name: str | None) -> None:
        """Put a family's no on file, for one line or for all."""
        line = None if name is None else self.model.lines[name].id
        await Stewardship(self.office).opt_out(pupil.number, line, directory_only=False)
        self.model.noes.add((pupil.number, name))

    async def leave_school(self, pupil: Pupil, last: dt.date) -> None:
        """Let a student leave the school."""
        self.model.exits[pupil.number] = last
        await self._load("enrollments", stays(self.model.exits))

    async def _load(self, target: str, rows: Rows) -> None:
        with (self.home / f"{target}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(NAMES[target].split(","))
            writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
        loads = Loads(self.office.engine, SubjectKey(self.made.keys.subject), self.office.desk.scopes)
        await load_confirmed(loads, self.office.desk, OFFICERS, mapping_for(target), self.home)

    # --- What is asked, of both gateways and of the model

    async def compare(self) -> None:
        """Ask everything of the gateway that lives and of one made now; both answer alike, and as the model says."""
        database = self.services.database
        fresh = Disclosures(
            Grants(database.engine, self.made.trust, configuration=self.services.grants.configuration),
            Reader(database.pool),
            Extents(database.pool),
            self.services.log,
            SubjectKey(self.made.keys.subject),
            follower=Follower(database.pool),
        )
        asked = [
            (client, line, version, question)
            for line in self.model.lines.values()
            for version in line.versions
            for client in (BRIGHT_PATH, SECOND, HARBOR)
            for question in self._questions(client, line, version)
        ]
        old, new = [
            await asyncio.gather(*(self._ask(gateway, who, version, what) for who, _, version, what in asked))
            for gateway in (self.services.disclosures, fresh)
        ]
        for (client, line, version, question), lived, made in zip(asked, old, new, strict=True):
            told = f"{client} asks {question} under version {version.agreement.version} of {line.name} at {self.now}"
            assert lived == made, f"{told}: the long-lived gateway says {lived}, a fresh one {made}"
            expected = self.model.expected(client, line, version, question, self.now)
            rows = None if isinstance(lived, str) else lived
            assert rows == expected, f"{told}: {lived}, and the model says {expected}"
            self.answers[lived if isinstance(lived, str) else "rows" if lived else "no rows"] += 1

    @staticmethod
    def _questions(client: str, line: Line, version: Version) -> tuple[Asked, ...]:
        """All of them where rows may come, one where the version is an old one or the client is not of it."""
        if client not in version.clients:
            return QUESTIONS[:1] if version is line.newest else ()
        return QUESTIONS if version is line.newest else QUESTIONS[:1]

    async def _ask(self, gateway: Disclosures, client: str, version: Version, question: Asked) -> Answer:
        known, purpose = self.made.partners[client].client, version.agreement.purpose.code
        filters = {} if question.grade is None else {"grade_level": question.grade}
        request = AccessRequest(
            known, version.agreement.digest, purpose, question.dataset, question.elements, filters, question.sort
        )
        caller = Caller(
            client=known,
            key=self.made.partners[client].keys.client.thumbprint(),
            address=None,
            agreement=version.agreement.digest,
            purpose=purpose,
            token_id="token",
            behind="automated",
            proof_digest="sha256:" + "0" * 64,
            replay_id=secrets.token_bytes(32),
            replay_expires_at=START + dt.timedelta(days=30_000),
        )
        try:
            async with self._few:
                found = await gateway.disclose(caller, Page(request, "request", "query", 100))
        except Problem as refused:
            return refused.code
        rows = json.loads(found.body)["data"]
        return sorted((row.get("first_name", ""), *sorted(row.keys() - {"record_code"})) for row in rows)
