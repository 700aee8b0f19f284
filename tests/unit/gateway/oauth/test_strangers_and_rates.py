"""Strangers are counted, not written down; buckets fill again and never grow without end."""

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.errors import LogUnavailable
from gateway.oauth.errors import RateExceeded
from gateway.oauth.rates import Buckets, Rate
from gateway.oauth.strangers import Strangers


async def test_counts_survive_a_log_that_is_away(make_gateway: Any) -> None:
    strangers = Strangers(lambda: datetime(2025, 11, 1, tzinfo=UTC))
    async with make_gateway() as gateway:
        log = gateway.services.log
        await strangers.flush(log)
        assert log.entries == []
        strangers.count("method")
        log.fail.append(LogUnavailable("away"))
        await strangers.flush(log)
        strangers.count("method")
        await strangers.flush(log)
        await strangers.flush(log)
        assert [(entry["total"], entry["reasons"]) for entry in log.entries] == [(2, {"method": 2})]


async def test_the_summary_is_written_without_being_asked(make_gateway: Any, bounds: Any) -> None:
    del bounds
    async with make_gateway(strangers_seconds=0.01) as gateway:
        await gateway.send(gateway.build.token_request({"as": "unknown"}))
        for _ in range(6_000):
            if gateway.services.log.entries:
                break
            await gateway.pause(0.01)
        assert gateway.services.log.entries[0]["event"] == "strangers.refused"


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    now = [0.0]
    buckets = Buckets(Rate(burst=2, per_second=0.5), lambda: now[0])
    buckets.spend("a")
    buckets.spend("a")
    with pytest.raises(RateExceeded):
        buckets.spend("a")
    buckets.spend("b")
    now[0] = 2.0
    buckets.spend("a")
    with pytest.raises(RateExceeded):
        buckets.spend("a")


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    now = [100.0]
    buckets = Buckets(Rate(burst=1, per_second=1), lambda: now[0])
    buckets.spend("a")
    now[0] = 50.0
    with pytest.raises(RateExceeded):
        buckets.spend("a")
    now[0] = 51.0
    buckets.spend("a")


def test_buckets_do_not_grow_without_end() -> None:
    buckets = Buckets(Rate(burst=1, per_second=0), lambda: 0.0)
    for number in range(10_100):
        buckets.spend(str(number))
    with pytest.raises(RateExceeded):
        buckets.spend("10099")
    buckets.spend("0")
