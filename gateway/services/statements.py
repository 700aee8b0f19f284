"""
A family's statement about a contested record (34 CFR 99.21(b)(2)): placed, and ended.

It goes along wherever a value that it contests is told, to whomever (99.21(c)(2)), and is kept as long as that part of
the record (99.21(c)(1)). One transaction each, with its entry; the entry names elements, and neither student nor words.
"""

import secrets
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from sqlalchemy import Date, cast, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.change import next_index
from audit.events import Event
from gateway.records.errors import NothingToStop, StatementRefused
from gateway.records.loading.staging import digest_of
from gateway.records.population import Random
from gateway.records.standing import contested
from gateway.services.standing.identity import by as said_by
from gateway.services.stops import append_stated, student_known_as

MOST_LETTERS: Final = 4_000


class Ending(StrEnum):
    """Why a statement ends; nothing else may end it."""

    AMENDED = "amended"
    """The record was amended as the family asked."""
    DESTROYED = "destroyed"
    """The contested part is not kept any more."""
    WITHDRAWN = "withdrawn"
    """The family took it back."""


async def place_statement(
    connection: AsyncConnection,
    student_identifier: str,
    elements: Sequence[str],
    words: str,
    *,
    person: str | None = None,
    random: Random = secrets.token_bytes,
) -> int:
    """
    Put `words` on file about what the record says of these elements (ids); return the entry.

    An earlier statement about the same elements gives way. Raises `UnknownStudent`, `StatementRefused`.
    """
    text = _checked(words)
    about = sorted(set(elements))
    idx = await next_index(connection)
    student = await student_known_as(connection, student_identifier)
    same = (contested.c.student_id == student, contested.c.elements == about, contested.c.to_idx.is_(None))
    await connection.execute(update(contested).where(*same).values(to_idx=idx))
    day = await connection.scalar(select(cast(func.timezone("UTC", func.gateway.clock()), Date)))
    row = {"student_id": student, "elements": about, "statement": text, "stated_on": day}
    await connection.execute(insert(contested), [{**row, "digest": digest_of(row.values()), "from_idx": idx}])
    return await append_stated(connection, idx, Event.STATEMENT_PLACED, random, elements=about, **said_by(person))


async def end_statement(
    connection: AsyncConnection,
    student_identifier: str,
    elements: Sequence[str],
    ending: Ending,
    *,
    person: str | None = None,
    random: Random = secrets.token_bytes,
) -> int:
    """End the statement about these elements (ids); return the entry. Raises `UnknownStudent`, `NothingToStop`."""
    about = sorted(set(elements))
    idx = await next_index(connection)
    student = await student_known_as(connection, student_identifier)
    same = (contested.c.student_id == student, contested.c.elements == about, contested.c.to_idx.is_(None))
    ended = await connection.execute(update(contested).where(*same).values(to_idx=idx))
    if ended.rowcount == 0:
        raise NothingToStop("there is no statement about these elements")
    said = {"elements": about, "ending": ending.value, **said_by(person)}
    return await append_stated(connection, idx, Event.STATEMENT_ENDED, random, **said)


def _checked(words: str) -> str:
    text = words.strip()
    if not 1 <= len(text) <= MOST_LETTERS:
        raise StatementRefused(f"a statement has 1 to {MOST_LETTERS} letters, this one has {len(text)}")
    if any(not (letter.isprintable() or letter in "\n\t\u200c\u200d") for letter in text):
        raise StatementRefused("a statement is plain text; this one holds letters that cannot be printed")
    return text
