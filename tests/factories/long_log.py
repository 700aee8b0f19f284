"""A log of many entries in one go, and what it says read back without any index."""

import random
from collections.abc import Sequence

import asyncpg

from audit.batch import write_batch
from audit.draft import Appended, Draft
from audit.entry import encode
from audit.events import Event
from tests.factories.log import TIME

_AT_ONCE = 2000
CLIENTS = ("client:one", "client:two")
AGREEMENTS = ("sha256:" + "a" * 64, "sha256:" + "b" * 64)
ELEMENTS = ("000115", "000172", "000255")
CODES = ("not_found", "element_not_covered", "scope\0with a zero", "scope\\u0000 spelled out")


def numbers(count: int) -> list[bytes]:
    """Return subject numbers, the same in every run; several share their first bytes."""
    chance = random.Random(5)  # noqa: S311 - the same in every run
    return [chance.choice((b"\0\1\0\1", b"\0\1\0\2", chance.randbytes(4))) + chance.randbytes(12) for _ in range(count)]


def drafts(count: int, students: Sequence[bytes], *, seed: int = 7) -> list[Draft]:
    """Return entries of several kinds; every tenth names up to five students, and times run back now and then."""
    chance = random.Random(seed)  # noqa: S311 - the same in every run
    return [_draft(at, chance, students) for at in range(count)]


async def append(session: asyncpg.Connection, entries: Sequence[Draft]) -> None:
    """Append these entries in a few batches, as the app or the loader."""
    for start in range(0, len(entries), _AT_ONCE):
        outcomes = await write_batch(session, entries[start : start + _AT_ONCE])
        assert all(isinstance(each, Appended) for each in outcomes)


def _draft(at: int, chance: random.Random, students: Sequence[bytes]) -> Draft:
    time = TIME.replace(day=1 + at * 20 // 10_000, minute=chance.randrange(60), microsecond=at % 1000)
    about = {"client": chance.choice(CLIENTS), "agreement": chance.choice(AGREEMENTS), "purpose": "tutoring"}
    if at % 10:
        refused = encode(
            Event.REFUSAL, time, {**about, "behind": "automated", "code": chance.choice(CODES), "elements": ["scope"]}
        )
        return Draft(refused)
    if at % 50 == 0:
        return Draft(
            encode(Event.PARTNER_LEFT, time, {"partner": "partner:one", "agreements": list(AGREEMENTS), "clients": []})
        )
    named = b"".join(chance.choices(students, k=chance.randrange(1, 6)))
    elements = chance.sample(ELEMENTS, k=2)
    written = encode(
        Event.DISCLOSURE, time, {**about, "behind": f"person:{at % 3}", "dataset": "students", "elements": elements}
    )
    return Draft(written, subjects=named)
