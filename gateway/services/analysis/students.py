"""
Who can obtain an element of one student: the rules, and the population in which the student stands today.

It looks at a student, so it is on the log first: the entry is committed before anything is looked up, and the student
stands beside it by number, as in a disclosure. Values are never read.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Date, cast, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.change import append_change
from audit.entry import leaf
from audit.events import Event
from gateway.records.errors import UnknownStudent
from gateway.records.numbers import known_as
from gateway.records.release import in_force, population, scope, subject
from gateway.records.subjects import SubjectKey
from gateway.services.standing.registry import read_moment
from gateway.wrapping_keys import WrappingKeys
from policies.analyse.obtained import Obtained
from policies.state import PolicyState


async def put_on_record(
    connection: AsyncConnection, number: str, element: str, subject_key: WrappingKeys
) -> tuple[UUID, int]:
    """
    Write the entry of one look at a student; return the student and the entry. The caller commits before it looks.

    Raises `UnknownStudent`: then there is nobody to look at.
    """
    student = await known_as(connection, number)
    if student is None:
        raise UnknownStudent("no student has this number")
    sealed = await connection.scalar(select(subject.c.sealed).where(subject.c.student_id == student))
    # A student whose link to a number was erased stands beside no entry any more.
    beside = b"" if sealed is None else SubjectKey(subject_key).numbers([sealed])
    moment = await read_moment(connection)
    written = leaf(Event.ANALYSIS_READ, moment.now, element=element)
    return student, await append_change(connection, written, moves_epoch=False, subjects=beside)


async def covering(
    connection: AsyncConnection, state: PolicyState, found: tuple[Obtained, ...], student: UUID, now: datetime
) -> tuple[Obtained, ...]:
    """
    Return what of `found` reaches this student: in whose population the student is on the day of `now`, covered for it.

    In the snapshot in which `state` was read.
    """
    day = cast(func.timezone(scope.c.time_zone, literal(now)), Date)
    rows = await connection.execute(
        select(population.c.agreement, population.c.covers)
        .join(scope, scope.c.agreement == population.c.agreement)
        .where(population.c.student_id == student, in_force(), population.c.valid.op("@>")(day))
    )
    covers = {row.agreement: row.covers for row in rows}
    return tuple(
        each
        for each in found
        if each.agreement in covers and _covers(state, each.agreement, each.element, covers[each.agreement])
    )


def _covers(state: PolicyState, agreement: str, element: str, mask: int | None) -> bool:
    """Whether a student's mask covers an element; no mask covers all (`gateway.records.release`)."""
    return mask is None or bool(mask >> state.promises[agreement].document.element_ids.index(element) & 1)
