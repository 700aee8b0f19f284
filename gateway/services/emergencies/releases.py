"""
Handing over records by an emergency order (34 CFR 99.36): the one function besides `disclose` by which rows leave.

The order of work is the same promise: decide, read rows and epoch in one snapshot, commit the entry, and only then
return bytes (claim 4).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import ARRAY, BigInteger, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.documents.emergency_release import EmergencyRelease, read_emergency_release
from agreements.emergencies import verify_emergency_release
from agreements.errors import OrderNotOpen
from agreements.signature import Envelope
from audit.change import append_change
from audit.errors import EpochMoved
from gateway.records.named import read_named, require_named
from gateway.records.subjects import NUMBER_BYTES, SubjectKey
from gateway.services.configuration import Configuration, record_configuration
from gateway.services.emergencies.errors import OtherStudents, ReleaseRefused, TooManyStudents
from gateway.services.emergencies.orders import require_ordered
from gateway.services.emergencies.papers import Paper, Students
from gateway.services.filing import Desk, Filing
from gateway.services.law import guardrails_of
from gateway.services.standing.registry import Moment, Ordered, Registry, read_moment
from gateway.wrapping_keys import WrappingKeys
from policies.decision import Denied
from policies.emergency import Ended
from policies.emergency_release import EmergencyPermit, Handing, OrderInForce
from policies.explain.elements import Explanation

_ATTEMPTS = 3
"""A read is repeated when the world moved under it."""
_SUBJECTS = text("SELECT subjects FROM audit.subject WHERE idx = ANY(:indexes)").bindparams(
    bindparam("indexes", type_=ARRAY(BigInteger))
)


@dataclass(frozen=True, slots=True)
class Released:
    """A release whose entry is committed: the bytes may leave."""

    body: bytes = field(repr=False)
    entry: int
    records: int
    students: int


class EmergencyReleases:
    """Plans, explains and makes releases, as the loader role."""

    def __init__(
        self, desk: Desk, subject_key: WrappingKeys, random: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self._desk = desk
        self._subjects = SubjectKey(subject_key)
        self._random = random

    async def plan(self, order: str, handing: Handing, students: Students) -> tuple[EmergencyRelease, Ordered]:
        """
        Return the release to sign, and its order; `order` is its digest or id. Without elements, all of the dataset.

        Nothing is read and nothing written. Raises `UnknownOrder`, `ReleaseRefused`, and as the decision does.
        """
        moment, registry = await self._desk.registry()
        ordered = require_ordered(registry, order)
        permit = self._permit(ordered, self._completed(ordered, handing), registry, moment)
        elements = tuple(each.element for each in permit.fields)
        count = len(students.each)
        release = EmergencyRelease(
            permit.order, permit.recipients, permit.dataset, elements, count, students.commitment
        )
        return release, ordered

    async def require_students(self, students: Students) -> None:
        """
        Check that each number is a student's, before anybody signs for them. No record is read.

        Raises `UnknownStudent`, naming places and no number.
        """
        async with self._desk.engine.connect() as connection:
            await require_named(connection, students.numbers)

    async def explain(self, order: str, place: int, dataset: str) -> tuple[Explanation, ...]:
        """Return why each element that the order lists leaves to a recipient or does not. Raises `UnknownOrder`."""
        moment, registry = await self._desk.registry()
        ordered = require_ordered(registry, order)
        return self._in_force(ordered, registry, moment).explain(place, dataset, moment.now)

    async def release(self, document: Envelope, students: Students) -> Released:
        """
        Release what an officer signed for; return bytes that may leave.

        Raises an `AgreementError`, `OtherStudents`, `ReleaseRefused`, `TooManyStudents`, what the records refuse, and
        `EpochMoved` if the world kept moving. Nothing was written then.
        """
        # In a transaction of its own: it may move the epoch, and the release must find it where it is.
        async with self._desk.filing() as filing:
            in_force = Configuration(self._desk.catalogue, guardrails_of(self._desk, filing.registry))
            recorded = await record_configuration(filing.connection, in_force)
        for _ in range(_ATTEMPTS - 1):
            try:
                return await self._release(document, students, recorded)
            except EpochMoved:
                continue
        return await self._release(document, students, recorded)

    async def _release(self, document: Envelope, students: Students, configuration: int) -> Released:
        async with self._desk.filing() as filing:
            # (1): an officer signed exactly this, for exactly these students.
            asked = read_emergency_release(document.payload)
            ordered = require_ordered(filing.registry, asked.order)
            verify_emergency_release(filing.filed(document), ordered.verified, authority=filing.authority)
            numbers = students.each
            if (asked.commitment, asked.count) != (students.commitment, len(numbers)):
                raise OtherStudents("The students named are not those the release commits to.")
            # (2): may this leave by the order, by the rules of one epoch?
            handing = Handing(asked.recipients, asked.dataset, asked.elements)
            permit = self._permit(ordered, handing, filing.registry, filing.moment)
            # (3): the rows, the epoch and the clock, in one snapshot; the rules must be those of the snapshot.
            found = await read_named(filing.connection, permit, students.numbers)
            if found.epoch != permit.epoch or not permit.valid_from <= found.now < permit.valid_until:
                raise EpochMoved(found.epoch)
            # (4): releases are filed one at a time, so two of them cannot both find the last place free.
            subjects = self._subjects.numbers(found.subjects)
            await self._require_room(filing, ordered, permit, subjects)
            paper = Paper(document, ordered.verified, permit, found, students, configuration)
            written, private = paper.entry(self._random, subjects)
            # (5): an end that came since the read is found under the log's lock, and nothing is written then.
            index = await append_change(
                filing.connection,
                written,
                moves_epoch=False,
                read_epoch=found.epoch,
                subjects=subjects,
                private=private,
            )
            await filing.register(document, permit.order, index)
            # (6): waiting for the lock took its time, and an order ends to the second.
            if (await read_moment(filing.connection)).now >= permit.valid_until:
                raise OrderNotOpen(f"The order {ordered.verified.order.id} was over before its release was on record.")
        # (7): the transaction is committed; anything else was raised.
        return Released(paper.body, index, len(found.rows), len(numbers))

    def _completed(self, ordered: Ordered, handing: Handing) -> Handing:
        if handing.elements:
            return handing
        there = {each.id for each in self._desk.catalogue.in_dataset(handing.dataset)}
        listed = tuple(each for each in ordered.verified.order.elements if each in there)
        return Handing(handing.recipients, handing.dataset, listed)

    def _in_force(self, ordered: Ordered, registry: Registry, moment: Moment) -> OrderInForce:
        ended = None if ordered.ended is None else Ended(ordered.ended.index)
        guardrails = guardrails_of(self._desk, registry)
        return OrderInForce(ordered.verified, self._desk.catalogue, guardrails, ended=ended, epoch=moment.epoch)

    def _permit(self, ordered: Ordered, handing: Handing, registry: Registry, moment: Moment) -> EmergencyPermit:
        decision = self._in_force(ordered, registry, moment).decide(handing, moment.now)
        if isinstance(decision, Denied):
            because = f"{decision.detail} ({decision.code}, {decision.facts.get('clause', '')})"
            raise ReleaseRefused(because, public_detail=decision.detail)
        return decision

    @staticmethod
    async def _require_room(filing: Filing, ordered: Ordered, permit: EmergencyPermit, subjects: bytes) -> None:
        """Check that all releases together stay within the order; a student counts once. Raises `TooManyStudents`."""
        before = await _subjects_of(filing.connection, ordered.released_at)
        together = _split(before) | _split(subjects)
        if len(together) > permit.count:
            left = permit.count - len(_split(before))
            raise TooManyStudents(f"The order is for {permit.count} students; records of {left} more may leave by it.")


async def _subjects_of(connection: AsyncConnection, indexes: tuple[int, ...]) -> bytes:
    rows = await connection.scalars(_SUBJECTS, {"indexes": list(indexes)})
    return b"".join(bytes(each) for each in rows)


def _split(packed: bytes) -> frozenset[bytes]:
    return frozenset(packed[at : at + NUMBER_BYTES] for at in range(0, len(packed), NUMBER_BYTES))
