"""Alarms wait folded and bounded, whatever they hold: raising one never waits, never fails and never grows."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.services.alarms import alarm, listening
from gateway.services.inbox.keeping import alarms_kept, flush
from gateway.services.inbox.pending import LONGEST, MOST, Pending

pytestmark = pytest.mark.claim(9)


def test_one_too_many_is_counted_and_takes_no_room() -> None:
    pending = Pending(most=2)
    for number in range(5):
        pending.take("stop_missing", {"entry": str(number)})
    raised, dropped = pending.taken()
    assert ([each.facts["entry"] for each in raised], dropped) == (["0", "1"], 3)
    assert pending.taken() == ((), 0)


def test_what_is_the_same_is_one_and_what_tells_how_it_stands_makes_no_other() -> None:
    pending = Pending()
    for unwitnessed in ("10", "11", "12"):
        pending.take("witness_silent", {"witness": "w.example", "unwitnessed": unwitnessed})
    pending.take("witness_silent", {"witness": "v.example", "unwitnessed": "1"})
    raised, _ = pending.taken()
    assert {(each.facts["witness"], each.facts["unwitnessed"], each.times) for each in raised} == {
        ("w.example", "12", 3),
        ("v.example", "1", 1),
    }


def test_another_code_is_another_case() -> None:
    pending = Pending()
    pending.take("facts_changed", {"at": "1"})
    pending.take("facts_unclaimed", {"at": "1"})
    assert len(pending) == 2


def test_facts_are_cut_to_what_an_id_needs_and_hold_nothing_a_text_cannot() -> None:
    pending = Pending()
    pending.take("undecided", {"cause": "<script>\x00\ud800" + "x" * 10_000, **{f"n{at}": "" for at in range(50)}})
    ((raised,), _) = pending.taken()
    assert len(raised.facts) == 12
    assert len(raised.facts["cause"]) == LONGEST
    assert raised.facts["cause"].startswith("<script>\ufffd?")


def test_what_could_not_be_put_on_file_waits_on_with_what_came_meanwhile() -> None:
    pending = Pending()
    pending.take("undecided", {"cause": "a"})
    raised, _ = pending.taken()
    pending.take("undecided", {"cause": "a"})
    pending.give_back(raised)
    ((both,), _) = pending.taken()
    assert both.times == 2


def test_alarms_come_from_any_thread() -> None:
    pending = Pending()
    with ThreadPoolExecutor(4) as pool:
        for _ in range(400):
            pool.submit(pending.take, "undecided", {"cause": "a"})
    ((raised,), dropped) = pending.taken()
    assert (raised.times, dropped) == (400, 0)


async def test_a_database_that_is_away_holds_nothing_up_and_loses_nothing() -> None:
    engine = create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    async with alarms_kept(engine, every=0.001) as waiting:
        alarm("undecided", {"cause": "a"})
        for _ in range(5):
            await asyncio.sleep(0.001)
            await flush(engine, waiting)
        alarm("undecided", {"cause": "a"})
    ((raised,), _) = waiting.taken()
    assert raised.times == 2
    await engine.dispose()


async def test_that_some_found_no_place_is_an_alarm_of_its_own() -> None:
    engine = create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    waiting, heard = Pending(most=1), Pending()
    for number in range(MOST):
        waiting.take("stop_missing", {"entry": str(number)})
    with listening(heard.take):
        await flush(engine, waiting)
    ((raised,), _) = heard.taken()
    assert (raised.code, raised.facts) == ("alarms_dropped", {"times": str(MOST - 1)})
    await engine.dispose()


def test_nobody_listens_after_the_block() -> None:
    pending = Pending()
    with listening(pending.take):
        alarm("undecided", {"cause": "a"})
    alarm("undecided", {"cause": "b"})
    assert len(pending) == 1
