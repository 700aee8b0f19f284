"""
Signing in again for one act about one document: the second look before what cannot be taken back.

INVARIANT: a step-up is for one session, one act and one document's digest, by the same identity; it is good once, for
a few minutes. What it proved goes into the evidence of the act.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.change import append_change
from audit.entry import leaf, stamp
from audit.events import Event
from gateway.services.staff.errors import SignInReplayed, StepUpRefused, StepUpRequired
from gateway.services.staff.session import Authentication, Session
from gateway.services.staff.sessions import Sessions, renew
from gateway.services.standing.registry import read_moment
from gateway.store.tables import staff_step_up

LASTS: Final = timedelta(minutes=5)


class StepUpAct(StrEnum):
    """What takes a fresh sign-in."""

    SIGN = "sign"
    APPROVE = "approve"
    EMERGENCY = "emergency"
    """Breaking the glass: an order or release under 34 CFR 99.36."""
    CHANGE_ROLE = "change_role"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What stands beside an act: who did it, for which document, and how they had just signed in."""

    person: str
    session: str
    action: StepUpAct
    concerns: str
    acr: str | None
    amr: tuple[str, ...]
    auth_time: datetime


async def step_up(
    sessions: Sessions, session: Session, action: StepUpAct, concerns: str, proved: Authentication
) -> str:
    """
    Note that whoever is signed in signed in again for this; return the session's new secret.

    Raises `StepUpRefused` if somebody else did, `SignInReplayed`, `SessionOver`, `LogUnavailable`.
    """
    if session.person is None or proved.identity != session.identity:
        raise StepUpRefused("Somebody else signed in than is signed in here.")
    secret = sessions.new_secret()
    try:
        async with sessions.engine.begin() as connection:
            now = (await read_moment(connection)).now
            await renew(connection, session.number, secret)
            row = {
                "login": proved.login,
                "session": session.number,
                "action": action.value,
                "concerns": concerns,
                "acr": proved.acr,
                "amr": list(proved.amr),
                "auth_time": proved.auth_time,
                "ends_at": now + LASTS,
            }
            await connection.execute(insert(staff_step_up).values(row))
            written = leaf(
                Event.STAFF_STEPPED_UP,
                now,
                person=session.person.id,
                session=session.number,
                action=action.value,
                concerns=concerns,
                acr=proved.acr,
                amr=list(proved.amr),
                auth_time=stamp(proved.auth_time),
            )
            await append_change(connection, written, moves_epoch=False)
            sessions.require_log()
    except IntegrityError:
        raise SignInReplayed("This sign-in was used already.") from None
    return secret


async def spend(connection: AsyncConnection, session: Session, action: StepUpAct, concerns: str) -> Evidence:
    """
    Use up a step-up for exactly this, in the transaction of the act itself; return its evidence.

    Raises `StepUpRequired` if there is none, it was used, it is too old, or it was for something else: alike.
    """
    now = (await read_moment(connection)).now
    unspent = (
        select(staff_step_up.c.login)
        .where(
            staff_step_up.c.session == session.number,
            staff_step_up.c.action == action.value,
            staff_step_up.c.concerns == concerns,
            staff_step_up.c.ends_at > now,
            ~staff_step_up.c.spent,
        )
        .limit(1)
        .with_for_update()
    )
    row = (
        await connection.execute(
            update(staff_step_up)
            .where(staff_step_up.c.login == unspent.scalar_subquery())
            .values(spent=True)
            .returning(staff_step_up.c.acr, staff_step_up.c.amr, staff_step_up.c.auth_time)
        )
    ).one_or_none()
    if row is None or session.person is None:
        raise StepUpRequired("This takes a fresh sign-in for exactly this document.")
    return Evidence(session.person.id, session.number, action, concerns, row.acr, tuple(row.amr), row.auth_time)
