"""
The accounting as data, with the period, the channels and the limits that people are told too.

INVARIANT: it names no student. Whoever asked knows whom it is about; the paper for the family alone says it.
"""

from collections.abc import Sequence

from gateway.services.accounting import wording
from gateway.services.accounting.lines import Accounting, Line
from gateway.services.accounting.proofs import Proof


def plain(accounting: Accounting, proofs: Sequence[Proof] = ()) -> dict[str, object]:
    """Return the accounting, and the proofs of its entries, all under one checkpoint, as far as they were asked for."""
    found: dict[str, object] = {
        "entry": accounting.entry,
        "district": accounting.district,
        "covers": {
            "since": accounting.since,
            "until": accounting.now,
            "entries": accounting.size,
            "channels": {channel.value: words for channel, words in wording.CHANNELS.items()},
        },
        "does_not_cover": list(wording.NOT_COVERED),
        "disclosures": [_line(each) for each in accounting.lines],
        "corrected": [_line(each) for each in accounting.corrected],
        "refused_requests": list(accounting.refused),
        "own_questions": {
            event: {"times": times, "what": wording.LOOKS.get(event, event)} for event, times in accounting.looks
        },
        "withheld": accounting.withheld,
        "altered_lists": list(accounting.altered),
        "lists_not_opened": accounting.not_opened,
        "lists_not_committed": accounting.not_committed,
        "not_readable": list(accounting.unread),
    }
    if proofs:
        found["proofs"] = [
            {"entry": each.entry, "leaf": each.leaf.decode(), "receipt": each.receipt.text()} for each in proofs
        ]
    return found


def _line(line: Line) -> dict[str, object]:
    return {
        "about": line.about,
        "first": line.first,
        "last": line.last,
        "times": line.times,
        "rhythm": line.rhythm,
        "disclosures": list(line.occurrences),
    }
