"""What serves partners may raise alarms: whoever takes it over can silence, hide and rewrite none."""

import json
import re
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway.services.inbox import pending
from gateway.services.inbox.keeping import put_on_file
from gateway.services.inbox.pending import Raised
from gateway.store.database import engine_for
from tests.factories.gateway import Gateway
from tests.factories.pages import ROOT

NOTE = "SELECT gateway.note_alarm($1, $2, $3::jsonb, $4, $5)"
CASE = "SELECT state, times, newest, facts::text AS facts FROM gateway.alarm_case WHERE identity = $1"
RESOLVE = "UPDATE gateway.alarm_case SET state = 'resolved', resolution = 'mended' WHERE identity = $1"
LOOK = "UPDATE gateway.alarm_case SET state = 'looked_at' WHERE identity = $1"
HUGE = 2**63 - 1


async def case(loader: asyncpg.Connection, raised: Raised) -> tuple[Any, ...]:
    """How the case of an alarm stands: its state, how often it was raised, its newest entry, and its facts."""
    row = await loader.fetchrow(CASE, raised.identity)
    assert row is not None
    return row["state"], row["times"], row["newest"], json.loads(row["facts"])


@pytest.mark.claim(5)
async def test_no_finding_is_silenced_by_one_about_later_entries(idle_gateway: Gateway) -> None:
    app, loader = [await idle_gateway.database.connection(role) for role in ("app", "loader")]
    true = Raised("undecided", {"cause": "error"}, newest=2)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute(NOTE, true.code, true.identity, '{"cause": "error"}', 1, HUGE)
    await app.execute(NOTE, true.code, true.identity, '{"cause": "error"}', HUGE, None)
    await loader.execute(RESOLVE, true.identity)
    for newest in (2, 2, 1):
        await loader.execute(NOTE, true.code, true.identity, '{"cause": "error"}', HUGE, newest)
    # Counted as often as it can be, and open: the same finding again says nothing new.
    assert await case(loader, true) == ("open", 2_000_000, 2, {"cause": "error"})


@pytest.mark.claim(5)
async def test_what_names_a_case_is_not_rewritten_and_how_it_stands_is_the_newest(idle_gateway: Gateway) -> None:
    app, loader = [await idle_gateway.database.connection(role) for role in ("app", "loader")]
    true = Raised("document_missing", {"document": "sha256:x", "reason": "not there"})
    await app.execute(NOTE, true.code, true.identity, '{"document": "sha256:x", "reason": "not there"}', 1, None)
    await app.execute(
        NOTE, true.code, true.identity, '{"document": "none", "reason": "gone", "other": "a test"}', 0, None
    )
    assert await case(loader, true) == ("open", 2, None, {"reason": "gone", "document": "sha256:x"})


def test_the_database_and_the_gateway_agree_on_which_facts_name_a_case() -> None:
    sql = Path(ROOT, "gateway/migrations/sql/0035/gateway.sql").read_text("utf-8")
    (moving,) = re.findall(r"moving CONSTANT text\[\] := ARRAY\[(.*?)\];", sql, re.DOTALL)
    assert set(re.findall(r"'(\w+)'", moving)) == pending.MOVING


async def test_what_was_looked_at_and_comes_again_later_is_open_again(idle_gateway: Gateway) -> None:
    app, loader, admin = [await idle_gateway.database.connection(role) for role in ("app", "loader", "admin")]
    raised = Raised("undecided", {"cause": "error"})
    for hours, state in ((0, "looked_at"), (2, "open")):
        await app.execute(NOTE, raised.code, raised.identity, '{"cause": "error"}', 1, None)
        await loader.execute(LOOK, raised.identity)
        await admin.execute("UPDATE gateway.alarm_case SET last_seen = last_seen - $1 * interval '1 hour'", hours)
        await app.execute(NOTE, raised.code, raised.identity, '{"cause": "error"}', 1, None)
        assert (await case(loader, raised))[0] == state


async def test_one_alarm_that_does_not_fit_keeps_no_other_from_file(idle_gateway: Gateway) -> None:
    loader, engine = await idle_gateway.database.connection("loader"), engine_for(idle_gateway.database.url("app"))
    long, short = Raised("undecided", {f"f{n}": "x" * 300 for n in range(60)}), Raised("undecided", {"cause": "error"})
    await put_on_file(engine, [long, short])
    await engine.dispose()
    assert await loader.fetchval("SELECT count(*) FROM gateway.alarm_case WHERE code = 'undecided'") == 1
    assert (await case(loader, short))[0] == "open"
