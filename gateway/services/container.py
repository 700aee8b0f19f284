"""The open services of one process: made together at start, closed together at the end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from agreements.trust import Trust
from audit.checkpoint import CheckpointSigner
from audit.log import Log
from gateway.keys import GatewayKeys
from gateway.records.extent import Extents
from gateway.records.reader import Reader
from gateway.records.subjects import SubjectKey
from gateway.services.clients import Clients
from gateway.services.disclosure import Disclosures
from gateway.services.entitlements import Entitlements
from gateway.services.grants import Grants, alarm
from gateway.services.integrity.watch import EVERY_SECONDS, Watch, watching
from gateway.services.obligations.alarming import alarming
from gateway.services.publishing.publication import Publication
from gateway.services.readiness import require_ready
from gateway.services.receipts import Receipts
from gateway.services.upkeep import upkeep
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
    watch: Watch


@asynccontextmanager
async def open_services(
    url: str,
    keys: GatewayKeys,
    trust: Trust,
    *,
    readers: int,
    public_url: str,
    guardrails: Guardrails | None = None,
    compare_every: float = EVERY_SECONDS,
) -> AsyncIterator[Services]:
    """
    Check that everything is ready, open the database as the app role, start the log, and yield the services.

    `guardrails` are those shipped with this release, unless others are given; `compare_every` are the seconds between
    two steps of the comparison of facts with the log.

    Raises what `require_ready` raises, and the log's own errors (`LogDamaged`).
    """
    await require_ready(url, public_url=public_url, keys=keys, trust=trust)
    database = await Database.open(url, readers=readers)
    try:
        signer = CheckpointSigner(trust.origin, keys.checkpoint)
        log = Log(database.log_pool, signer)
        grants = Grants(database.engine, trust, guardrails=guardrails)
        await log.start()
        try:
            watch = Watch(url, grants.registry, grants.distrust, alarm, also=alarming(database.engine, alarm))
            await watch.check()
            async with upkeep(database.pool), watching(watch, every=compare_every):
                yield Services(
                    database=database,
                    log=log,
                    clients=Clients(grants),
                    grants=grants,
                    disclosures=Disclosures(
                        grants, Reader(database.pool), Extents(database.pool), log, SubjectKey(keys.subject)
                    ),
                    entitlements=Entitlements(grants, log),
                    receipts=Receipts(grants, database.pool, log, signer),
                    watch=watch,
                    publication=Publication(grants, database.engine, database.pool),
                )
        finally:
            await log.stop()
    finally:
        await database.close()
