"""What was asked, read back from the canonical request that an entry commits to: filters and order, nothing of rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from audit.commitments import Private, require_bytes
from audit.entry import Entry
from gateway.services.changes import OPENED, Following, unpack_following
from gateway.services.errors import NotRebuilt

DEFAULT_LIMIT: Final = 100
"""Rows of a page of which none is said. A test compares it with that of the API."""
_NO_FILTERS: Final = frozenset({"fields", "limit", "sort", "cursor", "since", OPENED})
"""Parameters of a page that choose no rows by a value. A test compares them with those that the API reads."""
_ONE: Final = ("/v1/students/", "/compat/v1/students/")
_NOT_OF_CHANGES: Final = frozenset({"limit", "since", OPENED})
"""Parameters of a request for changes that its cursor is not bound to."""
_read: Final = msgspec.json.Decoder(tuple[str, list[tuple[str, str]]]).decode


@dataclass(frozen=True, slots=True)
class PageAsked:
    """
    Filters by element name, and the element sorted by. Values are personal: not printed.

    `path` is the address that was asked, `bound` all parameters but the cursor.
    """

    filters: Mapping[str, str] = field(repr=False)
    sort: str | None
    path: str = field(repr=False, default="")
    bound: Mapping[str, str] = field(repr=False, default_factory=dict)
    following: Following | None = field(repr=False, default=None)
    """How far whoever asked for changes had come; None for a page."""
    limit: int = DEFAULT_LIMIT

    @property
    def single(self) -> bool:
        """Whether one student was asked for, by record code."""
        return self.path.startswith(_ONE)


def page_asked(entry: Entry, private: Private) -> PageAsked:
    """
    Return what the request of this entry asked for.

    Raises `CommitmentMismatch` if it is not the request that the entry commits to, `NotRebuilt` if it is none we know.
    """
    require_bytes(bytes.fromhex(entry.body["request"]), private.request_salt, private.request)
    try:
        path, given = _read(private.request)
    except msgspec.DecodeError:
        raise NotRebuilt("The request is not in the form of this release.") from None
    parameters = dict(given)
    try:
        following = unpack_following(parameters[OPENED].encode()) if OPENED in parameters else None
    except msgspec.DecodeError:
        raise NotRebuilt("The cursor of the request is not in the form of this release.") from None
    unbound = {"cursor"} if following is None else _NOT_OF_CHANGES
    return PageAsked(
        filters={name: value for name, value in given if name not in _NO_FILTERS},
        sort=parameters.get("sort"),
        path=path,
        bound={name: value for name, value in given if name not in unbound},
        following=following,
        limit=int(parameters.get("limit", DEFAULT_LIMIT)),
    )
