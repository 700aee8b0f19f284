"""Replicas racing on one database, in one process and in several, killed and not: no gap, and no answer is lost."""

import asyncio

import pytest

from audit.draft import Draft
from tests.factories.log import numbered_leaf
from tests.factories.unhurried import PATIENCE
from tests.functional.audit.conftest import Ledger
from tests.prove.answered import AnswerLost, require_on_record
from tests.prove.replica import Replica

pytestmark = [pytest.mark.claim(4), pytest.mark.claim(5)]


async def test_an_answer_that_is_not_on_record_is_noticed(ledger: Ledger) -> None:
    log = await ledger.start()
    index = (await log.append(Draft(numbered_leaf(1)))).index
    for told in ({1: index + 1}, {2: index}, {1: index, 0: index}):
        with pytest.raises(AnswerLost):
            await require_on_record(ledger.auditor, ledger.signer.verifier, told)
    assert (await require_on_record(ledger.auditor, ledger.signer.verifier, {1: index})).silent == 1


@pytest.mark.parametrize("replicas", [2, 4])
async def test_replicas_in_one_process_build_one_tree_and_every_answer_is_on_record(
    ledger: Ledger, replicas: int
) -> None:
    logs = [await ledger.start() for _ in range(replicas)]
    told: dict[int, int] = {}

    async def caller(first: int) -> None:
        for number in range(first, first + 10):
            told[number] = (await logs[number % replicas].append(Draft(numbered_leaf(number)))).index

    await asyncio.gather(*(caller(100 * n) for n in range(1, 17)))
    counted = await require_on_record(ledger.auditor, ledger.signer.verifier, told)
    assert (counted.answered, counted.silent) == (160, 1)


async def test_four_replicas_in_processes_of_their_own_build_one_tree(ledger: Ledger) -> None:
    url = ledger.database.url("app")
    running = await asyncio.gather(*(Replica.start(url, 1_000 * n, callers=8, each=25) for n in range(1, 5)))
    told: dict[int, int] = {}
    for each in running:
        told |= await each.end()
        assert each.process.returncode == 0
    counted = await require_on_record(ledger.auditor, ledger.signer.verifier, told)
    assert (counted.answered, counted.silent) == (800, 1)


async def test_replicas_killed_at_any_moment_leave_no_gap_and_lose_nothing_they_acknowledged(ledger: Ledger) -> None:
    url, told = ledger.database.url("app"), dict[int, int]()
    staying = await Replica.start(url, 10_000_000, callers=4)
    for turn in range(1, 4):
        dying = await Replica.start(url, 20_000_000 * turn, callers=16)
        before = len(staying.told)
        async with asyncio.timeout(PATIENCE):
            while len(dying.told) < 100 or len(staying.told) < before + 20:  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.001)
        told |= await dying.kill()
    told |= await staying.kill()
    counted = await require_on_record(ledger.auditor, ledger.signer.verifier, told)
    assert counted.answered >= 300
