"""A gateway whose newest entries were lost, and what its officers do then."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from agreements.keys import SigningKey
from agreements.signature import Envelope, Kind, add_signature
from agreements.trust import Trust, read_trust
from audit.checkpoint import CheckpointVerifier
from audit.proof import Receipt
from audit.reading import receipt_for
from gateway.erased import ErasedLinks
from gateway.kept import KeptCheckpoint
from gateway.services.backups.making import back_up
from gateway.services.backups.restoring import Outside, restore
from gateway.services.container import open_services
from gateway.services.recovery import Pinned, Recovered, declare, open_recovery
from tests.factories.cohort import TUTORING
from tests.factories.database import TestDatabase
from tests.factories.gateway import Gateway

NEW = "log2.district.example/pactgate"
Before = Callable[[Gateway], Awaitable[None]]


class Disaster:
    """A gateway whose newest entries are gone: an old copy was restored, and the checkpoint outside is newer."""

    def __init__(self, gateway: Gateway, database: TestDatabase, receipt: Receipt) -> None:
        self.gateway = gateway
        self.database = database
        self.receipt = receipt
        """Of an entry that is left, under the old origin."""
        self.trust_file = gateway.home / "trust.json"
        self.trust_file.write_bytes(gateway.deployment.trust.canonical)
        self.alarms: set[str] = set()
        """What was alarmed while it was recovered."""
        self.officers = [person.key for person in gateway.deployment.ring.officers]

    @property
    def pinned(self) -> Pinned:
        trust = read_trust(self.trust_file.read_bytes())
        kept = replace(self.gateway.kept, verifier=CheckpointVerifier.parse(trust.log_public_key))
        return Pinned(self.trust_file, trust, kept, self.gateway.deployment.keys)

    async def declared(self, origin: str = NEW) -> bytes:
        session = await self.database.connection("loader")
        return await declare(session, self.pinned, origin=origin, reason="the disk of the server failed")

    def signed(self, payload: bytes, keys: Sequence[SigningKey] | None = None) -> Envelope:
        document: Envelope | None = None
        for key in self.officers if keys is None else keys:
            document = add_signature(document, Kind.RECOVERY, payload, key)
        assert document is not None
        return document

    async def open(self, document: Envelope, pinned: Pinned | None = None) -> Recovered:
        return await open_recovery(self.database.url("loader"), pinned or self.pinned, document, self._alarm)

    async def start(self, trust: Trust | None = None, kept: KeptCheckpoint | None = None) -> None:
        pinned = self.pinned
        async with open_services(
            self.database.url("app"),
            pinned.keys,
            trust or pinned.trust,
            readers=2,
            public_url="http://127.0.0.1",
            kept=kept or pinned.kept,
        ):
            pass

    async def size(self) -> int:
        session = await self.database.connection("auditor")
        return int(await session.fetchval("SELECT size FROM audit.head"))

    def _alarm(self, code: str, _: Mapping[str, str]) -> None:
        self.alarms.add(code)


async def _nothing(_: Gateway) -> None: ...


@asynccontextmanager
async def disaster_of(
    gateway: Gateway, *, before: Before = _nothing, after: Before = _nothing
) -> AsyncIterator[Disaster]:
    """Lose the newest entries of a gateway; `before` and `after` are done around the copy that is restored."""
    await before(gateway)
    await gateway.serve()
    assert (await gateway.get(TUTORING, "/v1/students?limit=1")).status_code == 200
    made = gateway.deployment
    receipt = await receipt_for(await gateway.database.pool("app"), made.signer, 0)
    folder = gateway.home / "backup"
    await back_up(gateway.database.url("owner"), folder, made.trust, ErasedLinks(gateway.home / "erasures"))
    await after(gateway)
    for _ in range(3):
        assert (await gateway.get(TUTORING, "/v1/students?limit=1")).status_code == 200
    await gateway.close()
    database = TestDatabase(made.server, f"{gateway.database.name}_restored")
    await made.server.create(database.name, template=None)
    outside = Outside(made.trust, gateway.kept, ErasedLinks(gateway.home / "erasures"), made.keys.subject)
    done = await restore(database.url("owner"), folder, outside, verify=False)
    assert done.set_back is not None
    yield Disaster(gateway, database, receipt)
    await database.close()
    await made.server.drop(database.name)
