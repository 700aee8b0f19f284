"""
Who left an agreement, and when: students it covered and covers no more, by the record codes the partner knows them by.

The one door from obligations to student records. Only codes and days come out, for a file of the partner's own.
"""

from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.document import Agreement
from gateway.records.release import IN_ORDER, began, ended, in_force, population
from gateway.services.obligations.history import day_in, entries_at


async def leavers_of(
    connection: AsyncConnection, agreement: Agreement, versions: Collection[str], today: date
) -> Mapping[str, date]:
    """
    Return the last covered day of every student who left, by record code.

    `versions` are the digests of all versions of this agreement: whom a later version covers has not left. A student
    left on the last day of their rows or, if an entry ended a row before that, on the day of that entry. Who was never
    covered while anything could be asked for is not among them.
    """
    kept = population.c
    upper = func.upper(kept.valid)
    present = await connection.scalars(
        select(kept.student_id)
        .where(kept.agreement.in_(versions), IN_ORDER, in_force(), func.coalesce(upper > today, True))
        .distinct()
    )
    staying = set(present)
    rows = (
        await connection.execute(
            select(
                kept.student_id, kept.code, func.lower(kept.valid), upper, began().label("begun"), ended().label("over")
            ).where(
                kept.agreement == agreement.digest,
                began().is_not(None),
            )
        )
    ).all()
    entries = await entries_at(connection, {row.begun for row in rows} | {row.over for row in rows if row.over})
    days = {index: day_in(agreement, entry) for index, entry in entries.items()}
    left: dict[str, date] = {}
    for student, code, lower, after, begun, over in rows:
        if student in staying:
            continue
        until = [agreement.term.last_day]
        if after is not None:
            until.append(date.fromordinal(after.toordinal() - 1))
        if over is not None:
            until.append(days[over])
        last = min(until)
        if last >= max(filter(None, (lower, agreement.term.first_day, days[begun]))):
            left[code] = max(last, left.get(code, last))
    return left
