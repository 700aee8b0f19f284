"""
One pass over the register: from what is stored to what is in force.

The order of work is the order of trust: who may sign (here), what was promised (`promises`, beside this file), who may
ask under it (`access`). Each step believes only what the one before has verified.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Final

from agreements.authority import Authority, Filed, Received, build_authority
from agreements.elements import Catalogue
from agreements.errors import AgreementError
from agreements.in_force import VerifiedReinstatement, verify_reinstatement
from agreements.register import StoredDocument
from agreements.signature import Kind
from agreements.trust import Trust
from audit.entry import Entry
from audit.events import Event
from gateway.services.standing.logged import missing_documents
from gateway.services.standing.registry import Alarm, Read
from gateway.services.standing.remembered import Remembered
from gateway.services.standing.stopped import with_stops_of_the_log

AUTHORITY: Final = (Kind.OFFICER, Kind.REVOCATION, Kind.SIGNER)
"""Documents that say who may sign."""


class Judging:
    """What one pass works with: the documents that their entries name, and who may sign."""

    def __init__(self, read: Read, trust: Trust, catalogue: Catalogue, alarm: Alarm, remembered: Remembered) -> None:
        self.read = read
        self.trust = trust
        self.catalogue = catalogue
        self.once = remembered.once
        self._alarm = alarm
        self._filed: dict[str, Filed | None] = {}

    @cached_property
    def authority(self) -> Authority:
        """Who may sign what, and when, in the order of the log."""
        stored = sorted((each for kind in AUTHORITY for each in self.read.register.of(kind)), key=_by_entry)
        filed = self.filed(stored)
        authority = self.once(lambda: build_authority(self.trust, filed), "authority", *texts(*filed))
        for document, code in authority.refused:
            self.alarm("authority_refused", document=document, reason=code)
        return with_stops_of_the_log(authority, self.read.entries, self.gone)

    @cached_property
    def gone(self) -> Mapping[str, tuple[int, Entry]]:
        """The documents that an entry received and that cannot be had any more: missing, moved or damaged."""
        gone = missing_documents(self.read)
        for document, (index, entry) in gone.items():
            self.alarm("document_missing", document=document, entry=str(index), event=entry.event)
        for each in self.read.register.stored:
            received = self.read.entries.get(each.index)
            if received is not None and not self.filed([each]):
                gone[each.digest] = (each.index, received)
        return gone

    def filed(self, stored: Iterable[StoredDocument]) -> list[Filed]:
        """Return the documents that can be read and that their entry names, as received by that entry."""
        found = []
        for each in stored:
            if each.digest not in self._filed:
                self._filed[each.digest] = self._file(each)
            document = self._filed[each.digest]
            if document is not None:
                found.append(document)
        return found

    def reinstatements(self, stored: Iterable[StoredDocument]) -> list[VerifiedReinstatement]:
        """Return the undoings that officers signed."""
        verified = []
        for filed in self.filed(stored):
            try:
                verified.append(
                    self.once(
                        lambda filed=filed: verify_reinstatement(filed, authority=self.authority),  # type: ignore[misc] # bound in the loop
                        "reinstatement",
                        self.authority.digest,
                        *texts(filed),
                    )
                )
            except AgreementError as error:
                self.alarm("reinstatement_refused", document=filed.envelope.digest, reason=error.code)
        return verified

    def alarm(self, code: str, **facts: str) -> None:
        """Report what does not hold."""
        self._alarm(code, facts)

    def named(self, index: int, event: Event | None, **names: str) -> bool:
        """Return whether the entry at `index` is there, of this event, and names this."""
        entry = self.read.entries.get(index)
        if entry is None or (event is not None and entry.event != event):
            return False
        return all(entry.body.get(name) == value for name, value in names.items())

    def _file(self, stored: StoredDocument) -> Filed | None:
        try:
            # Reading every document anew at each stop took longer than all that is done with them.
            envelope = self.once(lambda: stored.envelope, "envelope", stored.kind.value, stored.digest, stored.text)
        except AgreementError as error:
            self.alarm("document_unreadable", document=stored.digest, reason=error.code)
            return None
        if not self.named(stored.index, None, document=stored.digest):
            self.alarm("document_not_in_log", document=stored.digest, entry=str(stored.index))
            return None
        return Filed(envelope, Received(stored.index, datetime.fromisoformat(self.read.entries[stored.index].time)))


def texts(*filed: Filed) -> list[str]:
    """Return all that a verification of these documents depends on: their bytes, and when they were received."""
    return [
        part for each in filed for part in (str(each.received.index), each.received.at.isoformat(), each.envelope.text)
    ]


def _by_entry(stored: StoredDocument) -> tuple[int, str]:
    return stored.index, stored.digest
