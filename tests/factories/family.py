"""
What families ask of a deployment, as its officers take it in and answer it.

    desk = await FamilyDesk.at(gateway)
    entry = await desk.ask(Asked.INSPECTION, number)                  # signed by officer 0
    await desk.step(entry, Step.ANSWERED, outcome="inspected")        # by officer 0
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from agreements.documents.family import (
    Asked,
    Capacity,
    FamilyRequest,
    FamilyStep,
    Identified,
    Step,
    family_request_bytes,
    family_step_bytes,
)
from agreements.keys import SigningKey
from agreements.signature import Envelope, Kind, add_signature
from gateway.services.emergencies.papers import Students
from gateway.services.family.requests import FamilyRequests, due
from gateway.services.filing import Desk
from tests.factories.cohort import DAY
from tests.factories.gateway import Gateway


def asked_of(kind: Asked, student: str, on: date, **changes: Any) -> FamilyRequest:
    """A request of a parent whom the district knows; `student` is a commitment."""
    contested = ("000115",) if kind in {Asked.AMENDMENT, Asked.HEARING} else ()
    made = FamilyRequest(
        kind, on, due(kind, on, 45), Capacity.PARENT, Identified.PHOTO_ID, restricted=False, student=student
    )
    return replace(made, **{"elements": contested, **changes})


@dataclass(frozen=True)
class FamilyDesk:
    """The officers' desk of one gateway."""

    gateway: Gateway
    desk: Desk
    requests: FamilyRequests

    @classmethod
    async def at(cls, gateway: Gateway) -> "FamilyDesk":
        desk = (await gateway.office()).desk
        return cls(gateway, desk, FamilyRequests(desk, gateway.deployment.keys.subject))

    def officer(self, place: int = 0) -> SigningKey:
        return self.gateway.deployment.ring.officers[place].key

    def signed(self, kind: Kind, payload: bytes, *keys: SigningKey) -> Envelope:
        document: Envelope | None = None
        for key in keys or (self.officer(),):
            document = add_signature(document, kind, payload, key)
        assert document is not None
        return document

    def request(
        self, kind: Asked, number: str, *, on: date = DAY, officer: int = 0, **changes: Any
    ) -> tuple[Envelope, Students]:
        students = Students((number,))
        asked = asked_of(kind, students.commitment, on, **changes)
        return self.signed(Kind.FAMILY_REQUEST, family_request_bytes(asked), self.officer(officer)), students

    async def ask(self, kind: Asked, number: str, **about: Any) -> int:
        return await self.requests.receive(*self.request(kind, number, **about))

    async def step(self, entry: int, step: Step, *, officer: int = 0, **said: Any) -> int:
        taken = FamilyStep(await self.requests.digest_of(entry), step, **said)
        document = self.signed(Kind.FAMILY_STEP, family_step_bytes(taken), self.officer(officer))
        return await self.requests.take_step(document)
