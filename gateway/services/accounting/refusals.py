"""
Requests that were refused under the agreements that ever covered a student. Whom they were about, no entry says.

Counted by the index of the log where it reaches, entry by entry where it does not: on a log of ten million entries the
refusals of ten years are counted, not read.
"""

from collections import Counter
from collections.abc import Collection
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.batch import Session
from audit.entry import parse
from audit.events import Event
from audit.facets import Facet, term
from audit.index import BLOCK, Extent, extent, saying
from audit.reading import leaves
from gateway.records.release import population
from gateway.services.accounting.lines import Refused
from gateway.services.accounting.withheld import Withheld
from gateway.services.naming import Numbered
from gateway.services.obligations.history import driver_of
from gateway.services.standing.registry import Registry

_STRIDE: Final = 256
_MARK: Final = f'"event":"{Event.REFUSAL.value}"'.encode()


async def refused_under(
    connection: AsyncConnection, registry: Registry, student: Numbered, stop: int, withheld: Withheld
) -> tuple[Refused, ...]:
    """
    Return how many requests were refused before entry `stop` under each agreement that ever covered the student.

    Of an agreement that is `withheld` nothing is said.
    """
    of = population.c
    covering = set(await connection.scalars(select(of.agreement).distinct().where(of.student_id.in_(student.students))))
    known = {
        digest
        for digest in covering & registry.history.keys()
        if not withheld.hides_agreement(registry.history[digest].verified.agreement.id)
    }
    counted = await refusals_of(await driver_of(connection), known, stop)
    found = []
    for digest in known:
        agreement = registry.history[digest].verified.agreement
        if counted[digest]:
            found.append(Refused(agreement.partner.name, agreement.title, counted[digest]))
    return tuple(sorted(found, key=lambda each: (each.partner, each.agreement)))


async def refusals_of(session: Session, agreements: Collection[str], stop: int) -> Counter[str]:
    """Count the refused requests before entry `stop` under each of these agreements, by digest; in one snapshot."""
    reach, counts = await extent(session), Counter[str]()
    whole = [block for block in range(stop // BLOCK) if block in reach.times]
    for at in range(0, len(whole), _STRIDE):
        await _add_indexed(session, agreements, whole[at : at + _STRIDE], counts)
    for block in range(reach.blocks):
        if block not in whole:
            await _add_read(session, agreements, _entries(reach, block, stop), counts)
    return counts


async def _add_indexed(session: Session, agreements: Collection[str], blocks: list[int], counts: Counter[str]) -> None:
    facets = [(Facet.EVENT, Event.REFUSAL.value), *((Facet.AGREEMENT, each) for each in agreements)]
    places = await saying(session, facets, blocks)
    refusal = term(Facet.EVENT, Event.REFUSAL.value)
    for block in blocks:
        refused = places.get((block, refusal), 0)
        for each in agreements:
            counts[each] += (refused & places.get((block, term(Facet.AGREEMENT, each)), 0)).bit_count()


async def _add_read(session: Session, agreements: Collection[str], entries: range, counts: Counter[str]) -> None:
    async for leaf in leaves(session, entries.start, entries.stop):
        if _MARK in leaf and (entry := parse(leaf)).event == Event.REFUSAL:
            named = entry.body.get("agreement")
            if isinstance(named, str) and named in agreements:
                counts[named] += 1


def _entries(reach: Extent, block: int, stop: int) -> range:
    found = reach.entries_of(block)
    return range(found.start, max(found.start, min(found.stop, stop)))
