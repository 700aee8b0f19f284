"""
What a partner pays that follows changes: a walk through all of them, and coming back after one student was withdrawn.

Over HTTP, as partners ask: each page is read after the one before it, so what a page costs is compared along the walk.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import httpx2
import msgspec

from agreements.trust import read_trust
from gateway.api.routers import partner_routers
from gateway.oauth.client import PartnerClient
from gateway.services.alarms import alarm
from gateway.services.office import open_office
from gateway.services.stewardship import Stewardship
from gateway.store.session import connect
from tests.bench import machine
from tests.bench.deployment import Deployment
from tests.bench.pages import LIMIT
from tests.bench.race import serving
from tests.bench.report import GATEWAY
from tests.bench.scenes import served

_CHANGES = "/v1/changes/"
MOST = 150
"""Pages of a dataset that are walked."""
_ONE = "SELECT i.student_identifier FROM records.granted AS g JOIN records.identity AS i USING (student_id) LIMIT 1"


class Followed(msgspec.Struct):
    """
    One dataset: microseconds of PostgreSQL's processor a page, medians of each third of the walk.

    `after` is the page that tells one student's withdrawal, or nothing.
    """

    dataset: str
    pages: int
    first: float
    middle: float
    last: float
    after: float

    @property
    def ratio(self) -> float:
        """How much the dearer of the later thirds takes, as a multiple of the first."""
        return max(self.middle, self.last) / self.first


def followed() -> Mapping[str, str]:
    """Return the path of each dataset's changes; none if the application serves none."""
    paths = {str(getattr(route, "path", "")) for router in partner_routers(bytes(32)) for route in router.routes}
    told = {dataset: path.replace("/v1/", _CHANGES) for dataset, path in served().items()}
    return {dataset: path for dataset, path in told.items() if path in paths}


@dataclass(slots=True)
class _Walk:
    """Asks for page after page of one dataset. `taken` are the microseconds of each."""

    partner: PartnerClient
    path: str
    backend: int
    taken: list[float] = field(default_factory=list)
    since: str | None = None

    def page(self, token: str) -> dict[str, Any]:
        """Read the next page. Raises `RuntimeError` at a refusal."""
        asked = f"{self.path}?limit={LIMIT}" + (f"&since={self.since}" if self.since else "")
        before = machine.database_running_seconds(self.backend)
        answer = self.partner.get(asked, token)
        self.taken.append(1e6 * (machine.database_running_seconds(self.backend) - before))
        if answer.status_code != httpx2.codes.OK:
            raise RuntimeError(f"{answer.status_code}: {answer.text[:500]}")
        body: dict[str, Any] = answer.json()
        self.since = str(body["next"])
        return body

    def whole(self) -> None:
        """Read until there is no more, or for `MOST` pages."""
        token = str(self.partner.token()["access_token"])
        while self.page(token)["more"] and len(self.taken) < MOST:
            pass


async def changes(deployment: Deployment, home: Path) -> list[Followed]:
    """Walk the changes of every dataset, withdraw one student, and come back."""
    ports = {GATEWAY: deployment.settings.port}
    async with connect(deployment.cluster.url("admin")) as connection:
        backend = await connection.fetchval("SELECT pg_backend_pid()")
        with ExitStack() as stack:
            if not followed():
                return []
            stack.enter_context(serving(deployment, home, ports, (GATEWAY,)))
            partner = deployment.partner()
            walks = {dataset: _Walk(partner, path, backend) for dataset, path in followed().items()}
            for walk in walks.values():
                await asyncio.to_thread(walk.whole)
            await _withdraw_one(deployment, connection)
            return [await asyncio.to_thread(partial(_followed, dataset, walk)) for dataset, walk in walks.items()]


def _followed(dataset: str, walk: _Walk) -> Followed:
    """Return what the walk took, and what coming back takes; more than once, since the cursor stays good."""
    first, middle, last = (median(part) for part in _thirds(walk.taken))
    come, again = walk.since, []
    for _ in range(5):
        walk.since = come
        walk.page(str(walk.partner.token()["access_token"]))
        again.append(walk.taken.pop())
    return Followed(dataset, len(walk.taken), first, middle, last, median(again))


def _thirds(taken: Sequence[float]) -> Sequence[Sequence[float]]:
    """Cut a walk into its beginning, its middle and its end; each page of a short one stands for itself."""
    size = max(1, len(taken) // 3)
    middle = (len(taken) - size) // 2
    return taken[:size], taken[middle : middle + size], taken[-size:]


async def _withdraw_one(deployment: Deployment, connection: asyncpg.Connection) -> None:
    """Withdraw the consent of one covered student, as a steward would."""
    async with connection.transaction():
        await connection.execute("SELECT set_config('pactgate.agreement', $1, true)", deployment.agreement)
        number = await connection.fetchval(_ONE)
    trust = read_trust(deployment.settings.trust.read_bytes())
    async with open_office(deployment.cluster.url("loader"), trust, alarm) as office:
        await Stewardship(office).withdraw(deployment.agreement, str(number))
