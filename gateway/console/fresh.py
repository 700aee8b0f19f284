"""
What takes a fresh sign-in before it takes effect on a page: breaking the glass, and undoing a stop.

A stop takes none: narrowing is never held, also not while the identity provider is away (decision 0065).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fastapi import Request

from agreements.signature import Kind
from gateway.services.staff.session import Session
from gateway.services.staff.step_up import StepUpAct, spend
from gateway.signin.ways import sessions_of

FRESH: Final[Mapping[Kind, StepUpAct]] = MappingProxyType(
    {
        Kind.EMERGENCY_ORDER: StepUpAct.EMERGENCY,
        Kind.EMERGENCY_RELEASE: StepUpAct.EMERGENCY,
        Kind.REINSTATEMENT: StepUpAct.APPROVE,
    }
)


async def require_fresh(request: Request, session: Session, kind: Kind, digest: str) -> None:
    """
    Use up a fresh sign-in for exactly this document, if its kind takes one. Raises `StepUpRequired`.

    Before the document is filed, and whatever becomes of that: one that is refused takes another one.
    """
    act = FRESH.get(kind)
    if act is not None:
        async with sessions_of(request).engine.begin() as connection:
            await spend(connection, session, act, digest)
