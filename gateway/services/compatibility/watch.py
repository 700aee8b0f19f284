"""
Telling the district again and again that somebody may come without a key: at the start of each gateway, and daily.

A stolen secret or token of such a client is worth something, so it must not be forgotten that there is one.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from gateway.services.compatibility.directory import bearer_bindings
from gateway.services.grants import Grants
from gateway.services.standing.registry import Alarm
from policies.bearer import bearer_until, signed_networks
from policies.decision import Denied
from policies.request import Bearer

DAY_SECONDS: Final = 86_400.0


async def alarm_bearers(grants: Grants, alarm: Alarm) -> None:
    """
    Raise `bearer_in_use` for each client that may ask with bearer tokens now, and `bearer_forbidden` if none may.

    The second says that the mode is switched on in the settings and the guardrails forbid it: one of the two is wrong.
    """
    if not grants.guardrails.bearer:
        alarm("bearer_forbidden", {"setting": "PACTGATE_COMPATIBILITY"})
        return
    registry, moment = await grants.registry()
    for digest, granted in registry.granted.items():
        clause = granted.document.compatibility
        for client in sorted({each.binding.client for each in bearer_bindings(granted)}):
            judged = [
                bearer_until(granted, client, Bearer(network), moment.now, guardrails=grants.guardrails)
                for network in signed_networks(granted, client)
            ]
            if clause is not None and not all(isinstance(until, Denied) for until in judged):
                alarm("bearer_in_use", {"client": client, "agreement": digest, "until": clause.last_day.isoformat()})


@asynccontextmanager
async def bearers_watched(
    grants: Grants, alarm: Alarm, *, served: bool, every: float = DAY_SECONDS
) -> AsyncIterator[None]:
    """Raise the alarms now and every so many seconds while the block lasts; none if such programs are not `served`."""
    if not served:
        yield
        return
    await alarm_bearers(grants, alarm)
    watching = asyncio.create_task(_watch(grants, alarm, every), name="bearers")
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def _watch(grants: Grants, alarm: Alarm, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            await alarm_bearers(grants, alarm)
        except Exception as error:
            logging.getLogger("pactgate").warning("bearer tokens were not looked at, tried again", exc_info=error)
