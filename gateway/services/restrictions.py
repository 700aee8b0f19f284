"""
Parents whose rights a court, statute or binding document has revoked (34 CFR 99.4), by an officer's signed document.

From the next request on nothing counts that such a parent signed, no list and no hand brings it back, and what the
parent says is not taken. One transaction, with its entry. INVARIANT: neither the entry nor the document names anybody.
"""

import datetime as dt
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.canonical import canonical_bytes
from agreements.documents.parental_rights import Act, ParentalRights
from agreements.parental_rights import VerifiedParentalRights, verify_parental_rights
from agreements.signature import Envelope
from audit.commitments import SECRET_SIZE, commit_bytes
from audit.events import Event
from gateway.records.errors import RestrictionRefused
from gateway.records.loading.staging import digest_of
from gateway.records.numbers import one_with
from gateway.records.signed import SignerName, compared_name
from gateway.records.standing import restriction
from gateway.services.filing import Desk, Filing
from gateway.services.rights import end_restricted
from gateway.services.stops import move, student_known_as

_EVENTS: Final = {Act.REVOKED: Event.RIGHTS_RESTRICTED, Act.RESTORED: Event.RIGHTS_RESTORED}


@dataclass(frozen=True, slots=True)
class Whom:
    """The student by number and the parent by name, and the salt under which the signed document commits to both."""

    number: str = field(repr=False)
    parent: SignerName
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(SECRET_SIZE), repr=False)

    @property
    def commitment(self) -> str:
        """Return what stands in the document."""
        return commit_bytes(self.salt, canonical_bytes({"parent": self.parent.plain, "student": self.number})).hex()


@dataclass(frozen=True, slots=True, repr=False)
class RestrictedParent:
    """A parent whose rights are revoked now: the name as it is compared, the day of the order, and the entry."""

    name: str
    ordered_on: dt.date
    entry: int


class Restrictions:
    """Takes in what officers sign about the rights of parents, as the loader role."""

    def __init__(self, desk: Desk, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._desk = desk
        self._random = random

    async def file(self, document: Envelope, whom: Whom) -> int:
        """
        Take in a signed document about exactly this parent of this student; return the entry.

        Raises an `AgreementError`, `UnknownStudent`, `RestrictionRefused`. Nothing was written then.
        """
        async with self._desk.filing() as filing:
            # (1): an officer signed exactly this, about exactly these two.
            held = verify_parental_rights(filing.filed(document), authority=filing.authority)
            if held.said.whom != whom.commitment:
                raise RestrictionRefused("The document is about another student, or another parent.")
            if not whom.parent.compared:
                raise RestrictionRefused("A parent has a name.")
            return await self._write(filing, document, held, whom)

    async def on_file(self, number: str) -> tuple[RestrictedParent, ...]:
        """
        Return the parents of this student whose rights are revoked now.

        Whoever asks has put an entry of the look on record before. Raises `UnknownStudent`.
        """
        said = restriction.c
        async with self._desk.engine.connect() as connection:
            student = await student_known_as(connection, number)
            # Under any number of the child's: what was filed under one that was merged since counts too.
            own = (said.student_id.in_(await one_with(connection, student)), said.to_idx.is_(None))
            found = select(said.parent, said.ordered_on, said.from_idx).where(*own).order_by(said.from_idx)
            return tuple([RestrictedParent(*row) for row in await connection.execute(found)])

    async def _write(self, filing: Filing, document: Envelope, held: VerifiedParentalRights, whom: Whom) -> int:
        idx = await filing.next_index()
        student = await student_known_as(filing.connection, whom.number)
        await change_rights(filing.connection, student, whom.parent, held.said, idx)
        await move(filing.connection, student, idx, self._desk.scopes, self._random, only=None)
        officers = sorted(each.key.thumbprint for each in held.officers)
        await filing.file_sealed(idx, _EVENTS[held.said.act], document, concerns=None, officers=officers)
        return idx


async def change_rights(
    connection: AsyncConnection, student: UUID, parent: SignerName, said: ParentalRights, idx: int
) -> None:
    """
    Begin or end the restriction of one parent as of entry `idx`; with a beginning ends what the parent signed.

    Raises `RestrictionRefused` if it changes nothing.
    """
    on_file = restriction.c
    # Under any number of the child's: what was filed under one that was merged since is lifted by the one that stands.
    ids = await one_with(connection, student)
    own = select(on_file.row_id, on_file.parent).where(on_file.student_id.in_(ids), on_file.to_idx.is_(None))
    there = [row.row_id for row in await connection.execute(own) if compared_name(row.parent) == parent.compared]
    if (said.act is Act.RESTORED) is not bool(there):
        raise RestrictionRefused("That is what is on file about this parent already.")
    if said.act is Act.RESTORED:
        await connection.execute(update(restriction).where(on_file.row_id.in_(there)).values(to_idx=idx))
        return
    row = {
        "student_id": student,
        "parent": parent.plain,
        "ordered_on": said.ordered_on,
        "evidence": said.evidence,
    }
    await connection.execute(insert(restriction), [{**row, "digest": digest_of(row.values()), "from_idx": idx}])
    await end_restricted(connection, student, idx)


__all__ = ["RestrictedParent", "Restrictions", "SignerName", "Whom", "change_rights"]


async def some_parent_is_restricted(connection: AsyncConnection, students: Collection[UUID]) -> bool:
    """Return whether the rights of a parent of this child are revoked now; `students` are all ids of the child."""
    revoked = select(restriction.c.row_id).where(restriction.c.student_id.in_(students), restriction.c.to_idx.is_(None))
    return (await connection.scalar(revoked.limit(1))) is not None
