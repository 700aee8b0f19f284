"""
Asks a gateway everything that each of its routes can be asked, under one agreement, and keeps what was heard.

The routes are the application's own (`gateway.oauth.callers.declarations`). A route of a dataset is walked as one; a
route that nobody knows how to ask raises `NoDriver`, so that a new one cannot be forgotten.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import httpx2
from fastapi import FastAPI

from agreements.elements import DATASETS, load_catalogue
from gateway.oauth.callers import declarations
from tests.factories.gateway import Gateway

Get = Callable[[str], Awaitable[httpx2.Response]]
"""Asks a path with its query, as one partner under one agreement."""
_PLAIN: Final = {
    "/v1/grant",
    "/v1/receipts/{entry}",
    "/v1/students/{code}",
    "/v1/rosters",
    "/v1/rosters/{roster}",
}
CHANGES: Final = "/v1/changes"
_PREFIXES: Final = (CHANGES, "/v1")
_MOST_PAGES: Final = 2
_TOGETHER: Final = 3


class NoDriver(AssertionError):
    """A route of the application is asked by nobody."""


def partner_routes(app: FastAPI, prefix: str = "") -> dict[str, str | None]:
    """
    Return the partner's routes below `prefix` (empty, or that of the compatible API), each with its dataset if any.

    Raises `NoDriver` for one that is neither a dataset's nor known here.
    """
    found: dict[str, str | None] = {}
    for path, _ in declarations(app):
        if not path.startswith(f"{prefix}/v1/"):
            continue
        own = path.removeprefix(prefix)
        dataset = next((name for name in map(own.removeprefix, _PREFIXES) if _named(name) in DATASETS), None)
        if dataset is None and own not in _PLAIN:
            raise NoDriver(
                f"Nothing asks the route {path} for what may not leave: teach `tests.factories.leak_walk` to ask it."
            )
        found[path] = None if dataset is None else _named(dataset)
    return found


def pages_of(app: FastAPI) -> dict[str, str]:
    """Return the path of each dataset's pages. Raises `NoDriver`."""
    return {dataset: path for path, dataset in partner_routes(app).items() if dataset and CHANGES not in path}


def changes_of(app: FastAPI) -> dict[str, str]:
    """Return the path of each dataset's changes. Raises `NoDriver`."""
    return {dataset: path for path, dataset in partner_routes(app).items() if dataset and CHANGES in path}


def _named(path: str) -> str:
    return path.strip("/").replace("/", "_").replace("-", "_")


def other_routes(gateway: Gateway) -> list[str]:
    """Return every route that is no partner's data: pages, tokens, metadata; parts are filled with anything."""
    paths = {path for path, _ in declarations(gateway.app)}
    return sorted("".join(_anything(path)) for path in paths if "/v1/" not in path)


def _anything(path: str) -> Iterator[str]:
    for part in path.split("/")[1:]:
        yield "/x" if part.startswith("{") else f"/{part}"


async def walk(
    get: Get, path: str, dataset: str, elements: Mapping[str, str], known: str, *, every: int = 1, spoiled: bool = True
) -> AsyncIterator[httpx2.Response]:
    """
    Yield the answers of a dataset's route: whole, narrowed, sorted, filtered, page by page, and refused.

    `elements` are those of the grant by wire name with their transformation, none if it does not give the dataset;
    `known` is a value that should not be found out. Elements are asked for a few at a time, once every so
    many times (`every`); of changes at most once, since their rows are the pages' own. Parameters are `spoiled` or not:
    that is refused before anything is decided.
    """
    whole = await get(path)
    yield whole
    closed = [each.name for each in load_catalogue().in_dataset(dataset) if each.name not in elements][:1]
    refused: list[dict[str, str]] = [{"cursor": known}, {"since": known}, {"limit": known}, {known: known}]
    if not spoiled:
        refused = []
    refused += [asked for wire in closed for asked in ({"fields": wire}, {"sort": wire}, {wire: known})]
    for query in refused if elements else refused[-1:]:
        yield await get(f"{path}?{urlencode(query)}")
    if not elements:
        return
    is_page = CHANGES not in path
    rows = whole.json().get("data", []) if whole.status_code == 200 else []
    told = [row.get("data", {}) if "change" in row else row for row in rows]
    alone = [wire for wire, how in elements.items() if how != "blank"]
    groups = [alone[first : first + _TOGETHER] for first in range(0, len(alone), _TOGETHER)]
    chosen = groups[::every] if is_page else groups[: 1 if every == 1 else 0]
    for place, wires in enumerate(chosen):
        asked = {"fields": ",".join(wires), "limit": "500" if place % 2 else "2"}
        asked |= {"sort": wires[0]} if is_page else {}
        value = next((row[wires[-1]] for row in told if row.get(wires[-1]) is not None), known)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        yield await get(f"{path}?{urlencode(asked if place % 2 else {**asked, wires[-1]: text})}")
    async for page in _pages(get, path):
        yield page


async def _pages(get: Get, path: str) -> AsyncIterator[httpx2.Response]:
    query: dict[str, Any] = {"limit": "2"}
    for _ in range(_MOST_PAGES):
        page = await get(f"{path}?{urlencode(query)}")
        yield page
        following = page.json().get("next") if page.status_code == 200 else None
        if following is None:
            return
        query["since" if "/changes" in path else "cursor"] = following
