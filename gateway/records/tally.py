"""How many students a draft would cover on a day, with a sketch of who they are; nothing of any student comes out."""

import datetime as dt

from sqlalchemy import BigInteger, Date, cast, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.records.coverage import Scope, covered
from gateway.store.tables import SKETCH_BITS

_HIGH, _LOW = 14, 15
"""Bytes of an internal id, which is random (RFC 9562, version 4): the last two."""


async def tally(connection: AsyncConnection, scope: Scope, day: dt.date) -> tuple[int, int]:
    """
    Return the number of students covered on `day`, a calendar day in the agreement's zone, and their sketch.

    Each student falls into one of `SKETCH_BITS` cells by the random internal id; a bit says whether a cell holds an odd
    number of them. Raises `UnknownTerm`.
    """
    lasting = covered(scope).subquery("covered")
    on_day = lasting.c.valid.op("@>")(cast(literal(day, Date), Date))
    found = select(lasting.c.student_id).where(on_day).distinct().subquery("found")
    sent = func.uuid_send(found.c.student_id)
    place = cast(func.get_byte(sent, _HIGH) * 256 + func.get_byte(sent, _LOW), BigInteger) % SKETCH_BITS
    cells = select(place.label("cell"), func.count().label("students")).group_by("cell")
    rows = (await connection.execute(cells)).all()
    sketch = 0
    for cell, students in rows:
        sketch |= (students % 2) << cell
    return sum(students for _, students in rows), sketch
