"""What families wait for: the part of the calendar of obligations that is owed to them (row F1)."""

from dataclasses import dataclass
from datetime import date

from gateway.services.family.kept import Doubtful, read_family
from gateway.services.filing import Desk


@dataclass(frozen=True, slots=True)
class WaitingFamily:
    """A request that is open: what it asks for, and until when it is answered. It names no student."""

    entry: int
    kind: str
    answer_by: date
    days_left: int
    """Whole days after today; negative once it is overdue."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """All that wait, who is due first at the top, and the documents about families that do not hold."""

    families: tuple[WaitingFamily, ...]
    doubtful: tuple[Doubtful, ...]


async def waiting(desk: Desk) -> Waiting:
    """Return what families wait for, as the loader role. Raises `LeafRefused`."""
    moment, registry = await desk.registry()
    async with desk.engine.connect() as connection:
        family = await read_family(connection, registry.authority, desk.catalogue)
    today = moment.now.date()
    found = [
        WaitingFamily(index, each.asked.request.kind.value, each.answer_by, (each.answer_by - today).days)
        for index, each in family.askings.items()
        if each.ended is None
    ]
    return Waiting(tuple(sorted(found, key=lambda each: (each.answer_by, each.entry))), tuple(family.doubtful))
