"""What the office is shown of families' requests: values, as the commands and the pages print them."""

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.families import Asking
from gateway.records import facts, release
from gateway.records.subjects import SubjectKey
from gateway.services.errors import LinkErased
from gateway.services.family.whose import whose

OPEN = "open"


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request in a list; `state` is open, answered, refused or withdrawn. It names no student."""

    entry: int
    kind: str
    received_on: date
    answer_by: date
    state: str
    overdue: bool
    days_left: int | None
    """Whole days after today while it is open; negative once it is overdue."""
    capacity: str
    outcome: str | None
    ground: str | None
    ended_by_entry: int | None
    late: bool
    """Whether it ended after its last day."""
    handled_by: tuple[str, ...]
    """Thumbprints of the officers' keys that signed: who took it in, and whoever took a step."""

    @property
    def open(self) -> bool:
        """Whether the family still waits."""
        return self.state == OPEN


@dataclass(frozen=True, slots=True)
class Stepped:
    """One step of a request."""

    entry: int
    step: str
    on: date
    outcome: str | None
    ground: str | None
    answer_by: date | None
    by_entry: int | None
    officers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asks:
    """One request with everything about it. The student's number is for whoever answers: not printed."""

    line: RequestLine
    request: str
    student: str = field(repr=False)
    identified_by: str
    restricted: bool
    elements: tuple[str, ...]
    evidence: str | None
    steps: tuple[Stepped, ...]


def line_of(entry: int, asking: Asking, today: date) -> RequestLine:
    """Return a request as a list shows it, on a day."""
    asked, ended, last = asking.asked.request, asking.ended, asking.answer_by
    signed = [each.key.thumbprint for each in asking.asked.officers]
    signed += [each.key.thumbprint for step in asking.steps for each in step.officers]
    return RequestLine(
        entry=entry,
        kind=asked.kind.value,
        received_on=asked.received_on,
        answer_by=last,
        state=OPEN if ended is None else ended.step.step.value,
        overdue=asking.is_overdue(today),
        days_left=(last - today).days if ended is None else None,
        capacity=asked.capacity.value,
        outcome=None if ended is None else ended.step.outcome,
        ground=None if ended is None else ended.step.ground,
        ended_by_entry=None if ended is None else ended.received.index,
        late=ended is not None and ended.received.at.date() > last,
        handled_by=tuple(dict.fromkeys(signed)),
    )


async def asks_of(connection: AsyncConnection, entry: int, asking: Asking, today: date, key: SubjectKey) -> Asks:
    """Return one request with the number of its student, by the one link there is. Raises `LinkErased`."""
    student = await number_of_one(connection, entry, key)
    asked = asking.asked.request
    return Asks(
        line=line_of(entry, asking, today),
        request=asking.asked.digest,
        student=student,
        identified_by=asked.identified_by.value,
        restricted=asked.restricted,
        elements=asked.elements,
        evidence=asked.evidence,
        steps=tuple(
            Stepped(
                entry=each.received.index,
                step=each.step.step.value,
                on=each.received.at.date(),
                outcome=each.step.outcome,
                ground=each.step.ground,
                answer_by=each.step.answer_by,
                by_entry=each.step.by_entry,
                officers=tuple(one.key.thumbprint for one in each.officers),
            )
            for each in asking.steps
        ),
    )


async def number_of_one(connection: AsyncConnection, entry: int, key: SubjectKey) -> str:
    """
    Return the district's number of the student whom a request is about, by the one link there is.

    Of a child with several numbers the first in order: each leads to all of them. Raises `LinkErased`.
    """
    numbers = (await whose(connection, [entry])).numbers[entry] or frozenset()
    known, link = facts.identity.c, release.subject.c
    own = select(known.student_identifier).join(release.subject, link.student_id == known.student_id)
    found = await connection.scalar(
        own.where(link.sealed.in_(key.sealed(sorted(numbers)))).order_by(known.student_identifier).limit(1)
    )
    if found is None:
        raise LinkErased("Nothing leads from this request to a student any more.")
    return str(found)
