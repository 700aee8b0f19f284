"""
A copy of the records disclosed about one student (34 CFR 99.30(c)): that student's rows and nobody else's.

The order is the promise: the entry that says that records were copied is committed, then pages are rebuilt, then the
student's rows are taken from them. INVARIANT: what cannot be rebuilt byte for byte is said, never guessed, and of the
other children of a page nothing is given but salted commitments (34 CFR 99.12(a)).
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.commitments import open_row
from audit.copy import CopiedRow
from audit.errors import CommitmentMismatch
from audit.events import Event
from gateway.records.subjects import SubjectKey
from gateway.services.accounting.accountings import put_on_record, recorded
from gateway.services.accounting.handed_over import rebuild_release
from gateway.services.accounting.rebuilding import Rebuilder
from gateway.services.accounting.told import DISCLOSURES, Teller
from gateway.services.accounting.withheld import withheld_from
from gateway.services.analysis.past import Law, Past, read_past
from gateway.services.errors import NotRebuilt
from gateway.services.family.kept import read_family
from gateway.services.filing import Desk
from gateway.services.naming import Checked, Listed, Numbered, entries_listing, listed
from gateway.services.obligations.history import driver_of
from gateway.services.standing.identity import by
from gateway.services.standing.registry import Alarm, read_moment
from gateway.wrapping_keys import WrappingKeys

_BY_HAND: Final = "The records left outside the gateway; what was given is with whoever gave it."
_ALTERED: Final = "The list of students beside the entry is not the one that it commits to."
_NOT_NAMED: Final = "The entry discloses no record of this student that can be given."


@dataclass(frozen=True, slots=True)
class EntryCopied:
    """The rows of one entry that are about the student."""

    entry: int
    leaf: bytes = field(repr=False)
    rows: tuple[CopiedRow, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class EntryMissed:
    """An entry of which no copy could be made, and why."""

    entry: int
    reason: str


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy; `entry` is the entry that says that it was made."""

    entry: int
    copied: tuple[EntryCopied, ...]
    missed: tuple[EntryMissed, ...]


class Copies:
    """Makes copies in one installation, as the loader role. Holds the key of the subject numbers."""

    def __init__(
        self,
        desk: Desk,
        law: Law,
        alarm: Alarm,
        subject_key: WrappingKeys,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._desk = desk
        self._law = law
        self._alarm = alarm
        self._key = SubjectKey(subject_key)
        self._random = random

    async def copy(self, identifier: str, entries: Sequence[int] | None = None, person: str | None = None) -> Copied:
        """
        Return every row disclosed about the student with the district's number `identifier`, or those of some entries.

        The entry on record names neither the student nor the entries: together they would tell of one person. It names
        the `person` who signed in to make it.

        Raises `UnknownStudent`, `LinkErased`; nothing was written then.
        """
        scope = "all" if entries is None else "some"
        student, index = await put_on_record(
            self._desk, identifier, self._key, self._random, Event.RECORDS_COPIED, scope=scope, **by(person)
        )
        _, registry = await self._desk.registry()
        copied: list[EntryCopied] = []
        missed: list[EntryMissed] = []
        async with self._desk.engine.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
            past = await read_past(connection, self._desk.trust, self._law, self._alarm)
            taking = _Taking(past, connection, await driver_of(connection), self._key)
            naming = await entries_listing(connection, student, index)
            # What is withheld from the accounting is no part of a copy either.
            family = await read_family(connection, registry.authority, self._desk.catalogue)
            now = (await read_moment(connection)).now
            withheld = await withheld_from(connection, family, student.numbers, now, self._key)
            teller = Teller(registry, self._desk.catalogue, await recorded(connection))
            wanted = naming if entries is None else sorted(set(entries) & set(naming))
            async for each in listed(connection, wanted, student.numbers):
                if each.entry.event not in DISCLOSURES or withheld.hides(teller.tell(each, student.numbers)):
                    continue
                try:
                    copied.append(await taking.take(each, student))
                except (NotRebuilt, CommitmentMismatch) as error:
                    missed.append(EntryMissed(each.index, str(error)))
        done = {each.entry for each in copied} | {each.entry for each in missed}
        missed += [EntryMissed(each, _NOT_NAMED) for each in sorted(set(entries or ()) - done)]
        return Copied(index, tuple(copied), tuple(sorted(missed, key=lambda each: each.entry)))


class _Taking:
    """Takes one student's rows from what can be rebuilt, in one snapshot."""

    def __init__(self, past: Past, connection: AsyncConnection, session: asyncpg.Connection, key: SubjectKey) -> None:
        self._past = past
        self._connection = connection
        self._pages = Rebuilder(past, session, key)
        self._key = key

    async def take(self, found: Listed, student: Numbered) -> EntryCopied:
        """Return the student's rows of one entry. Raises `NotRebuilt`, `CommitmentMismatch`."""
        if found.entry.event == Event.OUTSIDE_DISCLOSURE:
            raise NotRebuilt(_BY_HAND)
        # Whose row is whose stands in the list: one that was altered must not give a child's row to another's family.
        if found.checked is Checked.ALTERED:
            raise NotRebuilt(_ALTERED)
        if found.entry.event == Event.EMERGENCY_RELEASED:
            private, rows = await rebuild_release(self._past, self._connection, self._key, found)
        else:
            page = await self._pages.rebuild(found)
            private, rows = page.private, page.rows
        # Of a release the list goes on after the rows, with the students of whom there was none.
        own = [at for at in found.places(student.numbers) if at < len(rows)]
        return EntryCopied(
            found.index,
            found.leaf,
            tuple(CopiedRow(rows[at], open_row(private.row_secret, rows, at)) for at in own),
        )
