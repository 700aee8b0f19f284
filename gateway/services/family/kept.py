"""
What officers signed about families, judged again at every look: requests and their steps, withholdings, the list.

INVARIANT: the log says what there is, and a document what it means. An entry whose document is gone, was exchanged or
does not verify has brought nothing about, and is told; a request to inspect keeps the records all the same.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.authority import Authority, Filed, Received
from agreements.documents.family import Asked, Step
from agreements.documents.telling_partners import Tells
from agreements.elements import Catalogue
from agreements.errors import AgreementError
from agreements.families import Asking, verify_family_request, verify_family_step
from agreements.handing_out import VerifiedWithholding, verify_telling_partners, verify_withholding
from agreements.signature import Envelope, Kind, read_envelope
from audit.entry import Entry, parse
from audit.events import Event
from audit.store import IS_CHANGE
from gateway.services.obligations.history import time_of
from gateway.store.tables import family_document

STEPS: Final[Mapping[Step, Event]] = {
    Step.EXTENDED: Event.FAMILY_REQUEST_EXTENDED,
    Step.ANSWERED: Event.FAMILY_REQUEST_ANSWERED,
    Step.REFUSED: Event.FAMILY_REQUEST_REFUSED,
    Step.WITHDRAWN: Event.FAMILY_REQUEST_TAKEN_BACK,
}
"""Step -> the event of its entry."""
_KINDS: Final[Mapping[str, Kind]] = {
    Event.FAMILY_REQUEST_RECEIVED: Kind.FAMILY_REQUEST,
    **dict.fromkeys(STEPS.values(), Kind.FAMILY_STEP),
    Event.LINES_WITHHELD: Kind.WITHHOLDING,
    Event.PARTNERS_TELLING: Kind.TELLING_PARTNERS,
}
_EVENTS: Final = " OR ".join(f'position(\'"event":"{event}"\'::bytea in leaf) > 0' for event in _KINDS)
_ENTRIES: Final = text(
    f"SELECT idx, leaf FROM audit.entry WHERE {IS_CHANGE} AND ({_EVENTS}) ORDER BY idx"  # noqa: S608 - our own
)
_MISSING: Final = "document_not_in_log"


@dataclass(frozen=True, slots=True)
class Doubtful:
    """An entry whose document does not hold, and the code of the reason."""

    entry: int
    event: str
    code: str


@dataclass(slots=True)
class Family:
    """
    All of it, by the entries that received it, in the order of the log.

    `unread` are requests whose documents do not hold: what they ask for stands in their entries.
    """

    askings: dict[int, Asking] = field(default_factory=dict)
    unread: dict[int, Entry] = field(default_factory=dict)
    withholdings: dict[int, VerifiedWithholding] = field(default_factory=dict)
    telling: Mapping[str, Tells] = field(default_factory=dict)
    telling_entry: int = -1
    doubtful: list[Doubtful] = field(default_factory=list)

    @property
    def before(self) -> Iterable[Asking]:
        """The requests there are, for whoever verifies the next document."""
        return self.askings.values()

    @property
    def inspections(self) -> tuple[int, ...]:
        """The entries of every open request to inspect; one that does not verify is open."""
        asked = (at for at, each in self.askings.items() if each.ended is None and is_inspection(each))
        unread = (at for at, each in self.unread.items() if each.body["kind"] == Asked.INSPECTION)
        return tuple(sorted((*asked, *unread)))


def is_inspection(asking: Asking) -> bool:
    """Return whether the family asked to inspect the records."""
    return asking.asked.request.kind is Asked.INSPECTION


async def family_entries(connection: AsyncConnection) -> dict[int, Entry]:
    """Return the entries about families, in the order of the log. The app role may read them. Raises `LeafRefused`."""
    return {row.idx: parse(row.leaf) for row in await connection.execute(_ENTRIES)}


async def read_family(connection: AsyncConnection, authority: Authority, catalogue: Catalogue) -> Family:
    """Return what holds of everything that officers signed about families; as the loader role. Raises `LeafRefused`."""
    entries = await family_entries(connection)
    own = family_document.c
    rows = (await connection.execute(select(own.idx, own.envelope))).all()
    envelopes = {row.idx: row.envelope for row in rows}
    reading = _Reading(authority, catalogue)
    for index, entry in entries.items():
        reading.add(index, entry, envelopes.get(index))
    return reading.family


async def keep_document(connection: AsyncConnection, index: int, envelope: Envelope) -> None:
    """Keep a document under the entry that has received it."""
    digest = bytes.fromhex(envelope.digest.removeprefix("sha256:"))
    row = {"idx": index, "kind": envelope.kind.value, "envelope": envelope.text, "digest": digest}
    await connection.execute(insert(family_document), [row])


async def is_kept(connection: AsyncConnection, envelope: Envelope) -> bool:
    """Return whether this document is on file."""
    digest = bytes.fromhex(envelope.digest.removeprefix("sha256:"))
    found = select(family_document.c.idx).where(family_document.c.digest == digest)
    return await connection.scalar(found) is not None


class _Reading:
    """Goes through the entries in the order of the log, so that each document is judged by what there was before it."""

    def __init__(self, authority: Authority, catalogue: Catalogue) -> None:
        self.family = Family()
        self._authority = authority
        self._catalogue = catalogue
        self._take: Mapping[Kind, Callable[[int, Entry, Filed], None]] = {
            Kind.FAMILY_REQUEST: self._request,
            Kind.FAMILY_STEP: self._step,
            Kind.WITHHOLDING: self._withholding,
            Kind.TELLING_PARTNERS: self._telling,
        }

    def add(self, index: int, entry: Entry, envelope: str | None) -> None:
        kind = _KINDS[entry.event]
        code = _MISSING
        try:
            document = None if envelope is None else read_envelope(envelope, kind)
            if document is not None and document.digest == entry.body["document"]:
                self._take[kind](index, entry, Filed(document, Received(index, time_of(entry))))
                return
        except AgreementError as error:
            code = error.code
        self.family.doubtful.append(Doubtful(index, entry.event, code))
        if kind is Kind.FAMILY_REQUEST:
            self.family.unread[index] = entry

    def _request(self, index: int, entry: Entry, filed: Filed) -> None:  # noqa: ARG002 - all four are called alike
        asked = verify_family_request(
            filed, authority=self._authority, catalogue=self._catalogue, before=self.family.before
        )
        self.family.askings[index] = Asking(asked)

    def _step(self, index: int, entry: Entry, filed: Filed) -> None:
        asking = self.family.askings.get(entry.body["answers"])
        if asking is None:
            self.family.doubtful.append(Doubtful(index, entry.event, _MISSING))
            return
        step = verify_family_step(filed, asking, authority=self._authority, before=self.family.before)
        self.family.askings[entry.body["answers"]] = Asking(asking.asked, (*asking.steps, step))

    def _withholding(self, index: int, entry: Entry, filed: Filed) -> None:  # noqa: ARG002 - the same
        verified = verify_withholding(filed, authority=self._authority)
        if verified.withholding.replaces is not None:
            self.family.withholdings.pop(verified.withholding.replaces, None)
        self.family.withholdings[index] = verified

    def _telling(self, index: int, entry: Entry, filed: Filed) -> None:  # noqa: ARG002 - the same
        self.family.telling = verify_telling_partners(filed, authority=self._authority).partners
        self.family.telling_entry = index
