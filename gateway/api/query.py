"""
From a query string to an access request: names and shapes only, no decision.

A parameter that is not one of ours is taken as a filter on an element of that name; whether there is such an element,
and whether this partner may filter on it, the decision says. Nothing is ever ignored.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import msgspec

from gateway.caller import AnyCaller
from gateway.problems import Problem
from policies.request import AccessRequest

DEFAULT_LIMIT = 100
MAX_LIMIT = 500
"""Rows a page. A larger page would hold a connection long enough to be felt by others; exports are for bulk."""
_MAX_PARAMETERS = 32
_MAX_VALUE = 2_048
SINCE = "since"
"""The parameter that holds a cursor of changes."""
_OURS = frozenset({"fields", "limit", "sort", "cursor"})


@dataclass(frozen=True, slots=True)
class PageQuery:
    """A query on one dataset, read but not judged. `text` is canonical: equal queries have equal texts."""

    elements: tuple[str, ...] | None
    filters: Mapping[str, str]
    sort: str | None
    limit: int
    cursor: str | None
    text: str
    bound: Mapping[str, str]
    """Every parameter but the cursor: what a cursor is bound to."""

    def request(self, caller: AnyCaller, dataset: str) -> AccessRequest:
        """Return what `caller` asks for; client, agreement and purpose come from the token, never from the query."""
        return AccessRequest(
            client=caller.client,
            agreement=caller.agreement,
            purpose=caller.purpose,
            dataset=dataset,
            elements=self.elements,
            filters=self.filters,
            sort=self.sort,
            bearer=caller.bearer,
        )


def read_query(path: str, parameters: Iterable[tuple[str, str]], *, single: bool = False) -> PageQuery:
    """
    Read the parameters of one request; `single` is for one student, where only `fields` makes sense.

    Raises `Problem` (`invalid_request`) for repeated, empty, overlong or too many parameters and for a bad limit.
    """
    given: dict[str, str] = {}
    for count, (name, value) in enumerate(parameters):
        if count >= _MAX_PARAMETERS:
            raise Problem("invalid_request", f"A query has at most {_MAX_PARAMETERS} parameters.")
        if name in given:
            raise Problem("invalid_request", "A query parameter is given twice; give each once.")
        if not name or not value or len(name) > _MAX_VALUE or len(value) > _MAX_VALUE or "\0" in value:
            raise Problem("invalid_request", "A query parameter is empty or too long; leave it out or shorten it.")
        given[name] = value
    if single and not given.keys() <= {"fields"}:
        raise Problem("invalid_request", "For one student only `fields` can be given.")
    bound = {name: value for name, value in given.items() if name != "cursor"}
    return PageQuery(
        elements=_names(given["fields"]) if "fields" in given else None,
        filters={name: value for name, value in given.items() if name not in _OURS},
        sort=given.get("sort"),
        limit=_limit(given.get("limit")),
        cursor=given.get("cursor"),
        text=msgspec.json.encode([path, sorted(given.items())]).decode(),
        bound=bound,
    )


def read_changes_query(path: str, parameters: Iterable[tuple[str, str]]) -> tuple[PageQuery, str | None]:
    """
    Read the parameters of a request for changes; return them without `since`, and `since`.

    What a cursor of changes is bound to leaves out `limit` too. Raises `Problem` as `read_query` does, and for an order
    or a page cursor, which changes do not have.
    """
    given = list(parameters)
    query = read_query(path, given)
    if query.sort is not None or query.cursor is not None:
        raise Problem("invalid_request", "Changes come in an order of their own: leave `sort` and `cursor` out.")
    since = query.filters.get(SINCE)
    filters = {name: value for name, value in query.filters.items() if name != SINCE}
    bound = {name: value for name, value in query.bound.items() if name not in {SINCE, "limit"}}
    return replace(query, filters=filters, bound=bound), since


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if "" in names or len(set(names)) != len(names):
        raise Problem("invalid_request", "`fields` is a comma-separated list of element names, each once.")
    return names


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    # Only plain ASCII digits: int() would also take "+5", "1_0" and digits of other scripts.
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= MAX_LIMIT and len(text) <= 3):  # noqa: PLR2004 - three digits reach MAX_LIMIT
        raise Problem("invalid_request", f"`limit` is a whole number from 1 to {MAX_LIMIT}.")
    return int(text)
