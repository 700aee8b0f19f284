"""
Who may speak for a student: either parent, or from 18 on the student (34 CFR 99.4, 99.5).

A parent whose rights are revoked may not, and is known by the name that an officer put on file. INVARIANT: doubt never
grants, and never keeps anybody from stopping: without a birth date nobody's consent is taken and anybody's stop is.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Interval, cast, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.records import facts
from gateway.records.coverage import visible
from gateway.records.errors import NotTheirRight, SignerUnknown
from gateway.records.numbers import one_with
from gateway.records.release import scope as kept
from gateway.records.signed import Capacity, SignerName, compared_name
from gateway.records.standing import consent, restriction
from gateway.services.explaining.days import ADULT, counts_from, lapses_on


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who speaks for a student. The name is asked for only where it tells: see `require_right_to_stop`."""

    capacity: Capacity
    name: SignerName | None = None


A_PARENT: Final = Holder(Capacity.PARENT)
"""A parent or guardian who gave no name."""


def holder_of(capacity: str, name: str = "") -> Holder:
    """Return who speaks for a student, by the words of a form. Raises `ValueError` for a capacity that is none."""
    return Holder(Capacity(capacity), SignerName(name) if name.strip() else None)


async def require_right_to_stop(connection: AsyncConnection, student: UUID, holder: Holder, line: str) -> None:
    """
    Check that `holder` may withdraw what was consented to for this student under the agreement of this line, today.

    Raises `NotTheirRight`, and `SignerUnknown` where a parent's rights are revoked and nobody said who this is.
    """
    born = await _birthdate(connection, student)
    today = await connection.scalar(select(today_under(line)))
    assert isinstance(today, dt.date)
    if holder.capacity is Capacity.ELIGIBLE_STUDENT:
        # (1): on the one day that is nobody's (28 February, for who was born on the 29th) either may stop.
        if born is not None and today < lapses_on(born):
            raise NotTheirRight(f"The student is not {ADULT} yet: a parent or guardian decides (34 CFR 99.5).")
        return
    # (2): at 18 the rights are the student's, and with them the say over what the student signed.
    if born is not None and today >= counts_from(born):
        raise NotTheirRight(f"The student turned {ADULT}: the rights are the student's own now (34 CFR 99.5(a)(1)).")
    # (3): a court may have taken a parent's rights.
    await require_unrestricted(connection, student, holder.name)


async def require_right_to_consent(
    connection: AsyncConnection, student: UUID, holder: Holder, signed_on: dt.date
) -> None:
    """
    Check that `holder` could consent for this student on the day of the signature.

    Raises `NotTheirRight`, `SignerUnknown`.
    """
    born = await _birthdate(connection, student)
    if born is None:
        raise NotTheirRight("No birth date is on file, so nobody can tell whose signature counts.")
    if holder.capacity is Capacity.ELIGIBLE_STUDENT:
        if signed_on < counts_from(born):
            raise NotTheirRight(f"The student was not {ADULT} on the day of the signature (34 CFR 99.5).")
        return
    if signed_on >= lapses_on(born):
        raise NotTheirRight(
            f"The student was {ADULT} on the day of the signature, and signs alone (34 CFR 99.5(a)(1))."
        )
    await require_unrestricted(connection, student, holder.name)


async def require_unrestricted(connection: AsyncConnection, student: UUID, name: SignerName | None) -> None:
    """Check that this is no parent whose rights are revoked. Raises `NotTheirRight`, `SignerUnknown`."""
    names = await restricted(connection, student)
    if names and name is None:
        raise SignerUnknown("A parent's rights about this student are revoked: who speaks here has to be said.")
    if name is not None and name.compared in names:
        raise NotTheirRight("This parent's rights about the student are revoked (34 CFR 99.4).")


async def restricted(connection: AsyncConnection, student: UUID) -> frozenset[str]:
    """Return the names, as compared, of parents whose rights about this child are revoked, by any of its numbers."""
    said, ids = restriction.c, await one_with(connection, student)
    found = select(said.parent).where(said.student_id.in_(ids), said.to_idx.is_(None))
    return frozenset(map(compared_name, await connection.scalars(found)))


async def end_restricted(connection: AsyncConnection, student: UUID, idx: int) -> int:
    """
    End, as of entry `idx`, what a parent signed for this student whose rights are revoked; return how many there were.

    Of a consent that is older than the names of signers nobody can tell who signed it: it ends too.
    """
    names, given = await restricted(connection, student), consent.c
    if not names:
        return 0
    own = (given.student_id == student, given.signed_by == Capacity.PARENT.value, given.to_idx.is_(None))
    rows = (await connection.execute(select(given.row_id, given.signer).where(*own))).all()
    ended = [row.row_id for row in rows if row.signer is None or compared_name(row.signer) in names]
    await connection.execute(update(consent).where(given.row_id.in_(ended)).values(to_idx=idx))
    return len(ended)


def today_under(line: str) -> ColumnElement[object]:
    """
    Return the day it is where the agreement is at home, as its consents are dated; the latest day anywhere, if unknown.

    Of versions in several zones, the latest day. A day too early would let the next load bring back a consent that was
    signed on the day it was withdrawn.
    """
    there = select(func.max(func.timezone(kept.c.time_zone, func.gateway.clock()))).where(kept.c.line == line)
    latest = func.timezone(cast(literal("14 hours"), Interval), func.gateway.clock())
    return cast(func.coalesce(there.scalar_subquery(), latest), Date)


async def _birthdate(connection: AsyncConnection, student: UUID) -> dt.date | None:
    own = facts.person.c
    born = await connection.scalar(select(own.birthdate).where(own.student_id == student, visible(facts.person)))
    assert born is None or isinstance(born, dt.date)
    return born


__all__ = [
    "A_PARENT",
    "Capacity",
    "Holder",
    "SignerUnknown",
    "end_restricted",
    "require_right_to_consent",
    "require_right_to_stop",
    "require_unrestricted",
    "restricted",
    "today_under",
]
