"""The open services of one process: made together at start, closed together at the end."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from agreements.trust import Trust
from audit.log import Log
from audit.note import split
from audit.paths import TileHeads
from gateway.kept import KeptCheckpoint
from gateway.keys import GatewayKeys
from gateway.records.extent import Extents
from gateway.records.following import Follower
from gateway.records.reader import Reader
from gateway.records.subjects import SubjectKey
from gateway.services.alarms import alarm
from gateway.services.clients import Clients
from gateway.services.compatibility.directory import SecretClients
from gateway.services.compatibility.watch import bearers_watched
from gateway.services.continuity import keeping
from gateway.services.disclosure import Disclosures
from gateway.services.entitlements import Entitlements
from gateway.services.family.alarming import overdue_alarming
from gateway.services.grants import Grants
from gateway.services.inbox.keeping import alarms_kept
from gateway.services.integrity.watch import EVERY_SECONDS as COMPARE_SECONDS
from gateway.services.integrity.watch import Watch, watching
from gateway.services.keysets.fetching import Fetcher
from gateway.services.keysets.reminding import reminding
from gateway.services.keysets.renewing import Fetches, KeyRenewal
from gateway.services.keysets.token_keys_held import comparing_token_keys
from gateway.services.logkeys import StandingKeys, kept_log_keys, log_keys
from gateway.services.obligations.alarming import alarming
from gateway.services.publishing.publication import Publication
from gateway.services.readiness import require_ready
from gateway.services.receipts import Receipts
from gateway.services.rosters.alarming import rosters_watched
from gateway.services.rosters.submitting import PartnerRosters
from gateway.services.staff.directory import StaffDirectory
from gateway.services.staff.sessions import Sessions
from gateway.services.standing.registry import Moment, Registry
from gateway.services.upkeep import EVERY_SECONDS as UPKEEP_SECONDS
from gateway.services.upkeep import upkeep
from gateway.services.witnessing.delivery import Parts
from gateway.services.witnessing.watch import EVERY_SECONDS as WITNESS_SECONDS
from gateway.services.witnessing.watch import Watch as Witnesses
from gateway.services.witnessing.watch import watching as witnessing
from gateway.services.witnessing.window import Window
from gateway.store.database import Database
from policies.guardrails import Guardrails


@dataclass(frozen=True, slots=True)
class Services:
    """What routes reach. Everything here belongs to one database and one set of keys."""

    database: Database
    log: Log
    clients: Clients
    secret_clients: SecretClients
    grants: Grants
    disclosures: Disclosures
    entitlements: Entitlements
    receipts: Receipts
    rosters: PartnerRosters
    publication: Publication
    facts: Watch
    witnesses: Witnesses
    staff: StaffDirectory
    sessions: Sessions


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
    witnesses_every: float | None = WITNESS_SECONDS,
    compare_every: float = COMPARE_SECONDS,
    upkeep_every: float = UPKEEP_SECONDS,
    fetcher: Fetches | None = None,
    compatibility: bool = False,
) -> AsyncIterator[Services]:
    """
    Check that everything is ready, open the database as the app role, start the log, and yield the services.

    `guardrails` are those shipped with this release, unless others are given. `kept` is where the newest checkpoint is
    kept outside the database; `serve` always has one. `witnesses_every` is how often witnesses are asked, in seconds;
    None: only when `witnesses.round` is called. `compare_every` are the seconds between two steps of the comparison of
    facts with the log, `upkeep_every` those between two times of tidying up. `fetcher` fetches what clients publish;
    tests bring one that may call loopback. `compatibility` says that programs which know only a secret are served: then
    it is alarmed about whom they reach.

    Raises what `require_ready` raises, and the log's own errors (`LogDamaged`).
    """
    await require_ready(url, public_url=public_url, keys=keys, trust=trust, kept=kept)
    database = await Database.open(url, readers=readers)
    try:
        standing = StandingKeys(await log_keys(url, trust))
        log = Log(database.log_pool, standing.known.signer(keys))
        async with AsyncExitStack() as running:
            await running.enter_async_context(alarms_kept(database.engine))
            if kept is not None:
                kept = replace(standing.known.judging(kept), verifier=standing)
                await running.enter_async_context(keeping(database.pool, log, kept))
            await log.start()
            running.push_async_callback(log.stop)
            grants = Grants(database.engine, trust, guardrails=guardrails)
            await grants.current()  # what is decided by is on record before anybody asks
            facts = Watch(url, grants.registry, grants.distrust, alarm, also=_looking(database.engine, keys.folder))
            await facts.check()
            await running.enter_async_context(watching(facts, every=compare_every))
            renewal = KeyRenewal(database.engine, fetcher or Fetcher(), alarm, time.monotonic)
            running.push_async_callback(renewal.close)
            tiles, window = TileHeads(), Window()
            parts = Parts(database.pool, log, standing, tiles, kept)
            witnesses = Witnesses(grants, parts, window, alarm, was_witnessed=_was_witnessed(kept))
            await running.enter_async_context(witnessing(witnesses, every=witnesses_every))
            await running.enter_async_context(bearers_watched(grants, alarm, served=compatibility))
            await running.enter_async_context(upkeep(database.pool, every=upkeep_every))
            async with kept_log_keys(log, database.pool, trust, keys, standing):
                yield Services(
                    database=database,
                    log=log,
                    clients=Clients(grants, renewal),
                    secret_clients=SecretClients(grants, database.pool),
                    grants=grants,
                    disclosures=Disclosures(
                        grants,
                        Reader(database.pool),
                        Extents(database.pool),
                        log,
                        SubjectKey(keys.subject),
                        follower=Follower(database.pool),
                        window=window,
                    ),
                    entitlements=Entitlements(grants, log),
                    receipts=Receipts(grants, database.pool, log, tiles=tiles),
                    rosters=PartnerRosters(
                        grants, database.engine, database.pool, log, SubjectKey(keys.subject), window=window
                    ),
                    facts=facts,
                    publication=Publication(grants, database.engine, database.pool),
                    witnesses=witnesses,
                    staff=StaffDirectory(grants, database.engine, log),
                    sessions=Sessions(database.engine, grants, log),
                )
    finally:
        await database.close()


def _looking(engine: AsyncEngine, folder: Path | None) -> Callable[[Registry, Moment], Awaitable[None]]:
    """Return what looks once a round at what is owed, who waits, clients and rosters that end, others' keys."""
    at_obligations, at_clients = alarming(engine, alarm), reminding(engine, alarm)
    at_keys, at_families = comparing_token_keys(engine, alarm, folder), overdue_alarming(engine, alarm)
    at_rosters = rosters_watched(engine, alarm)

    async def look(registry: Registry, moment: Moment) -> None:
        await at_obligations(registry, moment)
        await at_clients(registry, moment)
        await at_keys(registry, moment)
        await at_rosters(registry, moment)
        await at_families(registry, moment)

    return look


def _was_witnessed(kept: KeptCheckpoint | None) -> bool:
    """Return whether the checkpoint that is kept outside the database carries a signature that is not the log's."""
    checkpoint = None if kept is None else kept.read()
    return checkpoint is not None and any(name != checkpoint.origin for name, _ in split(checkpoint.note)[1])
