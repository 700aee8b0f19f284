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
_PLAIN: Final = {"/v1/grant", "/v1/receipts/{entry}", "/v1/students/{code}"}
CHANGES: Final = "/v1/changes"
_PREFIXES: Final = (CHANGES, "/v1")
_MOST_PAGES: Final = 2


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
    get: Get, path: str, dataset: str, elements: Mapping[str, str], known: str, *, every: int = 1
) -> AsyncIterator[httpx2.Response]:
    """
    Yield the answers of a dataset's route: whole, narrowed, sorted, filtered, page by page, and refused.

    `elements` are those of the grant by wire name with their transformation, `known` is a value that should not be
    found out. Of the elements `every` so many is asked for by itself.
    """
    whole = await get(path)
    yield whole
    rows = whole.json().get("data", []) if whole.status_code == 200 else []
    alone = [wire for wire, how in elements.items() if how != "blank"]
    for place, wire in enumerate(alone[::every]):
        if place % 2:
            yield await get(f"{path}?{urlencode({'fields': wire, 'sort': wire, 'limit': '500'})}")
            continue
        value = next((row[wire] for row in rows if row.get(wire) is not None), known)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        yield await get(f"{path}?{urlencode({wire: text, 'sort': wire, 'limit': '2'})}")
    for wire in [each.name for each in load_catalogue().in_dataset(dataset) if each.name not in elements][:1]:
        for asked in ({"fields": wire}, {"sort": wire}, {wire: known}):
            yield await get(f"{path}?{urlencode(asked)}")
    async for page in _pages(get, path):
        yield page
    for asked in ({"cursor": known}, {"limit": known}, {known: known}):
        yield await get(f"{path}?{urlencode(asked)}")


async def _pages(get: Get, path: str) -> AsyncIterator[httpx2.Response]:
    query: dict[str, Any] = {"limit": "2"}
    for _ in range(_MOST_PAGES):
        page = await get(f"{path}?{urlencode(query)}")
        yield page
        following = page.json().get("next") if page.status_code == 200 else None
        if following is None:
            return
        query["since" if "/changes" in path else "cursor"] = following
