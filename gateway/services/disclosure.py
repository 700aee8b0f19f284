"""
The function to read first: one partner request, from a verified caller to bytes that may leave.

Nothing else in the gateway reads student records for a partner. The order is the promise (DESIGN.md, "One order"):
decide, read rows and epoch in one snapshot, minimise, commit the entry, and only then answer.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from audit.commitments import commit_bytes, commit_rows, commit_subjects
from audit.errors import EpochMoved, MeterFull
from audit.events import Event
from audit.log import Log
from gateway.caller import AnyCaller
from gateway.problems import Problem
from gateway.records.codes import FORM
from gateway.records.encoding import encode
from gateway.records.errors import RecordsError
from gateway.records.extent import Extents
from gateway.records.following import Changes, Follower
from gateway.records.reader import Page, Position, Reader
from gateway.records.subjects import SubjectKey
from gateway.services.changes import Following, body_of
from gateway.services.denials import problem_of
from gateway.services.entries import cursor_nonce, draft_for, salts_for
from gateway.services.grants import Grants
from gateway.services.standing.registry import Moment
from gateway.services.volume import Volume, VolumeExceeded
from gateway.services.witnessing.window import Window
from policies.decision import Denied, Permit
from policies.errors import UnclearRequest
from policies.request import AccessRequest
from policies.told import told_of_permit

Seal = Callable[[Position | Following, bytes], str]
"""Turns where an answer ended into the text of a cursor, with the nonce it is given."""
Refusal = Problem | UnclearRequest | RecordsError
_REFUSALS = (Problem, UnclearRequest, RecordsError)
_NOBODYS = ""
_ATTEMPTS = 3
"""A read is repeated when the world moved under it: once for the epoch, once for the clock, then 503."""


@dataclass(frozen=True, slots=True)
class Asked:
    """
    A request with its page: `query` is the canonical text the entry commits to, `code` a single student.

    `following` is how far a client has come that asks for changes, and for no page.
    """

    request: AccessRequest
    request_id: str
    query: str
    limit: int
    after: Position | None = None
    code: str | None = None
    following: Following | None = None


@dataclass(frozen=True, slots=True)
class Disclosed:
    """An answer whose entry is committed: it may leave. `entry` is the receipt's coordinate."""

    body: bytes
    entry: int
    next: Position | None


