"""A log as the release before configurations wrote it: the same requests and changes, in entries that say less."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

from audit.checkpoint import kept_as
from audit.entry import encode
from audit.events import Event
from audit.tree import CompactRange, leaf_hash, tree_head
from tests.factories.gateway import Gateway

_GUARDED: Final = (
    "audit.entry",
    "audit.checkpoint",
    "audit.signature",
    "audit.head",
    "audit.private",
    "records.code",
    "gateway.configuration",
)
_EVENTS: Final = {event.value: event for event in Event}
_LATER: Final = frozenset({"configuration", "facts", "listed"})
_ENTRIES: Final = "SELECT idx, leaf FROM audit.entry ORDER BY idx"


def older(written: dict[str, Any], agreement: str) -> bytes:
    """Return the leaf that the earlier release wrote for this entry; nothing dated rows there but what did it then."""
    event, time = _EVENTS[written["event"]], datetime.fromisoformat(written["time"])
    body = {name: value for name, value in written.items() if name not in {*_LATER, "event", "time", "v"}}
    if event == Event.REFUSAL:
        body = {name: value for name, value in body.items() if name not in {"clause", "basis"}}
    if event == Event.CONFIGURATION_RECORDED:
        # It moved the epoch, and there was none: what the earlier release had that moves it and changes nothing.
        event, body = Event.POPULATION_REBUILT, {"agreement": agreement}
    return encode(event, time, body)


async def rewrite_as_older(gateway: Gateway, agreement: str) -> None:
    """Put the log of a gateway that does not serve into the form of the earlier release, and sign it anew."""
    async with _guards_off(gateway) as admin:
        await admin.execute("DELETE FROM gateway.configuration")
        await admin.execute("UPDATE records.code SET from_idx = -1")  # codes were not dated then
        edge, hashes, signer = CompactRange(), list[bytes](), gateway.deployment.signer
        for row in await admin.fetch(_ENTRIES):
            entry = json.loads(row["leaf"])
            leaf = older(entry, agreement)
            hashes.append(leaf_hash(leaf))
            edge.append(hashes[-1])
            await admin.execute(
                "UPDATE audit.entry SET leaf = $2, leaf_hash = $3 WHERE idx = $1", row["idx"], leaf, hashes[-1]
            )
            if "facts" in entry:
                await admin.execute("DELETE FROM audit.private WHERE idx = $1", row["idx"])
        await admin.execute("UPDATE audit.head SET range = $1", edge.pack())
        for row in await admin.fetch("SELECT size FROM audit.checkpoint"):
            head = tree_head(hashes[: row["size"]])
            await admin.execute("UPDATE audit.checkpoint SET tree_head = $2 WHERE size = $1", row["size"], head)
        name = kept_as(signer.verifier.keys[0][0])
        for row in await admin.fetch("SELECT size FROM audit.signature WHERE signer = $1", name):
            line = signer.line(row["size"], tree_head(hashes[: row["size"]]))
            await admin.execute(
                "UPDATE audit.signature SET note = $3 WHERE size = $1 AND signer = $2", row["size"], name, line
            )
    gateway.kept.file.unlink(missing_ok=True)


@asynccontextmanager
async def _guards_off(gateway: Gateway) -> AsyncIterator[Any]:
    admin = await gateway.database.connection("admin")
    for table in _GUARDED:
        await admin.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    try:
        yield admin
    finally:
        for table in _GUARDED:
            await admin.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
