"""
Time-zone data as one value: which release of them, the zones, and the bytes by which all of it is known.

The operating system's own zone files are not used: what is computed must come from exactly one release of the data, on
every machine, and from that same release again when it is computed years later.
"""

import base64
from collections.abc import Callable
from functools import cached_property
from importlib.metadata import version
from importlib.resources import files
from io import BytesIO
from typing import Final
from zoneinfo import ZoneInfo

from agreements.canonical import canonical_bytes, digest_of, read_json
from policies.errors import UnknownTimeZone

_FORMAT: Final = 1


class Zones:
    """Zones by name, of one release. Files are read when they are asked for, and each one once."""

    def __init__(self, release: str, names: frozenset[str], read: Callable[[str], bytes]) -> None:
        """`release` is the version of the package `tzdata`; `read` gives the TZif bytes (RFC 9636) of a name."""
        self.release = release
        self._names = names
        self._read = read
        self._made: dict[str, ZoneInfo] = {}

    def zone(self, name: str) -> ZoneInfo:
        """Return the zone called `name`. Raises `UnknownTimeZone`."""
        found = self._made.get(name)
        if found is None:
            if name not in self._names:
                raise UnknownTimeZone("The term names a time zone that the pinned data do not have.")
            found = self._made[name] = ZoneInfo.from_file(BytesIO(self._read(name)), name)
        return found

    @cached_property
    def canonical(self) -> bytes:
        """All of it as bytes (RFC 8785), about 0.5 MB: what `digest` names, and what a replay reads again."""
        told = {name: base64.b64encode(self._read(name)).decode() for name in sorted(self._names)}
        return canonical_bytes({"release": self.release, "v": _FORMAT, "zones": dict(told)})

    @cached_property
    def digest(self) -> str:
        """The digest of `canonical`."""
        return digest_of(self.canonical)


def recorded_zones(canonical: bytes) -> Zones:
    """Return the zones that were written as `Zones.canonical`. Raises `KeyError`, `TypeError` or `ValueError`."""
    content = read_json(canonical)
    if not isinstance(content, dict) or content["v"] != _FORMAT:
        raise ValueError("these are no time zones")
    release, zones = content["release"], content["zones"]
    if not isinstance(release, str) or not isinstance(zones, dict):
        raise TypeError("these are no time zones")
    return Zones(release, frozenset(zones), lambda name: base64.b64decode(str(zones[name]), validate=True))


def _pinned() -> Zones:
    names = frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())
    return Zones(
        version("tzdata"),
        names,
        lambda name: files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes(),
    )


PINNED: Final = _pinned()
"""The zones of the package that this release is pinned to."""
