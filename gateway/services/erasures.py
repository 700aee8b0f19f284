"""
Erasing students: when no record about a student is kept any longer, the one link from them to the log goes.

The record of disclosures lives as long as the education record (34 CFR 99.32(a)(2), row N3), and a hold beats it
(34 CFR 99.10(e), row X4). Leaves and proofs stay as they are; nobody can tell any more whom they were about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, LargeBinary, ScalarSelect, bindparam, exists, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.documents.erasure import read_erasure
from agreements.irrevocable import verify_erasure
from agreements.register import Register, load_register
from agreements.signature import Envelope, Kind
from audit.events import Event
from gateway.erased import ErasedLinks
from gateway.records.columns import is_loaded, metadata
from gateway.records.errors import LoadBusy, UnknownStudent
from gateway.records.facts import frontier, identity
from gateway.records.numbers import one_with
from gateway.records.release import population, subject
from gateway.records.subjects import SubjectKey
from gateway.services.errors import RecordKept
from gateway.services.family.inspections import require_none_open
from gateway.services.filing import Desk, Filing
from gateway.services.obligations.courses import follow
from gateway.wrapping_keys import WrappingKeys

_BYTES: Final = ARRAY(LargeBinary)
_ERASE: Final = text("SELECT records.erase(:links)").bindparams(bindparam("links", type_=_BYTES))
_ERASE_OPENINGS: Final = text("SELECT audit.erase_openings(:numbers)").bindparams(bindparam("numbers", type_=_BYTES))
_ALONE: Final = text(
    "SELECT pg_try_advisory_xact_lock(hashtextextended('pactgate.load', 0))"
    " AND pg_try_advisory_xact_lock(hashtextextended('pactgate.retire', 0))"
)
_SETTLE: Final = text("SELECT records.settle(2147483647)")
_UNSETTLED: Final = text(
    "SELECT records.unsettled(true, ARRAY(SELECT s.student_id FROM records.subject AS s WHERE s.sealed = ANY (:links)))"
).bindparams(bindparam("links", type_=_BYTES))
_DATE_ERASED: Final = text("SELECT records.date_erased(:entry)")
_FACTS: Final = tuple(table for table in metadata.sorted_tables if "student_id" in table.c and is_loaded(table))
"""What the district's systems say about students, `withheld` included."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did: its entry, how many students, and how many openings of entries about them alone."""

    entry: int
    students: int
    openings: int


class Erasures:
    """Erases students by documents that two officers signed, as the loader role."""

    def __init__(self, desk: Desk, subject_key: WrappingKeys, kept: ErasedLinks) -> None:
        self._desk = desk
        self._key = SubjectKey(subject_key)
        self._kept = kept

    async def links_of(self, student_identifiers: Sequence[str]) -> tuple[bytes, ...]:
        """
        Return the links of these students, for the document that officers sign.

        Raises `UnknownStudent`, and `RecordKept` as `erase` will.
        """
        wanted = identity.c.student_identifier.in_(student_identifiers)
        found = select(subject.c.sealed).join(identity, identity.c.student_id == subject.c.student_id).where(wanted)
        async with self._desk.filing() as filing:
            links = tuple(await filing.connection.scalars(found.order_by(subject.c.sealed)))
            if len(links) != len(set(student_identifiers)):
                raise UnknownStudent("not every one of these numbers is a student's")
            await self._require_over(filing, links)
        return links

    async def erase(self, document: Envelope) -> Erased:
        """
        Erase the students of a signed erasure; return what was done.

        Raises `RecordKept` while a record of one of them lives or is on hold, `UnknownStudent` for a link that is not
        there, `WrappingKeyMissing`, or an `AgreementError`; nothing was erased then.
        """
        # (1): what was erased before is on the list outside, even if we died before it was.
        await self.synchronise()
        links = read_erasure(document.payload).links
        # Whichever key has wrapped them since the officers signed: a link opens to one number, under each of them.
        forms = self._key.every_form(links)
        async with self._desk.filing() as filing:
            # (2): two officers signed exactly this.
            verified = verify_erasure(filing.filed(document), authority=filing.authority)
            # (3): no record lives, and no hold stands.
            await self._require_over(filing, forms)
            await _require_alone(filing.connection, forms)
            # (4): from here on no load brings one back. INVARIANT: the head first, then rows, as loads and stops do.
            entry = await filing.next_index()
            await _require_no_record(filing, forms)
            # (5): rows, link and openings go in the transaction that says so in the log, and answers for them.
            connection = filing.connection
            openings = await connection.scalar(_ERASE_OPENINGS, {"numbers": _blocks(self._key.numbers(links))})
            students = await connection.scalar(_ERASE, {"links": forms})
            if students != len(links):
                raise UnknownStudent("not every link of this erasure is there")
            officers = sorted(officer.key.thumbprint for officer in verified.officers)
            await date_erased(connection, entry)
            await filing.file_sealed(
                entry, Event.SUBJECTS_ERASED, document, concerns=None, students=students, officers=officers
            )
        # (6): if we die here, the next erasure and every backup bring the list up to date.
        self._kept.add(links)
        return Erased(entry, int(students), int(openings or 0))

    async def synchronise(self) -> None:
        """Bring the list outside the database up to date. Raises `ErasuresUnusable`."""
        async with self._desk.engine.connect() as connection:
            self._kept.add(links_on_file(await load_register(connection)))

    async def _require_over(self, filing: Filing, links: Sequence[bytes]) -> None:
        await _require_no_record(filing, links)
        # No family waits to inspect what is kept about one of them (34 CFR 99.10(e)), by any of the child's numbers.
        numbers = _blocks(self._key.numbers(await _of_the_same_children(filing.connection, links)))
        await require_none_open(filing.connection, filing.registry, self._desk.catalogue, numbers)
        students = _students(links)
        # No agreement under which one of them was ever covered has an open hold.
        agreements = select(population.c.agreement).where(population.c.student_id.in_(students)).distinct()
        covered = set(await filing.connection.scalars(agreements))
        if covered & await on_hold(filing, self._desk):
            raise RecordKept(
                "A hold stands on an agreement under which one of these students was covered.",
                remedy="Wait until the hold is released (`pactgate hold list`): a family may have asked to inspect.",
            )


