"""
Claim 4, against kill -9 of the gateway, of one session of PostgreSQL, of all of it: no answer without its entry.

A short version; `python -m tests.prove.crash` does it for as long as one likes, with the database on disk.
"""

import asyncio
from collections.abc import Iterator

import pytest

from gateway.demo.perform import free_port
from gateway.oauth.client import PartnerClient
from gateway.store.embedded import EmbeddedPostgres, throw_away_postgres
from gateway.store.roles import new_passwords
from tests.factories.cohort import TUTORING
from tests.factories.database import TestDatabase, TestServer
from tests.factories.gateway import Gateway
from tests.factories.log import signer_of
from tests.factories.unhurried import PATIENCE
from tests.prove.answered import AnswerLost, require_on_record
from tests.prove.killed import kill_a_backend, kill_everything
from tests.prove.partners import Answer, Partners, environment_for, require_answers_on_record
from tests.prove.replica import Replica

pytestmark = pytest.mark.claim(4)

NAME = "killed"


@pytest.fixture
def mortal() -> Iterator[EmbeddedPostgres]:
    """A server of this test's own."""
    with throw_away_postgres(in_memory=True) as server:
        yield server


async def test_a_postgresql_killed_at_any_moment_keeps_every_entry_that_was_acknowledged(
    mortal: EmbeddedPostgres,
) -> None:
    server = TestServer(embedded=mortal, passwords=new_passwords())
    await server.prepare()
    await server.create(NAME)
    replicas = [await Replica.start(server.url("app", NAME), 10_000_000 * n, callers=8) for n in (1, 2)]

    async def more() -> None:
        before = [len(each.told) for each in replicas]
        async with asyncio.timeout(PATIENCE):
            while any(len(each.told) < then + 100 for each, then in zip(replicas, before, strict=True)):  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    await more()
    await kill_a_backend(mortal, NAME)
    await more()  # nobody restarted a replica
    await kill_everything(mortal)
    await more()
    told = (await replicas[0].kill()) | (await replicas[1].kill())
    database = TestDatabase(server, NAME)
    counted = await require_on_record(await database.connection("auditor"), signer_of().verifier, told)
    assert counted.answered >= 600
    await database.close()


async def test_a_gateway_killed_at_any_moment_has_answered_nobody_without_an_entry(idle_gateway: Gateway) -> None:
    deployment, database, port = idle_gateway.deployment, idle_gateway.database, free_port()
    url, partner = f"http://127.0.0.1:{port}", deployment.partners[deployment.partner_of(TUTORING)]
    named = {
        "agreement": idle_gateway.digest(TUTORING),
        "purpose": deployment.agreements[TUTORING].agreement.purpose.code,
    }
    with PartnerClient(url, partner.client, partner.keys) as client:
        environment = environment_for(deployment.home, database.url("app"), port) | {
            "PACTGATE_CHECKPOINT": str(idle_gateway.kept.file),
            "PACTGATE_CLIENT_RATE": "10000",
        }
        partners = Partners(client, url, ("gateway", "serve"), environment, details=named)
        await partners.start()
        await partners.ask_until_killed(8, 120, 0.01)
    auditor = await database.connection("auditor")
    found = await idle_gateway.verify()
    counted = await require_answers_on_record(auditor, found.size, partners.answers)
    assert counted[200] > 60
    assert counted[400] > 20
    # What is not there is noticed.
    (first, *_), last = partners.answers, partners.answers[-1]
    for invented in (
        Answer(200, "made up", 1, b""),
        Answer(first.status, last.request_id, first.entry, first.body),
        Answer(first.status, first.request_id, first.entry, first.body + b" "),
    ):
        with pytest.raises(AnswerLost):
            await require_answers_on_record(auditor, found.size, [invented])
