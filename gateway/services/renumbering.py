"""
What persons say about student numbers: two are one child's, one is another child's now, one is the same child's still.

One transaction each, with its entry, which names nobody. INVARIANT: none of these gives a partner anything. Merging
ends what the second number had and lets every stop of either count for both; a number that is another child's leads to
nobody's grants. What the child should have under the number that stands is entered again, as for any child.
"""

import datetime as dt
import secrets
from typing import Any
from uuid import UUID

from sqlalchemy import Date, and_, cast, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.change import next_index
from audit.events import Event
from gateway.records import facts, outcomes
from gateway.records.coverage import visible
from gateway.records.errors import NumberRefused, StatementRefused, UnknownStudent
from gateway.records.loading.staging import digest_of
from gateway.records.numbers import NO_ROW, QUESTIONED, Said, holder_of, is_gone, known_as, one_with
from gateway.records.population import Random
from gateway.records.standing import consent, contested, renumbered
from gateway.services.rights import end_restricted
from gateway.services.statements import MOST_LETTERS
from gateway.services.stops import ScopesInForce, append_stated, move


def former(number: str, day: dt.date) -> str:
    """Return what a child is called whose number is another child's since `day`: in accountings and erasures."""
    return f"{number} (until {day.isoformat()})"


async def merge_students(
    connection: AsyncConnection,
    second: str,
    standing: str,
    *,
    scopes: ScopesInForce,
    random: Random = secrets.token_bytes,
) -> int:
    """
    Say that the number `second` is another number of the child with the number `standing`; return the entry.

    From now on `standing` is the child; `second` is covered by nothing, and every stop of either counts. Raises
    `UnknownStudent`, `NumberRefused`, `StatementRefused` if what the family stated under both is too long together.
    """
    idx = await next_index(connection)
    # Under the head: of two who merge or reuse a number at once, the second sees what the first did.
    child, gone = await known_as(connection, standing), await holder_of(connection, second)
    if child is None or gone is None:
        raise UnknownStudent("no student has this number")
    if child == gone or await _is_gone(connection, gone) or await _is_gone(connection, child):
        raise NumberRefused("The two numbers are one child's already, or one of them is nobody's any more.")
    await _say(connection, idx, gone, Said.MERGED, second, other_id=child)
    # (1): who was merged into the second is one with whoever stands now.
    said = renumbered.c
    led = (said.kind == Said.MERGED.value, said.other_id == gone, said.to_idx.is_(None))
    found = select(said.row_id, said.student_id, said.student_identifier).where(*led)
    for row in (await connection.execute(found)).all():
        await connection.execute(update(renumbered).where(said.row_id == row.row_id).values(to_idx=idx))
        await _say(connection, idx, row.student_id, Said.MERGED, row.student_identifier, other_id=child)
    # (2): a withdrawal for either is one for both, unless the family signed again after it.
    await _withdraw_as(connection, await one_with(connection, child), child, idx)
    # (3): what the family stated goes along with the records wherever they are (34 CFR 99.21(c)(2)).
    await _carry_statements(connection, gone, child, idx)
    # (4): a parent whose rights are revoked under either number signed nothing for the child.
    await end_restricted(connection, child, idx)
    # (5): opt-outs need no row: `coverage` counts those of either.
    for each in (gone, child):
        await move(connection, each, idx, scopes, random, only=None)
    return await append_stated(connection, idx, Event.STUDENTS_MERGED, random)


async def reuse_number(
    connection: AsyncConnection, number: str, *, scopes: ScopesInForce, random: Random = secrets.token_bytes
) -> tuple[int, dt.date]:
    """
    Say that a number is another child's from today on; return the entry and the day.

    The former holder is covered by nothing any more, and is accounted for as `former(number, day)`. The next load that
    brings the number brings a child whom nobody knew. Raises `UnknownStudent`, `NumberRefused`.
    """
    idx = await next_index(connection)
    holder = await holder_of(connection, number)
    if holder is None:
        raise UnknownStudent("no student has this number")
    day = await _today(connection)
    name = former(number, day)
    own = facts.identity
    if await holder_of(connection, name) is not None:
        raise NumberRefused("This number changed hands today already; it can do so once a day.")
    await _say(connection, idx, holder, Said.REUSED, number)
    await connection.execute(update(own).where(own.c.student_id == holder).values(student_identifier=name))
    await move(connection, holder, idx, scopes, random, only=None)
    return await append_stated(connection, idx, Event.NUMBER_REUSED, random), day


