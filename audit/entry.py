"""
The leaf: the canonical bytes of one entry.

Written once, hashed, never changed. It must never hold personal data, a record code, a secret or an unsalted digest
of any of these; tiles are read by people who may see none of them.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from audit.errors import LeafRefused
from audit.events import Event
from audit.shapes import require_members

VERSION = 1
MAX_LEAF = 65_535
"""Bytes; an entry bundle carries each length as a uint16 (C2SP tlog-tiles, "Log entries")."""
MAX_INTEGER = 2**53 - 1
"""Beyond this JSON readers disagree about integers (RFC 8785 section 3.2.2.3)."""
MAX_DEPTH = 16
"""Far above what any entry needs; bounds the walk over hostile input."""

_NAME = re.compile(r"[!-~]{1,200}")
_RESERVED = frozenset({"event", "time", "v"})
# For names in ASCII, small integers and strings this is RFC 8785; `_require_plain` lets nothing else through.
_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class Entry:
    """A leaf, read back. `event` is text: a reader must cope with events that came after it."""

    event: str
    time: str
    body: Mapping[str, Any]


def leaf(event: Event, time: datetime, **body: object) -> bytes:
    """
    Write the canonical bytes of an entry; `time` is aware and comes from the database's clock.

    Raises `LeafRefused` unless `body` is what an entry of this event says (`audit.shapes`), and as `encode` does.
    """
    require_members(event, body)
    return encode(event, time, body)


def encode(event: Event, time: datetime, body: Mapping[str, object]) -> bytes:
    """
    Return the canonical form, whatever the event says: for `leaf`, and for tests of the form.

    Raises `LeafRefused` for a float, a value JSON does not have, a name in use, or more than `MAX_LEAF` bytes.
    """
    if time.tzinfo is None:
        raise LeafRefused("the time of an entry needs a time zone")
    if not _RESERVED.isdisjoint(body):
        raise LeafRefused("event, time and v belong to every entry and cannot be given again")
    _require_plain(body, 0)
    try:
        written = _encode({**body, "event": event.value, "time": stamp(time), "v": VERSION}).encode()
    except UnicodeEncodeError as error:
        raise LeafRefused("text in a leaf must be valid Unicode") from error
    require_size(written)
    return written


def stamp(time: datetime) -> str:
    """Write an aware time as a leaf holds it; of two times the later one is the later text."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def require_size(written: bytes) -> None:
    """Check that the bytes fit into an entry bundle. Raises `LeafRefused`."""
    if not 0 < len(written) <= MAX_LEAF:
        raise LeafRefused(f"a leaf has 1 to {MAX_LEAF} bytes, this one {len(written)}")


def parse(written: bytes) -> Entry:
    """Read a leaf back. Raises `LeafRefused` unless these are exactly the bytes that `leaf` writes."""
    require_size(written)
    try:
        fields = json.loads(written.decode())
        if not isinstance(fields, dict) or fields.get("v") != VERSION:
            raise LeafRefused(f"not an entry of version {VERSION}")
        _require_plain(fields, 0)
        again = _encode(fields).encode()
    except (ValueError, RecursionError) as error:
        raise LeafRefused("a leaf is JSON in UTF-8") from error
    if again != written:
        raise LeafRefused("the leaf is not in canonical form")
    event, time = fields.pop("event", None), fields.pop("time", None)
    del fields["v"]
    if not isinstance(event, str) or not isinstance(time, str):
        raise LeafRefused("an entry has an event and a time")
    return Entry(event, time, fields)


def _require_plain(value: object, depth: int) -> None:
    if value is None or isinstance(value, (str, bool)):
        return
    if isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise LeafRefused("integers in a leaf stay below 2**53")
        return
    if not isinstance(value, (dict, list, tuple)):
        raise LeafRefused(f"a {type(value).__name__} cannot stand in a leaf")
    if depth >= MAX_DEPTH:
        raise LeafRefused("a leaf is nested too deeply")
    if isinstance(value, dict) and not all(isinstance(name, str) and _NAME.fullmatch(name) for name in value):
        raise LeafRefused("names in a leaf are words in printable ASCII")
    for item in value.values() if isinstance(value, dict) else value:
        if type(item) is not str:  # most values are plain text, and this runs for every disclosure
            _require_plain(item, depth + 1)
