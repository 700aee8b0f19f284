"""How an incident stands: its row, what was done about it, and the clocks of the agreements that it concerns."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.services.inbox.errors import UnknownIncident
from gateway.services.incidents.clocks import Duty, duties
from gateway.services.incidents.lines import Concerns, IncidentLine, IncidentNote
from gateway.services.standing.registry import Moment, Registry
from gateway.store.cases import incident, incident_note

CLOSED: Final = "closed"
"""What a note says that closed an incident."""
NOT_APPLICABLE: Final = "not_applicable"
"""What a note says that a task need not be done; why stands in its words."""


async def stored(connection: AsyncConnection, number: int) -> tuple[Row[tuple[object, ...]], tuple[IncidentNote, ...]]:
    """Return the row of an incident and what was done about it, the oldest first. Raises `UnknownIncident`."""
    row = (await connection.execute(select(incident).where(incident.c.idx == number))).one_or_none()
    if row is None:
        raise UnknownIncident(f"No entry {number} opened an incident.")
    own = incident_note.c
    found = await connection.execute(select(incident_note).where(own.incident == number).order_by(own.idx))
    return row, tuple(noted(each) for each in found)


def line_of(
    row: Row[tuple[object, ...]], notes: Sequence[IncidentNote], registry: Registry, moment: Moment
) -> IncidentLine:
    """Return an incident as a list shows it at this moment."""
    concerns = Concerns(row.since, row.until, row.partner, row.agreement, row.client)
    counts = [each.students for each in notes if each.students is not None]
    students = counts[-1] if counts else None
    done = {each.task: each for each in notes if each.task is not None}
    todo = tuple(
        _done(each, done.get(each.task.value))
        for each in duties(row.discovered_at, _hours(concerns, registry), students)
    )
    closed = next((each for each in notes if each.act == CLOSED), None)
    return IncidentLine(
        entry=row.idx,
        at=row.at,
        by=row.by,
        what=row.what,
        discovered_at=row.discovered_at,
        concerns=concerns,
        students=students,
        duties=todo,
        overdue=closed is None and any(each.is_overdue(moment.now) for each in todo),
        closed=closed,
    )


def _done(duty: Duty, noted: IncidentNote | None) -> Duty:
    if noted is None:
        return duty
    applies = noted.act != NOT_APPLICABLE
    return replace(duty, done_at=noted.at, done_by=noted.by, entry=noted.entry, applies=applies)


def noted(row: Row[tuple[object, ...]]) -> IncidentNote:
    """Return a row of what was done."""
    return IncidentNote(row.idx, row.at, row.by, row.act, row.task, row.students, row.words)


def _hours(concerns: Concerns, registry: Registry) -> list[int]:
    """Return the breach-notice hours of every agreement that it concerns, over or not: what was promised stands."""
    partners = {known.partner for known in registry.clients.values() if known.id == concerns.client}
    bound = {
        binding.binding.agreement
        for granted in registry.granted.values()
        for binding in granted.bindings
        if binding.binding.client == concerns.client
    }
    found = []
    for digest, promised in registry.history.items():
        agreement = promised.verified.agreement
        meant = (
            concerns.agreement in {digest, agreement.id}
            if concerns.agreement is not None
            else agreement.partner.id == concerns.partner
            if concerns.partner is not None
            else digest in bound or (not bound and agreement.partner.id in partners)
        )
        found += [agreement.obligations.breach_notice_hours] if meant else []
    return found
