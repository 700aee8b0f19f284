"""
The accounting of one student: every disclosure that the log can tell of, from the log and the documents it cites.

The order is the promise: the entry that says that it was read is committed, then everything is read in one snapshot,
then the answer is given (claim 4). INVARIANT: the entry names no student; the student's random number is listed beside
it, committed to as in a disclosure.
"""

import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.change import append_change
from audit.commitments import SECRET_SIZE, Private, commit_subjects, pack_private
from audit.entry import leaf, parse
from audit.events import Event
from audit.index import catch_up
from audit.reading import leaf_at
from gateway.records import facts
from gateway.records.coverage import visible
from gateway.records.subjects import SubjectKey
from gateway.services.accounting.folding import fold
from gateway.services.accounting.lines import Accounting, Checked, Unread
from gateway.services.accounting.naming import Numbered, altered_lists, entries_listing, listed, numbered
from gateway.services.accounting.refusals import refused_under
from gateway.services.accounting.told import DISCLOSURES, ByHand, Teller, Told
from gateway.services.filing import Desk
from gateway.services.obligations.history import driver_of, time_of
from gateway.services.standing.identity import by
from gateway.services.standing.registry import Registry, read_moment
from gateway.store.tables import outside_disclosure
from gateway.wrapping_keys import WrappingKeys


@dataclass(slots=True)
class _Found:
    told: list[Told]
    looks: Counter[str]
    altered: list[int]
    not_opened: int = 0
    not_committed: int = 0


class Accountings:
    """Reads accountings in one installation, as the loader role. Holds the key of the subject numbers."""

    def __init__(
        self, desk: Desk, subject_key: WrappingKeys, random: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self._desk = desk
        self._key = SubjectKey(subject_key)
        self._random = random

    async def read(
        self, identifier: str, form: str, *, every_list: bool = False, read_by: str | None = None
    ) -> Accounting:
        """
        Return the accounting of the student with the district's number `identifier`, on record before it is read.

        `form` is what it is handed out as, `read_by` the person who signed in to read it. With `every_list` the lists
        of all entries are compared with what they commit to: a student who was taken out of one is found by nothing
        else, and it takes as long as the log is.

        Raises `UnknownStudent`, `LinkErased`; nothing was written then. `LeafRefused` for a damaged entry.
        """
        student, entry = await put_on_record(
            self._desk, identifier, self._key, self._random, Event.ACCOUNTING_READ, form=form, **by(read_by)
        )
        _, registry = await self._desk.registry()
        async with self._desk.engine.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
            moment = await read_moment(connection)
            teller = Teller(registry, self._desk.catalogue, await _recorded(connection))
            found = await _tell(connection, teller, student, entry)
            if every_list:
                found.altered = await altered_lists(connection, 0, entry)
            session = await driver_of(connection)
            return Accounting(
                entry=entry,
                size=entry + 1,
                since=time_of(parse(await leaf_at(session, 0))),
                now=moment.now,
                district=_district(registry) or self._desk.trust.origin,
                number=identifier,
                name=await _name(connection, student),
                lines=fold((each.about, each.occurrence) for each in found.told if each.counts),
                corrected=fold((each.about, each.occurrence) for each in found.told if not each.counts),
                refused=await refused_under(connection, registry, student, entry),
                looks=tuple(sorted(found.looks.items())),
                altered=tuple(found.altered),
                not_opened=found.not_opened,
                not_committed=found.not_committed,
                unread=tuple(Unread(each.occurrence.entry, each.unread) for each in found.told if each.unread),
            )


async def put_on_record(
    desk: Desk, identifier: str, key: SubjectKey, random: Callable[[int], bytes], event: Event, **body: object
) -> tuple[Numbered, int]:
    """
    Commit the entry of one look at a student; return the student and the entry.

    Raises `UnknownStudent`, `LinkErased`: then there is nothing to look at, and nothing was written.
    """
    async with desk.engine.begin() as connection:
        student = await numbered(connection, identifier, key)
        moment = await read_moment(connection)
        beside = b"".join(student.numbers)
        opens = Private(row_secret=random(SECRET_SIZE))
        committed = commit_subjects(opens.row_secret, beside).hex()
        written = leaf(event, moment.now, listed=committed, **body)
        index = await append_change(
            connection, written, moves_epoch=False, subjects=beside, private=pack_private(opens)
        )
    async with desk.engine.connect() as connection:
        # Before the snapshot that is read: the newest entries are then found by the index as well.
        await catch_up(await driver_of(connection))
    return student, index


async def _tell(connection: AsyncConnection, teller: Teller, student: Numbered, stop: int) -> _Found:
    found = _Found([], Counter(), [])
    naming = await entries_listing(connection, student, stop)
    async for each in listed(connection, naming, student.numbers):
        if each.checked is Checked.ALTERED:
            found.altered.append(each.index)
        if each.entry.event not in DISCLOSURES:
            found.looks[each.entry.event] += 1
            continue
        found.not_opened += each.checked is Checked.NOT_OPENED
        found.not_committed += each.checked is Checked.NOT_COMMITTED
        found.told.append(teller.tell(each, student.numbers))
    return found


async def _recorded(connection: AsyncConnection) -> dict[int, ByHand]:
    own = outside_disclosure.c
    rows = (await connection.execute(select(own.idx, own.envelope, own.corrects).order_by(own.idx))).all()
    corrected = {row.corrects: row.idx for row in rows if row.corrects is not None}
    return {row.idx: ByHand(row.envelope, corrected.get(row.idx)) for row in rows}


async def _name(connection: AsyncConnection, student: Numbered) -> str | None:
    own = facts.person.c
    row = (
        await connection.execute(
            select(own.first_name, own.last_name).where(own.student_id.in_(student.students), visible(facts.person))
        )
    ).first()
    return None if row is None else " ".join(part for part in row if part) or None


def _district(registry: Registry) -> str | None:
    """Return the district's name as the agreement signed last has it: what both parties signed is what it is called."""
    newest: datetime | None = None
    name = None
    for each in registry.history.values():
        received = each.verified.received.at
        if newest is None or received >= newest:
            newest, name = received, each.verified.agreement.district.name
    return name
