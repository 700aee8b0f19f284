"""Who is asking: the verified caller of one partner request."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from policies.request import Bearer

AUTOMATED: Final = "automated"
"""No person is behind the request."""


@dataclass(frozen=True, slots=True)
class Caller:
    """
    A client whose access token and proof of possession have been verified.

    INVARIANT: made by `gateway.oauth.bearer` only. `replay_id` has not been spent yet: it is spent by the entry that
    records the answer, so nothing leaves before that.
    """

    client: str
    key: str
    """Thumbprint of the client's own key that the token was issued to; with the key, the token is over."""
    address: str | None
    """From where the request came, None if that is not known."""
    agreement: str
    purpose: str
    token_id: str
    behind: str
    """Opaque id of the person behind the request, or `automated`; asserted by the partner."""
    proof_digest: str
    """SHA-256 of the DPoP proof, `sha256:<hex>`: the partner's own signature over this request."""
    replay_id: bytes
    replay_expires_at: datetime
    token_epoch: int = -1
    """The epoch the token was issued under; -1, before everything, for one that does not say."""
    token_key: str = ""
    """Thumbprint of the gateway's key that signed the token."""
    role: str | None = None
    """The role of the person behind the request; none for a program's own."""

    @property
    def bearer(self) -> None:
        """Nothing: the token is bound to a key, which was proved."""


@dataclass(frozen=True, slots=True)
class BearerCaller:
    """
    A client of the compatibility mode: its token was verified, and proves nothing about who sent it.

    INVARIANT: made by `gateway.oauth.compatibility` only, on its own paths. `bearer` goes into every decision about it
    and into every entry.
    """

    client: str
    agreement: str
    purpose: str
    token_id: str
    behind: str
    bearer: Bearer
    secret: int
    """The entry that issued the secret: with the secret the token is over."""
    token_epoch: int
    token_key: str
    role: str | None = None
    """As of `Caller`."""


AnyCaller = Caller | BearerCaller
"""Who can be answered. What only a proof of possession allows takes a `Caller`."""
