"""
The accounting of one student: every disclosure that the log can tell of, from the log and the documents it cites.

The order is the promise: the entry that says that it was read is committed, then everything is read in one snapshot,
then the answer is given (claim 4). INVARIANT: the entry names no student; the student's random number is listed beside
it, committed to as in a disclosure.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.families import Asking
from audit.change import append_change
from audit.commitments import SECRET_SIZE, Private, commit_subjects, pack_private
from audit.entry import leaf, parse
from audit.events import Event
from audit.index import catch_up
from audit.reading import leaf_at
from gateway.records import facts
from gateway.records.coverage import visible
from gateway.records.subjects import SubjectKey
from gateway.services.accounting.cautions import cautions_of
from gateway.services.accounting.folding import fold
from gateway.services.accounting.lines import Accounting, Caution, Unread, Warn
from gateway.services.accounting.refusals import refused_under
from gateway.services.accounting.told import DISCLOSURES, ByHand, Teller, Told
from gateway.services.accounting.withheld import Withheld, withheld_from
from gateway.services.errors import NotAcknowledged, RequestRefused, UnknownRequest
from gateway.services.family.kept import Family, read_family
from gateway.services.family.whose import whose
from gateway.services.filing import Desk
from gateway.services.naming import Checked, Numbered, altered_lists, entries_listing, listed, numbered
from gateway.services.obligations.history import driver_of, time_of
from gateway.services.restrictions import some_parent_is_restricted
from gateway.services.standing.identity import by
from gateway.services.standing.registry import Registry, read_moment
from gateway.store.tables import outside_disclosure
from gateway.wrapping_keys import WrappingKeys

_NO_QUESTIONS: Final = frozenset({Event.FAMILY_REQUEST_RECEIVED, Event.LINES_WITHHELD, Event.RECORDS_SHOWN})
"""Entries that list a student and are no question of the district's own; of some of them nothing may be told."""


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
        self,
        identifier: str,
        form: str,
        *,
        every_list: bool = False,
        read_by: str | None = None,
        request: int | None = None,
        acknowledged: Collection[Warn] = (),
        handed_out: bool = True,
    ) -> Accounting:
        """
        Return the accounting of the student with the district's number `identifier`, on record before it is read.

        `form` is what it is handed out as, `read_by` the person who signed in to read it. With `every_list` the lists
        of all entries are compared with what they commit to: a student who was taken out of one is found by nothing
        else, and it takes as long as the log is.
        `request` is the entry of the family's request that it answers; `acknowledged` are the cautions that the officer
        has seen and takes upon themselves. An officer who looks, and hands nothing out, need not (`handed_out`).

        Raises `UnknownStudent`, `LinkErased`, `UnknownRequest`, `RequestRefused`; nothing was written then.
        `NotAcknowledged` if it may betray something that nobody took upon themselves: that it was read is on record
        then, and it is not given. `LeafRefused` for a damaged entry.
        """
        _, registry = await self._desk.registry()
        async with self._desk.engine.connect() as connection:
            family = await read_family(connection, registry.authority, self._desk.catalogue)
            asking = None if request is None else await self._asking(connection, family, identifier, request)
        body: dict[str, object] = {} if request is None else {"answers": request}
        if acknowledged:
            body["acknowledged"] = sorted(each.value for each in set(acknowledged))
        student, entry = await put_on_record(
            self._desk, identifier, self._key, self._random, Event.ACCOUNTING_READ, form=form, **by(read_by), **body
        )
        async with self._desk.engine.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
            moment = await read_moment(connection)
            teller = Teller(registry, self._desk.catalogue, await recorded(connection))
            withheld = await withheld_from(connection, family, student.numbers, moment.now, self._key)
            found = await _tell(connection, teller, student, entry, withheld)
            if every_list:
                found.altered = await altered_lists(connection, 0, entry)
            session = await driver_of(connection)
            name, birthdate = await _person(connection, student)
            restricted = await some_parent_is_restricted(connection, student.students)
            accounting = Accounting(
                entry=entry,
                size=entry + 1,
                since=time_of(parse(await leaf_at(session, 0))),
                now=moment.now,
                district=_district(registry) or self._desk.trust.origin,
                number=identifier,
                name=name,
                lines=fold((each.about, each.occurrence) for each in found.told if each.counts),
                corrected=fold((each.about, each.occurrence) for each in found.told if not each.counts),
                refused=await refused_under(connection, registry, student, entry, withheld),
                looks=tuple(sorted(found.looks.items())),
                altered=tuple(found.altered),
                not_opened=found.not_opened,
                not_committed=found.not_committed,
                unread=tuple(Unread(each.occurrence.entry, each.unread) for each in found.told if each.unread),
                withheld=withheld.told,
            )
        accounting = replace(
            accounting,
            cautions=cautions_of(
                (*accounting.lines, *accounting.corrected),
                asking,
                birthdate,
                moment.now.date(),
                telling=family.telling,
                catalogue=self._desk.catalogue,
                restricted=restricted,
            ),
        )
        if handed_out:
            _require_acknowledged(accounting.cautions, acknowledged, entry)
        return accounting

    async def _asking(self, connection: AsyncConnection, family: Family, identifier: str, request: int) -> Asking:
        """Return the open request that an accounting answers. Raises `UnknownRequest`, `RequestRefused`."""
        asking = family.askings.get(request)
        if asking is None:
            raise UnknownRequest(f"Entry {request} received no request that holds.")
        student = await numbered(connection, identifier, self._key)
        if asking.ended is not None or not (await whose(connection, [request])).concerns(request, student.numbers):
            raise RequestRefused("The request is about another student, or it has ended.")
        return asking


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


