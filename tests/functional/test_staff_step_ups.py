"""A fresh sign-in is good for one act about one document, in one session, once and for five minutes."""

import datetime as dt
from dataclasses import replace

import pytest

from gateway.services.staff.errors import SignInReplayed, StepUpRefused, StepUpRequired
from gateway.services.staff.session import Session
from gateway.services.staff.step_up import Evidence, StepUpAct, spend, step_up
from gateway.services.standing.identity import Realm
from tests.factories.gateway import NOON, Gateway
from tests.factories.staffing import StaffRoom, identity, proved

ADA = identity("subject-a")
DOCUMENT, OTHER = f"sha256:{'ab' * 32}", f"sha256:{'cd' * 32}"


async def signed_in(gateway: Gateway) -> Session:
    return await gateway.services.sessions.find(Realm.DISTRICT, await gateway.services.sessions.open(proved(ADA)))


async def spent(
    gateway: Gateway, session: Session, action: StepUpAct = StepUpAct.SIGN, concerns: str = DOCUMENT
) -> Evidence:
    async with gateway.services.sessions.engine.begin() as connection:
        return await spend(connection, session, action, concerns)


async def require_none(
    gateway: Gateway, session: Session, action: StepUpAct = StepUpAct.SIGN, concerns: str = DOCUMENT
) -> None:
    with pytest.raises(StepUpRequired):
        await spent(gateway, session, action, concerns)


async def test_a_step_up_is_spent_once_for_exactly_what_it_was_for(gateway: Gateway) -> None:
    room, sessions = StaffRoom(gateway), gateway.services.sessions
    ada = await room.come_in(ADA)
    first, second = await signed_in(gateway), await signed_in(gateway)
    await require_none(gateway, first)
    again = replace(proved(ADA), acr="three", amr=("hwk",), auth_time=NOON - dt.timedelta(seconds=9))
    await step_up(sessions, first, StepUpAct.SIGN, DOCUMENT, again)
    # (1): not another document, (2): not another act, (3): not another session of the same person.
    await require_none(gateway, first, concerns=OTHER)
    await require_none(gateway, first, action=StepUpAct.APPROVE)
    await require_none(gateway, second)
    evidence = await spent(gateway, first)
    assert evidence == Evidence(ada.id, first.number, StepUpAct.SIGN, DOCUMENT, "three", ("hwk",), again.auth_time)
    # (4): not twice.
    await require_none(gateway, first)


async def test_a_step_up_is_over_after_five_minutes(gateway: Gateway) -> None:
    await StaffRoom(gateway).come_in(ADA)
    session = await signed_in(gateway)
    await step_up(gateway.services.sessions, session, StepUpAct.SIGN, DOCUMENT, proved(ADA))
    await gateway.at(NOON + dt.timedelta(minutes=6))
    await require_none(gateway, session)
    await gateway.at(NOON + dt.timedelta(minutes=4))
    await spent(gateway, session)


async def test_an_act_that_fails_keeps_its_step_up(gateway: Gateway) -> None:
    await StaffRoom(gateway).come_in(ADA)
    session = await signed_in(gateway)
    await step_up(gateway.services.sessions, session, StepUpAct.SIGN, DOCUMENT, proved(ADA))
    async with gateway.services.sessions.engine.begin() as connection:
        await spend(connection, session, StepUpAct.SIGN, DOCUMENT)
        await connection.rollback()
    await spent(gateway, session)


async def test_somebody_else_a_stranger_and_a_used_sign_in_step_nobody_up(gateway: Gateway) -> None:
    stranger = await signed_in(gateway)
    with pytest.raises(StepUpRefused):
        await step_up(gateway.services.sessions, stranger, StepUpAct.SIGN, DOCUMENT, proved(ADA))
    await StaffRoom(gateway).come_in(ADA)
    session = await signed_in(gateway)
    with pytest.raises(StepUpRefused):
        await step_up(gateway.services.sessions, session, StepUpAct.SIGN, DOCUMENT, proved(identity("subject-b")))
    used = proved(ADA)
    await step_up(gateway.services.sessions, session, StepUpAct.SIGN, DOCUMENT, used)
    with pytest.raises(SignInReplayed):
        await step_up(gateway.services.sessions, session, StepUpAct.SIGN, OTHER, used)
    await require_none(gateway, session, concerns=OTHER)
