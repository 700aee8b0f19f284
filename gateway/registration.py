"""What the district has on file about one client. No imports from the gateway."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, Protocol

from agreements.attending import UNATTENDED, Attendance


@dataclass(frozen=True, slots=True)
class EndedTokens:
    """
    Which tokens are over before their time, by the entries of the log that say so.

    A token carries the epoch it was issued under, and no entry that moves the epoch stands between that and its own
    entry. INVARIANT: so it was issued before the entry `n` that ended tokens if and only if its epoch is below `n`.
    """

    clients: Mapping[str, int] = field(default_factory=dict)
    """Client -> the newest entry that ended all its tokens."""
    agreements: Mapping[str, int] = field(default_factory=dict)
    """Digest of an agreement -> the newest entry that ended all tokens for it."""
    tokens: frozenset[str] = frozenset()
    """Tokens that their own client ended, by id."""
    keys: frozenset[str] = frozenset()
    """Retired keys of the gateway, by thumbprint: whatever they signed is over."""

    def has(self, token: "IssuedToken") -> bool:
        """Return whether this token is over."""
        return (
            token.token_epoch < self.clients.get(token.client, -1)
            or token.token_epoch < self.agreements.get(token.agreement, -1)
            or token.token_id in self.tokens
            or token.token_key in self.keys
        )


NONE_ENDED: Final = EndedTokens()


class IssuedToken(Protocol):
    """What it takes to say whether a token is over: the caller who brought it, or the token itself."""

    @property
    def client(self) -> str: ...  # noqa: D102 -- said by `Caller`
    @property
    def agreement(self) -> str: ...  # noqa: D102 -- said by `Caller`
    @property
    def token_id(self) -> str: ...  # noqa: D102 -- said by `Caller`
    @property
    def token_epoch(self) -> int: ...  # noqa: D102 -- said by `Caller`
    @property
    def token_key(self) -> str: ...  # noqa: D102 -- said by `Caller`


Places = tuple[tuple[IPv4Network | IPv6Network, ...], ...]
"""For each binding that lists a key, the networks that it may be used from; an empty list means anywhere."""


def is_allowed(places: Places, address: str | None) -> bool:
    """Return whether a key may be used from an address; one that is not known is in no list."""
    return any(
        not networks or (address is not None and any(ip_address(address) in network for network in networks))
        for networks in places
    )


@dataclass(frozen=True, slots=True)
class AgreementGrant:
    """
    One agreement that names the client through a binding annex.

    `digest` is the agreement's (`sha256:<hex>`), `line` the id that all its versions share; `datasets` are all datasets
    it covers; `in_force` was judged by the database's clock when the client was loaded. `keys` are the thumbprints
    bound to this agreement, each with where it may be used from: a key approved for one agreement opens no other, not
    even of the same client. `attendance` says for whom the client may call; by default for nobody but itself.
    """

    digest: str
    purpose: str
    datasets: frozenset[str]
    in_force: bool
    keys: Mapping[str, Places]
    line: str
    attendance: Attendance = UNATTENDED


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
    ended: EndedTokens = NONE_ENDED
    """Which tokens are over at this epoch, of whichever client."""


class ClientDirectory(Protocol):
    """Where clients are looked up: one snapshot a call, so that keys, status and agreements belong together."""

    async def load(self, client_id: str, key_id: str | None = None, /) -> RegisteredClient | None:
        """
        Return the client of this id, suspended or not, or None if there is none.

        `key_id` is the key that somebody named as this client: published keys are fetched if it is not among them.
        """
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