def _require_acknowledged(cautions: Sequence[Caution], acknowledged: Collection[Warn], entry: int) -> None:
    missing = [each for each in cautions if each.code not in acknowledged]
    if not missing:
        return
    said = [
        f"{each.code}: {each.sentence}" + (f" (entry {', '.join(map(str, each.entries[:5]))})" if each.entries else "")
        for each in missing
    ]
    raise NotAcknowledged("\n".join((f"The accounting was read (entry {entry}) and may betray something.", *said)))


async def _tell(
    connection: AsyncConnection, teller: Teller, student: Numbered, stop: int, withheld: Withheld
) -> _Found:
    found = _Found([], Counter(), [])
    naming = await entries_listing(connection, student, stop)
    async for each in listed(connection, naming, student.numbers):
        if each.entry.event in _NO_QUESTIONS:
            continue
        if each.entry.event not in DISCLOSURES:
            found.altered += [each.index] if each.checked is Checked.ALTERED else []
            found.looks[each.entry.event] += 1
            continue
        told = teller.tell(each, student.numbers)
        if withheld.hides(told):
            continue
        found.altered += [each.index] if each.checked is Checked.ALTERED else []
        found.not_opened += each.checked is Checked.NOT_OPENED
        found.not_committed += each.checked is Checked.NOT_COMMITTED
        found.told.append(told)
    return found


async def recorded(connection: AsyncConnection) -> dict[int, ByHand]:
    """Return every record that was made by hand, by its entry; as the loader role."""
    own = outside_disclosure.c
    rows = (await connection.execute(select(own.idx, own.envelope, own.corrects).order_by(own.idx))).all()
    corrected = {row.corrects: row.idx for row in rows if row.corrects is not None}
    return {row.idx: ByHand(row.envelope, corrected.get(row.idx)) for row in rows}


async def _person(connection: AsyncConnection, student: Numbered) -> tuple[str | None, date | None]:
    """Return the student's name and birth date, as far as the records have them now."""
    own = facts.person.c
    row = (
        await connection.execute(
            select(own.first_name, own.last_name, own.birthdate).where(
                own.student_id.in_(student.students), visible(facts.person)
            )
        )
    ).first()
    if row is None:
        return None, None
    return " ".join(part for part in (row.first_name, row.last_name) if part) or None, row.birthdate


def _district(registry: Registry) -> str | None:
    """Return the district's name as the agreement signed last has it: what both parties signed is what it is called."""
    newest: datetime | None = None
    name = None
    for each in registry.history.values():
        received = each.verified.received.at
        if newest is None or received >= newest:
            newest, name = received, each.verified.agreement.district.name
    return name
