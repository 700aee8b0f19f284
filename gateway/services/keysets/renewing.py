"""
When the keys that a client publishes are fetched: because a client asks, seldom, and a few at a time.

INVARIANT: the gateway calls nobody for a stranger. It calls where the binding of a registered client says, when an
assertion names that client, and at most once a minute for each binding, whoever sends the assertion.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from agreements.fetched import COUNTS_FOR, PublishedKey
from agreements.in_force import VerifiedBinding
from gateway.services.errors import KeysNotFetched
from gateway.services.keysets.keeping import RENEWED_AFTER, keep
from gateway.services.standing.registry import Alarm

SECONDS_BETWEEN: Final = 60.0
_AT_ONCE: Final = 4
_WAITING: Final = 16
"""Requests that wait for one fetch; more are judged by what is known."""


class Fetches(Protocol):
    """What fetches a key set (`gateway.services.keysets.fetching.Fetcher`)."""

    async def fetch(self, address: str) -> tuple[PublishedKey, ...]: ...  # noqa: D102 - said by `Fetcher`


@dataclass(slots=True)
class _Flight:
    task: asyncio.Task[bool]
    waiting: int = 0


class KeyRenewal:
    """Fetches and keeps; `elapsed` is in seconds and never goes back. What it knows is of this process alone."""

    def __init__(self, engine: AsyncEngine, fetcher: Fetches, alarm: Alarm, elapsed: Callable[[], float]) -> None:
        self._engine = engine
        self._fetcher = fetcher
        self._alarm = alarm
        self._elapsed = elapsed
        self._tried: dict[str, float] = {}
        self._flights: dict[str, _Flight] = {}

    async def renew(self, bindings: Iterable[VerifiedBinding], key_id: str, now: datetime) -> bool:
        """
        Fetch what these bindings of one client publish, as far as it is due; return whether anything new is known.

        Waits only where `key_id` is not among the keys that count. Raises nothing: what cannot be had changes nothing.
        """
        bound = list(bindings)
        known = any(key.kid == key_id for each in bound for key in each.keys if each.counts_at(now))
        waits = []
        for each in bound:
            if each.binding.jwks_url is None:
                continue
            is_old = each.keys_end is None or now >= each.keys_end - COUNTS_FOR + RENEWED_AFTER
            if known and not is_old:
                continue
            flight = self._flight(each)
            if flight is not None and not known and flight.waiting < _WAITING:
                waits.append(flight)
        return any([await _result(each) for each in waits])

    async def close(self) -> None:
        """Give up what is under way."""
        for each in list(self._flights.values()):
            each.task.cancel()
        await asyncio.gather(*(each.task for each in self._flights.values()), return_exceptions=True)

    def _flight(self, binding: VerifiedBinding) -> _Flight | None:
        """Return the fetch under way, or start one unless there was one within the last minute."""
        flight = self._flights.get(binding.digest)
        if flight is not None:
            return flight
        tried = self._tried.get(binding.digest)
        if (tried is not None and self._elapsed() - tried < SECONDS_BETWEEN) or len(self._flights) >= _AT_ONCE:
            return None
        self._tried[binding.digest] = self._elapsed()
        task = asyncio.create_task(self._fetch(binding), name="published keys")
        flight = self._flights[binding.digest] = _Flight(task)
        task.add_done_callback(lambda _: self._flights.pop(binding.digest, None))
        return flight

    async def _fetch(self, binding: VerifiedBinding) -> bool:
        assert binding.binding.jwks_url is not None
        alarm, facts = self._alarm, {"client": binding.binding.client, "document": binding.digest}
        try:
            keys = await self._fetcher.fetch(binding.binding.jwks_url)
            return await keep(self._engine, binding, keys) is not None
        except KeysNotFetched as error:
            alarm("keys_not_fetched", {**facts, "reason": str(error)})
        except Exception as error:  # noqa: BLE001 - a request must not fail because somebody else's keys cannot be kept
            alarm("keys_not_kept", {**facts, "reason": type(error).__name__})
        return False


async def _result(flight: _Flight) -> bool:
    flight.waiting += 1
    try:
        return await asyncio.shield(flight.task)
    finally:
        flight.waiting -= 1
