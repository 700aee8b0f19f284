"""A district's year for the console's bench: many agreements signed and filed, and entries written behind them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from audit.entry import encode
from audit.events import Event
from audit.index import catch_up
from audit.tree import CompactRange, leaf_hash
from gateway.demo.stage import Stage
from tests.bench.report import say

_AT_ONCE: Final = 16_384
_TOLD_EVERY: Final = 50
_BULK: Final = ("ALTER TABLE audit.entry SET UNLOGGED", "ALTER TABLE audit.entry DROP CONSTRAINT entry_leaf_hash")


@dataclass(frozen=True)
class InForce:
    """An agreement that is in force: who asks under it, and its digest."""

    client: str
    agreement: str


async def more_agreements(stage: Stage, count: int) -> list[InForce]:
    """Sign and file `count` further agreements with the same partners; returns all there are."""
    parts = list(stage.parts.values())
    found = [InForce(part.client, part.agreement.digest) for part in parts]
    contents = [part.agreement.content for part in parts]
    for number in range(count):
        content: dict[str, Any] = {**contents[number % len(contents)]}
        content["id"] = f"{content['id'][:60]}-{number:05}"
        content["title"] = f"{content['title']}, school {number:05}"
        agreement, signed = stage.cast.agreement(content)
        await stage.office.onboarding.activate(signed.document, [signed.approval])
        found.append(InForce(parts[number % len(parts)].client, agreement.digest))
        if number % _TOLD_EVERY == _TOLD_EVERY - 1:
            say(f"  {number + 1} agreements filed")
    return found


def entries(agreements: Sequence[InForce], start: int, count: int, now: datetime) -> Iterator[bytes]:
    """Make a year of entries: nine answers and a refusal, over and over, under one agreement after another."""
    step = timedelta(days=365) / count
    about = [
        {"client": each.client, "agreement": each.agreement, "purpose": "tutoring", "behind": "automated"}
        for each in agreements
    ]
    for number in range(count):
        body: dict[str, object] = {
            **about[number % len(about)],
            "dataset": ("students", "attendance", "courses")[number % 3],
            "elements": ["000115", "000172"],
            "request_id": f"{start + number:032x}",
        }
        at = now - timedelta(days=365) + number * step
        if number % 10 == 9:
            yield encode(Event.REFUSAL, at, {**body, "code": "element_not_covered"})
        else:
            yield encode(Event.DISCLOSURE, at, {**body, "records": 40, "rows": f"{number:064x}", "result": "0" * 64})


async def lengthen(owner: asyncpg.Connection, agreements: Sequence[InForce], count: int, now: datetime) -> None:
    """Write these entries behind what is there, and set the log's head after them."""
    head = await owner.fetchrow("SELECT size, range FROM audit.head")
    assert head is not None
    start, tree = head["size"], CompactRange.unpack(head["size"], head["range"])
    # The server is thrown away, and each leaf is hashed here.
    for statement in _BULK:
        await owner.execute(statement)
    made = entries(agreements, start, count, now)
    for at in range(0, count, _AT_ONCE):
        leaves = [next(made) for _ in range(min(_AT_ONCE, count - at))]
        hashes = [leaf_hash(leaf) for leaf in leaves]
        rows = [(start + at + place, leaf, hashes[place]) for place, leaf in enumerate(leaves)]
        await owner.copy_records_to_table("entry", schema_name="audit", records=rows)
        tree.extend(hashes)
        if at % (64 * _AT_ONCE) == 0:
            say(f"  {at + len(leaves):,} entries written")
    await owner.execute("UPDATE audit.head SET size = $1, range = $2", tree.size, tree.pack())
    await owner.execute("INSERT INTO audit.checkpoint (size, tree_head) VALUES ($1, $2)", tree.size, tree.head())
    await owner.execute("VACUUM ANALYZE")


async def index(loader: asyncpg.Connection) -> None:
    """Index the year, as `serve` does while it goes by."""
    while blocks := await catch_up(loader):
        say(f"  {blocks:,} blocks of the log indexed")