class Disclosures:
    """Discloses student records; holds the collaborators and no state of its own."""

    def __init__(
        self,
        grants: Grants,
        reader: Reader,
        extents: Extents,
        log: Log,
        subjects: SubjectKey,
        *,
        follower: Follower,
        window: Window | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._grants = grants
        self._reader = reader
        self._follower = follower
        self._extents = extents
        self._log = log
        self._subjects = subjects
        self._window = window or Window()
        self._random = random

    async def disclose(self, caller: AnyCaller, asked: Asked, seal: Seal | None = None) -> Disclosed:
        """
        Answer `asked` for `caller`, or raise.

        Without a `seal` no cursor follows. Raises `Problem`, and what the policies and the records refuse; every
        refusal is on the log before it is raised. `epoch_moved` wrote nothing, and the log's own errors mean 503.
        """
        judged: Moment | None = None
        try:
            for _ in range(_ATTEMPTS):
                # (1): what may this client see, by the rules of one epoch?
                decision, moment = await self._grants.decide(asked.request)
                over = self._grants.over(caller)
                if over is not None:
                    raise over
                if isinstance(decision, Denied):
                    judged = moment
                    raise problem_of(decision)
                # (2): the rows, the epoch and the clock, in one snapshot.
                await self._extents.require_sortable(decision, moment.now)
                read = await self._read(decision, asked)
                page = read.page if isinstance(read, Changes) else read
                # (3): the rules must be those of the snapshot: never rows of one world under the rules of another.
                if page.epoch != decision.epoch or not decision.valid_from <= page.now < decision.valid_until:
                    self._grants.observe(page.epoch, page.now)
                    continue
                # The key of the token, and where it is used from, by the same world.
                self._grants.require_bound(caller, page.now)
                if asked.code is not None and not page.rows:
                    raise Problem("not_found")
                # (4): witnesses hold the log up to not long ago, so that who keeps it could rewrite little of it.
                self._window.require_open(page.now)
                try:
                    return await self._release(caller, asked, decision, read, seal)
                except EpochMoved as moved:
                    # A stop came between the read and the entry. Nothing was written; nothing may leave.
                    self._grants.observe(moved.epoch, page.now)
        except _REFUSALS as refusal:
            await self.refuse(caller, asked, refusal, judged)
            raise
        except MeterFull:
            # The client has had what it may have today. The log wrote this refusal in the place of the entry.
            moment = await self._grants.moment()
            raise VolumeExceeded(caller, asked.request.dataset, moment.now) from None
        raise Problem("epoch_moved")

    async def refuse(self, caller: AnyCaller, asked: Asked, refusal: Refusal, judged: Moment | None = None) -> None:
        """
        Put a refusal on the log before anyone is told (claim 4). Raises the log's errors: then nobody is told.

        `judged` is the epoch and the clock a denial was made by, so that it can be decided again; else it is now.
        """
        moment = judged or await self._grants.moment()
        salts = salts_for(asked.query, self._random)
        members = refusal.members if isinstance(refusal, Problem) else {}
        await self._log.append(
            draft_for(
                caller,
                Event.REFUSAL,
                moment.now,
                salts,
                request_id=asked.request_id,
                configuration=self._grants.configuration,
                dataset=asked.request.dataset,
                epoch=moment.epoch,
                code=refusal.recorded if isinstance(refusal, Problem) else refusal.code,
                elements=members.get("elements", []),
                clause=members.get("clause"),
                basis=self._grants.basis_of(caller.agreement),
            )
        )

    async def _read(self, permit: Permit, asked: Asked) -> Page | Changes:
        if asked.following is None:
            return await self._reader.read_page(permit, limit=asked.limit, after=asked.after, code=_code(asked))
        asked.following.require(permit, self._grants.line_of(permit.agreement))
        return await self._follower.read_changes(permit, asked.following.stretches, limit=asked.limit)

    async def _release(
        self, caller: AnyCaller, asked: Asked, permit: Permit, read: Page | Changes, seal: Seal | None
    ) -> Disclosed:
        """
        Minimise, commit the entry, and return what may leave. INVARIANT: no bytes are returned before the commit.

        Raises `EpochMoved`, `MeterFull` and the log's other errors.
        """
        page = read.page if isinstance(read, Changes) else read
        students, epoch = await self._extents.students_of(permit, page)
        if epoch != page.epoch:
            raise EpochMoved(epoch)
        salts = salts_for(asked.query, self._random)
        follows = page.next if seal is not None else None
        if isinstance(read, Changes):
            assert seal is not None  # who follows changes goes on
            line = self._grants.line_of(permit.agreement)
            rows, body = body_of(read, permit, line, lambda come: seal(come, cursor_nonce(salts)))
        else:
            rows = encode(page, permit)
            cursor = seal(follows, cursor_nonce(salts)) if seal and follows else None
            body = answer(rows, cursor, permit.notices, single=asked.code is not None)
        subjects = self._subjects.numbers(page.subjects)
        draft = draft_for(
            caller,
            Event.DISCLOSURE,
            page.now,
            salts,
            request_id=asked.request_id,
            read_epoch=page.epoch,
            subjects=subjects,
            volume=Volume(permit.dataset, len(rows), permit.ceiling.rows(students)),
            configuration=self._grants.configuration,
            **told_of_permit(permit),
            epoch=page.epoch,
            records=len(rows),
            rows=commit_rows(salts.row_secret, rows).hex(),
            listed=commit_subjects(salts.row_secret, subjects).hex(),
            result=commit_bytes(salts.result_salt, body).hex(),
        )
        appended = await self._log.append(draft)
        return Disclosed(body, appended.index, follows)


def _code(asked: Asked) -> str | None:
    """
    Return the code to look for, if one student is asked for.

    What is no code is looked for as one that nobody has: some texts PostgreSQL cannot even compare, and a refusal that
    comes sooner than others would be another refusal.
    """
    return _NOBODYS if asked.code is not None and not FORM.match(asked.code) else asked.code


def answer(rows: list[bytes], cursor: str | None, notices: tuple[str, ...], *, single: bool) -> bytes:
    """Assemble the answer from the very bytes that were committed to; 34 CFR 99.33(d): the recipient is told."""
    notice = msgspec.json.encode(list(notices))
    if single:
        return b'{"data":' + rows[0] + b',"notices":' + notice + b"}"
    following = msgspec.json.encode(cursor)
    return b'{"data":[' + b",".join(rows) + b'],"next":' + following + b',"notices":' + notice + b"}"
