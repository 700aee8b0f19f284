"""
What one release by an emergency order leaves behind: the file for its recipients, and the entry in the log.

INVARIANT: the entry holds digests, places and counts; no name, no number and no word of the threat (claim 9). Threat
and recipients stand in the order, which the entry names by its digest (34 CFR 99.32(a)(5)).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from agreements.canonical import Json, canonical_bytes
from agreements.emergencies import VerifiedEmergencyOrder
from agreements.signature import Envelope
from audit.commitments import SECRET_SIZE, Private, commit_bytes, commit_rows, commit_subjects, pack_private
from audit.entry import leaf
from audit.events import Event
from gateway.records.named import NamedRows
from policies.emergency_release import EmergencyPermit
from policies.told import told_of_release

_NOTICE = (
    "Disclosed for a health or safety emergency (34 CFR 99.36). Use it for nothing else, and give it to nobody but"
    " those whose knowledge is needed (34 CFR 99.33(a)). Destroy it when the emergency is over."
)


@dataclass(frozen=True, slots=True)
class Students:
    """The students an officer names, and the salt under which the signed release commits to their numbers."""

    numbers: tuple[str, ...] = field(repr=False)
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(SECRET_SIZE), repr=False)

    @property
    def each(self) -> tuple[str, ...]:
        """Return their numbers in order, each once."""
        return tuple(sorted(set(self.numbers)))

    @property
    def named(self) -> bytes:
        """Return what is committed to."""
        numbers: list[Json] = [*self.each]
        return canonical_bytes({"students": numbers})

    @property
    def commitment(self) -> str:
        """Return the commitment that stands in the release, and in the entry."""
        return commit_bytes(self.salt, self.named).hex()


@dataclass(frozen=True, slots=True)
class Paper:
    """
    One release: what an officer signed, by which order and permit, and the rows that were found.

    `configuration` is the entry that recorded what was decided by.
    """

    document: Envelope
    order: VerifiedEmergencyOrder
    permit: EmergencyPermit
    found: NamedRows
    students: Students
    configuration: int

    @property
    def body(self) -> bytes:
        """Return the file, made of the very bytes that are committed to; who receives it is told what it is for."""
        order, places = self.order.order, self.permit.recipients
        head = {
            "notice": _NOTICE,
            "order": order.id,
            "order_digest": self.order.digest,
            "recipients": [{"name": order.recipients[at].name, "kind": order.recipients[at].kind} for at in places],
            "released_at": f"{self.found.now:%Y-%m-%dT%H:%M:%SZ}",
            "dataset": self.permit.dataset,
        }
        return msgspec.json.encode(head)[:-1] + b',"data":[\n' + b",\n".join(self.found.rows) + b"\n]}\n"

    def entry(self, random: Callable[[int], bytes], subjects: bytes) -> tuple[bytes, bytes]:
        """Return the leaf, and what opens its commitments; `subjects` are the rows' numbers. Raises `LeafRefused`."""
        permit, found = self.permit, self.found
        salts = Private(
            row_secret=random(SECRET_SIZE),
            result_salt=random(SECRET_SIZE),
            request_salt=self.students.salt,
            # Not the numbers: beside the log students stand under subject numbers, whose one link can be erased.
            request=b"",
        )
        written = leaf(
            Event.EMERGENCY_RELEASED,
            found.now,
            document=self.document.digest,
            officers=sorted(each.kid for each in self.document.signatures),
            configuration=self.configuration,
            **told_of_release(permit),
            epoch=found.epoch,
            records=len(found.rows),
            students=len(self.students.each),
            request=self.students.commitment,
            rows=commit_rows(salts.row_secret, found.rows).hex(),
            listed=commit_subjects(salts.row_secret, subjects).hex(),
            result=commit_bytes(salts.result_salt, self.body).hex(),
        )
        return written, pack_private(salts)
