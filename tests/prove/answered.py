"""What clients of a log were told, remembered outside of it; and the check that the log holds all of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from audit.batch import Session
from audit.checkpoint import CheckpointVerifier
from audit.entry import parse
from audit.reading import leaves
from audit.recheck import Rechecked, recheck


class AnswerLost(AssertionError):
    """Somebody was told that an entry is on record, and it is not there as they were told."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What was found: `answered` entries are all on record; `silent` ones are too, and nobody was told of them."""

    answered: int
    silent: int
    log: Rechecked


async def require_on_record(
    session: asyncpg.Pool | Session, verifier: CheckpointVerifier, told: Mapping[int, int]
) -> Counted:
    """
    Recompute the whole log and hold it against `told`: the index each numbered leaf was said to have.

    Raises `AnswerLost`, or what `recheck` raises.
    """
    # (1): no gap, and the root leads to every leaf.
    log = await recheck(session, verifier)
    # (2): no index was given twice.
    if len(set(told.values())) != len(told):
        raise AnswerLost("one index was given to two entries")
    # (3): each index holds the very leaf that was answered.
    numbers = [parse(leaf).body.get("number") async for leaf in leaves(session, 0, log.size)]
    lost = [number for number, index in told.items() if index >= log.size or numbers[index] != number]
    if lost:
        raise AnswerLost(f"{len(lost)} of {len(told)} answered entries are not where they were said to be")
    return Counted(len(told), log.size - len(told), log)
