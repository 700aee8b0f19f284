"""The children whom a roster may mean, as the district knows them now: read for matching, never for a partner."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, Date, Text, Uuid, and_, any_, cast, exists, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.records import facts, outcomes
from gateway.records.coverage import visible
from gateway.records.numbers import QUESTIONED, is_gone, merged_rows
from gateway.services.rosters.lines import RosterLine
from gateway.services.rosters.matching import Child, Directory
from gateway.services.rosters.names import compared

TODAY: Final = cast(func.timezone("UTC", func.gateway.clock()), Date)


async def directory_for(
    connection: AsyncConnection, lines: Sequence[RosterLine], also: Iterable[UUID] = ()
) -> Directory:
    """
    Return whom these lines may mean: whoever was born on one of their days, or has one of their numbers, and `also`.

    INVARIANT: who was merged into another child, or gave up a number, is not among them (decision 0038).
    """
    born = sorted({line.birth_date for line in lines})
    numbers = sorted({line.student_number for line in lines if line.student_number is not None})
    schools = await _schools(connection)
    rows = await _rows(connection, born, numbers, sorted(set(also)))
    students = [row.student_id for row in rows]
    at = await schools_of(connection, students)
    further = await _further_numbers(connection, students)
    questioned = await _questioned(connection, students)
    children = [
        Child(
            row.student_id,
            row.student_identifier,
            row.first_name,
            row.last_name,
            row.birthdate,
            frozenset(at[row.student_id]),
            frozenset(schools[each] for each in at[row.student_id] if each in schools),
            frozenset(further[row.student_id]),
            row.student_id in questioned,
        )
        for row in rows
    ]
    return Directory(children, {*schools, *schools.values()})


async def _rows(
    connection: AsyncConnection, born: Sequence[dt.date], numbers: Sequence[str], also: Sequence[UUID]
) -> Sequence[Any]:
    person, own, merged = facts.person, facts.identity, merged_rows()
    holders = select(own.c.student_id).where(own.c.student_identifier == any_(literal(list(numbers), ARRAY(Text))))
    stands = select(merged.c.other_id).where(merged.c.student_id.in_(holders))
    meant = or_(
        person.c.birthdate == any_(literal(list(born), ARRAY(Date))),
        person.c.student_id == any_(literal(list(also), ARRAY(Uuid))),
        person.c.student_id.in_(holders),
        person.c.student_id.in_(stands),
    )
    known = and_(person.c.first_name.is_not(None), person.c.last_name.is_not(None), person.c.birthdate.is_not(None))
    found = (
        select(
            person.c.student_id, own.c.student_identifier, person.c.first_name, person.c.last_name, person.c.birthdate
        )
        .join_from(person, own, own.c.student_id == person.c.student_id)
        .where(visible(person), known, meant, ~is_gone(person.c.student_id))
        .order_by(own.c.student_identifier)
    )
    return (await connection.execute(found)).all()


async def _schools(connection: AsyncConnection) -> Mapping[str, str]:
    """Return each school's name as it is compared, by its identifier."""
    school = facts.school
    rows = await connection.execute(select(school.c.school_identifier, school.c.school_name).where(visible(school)))
    return {row.school_identifier: compared(row.school_name or row.school_identifier) for row in rows}


async def schools_of(connection: AsyncConnection, students: Sequence[UUID]) -> Mapping[UUID, set[str]]:
    """Return the schools that each of these students goes to now, by their identifiers."""
    stay = facts.enrollment
    now = and_(stay.c.entry_date <= TODAY, or_(stay.c.exit_date.is_(None), stay.c.exit_date >= TODAY))
    found = select(stay.c.student_id, stay.c.school_identifier).where(
        visible(stay), now, stay.c.student_id == any_(literal(list(students), ARRAY(Uuid)))
    )
    at: dict[UUID, set[str]] = defaultdict(set)
    for row in await connection.execute(found):
        at[row.student_id].add(row.school_identifier)
    return at


async def _further_numbers(connection: AsyncConnection, students: Sequence[UUID]) -> Mapping[UUID, set[str]]:
    own, merged = facts.identity, merged_rows()
    found = (
        select(merged.c.other_id, own.c.student_identifier)
        .join_from(merged, own, own.c.student_id == merged.c.student_id)
        .where(merged.c.other_id == any_(literal(list(students), ARRAY(Uuid))))
    )
    numbers: dict[UUID, set[str]] = defaultdict(set)
    for row in await connection.execute(found):
        numbers[row.other_id].add(row.student_identifier)
    return numbers


async def _questioned(connection: AsyncConnection, students: Sequence[UUID]) -> frozenset[UUID]:
    withheld = outcomes.withheld
    asked = exists(
        select(withheld.c.row_id).where(
            withheld.c.student_id == facts.identity.c.student_id, withheld.c.target == QUESTIONED, visible(withheld)
        )
    )
    own = facts.identity.c.student_id
    found = select(own).where(own == any_(literal(list(students), ARRAY(Uuid))), asked)
    return frozenset(await connection.scalars(found))
