"""An installation of one test: a database where trust has started, keys, and two officers who can sign."""

from dataclasses import dataclass
from pathlib import Path

from agreements.keys import SigningKey
from agreements.trust import Officer, Trust
from audit.checkpoint import CheckpointVerifier
from gateway.keys import GatewayKeys, create_keys
from gateway.services.installation import install
from tests.factories.database import TestDatabase

ORIGIN = "log.district.example/pactgate"
OFFICERS = ("Ines Duarte", "Tomasz Wilk")


@dataclass(frozen=True, slots=True)
class TestInstallation:
    """What `pactgate keys init` and `pactgate init` leave behind; `officers` hold the private halves, in order."""

    __test__ = False

    database: TestDatabase
    home: Path
    keys: GatewayKeys
    trust: Trust
    officers: tuple[SigningKey, SigningKey]

    @property
    def trust_verifier(self) -> CheckpointVerifier:
        """The log's verifier, as it was pinned."""
        return CheckpointVerifier.parse(self.trust.log_public_key)

    @property
    def environment(self) -> dict[str, str]:
        """The settings under which a command works on this installation."""
        roles = ("admin", "owner", "app", "loader", "auditor")
        urls = {f"PACTGATE_{role.upper()}_URL": self.database.url(role) for role in roles}
        return {"PACTGATE_HOME": str(self.home), **urls}


async def installed_in(database: TestDatabase, home: Path, *, demo: bool) -> TestInstallation:
    """Make keys and officers, pin them, and write entry 0."""
    keys = create_keys(home / "keys")
    signing = (SigningKey.generate("ES256"), SigningKey.generate("Ed25519"))
    officers = tuple(Officer(name, key.public) for name, key in zip(OFFICERS, signing, strict=True))
    opened = await install(
        database.url("owner"), database.url("loader"), home / "trust.json", keys, officers, origin=ORIGIN, demo=demo
    )
    database.server.know(opened.trust.log_public_key)
    return TestInstallation(database, home, keys, opened.trust, signing)
