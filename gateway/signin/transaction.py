"""
A sign-in under way: what the browser carries from our page to the provider's and back, sealed.

INVARIANT: it is sealed to one realm and good for ten minutes; without this browser's cookie no answer of a provider is
looked at (RFC 9700 section 4.7). It opens a session once: the session's row names it.
"""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Callable
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.services.standing.identity import Realm
from gateway.signin.errors import SignInFailed

LASTS_SECONDS: Final = 600
_NONCE_BYTES: Final = 12
_MOST_CHARACTERS: Final = 3_000
_VALUE_BYTES: Final = 32


class Purpose(msgspec.Struct, frozen=True):
    """What somebody who is signed in signs in again for: `session` is the number of the session that asked."""

    session: str
    action: str
    concerns: str


class Transaction(msgspec.Struct, frozen=True):
    """One sign-in under way. `begun` is in seconds of the epoch; `next` is a path of ours."""

    provider: str
    state: str
    nonce: str
    verifier: str
    begun: float
    next: str
    purpose: Purpose | None = None

    def __repr__(self) -> str:
        """Show nothing of it."""
        return "Transaction(…)"

    @property
    def login(self) -> bytes:
        """Return the digest by which a session remembers which sign-in opened it."""
        return hashlib.sha256(b"pactgate sign-in " + self.state.encode()).digest()


class Transactions:
    """
    Begins sign-ins, and seals and opens what the browser carries of them.

    `key` is 32 bytes of the gateway's own, of which a key of this purpose is derived: all replicas have the same.
    """

    def __init__(
        self, key: bytes, clock: Callable[[], float], random: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self._cipher = AESGCM(hashlib.sha256(b"pactgate sign-in transaction 1" + key).digest())
        self._clock = clock
        self._random = random
        self._decoder = msgspec.json.Decoder(Transaction)

    def __repr__(self) -> str:
        """Show nothing of the key."""
        return "Transactions(…)"

    def begin(self, provider: str, next_path: str, purpose: Purpose | None = None) -> Transaction:
        """Return a new transaction with fresh state, nonce and PKCE verifier (RFC 7636 section 4.1)."""
        state, nonce, verifier = (_text(self._random(_VALUE_BYTES)) for _ in range(3))
        return Transaction(provider, state, nonce, verifier, self._clock(), next_path, purpose)

    def seal(self, realm: Realm, transaction: Transaction) -> str:
        """Return what the cookie holds."""
        nonce = self._random(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, msgspec.json.encode(transaction), realm.value.encode())
        return _text(nonce + sealed)

    def open(self, realm: Realm, text: str) -> Transaction:
        """Return the transaction in a cookie. Raises `SignInFailed` for anything else, and for an old one."""
        try:
            if len(text) > _MOST_CHARACTERS:
                raise SignInFailed("transaction")
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            plain = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], realm.value.encode())
            found = self._decoder.decode(plain)
        except (binascii.Error, ValueError, InvalidTag, msgspec.DecodeError):
            raise SignInFailed("transaction") from None
        if not 0 <= self._clock() - found.begun <= LASTS_SECONDS:
            raise SignInFailed("transaction_late")
        return found


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
