"""
A partner's own rosters: handing one in, and asking how it stands. Whom its lines mean is found in the district.

INVARIANT: no answer says of a child what the datasets do not say. Handing in looks nobody up, so it says and takes the
same whoever is named. Asking tells record codes of accepted lines, and only of whom the agreement covers today: a line
of a child that nobody knows, that has no consent or that was set aside reads the same (claim 8; decision 0051).
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import asyncpg
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from audit.errors import EpochMoved
from audit.events import Event
from audit.log import Log
from gateway.caller import AnyCaller
from gateway.problems import Problem
from gateway.records.subjects import SubjectKey
from gateway.services.grants import Grants
from gateway.services.rosters.asking import Asking, Desk
from gateway.services.rosters.lines import RosterUnreadable, read_roster
from gateway.services.rosters.submissions import Coded, RosterStanding, is_answered, standing_of
from gateway.services.standing.registry import Moment
from gateway.services.witnessing.window import Window
from gateway.store.rosters import roster_submission
from policies.population import asks_for_a_roster, parse

MOST_WAITING: Final = 10
"""Rosters of one agreement that may wait for the district at once: who sends more sends what nobody looks at."""
_COVERS: Final = frozenset({"whole", "additions"})
_LONGEST_KEY: Final = 200
_ATTEMPTS: Final = 3
_MAX_DIGITS: Final = 18
_UNDER: Final = "SELECT set_config('pactgate.agreement', $1, true)"
_TOLD: Final = """
    SELECT h.epoch, gateway.clock() AS now, l.number, l.reference, l.code, l.sealed
    FROM audit.head AS h LEFT JOIN records.granted_roster_lines AS l ON l.submission = $1 ORDER BY l.number
"""
"""Opens the view once the agreement is named, for this transaction; the epoch is that of the same snapshot."""


@dataclass(frozen=True, slots=True)
class Handed:
    """
    A roster as it was handed in, nothing of it judged.

    `form` is `json` or `csv`, empty for anything else; `once` the client's idempotency key.
    """

    body: bytes = field(repr=False)
    form: str
    covers: str
    once: str | None = None

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the body."""
        return hashlib.sha256(self.body).digest()

    @property
    def once_digest(self) -> bytes | None:
        """The SHA-256 of the idempotency key."""
        return None if self.once is None else hashlib.sha256(self.once.encode()).digest()


