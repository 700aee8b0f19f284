"""
The law that an entry was decided by: catalogue, guardrails and time zones, named through an entry of the log.

INVARIANT: content is taken by its digest and compared with it; what is not there is said, never replaced by today's.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import asyncpg

from agreements.elements import recorded_catalogue
from agreements.errors import AgreementError
from audit.entry import Entry
from audit.errors import EntryMissing
from audit.reading import leaf_at
from gateway.services.analysis.past import Law
from gateway.services.configuration import recorded_by
from policies.engine import MODEL_DIGEST
from policies.errors import PolicyError
from policies.guardrails import recorded_guardrails
from policies.memo import Memo
from policies.zones import PINNED, Zones, recorded_zones

_CONTENT: Final = "SELECT content FROM gateway.input WHERE digest = $1"
_KEPT: Final = 8
"""Laws kept: there is one a release and a change of guardrails, and entries come in the order of the log."""


class Missing(StrEnum):
    """What an entry cannot be decided again without."""

    CONFIGURATION = "configuration"
    CATALOGUE = "catalogue"
    GUARDRAILS = "guardrails"
    ZONES = "zones"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Lost:
    """The law of a configuration cannot be had: `what` is not there, or is not what its digest names."""

    what: Missing


class Laws:
    """Reads laws from one database, each once. The session's transaction must be the snapshot of the replay."""

    def __init__(self, session: asyncpg.Connection) -> None:
        self._session = session
        self._by_entry: Memo[int, Law | Lost] = Memo(_KEPT)
        self._by_key: Memo[tuple[object, ...], Law] = Memo(_KEPT)

    async def of(self, configuration: int | None) -> Law | Lost:
        """Return the law that the configuration entry at this index recorded."""
        if configuration is None:
            return Lost(Missing.CONFIGURATION)
        known = self._by_entry.get(configuration)
        if known is None:
            found = await self._read(configuration)
            known = self._by_entry.get_or_make(configuration, lambda: found)
        return known

    async def _read(self, configuration: int) -> Law | Lost:
        try:
            entry = recorded_by(await leaf_at(self._session, configuration))
        except EntryMissing:
            entry = None
        if entry is None:
            return Lost(Missing.CONFIGURATION)
        # The matcher is code: another text of it is not run.
        if entry.body["model"] != MODEL_DIGEST:
            return Lost(Missing.MODEL)
        catalogue = await self._content(entry, Missing.CATALOGUE)
        guardrails = await self._content(entry, Missing.GUARDRAILS)
        zones = await self._zones(entry)
        what = Missing.CATALOGUE
        try:
            known = recorded_catalogue(catalogue, tuple(entry.body["earlier"]))
            what = Missing.GUARDRAILS
            law = Law(known, recorded_guardrails(guardrails, known), PINNED if zones is None else zones)
        except (AgreementError, PolicyError):
            return Lost(what)
        if zones is None:
            return Lost(Missing.ZONES)
        return self._by_key.get_or_make(law.key, lambda: law)

    async def _zones(self, entry: Entry) -> Zones | None:
        if entry.body["zones"] == PINNED.digest:
            return PINNED
        try:
            return recorded_zones(await self._content(entry, Missing.ZONES))
        except (KeyError, TypeError, ValueError, AgreementError):
            return None

    async def _content(self, entry: Entry, what: Missing) -> bytes:
        """Return the content that the entry names; nothing, which no reader takes, if it is not there or is other."""
        digest = bytes.fromhex(entry.body[what.value].removeprefix("sha256:"))
        content = bytes(await self._session.fetchval(_CONTENT, digest) or b"")
        return content if hashlib.sha256(content).digest() == digest else b""
