"""
Taking in what families ask, and answering it: each an officer's signed document with its entry, in one transaction.

INVARIANT: neither document nor entry names a student; the number stands beside the entry. A document is judged when it
is filed as at every look; an answer besides against the entry that it says answered it.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final

from agreements.documents.family import WITHIN, Asked, read_family_step
from agreements.families import Asking, VerifiedFamilyStep, verify_family_request, verify_family_step
from agreements.signature import Envelope
from audit.change import append_change
from audit.commitments import SECRET_SIZE, Private, commit_subjects, pack_private
from audit.entry import leaf
from audit.events import Event
from gateway.records.subjects import SubjectKey
from gateway.services.emergencies.papers import Students
from gateway.services.errors import RequestRefused, UnknownRequest
from gateway.services.family.dated import DATED_BY, require_dated
from gateway.services.family.kept import STEPS, Family, is_kept, keep_document, read_family
from gateway.services.family.shown import Asks, RequestLine, asks_of, line_of
from gateway.services.family.whose import whose
from gateway.services.filing import Desk, Filing
from gateway.services.naming import numbered
from gateway.services.obligations.history import entries_at
from gateway.wrapping_keys import WrappingKeys

_DONE_BY: Final[Mapping[Asked, tuple[Event, ...]]] = {
    Asked.INSPECTION: (Event.RECORDS_SHOWN,),
    Asked.AMENDMENT: (Event.RECORDS_LOADED,),
    Asked.HEARING: (Event.RECORDS_LOADED, Event.STATEMENT_PLACED),
    Asked.ACCOUNTING: (Event.ACCOUNTING_READ,),
    Asked.COPY: (Event.RECORDS_COPIED,),
    Asked.STOP: (Event.OPTED_OUT, Event.CONSENT_WITHDRAWN),
}
"""Which entries can say that a request was answered."""
_MUST_NAME: Final = frozenset({Asked.ACCOUNTING, Asked.COPY, Asked.STOP})
"""Requests that are answered by an act of this gateway, and by nothing else. Records are inspected on paper as well."""
_ABOUT_ONE: Final = frozenset({Event.RECORDS_SHOWN, Event.ACCOUNTING_READ, Event.RECORDS_COPIED})
"""Entries beside which a student stands, who is then the one that the request is about."""
_A_DAY: Final = timedelta(days=1)


def due(kind: Asked, received_on: date, days: int) -> date:
    """Return the last day for an answer. A stop acts at once (row C6); for all else `days` are the district's."""
    return received_on + (_A_DAY if kind is Asked.STOP else min(timedelta(days=days), WITHIN))