class PartnerRosters:
    """Takes rosters in and says how they stand, as the app role, which cannot read whom they name."""

    def __init__(
        self,
        grants: Grants,
        engine: AsyncEngine,
        pool: asyncpg.Pool,
        log: Log,
        subjects: SubjectKey,
        *,
        window: Window | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._grants = grants
        self._engine = engine
        self._pool = pool
        self._desk = Desk(grants, log, random)
        self._subjects = subjects
        self._window = window or Window()

    async def submit(self, caller: AnyCaller, handed: Handed, request_id: str) -> RosterStanding:
        """
        Take a roster in, whole or not at all; return how it stands.

        The same again (by its idempotency key, or word for word while it waits) is the roster that is there. Raises
        `Problem` (that of a stop, `roster_not_asked`, `roster_unreadable`, `roster_repeated`, `rosters_waiting`), on
        the log first, and the log's own errors.
        """
        asking = Asking(self._desk, caller, query_of(handed), request_id)
        moment = await asking.admitted()
        try:
            _require_well_asked(handed)
            # (1): the agreement covers somebody by a roster.
            line = await self._line_of(caller)
            # (2): every line can be read.
            lines = len(read_roster(handed.body, handed.form))
            # (3): it is not there yet, and not too many wait.
            found = await self._same(line, caller.client, handed)
        except (RosterUnreadable, Problem) as error:
            refusal = error if isinstance(error, Problem) else Problem("roster_unreadable", str(error))
            await asking.refuse(refusal, moment)
            raise refusal from None
        if found is not None:
            await asking.append_read(moment, found.roster, b"")
            return found
        # (4): the entry first. If we die here, it says that a roster came that nobody has; the partner sends it again.
        index = await asking.append(Event.ROSTER_SUBMITTED, moment, covers=handed.covers, lines=lines)
        row = {
            "idx": index,
            "line": line,
            "client": caller.client,
            "covers": handed.covers,
            "format": handed.form,
            "lines": lines,
            "digest": handed.digest,
            "once": handed.once_digest,
            "received_at": moment.now,
            "body": handed.body,
        }
        async with self._engine.begin() as connection:
            await connection.execute(insert(roster_submission).values(row).on_conflict_do_nothing())
        # Somebody may have been quicker with the same key: then that roster is the one.
        return await self._same(line, caller.client, handed) or RosterStanding(
            index, "waiting", handed.covers, lines, moment.now
        )

    async def read(self, caller: AnyCaller, named: str, request_id: str) -> RosterStanding:
        """
        Return how the roster `named` stands; whose record codes are told stands beside the entry.

        Raises `Problem` (that of a stop, `not_found`), on the log first, and the log's own errors.
        """
        asking = Asking(self._desk, caller, f"/v1/rosters/{named}", request_id)
        for _ in range(_ATTEMPTS):
            moment = await asking.admitted()
            try:
                found = await self._own(caller, named)
                rows = await self._rows(caller.agreement, found.roster)
                epoch, now = rows[0]["epoch"], rows[0]["now"]
                coded = [row for row in rows if row["code"] is not None]
                if coded:
                    self._window.require_open(now)
            except Problem as refusal:
                await asking.refuse(refusal, moment)
                raise
            # The rules must be those of the snapshot, and no stop may come between the read and the entry.
            if epoch == moment.epoch:
                numbers = self._subjects.numbers([bytes(row["sealed"]) for row in coded])
                try:
                    await asking.append_read(Moment(epoch, now), found.roster, numbers, read_epoch=epoch)
                except EpochMoved as moved:
                    epoch = moved.epoch
                else:
                    told = tuple(Coded(row["number"], row["reference"], row["code"]) for row in coded)
                    return replace(found, students=told)
            self._grants.observe(epoch, now)
        raise Problem("epoch_moved")

    async def _rows(self, agreement: str, roster: int) -> list[asyncpg.Record]:
        async with self._pool.acquire() as session, session.transaction():
            await session.execute(_UNDER, agreement)
            return list(await session.fetch(_TOLD, roster))

    async def _line_of(self, caller: AnyCaller) -> str:
        registry, _ = await self._grants.registry()
        granted = registry.granted.get(caller.agreement)
        if granted is None or not asks_for_a_roster(parse(granted.document.population)):
            raise Problem("roster_not_asked", "Whom this agreement covers does not depend on a roster.")
        return granted.document.id

    async def _same(self, line: str, client: str, handed: Handed) -> RosterStanding | None:
        own = roster_submission.c
        mine = (own.line == line, own.client == client)
        async with self._engine.connect() as connection:
            if handed.once is not None:
                keyed = select(own.idx, own.digest, own.covers).where(*mine, own.once == handed.once_digest)
                there = (await connection.execute(keyed)).one_or_none()
                if there is not None and (bytes(there.digest), there.covers) != (handed.digest, handed.covers):
                    raise Problem("roster_repeated", "Use a key of its own for each roster.")
                roster = None if there is None else there.idx
            else:
                same = (own.digest == handed.digest, own.covers == handed.covers, ~is_answered())
                roster = await connection.scalar(select(own.idx).where(*mine, *same).order_by(own.idx).limit(1))
            if roster is not None:
                return await standing_of(connection, int(roster))
            await _require_room(connection, line)
        return None

    async def _own(self, caller: AnyCaller, named: str) -> RosterStanding:
        own = roster_submission.c
        if named.isascii() and named.isdigit() and len(named) <= _MAX_DIGITS:
            # The agreement as well: a token for one agreement tells nothing of another, not even to the same client.
            line = self._grants.line_of(caller.agreement)
            mine = (own.idx == int(named), own.client == caller.client, own.line == line)
            async with self._engine.connect() as connection:
                if await connection.scalar(select(own.idx).where(*mine)) is not None:
                    return await standing_of(connection, int(named))
        raise Problem("not_found")


def query_of(handed: Handed) -> str:
    """Return what the entry of a submission commits to, under a salt: its terms and the digest of its body."""
    return f"/v1/rosters?covers={handed.covers} {handed.form} {handed.digest.hex()}"


def _require_well_asked(handed: Handed) -> None:
    if handed.covers not in _COVERS:
        raise Problem("invalid_request", "Give `covers` once, as `whole` or `additions`, and nothing else.")
    if not handed.form:
        raise Problem("invalid_request", "Send the roster as application/json or text/csv.")
    if handed.once is not None and not 0 < len(handed.once) <= _LONGEST_KEY:
        raise Problem("invalid_request", f"An idempotency key has 1 to {_LONGEST_KEY} characters.")


async def _require_room(connection: AsyncConnection, line: str) -> None:
    waiting = select(roster_submission.c.idx).where(roster_submission.c.line == line, ~is_answered())
    if len((await connection.execute(waiting.limit(MOST_WAITING))).all()) == MOST_WAITING:
        raise Problem("rosters_waiting", "Wait until the district has decided on some of them.")
