"""
What the log says was stopped, although the document that stopped it does not hold: changed in the register since.

INVARIANT: a stop needs no signature. Damage to a revocation, a debarment or a succession gives nobody anything back.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from agreements.authority import Authority
from agreements.register import Register, StoredDocument
from agreements.signature import Kind
from audit.entry import Entry
from audit.events import Event

Entries = Mapping[int, Entry]
_STOPPED: Final = {Event.PARTNER_DEBARRED.value: "partner", Event.PARTNER_SUCCEEDED.value: "predecessor"}
"""Event -> which part of its entry names the partner that has nothing any more."""


def with_stops_of_the_log(authority: Authority, register: Register, entries: Entries) -> Authority:
    """Return the authority without the keys that the log says were revoked by a document that does not hold."""
    held = {document for end in authority.holders.ends.values() for document in end.documents}
    stored = (*register.of(Kind.REVOCATION), *register.of(Kind.OFFICER))
    for index, entry in _entries_of(stored, entries):
        document, since = str(entry.body.get("document")), entry.body.get("since", index)
        if document in held:
            continue
        if entry.event == Event.KEY_REVOKED:
            begins = min(since, index) if isinstance(since, int) else 0
            authority = authority.ending(str(entry.body.get("key")), begins, document)
        elif entry.event == Event.OFFICER_INTRODUCED and "replaces" in entry.body:
            authority = authority.ending(str(entry.body["replaces"]), index + 1, document)
    return authority


def partners_stopped(register: Register, entries: Entries, held: frozenset[str]) -> dict[str, int]:
    """Return the partners that the log says were barred, or went on as another, by a document not among `held`."""
    stored = (*register.of(Kind.DEBARMENT), *register.of(Kind.SUCCESSION))
    return {
        str(entry.body.get(_STOPPED[entry.event])): index
        for index, entry in _entries_of(stored, entries)
        if entry.event in _STOPPED and entry.body.get("document") not in held
    }


def _entries_of(stored: Iterable[StoredDocument], entries: Entries) -> Iterator[tuple[int, Entry]]:
    for index in sorted({each.index for each in stored}):
        if index in entries:
            yield index, entries[index]
