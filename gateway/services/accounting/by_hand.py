"""
Recording by hand that records left outside the gateway (34 CFR 99.32(a), row N5).

An officer signs what was disclosed, to whom and why; the students stand beside the entry by number, as in a disclosure.
INVARIANT: neither the entry nor the signed record names a student, and no record is changed: a later one corrects it.
"""

import secrets
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.basis import ferpa_9932_required
from agreements.outside import VerifiedOutsideDisclosure, verify_outside_disclosure
from agreements.signature import Envelope
from audit.change import append_change
from audit.commitments import SECRET_SIZE, Private, commit_subjects, pack_private
from audit.entry import leaf
from audit.events import Event
from gateway.records.numbers import Said
from gateway.records.standing import renumbered
from gateway.records.subjects import SubjectKey
from gateway.services.emergencies.papers import Students
from gateway.services.errors import RecordRefused
from gateway.services.filing import Desk, Filing
from gateway.services.naming import numbered
from gateway.store.tables import outside_disclosure
from gateway.wrapping_keys import WrappingKeys

_HEX: Final = "sha256:"


class OutsideDisclosures:
    """Takes in records of disclosures made outside the gateway, as the loader role."""

    def __init__(
        self, desk: Desk, subject_key: WrappingKeys, random: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self._desk = desk
        self._key = SubjectKey(subject_key)
        self._random = random

    async def record(self, document: Envelope, students: Students) -> int:
        """
        Take in what an officer signed about exactly these students; return the entry.

        Raises an `AgreementError`, `UnknownStudent`, `LinkErased`, `RecordRefused`. Nothing was written then.
        """
        return (await self.record_all([(document, students)]))[0]

    async def record_all(self, records: Sequence[tuple[Envelope, Students]]) -> tuple[int, ...]:
        """Take in several records, all or none; return their entries. Raises as `record`."""
        async with self._desk.filing() as filing:
            return tuple([await self._record(filing, *each) for each in records])

    async def _record(self, filing: Filing, document: Envelope, students: Students) -> int:
        # (1): an officer signed exactly this, for exactly these students.
        held = verify_outside_disclosure(
            filing.filed(document), authority=filing.authority, catalogue=self._desk.catalogue
        )
        said = held.disclosure
        if (said.commitment, said.count) != (students.commitment, len(students.each)):
            raise RecordRefused("The students named are not those that the record commits to.")
        # (2): it is not there yet, and what it corrects is, and was not corrected before.
        await _require_fitting(filing.connection, held)
        # (3): the students by number, in the order of the district's numbers, as they were numbered on that day.
        await _require_holders(filing.connection, students.numbers, said.disclosed_on)
        subjects = b"".join([await self._number(filing.connection, each) for each in students.each])
        # (4): entry and record are one transaction.
        return await self._write(filing, held, students, subjects)

    async def _write(self, filing: Filing, held: VerifiedOutsideDisclosure, students: Students, subjects: bytes) -> int:
        said, envelope = held.disclosure, held.envelope
        opens = Private(row_secret=self._random(SECRET_SIZE), request_salt=students.salt)
        written = leaf(
            Event.OUTSIDE_DISCLOSURE,
            filing.moment.now,
            document=envelope.digest,
            officers=sorted(each.kid for each in envelope.signatures),
            basis=said.basis,
            ferpa_9932_required=ferpa_9932_required(said.basis),
            elements=list(said.elements),
            disclosed_on=said.disclosed_on.isoformat(),
            students=said.count,
            request=said.commitment,
            listed=commit_subjects(opens.row_secret, subjects).hex(),
            **({} if said.corrects is None else {"corrects": said.corrects}),
        )
        index = await append_change(
            filing.connection, written, moves_epoch=False, subjects=subjects, private=pack_private(opens)
        )
        row = {
            "idx": index,
            "envelope": envelope.text,
            "digest": _digest(envelope),
            "corrects": said.corrects,
        }
        await filing.connection.execute(insert(outside_disclosure), [row])
        return index

    async def _number(self, connection: AsyncConnection, identifier: str) -> bytes:
        return (await numbered(connection, identifier, self._key)).numbers[0]


async def _require_holders(connection: AsyncConnection, numbers: Sequence[str], disclosed_on: date) -> None:
    """Check that none of these numbers was another child's on the day: the record is about whoever had it then."""
    said = renumbered.c
    reused = (said.kind == Said.REUSED.value, said.to_idx.is_(None), said.said_on > disclosed_on)
    found = select(said.student_identifier, said.said_on).where(*reused, said.student_identifier.in_(numbers))
    another = (await connection.execute(found.order_by(said.said_on))).first()
    if another is not None:
        # A number of several holders was that one's who gave it up first after the day.
        place = numbers.index(another.student_identifier) + 1
        raise RecordRefused(
            f"On that day the number at place {place} of {len(numbers)} was another child's:"
            f" name that child by the number, followed by ' (until {another.said_on})'."
        )


async def _require_fitting(connection: AsyncConnection, held: VerifiedOutsideDisclosure) -> None:
    own = outside_disclosure.c
    if await _indexes(connection, own.digest == _digest(held.envelope)):
        raise RecordRefused("This record is on file already.")
    corrects = held.disclosure.corrects
    if corrects is None:
        return
    if not await _indexes(connection, own.idx == corrects):
        raise RecordRefused(f"Entry {corrects} is no disclosure that was recorded by hand.")
    if later := await _indexes(connection, own.corrects == corrects):
        raise RecordRefused(f"Entry {corrects} was corrected by entry {later[0]}; correct that one.")


async def _indexes(connection: AsyncConnection, condition: object) -> Sequence[int]:
    return (await connection.scalars(select(outside_disclosure.c.idx).where(condition))).all()  # type: ignore[arg-type]


def _digest(envelope: Envelope) -> bytes:
    return bytes.fromhex(envelope.digest.removeprefix(_HEX))
