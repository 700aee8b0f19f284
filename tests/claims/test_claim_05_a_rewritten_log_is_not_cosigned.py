"""
Claim 5, in the running product: what is kept outside the database is not replaced by way of a witness.

Whoever rewrites the log here owns the database. The rewritten log is larger and sound in itself, and the witness is a
new one that has seen nothing: it would cosign whatever the log's own key signed.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from audit.checkpoint import Checkpoint
from audit.cosignature import WitnessSigner
from audit.errors import LogUnavailable
from audit.witness.submission import read_submission
from gateway.services.continuity import keep_head, keeping
from gateway.services.errors import LogSetBack
from tests.factories.cohort import TUTORING
from tests.factories.gateway import Gateway
from tests.factories.rewritten import rewrite
from tests.factories.superuser import alarms
from tests.factories.witness import NAME, served_witness
from tests.factories.witnessing import LyingAnswer, Watched, liar

pytestmark = pytest.mark.claim(5)


@pytest.fixture
async def watched(idle_gateway: Gateway) -> Watched:
    await idle_gateway.serve()
    return Watched(idle_gateway)


async def kept_of(watched: Watched) -> Checkpoint:
    """Keep the head as a running gateway does every ten seconds, and return it."""
    gateway = watched.gateway
    pool = await gateway.database.pool("app", size=2)
    await keep_head(pool, gateway.kept, gateway.deployment.signer)
    kept = gateway.kept.read()
    assert kept is not None
    return kept


async def is_over(gateway: Gateway) -> None:
    """See that nothing leaves any more, and nothing starts."""
    answer = await gateway.get(TUTORING, "/v1/students?limit=1")
    assert (answer.status_code, answer.json()["code"]) == (503, "log_unavailable")
    await gateway.close()
    with pytest.raises(LogSetBack):
        await gateway.serve()


def signer_of_witness(tmp_path: Path, watched: Watched) -> WitnessSigner:
    with served_witness(tmp_path, watched.gateway.deployment.signer.verifier) as made:
        return made.signer


async def test_a_rewritten_log_is_shown_to_no_witness_and_replaces_nothing_that_was_kept(
    watched: Watched, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = watched.gateway
    with served_witness(tmp_path, gateway.deployment.signer.verifier, clock=watched.clock) as witness:
        await watched.name((witness.signer.verifier.vkey, witness.url))
        assert (await gateway.get(TUTORING, "/v1/students?limit=1")).status_code == 200
        before = await kept_of(watched)
        assert await rewrite(gateway.database, before.size - 1) == before.size + 1
        caplog.clear()
        await watched.round()
        assert witness.lines == []
        assert await watched.cosigned() == {}
    assert gateway.kept.read() == before
    assert "log_set_back" in alarms(caplog)
    await is_over(gateway)


async def test_a_log_rewritten_while_a_witness_is_asked_replaces_nothing_that_was_kept(
    watched: Watched, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway, loop = watched.gateway, asyncio.get_running_loop()
    signer = signer_of_witness(tmp_path, watched)
    before: list[Checkpoint] = []

    def answer(_path: str, body: bytes) -> LyingAnswer:
        asyncio.run_coroutine_threadsafe(rewrite(gateway.database, before[0].size - 1), loop).result(30)
        return 200, {}, signer.line(read_submission(body).body, watched.clock.now).encode()

    with liar(answer) as slow:
        await watched.name((signer.verifier.vkey, slow.url))
        before.append(await kept_of(watched))
        await gateway.token(TUTORING)  # so that a larger one comes to be cosigned
        await watched.round()
        assert slow.asked
    assert gateway.kept.read() == before[0]
    assert "log_set_back" in alarms(caplog)


async def test_what_was_kept_while_a_witness_was_asked_stays(watched: Watched, tmp_path: Path) -> None:
    gateway, loop = watched.gateway, asyncio.get_running_loop()
    signer = signer_of_witness(tmp_path, watched)

    async def go_on() -> None:
        await gateway.ask(TUTORING)
        await kept_of(watched)

    def answer(_path: str, body: bytes) -> LyingAnswer:
        asyncio.run_coroutine_threadsafe(go_on(), loop).result(30)
        return 200, {}, signer.line(read_submission(body).body, watched.clock.now).encode()

    with liar(answer) as slow:
        await watched.name((signer.verifier.vkey, slow.url))
        size = await gateway.size()
        await watched.round()
    kept = gateway.kept.read()
    assert kept is not None
    assert kept.size == size + 1
    assert await watched.cosigned() == {NAME: size}
    assert not gateway.services.log.is_halted


async def test_a_kept_checkpoint_that_cannot_be_read_keeps_no_witness_from_cosigning(
    watched: Watched, tmp_path: Path
) -> None:
    gateway = watched.gateway
    with served_witness(tmp_path, gateway.deployment.signer.verifier, clock=watched.clock) as witness:
        await watched.name((witness.signer.verifier.vkey, witness.url))
        gateway.kept.file.write_text("gone\n")
        await watched.round()
        assert await watched.cosigned() == {NAME: await gateway.size()}
    assert gateway.kept.file.read_text() == "gone\n"
    gateway.kept.file.unlink()


async def test_a_halted_log_is_signed_by_nobody(
    watched: Watched, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = watched.gateway
    log, pool = gateway.services.log, await gateway.database.pool("app", size=2)
    with served_witness(tmp_path, gateway.deployment.signer.verifier, clock=watched.clock) as witness:
        await watched.name((witness.signer.verifier.vkey, witness.url))
        await kept_of(watched)
        before, signed = await kept_of(watched), await signatures(gateway)
        log.halt()
        with pytest.raises(LogUnavailable):
            _ = log.signer
        await rewrite(gateway.database, before.size)  # sound, and nobody signs it
        caplog.clear()
        await watched.round()
        async with keeping(pool, log, gateway.kept, every=60):
            pass
        assert witness.lines == []
    assert not caplog.records
    assert gateway.kept.read() == before
    assert await signatures(gateway) == signed


async def signatures(gateway: Gateway) -> list[Any]:
    auditor = await gateway.database.pool("auditor", size=1)
    return [tuple(row) for row in await auditor.fetch("SELECT size, signer FROM audit.signature ORDER BY 1, 2")]
