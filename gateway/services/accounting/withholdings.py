"""
Withholding lines of one student's accounting, by a document that two officers signed (decision 0055).

INVARIANT: the entry says that something is withheld and until when, and neither from whom, of what nor why: the reasons
are the law's, and some of them must not be known to exist.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.documents.telling_partners import Tells
from agreements.documents.withholding import Withholding
from agreements.handing_out import VerifiedWithholding, verify_telling_partners, verify_withholding
from agreements.signature import Envelope
from audit.change import append_change
from audit.commitments import SECRET_SIZE, Private, commit_subjects, pack_private
from audit.entry import leaf
from audit.events import Event
from gateway.records import release
from gateway.records.errors import UnknownStudent
from gateway.records.subjects import SubjectKey
from gateway.services.accounting.withheld import known_lines, unknown_lines
from gateway.services.errors import WithholdingRefused
from gateway.services.family.kept import Family, is_kept, keep_document, read_family
from gateway.services.filing import Desk, Filing
from gateway.services.naming import numbered
from gateway.store.tables import outside_disclosure
from gateway.wrapping_keys import WrappingKeys


@dataclass(frozen=True, slots=True)
class WithholdingLine:
    """A withholding in a list for officers. It names no student; `lasts` says whether it still counts."""

    entry: int
    reason: str
    lines: tuple[str, ...]
    until: date
    lasts: bool
    officers: tuple[str, ...]


class Withholdings:
    """Files withholdings, and the list of telling partners, in one installation, as the loader role."""

    def __init__(
        self, desk: Desk, subject_key: WrappingKeys, random: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self._desk = desk
        self._key = SubjectKey(subject_key)
        self._random = random

    async def link_of(self, identifier: str) -> bytes:
        """Return the link of the student with this number, for the document. Raises `UnknownStudent`, `LinkErased`."""
        async with self._desk.engine.connect() as connection:
            student = await numbered(connection, identifier, self._key)
            link = release.subject.c
            found = await connection.scalar(select(link.sealed).where(link.student_id == student.students[0]))
        assert found is not None  # there is a number, so there is a link
        return bytes(found)

    async def withhold(self, document: Envelope) -> int:
        """
        File a withholding that two officers signed; return its entry.

        Raises an `AgreementError`, `UnknownStudent`, `WithholdingRefused`, `WrappingKeyMissing`. Nothing was written
        then.
        """
        async with self._desk.filing() as filing:
            # (1): two officers signed exactly this, for a reason of the law's and until a day.
            held = verify_withholding(filing.filed(document), authority=filing.authority)
            await _require_new(filing.connection, document)
            # (2): the student is there, under all the numbers that the log knows the child by.
            numbers = await self._numbers(filing.connection, held.withholding)
            # (3): the lines are lines, and what is replaced is a withholding about the same student.
            family = await read_family(filing.connection, filing.authority, self._desk.catalogue)
            if unknown := unknown_lines(held.withholding.lines, await _lines(filing)):
                raise WithholdingRefused(f"There is no line {', '.join(unknown)}.")
            self._require_replaceable(family, held, numbers)
            # (4): entry and document are one transaction.
            beside = b"".join(numbers)
            opens = Private(row_secret=self._random(SECRET_SIZE))
            replaces = held.withholding.replaces
            written = leaf(
                Event.LINES_WITHHELD,
                filing.moment.now,
                document=document.digest,
                officers=sorted(each.kid for each in document.signatures),
                until=held.withholding.until.isoformat(),
                listed=commit_subjects(opens.row_secret, beside).hex(),
                **({} if replaces is None else {"replaces": replaces}),
            )
            index = await append_change(
                filing.connection, written, moves_epoch=False, subjects=beside, private=pack_private(opens)
            )
            await keep_document(filing.connection, index, document)
        return index

    async def listed(self) -> tuple[WithholdingLine, ...]:
        """Return every withholding that was not replaced, oldest first."""
        moment, registry = await self._desk.registry()
        async with self._desk.engine.connect() as connection:
            family = await read_family(connection, registry.authority, self._desk.catalogue)
        return tuple(
            WithholdingLine(
                entry=at,
                reason=each.withholding.reason.value,
                lines=each.withholding.lines,
                until=each.withholding.until,
                lasts=each.lasts(moment.now),
                officers=tuple(officer.key.thumbprint for officer in each.officers),
            )
            for at, each in family.withholdings.items()
        )

    async def keep_telling(self, document: Envelope) -> int:
        """
        File the list of telling partners that an officer signed; return its entry. The newest list counts.

        Raises an `AgreementError`, `WithholdingRefused` if another list came meanwhile.
        """
        async with self._desk.filing() as filing:
            held = verify_telling_partners(filing.filed(document), authority=filing.authority)
            await _require_new(filing.connection, document)
            family = await read_family(filing.connection, filing.authority, self._desk.catalogue)
            if held.after != family.telling_entry:
                raise WithholdingRefused("Another list came meanwhile: begin with the one that counts now.")
            index = await filing.append(
                Event.PARTNERS_TELLING,
                document=document.digest,
                officers=sorted(each.kid for each in document.signatures),
                partners=len(held.partners),
            )
            await keep_document(filing.connection, index, document)
        return index

    async def telling(self) -> tuple[Mapping[str, Tells], int]:
        """Return the list of telling partners that counts, and its entry; -1 if there is none."""
        _, registry = await self._desk.registry()
        async with self._desk.engine.connect() as connection:
            family = await read_family(connection, registry.authority, self._desk.catalogue)
        return family.telling, family.telling_entry

    async def _numbers(self, connection: AsyncConnection, withholding: Withholding) -> tuple[bytes, ...]:
        link = release.subject.c
        forms = self._key.every_form([withholding.student])
        student = await connection.scalar(select(link.student_id).where(link.sealed.in_(forms)))
        if student is None:
            raise UnknownStudent("no student has this link")
        return (self._key.numbers([withholding.student]),)

    def _require_replaceable(self, family: Family, held: VerifiedWithholding, numbers: tuple[bytes, ...]) -> None:
        replaces = held.withholding.replaces
        if replaces is None:
            return
        before = family.withholdings.get(replaces)
        if before is None or self._key.numbers([before.withholding.student]) not in numbers:
            raise WithholdingRefused(f"Entry {replaces} withholds nothing about this student.")


async def _lines(filing: Filing) -> frozenset[str]:
    registry = filing.registry
    return known_lines(
        (each.verified.agreement.id for each in registry.history.values()),
        (each.verified.order.id for each in registry.emergency_orders),
        await filing.connection.scalars(select(outside_disclosure.c.idx)),
    )


async def _require_new(connection: AsyncConnection, document: Envelope) -> None:
    if await is_kept(connection, document):
        raise WithholdingRefused("This document is on file already.")
