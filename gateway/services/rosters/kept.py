"""
Submissions as the district reads them: what came, checked against its entry, and what its lines were found to mean.

INVARIANT: names are read from what the entry commits to and from nowhere else, so that nobody can put a child on a
roster by writing to the table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.commitments import require_bytes, unpack_private
from audit.entry import parse
from audit.errors import AuditError
from audit.events import Event
from gateway.services.rosters.errors import RosterAltered, RosterForgotten, UnknownRoster
from gateway.services.rosters.lines import RosterLine, read_roster
from gateway.services.rosters.matching import Directory, Found, Rule, Waiting, match
from gateway.services.rosters.people import directory_for
from gateway.services.rosters.submitting import Handed, query_of
from gateway.store.rosters import roster_decision, roster_line, roster_submission

OPEN: Final = "open"
"""How a line stands that was neither accepted nor set aside."""
_ENTRY: Final = text(
    "SELECT e.leaf, p.opening FROM audit.entry AS e LEFT JOIN audit.private AS p ON p.idx = e.idx WHERE e.idx = :idx"
)


@dataclass(frozen=True, slots=True)
class Submission:
    """A roster that came, without its lines, and what the district said of it so far."""

    roster: int
    line: str
    client: str
    covers: str
    is_refused: bool
    is_accepted: bool


@dataclass(frozen=True, slots=True)
class Content:
    """The lines of a roster, and the digest of the agreement that it was handed in under, as the entry says."""

    agreement: str
    lines: tuple[RosterLine, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeptLine:
    """What a line was found to mean, as it stands on file."""

    number: int
    state: str
    found: Found


async def submission_of(connection: AsyncConnection, roster: int) -> Submission:
    """Return the roster with this number. Raises `UnknownRoster`."""
    own, decided = roster_submission.c, roster_decision.c
    columns = (own.line, own.client, own.covers)
    row = (await connection.execute(select(*columns).where(own.idx == roster))).one_or_none()
    if row is None:
        raise UnknownRoster("no roster has this number")
    said = set(await connection.scalars(select(decided.decision).where(decided.submission == roster)))
    return Submission(roster, row.line, row.client, row.covers, "refuse" in said, "accept" in said)


async def content_of(connection: AsyncConnection, roster: int) -> Content:
    """Return what a roster says. Raises `RosterForgotten`, `RosterAltered`."""
    row = (await connection.execute(select(roster_submission).where(roster_submission.c.idx == roster))).one()
    if row.body is None:
        raise RosterForgotten("the names of this roster are not kept any more")
    handed = Handed(bytes(row.body), row.format, row.covers)
    agreement = await _received_under(connection, roster, row, handed)
    return Content(agreement, read_roster(handed.body, handed.form))


async def lines_of(connection: AsyncConnection, roster: int) -> Mapping[int, KeptLine]:
    """Return what the lines of a roster were found to mean, by their numbers; nothing before they were matched."""
    kept = roster_line.c
    rows = await connection.execute(select(roster_line).where(kept.submission == roster).order_by(kept.number))
    return {row.number: KeptLine(row.number, row.state, _found(row)) for row in rows}


async def hold_lines(connection: AsyncConnection, roster: int) -> None:
    """Let nobody say otherwise of a line until the transaction ends: what is decided of it is what it means then."""
    await connection.execute(select(roster_line.c.number).where(roster_line.c.submission == roster).with_for_update())


async def match_again(
    connection: AsyncConnection, roster: int, lines: Sequence[RosterLine]
) -> tuple[Sequence[Found], Directory]:
    """Return what the lines mean by what the district knows now, and whom it knows; what a person said stands."""
    kept = await lines_of(connection, roster)
    said = {
        each.number: each.found.student_id
        for each in kept.values()
        if each.found.rule is Rule.PERSON and each.found.student_id is not None
    }
    directory = await directory_for(connection, lines, said.values())
    return match(lines, directory, said), directory


async def keep_found(
    connection: AsyncConnection, roster: int, lines: Sequence[RosterLine], found: Sequence[Found]
) -> None:
    """Keep what the lines mean; those that were accepted or set aside stay as they are."""
    kept = await lines_of(connection, roster)
    fresh = [
        {
            "submission": roster,
            "number": line.number,
            "reference": line.reference,
            "from_date": line.from_date,
            "to_date": line.to_date,
            **columns_of(each),
        }
        for line, each in zip(lines, found, strict=True)
        if line.number not in kept
    ]
    if fresh:
        # Two may look at once; what the other one found is what is there.
        await connection.execute(insert(roster_line).on_conflict_do_nothing(), fresh)
    for each in found:
        before = kept.get(each.number)
        if before is not None and before.state == OPEN and columns_of(before.found) != columns_of(each):
            await write_line(connection, roster, each.number, OPEN, **columns_of(each))


async def write_line(connection: AsyncConnection, roster: int, number: int, standing: str, **columns: object) -> bool:
    """
    Change what is kept of one line that is `standing` so; return whether it is.

    INVARIANT: what was decided about a line while somebody looked at it stands: nobody comes to mean another child.
    """
    kept = roster_line.c
    own = (kept.submission == roster, kept.number == number, kept.state == standing)
    return (await connection.execute(update(roster_line).where(*own).values(columns))).rowcount == 1


async def _received_under(connection: AsyncConnection, roster: int, row: Any, handed: Handed) -> str:  # noqa: ANN401 - a row
    """Return the agreement that a roster was received under. Raises `RosterAltered` if its entry received another."""
    try:
        beside = (await connection.execute(_ENTRY, {"idx": roster})).one_or_none()
        if beside is None or beside.opening is None:
            raise RosterAltered("The entry of this roster is not there, or what opens it.")
        entry, private = parse(bytes(beside.leaf)), unpack_private(bytes(beside.opening))
        require_bytes(bytes.fromhex(entry.body["request"]), private.request_salt, query_of(handed).encode())
    except (AuditError, KeyError, ValueError):
        raise RosterAltered("The roster is not the one that its entry received.") from None
    told = (entry.event, entry.body["client"], entry.body["covers"], entry.body["lines"])
    if told != (Event.ROSTER_SUBMITTED, row.client, row.covers, row.lines):
        raise RosterAltered("The entry of this roster says something else of it.")
    return str(entry.body["agreement"])


def _found(row: Any) -> Found:  # noqa: ANN401 - a row
    student: UUID | None = row.student_id
    rule = None if row.found_by is None else Rule(row.found_by)
    return Found(row.number, student, rule, None if row.waits_for is None else Waiting(row.waits_for))


def columns_of(found: Found) -> Mapping[str, object]:
    """Return what is kept of a line for what it was found to mean."""
    return {
        "student_id": found.student_id,
        "found_by": None if found.rule is None else found.rule.value,
        "waits_for": None if found.waits is None else found.waits.value,
    }
