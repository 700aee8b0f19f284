"""What the log holds after a repetition: as many entries, spent proofs and subject lists as there were answers."""

from dataclasses import dataclass

import asyncpg

SUBJECT_BYTES = 16

_COUNTS = """
SELECT h.size,
    (SELECT count(*) FROM audit.once) AS spent,
    (SELECT count(*) FROM audit.subject) AS lists,
    (SELECT coalesce(sum(octet_length(s.subjects)), 0)::bigint FROM audit.subject s) AS listed,
    (SELECT count(*) FROM audit.entry e WHERE position('"event":"disclosure"'::bytea IN e.leaf) > 0) AS disclosures
FROM audit.head h
"""


class Miscounted(Exception):
    """The log does not hold what the answers say it must: nothing that was measured counts."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one moment."""

    entries: int
    disclosures: int
    spent: int
    lists: int
    listed: int


async def tally(connection: asyncpg.Connection) -> Tally:
    """Count."""
    row = await connection.fetchrow(_COUNTS)
    assert row is not None
    return Tally(
        entries=row["size"],
        disclosures=row["disclosures"],
        spent=row["spent"],
        lists=row["lists"],
        listed=row["listed"] // SUBJECT_BYTES,
    )


def require_equal(before: Tally, after: Tally, *, answers: int, rows: int) -> None:
    """Check that between two moments the log grew by exactly these answers. Raises `Miscounted`."""
    grown = {
        "entries": after.entries - before.entries,
        "disclosures": after.disclosures - before.disclosures,
        "proofs spent": after.spent - before.spent,
        "subject lists": after.lists - before.lists,
    }
    wrong = {name: count for name, count in grown.items() if count != answers}
    if wrong or after.listed - before.listed != answers * rows:
        raise Miscounted(f"{answers} answers, but {grown} and {after.listed - before.listed} students listed")
