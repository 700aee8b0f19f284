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
from gateway.services.configuration import RECORDED, recorded_by
from policies.engine import MODEL_DIGEST
from policies.errors import PolicyError
from policies.guardrails import recorded_guardrails
from policies.memo import Memo
from policies.zones import PINNED, Zones, recorded_zones

_CONTENT: Final = "SELECT content FROM gateway.input WHERE digest = $1"
_FIRST: Final = """SELECT c.idx, e.leaf FROM gateway.configuration c JOIN audit.entry e ON e.idx = c.idx
    WHERE position($1::bytea IN e.leaf) > 0 ORDER BY c.idx"""
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
        self._first: int | None = None
        self._is_first_known = False

    async def of(self, configuration: int | None) -> Law | Lost:
        """Return the law that the configuration entry at this index recorded."""
        if configuration is None:
            return Lost(Missing.CONFIGURATION)
        known = self._by_entry.get(configuration)
        if known is None:
            found = await self._read(configuration)
            known = self._by_entry.get_or_make(configuration, lambda: found)
        return known

    async def is_earlier(self, entry: int, configuration: int | None) -> bool:
        """
        Return whether an entry that cites this configuration is of a release that recorded none.

        Only before the first one that the log records: after it every decision cites one, and one that does not was
        altered.
        """
        if configuration is not None:
            return False
        first = await self._first_recorded()
        return first is None or entry < first

    async def after_earlier(self, otherwise: Law) -> Law:
        """
        Return the law to try for entries of an earlier release: that of the release which went on with the log.

        `otherwise` is taken where there is none. INVARIANT: such an entry is decided by it only as far as the digests
        in the entry show that it was its law.
        """
        first = await self._first_recorded()
        law = None if first is None else await self.of(first)
        return law if isinstance(law, Law) else otherwise

    async def _first_recorded(self) -> int | None:
        if not self._is_first_known:
            rows = await self._session.fetch(_FIRST, RECORDED)
            self._first = next((row["idx"] for row in rows if recorded_by(row["leaf"]) is not None), None)
            self._is_first_known = True
        return self._first

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
