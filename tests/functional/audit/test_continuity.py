"""A log goes on from a checkpoint that was kept elsewhere, or it is told from one that does not."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoint import Checkpoint
from audit.continuity import require_continues
from audit.draft import Draft
from audit.errors import Forked, LogDamaged, RolledBack, VerificationFailed
from audit.events import Event
from audit.log import sign_head
from audit.tree import CompactRange, leaf_hash
from tests.factories.database import TestDatabase
from tests.factories.log import numbered_leaf, signer_of
from tests.functional.audit.conftest import Ledger

pytestmark = pytest.mark.claim(5)

SIZE = 20
SIGNER = signer_of()
UNGUARDED = """ALTER TABLE audit.entry DISABLE TRIGGER USER; ALTER TABLE audit.head DISABLE TRIGGER USER;
    ALTER TABLE audit.checkpoint DISABLE TRIGGER USER;
    ALTER TABLE audit.entry DROP CONSTRAINT IF EXISTS entry_leaf_hash"""


def leaf_of(number: int) -> bytes:
    return numbered_leaf(number, Event.LOG_OPENED if number == 0 else Event.DISCLOSURE)


def edge_over(size: int) -> CompactRange:
    edge = CompactRange()
    for number in range(size):
        edge.append(leaf_hash(leaf_of(number)))
    return edge


async def filled(ledger: Ledger, size: int = SIZE) -> None:
    log = await ledger.start()
    for number in range(1, size):
        await log.append(Draft(numbered_leaf(number)))


def kept(size: int, *, other: bool = False) -> tuple[Checkpoint, CompactRange]:
    edge = edge_over(size)
    if other:
        edge = CompactRange()
        for number in range(size):
            edge.append(leaf_hash(numbered_leaf(number, other=True)))
    return SIGNER.sign(size, edge.head()), edge


async def rewritten(database: TestDatabase, leaves: list[bytes]) -> None:
    """Give the database another log, whole in itself, as whoever owns it can."""
    owner = await database.connection("owner")
    edge = CompactRange()
    await owner.execute(UNGUARDED)
    await owner.execute("DELETE FROM audit.entry; DELETE FROM audit.checkpoint; DELETE FROM audit.head")
    for at, leaf in enumerate(leaves):
        edge.append(leaf_hash(leaf))
        await owner.execute("INSERT INTO audit.entry VALUES ($1, $2, $3)", at, leaf, leaf_hash(leaf))
        await owner.execute("INSERT INTO audit.checkpoint VALUES ($1, $2)", at + 1, edge.head())
    await owner.execute(
        'INSERT INTO audit.head ("only", size, range, epoch) VALUES (true, $1, $2, 0)', edge.size, edge.pack()
    )


@pytest.mark.parametrize("knows_edge", [True, False])
async def test_a_log_set_back_or_with_another_past_is_refused(database: TestDatabase, knows_edge: bool) -> None:
    checkpoint, edge = kept(12)
    own = edge if knows_edge else None
    honest = [leaf_of(number) for number in range(SIZE)]
    app = await database.pool("app")
    # An old copy: shorter than what was kept.
    await rewritten(database, honest[:11])
    with pytest.raises(RolledBack, match=r"11 entries.*had 12"):
        await require_continues(app, checkpoint, own)
    # An old copy that went on: as long again, with another past.
    for fork in (3, 11):
        for length in (12, 13, SIZE):
            leaves = [*honest[:fork], *(numbered_leaf(at, fork=True) for at in range(fork, length))]
            await rewritten(database, leaves)
            with pytest.raises(Forked, match="kept elsewhere"):
                await require_continues(app, checkpoint, own)
            # Nor is it found only by its own checkpoint of that size.
            owner = await database.connection("owner")
            await owner.execute("DELETE FROM audit.checkpoint WHERE size = 12 AND size < $1", length)
            with pytest.raises(Forked):
                await require_continues(app, checkpoint, own)
    await rewritten(database, honest)
    continued = await require_continues(app, checkpoint, own)
    assert (continued.edge.size, continued.read, continued.hashed) == (SIZE, 8, 0 if knows_edge else 12)


async def test_a_log_with_holes_is_refused(ledger: Ledger) -> None:
    await filled(ledger)
    app = await ledger.database.pool("app")
    checkpoint, edge = kept(12)
    await require_continues(app, checkpoint)
    honest = [leaf_of(number) for number in range(SIZE)]
    owner = await ledger.database.connection("owner")
    for gone, knows in ((4, None), (15, edge)):
        await rewritten(ledger.database, honest)
        await owner.execute("DELETE FROM audit.entry WHERE idx = $1", gone)
        with pytest.raises(LogDamaged, match="of the entries"):
            await require_continues(app, checkpoint, knows)
    await rewritten(ledger.database, honest)
    await owner.execute("UPDATE audit.entry SET leaf = $1 WHERE idx = 15", numbered_leaf(15, edited=True))
    with pytest.raises(Forked, match="do not lead"):
        await require_continues(app, checkpoint, edge)
    await owner.execute("DELETE FROM audit.head")
    with pytest.raises(LogDamaged, match="head row"):
        await require_continues(app, checkpoint, edge)
    await rewritten(ledger.database, honest)


async def test_an_edge_that_does_not_lead_to_the_checkpoint_is_not_believed(ledger: Ledger) -> None:
    await filled(ledger)
    checkpoint, _ = kept(12)
    for wrong in (edge_over(11), kept(12, other=True)[1]):
        assert (await require_continues(await ledger.database.pool("app"), checkpoint, wrong)).hashed == 12


async def test_without_a_checkpoint_the_head_is_compared_with_the_newest_one(ledger: Ledger) -> None:
    await filled(ledger)
    app = await ledger.database.pool("app")
    signed = await sign_head(app, SIGNER)
    found = await require_continues(app, None)
    assert (found.edge.size, found.edge.head(), found.read) == (SIZE, signed.tree_head, 0)
    owner = await ledger.database.connection("owner")
    await owner.execute(UNGUARDED)
    await owner.execute("DELETE FROM audit.checkpoint WHERE size = $1", SIZE)
    with pytest.raises(LogDamaged, match="newest checkpoint"):
        await require_continues(app, None)
    await rewritten(ledger.database, [leaf_of(number) for number in range(SIZE)])


async def test_any_history_but_the_kept_one_is_found(database: TestDatabase) -> None:
    app = await database.pool("app")

    async def judged(forked_at: int, length: int, kept_size: int, *, knows_edge: bool) -> None:
        leaves = [numbered_leaf(at, fork=True) if at >= forked_at else leaf_of(at) for at in range(length)]
        await rewritten(database, leaves)
        checkpoint, edge = kept(kept_size)
        asked = require_continues(app, checkpoint, edge if knows_edge else None)
        if forked_at >= kept_size and length >= kept_size:
            assert (await asked).edge.size == length
        else:
            with pytest.raises(VerificationFailed):
                await asked

    loop = asyncio.get_running_loop()
    cases: list[tuple[int, int, int, bool]] = []

    @given(st.integers(0, 8), st.integers(1, 8), st.integers(1, 8), st.booleans())
    def drawn(forked_at: int, length: int, kept_size: int, knows: bool) -> None:
        cases.append((forked_at, length, kept_size, knows))

    await loop.run_in_executor(None, drawn)
    for forked_at, length, kept_size, knows in set(cases):
        await judged(forked_at, length, kept_size, knows_edge=knows)
