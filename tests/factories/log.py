"""A log to test with: a key that is no secret, and leaves that are told apart by a number."""

from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import CheckpointSigner
from audit.entry import encode
from audit.events import Event

ORIGIN = "log.district.example/pactgate"
APPEND = (
    "audit.append_batch(bigint, bytea[], bytea[], bytea, bytea, bigint, bytea[], timestamptz[], bytea[], bytea[],"
    " bytea[], timestamptz[], bigint[], bigint[])"
)
"""The one function that writes entries: a role without it cannot reach the log."""
TIME = datetime(2025, 9, 1, 12, 0, tzinfo=UTC)


def signer_of(origin: str = ORIGIN, *, seed: int = 1) -> CheckpointSigner:
    """Return the signer whose private key is `seed` in 32 bytes: the same in every run."""
    return CheckpointSigner(origin, Ed25519PrivateKey.from_private_bytes(seed.to_bytes(32, "big")))


def numbered_leaf(number: int, event: Event = Event.DISCLOSURE, **body: object) -> bytes:
    """Return the leaf of an entry told apart by `number`."""
    return encode(event, TIME, {"number": number, **body})