class FamilyRequests:
    """Takes in requests and answers them in one installation, as the loader role."""

    def __init__(
        self, desk: Desk, subject_key: WrappingKeys, random: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self._desk = desk
        self._key = SubjectKey(subject_key)
        self._random = random

    async def receive(self, document: Envelope, student: Students) -> int:
        """
        Take in a request that an officer signed about exactly this student; return the entry.

        Raises an `AgreementError`, `UnknownStudent`, `LinkErased`, `RequestRefused`. Nothing was written then.
        """
        async with self._desk.filing() as filing:
            family = await self._family(filing)
            # (1): an officer signed exactly this, for exactly this student.
            held = verify_family_request(
                filing.filed(document),
                authority=filing.authority,
                catalogue=self._desk.catalogue,
                before=family.before,
            )
            asked = held.request
            if len(student.each) != 1 or asked.student != student.commitment:
                raise RequestRefused("A request is about one student, the one that it commits to.")
            # (2): it is not there yet.
            await _require_new(filing, document)
            # (3): the student by number; a hearing is about the student of the amendment.
            numbers = (await numbered(filing.connection, student.each[0], self._key)).numbers
            before = next((at for at, each in family.askings.items() if each.asked.digest == asked.follows), None)
            if before is not None and not (await whose(filing.connection, [before])).concerns(before, numbers):
                raise RequestRefused("The request that was refused is about another student.")
            # (4): entry and document are one transaction.
            beside = b"".join(numbers)
            opens = Private(row_secret=self._random(SECRET_SIZE), request_salt=student.salt)
            written = leaf(
                Event.FAMILY_REQUEST_RECEIVED,
                filing.moment.now,
                document=document.digest,
                officers=sorted(each.kid for each in document.signatures),
                kind=asked.kind.value,
                received_on=asked.received_on.isoformat(),
                answer_by=asked.answer_by.isoformat(),
                capacity=asked.capacity.value,
                identified_by=asked.identified_by.value,
                request=asked.student,
                listed=commit_subjects(opens.row_secret, beside).hex(),
                **({} if before is None else {"follows": before}),
            )
            index = await append_change(
                filing.connection, written, moves_epoch=False, subjects=beside, private=pack_private(opens)
            )
            await keep_document(filing.connection, index, document)
        return index

    async def take_step(self, document: Envelope) -> int:
        """
        File a step that an officer signed: more time, an answer, a refusal, a withdrawal; return its entry.

        Raises an `AgreementError`, `UnknownRequest`, `RequestRefused`. Nothing was written then.
        """
        named = read_family_step(document.payload).request
        async with self._desk.filing() as filing:
            family = await self._family(filing)
            # (1): an officer signed exactly this, and the request as it stands can take it.
            index, asking = _of_digest(family, named)
            held = verify_family_step(filing.filed(document), asking, authority=filing.authority, before=family.before)
            await _require_new(filing, document)
            # (2): what is said to have answered it did.
            await self._require_done(filing, index, asking, held)
            # (3): entry and document are one transaction.
            step = held.step
            said = {
                "outcome": step.outcome,
                "ground": step.ground,
                "answer_by": None if step.answer_by is None else step.answer_by.isoformat(),
                "by": step.by_entry,
            }
            entry = await filing.append(
                STEPS[step.step],
                document=document.digest,
                officers=sorted(each.kid for each in document.signatures),
                answers=index,
                **{name: value for name, value in said.items() if value is not None},
            )
            await keep_document(filing.connection, entry, document)
        return entry

    async def listed(self) -> tuple[RequestLine, ...]:
        """Return every request, the oldest first, with its state and how many days are left."""
        moment, registry = await self._desk.registry()
        async with self._desk.engine.connect() as connection:
            family = await read_family(connection, registry.authority, self._desk.catalogue)
        return tuple(line_of(at, each, moment.now.date()) for at, each in family.askings.items())

    async def shown(self, entry: int) -> Asks:
        """Return one request with its steps and the student's number. Raises `UnknownRequest`, `LinkErased`."""
        moment, registry = await self._desk.registry()
        async with self._desk.engine.connect() as connection:
            family = await read_family(connection, registry.authority, self._desk.catalogue)
            asking = family.askings.get(entry)
            if asking is None:
                raise UnknownRequest(f"Entry {entry} received no request that holds.")
            return await asks_of(connection, entry, asking, moment.now.date(), self._key)

    async def digest_of(self, entry: int) -> str:
        """Return the digest of the request that this entry received, for the next step. Raises `UnknownRequest`."""
        _, registry = await self._desk.registry()
        async with self._desk.engine.connect() as connection:
            family = await read_family(connection, registry.authority, self._desk.catalogue)
        asking = family.askings.get(entry)
        if asking is None:
            raise UnknownRequest(f"Entry {entry} received no request that holds.")
        return asking.asked.digest

    async def _family(self, filing: Filing) -> Family:
        return await read_family(filing.connection, filing.authority, self._desk.catalogue)

    async def _require_done(self, filing: Filing, index: int, asking: Asking, held: VerifiedFamilyStep) -> None:
        kind, by = asking.asked.request.kind, held.step.by_entry
        if held.step.outcome is None:
            return
        if by is None:
            if kind in _MUST_NAME:
                raise RequestRefused(f"An answer to '{kind}' names the entry of the act that answered it.")
            return
        found = (await entries_at(filing.connection, [by])).get(by)
        if found is None or found.event not in _DONE_BY[kind]:
            raise RequestRefused(f"Entry {by} is no act that answers a request of kind '{kind}'.")
        # What was done before anybody asked answers nobody, nor does what was done about another child.
        if found.event in DATED_BY:
            await require_dated(filing.connection, index, found.event, by, self._key)
        elif by < index:
            raise RequestRefused(f"Entry {by} came before the request.")
        if found.event in _ABOUT_ONE:
            lists = await whose(filing.connection, [index, by])
            own = lists.numbers[index]
            if own is None or not lists.concerns(by, own):
                raise RequestRefused(f"Entry {by} is about another student.")


async def _require_new(filing: Filing, document: Envelope) -> None:
    if await is_kept(filing.connection, document):
        raise RequestRefused("This document is on file already.")


def _of_digest(family: Family, digest: str) -> tuple[int, Asking]:
    for index, each in family.askings.items():
        if each.asked.digest == digest:
            return index, each
    raise UnknownRequest(f"No request {digest} is on file that holds.")
