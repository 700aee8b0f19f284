"""
Decisions on rosters by which so many students would leave that a second person is asked (decision 0073).

The first one has the decision signed, and asks for it to be filed. Another one confirms it, and it is done as it was
signed, or turns it down. INVARIANT: whoever had a part in it does not answer for it, and nothing of it counts before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.documents.roster_decision import read_roster_decision
from agreements.errors import SamePerson
from agreements.register import digest_bytes
from agreements.signature import Kind
from gateway.errors import Sentence
from gateway.services.office import Office
from gateway.services.papers import kept
from gateway.services.papers.errors import NothingWaits, PaperRefused
from gateway.services.papers.papers import Papers
from gateway.services.rosters.errors import RosterHeld
from gateway.services.standing.registry import read_moment
from gateway.store.papers import paper, paper_signature
from gateway.store.rosters import roster_held

COUNTS: Final = timedelta(days=7)
"""For so long a decision waits; as long as what two people sign to let a held load through."""


class Answered(StrEnum):
    """What a second person said."""

    CONFIRMED = "confirmed"
    TURNED_DOWN = "turned_down"


@dataclass(frozen=True, slots=True)
class HeldDecision:
    """
    One decision that a second person was asked about: `document` is its digest, `removed` of `before` would leave.

    `asked_by` is the id of whoever asked. Without an `answer` it waits.
    """

    roster: int
    document: str
    removed: int
    before: int
    asked_by: str
    asked_at: datetime
    answer: Answered | None
    answered_at: datetime | None
    reason: str | None


class HeldDecisions:
    """
    Decisions on the rosters of one installation, as far as one person is too few for them on the pages.

    `papers` are those by which everything is filed; by themselves they file no certificate of destruction.
    """

    def __init__(self, office: Office, papers: Papers | None = None) -> None:
        self._office = office
        self._papers = papers or Papers(office)

    async def file(self, digest: str, by: str) -> int | None:
        """
        Bring a complete paper into force; return its entry, or None if it waits for a second person from now on.

        Raises as `Papers.file`.
        """
        try:
            return await self._papers.file(digest, by)
        except RosterHeld as held:
            said = read_roster_decision((await self._papers.paper(digest)).envelope.payload)
            async with self._office.engine.begin() as connection:
                row = {
                    "submission": said.submission,
                    "document": digest_bytes(digest),
                    "removed": held.removed,
                    "before": held.before,
                    "asked_by": by,
                    "asked_at": (await read_moment(connection)).now,
                }
                await connection.execute(insert(roster_held).values(row).on_conflict_do_nothing())
            return None

    async def waiting(self, digest: str | None = None) -> tuple[HeldDecision, ...]:
        """Return what waits for a second person, the newest first; with `digest`, whether this document does."""
        wanted = [roster_held.c.answer.is_(None), _is_open()]
        if digest is not None:
            wanted.append(roster_held.c.document == digest_bytes(digest))
        return await self._undecided(*wanted)

    async def about(self, roster: int) -> tuple[HeldDecision, ...]:
        """Return what waits about one roster, and what was answered, the newest first."""
        said = or_(roster_held.c.answer.is_not(None), _is_open())
        return await self._undecided(roster_held.c.submission == roster, said)

    async def is_for(self, held: HeldDecision, person: str) -> bool:
        """Return whether `person` had no part in a decision, and so may answer for it."""
        found = await self._papers.paper(held.document)
        # (1): nobody asked for it, prepared it, or brought a signature of it, who answers.
        if person in {held.asked_by, found.line.prepared_by, *(each.by for each in found.added)}:
            return False
        # (2): nor does whoever signed, whoever brought that.
        _, registry = await self._office.desk.registry()
        async with self._office.engine.connect() as connection:
            own = registry.staff.own_keys.get(person, frozenset()) | await kept.passkeys_of(connection, person)
        return own.isdisjoint(each.signature.kid for each in found.added)

    async def confirm(self, digest: str, by: str, reason: str) -> int:
        """
        Have a decision done as it was signed; return its entry. `reason` is why so many leave; it names nobody.

        Raises `NothingWaits`, `SamePerson`, `PaperRefused` if it waited for too long, and as `Papers.file`.
        """
        async with self._office.engine.begin() as connection:
            held = await self._locked(connection, digest, by)
            if (await read_moment(connection)).now - held.asked_at > COUNTS:
                raise PaperRefused(
                    Sentence(
                        "It was decided more than %(days)s days ago. Turn it down, and decide anew.", days=COUNTS.days
                    )
                )
            # If we died after the filing it would be in force, and its paper filed: it waits for nobody then.
            entry = await self._papers.file(digest, by, held.asked_at)
            await _answer(connection, digest, Answered.CONFIRMED, by, reason)
        return entry

    async def turn_down(self, digest: str, by: str, reason: str) -> None:
        """Refuse a decision: its paper goes, the reason stays. Raises `NothingWaits`, `SamePerson`."""
        async with self._office.engine.begin() as connection:
            await self._locked(connection, digest, by)
            await self._papers.withdraw(digest, by)
            await _answer(connection, digest, Answered.TURNED_DOWN, by, reason)

    async def _undecided(self, *wanted: ColumnElement[bool]) -> tuple[HeldDecision, ...]:
        """Return what is wanted, but for what nobody answered and a command has filed since: it waits for nobody."""
        _, registry = await self._office.desk.registry()
        in_force = {each.digest for each in registry.register.of(Kind.ROSTER_DECISION)}
        async with self._office.engine.connect() as connection:
            found = await _found(connection, *wanted)
        return tuple(each for each in found if each.answer is not None or each.document not in in_force)

    async def _locked(self, connection: AsyncConnection, digest: str, by: str) -> HeldDecision:
        """Return what waits, for `by` alone to answer until the transaction ends."""
        own = roster_held.c
        waits = (own.document == digest_bytes(digest), own.answer.is_(None))
        await connection.execute(select(own.number).where(*waits).with_for_update())
        found = await _found(connection, *waits, _is_open())
        if not found:
            raise NothingWaits(f"Nothing about {digest} waits for a second person.")
        if not await self.is_for(found[0], by):
            raise SamePerson("Whoever had a part in a decision does not answer for it: another person does.")
        return found[0]


def _is_open() -> ColumnElement[bool]:
    """
    Return the condition that the paper of a decision is there, signed, and not filed.

    One that was taken away and is prepared again, of the same bytes, is signed before it waits again.
    """
    signed = paper_signature.c.digest == paper.c.digest
    return exists().where(paper.c.digest == roster_held.c.document, paper.c.filed_idx.is_(None), signed)


async def _found(connection: AsyncConnection, *wanted: ColumnElement[bool]) -> tuple[HeldDecision, ...]:
    rows: Sequence[Row[Any]] = (
        await connection.execute(select(roster_held).where(*wanted).order_by(roster_held.c.number.desc()))
    ).all()
    return tuple(
        HeldDecision(
            roster=row.submission,
            document=f"sha256:{row.document.hex()}",
            removed=row.removed,
            before=row.before,
            asked_by=row.asked_by,
            asked_at=row.asked_at,
            answer=None if row.answer is None else Answered(row.answer),
            answered_at=row.answered_at,
            reason=row.reason,
        )
        for row in rows
    )


async def _answer(connection: AsyncConnection, digest: str, answer: Answered, by: str, reason: str) -> None:
    own = roster_held.c
    now = (await read_moment(connection)).now
    said = {"answer": answer.value, "answered_by": by, "answered_at": now, "reason": reason}
    waits = (own.document == digest_bytes(digest), own.answer.is_(None))
    await connection.execute(update(roster_held).where(*waits).values(said))
