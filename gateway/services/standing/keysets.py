"""
Which keys each binding brings, and until when: the sets that were fetched, and the ends that later bindings said.

INVARIANT: a set counts only while its entry has its digest, and only the newest one that the log has: with that one
gone or changed the binding has no key, and never an earlier set. An end counts by its entry, whatever becomes of the
document that said it; what a binding said about earlier ones outlives it.
"""

import hashlib
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime

from agreements.authority import Received
from agreements.dates import read_date
from agreements.document import Agreement
from agreements.errors import AgreementError
from agreements.fetched import read_published
from agreements.in_force import VerifiedBinding, with_fetched
from agreements.terms import Term
from audit.entry import Entry
from audit.events import Event
from gateway.services.standing.judging import Judging


class KeySets:
    """What one pass finds about keys."""

    def __init__(self, judging: Judging) -> None:
        self._judging = judging
        self._rows = {(f"sha256:{row['binding'].hex()}", row["idx"]): row["content"] for row in judging.read.fetched}
        self._newest: dict[str, tuple[int, Entry]] = {}
        self._ends: dict[str, list[tuple[int, Entry]]] = {}
        fetched = set()
        for index, entry in sorted(judging.read.entries.items()):
            if entry.event == Event.CLIENT_KEYS_FETCHED:
                binding = str(entry.body.get("binding"))
                self._newest[binding] = index, entry
                fetched.add((binding, index))
            elif entry.event == Event.CLIENT_REGISTERED and "earlier_last_day" in entry.body:
                self._ends.setdefault(str(entry.body.get("client")), []).append((index, entry))
        for binding, index in sorted(self._rows.keys() - fetched):
            judging.alarm("keys_not_in_log", document=binding, entry=str(index))

    def counting(
        self, bindings: Iterable[VerifiedBinding], agreement: Agreement, lineage: frozenset[str]
    ) -> list[VerifiedBinding]:
        """
        Return the bindings of `agreement` with the keys that they bring and the ends that were said, in order.

        `lineage` are the digests of the earlier versions whose bindings count for it too.
        """
        versions = {agreement.digest, *lineage}
        return [self._ending(self._with_keys(each), agreement.term.time_zone, versions) for each in bindings]

    def _with_keys(self, each: VerifiedBinding) -> VerifiedBinding:
        if each.binding.jwks_url is None or each.digest not in self._newest:
            return each
        index, entry = self._newest[each.digest]
        judging, content = self._judging, self._rows.get((each.digest, index))
        if content is None or entry.body.get("key_set") != f"sha256:{hashlib.sha256(content).hexdigest()}":
            judging.alarm("keys_missing", client=each.binding.client, entry=str(index))
            return each
        received = Received(index, datetime.fromisoformat(entry.time))
        try:
            return judging.once(
                lambda: with_fetched(each, read_published(content), received, authority=judging.authority),
                *("keys", each.digest, each.agreement, str(index), entry.time, judging.authority.digest),
                *(content.hex(), str(each.received.index)),
            )
        except AgreementError as error:
            judging.alarm("client_refused", client=each.binding.client, reason=error.code)
            return each

    def _ending(self, each: VerifiedBinding, time_zone: str, versions: AbstractSet[str]) -> VerifiedBinding:
        """Let a binding end as the entries after it said for its client, under any of these versions."""
        for index, entry in self._ends.get(each.binding.client, ()):
            day = read_date(entry.body["earlier_last_day"])
            if index > each.received.index and day is not None and entry.body.get("agreement") in versions:
                each = each.ending(Term(day, day, time_zone).ends)
        return each
