"""What a partner may see, until when, and by which clause: the answer to `GET /v1/grant`."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from audit.events import Event
from audit.log import Log
from gateway.caller import AnyCaller
from gateway.services.denials import permits_of, problem_of
from gateway.services.entries import draft_for, salts_for
from gateway.services.grants import Grants
from policies.decision import Denied, Permit
from policies.told import told_of_denial


@dataclass(frozen=True, slots=True)
class Entitlement:
    """The grant of one client under one agreement: a permit for each dataset it may read now."""

    title: str
    partner: str
    basis: str
    purpose: str
    valid_until: datetime
    permits: tuple[Permit, ...]


class Entitlements:
    """Tells a partner its own grant; that it asked is an entry."""

    def __init__(self, grants: Grants, log: Log, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._grants = grants
        self._log = log
        self._random = random

    async def read(self, caller: AnyCaller, request_id: str) -> Entitlement:
        """
        Return what `caller` may see now.

        Raises `Problem` with the code of the denial, on the log first, and the log's own errors.
        """
        state, moment = await self._grants.current()
        held = state.slice_for(caller.client, caller.agreement)
        permits, refusal = permits_of(state, caller, moment.now)
        against = self._grants.against(caller, moment.now) if permits else self._grants.over(caller)
        event = Event.GRANT_READ if permits and against is None else Event.REFUSAL
        why = {"code": against.recorded} if against else {} if permits else told_of_denial(refusal)
        draft = draft_for(
            caller,
            event,
            moment.now,
            salts_for("/v1/grant", self._random),
            request_id=request_id,
            configuration=self._grants.configuration,
            epoch=moment.epoch,
            **why,
        )
        await self._log.append(draft)
        if against is not None:
            raise against
        if isinstance(held, Denied) or not permits:
            raise problem_of(refusal)
        agreement = held.agreement
        return Entitlement(
            title=agreement.title,
            partner=agreement.partner.name,
            basis=agreement.basis,
            purpose=agreement.purpose.code,
            valid_until=min(permit.valid_until for permit in permits),
            permits=tuple(permits),
        )
