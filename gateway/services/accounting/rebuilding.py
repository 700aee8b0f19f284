"""
A page rebuilt: the rows that one entry disclosed, read again as of its epoch and compared with what it commits to.

A page is rebuilt whole, because its root covers all of its rows; only one student's rows are then taken from it.
INVARIANT: nothing is guessed. Rows are given out if and only if all of the page leads to the root in the leaf.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import asyncpg

from agreements.errors import UnknownElement
from audit.commitments import Private, row_commitments
from audit.entry import Entry
from gateway.records.encoding import encode
from gateway.records.errors import RecordsError
from gateway.records.past import read_past
from gateway.records.subjects import SubjectKey
from gateway.services.accounting.asked import page_asked
from gateway.services.accounting.naming import Listed
from gateway.services.analysis.past import Past
from gateway.services.errors import NotRebuilt
from gateway.services.obligations.history import time_of
from policies.decide import decide
from policies.decision import Denied, Permit
from policies.errors import PolicyError
from policies.memo import Memo
from policies.request import AccessRequest
from policies.state import PolicyState

_CODES: Final = """SELECT DISTINCT p.code FROM records.population p JOIN records.subject u USING (student_id)
    WHERE p.agreement = $1 AND u.sealed = ANY($2)"""
_KEPT: Final = 8
"""States kept: entries come in the order of the log."""


class Rebuilder:
    """Rebuilds pages from what stood at their epochs."""

    def __init__(self, past: Past, session: asyncpg.Connection, key: SubjectKey) -> None:
        self._past = past
        self._session = session
        self._key = key
        self._states: Memo[int, PolicyState] = Memo(_KEPT)

    async def rebuild(self, found: Listed) -> tuple[Private, list[bytes]]:
        """
        Return what opens the entry, and every row of its page, byte for byte as it left.

        Raises `NotRebuilt`, saying why, and `CommitmentMismatch`.
        """
        if found.private is None:
            raise NotRebuilt("What opens the entry is not there any more.")
        permit = self._permit(found.entry, found.private)
        try:
            codes = await self._session.fetch(_CODES, permit.agreement, self._key.sealed(sorted(set(found.subjects))))
            wanted = [row["code"] for row in codes]
            page = await read_past(self._session, permit, time_of(found.entry), wanted)
        except RecordsError as error:
            raise NotRebuilt(f"The rows cannot be read as they stood: {error}") from None
        numbers = self._key.numbers(page.subjects)
        rows = encode(page, permit)
        window = _window(found, numbers, rows, found.private)
        if window is None:
            raise NotRebuilt("What is on file now does not lead to what the entry commits to.")
        return found.private, window

    def _permit(self, entry: Entry, private: Private) -> Permit:
        """Return the decision made again, by the documents that stood and the clock of the entry."""
        body, asked = entry.body, page_asked(entry, private)
        catalogue = self._past.law.catalogue
        # (1): the same law; another catalogue or other guardrails make other rows.
        if body["catalogue"] != catalogue.digest or body["guardrails"] != self._past.law.guardrails.digest:
            raise NotRebuilt("The catalogue or the guardrails of this release are not those of the entry.")
        try:
            names = tuple(catalogue.element(each).name for each in body["elements"])
            request = AccessRequest(
                client=body["client"],
                agreement=body["agreement"],
                purpose=body["purpose"],
                dataset=body["dataset"],
                elements=names,
                filters=asked.filters,
                sort=asked.sort,
            )
            decision = decide(self._state(body["epoch"]), request, time_of(entry))
        except (PolicyError, UnknownElement):
            raise NotRebuilt("The request of the entry is no request of this release.") from None
        # (2): what was decided then is decided again.
        if isinstance(decision, Denied):
            raise NotRebuilt(f"By what is on file the request would have been refused ({decision.code}).")
        same = (
            decision.ruleset_digest == body["ruleset"]
            and [each.transformation for each in decision.fields] == body["transformations"]
        )
        if not same:
            raise NotRebuilt("The rules of this release are not those of the entry.")
        return decision

    def _state(self, epoch: int) -> PolicyState:
        """Return the state of that epoch. Its promises are verified ones, so it may have the epoch's own number."""
        return self._states.get_or_make(epoch, lambda: self._state_at(epoch))

    def _state_at(self, epoch: int) -> PolicyState:
        registry, law = self._past.after(epoch), self._past.law
        return PolicyState(
            epoch=epoch,
            clients=registry.clients,
            granted=registry.granted,
            suspensions=registry.suspensions,
            catalogue=law.catalogue,
            guardrails=law.guardrails,
            tables=Memo(_KEPT),
        )


def _window(found: Listed, numbers: bytes, rows: Sequence[bytes], private: Private) -> list[bytes] | None:
    """
    Return the run of rows that is the page: about these students in this order, and leading to the root in the leaf.

    All rows of the page's students are there; the page can begin and end among the rows of one of them.
    """
    root, wanted, count = bytes.fromhex(found.entry.body["rows"]), b"".join(found.subjects), found.entry.body["records"]
    if len(found.subjects) != count:
        return None
    size = len(wanted) // count if count else 0
    for start in range(len(rows) - count + 1):
        if numbers[start * size : (start + count) * size] == wanted:
            window = list(rows[start : start + count])
            if sha256(row_commitments(private.row_secret, window)).digest() == root:
                return window
    return None
