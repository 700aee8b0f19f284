"""A page of each dataset: as Pactgate answers it, from a bare endpoint, and unchecked; same rows, same run."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import msgspec

from gateway.demo.perform import free_port
from gateway.store.session import connect
from tests.bench.deployment import Deployment
from tests.bench.flat import fill, flat_for
from tests.bench.pages import Pages, walk
from tests.bench.race import Race, in_turn, serving
from tests.bench.report import BARE, GATEWAY, UNCHECKED, Measured, told
from tests.bench.scenes import served

ROUTES = (BARE, UNCHECKED, GATEWAY)
PAGES = 20
"""Pages of a dataset that are asked for in turn."""


class Route(msgspec.Struct, frozen=True):
    """
    One route, medians over the repetitions.

    `server_us` and `database_us` are microseconds of processor a page: others on the machine do not lengthen them.
    """

    rate: float
    server_us: float
    database_us: float

    @property
    def processor_us(self) -> float:
        """Processor time of a page, of the server and of PostgreSQL."""
        return self.server_us + self.database_us


class PageCost(msgspec.Struct):
    """One dataset; `elements` and `body_bytes` say how large a page is."""

    dataset: str
    elements: int
    body_bytes: int
    bare: Route
    unchecked: Route
    gateway: Route


async def page_costs(
    deployment: Deployment, home: Path, *, connections: int, turns: int, seconds: float
) -> list[PageCost]:
    """Measure every dataset that the application serves."""
    ports = {**{route: free_port() for route in ROUTES}, GATEWAY: deployment.settings.port}
    async with connect(deployment.cluster.url("admin")) as connection:
        with ExitStack() as stack:
            processes = stack.enter_context(serving(deployment, home, ports, (GATEWAY,)))
            found = await asyncio.to_thread(_walk_all, deployment)
            flats = [flat_for(dataset, pages.path, pages.answered) for dataset, pages in found.items()]
            for flat, pages in zip(flats, found.values(), strict=True):
                await fill(deployment.bare_url, flat, pages.answered)
            processes |= stack.enter_context(serving(deployment, home, ports, (BARE, UNCHECKED), flats))
            backend = await connection.fetchval("SELECT pg_backend_pid()")
            costs = []
            for dataset, pages in found.items():
                race = Race(deployment, pages, ports, processes, connection, backend)
                await race.warm_up(ROUTES, (connections,), seconds)
                runs = [
                    await race.repetition(route, connections, seconds)
                    for turn in range(turns)
                    for route in in_turn(ROUTES, turn)
                ]
                costs.append(_cost(dataset, pages, runs))
            return costs


def _walk_all(deployment: Deployment) -> dict[str, Pages]:
    partner = deployment.partner()
    return {dataset: walk(partner, path, most=PAGES) for dataset, path in served().items()}


def _cost(dataset: str, pages: Pages, runs: Sequence[Measured]) -> PageCost:
    for run in runs:
        told(run)
    return PageCost(
        dataset,
        elements=len(pages.answered[0]) - 1,  # besides the record code
        body_bytes=max(run.result.body_bytes for run in runs if run.route == GATEWAY),
        **{route: _route([run for run in runs if run.route == route]) for route in ROUTES},
    )


def _route(runs: Sequence[Measured]) -> Route:
    return Route(
        median(run.result.rate for run in runs),
        median(run.server_us for run in runs),
        median(run.database_us for run in runs),
    )
