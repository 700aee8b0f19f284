"""Whoever is withheld for a row that cannot be read stays so until that row's own mapping says otherwise."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from gateway.records.coverage import Scope
from gateway.records.errors import LoadHeld
from gateway.records.loading.mapping import MappingFile
from gateway.records.loading.report import TargetReport
from policies.population import Column, NotInKnown
from tests.factories.database import TestDatabase
from tests.factories.records import ENROLLMENTS, OTHER, OTHER_LINE, STUDENTS, SmallDistrict, mapping_for, permit, terms

pytestmark = pytest.mark.claim(3)

NOT_LISTED = terms(NotInKnown(Column.PROGRAM_TYPE, ("special",)))
TUTORED = [(each[0], "q", "tutoring", "2025-10-01", None) for each in STUDENTS]
SPECIAL = ("1003", "p", "special", "2025-10-01", None)
UNREAD = ("1001", "p", "special", "soon", None)
"""Says, where it could be read, that 1001 is in the program too."""
Row = Sequence[object]


def of_its_kind(name: str) -> MappingFile:
    """Return a mapping of programs whose files speak of the kinds of program in them, and of no others."""
    return msgspec.structs.replace(mapping_for("programs", scope=["program_type"]), name=name)


TUTORING, EDUCATION = of_its_kind("tutoring"), of_its_kind("special education")


async def tonight(district: SmallDistrict, mapping: MappingFile, *rows: Row) -> TargetReport:
    district.write("programs", *rows)
    return (await district.load_by(mapping, district.folder, confirm=False)).targets[0]


async def seen(district: SmallDistrict) -> set[str]:
    """Return who is shown to whom asks who is in no special program."""
    leave = permit("first_name", rows=NOT_LISTED, agreement=OTHER)
    return {str(row["first_name"]) for row in await district.rows(leave)}


async def test_a_load_that_says_nothing_of_a_refused_row_lets_nobody_go(database: TestDatabase, tmp_path: Path) -> None:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2026, 2, 1))
    district.scopes.append(Scope(OTHER, OTHER_LINE, NOT_LISTED))
    await district.load({"students": STUDENTS, "enrollments": ENROLLMENTS})
    await tonight(district, TUTORING, *TUTORED)
    await tonight(district, EDUCATION, SPECIAL)
    assert await seen(district) == {"Ana", "Bo", "Dua"}
    told = await tonight(district, EDUCATION, SPECIAL, UNREAD)
    assert (told.refused_rows, told.withheld) == (1, 1)
    assert await seen(district) == {"Bo", "Dua"}
    # (1): the file of another system knows nothing of that row, whether its load goes through or is held.
    await tonight(district, TUTORING, *TUTORED)
    assert await seen(district) == {"Bo", "Dua"}
    with pytest.raises(LoadHeld):
        await tonight(district, TUTORING, *TUTORED[:2])
    # (2): a row of each file cannot be read: neither of them alone says that the other one is mended.
    await tonight(district, TUTORING, (*TUTORED[0][:3], "soon", None), *TUTORED[1:])
    await tonight(district, EDUCATION, SPECIAL)
    assert await seen(district) == {"Bo", "Dua"}
    await tonight(district, TUTORING, *TUTORED)
    assert await seen(district) == {"Ana", "Bo", "Dua"}
    # (3): a held load of one withholds nobody whom another one may let go.
    await tonight(district, EDUCATION, SPECIAL, UNREAD)
    with pytest.raises(LoadHeld):
        await tonight(district, TUTORING, *TUTORED[:2])
    await tonight(district, EDUCATION, SPECIAL)
    assert await seen(district) == {"Ana", "Bo", "Dua"}
    # (4): a file that is the whole truth about all programs lets go whom any other withheld.
    await tonight(district, EDUCATION, SPECIAL, UNREAD)
    assert await seen(district) == {"Bo", "Dua"}
    await tonight(district, mapping_for("programs"), *TUTORED, SPECIAL)
    assert await seen(district) == {"Ana", "Bo", "Dua"}
