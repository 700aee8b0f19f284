"""
The kept population: rewritten by the transaction of every change that can move it, and by nothing else.

It is derived: `coverage.covered` says what it should be, this file brings the table there and dates each difference by
the entry that caused it. What a load will move is prepared before its transaction (`gateway.records.prepared`).
"""

import secrets
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Uuid,
    and_,
    any_,
    delete,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.records.codes import new_code
from gateway.records.coverage import FRONTIER, Scope, covered
from gateway.records.lists import ON_FILE, Lists
from gateway.records.matching import Sql
from gateway.records.release import IN_ORDER, code, ending, in_force, population
from gateway.records.release import scope as scopes

Random = Callable[[int], bytes]

_DATED_CODE: Final = text(
    "INSERT INTO records.code AS c (line, student_id, code, from_idx) VALUES (:line, :student_id, :code, :from_idx)"
    " ON CONFLICT (line, student_id) DO UPDATE SET from_idx = excluded.from_idx, from_batch = NULL"
    " WHERE c.from_batch > (SELECT f.batch FROM records.frontier AS f)"
)
"""A load may have prepared a code meanwhile: then that one is dated."""


async def rewrite_population(
    connection: AsyncConnection,
    scope: Scope,
    idx: int,
    *,
    students: Sequence[UUID] | None = None,
    random: Random = secrets.token_bytes,
) -> None:
    """
    Bring the population of `scope` to what the visible facts say, as of entry `idx`.

    Students whom the line covers for the first time get their record code, for good.

    `students` narrows the work to those who can have moved. Called in the transaction that wrote entry `idx`.
    Raises `UnknownTerm`.
    """
    await keep_scope(connection, scope)
    lacking = await _rewrite(connection, scope, idx, students)
    if lacking:
        rows = [{"line": scope.line, "student_id": each, "code": new_code(random), "from_idx": idx} for each in lacking]
        await connection.execute(_DATED_CODE, rows)
        await _rewrite(connection, scope, idx, lacking)
    # A code that a load has prepared and that is used before: it is dated here, and the load has to look again.
    used = select(population.c.student_id).where(
        population.c.agreement == scope.agreement, population.c.from_idx == idx
    )
    unseen = (code.c.line == scope.line, code.c.from_batch > FRONTIER, code.c.student_id.in_(used))
    await connection.execute(update(code).where(*unseen).values(from_idx=idx, from_batch=None))


async def keep_scope(connection: AsyncConnection, scope: Scope) -> None:
    """Keep what the views take from the signed document of a version that has a population."""
    kept = upsert(scopes).values(agreement=scope.agreement, line=scope.line, time_zone=scope.terms.time_zone)
    as_signed = {"line": kept.excluded.line, "time_zone": kept.excluded.time_zone}
    await connection.execute(kept.on_conflict_do_update(index_elements=["agreement"], set_=as_signed))


def differences(
    scope: Scope, students: Sequence[UUID] | None, newest: Sql = FRONTIER, lists: Lists = ON_FILE
) -> Select[Any]:
    """
    Return the query for (row_id, whose, student_id, covers, valid): rows in force that must end, and new ones.

    Of a row that must end only `row_id` and `whose` are given.

    They bring the population in force to what it should be after the load `newest` and by these `lists`. A full join,
    because it leaves PostgreSQL no way to compare every row with every other when its estimates are off. Raises
    `UnknownTerm`.
    """
    wanted = _narrowed(covered(scope, newest, lists), students).cte("wanted")
    current = and_(population.c.agreement == scope.agreement, IN_ORDER, in_force())
    kept = _narrowed(
        select(population.c.student_id, population.c.row_id, population.c.covers, population.c.valid).where(current),
        students,
    ).subquery("kept")
    all_covered: ColumnElement[int] = literal_column("-1")
    same = and_(
        kept.c.student_id == wanted.c.student_id,
        func.coalesce(kept.c.covers, all_covered) == func.coalesce(wanted.c.covers, all_covered),
        kept.c.valid == wanted.c.valid,
    )
    return (
        select(
            kept.c.row_id,
            func.coalesce(wanted.c.student_id, kept.c.student_id).label("whose"),
            wanted.c.student_id,
            wanted.c.covers,
            wanted.c.valid,
        )
        .select_from(kept.join(wanted, same, full=True))
        .where(or_(kept.c.row_id.is_(None), wanted.c.student_id.is_(None)))
    )


async def _rewrite(
    connection: AsyncConnection, scope: Scope, idx: int, students: Sequence[UUID] | None
) -> Sequence[UUID]:
    """End and begin what differs, in one statement; return the students who could not begin for want of a code."""
    differs = differences(scope, students).cte("differs")
    ended = (
        update(population)
        .where(population.c.row_id == differs.c.row_id)
        .values(ending(idx))
        .returning(population.c.row_id)
        .cte("ended")
    )
    coded = and_(code.c.line == scope.line, code.c.student_id == differs.c.student_id)
    begun = insert(population).from_select(
        ["agreement", "student_id", "code", "covers", "valid", "from_idx"],
        select(
            literal(scope.agreement),
            differs.c.student_id,
            code.c.code,
            differs.c.covers,
            differs.c.valid,
            literal(idx),
        )
        .join_from(differs, code, coded)
        # The count is always true. It makes PostgreSQL end the old rows before the new ones meet the unique index.
        .where(select(func.count()).select_from(ended).scalar_subquery() >= 0),
    )
    without_code = (
        select(differs.c.student_id)
        .distinct()
        .where(differs.c.student_id.is_not(None), ~select(code.c.code).where(coded).exists())
        .add_cte(begun.returning(population.c.row_id).cte("begun"))
    )
    return (await connection.scalars(without_code)).all()


async def close_population(connection: AsyncConnection, agreement: str, idx: int) -> int:
    """End the population of a version that is over, as of entry `idx`; return how many rows were ended."""
    over = population.c.agreement == agreement
    result = await connection.execute(update(population).where(over, IN_ORDER, in_force()).values(ending(idx)))
    await connection.execute(delete(scopes).where(scopes.c.agreement == agreement))
    return result.rowcount


def _narrowed(query: Select[Any], students: Sequence[UUID] | None) -> Select[Any]:
    if students is None:
        return query
    # One array, not one parameter a student: a statement takes 32,767 of those.
    return query.where(query.selected_columns.student_id == any_(literal(list(students), ARRAY(Uuid))))
