"""
Stopping what leaves about one student: withdrawing a consent, opting out. In effect on the next request (claim 7).

One transaction: the entry, the end of what it ends, and the student's populations. Nothing is held and nothing waits;
undoing either is an act of its own, with an entry of its own. Both belong to an agreement's line: they reach every
version of it, in force or not yet, and no amendment or renewal undoes them.
"""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    Uuid,
    any_,
    cast,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.change import next_index
from audit.events import Event
from gateway.records import standing
from gateway.records.coverage import Scope
from gateway.records.errors import NothingToStop, UnknownStudent
from gateway.records.loading.staging import digest_of
from gateway.records.numbers import known_as
from gateway.records.population import Random, rewrite_population
from gateway.records.release import ending, in_force, population
from gateway.records.release import scope as kept
from gateway.services.rights import A_PARENT, Holder, require_right_to_stop, today_under
from gateway.services.sealing import append_sealed
from gateway.services.standing.identity import by as said_by

ScopesInForce = Callable[[AsyncConnection], Awaitable[Sequence[Scope]]]


async def withdraw_consent(
    connection: AsyncConnection,
    line: str,
    student_identifier: str,
    *,
    scopes: ScopesInForce,
    by: Holder = A_PARENT,
    person: str | None = None,
    random: Random = secrets.token_bytes,
) -> int:
    """
    Withdraw every consent of this student under the agreement of this line; return the index of the entry that did.

    Any one of those whose right it is may (34 CFR 99.4, 99.5), whoever signed. The entry names the line and not the
    student, and the `person` who signed in to enter it.

    Raises `UnknownStudent`, `NothingToStop`, `NotTheirRight`, `SignerUnknown`.
    """
    given = standing.consent
    idx = await next_index(connection)
    # Under the head: whose the number is, and what a court decided, is on file before this, or it is after it.
    student = await student_known_as(connection, student_identifier)
    await require_right_to_stop(connection, student, by, line)
    result = await connection.execute(
        update(given)
        .where(given.c.line == line, given.c.student_id == student, given.c.to_idx.is_(None))
        .values(to_idx=idx, withdrawn_on=today_under(line))
    )
    if result.rowcount == 0:
        raise NothingToStop("no consent is in force")
    await move(connection, student, idx, scopes, random, only=line)
    return await append_stated(connection, idx, Event.CONSENT_WITHDRAWN, random, line=line, **said_by(person))


async def opt_out(
    connection: AsyncConnection,
    student_identifier: str,
    *,
    scopes: ScopesInForce,
    line: str | None = None,
    directory_only: bool = False,
    person: str | None = None,
    random: Random = secrets.token_bytes,
) -> int:
    """
    Put a family's no on file, from today on, for one line or for all; return the index of the entry that did.

    `person` is who signed in to do it. `directory_only` concerns directory information alone (34 CFR 99.37).

    Raises `UnknownStudent`, `NothingToStop`.
    """
    said = standing.opt_out
    scope = "directory" if directory_only else "sharing"
    body = {} if line is None else {"line": line}
    idx = await next_index(connection)
    student = await student_known_as(connection, student_identifier)
    same = (said.c.student_id == student, said.c.line.is_not_distinct_from(line), said.c.scope == scope)
    # (1): a loaded one gives way to the stated one, which no later load can end.
    stated = await connection.scalar(select(said.c.stated).where(*same, said.c.to_idx.is_(None)))
    if stated:
        raise NothingToStop("the opt-out is on file already")
    await connection.execute(update(said).where(*same, said.c.to_idx.is_(None)).values(to_idx=idx))
    # (2): a day early, so that the zone of the agreement cannot make it begin tomorrow.
    today = await connection.scalar(select(_today() - 1))
    row = {"student_id": student, "line": line, "scope": scope, "from_date": today, "stated": True}
    await connection.execute(insert(said), [{**row, "digest": digest_of(row.values()), "from_idx": idx}])
    await move(connection, student, idx, scopes, random, only=line)
    return await append_stated(connection, idx, Event.OPTED_OUT, random, scope=scope, **body, **said_by(person))


async def append_stated(connection: AsyncConnection, idx: int, event: Event, random: Random, **body: object) -> int:
    """Write the entry of what a family said, by the database's clock; return it."""
    now = await connection.scalar(select(func.gateway.clock()))
    assert now is not None
    return await append_sealed(connection, idx, event, now, body, random=random)


async def student_known_as(connection: AsyncConnection, student_identifier: str) -> UUID:
    """
    Return the internal id of the student with this number: of two that were merged, the one that stands.

    Whoever writes about the student asks under the head (`next_index`): numbers are merged and reused under it too, and
    what is written about a child that is gone by then counts for nobody. Raises `UnknownStudent`.
    """
    student = await known_as(connection, student_identifier)
    if student is None:
        raise UnknownStudent("no student has this number")
    return student


async def move(
    connection: AsyncConnection, student: UUID, idx: int, scopes: ScopesInForce, random: Random, *, only: str | None
) -> None:
    """Bring this student's populations under line `only` (None: all) to what the facts say, as of entry `idx`."""
    await move_all(connection, [student], idx, await scopes(connection), random, only=only)


async def move_all(
    connection: AsyncConnection,
    students: Sequence[UUID],
    idx: int,
    kept_now: Sequence[Scope],
    random: Random,
    *,
    only: str | None,
) -> None:
    """Bring these students' populations under line `only` (None: all) to what the facts say, as of entry `idx`."""
    for each in kept_now:
        if only in (None, each.line):
            await rewrite_population(connection, each, idx, students=students, random=random)
    # INVARIANT: a stop reaches every version it is meant for. One that does not verify just now has no terms to
    # compute with; when it verifies again it must not find the student as covered as before. What is not known to
    # belong to another line is meant too: a population whose scope is gone is never left open.
    rest = (population.c.student_id == any_(literal(list(students), ARRAY(Uuid))), in_force())
    unverified = population.c.agreement.not_in([each.agreement for each in kept_now])
    elsewhere = select(kept.c.agreement).where(kept.c.line != only)
    meant = () if only is None else (population.c.agreement.not_in(elsewhere),)
    await connection.execute(update(population).where(*rest, unverified, *meant).values(ending(idx)))


def _today() -> ColumnElement[object]:
    return cast(func.timezone("UTC", func.gateway.clock()), Date)
