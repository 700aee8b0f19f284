"""A held load lets a program count where it takes a student from a partner, and not where it would give one."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.records.coverage import Scope
from gateway.records.errors import LoadHeld
from policies.population import Column, In, NotInKnown
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    ENROLLMENTS,
    LINE,
    OTHER,
    OTHER_LINE,
    STUDENTS,
    SmallDistrict,
    permit,
    terms,
)

pytestmark = pytest.mark.claim(7)

LISTED = terms(In(Column.PROGRAM_TYPE, ("special",)))
NOT_LISTED = terms(NotInKnown(Column.PROGRAM_TYPE, ("special",)))
TUTORED = [(each[0], "q", "tutoring", "2025-10-01", None) for each in STUDENTS]
SPECIAL = ("1003", "p", "special", "2025-10-01", None)
"""The only one who is in it."""


async def seen(district: SmallDistrict) -> tuple[set[str], set[str]]:
    """Return who is shown to whom asks who is in the program, and to whom asks who is in none."""
    both = []
    for rows, agreement in ((LISTED, AGREEMENT), (NOT_LISTED, OTHER)):
        leave = permit("first_name", rows=rows, agreement=agreement)
        both.append({str(row["first_name"]) for row in await district.rows(leave)})
    return both[0], both[1]


async def test_of_a_held_load_a_program_counts_where_it_takes_and_waits_where_it_gives(
    database: TestDatabase, tmp_path: Path
) -> None:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2026, 2, 1))
    district.scopes += [Scope(AGREEMENT, LINE, LISTED), Scope(OTHER, OTHER_LINE, NOT_LISTED)]
    right = {"students": STUDENTS, "enrollments": ENROLLMENTS, "programs": [*TUTORED, SPECIAL]}
    await district.load(right)
    before = {"Chí"}, {"Ana", "Bo", "Dua"}
    assert await seen(district) == before
    broken = [(each[0], "New", *each[2:]) for each in STUDENTS]
    nobody = ("9999", "New", "Child", None, None, None, None)

    async def held(programs: Sequence[Sequence[object]]) -> int:
        with pytest.raises(LoadHeld) as refused:
            await district.load({"students": [*broken, nobody], "programs": programs})
        return len(refused.value.entries)

    # What says nothing new takes nobody, and somebody whom nobody knows yet is not withheld.
    assert await held([*TUTORED, SPECIAL, ("9999", "p", "special", "2025-10-01", None)]) == 0
    assert await seen(district) == before
    # (1): a new row takes from whoever asks who is in none, and gives nothing.
    assert await held([*TUTORED, SPECIAL, ("1001", "p", "special", "2025-10-01", None)]) == 1
    assert await seen(district) == ({"Chí"}, {"Bo", "Dua"})
    # (2): so does a row that is of another program now; whoever was taken comes by no held load.
    other = [*TUTORED[:1], ("1002", "q", "special", "2025-10-01", None), *TUTORED[2:], SPECIAL]
    assert await held(other) == 1
    assert await held([*TUTORED, SPECIAL]) == 0
    assert await seen(district) == ({"Chí"}, {"Dua"})
    # (3): one that is over takes from whoever asks who is in it, and gives nothing either.
    assert await held([*TUTORED, (*SPECIAL[:4], "2026-01-15")]) == 1
    assert await seen(district) == (set(), {"Dua"})
    assert await held([*TUTORED, (*SPECIAL[:4], "2026-01-15")]) == 0
    # When two people say that the export is right, all of it counts.
    await district.load({**right, "programs": [*TUTORED, (*SPECIAL[:4], "2026-01-15")]}, confirm=True)
    assert await seen(district) == (set(), {"Ana", "Bo", "Chí", "Dua"})
