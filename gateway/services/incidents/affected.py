"""
Whose records an incident may concern: the students beside the disclosures that the log has of its window.

INVARIANT: the list is what a search of the log finds, entry by entry, and nothing else. It is given after the entry
that says so was committed, and the students stand beside that entry, so that each family can be told who looked.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Uuid, any_, bindparam, literal, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.entry import parse
from gateway.records import facts, release
from gateway.records.coverage import visible
from gateway.records.numbers import merged_rows
from gateway.records.subjects import NUMBER_BYTES, SubjectKey
from gateway.services.incidents.lines import Concerns, Student
from gateway.services.naming import Checked, listed
from gateway.services.office import Office
from gateway.services.searching.searches import Searches
from gateway.services.searching.wanted import Outcome, Wanted

_AT_ONCE = 1_000
_LEAVES = text("SELECT idx, leaf FROM audit.entry WHERE idx = ANY(:indexes) ORDER BY idx").bindparams(
    bindparam("indexes", type_=ARRAY(BigInteger))
)


async def disclosures_of(office: Office, concerns: Concerns) -> list[int]:
    """Return the entries of what left in the window, in the order of the log. Raises what a search raises."""
    wanted = Wanted(
        since=concerns.since,
        until=concerns.until,
        partners=_one(concerns.partner),
        agreements=_one(concerns.agreement),
        clients=_one(concerns.client),
        outcome=Outcome.DISCLOSURE,
    )
    found: list[int] = []
    cursor = None
    while True:
        page = await Searches(office).search(wanted, limit=_AT_ONCE, cursor=cursor, newest_first=False)
        found += [each.index for each in page.found]
        cursor = page.next
        if cursor is None:
            return found


async def numbers_beside(connection: AsyncConnection, entries: Sequence[int]) -> tuple[tuple[bytes, ...], list[int]]:
    """
    Return the subject numbers beside these entries, each once, and the entries whose list cannot be relied upon.

    INVARIANT: whoever took a list away, or what opens it, is found: the entry says that there were records.
    """
    numbers: dict[bytes, None] = {}
    sound = set()
    async for each in listed(connection, entries):
        numbers.update(dict.fromkeys(each.subjects))
        sound |= {each.index} if each.checked in {Checked.HOLDS, Checked.NOT_COMMITTED} else set()
    found = await connection.execute(_LEAVES, {"indexes": [each for each in entries if each not in sound]})
    return tuple(numbers), [row.idx for row in found if parse(row.leaf).body.get("records") != 0]


async def students_of(
    connection: AsyncConnection, numbers: Sequence[bytes], key: SubjectKey
) -> tuple[tuple[Student, ...], int]:
    """
    Return the students with these subject numbers by the district's number, and how many lead to nobody.

    A child whose numbers were merged is one student, by the number that stands.
    """
    ids: set[UUID] = set()
    linked = 0
    link, merged = release.subject.c, merged_rows()
    rows = await connection.execute(select(merged.c.student_id, merged.c.other_id))
    stands: dict[UUID, UUID] = {row.student_id: row.other_id for row in rows}
    for start in range(0, len(numbers), _AT_ONCE):
        wanted = key.sealed(numbers[start : start + _AT_ONCE])
        found = (await connection.scalars(select(link.student_id).where(link.sealed.in_(wanted)))).all()
        linked += len(found)
        ids |= {stands.get(each, each) for each in found}
    known, own = facts.identity.c, facts.person
    rows = await connection.execute(
        select(known.student_identifier, own.c.first_name, own.c.last_name)
        .select_from(facts.identity.outerjoin(own, (own.c.student_id == known.student_id) & visible(own)))
        .where(known.student_id == any_(literal(list(ids), ARRAY(Uuid))))
        .order_by(known.student_identifier)
    )
    students = {row.student_identifier: (row.first_name or "", row.last_name or "") for row in rows}
    return tuple(Student(number, *names) for number, names in students.items()), len(numbers) - linked


def packed(numbers: Sequence[bytes]) -> bytes:
    """Return subject numbers as they stand beside an entry."""
    assert all(len(each) == NUMBER_BYTES for each in numbers)
    return b"".join(numbers)


def _one(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)
