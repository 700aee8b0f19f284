"""The connection is lost at every single message of an append: nobody is told yes in vain, and the log goes on."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import count

import asyncpg
import pytest

from audit.draft import Appended, Draft, Meter, Once
from audit.errors import LogUnavailable
from audit.log import Log, _has_ended
from tests.factories.cable import Cable, Loss, Way, cable_to
from tests.factories.log import numbered_leaf
from tests.factories.unhurried import PATIENCE
from tests.functional.audit.conftest import Ledger
from tests.prove.answered import require_on_record

pytestmark = [pytest.mark.claim(4), pytest.mark.claim(5)]

LATER = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
async def cable(ledger: Ledger) -> AsyncIterator[Cable]:
    async with cable_to(ledger.database.url("app")) as cable:
        yield cable


def whole(number: int) -> Draft:
    """A draft with everything that may ride with an entry."""
    key = number.to_bytes(32, "big")
    meter = Meter(key, LATER, 1, 5, numbered_leaf(-number))
    once = (Once(key, LATER),)
    return Draft(numbered_leaf(number), 0, once, numbered_leaf(-number), bytes(16), b"opening", meter)


async def through(ledger: Ledger, cable: Cable) -> asyncpg.Pool:
    # As the superuser, who needs no password: hundreds of connections are opened here.
    return await asyncpg.create_pool(ledger.database.url("admin"), host=str(cable.folder), min_size=0, max_size=2)


async def told(log: Log, number: int) -> dict[int, int]:
    """Append, and return what was said: nothing, if it was that the log is away."""
    try:
        appended = await log.append(whole(number))
    except LogUnavailable:
        return {}
    return {number: appended.index}


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("loss", [Loss.BEFORE, Loss.HALF])
async def test_a_connection_cut_at_any_message_loses_no_answer_and_stops_no_other(
    ledger: Ledger, cable: Cable, way: Way, loss: Loss
) -> None:
    said: dict[int, int] = {}
    pool = await through(ledger, cable)
    log = await ledger.start(pool)
    numbers = count(1)
    for place in count(1):
        reached = []
        # First on a session that has been at work, then on the new one that has to be opened, from its first message.
        for _ in range(2):
            cable.lose(way, place, loss)
            said |= await told(log, next(numbers))
            reached.append(cable.is_lost)
            cable.mend()
        # The next one takes a connection of its own; nobody restarted anything.
        last = next(numbers)
        said[last] = (await log.append(whole(last))).index
        if not any(reached):
            break
    assert place > 8  # it was cut in many places
    await log.stop()
    pool.terminate()
    await require_on_record(ledger.auditor, ledger.signer.verifier, said)


@pytest.mark.parametrize("way", Way)
async def test_a_connection_that_falls_silent_at_some_message_is_given_up_and_loses_no_answer(
    ledger: Ledger, cable: Cable, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: dict[int, int] = {}
    pool = await through(ledger, cable)
    log = Log(pool, ledger.signer)
    await log.start()
    numbers = count(1)
    for place in range(1, 16, 2):
        cable.lose(way, place, Loss.SILENCE)
        with monkeypatch.context() as patch:
            patch.setattr("audit.log.BATCH_SECONDS", 0.1)
            said |= await told(log, next(numbers))
        cable.mend()
        async with asyncio.timeout(PATIENCE):
            while not (more := await told(log, next(numbers))):  # the server may not have noticed yet
                pass
        said |= more
    await log.stop()
    pool.terminate()
    await require_on_record(ledger.auditor, ledger.signer.verifier, said)


@pytest.mark.parametrize("loss", [Loss.BEFORE, Loss.SILENCE])
async def test_an_unknown_outcome_is_never_a_yes(
    ledger: Ledger, cable: Cable, loss: Loss, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = await through(ledger, cable)
    log = await ledger.start(pool)
    await log.append(Draft(numbered_leaf(1)))
    cable.lose_answer(b"COMMIT\x00", loss)
    with monkeypatch.context() as patch:
        patch.setattr("audit.log.BATCH_SECONDS", 1.5)
        with pytest.raises(LogUnavailable):
            await log.append(Draft(numbered_leaf(2)))
    cable.mend()
    # It was committed after all. Over-reporting is the safe side; the caller was told no.
    assert await ledger.numbers() == [0, 1, 2]
    assert await log.append(Draft(numbered_leaf(3))) == Appended(3, 4)
    await log.stop()
    pool.terminate()


async def test_a_session_that_ended_while_nobody_needed_it_fails_nobody(ledger: Ledger) -> None:
    log = await ledger.start()
    await log.append(Draft(numbered_leaf(1)))
    session = log._session
    assert session is not None
    admin = await ledger.database.connection("admin")
    await admin.execute("SELECT pg_terminate_backend($1)", session.get_server_pid())
    async with asyncio.timeout(PATIENCE):
        while not _has_ended(session):  # noqa: ASYNC110 - asyncpg has no event for this
            await asyncio.sleep(0.002)
    assert await log.append(Draft(numbered_leaf(2))) == Appended(2, 3)
