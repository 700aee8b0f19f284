"""
Claim 5, in the database: whatever a superuser changes in the log's tables is found, and the place is named.

Three of them: one who changes one thing, one who makes everything else fit but holds no key of the log, and one who
holds the key too. The last is found by a checkpoint that was kept elsewhere, and by nothing else.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from itertools import accumulate
from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.checkpoint import Checkpoint
from audit.errors import Forked, LogDamaged, NoteInvalid, RolledBack, VerificationFailed
from audit.note import b64, unb64
from audit.recheck import recheck
from audit.tree import leaf_hash
from gateway.services.inspection import inspect
from tests.factories.database import TestDatabase, TestServer
from tests.factories.log import numbered_leaf, signer_of
from tests.factories.log_tables import Tables, guards_off, tables_of

pytestmark = pytest.mark.claim(5)

SIGNER = signer_of()
NAME = "log_tables_changed"
BATCHES = (1, 3, 1, 7, 1, 2, 9)
"""Batches of an honest log; it is signed at some of their ends, and at its own."""
LEAVES = [numbered_leaf(number) for number in range(sum(BATCHES))]
SIZE, SIGNED_AT = len(LEAVES), (4, 13, len(LEAVES))
HONEST = tables_of(LEAVES, BATCHES, SIGNED_AT, SIGNER)
ENDS = tuple(accumulate(BATCHES))
KEPT = SIGNER.sign(13, HONEST.checkpoints[13])
"""The checkpoint that somebody outside keeps. What came after it nobody outside has seen yet."""

Run = Callable[[Coroutine[Any, Any, None]], None]
places = st.integers(0, SIZE - 1)
masks = st.integers(1, 255)
examples = settings(max_examples=40, derandomize=True, deadline=None, database=None)


@pytest.fixture(scope="module")
def opened(postgres: TestServer) -> Iterator[tuple[asyncio.Runner, asyncpg.Connection]]:
    """A superuser in a database of this module, with the guards off."""
    postgres.know(SIGNER.vkey)
    with asyncio.Runner() as runner:
        database = TestDatabase(postgres, NAME)

        async def enter() -> asyncpg.Connection:
            await postgres.create(NAME)
            superuser = await database.connection("admin")
            await guards_off(superuser)
            return superuser

        superuser = runner.run(enter())
        yield runner, superuser
        runner.run(HONEST.write(superuser, SIGNER))
        runner.run(database.close())
        runner.run(postgres.drop(NAME))


def end_after(place: int) -> int:
    """The first checkpoint that covers this entry."""
    return next(size for size in ENDS if size > place)


def altered(content: bytes, at: int, mask: int) -> bytes:
    changed = bytearray(content)
    changed[at % len(content)] ^= mask
    return bytes(changed)


# --- One thing changed, by somebody who leaves the rest as it is


def edited(place: int, data: st.DataObject) -> tuple[Tables, str]:
    rows = list(HONEST.entries)
    index, leaf, hashed = rows[place]
    changed = altered(leaf, data.draw(st.integers(0, len(leaf) - 1)), data.draw(masks))
    kind = data.draw(st.sampled_from(["leaf", "hash", "both"]))
    rows[place] = {
        "leaf": (index, changed, hashed),
        "hash": (index, leaf, altered(hashed, data.draw(st.integers(0, 31)), data.draw(masks))),
        "both": (index, changed, leaf_hash(changed)),
    }[kind]
    named = f"the checkpoint of size {end_after(place)} is not" if kind == "both" else f"entry {place} does not hash"
    return HONEST.with_entries(rows), named


def dropped(place: int, _: st.DataObject) -> tuple[Tables, str]:
    rows = [row for row in HONEST.entries if row[0] != place]
    named = f"entry {place} is missing" if place < SIZE - 1 else f"not the right edge of the {SIZE - 1} entries"
    return HONEST.with_entries(rows), named


def inserted(place: int, data: st.DataObject) -> tuple[Tables, str]:
    place += data.draw(st.integers(0, 1))
    more = numbered_leaf(999)
    later = [(index + 1, leaf, hashed) for index, leaf, hashed in HONEST.entries[place:]]
    rows = [*HONEST.entries[:place], (place, more, leaf_hash(more)), *later]
    named = f"of size {end_after(place)} is not" if place < SIZE else f"right edge of the {SIZE + 1} entries"
    return HONEST.with_entries(rows), named


def swapped(place: int, data: st.DataObject) -> tuple[Tables, str]:
    other = data.draw(places.filter(lambda other: other != place))
    rows = list(HONEST.entries)
    rows[place], rows[other] = (place, *rows[other][1:]), (other, *rows[place][1:])
    return HONEST.with_entries(rows), f"the checkpoint of size {end_after(min(place, other))} is not"


def truncated(place: int, _: st.DataObject) -> tuple[Tables, str]:
    return HONEST.with_entries(HONEST.entries[:place]), f"the head row is not the right edge of the {place} entries"


def head_moved(place: int, data: st.DataObject) -> tuple[Tables, str]:
    other = tables_of(LEAVES[:place], BATCHES, (), SIGNER)
    edges = {"back": (place, other.edge), "size": (place, HONEST.edge)}
    edges["edge"] = (SIZE, altered(HONEST.edge, data.draw(st.integers(0, 99)), data.draw(masks)))
    size, edge = edges[data.draw(st.sampled_from(sorted(edges)))]
    changed = Tables(HONEST.entries, size, edge, HONEST.checkpoints, HONEST.signatures)
    return changed, f"the head row is not the right edge of the {SIZE} entries"


def checkpoint_changed(place: int, data: st.DataObject) -> tuple[Tables, str]:
    size = end_after(place)
    changed = dict(HONEST.checkpoints)
    kind = data.draw(st.sampled_from(["edited", "beyond", "of a signature"]))
    if kind == "edited":
        changed[size] = altered(changed[size], data.draw(st.integers(0, 31)), data.draw(masks))
        named = f"the checkpoint of size {size} is not over these entries"
    elif kind == "beyond":
        changed[SIZE + 1 + place] = changed[size]
        named = f"a checkpoint beyond the {SIZE} entries"
    else:
        size = data.draw(st.sampled_from(SIGNED_AT))
        del changed[size]
        named = f"a signature over size {size} has no checkpoint"
    return Tables(HONEST.entries, SIZE, HONEST.edge, changed, HONEST.signatures), named


def signature_changed(_: int, data: st.DataObject) -> tuple[Tables, str]:
    size = data.draw(st.sampled_from(SIGNED_AT))
    start, _space, signed = HONEST.signatures[size].rstrip("\n").rpartition(" ")
    raw = unb64(signed)
    line = f"{start} {b64(altered(raw, data.draw(st.integers(0, len(raw) - 1)), data.draw(masks)))}\n"
    changed = {**HONEST.signatures, size: line}
    return Tables(HONEST.entries, SIZE, HONEST.edge, HONEST.checkpoints, changed), "signature"


CHANGES = (
    *(edited, dropped, inserted, swapped, truncated),
    *(head_moved, checkpoint_changed, signature_changed),
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_any_one_thing_changed_in_the_tables_is_found_and_its_place_is_named(
    opened: tuple[asyncio.Runner, asyncpg.Connection], change: Callable[[int, st.DataObject], tuple[Tables, str]]
) -> None:
    runner, superuser = opened

    @examples
    @given(places, st.data())
    def found(place: int, data: st.DataObject) -> None:
        changed, named = change(place, data)
        runner.run(changed.write(superuser, SIGNER))
        with pytest.raises((LogDamaged, NoteInvalid), match=named):
            runner.run(recheck(superuser, SIGNER.verifier))

    found()


# --- Everything else made to fit


@st.composite
def another_past(draw: st.DrawFn) -> list[bytes]:
    """The log with something changed before the kept checkpoint, or cut off there, and any later entries at all."""
    place = draw(st.integers(0, KEPT.size - 1))
    other = draw(st.integers(0, KEPT.size - 1).filter(lambda other: other != place))
    leaves = list(LEAVES)
    kind = draw(st.sampled_from(["edit", "drop", "insert", "swap", "truncate", "fork"]))
    if kind == "edit":
        leaves[place] = numbered_leaf(place, edited=True)
    elif kind == "drop":
        del leaves[place]
    elif kind == "insert":
        leaves.insert(place, numbered_leaf(999))
    elif kind == "swap":
        leaves[place], leaves[other] = leaves[other], leaves[place]
    else:
        del leaves[max(place, 1) :]
    if kind == "fork":
        leaves += [numbered_leaf(number) for number in range(500, 500 + draw(st.integers(KEPT.size, 2 * SIZE)))]
    return leaves


def shown(runner: asyncio.Runner, superuser: asyncpg.Connection, kept: Checkpoint | None) -> int:
    """Do what `pactgate audit verify` does, with or without a checkpoint that was kept; returns the size it finds."""
    return runner.run(inspect(superuser, SIGNER.verifier, kept, beside=True)).size


@contextmanager
def refused(*errors: type[VerificationFailed]) -> Iterator[None]:
    with pytest.raises(errors):
        yield


@examples
@given(leaves=another_past())
def test_another_past_without_our_key_is_found_by_any_signature_that_is_left(
    opened: tuple[asyncio.Runner, asyncpg.Connection], leaves: list[bytes]
) -> None:
    runner, superuser = opened
    fitted = tables_of(leaves, BATCHES, (), SIGNER)
    # The signatures of the true log, over whatever now stands at those sizes.
    left = {size: line for size, line in HONEST.signatures.items() if size in fitted.checkpoints}
    forged = Tables(fitted.entries, fitted.size, fitted.edge, fitted.checkpoints, left)
    still_true = all(leaves[:size] == LEAVES[:size] for size in left)
    runner.run(forged.write(superuser, SIGNER))
    if still_true:  # all that could tell was deleted: only who keeps a checkpoint knows
        assert runner.run(recheck(superuser, SIGNER.verifier)).size == len(leaves)
    else:
        with refused(NoteInvalid):
            runner.run(recheck(superuser, SIGNER.verifier))


@examples
@given(leaves=another_past())
def test_another_past_signed_with_our_own_key_is_found_by_a_checkpoint_kept_elsewhere(
    opened: tuple[asyncio.Runner, asyncpg.Connection], leaves: list[bytes]
) -> None:
    runner, superuser = opened
    runner.run(tables_of(leaves, BATCHES, (len(leaves),), SIGNER).write(superuser, SIGNER))
    assert shown(runner, superuser, None) == len(leaves)
    with refused(RolledBack if len(leaves) < KEPT.size else Forked):
        shown(runner, superuser, KEPT)


def test_the_true_log_holds_and_continues_the_kept_checkpoint(
    opened: tuple[asyncio.Runner, asyncpg.Connection],
) -> None:
    runner, superuser = opened
    runner.run(HONEST.write(superuser, SIGNER))
    assert shown(runner, superuser, KEPT) == SIZE
