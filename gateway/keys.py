"""
The gateway's own keys: made once, kept outside the database, readable by this account alone.

They are made together or not at all and never overwritten: a new subject key would unlink every accounting of
disclosures, and a checkpoint key that nobody introduced would be another log's.
"""

import os
import secrets
import shutil
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from joserfc.jwk import ECKey

from gateway.errors import KeysMissing
from gateway.private_files import read_private
from gateway.token_keys import ACCESS_TOKEN_FILE, TokenKey, load_token_keys, new_token_key
from gateway.wrapping_keys import SECRET_BYTES, SUBJECT_FILE, WrappingKeys, load_wrapping_keys

CHECKPOINT_FILE = "checkpoint.key"
FURTHER_CHECKPOINTS = "checkpoint-*.key"
"""Keys that were made later, each named after its public half."""
CURSOR_FILE = "cursor.key"


@dataclass(frozen=True, slots=True)
class GatewayKeys:
    """
    Every key of the gateway. Printing it shows nothing.

    `token_keys` (ES256) sign access tokens, one at a time, `checkpoint` (Ed25519) the log's head; `cursor` seals page
    cursors, 32 bytes; `subject` are those that seal the one link between a student and the log, more than one after an
    exchange. `further_checkpoints` are there while the log's key is exchanged; which of them counts is for
    `gateway.services.logkeys` to say.
    """

    token_keys: tuple[TokenKey, ...] = field(repr=False)
    checkpoint: Ed25519PrivateKey = field(repr=False)
    cursor: bytes = field(repr=False)
    subject: WrappingKeys = field(repr=False)
    further_checkpoints: tuple[Ed25519PrivateKey, ...] = field(default=(), repr=False)
    folder: Path | None = field(default=None, repr=False)
    """Where they were read from, so that a running process can look for a further checkpoint key."""

    @property
    def checkpoints(self) -> tuple[Ed25519PrivateKey, ...]:
        """Every checkpoint key that is here."""
        return (self.checkpoint, *self.further_checkpoints)

    @property
    def checkpoint_public(self) -> bytes:
        """The checkpoint key's public half, 32 bytes. With the log's origin it makes the verifier key."""
        return public_half(self.checkpoint)

    @property
    def access_token(self) -> ECKey:
        """The newest key that signs access tokens, or will."""
        return self.token_keys[-1].key

    @property
    def access_token_public(self) -> dict[str, object]:
        """The public JWK under which partners may check our tokens."""
        return dict(self.access_token.as_dict(private=False))


def create_keys(folder: Path) -> GatewayKeys:
    """Make the four keys in `folder`. Raises `KeysMissing` if something is there already, or it cannot be written."""
    making = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        making.mkdir(mode=0o700, parents=True)
        for name, content in _new_contents().items():
            _write_private(making / name, content)
        # One rename makes all four appear at once; the system refuses it when `folder` holds anything.
        making.rename(folder)
    except OSError as error:
        if folder.exists() and any(folder.iterdir()):
            raise KeysMissing(
                f"There are keys in {folder} already, and keys are never overwritten.",
                remedy="Keep them. For a second installation set PACTGATE_HOME to another folder.",
            ) from None
        raise KeysMissing(
            f"The keys cannot be written to {folder}: {error.strerror}.",
            remedy="Set PACTGATE_KEYS to a folder whose parent this account may write to.",
        ) from None
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return load_keys(folder)


def load_keys(folder: Path) -> GatewayKeys:
    """
    Read the keys. Raises `KeysMissing` if one is missing, damaged, or open to other accounts.

    The first checkpoint key may be gone, lost or retired, once a later one is there.
    """
    try:
        further = sorted(folder.glob(FURTHER_CHECKPOINTS))
        first = folder / CHECKPOINT_FILE
        checkpoint, *others = [_checkpoint_key(read_private(file)) for file in _present(first, further)]
        return GatewayKeys(
            token_keys=load_token_keys(folder),
            checkpoint=checkpoint,
            cursor=_secret(read_private(folder / CURSOR_FILE)),
            subject=load_wrapping_keys(folder),
            further_checkpoints=tuple(others),
            folder=folder,
        )
    except FileNotFoundError as error:
        raise KeysMissing(f"The gateway has no {Path(str(error.filename)).name} in {folder}.") from None
    except OSError as error:
        raise KeysMissing(
            f"The keys in {folder} cannot be read: {error.strerror}.",
            remedy="Run pactgate as the account that owns the keys folder.",
        ) from None
    except KeysMissing:
        raise
    except Exception:  # noqa: BLE001 - whatever a parser says about a private key may quote it
        raise KeysMissing(
            f"A key in {folder} is damaged.", remedy="Restore the keys folder from your copy; do not make new keys."
        ) from None


def add_checkpoint_key(folder: Path) -> Ed25519PrivateKey:
    """
    Make one more checkpoint key in the folder, beside the others; it counts once officers have introduced it.

    Raises `KeysMissing` if it cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    file = folder / FURTHER_CHECKPOINTS.replace("*", sha256(public_half(key)).hexdigest()[:16])
    making = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        _write_private(making, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        making.rename(file)
    except OSError as error:
        raise KeysMissing(
            f"The key cannot be written to {folder}: {error.strerror}.",
            remedy="Run pactgate as the account that owns the keys folder.",
        ) from None
    finally:
        making.unlink(missing_ok=True)
    return key


def public_half(key: Ed25519PrivateKey) -> bytes:
    """Return the public half of a checkpoint key, 32 bytes."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _present(first: Path, further: list[Path]) -> list[Path]:
    return further if further and not first.exists() else [first, *further]


def _write_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _new_contents() -> dict[str, bytes]:
    _, token = new_token_key()
    checkpoint = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {
        ACCESS_TOKEN_FILE: token,
        CHECKPOINT_FILE: checkpoint,
        CURSOR_FILE: secrets.token_hex(SECRET_BYTES).encode(),
        SUBJECT_FILE: secrets.token_hex(SECRET_BYTES).encode(),
    }


def _checkpoint_key(content: bytes) -> Ed25519PrivateKey:
    key = load_pem_private_key(content, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("not an Ed25519 key")
    return key


def _secret(content: bytes) -> bytes:
    secret = bytes.fromhex(content.decode())
    if len(secret) != SECRET_BYTES:
        raise ValueError("not 32 bytes")
    return secret
