"""The open services of one process: made together at start, closed together at the end."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from agreements.trust import Trust
from audit.checkpoint import CheckpointSigner
from audit.log import Log
from gateway.kept import KeptCheckpoint
from gateway.keys import GatewayKeys
from gateway.records.extent import Extents
from gateway.records.reader import Reader
from gateway.records.subjects import SubjectKey
from gateway.services.clients import Clients
from gateway.services.continuity import keeping
from gateway.services.disclosure import Disclosures
from gateway.services.entitlements import Entitlements
from gateway.services.grants import Grants
from gateway.services.publishing.publication import Publication
from gateway.services.readiness import require_ready
from gateway.services.receipts import Receipts
from gateway.services.upkeep import upkeep
from gateway.services.witnessing.opening import witnessing
from gateway.services.witnessing.watch import EVERY_SECONDS
from gateway.services.witnessing.watch import Watch as WitnessWatch
from gateway.store.database import Database
from policies.guardrails import Guardrails


@dataclass(frozen=True, slots=True)
class Services:
    """What routes reach. Everything here belongs to one database and one set of keys."""

    database: Database
    log: Log
    clients: Clients
    grants: Grants
    disclosures: Disclosures
    entitlements: Entitlements
    receipts: Receipts
    publication: Publication
    witnesses: WitnessWatch


@asynccontextmanager
async def open_services(
    url: str,
    keys: GatewayKeys,
    trust: Trust,
    *,
    readers: int,
    public_url: str,
    guardrails: Guardrails | None = None,
    kept: KeptCheckpoint | None = None,
    witnesses_every: float | None = EVERY_SECONDS,
) -> AsyncIterator[Services]:
    """
    Check that everything is ready, open the database as the app role, start the log, and yield the services.

    `guardrails` are those shipped with this release, unless others are given. `kept` is where the newest checkpoint is
    kept outside the database; `serve` always has one. `witnesses_every` is how often witnesses are asked, in seconds;
    None: only when `witnesses.round` is called.

    Raises what `require_ready` raises, and the log's own errors (`LogDamaged`).
    """
    await require_ready(url, public_url=public_url, keys=keys, trust=trust, kept=kept)
    database = await Database.open(url, readers=readers)
    try:
        signer = CheckpointSigner(trust.origin, keys.checkpoint)
        log = Log(database.log_pool, signer)
        grants = Grants(database.engine, trust, guardrails=guardrails)
        async with AsyncExitStack() as running:
            if kept is not None:
                await running.enter_async_context(keeping(database.pool, log, kept, signer))
            await log.start()
            running.push_async_callback(log.stop)
            witnesses = await running.enter_async_context(
                witnessing(grants, database.pool, lambda: signer, kept, every=witnesses_every)
            )
            async with upkeep(database.pool):
                yield Services(
                    database=database,
                    log=log,
                    clients=Clients(grants),
                    grants=grants,
                    disclosures=Disclosures(
                        grants,
                        Reader(database.pool),
                        Extents(database.pool),
                        log,
                        SubjectKey(keys.subject),
                        window=witnesses.window,
                    ),
                    entitlements=Entitlements(grants, log),
                    receipts=Receipts(grants, database.pool, log, signer),
                    publication=Publication(grants, database.engine, database.pool),
                    witnesses=witnesses,
                )
    finally:
        await database.close()