async def _require_alone(connection: AsyncConnection, links: Sequence[bytes]) -> None:
    """
    Check that nobody else brings, deletes or dates rows about these students meanwhile. Raises `LoadBusy`.

    A load that has found a student by the number writes rows that nothing but this lock keeps from coming afterwards.
    """
    if not await connection.scalar(_ALONE):
        raise LoadBusy("a load is under way, or old versions of records are being deleted")
    # The digests that stay behind are found by the entries that dated the rows.
    await connection.execute(_SETTLE)
    if await connection.scalar(_UNSETTLED, {"links": list(links)}):
        raise LoadBusy("a load is dating its rows")


async def _require_no_record(filing: Filing, links: Sequence[bytes]) -> None:
    """Check that no fact about one of them is current, in any table; nor one that a load has prepared."""
    visible = select(frontier.c.batch).scalar_subquery()
    for table in _FACTS:
        lives = or_(table.c.to_batch.is_(None), table.c.to_batch > visible)
        about = table.c.student_id.in_(_students(links))
        if await filing.connection.scalar(select(exists().where(about, lives))):
            raise RecordKept(f"A record about one of these students is kept, as {table.name.replace('_', ' ')}.")


async def _of_the_same_children(connection: AsyncConnection, links: Sequence[bytes]) -> list[bytes]:
    """Return these links, and those of all numbers that were merged with theirs."""
    own = (await connection.scalars(select(subject.c.student_id).where(subject.c.sealed.in_(links)))).all()
    ids = {each for student in own for each in await one_with(connection, student)}
    return list(await connection.scalars(select(subject.c.sealed).where(subject.c.student_id.in_(ids))))


def _students(links: Sequence[bytes]) -> ScalarSelect[UUID]:
    return select(subject.c.student_id).where(subject.c.sealed.in_(links)).scalar_subquery()


async def date_erased(connection: AsyncConnection, entry: int) -> None:
    """Let the entry that is about to be written answer for rows that were erased, here or by a restore."""
    await connection.execute(_DATE_ERASED, {"entry": entry})


def links_on_file(register: Register) -> frozenset[bytes]:
    """Return the links that the registered erasures name. What cannot be read names none."""
    return frozenset(link for each in register.of(Kind.ERASURE) for link in read_erasure(each.envelope.payload).links)


async def on_hold(filing: Filing, desk: Desk) -> set[str]:
    """Return the agreements with an open hold; one whose holds cannot be judged now counts as held."""
    followed = (await follow(filing.connection, filing.moment, filing.registry, desk.catalogue)).followed
    held: set[str] = set()
    for stored in filing.registry.register.of(Kind.HOLD):
        agreement = stored.concerns or ""
        each = followed.get(agreement)
        released = set() if each is None else {release.release.hold for release in each.releases}
        if stored.digest not in released:
            held.update({agreement} if each is None else each.line)
    return held


def _blocks(packed: bytes) -> list[bytes]:
    return [packed[at : at + 16] for at in range(0, len(packed), 16)]
