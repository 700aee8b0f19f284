"""What the district has on file about one client. No imports from the gateway."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AgreementGrant:
    """
    One agreement that names the client through a binding annex.

    `digest` is the agreement's (`sha256:<hex>`), `line` the id that all its versions share; `datasets` are all datasets
    it covers; `in_force` was judged by the database's clock when the client was loaded. `keys` are the thumbprints
    bound to this agreement: a key approved for one agreement opens no other, not even of the same client.
    """

    digest: str
    purpose: str
    datasets: frozenset[str]
    in_force: bool
    keys: frozenset[str]
    line: str


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """
    A client as it stood at `read_at`, the database's clock, under `epoch`.

    `jwks` holds the public keys of its approved bindings as JSON Web Keys (RFC 7517), each with a `kid`.
    """

    id: str
    partner: str
    name: str
    active: bool
    jwks: tuple[Mapping[str, object], ...]
    agreements: tuple[AgreementGrant, ...]
    epoch: int
    read_at: datetime


class ClientDirectory(Protocol):
    """Where clients are looked up: one snapshot a call, so that keys, status and agreements belong together."""

    async def load(self, client_id: str) -> RegisteredClient | None:
        """Return the client of this id, suspended or not, or None if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class KnownSecret:
    """What a client's secret is compared with; `entry` issued it. It is neither ended nor over."""

    entry: int
    salt: bytes = field(repr=False)
    commitment: str


@dataclass(frozen=True, slots=True)
class SecretClient:
    """
    A client of the compatibility mode, with everything that must be switched on for it switched on.

    `client` has no keys, and only agreements that let it ask without any; `networks` are by the agreement's digest.
    """

    client: RegisteredClient
    networks: Mapping[str, frozenset[str]]
    secrets: tuple[KnownSecret, ...]


class SecretClientDirectory(Protocol):
    """Where clients of the compatibility mode are looked up, in one snapshot a call."""

    async def load(self, client_id: str) -> SecretClient | None:
        """Return the client of this id, or None if nothing lets it in, whatever the reason."""
        ...

    async def networks(self, client_id: str, agreement: str, secret: int) -> frozenset[str] | None:
        """
        Return the networks from which this client may ask under this agreement: an empty set if it may not.

        None if the secret of this entry is over or was ended: its tokens end with it.
        """
        ...
