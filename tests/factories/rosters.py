"""
Rosters in tests: lines as a partner writes them, handed in over the wire, and decided on by whoever holds a key.

    roster = await hand_in(gateway, MENTORING, line("fio"), line("calixte"))
    await decide(gateway, roster, Answer.ACCEPT, gateway.deployment.ring.officers[0].key)
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from agreements.documents.roster_decision import Answer, roster_decision_bytes
from agreements.keys import SigningKey
from agreements.signature import Envelope, Kind, add_signature
from gateway.services.alarms import alarm
from gateway.services.office import Office, open_office
from gateway.services.rosters.cases import Case
from gateway.services.rosters.deciding import Decided, RosterDecisions
from gateway.services.rosters.office import RosterOffice
from tests.factories.cohort import STUDENTS
from tests.factories.gateway import Gateway

Line = Mapping[str, str]


def line(role: str, **more: str) -> Line:
    """Return a line that names a student of the cohort by name and birth date; `more` adds to it or changes it."""
    child = STUDENTS[role]
    known = {"given_name": child.first, "family_name": child.last, "birth_date": child.born.isoformat()}
    return {**known, "reference": f"ref-{role.replace('_', '-')}", **more}


async def sent(gateway: Gateway, agreement: str, *lines: Line, covers: str = "whole", **more: Any) -> httpx2.Response:
    """Send a roster as JSON, whatever comes of it."""
    headers = {"content-type": "application/json", **more.pop("headers", {})}
    body = json.dumps({"lines": lines}).encode()
    return await send_body(gateway, agreement, body, covers=covers, headers=headers)


async def send_body(
    gateway: Gateway, agreement: str, body: bytes, *, covers: str = "whole", headers: Mapping[str, str]
) -> httpx2.Response:
    """Send any body as a roster."""
    return await gateway.send(
        agreement, "POST", "/v1/rosters", params={"covers": covers}, content=body, headers=dict(headers)
    )


async def hand_in(gateway: Gateway, agreement: str, *lines: Line, covers: str = "whole") -> int:
    """Hand in a roster that is taken; return its number."""
    answer = await sent(gateway, agreement, *lines, covers=covers)
    assert answer.status_code == 202, answer.text
    return int(answer.json()["roster"])


@asynccontextmanager
async def opened(gateway: Gateway) -> AsyncIterator[Office]:
    """The district's office of a gateway."""
    async with open_office(gateway.database.url("loader"), gateway.deployment.trust, alarm) as office:
        yield office


@asynccontextmanager
async def at_work(gateway: Gateway) -> AsyncIterator[RosterOffice]:
    """The rosters of a gateway, for the district's people."""
    async with opened(gateway) as office:
        yield RosterOffice(office.desk)


def signed(case: Case, key: SigningKey, reason: str | None = None) -> Envelope:
    """Return the decision that was planned, signed."""
    return add_signature(None, Kind.ROSTER_DECISION, roster_decision_bytes(case.document(reason)), key)


async def decide(
    gateway: Gateway,
    roster: int,
    answer: Answer = Answer.ACCEPT,
    key: SigningKey | None = None,
    *,
    confirm: bool = True,
    reason: str | None = None,
) -> Decided:
    """Plan, sign and do, as `pactgate roster` does."""
    signing = key or gateway.deployment.ring.officers[0].key
    async with opened(gateway) as office:
        decisions = RosterDecisions(office.desk)
        case = await decisions.plan(roster, answer, signing.thumbprint)
        return await decisions.decide(signed(case, signing, reason), confirm=confirm)
