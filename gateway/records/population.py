"""
The kept population: rewritten by the transaction of every change that can move it, and by nothing else.

It is derived: `coverage.covered` says what it should be, this file brings the table there and dates each difference by
the entry that caused it.
"""

import secrets
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, delete, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.records.codes import new_code
from gateway.records.coverage import Scope, covered
from gateway.records.release import code, population
from gateway.records.release import scope as scopes

Random = Callable[[int], bytes]


async def rewrite_population(
    connection: AsyncConnection,
    scope: Scope,
    idx: int,
    *,
    students: Sequence[UUID] | None = None,
    random: Random = secrets.token_bytes,
) -> int:
    """
    Bring the population of `scope` to what the visible facts say, as of entry `idx`; return how many rows were begun.

    `students` narrows the work to those who can have moved. Called in the transaction that wrote entry `idx`.
    Raises `UnknownTerm`.
    """
    zone = upsert(scopes).values(agreement=scope.agreement, time_zone=scope.terms.time_zone)
    moved = zone.on_conflict_do_update(index_elements=["agreement"], set_={"time_zone": zone.excluded.time_zone})
    await connection.execute(moved)
    await issue_codes(connection, scope, students=students, random=random)
    wanted = _narrowed(covered(scope), students).cte("wanted")
    kept = population.alias("kept")
    same = and_(
        kept.c.agreement == scope.agreement,
        kept.c.to_idx.is_(None),
        kept.c.student_id == wanted.c.student_id,
        kept.c.covers.is_not_distinct_from(wanted.c.covers),
        kept.c.valid == wanted.c.valid,
    )
    current = population.c.row_id.in_(
        _narrowed(
            select(kept.c.student_id, kept.c.row_id).where(
                kept.c.agreement == scope.agreement, kept.c.to_idx.is_(None)
            ),
            students,
        ).with_only_columns(kept.c.row_id)
    )
    still = select(kept.c.row_id).join_from(kept, wanted, same)
    ended = (
        update(population)
        .where(population.c.agreement == scope.agreement, population.c.to_idx.is_(None), current)
        .where(population.c.row_id.not_in(still))
        .values(to_idx=idx)
        .returning(population.c.row_id)
        .cte("ended")
    )
    begun = (
        select(
            literal(scope.agreement),
            wanted.c.student_id,
            code.c.code,
            wanted.c.covers,
            wanted.c.valid,
            literal(idx),
        )
        .join_from(wanted, code, and_(code.c.agreement == scope.agreement, code.c.student_id == wanted.c.student_id))
        .where(~select(kept.c.row_id).where(same).exists())
        # The count is always true. It makes PostgreSQL end the old rows before the new ones meet the unique index.
        .where(select(func.count()).select_from(ended).scalar_subquery() >= 0)
    )
    columns = ["agreement", "student_id", "code", "covers", "valid", "from_idx"]
    result = await connection.execute(insert(population).from_select(columns, begun))
    return result.rowcount


async def issue_codes(
    connection: AsyncConnection,
    scope: Scope,
    *,
    students: Sequence[UUID] | None = None,
    random: Random = secrets.token_bytes,
) -> int:
    """
    Give every covered student without one a record code, for good; return how many were given.

    A code alone lets nobody see anything, so this may run before the head is locked.
    """
    wanted = _narrowed(covered(scope), students).subquery("wanted")
    has = select(code.c.code).where(code.c.agreement == scope.agreement, code.c.student_id == wanted.c.student_id)
    lacking = (await connection.scalars(select(wanted.c.student_id).distinct().where(~has.exists()))).all()
    if lacking:
        rows = [{"agreement": scope.agreement, "student_id": student, "code": new_code(random)} for student in lacking]
        await connection.execute(insert(code), rows)
    return len(lacking)


async def close_population(connection: AsyncConnection, agreement: str, idx: int) -> int:
    """End the population of an agreement that is over, as of entry `idx`; return how many rows were ended."""
    over = population.c.agreement == agreement
    result = await connection.execute(update(population).where(over, population.c.to_idx.is_(None)).values(to_idx=idx))
    await connection.execute(delete(scopes).where(scopes.c.agreement == agreement))
    return result.rowcount


def _narrowed(query: Select[Any], students: Sequence[UUID] | None) -> Select[Any]:
    return query if students is None else query.where(query.selected_columns.student_id.in_(students))
