"""
A page rebuilt: the rows that one entry disclosed, read again as of its epoch and compared with what it commits to.

A page is rebuilt whole, because its root covers all of its rows; only one student's rows are then taken from it.
INVARIANT: nothing is guessed. Rows are given out if and only if all of the page leads to the root in the leaf.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import asyncpg

from agreements.errors import UnknownElement
from audit.commitments import Private, row_commitments
from audit.entry import Entry
from gateway.records.encoding import encode
from gateway.records.errors import RecordsError
from gateway.records.following import Changes, read_past_changes
from gateway.records.past import read_past
from gateway.records.reader import Page, Position, position_after
from gateway.records.subjects import SubjectKey
from gateway.records.telling import encode_changes
from gateway.services.accounting.asked import PageAsked, page_asked
from gateway.services.analysis.laws import Laws, Lost
from gateway.services.analysis.past import Law, Past
from gateway.services.changes import Following
from gateway.services.errors import NotRebuilt
from gateway.services.naming import Listed
from gateway.services.obligations.history import time_of
from gateway.services.standing.registry import Registry
from policies.analyse.replay import not_told
from policies.decide import decide
from policies.decision import Denied, Permit
from policies.errors import PolicyError
from policies.memo import Memo
from policies.request import AccessRequest
from policies.state import PolicyState
from policies.told import bearer_told, told_of_permit

_CODES: Final = """SELECT DISTINCT p.code FROM records.population p JOIN records.subject u USING (student_id)
    WHERE p.agreement = $1 AND u.sealed = ANY($2)"""
_EARLIER: Final = (
    "The entry is of an earlier release, which did not record what it decided by; by what is on file its decision does"
    " not come out again."
)
_OTHERWISE: Final = "What is on file now does not lead to what the entry commits to."
_EVENTS: Final = "attendance_events"
"""Releases before this one ordered these by day; their pages come out again in that order only."""
_KEPT: Final = 8
"""States kept: entries come in the order of the log."""


@dataclass(frozen=True, slots=True)
class Followed:
    """Changes read again, and the line of agreements that their cursor named."""

    changes: Changes
    line: str


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """
    A page as it left: what opens its entry, its rows, the permit it left by, and the position after the last row.

    `followed` is there if changes were asked for, and no page.
    """

    private: Private = field(repr=False)
    rows: list[bytes] = field(repr=False)
    permit: Permit
    asked: PageAsked
    after: Position | None = field(repr=False)
    followed: Followed | None = field(repr=False, default=None)


class Rebuilder:
    """Rebuilds pages from what stood at their epochs."""

    def __init__(self, past: Past, session: asyncpg.Connection, key: SubjectKey) -> None:
        self._past = past
        self._session = session
        self._key = key
        self._laws = Laws(session)
        self._pasts: Memo[tuple[object, ...], Past] = Memo(_KEPT)
        self._states: Memo[tuple[object, ...], PolicyState] = Memo(_KEPT)

    async def rebuild(self, found: Listed) -> Rebuilt:
        """
        Return the page of an entry, every row byte for byte as it left.

        Raises `NotRebuilt`, saying why, and `CommitmentMismatch`.
        """
        if found.private is None:
            raise NotRebuilt("What opens the entry is not there any more.")
        asked = page_asked(found.entry, found.private)
        permit = await self._permit(found.index, found.entry, asked)
        if asked.following is not None:
            return await self._changes(found, found.private, permit, asked, asked.following)
        try:
            codes = await self._session.fetch(_CODES, permit.agreement, self._key.sealed(sorted(set(found.subjects))))
            wanted = [row["code"] for row in codes]
            page, rows, start = await self._read(found, found.private, permit, wanted)
            if start is None and permit.dataset == _EVENTS:
                page, rows, start = await self._read(found, found.private, permit, wanted, by_day=True)
        except RecordsError as error:
            raise NotRebuilt(f"The rows cannot be read as they stood: {error}") from None
        if start is None:
            raise NotRebuilt(_OTHERWISE)
        stop = start + len(found.subjects)
        after = position_after(page.rows[stop - 1]) if stop > start else None
        return Rebuilt(found.private, rows[start:stop], permit, asked, after)

    async def _changes(
        self, found: Listed, private: Private, permit: Permit, asked: PageAsked, following: Following
    ) -> Rebuilt:
        """Return the changes of an entry, read again between the moments that its request names."""
        at = time_of(found.entry)
        try:
            changes = await read_past_changes(self._session, permit, at, following.stretches, asked.limit)
        except RecordsError as error:
            raise NotRebuilt(f"The rows cannot be read as they stood: {error}") from None
        rows = encode_changes(changes, permit).rows
        numbers = self._key.numbers(changes.page.subjects)
        if len(rows) != len(found.subjects) or _window(found, numbers, rows, private) != 0:
            raise NotRebuilt(_OTHERWISE)
        stood = self._past.stood_before(found.index, permit.epoch)
        line = self._past.after(stood).granted[permit.agreement].document.id
        return Rebuilt(private, rows, permit, asked, None, Followed(changes, line))

    async def _read(
        self, found: Listed, private: Private, permit: Permit, codes: Sequence[str], *, by_day: bool = False
    ) -> tuple[Page, list[bytes], int | None]:
        """Return the rows of these students as they stood, as a page and as bytes, and where the page began in them."""
        page = await read_past(self._session, permit, time_of(found.entry), codes, by_day=by_day)
        rows = encode(page, permit)
        return page, rows, _window(found, self._key.numbers(page.subjects), rows, private)

    async def _permit(self, index: int, entry: Entry, asked: PageAsked) -> Permit:
        """Return the decision made again, by the law it cites, the documents that stood and the clock of the entry."""
        configuration = entry.body.get("configuration")
        if await self._laws.is_earlier(index, configuration):
            law = await self._laws.after_earlier(self._past.law)
            try:
                return self._decided(law, index, entry, asked)
            except NotRebuilt:
                raise NotRebuilt(_EARLIER) from None
        # (1): the same law; another catalogue or other guardrails make other rows.
        cited = await self._laws.of(configuration)
        if isinstance(cited, Lost):
            raise NotRebuilt(f"The {cited.what} that the entry was decided by is not there any more.")
        return self._decided(cited, index, entry, asked)

    def _decided(self, law: Law, index: int, entry: Entry, asked: PageAsked) -> Permit:
        body = entry.body
        try:
            names = tuple(law.catalogue.element(each).name for each in body["elements"])
            request = AccessRequest(
                client=body["client"],
                agreement=body["agreement"],
                purpose=body["purpose"],
                dataset=body["dataset"],
                elements=names,
                filters=asked.filters,
                sort=asked.sort,
                bearer=bearer_told(body),
            )
            decision = decide(self._state(law, index, body["epoch"]), request, time_of(entry))
        except (PolicyError, UnknownElement):
            raise NotRebuilt("The request of the entry is no request of this release.") from None
        # (2): what was decided then is decided again.
        if isinstance(decision, Denied):
            raise NotRebuilt(f"By what is on file the request would have been refused ({decision.code}).")
        if not_told(told_of_permit(decision), body):
            raise NotRebuilt("By what is on file other rules come out than those of the entry.")
        return decision

    def _state(self, law: Law, index: int, epoch: int) -> PolicyState:
        """Return the state of that epoch. Its promises are verified ones, so it may have the epoch's own number."""
        past = self._pasts.get_or_make(law.key, lambda: self._past.under(law))
        # Not after the epoch alone: what came with it in one transaction, such as approvals, stood as well.
        stood = past.stood_before(index, epoch)
        return self._states.get_or_make((*law.key, stood, epoch), lambda: _state_at(past.after(stood), law, epoch))


def _state_at(registry: Registry, law: Law, epoch: int) -> PolicyState:
    return PolicyState(
        epoch=epoch,
        clients=registry.clients,
        granted=registry.granted,
        suspensions=registry.suspensions,
        catalogue=law.catalogue,
        guardrails=law.at(registry),
        tables=Memo(_KEPT),
        zones=law.zones,
    )


def _window(found: Listed, numbers: bytes, rows: Sequence[bytes], private: Private) -> int | None:
    """
    Return where the page begins among the rows: about these students in this order, leading to the root in the leaf.

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
                return start
    return None
