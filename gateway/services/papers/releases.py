"""
Records handed over by an emergency order, as a paper: prepared, signed by an officer, and handed over once.

INVARIANT: no student's number is kept. A paper commits to them under a salt; whoever hands over gives the numbers
again, and they are compared with what was signed before anything is read (decision 0072).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.documents.emergency_release import emergency_release_bytes, read_emergency_release
from agreements.signature import Envelope, Kind
from gateway.services.emergencies.errors import OtherStudents, TooManyStudents, UnknownOrder
from gateway.services.emergencies.lines import OrderLine, Recipient, line_of
from gateway.services.emergencies.orders import require_ordered
from gateway.services.emergencies.papers import Students
from gateway.services.emergencies.releases import EmergencyReleases, Released
from gateway.services.office import Office
from gateway.services.papers import kept
from gateway.services.papers.errors import HandedOver, PaperFiled, PaperIncomplete, PaperRefused
from gateway.services.papers.judging import in_our_words
from gateway.services.papers.papers import Papers
from gateway.services.papers.salts import keep_salt, salt_of
from gateway.services.standing.registry import Moment, Registry, read_moment
from gateway.wrapping_keys import WrappingKeys
from policies.emergency_release import Handing
from policies.explain.elements import Explanation


@dataclass(frozen=True, slots=True)
class Told:
    """What a release says: by which order, to whom, which elements of which dataset, of how many students."""

    order: OrderLine
    recipients: tuple[Recipient, ...]
    dataset: str
    elements: tuple[str, ...]
    students: int


def told_of(envelope: Envelope, moment: Moment, registry: Registry) -> Told | None:
    """Return what a release says; None for any other document, and if its order does not verify any more."""
    if envelope.kind is not Kind.EMERGENCY_RELEASE:
        return None
    release = read_emergency_release(envelope.payload)
    try:
        order = line_of(require_ordered(registry, release.order), moment.now)
    except UnknownOrder:
        return None
    recipients = tuple(order.recipients[place] for place in release.recipients)
    return Told(order, recipients, release.dataset, release.elements, release.count)


class PaperReleases:
    """The releases of one installation that are prepared on pages. `subject_key` opens the numbers of students."""

    def __init__(self, office: Office, subject_key: WrappingKeys) -> None:
        self._office = office
        self._subject_key = subject_key
        self._papers = Papers(office)
        self._releases = EmergencyReleases(office.desk, subject_key)

    async def explain(self, order: str, dataset: str) -> tuple[Explanation, ...]:
        """Return which elements of an order leave, and why others do not; for each recipient alike."""
        return await self._releases.explain(order, 0, dataset)

    async def prepare(self, order: str, handing: Handing, numbers: Sequence[str], by: str) -> str:
        """
        Prepare a release for an officer's signature; return the paper's digest. `by` is the id of a person.

        Nothing is handed over by this, and no record is read. Raises `UnknownOrder`, `ReleaseRefused`,
        `TooManyStudents`, `UnknownStudent`, `TooManyPapers`.
        """
        students = Students(tuple(numbers))
        planned, ordered = await self._releases.plan(order, handing, students)
        most = ordered.verified.order.count
        if planned.count > most:
            raise TooManyStudents(f"The order is for {most} students, and {planned.count} were named.")
        await self._releases.require_students(students)
        title = ordered.verified.order.id
        digest = await self._papers.prepare(Kind.EMERGENCY_RELEASE, emergency_release_bytes(planned), by, title=title)
        # If we die here, the paper has no salt: it hands nothing over, and goes as any paper that nobody files.
        async with self._office.engine.begin() as connection:
            await keep_salt(connection, digest, students.salt)
        return digest

    async def students_of(self, digest: str, numbers: Sequence[str]) -> Students:
        """
        Return the students of a signed release, if these are their numbers.

        Raises `NoSuchPaper`, `HandedOver`, `PaperIncomplete` before an officer signed, `PaperRefused` for a paper that
        hands nothing over, `OtherStudents`.
        """
        async with self._office.engine.begin() as connection:
            row = await _open(connection, digest)
            salt = await salt_of(connection, digest)
        # (1): what opens its commitment is there; only releases have that.
        if salt is None:
            raise PaperRefused("No records are handed over by this document. Prepare the release again.")
        # (2): an officer signed it; whether the signature counts is judged when the records are handed over.
        if not (await self._papers.paper(digest)).line.is_complete:
            raise PaperIncomplete(f"The release {digest} is not signed.")
        # (3): these are the students for whom it was signed.
        students = Students(tuple(numbers), salt)
        if students.commitment != read_emergency_release(row.payload).commitment:
            raise OtherStudents("The students named are not those the release commits to.")
        return students

    async def hand_over(self, digest: str, students: Students, by: str) -> Released:
        """
        Hand over what an officer signed for; `by` is the id of the person who does it, whom the log then names.

        The entry is committed when this returns, and the bytes may leave. Raises `NoSuchPaper`, `HandedOver`,
        `PaperRefused` for whatever the verification finds, and otherwise as `EmergencyReleases.release`; nothing was
        written then.
        """
        releases = EmergencyReleases(self._office.desk.of(by), self._subject_key)
        # Locked until it is noted: nobody withdraws it, signs it or hands it over meanwhile.
        async with self._office.engine.begin() as locked:
            await _open(locked, digest)
            if (entry := await self._entry_of(digest)) is None:
                with in_our_words():
                    released = await releases.release((await self._papers.paper(digest)).envelope, students)
                # If we die here, it is on record that records left, and none did; the next try only notes it.
                await kept.mark_filed(locked, digest, released.entry, by)
                return released
            await kept.mark_filed(locked, digest, entry, by)
        raise HandedOver(f"The release {digest} is on record by entry {entry}.")

    async def _entry_of(self, digest: str) -> int | None:
        """Return the entry that registered a release; None if none did."""
        _, registry = await self._office.desk.registry()
        stored = registry.register.of(Kind.EMERGENCY_RELEASE)
        return next((each.index for each in stored if each.digest == digest), None)


async def _open(connection: AsyncConnection, digest: str) -> kept.Row:
    """Return a release that waits, locked. Raises `NoSuchPaper`, `HandedOver`."""
    try:
        return await kept.open_one(connection, digest, (await read_moment(connection)).now)
    except PaperFiled as error:
        raise HandedOver(str(error)) from None