async def keep_number(connection: AsyncConnection, number: str, *, random: Random = secrets.token_bytes) -> int:
    """
    Say that a number in question is the same child's, whose name and birth date changed; return the entry.

    The next load that brings the row takes it, and the child is withheld no more. Raises `UnknownStudent`,
    `NumberRefused` if there is no question.
    """
    idx = await next_index(connection)
    holder = await holder_of(connection, number)
    if holder is None:
        raise UnknownStudent("no student has this number")
    withheld, person = outcomes.withheld, facts.person
    asked = and_(withheld.c.student_id == holder, withheld.c.target == QUESTIONED, visible(withheld))
    if await connection.scalar(select(withheld.c.row_id).where(asked)) is None:
        raise NumberRefused("Nothing speaks against this number: no load brought it with another name and birth date.")
    newest = select(person.c.digest).where(person.c.student_id == holder).order_by(person.c.from_batch.desc()).limit(1)
    stood = await connection.scalar(newest) or NO_ROW
    said = renumbered.c
    before = (said.student_id == holder, said.kind == Said.KEPT.value, said.to_idx.is_(None))
    await connection.execute(update(renumbered).where(*before).values(to_idx=idx))
    await _say(connection, idx, holder, Said.KEPT, number, stood=stood)
    return await append_stated(connection, idx, Event.NUMBER_KEPT, random)


async def _is_gone(connection: AsyncConnection, student: UUID) -> bool:
    return bool(await connection.scalar(select(is_gone(literal(student)).label("gone"))))


async def _say(
    connection: AsyncConnection,
    idx: int,
    student: UUID,
    kind: Said,
    number: str,
    *,
    other_id: UUID | None = None,
    stood: bytes | None = None,
) -> None:
    row: dict[str, Any] = {
        "student_id": student,
        "kind": kind.value,
        "other_id": other_id,
        "student_identifier": number,
        "said_on": await _today(connection),
        "stood": stood,
    }
    digest = digest_of([*list(row.values())[:-1], None if stood is None else stood.hex()])
    await connection.execute(insert(renumbered), [{**row, "digest": digest, "from_idx": idx}])


async def _withdraw_as(connection: AsyncConnection, ids: list[UUID], child: UUID, idx: int) -> None:
    """End each consent of `child` that was signed before one of the same line was withdrawn under another number."""
    other = consent.alias("other")
    withdrawn = (
        select(func.max(other.c.withdrawn_on))
        .where(other.c.line == consent.c.line, other.c.student_id.in_(ids), other.c.withdrawn_on >= consent.c.signed_on)
        .scalar_subquery()
    )
    meant = (consent.c.student_id == child, consent.c.to_idx.is_(None), withdrawn.is_not(None))
    await connection.execute(update(consent).where(*meant).values(to_idx=idx, withdrawn_on=withdrawn))


async def _carry_statements(connection: AsyncConnection, gone: UUID, child: UUID, idx: int) -> None:
    """Put what the family stated under the second number beside, or after, what it stated under the one that stands."""
    own = contested.c
    in_force = select(contested).where(own.student_id == gone, own.to_idx.is_(None)).order_by(own.row_id)
    for said in (await connection.execute(in_force)).all():
        same = (own.student_id == child, own.elements == said.elements, own.to_idx.is_(None))
        there = (await connection.execute(select(own.statement, own.stated_on).where(*same))).one_or_none()
        words = said.statement if there is None else f"{there.statement}\n\n{said.statement}"
        if len(words) > MOST_LETTERS:
            raise StatementRefused("the statements of both numbers about the same elements are too long together")
        stated_on = said.stated_on if there is None else max(there.stated_on, said.stated_on)
        await connection.execute(update(contested).where(*same).values(to_idx=idx))
        row = {"student_id": child, "elements": said.elements, "statement": words, "stated_on": stated_on}
        await connection.execute(insert(contested), [{**row, "digest": digest_of(row.values()), "from_idx": idx}])


async def _today(connection: AsyncConnection) -> dt.date:
    day = await connection.scalar(select(cast(func.timezone("UTC", func.gateway.clock()), Date)))
    assert isinstance(day, dt.date)
    return day
