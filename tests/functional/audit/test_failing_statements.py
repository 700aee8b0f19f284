"""Each statement of an append fails, is slow, or finds the disk full: nobody is told yes, nothing is half there."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from random import Random

import asyncpg
import pytest

from audit.draft import Appended, Draft, Meter, Once
from audit.errors import LogUnavailable
from audit.log import Log
from audit.recheck import recheck
from gateway.store.embedded import EmbeddedPostgres, throw_away_postgres
from gateway.store.roles import new_passwords
from tests.factories.database import TestDatabase, TestServer
from tests.factories.log import numbered_leaf, signer_of
from tests.factories.unhurried import HURRIED
from tests.functional.audit.conftest import Ledger

pytestmark = pytest.mark.claim(4)

LATER = datetime(2099, 1, 1, tzinfo=UTC)
TABLES = ("once", "meter", "head", "entry", "checkpoint", "subject", "private")
"""In the order in which a batch writes them."""
_LONGEST_FILE = 16 << 20
"""Bytes: as long as a segment of the write-ahead log, which must be written."""
WHEN = {"at once": "BEFORE INSERT OR UPDATE", "at the commit": "AFTER INSERT OR UPDATE"}


def draft(number: int, opening: bytes = b"opening") -> Draft:
    key = number.to_bytes(32, "big")
    refusal = numbered_leaf(-number)
    meter = Meter(key, LATER, 1, 5, refusal)
    return Draft(numbered_leaf(number), 0, (Once(key, LATER),), refusal, bytes(16), opening, meter)


async def breaking(owner: asyncpg.Connection, table: str, when: str, does: str) -> None:
    """Have every write to this table do something, when it is made or when it is committed."""
    constraint, deferred = ("CONSTRAINT", "DEFERRABLE INITIALLY DEFERRED") if when == "at the commit" else ("", "")
    await owner.execute(
        f"CREATE FUNCTION audit.breaks() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {does}; RETURN NEW; END$$;"
        f"CREATE {constraint} TRIGGER breaks {WHEN[when]} ON audit.{table} {deferred}"
        " FOR EACH ROW EXECUTE FUNCTION audit.breaks()"
    )


async def mended(owner: asyncpg.Connection, table: str) -> None:
    await owner.execute(f"DROP TRIGGER breaks ON audit.{table}; DROP FUNCTION audit.breaks()")


async def require_untouched(ledger: Ledger) -> None:
    """Nothing at all of a batch is there."""
    assert (await ledger.check()).size == 1
    for table in set(TABLES) - {"head", "entry", "checkpoint"}:
        assert await ledger.auditor.fetchval(f"SELECT count(*) FROM audit.{table}") == 0, table  # noqa: S608 - our names


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("table", TABLES)
async def test_a_statement_that_fails_undoes_the_whole_batch_and_tells_everybody(
    ledger: Ledger, table: str, when: str
) -> None:
    log, owner = await ledger.start(), await ledger.database.connection("owner")
    await breaking(owner, table, when, "RAISE EXCEPTION 'no'")
    said = await asyncio.gather(*(log.append(draft(number)) for number in (1, 2, 3)), return_exceptions=True)
    assert [type(each) for each in said] == [LogUnavailable] * 3
    await require_untouched(ledger)
    await mended(owner, table)
    # The same drafts again, with the same replay ids: nothing of them had been spent.
    assert [(await log.append(draft(number))).index for number in (1, 2, 3)] == [1, 2, 3]


async def test_a_statement_that_takes_too_long_is_ended_and_the_head_is_free_again(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, other, owner = await ledger.start(), await ledger.start(), await ledger.database.connection("owner")
    await breaking(owner, "entry", "at once", "IF NEW.idx = 1 THEN PERFORM pg_sleep(60); END IF")
    with monkeypatch.context() as patch:
        patch.setattr("audit.batch._BEGIN", HURRIED.replace("statement_timeout = '2s'", "statement_timeout = '200ms'"))
        with pytest.raises(LogUnavailable, match="QueryCanceled"):
            await log.append(draft(1))
    await require_untouched(ledger)
    await mended(owner, "entry")
    assert await other.append(draft(2)) == Appended(1, 2)
    assert await log.append(draft(3)) == Appended(2, 3)


async def test_a_commit_that_takes_too_long_is_given_up_and_may_be_on_record(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No statement_timeout ends a COMMIT that is under way; the collector has a clock of its own.
    log, owner = await ledger.start(), await ledger.database.connection("owner")
    await breaking(
        owner, "entry", "at the commit", "IF NEW.idx = 1 THEN PERFORM pg_advisory_xact_lock_shared(7); END IF"
    )
    await owner.execute("SELECT pg_advisory_lock(7)")
    with monkeypatch.context() as patch:
        patch.setattr("audit.log.BATCH_SECONDS", 1.5)
        with pytest.raises(LogUnavailable, match="TimeoutError"):
            await log.append(draft(1))
    await owner.execute("SELECT pg_advisory_unlock(7)")
    assert await log.append(draft(2)) == Appended(2, 3)
    assert await ledger.numbers() == [0, 1, 2]


@pytest.fixture
def cramped() -> Iterator[EmbeddedPostgres]:
    """A server that may not make a file longer than 16 MiB: as on a full disk, the kernel refuses the write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with ExitStack() as stack:
        resource.setrlimit(resource.RLIMIT_FSIZE, (_LONGEST_FILE, hard))  # the server inherits it
        try:
            server = stack.enter_context(throw_away_postgres(in_memory=True))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        yield server


async def test_a_disk_that_takes_no_more_undoes_the_batch_and_what_still_fits_goes_on(
    cramped: EmbeddedPostgres,
) -> None:
    server = TestServer(embedded=cramped, passwords=new_passwords())
    await server.prepare()
    await server.create("cramped")
    database, signer = TestDatabase(server, "cramped"), signer_of()
    log = Log(await database.pool("app", size=2), signer)
    await log.start()
    assert await log.append(Draft(numbered_leaf(0))) == Appended(0, 1)
    too_much = Draft(numbered_leaf(1), private=Random(1).randbytes(_LONGEST_FILE + 1))  # noqa: S311 - cannot be packed
    said = await asyncio.gather(log.append(too_much), log.append(Draft(numbered_leaf(2))), return_exceptions=True)
    assert [type(each) for each in said] == [LogUnavailable] * 2
    assert await log.append(Draft(numbered_leaf(3))) == Appended(1, 2)
    await log.stop()
    assert (await recheck(await database.pool("auditor"), signer.verifier)).size == 2
    await database.close()


async def test_a_log_whose_signing_fails_answers_all_the_same(ledger: Ledger) -> None:
    owner, log = await ledger.database.connection("owner"), Log(await ledger.database.pool("app"), ledger.signer)
    await owner.execute("REVOKE EXECUTE ON FUNCTION audit.keep_signature(bigint, text, text) FROM pactgate_app")
    await log.start()
    assert await log.append(draft(1)) == Appended(1, 2)
    await log.stop()
    assert (await ledger.check()).signatures == 0
