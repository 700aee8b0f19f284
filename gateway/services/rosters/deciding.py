"""
Deciding on rosters, as the loader role.

What a decision would change is computed and shown, a named person signs it, and it is done in one transaction with its
entry, or not at all.

INVARIANT: what is done is what was signed. Lines are matched anew when the decision arrives, so that no grant moves
with a number that was merged or reused in between (decision 0038).
"""

import datetime as dt
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ARRAY, BigInteger, Uuid, any_, insert, literal, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.documents.roster_decision import Answer, read_roster_decision
from agreements.rostering import VerifiedRosterDecision, verify_roster_decision
from agreements.signature import Envelope
from audit.events import Event
from gateway.records.loading.staging import digest_of
from gateway.records.standing import roster
from gateway.services.filing import Desk, Filing
from gateway.services.rosters.cases import Case, case_of
from gateway.services.rosters.errors import RosterHeld, RosterMoved
from gateway.services.rosters.plans import Plan
from gateway.services.standing.registry import Promised
from gateway.services.standing.scopes import scopes_of
from gateway.services.stops import move_all
from gateway.store.rosters import roster_decision, roster_line, roster_submission

_EPOCH: Final = text("SELECT epoch FROM audit.head")


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided: its entry, how many rows began and ended, and the last day on which the roster counts."""

    entry: int
    begun: int
    ended: int
    counts_until: dt.date | None


class RosterDecisions:
    """Decides on rosters. Holds the desk where signed documents are judged."""

    def __init__(self, desk: Desk, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._desk = desk
        self._random = random

    async def plan(self, number: int, answer: Answer, kid: str) -> Case:
        """
        Return what the holder of the key `kid` would decide by `answer`; `Case.document` is what is signed.

        Raises `UnknownRoster`, `RosterOutdated`, `RosterForgotten`, `RosterAltered`.
        """
        async with self._desk.filing() as filing:
            return await case_of(filing, number, answer, _school_of(filing, kid))

    async def decide(
        self, document: Envelope, *, confirm: bool = False, asked_at: dt.datetime | None = None
    ) -> Decided:
        """
        Do what a person signed about a roster; return what was done.

        `asked_at` is when it was asked for, if somebody had to `confirm` it first: it does what it did on that day.

        Raises an `AgreementError`, `UnknownRoster`, `RosterOutdated`, `RosterForgotten`, `RosterAltered`, `RosterMoved`
        if it would do anything else than what was signed, `RosterHeld` unless a large removal is confirmed. Nothing was
        done then.
        """
        said = read_roster_decision(document.payload)
        async with self._desk.filing() as filing:
            # (1): what it does now is what was written down, as far as whoever signed may decide.
            school = _school_of(filing, document.signatures[0].kid)
            case = await case_of(filing, said.submission, said.answer, school, asked_at)
            # (2): a person of the district signed it, and nobody of the partner.
            verified = _verified(filing, document, case.promised)
            if case.document(said.reason) != verified.decision or verified.school != school:
                raise RosterMoved("What was signed is not what would be done now.")
            # (3): a roster from which many are missing is more likely incomplete.
            if case.plan is not None and case.plan.is_suspicious and not confirm:
                raise RosterHeld(case.plan.removed, case.plan.before)
            # (4): nothing came since it was worked out; from here on nothing does.
            index = await filing.next_index()
            if (await filing.connection.execute(_EPOCH)).scalar_one() != filing.moment.epoch:
                raise RosterMoved("A stop or a load came while this was decided.")
            # (5): rows, populations, lines and decision are one transaction with the entry that commits to them.
            if case.plan is not None:
                await self._carry_out(filing, case.submission.line, case.plan, index)
            await _answer_lines(filing.connection, case)
            await _keep(filing, index, case, verified)
            plan = case.plan
            return Decided(index, said.begin, said.end, None if plan is None else plan.fresh_until)

    async def _carry_out(self, filing: Filing, line: str, plan: Plan, index: int) -> None:
        connection = filing.connection
        over = any_(literal([row.row_id for row in plan.end], ARRAY(BigInteger)))
        await connection.execute(update(roster).where(roster.c.row_id == over).values(to_idx=index))
        rows = []
        for student, first, last in plan.begin:
            row = {"line": line, "student_id": student, "from_date": first, "to_date": last}
            rows.append({**row, "digest": digest_of(row.values()), "from_idx": index})
        if rows:
            await connection.execute(insert(roster), rows)
        scopes = scopes_of(filing.registry, filing.moment.now)
        await move_all(connection, plan.moved, index, scopes, self._random, only=line)


async def _keep(filing: Filing, index: int, case: Case, verified: VerifiedRosterDecision) -> None:
    """Keep the decision, register what was signed, and write its entry."""
    said, envelope = verified.decision, verified.envelope
    row = {
        "idx": index,
        "submission": said.submission,
        "decision": said.answer.value,
        "fresh_until": None if case.plan is None else case.plan.fresh_until,
    }
    await filing.connection.execute(insert(roster_decision), [row])
    await filing.file_sealed(
        index,
        Event.ROSTER_DECIDED,
        envelope,
        concerns=case.promised.verified.agreement.digest,
        line=said.agreement,
        submission=said.submission,
        decision=said.answer.value,
        signers=[verified.kid],
        begun=said.begin,
        ended=said.end,
    )


async def _answer_lines(connection: AsyncConnection, case: Case) -> None:
    """Let the lines stand as the decision leaves them."""
    own, number = roster_line.c, case.submission.roster
    if case.answer is Answer.REFUSE:
        await connection.execute(update(roster_line).where(own.submission == number).values(state="over"))
    if case.answer is not Answer.ACCEPT or case.plan is None:
        return
    # What an earlier roster said of the same students is over.
    of_the_line = roster_submission.c.line == case.submission.line
    about = any_(literal(sorted(case.plan.answered), ARRAY(Uuid)))
    earlier = (own.state == "accepted", own.submission != number, own.student_id == about)
    await connection.execute(
        update(roster_line).where(*earlier, own.submission == roster_submission.c.idx, of_the_line).values(state="over")
    )
    accepted = (own.submission == number, own.number.in_(case.accepted))
    await connection.execute(update(roster_line).where(*accepted).values(state="accepted"))


def _verified(filing: Filing, document: Envelope, promised: Promised) -> VerifiedRosterDecision:
    agreement, authority = promised.verified.agreement, filing.authority
    named = {each.name for annex in promised.annexes for each in annex.annex.people}
    signing = {each.signer.name for each in authority.introductions if each.signer.party == agreement.partner.id}
    return verify_roster_decision(
        filing.filed(document), authority=authority, district=agreement.district.id, partners_people=named | signing
    )


def _school_of(filing: Filing, kid: str) -> str | None:
    """Return the one school that the holder of a key decides about; None if there is no such limit."""
    if kid in filing.authority.officers(filing.received):
        return None
    found = [each.signer.school for each in filing.authority.introductions if each.signer.key.thumbprint == kid]
    return found[-1] if found else None
