"""
Two stewards of a district, each introduced by another officer, and what they sign.

    room = await Stewards.introduced(gateway)        # their keys are on file
    await room.classify(("000094", "Suspended 1", Verdict.OPEN))
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from agreements.documents.classification import Classification, Judgement, Verdict, classification_bytes
from agreements.documents.load_confirmation import (
    Confirmable,
    ExportedFile,
    LoadConfirmation,
    TargetCounts,
    load_confirmation_bytes,
)
from agreements.documents.signer import STEWARDS_LIMITS
from agreements.keys import SigningKey
from agreements.signature import Envelope, Kind
from gateway.services.classifications import Classifications, Registered
from tests.factories.agreements import Keyring, Person
from tests.factories.cohort import DAY
from tests.factories.gateway import Gateway

DISTRICT: Final = "district:emerald-city"
NAMES: Final = ("Stella Steward", "Teo Trustee")
CONFIRMABLE: Final = Confirmable(
    "sha256:" + "1" * 64,
    (ExportedFile(0, "students.csv", "sha256:" + "2" * 64),),
    (TargetCounts("students", "students", 100, 1, 2, 30),),
)
Code = tuple[str, str, Verdict] | tuple[str, str, Verdict, str]
"""Element, value, verdict and, where it is gated, the law."""


def introduce_stewards(ring: Keyring, *, may_sign: Sequence[str] = STEWARDS_LIMITS) -> list[Person]:
    """Two stewards, the first introduced by officer 0, the second by officer 1; in the ring's authority from now on."""
    made = [
        ring.introduce(DISTRICT, name, by=[officer.key], may_sign=may_sign)
        for name, officer in zip(NAMES, ring.officers, strict=False)
    ]
    ring.signers |= {f"steward {number}": each for number, each in enumerate(made)}
    return made


def classification(*codes: Code, after: str | None = None, day: date = DAY, reason: str = "Looked at.") -> bytes:
    """The bytes of a classification."""
    judged = tuple(Judgement(*each) for each in codes)
    return classification_bytes(Classification(DISTRICT, day, judged, reason, after))


def confirmation(load: Confirmable = CONFIRMABLE, *, day: date = DAY) -> bytes:
    """The bytes of a confirmation of a load."""
    return load_confirmation_bytes(LoadConfirmation(DISTRICT, day, load, "The export was compared with last year's."))


@dataclass
class Stewards:
    """The stewards of a deployment, at work."""

    gateway: Gateway
    people: Sequence[Person]
    newest: str | None = field(default=None)

    @classmethod
    async def introduced(cls, gateway: Gateway) -> "Stewards":
        """Put the stewards' keys on file."""
        ring = gateway.deployment.ring
        own = Keyring(list(ring.officers), dict(ring.signers))
        people = introduce_stewards(own)
        office = await gateway.office()
        for each in people:
            assert each.document is not None
            await office.admissions.introduce_signer(each.document)
        return cls(gateway, people)

    @property
    def keys(self) -> list[SigningKey]:
        return [each.key for each in self.people]

    async def office(self) -> Classifications:
        return Classifications((await self.gateway.office()).desk)

    def signed(self, *codes: Code, keys: Sequence[SigningKey] | None = None, after: str | None = None) -> Envelope:
        """A classification that follows the newest one, signed."""
        payload = classification(*codes, after=after or self.newest)
        return Keyring.sign(Kind.CODE_CLASSIFICATION, payload, *(keys or self.keys))

    async def classify(self, *codes: Code) -> Registered:
        """Bring a classification into force."""
        document = self.signed(*codes)
        done = await (await self.office()).register(document)
        self.newest = document.digest
        return done
