"""
Why a partner sees an element of one student, or does not: the one door through which that is asked.

The district's own question about its own records. The order is the promise: the entry that says that it was asked is
committed, then the facts are read in one snapshot, then the answer is given. INVARIANT: nothing of the student stands
in the entry but a salted commitment; the student's random number is listed beside it.
"""

import datetime as dt
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.change import append_change
from audit.commitments import SECRET_SIZE, Private, commit_bytes, pack_private
from audit.entry import leaf, parse
from audit.events import Event
from gateway.records.subjects import SubjectKey
from gateway.services.alarms import alarm
from gateway.services.errors import RulesMoved
from gateway.services.explaining.evidence import read_evidence, read_kept, student_numbered
from gateway.services.explaining.seen import StudentAnswer, answer_for
from gateway.services.explaining.world import World, open_world
from gateway.services.office import Office
from gateway.services.standing.registry import read_moment
from gateway.wrapping_keys import WrappingKeys

_ATTEMPTS = 3
"""The rules are read before the facts; if something was signed or stopped between, both are read again."""
_LEAF = text("SELECT leaf FROM audit.entry WHERE idx = :idx")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom and what the question is about; `at` None means now. Not printed: it names a student."""

    number: str
    element: str
    agreement: str | None = None
    partner: str | None = None
    client: str | None = None
    at: dt.datetime | None = None

    def __repr__(self) -> str:
        return "Wanted(…)"


@dataclass(frozen=True, slots=True)
class Explained:
    """The entry that says that it was asked, and an answer for each agreement and element meant."""

    entry: int
    answers: tuple[StudentAnswer, ...]


class StudentQuestions:
    """Asks about students in one installation, as the loader role. Holds the key of the subject numbers."""

    def __init__(
        self, office: Office, subject_key: WrappingKeys, random: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self._office = office
        self._subjects = SubjectKey(subject_key)
        self._random = random

    async def explain(self, wanted: Wanted) -> Explained:
        """
        Explain what `wanted` is about, on record. A former time is explained by the facts as they were known then.

        Raises `UnknownAgreement`, `UnknownClient`, `UnknownElement`, `UnknownStudent`; nothing was written then. Raises
        `RulesMoved`. A kept population that is not what the facts say is an alarm, and stands in the answer.
        """
        world = await open_world(self._office)
        student, entry = await self._put_on_record(wanted, world)
        for _ in range(_ATTEMPTS):
            world = await open_world(self._office)
            answers = await self._answers(wanted, world, student)
            if answers is not None:
                for answer in answers:
                    if answer.kept_agrees is False:
                        alarm("population_disagrees", {"agreement": answer.agreement, "entry": str(entry)})
                return Explained(entry, answers)
        raise RulesMoved("The rules changed while the question was answered.")

    async def _put_on_record(self, wanted: Wanted, world: World) -> tuple[UUID, int]:
        """Commit the entry before anything about the student is read; return the student's internal id with it."""
        elements = world.elements(wanted.element)
        named = world.named(wanted.agreement, wanted.partner, wanted.client)
        async with self._office.engine.begin() as connection:
            student, sealed = await student_numbered(connection, wanted.number)
            number = b"" if sealed is None else self._subjects.numbers([sealed])
            at = None if wanted.at is None else wanted.at.isoformat()
            asked = msgspec.json.encode({"at": at, "elements": elements, "subject": number.hex()})
            salts = Private(request_salt=self._random(SECRET_SIZE), request=asked)
            moment = await read_moment(connection)
            written = leaf(
                Event.EXPLANATION_READ,
                moment.now,
                agreements=[each.verified.agreement.digest for each in named],
                elements=list(elements),
                request=commit_bytes(salts.request_salt, salts.request).hex(),
            )
            private = pack_private(salts)
            entry = await append_change(connection, written, moves_epoch=False, subjects=number, private=private)
        return student, entry

    async def _answers(self, wanted: Wanted, world: World, student: UUID) -> tuple[StudentAnswer, ...] | None:
        """Read the facts in one snapshot and judge them; None if the rules in `world` are of another epoch."""
        async with self._office.engine.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
            moment = await read_moment(connection)
            if moment.epoch != world.moment.epoch:
                return None
            at = wanted.at or moment.now
            as_of = moment.size - 1 if wanted.at is None else await _entry_at(connection, wanted.at, moment.size)
            found = []
            for promised in world.named(wanted.agreement, wanted.partner, wanted.client):
                agreement = promised.verified.agreement
                day = at.astimezone(ZoneInfo(agreement.term.time_zone)).date()
                evidence = await read_evidence(connection, student, agreement.id, as_of)
                kept = await read_kept(connection, student, agreement.digest, day, as_of)
                found += [
                    answer_for(world, promised, evidence, kept, element=element, client=wanted.client, at=at)
                    for element in world.elements(wanted.element)
                ]
            return tuple(found)


async def _entry_at(connection: AsyncConnection, at: dt.datetime, size: int) -> int:
    """Return the last entry that was written by `at`, -1 if there was none: entries stand in the order of time."""
    low, high = -1, size - 1
    while low < high:
        middle = (low + high + 1) // 2
        written = parse((await connection.execute(_LEAF, {"idx": middle})).scalar_one())
        if dt.datetime.fromisoformat(written.time) <= at:
            low = middle
        else:
            high = middle - 1
    return low
