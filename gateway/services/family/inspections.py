"""
What an open request to inspect keeps: nothing of that student is destroyed before it is answered (34 CFR 99.10(e)).

INVARIANT: whoever cannot tell whose request it is destroys nothing: neither an erasure, nor retention, nor a partner's
certificate goes through.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.documents.destruction import WHOLE, Certificate
from agreements.elements import Catalogue
from agreements.errors import DestructionHeld
from gateway.records.numbers import one_with
from gateway.records.release import population, subject
from gateway.records.subjects import SubjectKey
from gateway.services.errors import RecordKept
from gateway.services.family.kept import read_family
from gateway.services.family.whose import Whose, whose
from gateway.services.filing import Filing
from gateway.services.standing.registry import Registry
from gateway.wrapping_keys import WrappingKeys

_REMEDY = "Answer the request first (`pactgate family list`); that ends what it keeps."


async def open_inspections(connection: AsyncConnection, registry: Registry, catalogue: Catalogue) -> Whose:
    """Return the open requests to inspect, and whose each is; as the loader role."""
    family = await read_family(connection, registry.authority, catalogue)
    return await whose(connection, family.inspections)


async def require_none_open(
    connection: AsyncConnection, registry: Registry, catalogue: Catalogue, numbers: Collection[bytes]
) -> None:
    """Check that no request to inspect is open for a student with one of these numbers. Raises `RecordKept`."""
    found = (await open_inspections(connection, registry, catalogue)).concerning(numbers)
    if found:
        raise _kept(found)


async def students_kept(
    connection: AsyncConnection, registry: Registry, catalogue: Catalogue, key: SubjectKey | None
) -> list[UUID]:
    """
    Return the students whose records are kept for an open request to inspect, under whichever of their numbers.

    Raises `RecordKept` if there is one and nobody can tell whose it is: without the key of the subject numbers, or with
    a list that was altered.
    """
    found = await open_inspections(connection, registry, catalogue)
    numbers = found.known
    if not found.numbers:
        return []
    if key is None or numbers is None:
        raise _kept(sorted(found.numbers))
    links = key.sealed(sorted(numbers))
    asked = (await connection.scalars(select(subject.c.student_id).where(subject.c.sealed.in_(links)))).all()
    # What stands under a number that was merged since is the same child's.
    return sorted({each for student in asked for each in await one_with(connection, student)})


class OpenInspections:
    """What certificates of destruction are held against. Without the key nobody can tell whose a request is."""

    def __init__(self, catalogue: Catalogue, subject_key: WrappingKeys | None) -> None:
        self._catalogue = catalogue
        self._key = None if subject_key is None else SubjectKey(subject_key)

    async def require_none_open(self, filing: Filing, certificate: Certificate, versions: Sequence[str]) -> None:
        """
        Check that no student whom the certificate is about has an open request to inspect (row X4).

        `versions` are the digests of the agreement's line. Raises `DestructionHeld`.
        """
        try:
            kept = await students_kept(filing.connection, filing.registry, self._catalogue, self._key)
        except RecordKept as error:
            raise DestructionHeld(str(error)) from None
        if not kept:
            return
        of = population.c
        about = select(of.student_id).where(of.agreement.in_(versions), of.student_id.in_(kept))
        if certificate.covers != WHOLE:
            about = about.where(of.code.in_(certificate.leavers))
        if await filing.connection.scalar(about.limit(1)) is not None:
            raise DestructionHeld("A family asked to inspect what was shared, and was not answered yet.")


def _kept(entries: Sequence[int]) -> RecordKept:
    listed = ", ".join(str(each) for each in entries[:5])
    return RecordKept(f"A family has asked to inspect and was not answered (entry {listed}).", remedy=_REMEDY)
