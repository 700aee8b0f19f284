"""The comparison for the office: all of it at once, and the one entry by which an older database comes under it."""

import secrets
from collections.abc import Mapping

from audit.change import append_change, next_index
from audit.entry import leaf
from audit.events import Event
from gateway.records.parts import FIRST, LAST, SALT_BYTES, Part, commit, open_with, read_dated, read_loaded
from gateway.services.errors import NothingToAdopt
from gateway.services.filing import Desk
from gateway.services.integrity.findings import Finding
from gateway.services.integrity.ledger import Claims, Ledger
from gateway.services.integrity.watch import Watch, learn
from gateway.services.obligations.history import driver_of
from gateway.services.sealing import COMMITMENT, Random
from gateway.services.standing.registry import Alarm, Moment, Registry, read_moment


async def check_facts(desk: Desk, url: str, alarm: Alarm) -> frozenset[Finding]:
    """Compare all facts with the log, as the loader role; return what does not hold, each an alarm too."""

    async def registry(*, anew: bool = False) -> tuple[Registry, Moment]:  # noqa: ARG001 - it always reads anew
        moment, found = await desk.registry()
        return found, moment

    return await Watch(url, registry, lambda _: None, alarm).check()


async def adopt_facts(desk: Desk, *, random: Random = secrets.token_bytes) -> tuple[int, int]:
    """
    Answer for the rows that entries dated before entries committed to rows; return the entry, and how many rows.

    Once, after the upgrade that brought the commitments. It holds the log's head while every row is read, so that
    nothing changes meanwhile. Raises `NothingToAdopt`.
    """
    async with desk.engine.begin() as connection:
        index = await next_index(connection)
        session = await driver_of(connection)
        ledger = Ledger()
        await learn(session, ledger)
        newest = max(ledger.batches, default=0)
        dated = _unclaimed(ledger.dated, await read_dated(session, FIRST, LAST))
        loaded = [part for part in await read_loaded(session, FIRST, LAST) if part.at <= newest]
        parts = [*dated, *_unclaimed(ledger.loaded, loaded)]
        if ledger.adopted or not ledger.is_older or not parts:
            raise NothingToAdopt("No entry dated rows before entries committed to them, or those rows were adopted.")
        opening, moment = open_with(parts, random(SALT_BYTES)), await read_moment(connection)
        rows = sum(part.rows for part in parts)
        body: Mapping[str, object] = {COMMITMENT: commit(opening), "rows": rows}
        await append_change(connection, leaf(Event.FACTS_ADOPTED, moment.now, **body), private=opening)
    return index, rows


def _unclaimed(claims: Claims, parts: list[Part]) -> list[Part]:
    claimed = {at for at, _ in claims.between(FIRST, LAST)}
    return [part for part in parts if part.at not in claimed]
