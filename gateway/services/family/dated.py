"""Whether an act by which a family's request was answered dated a row about that student: a no, or a statement."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, Row, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.events import Event
from gateway.records.numbers import one_with
from gateway.records.standing import consent, contested, opt_out
from gateway.records.subjects import SubjectKey
from gateway.services.errors import RequestRefused
from gateway.services.family.shown import number_of_one
from gateway.services.stops import student_known_as

DATED_BY: Final[Mapping[str, Column[int]]] = {
    Event.OPTED_OUT: opt_out.c.from_idx,
    Event.CONSENT_WITHDRAWN: consent.c.to_idx,
    Event.STATEMENT_PLACED: contested.c.from_idx,
}
"""Acts beside whose entry nobody stands: which column of which table says what each of them began or ended."""


async def require_dated(connection: AsyncConnection, request: int, event: str, by: int, key: SubjectKey) -> None:
    """
    Check that entry `by`, one of `DATED_BY`, began or ended something of the student whom a request is about.

    By any number of the child's. What was done before anybody asked answers only as far as it stands still: a no that
    the family said sooner. Raises `RequestRefused`, `LinkErased`.
    """
    child = await student_known_as(connection, await number_of_one(connection, request, key))
    dated = DATED_BY[event]
    own = dated.table.c.student_id.in_(await one_with(connection, child))
    row = (await connection.execute(select(dated.table).where(own, dated == by).limit(1))).one_or_none()
    if row is None:
        raise RequestRefused(f"Entry {by} is about another student.")
    if by < request and not await _stands(connection, event, row, child):
        raise RequestRefused(f"Entry {by} came before the request, and does not answer it any more.")


async def _stands(connection: AsyncConnection, event: str, row: Row[Any], child: UUID) -> bool:
    """Return whether what the entry did is so still for the child that stands, whichever number it was done under."""
    if event == Event.OPTED_OUT:
        return row.to_idx is None
    given = (consent.c.student_id == child, consent.c.to_idx.is_(None))
    if event == Event.CONSENT_WITHDRAWN:
        return not await connection.scalar(select(exists().where(*given, consent.c.line == row.line)))
    return False
