"""What was asked, read back from the canonical request that an entry commits to: filters and order, nothing of rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from audit.commitments import Private, require_bytes
from audit.entry import Entry
from gateway.services.errors import NotRebuilt

_NO_FILTERS: Final = frozenset({"fields", "limit", "sort", "cursor"})
"""Parameters of a page that choose no rows by a value. A test compares them with those that the API reads."""
_ONE: Final = ("/v1/students/", "/compat/v1/students/")
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
    return PageAsked(
        filters={name: value for name, value in given if name not in _NO_FILTERS},
        sort=next((value for name, value in given if name == "sort"), None),
        path=path,
        bound={name: value for name, value in given if name != "cursor"},
    )
