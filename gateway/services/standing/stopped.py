"""
What the log says was stopped, although the document that stopped it does not hold: changed in the register, or gone.

INVARIANT: a stop needs no signature. Damage to a revocation, a debarment or a succession gives nobody anything back.
"""

from collections.abc import Mapping
from typing import Final

from agreements.authority import Authority
from audit.entry import Entry
from audit.events import Event

Entries = Mapping[int, Entry]
_STOPPED: Final = {Event.PARTNER_DEBARRED.value: "partner", Event.PARTNER_SUCCEEDED.value: "predecessor"}
"""Event -> which part of its entry names the partner that has nothing any more."""


def with_stops_of_the_log(authority: Authority, entries: Entries, gone: Mapping[str, tuple[int, Entry]]) -> Authority:
    """
    Return the authority without the keys that the log says were revoked by a document that does not hold.

    A signer's document may narrow what an earlier one allowed: while it is among the `gone`, the key signs nothing new.
    """
    held = {document for end in authority.holders.ends.values() for document in end.documents}
    for index, entry in sorted(entries.items()):
        document, since = str(entry.body.get("document")), entry.body.get("since", index)
        if document in held:
            continue
        if entry.event == Event.KEY_REVOKED:
            begins = min(since, index) if isinstance(since, int) else 0
            authority = authority.ending(str(entry.body.get("key")), begins, document)
        elif entry.event == Event.OFFICER_INTRODUCED and "replaces" in entry.body:
            authority = authority.ending(str(entry.body["replaces"]), index + 1, document)
        elif entry.event == Event.SIGNER_INTRODUCED and document in gone:
            authority = authority.ending(str(entry.body.get("signer")), index, document)
    return authority


def partners_stopped(entries: Entries, held: frozenset[str]) -> dict[str, int]:
    """Return the partners that the log says were barred, or went on as another, by a document not among `held`."""
    return {
        str(entry.body.get(_STOPPED[entry.event])): index
        for index, entry in sorted(entries.items())
        if entry.event in _STOPPED and entry.body.get("document") not in held
    }
