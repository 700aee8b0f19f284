"""
The long kill -9 loop: the gateway killed over HTTP, PostgreSQL killed under two replicas; on disk, with every fsync.

    .venv/bin/python -m tests.prove.crash                             # or, shorter:
    .venv/bin/python -m tests.prove.crash --answers 2000 --kills 4 --seed 7

Exit 1 at the first answer that is not on record as it was given, or a log that does not hold. It shows that no process
can be killed at the wrong moment; a power cut it does not show.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from agreements.trust import read_trust
from audit.checkpoint import CheckpointVerifier
from audit.recheck import recheck
from gateway.store.embedded import throw_away_postgres
from gateway.store.roles import new_passwords
from gateway.store.session import connect
from tests.bench.deployment import deployed, environment_of
from tests.factories.database import TestServer
from tests.factories.log import signer_of
from tests.prove.answered import require_on_record
from tests.prove.killed import kill_a_backend, kill_everything
from tests.prove.partners import Partners, require_answers_on_record
from tests.prove.replica import Replica

NAME = "crash"
CALLERS, STUDENTS = 16, 400


def tell(text: str) -> None:
    """Say how far it is."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def kill_the_database(answers: int, kills: int, chance: Random) -> None:
    """Two replicas append; PostgreSQL is killed: in turn all of it, and one session of it. Raises `AnswerLost`."""
    with throw_away_postgres() as embedded:
        server = TestServer(embedded=embedded, passwords=new_passwords())
        await server.prepare()
        await server.create(NAME)
        url, began = server.url("app", NAME), time.monotonic()
        replicas = [await Replica.start(url, 10**9 * number, callers=CALLERS) for number in (1, 2)]
        for turn in range(kills):
            await _grown(replicas, answers // kills, chance.random())
            await (kill_a_backend(embedded, NAME) if turn % 2 else kill_everything(embedded))
        await _grown(replicas, 1, 0)  # it goes on, and no replica was started anew
        told = (await replicas[0].kill()) | (await replicas[1].kill())
        async with connect(server.url("auditor", NAME)) as auditor:
            found = await require_on_record(auditor, signer_of().verifier, told)
        tell(
            f"PostgreSQL killed {kills} times under 2 replicas x {CALLERS} callers, {time.monotonic() - began:.0f} s: "
            f"{found.answered:,} acknowledged, lost 0; {found.silent} on record that nobody was told of; "
            f"{found.log.size:,} entries, no gap, root recomputed"
        )


async def _grown(replicas: list[Replica], answers: int, seconds: float) -> None:
    before = [len(each.told) for each in replicas]
    async with asyncio.timeout(120):
        while any(len(each.told) < then + answers // 2 + 1 for each, then in zip(replicas, before, strict=True)):  # noqa: ASYNC110
            await asyncio.sleep(0.002)
    await asyncio.sleep(seconds)


async def kill_the_gateway(answers: int, kills: int, chance: Random) -> None:
    """Partners ask over HTTP; the gateway is killed and started anew. Raises `AnswerLost`."""
    with tempfile.TemporaryDirectory(prefix="pactgate-crash-") as folder:
        async with deployed(Path(folder), STUDENTS) as deployment:
            url, began = deployment.settings.public_url, time.monotonic()
            with deployment.partner() as partner:
                # As shipped, but for ceilings that one day of this would reach.
                partners = Partners(partner, url, ("tests.bench.served",), environment_of(deployment))
                for _ in range(kills):
                    await partners.start()
                    await partners.ask_until_killed(CALLERS, answers // kills + 1, 0.1 * chance.random())
            key = read_trust(deployment.settings.trust.read_bytes()).log_public_key
            async with connect(deployment.cluster.url("auditor")) as auditor:
                log = await recheck(auditor, CheckpointVerifier.parse(key))
                counted = await require_answers_on_record(auditor, log.size, partners.answers)
        told = ", ".join(f"{count:,} x {status}" for status, count in sorted(counted.items()))
        tell(
            f"The gateway killed {kills} times under {CALLERS} callers over HTTP, {time.monotonic() - began:.0f} s: "
            f"{len(partners.answers):,} answers ({told}), lost 0; {partners.unanswered} asked and heard nothing; "
            f"{log.size:,} entries, no gap, root recomputed"
        )


def main() -> None:
    """Read the options and run both."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.crash", description="The long kill -9 loop.")
    parser.add_argument("--answers", type=int, default=10_000, help="of each loop, at least (10000)")
    parser.add_argument("--kills", type=int, default=12, help="of each loop (12)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (1)")
    options = parser.parse_args()
    for loop in (kill_the_database, kill_the_gateway):
        asyncio.run(loop(options.answers, options.kills, Random(options.seed)))  # noqa: S311 - moments, not secrets


if __name__ == "__main__":
    main()
