"""The reader as the gateway has it, alone: no token, no log, one page at a time. For what depends on rows only."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import msgspec

from agreements.trust import read_trust
from gateway.records.reader import Reader
from gateway.services.grants import Grants
from gateway.store.database import Database
from policies.decision import Permit
from policies.request import AccessRequest
from tests.bench import machine
from tests.bench.deployment import Deployment
from tests.bench.scenes import DATASETS
from tests.bench.served import wide

TURNS = 15
WARM_UP = 6
"""Turns that are not counted, at most as many as are: connections, statements and caches are ready then."""


class Taken(msgspec.Struct, frozen=True):
    """Microseconds of a call: by the wall clock, and of the processor in the database's process."""

    wall: float
    database: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What reads, and who decides what may be read; `backend` is the database's process that serves the reader."""

    deployment: Deployment
    database: Database
    reader: Reader
    grants: Grants
    backend: int
    turns: int

    async def permit(self, dataset: str, **asked: Any) -> Permit:
        """Return the permit for a dataset. Raises `RuntimeError` if there is none."""
        deployment = self.deployment
        request = AccessRequest(deployment.client, deployment.agreement, DATASETS.purpose, dataset, **asked)
        decision, _ = await self.grants.decide(request)
        if not isinstance(decision, Permit):
            raise RuntimeError(f"{dataset} is refused: {decision.code}")  # noqa: TRY004 - no type is wrong
        return decision


@asynccontextmanager
async def reading(deployment: Deployment, turns: int = TURNS) -> AsyncIterator[Reading]:
    """Open the database as the gateway does, as the app role, with one connection to read by."""
    trust = read_trust(deployment.settings.trust.read_bytes())
    database = await Database.open(deployment.cluster.url("app"), readers=1)
    try:
        grants = Grants(database.engine, trust, configuration=0, guardrails=wide())
        backend = await database.pool.fetchval("SELECT pg_backend_pid()")
        yield Reading(deployment, database, Reader(database.pool), grants, backend, turns)
    finally:
        await database.close()


async def interleaved(
    calls: Mapping[str, Callable[[], Awaitable[object]]], backend: int, turns: int
) -> dict[str, Taken]:
    """Return what each call takes of the database's process `backend`, all of them made in turn; medians."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    warm_up = min(WARM_UP, turns)
    for turn in range(warm_up + turns):
        for name, call in calls.items():
            wall, own = time.perf_counter(), machine.running_seconds(backend)
            await call()
            found = (time.perf_counter() - wall, machine.running_seconds(backend) - own)
            if turn >= warm_up:
                taken[name].append(found)
    return {name: Taken(*(1e6 * median(values) for values in zip(*each, strict=True))) for name, each in taken.items()}
