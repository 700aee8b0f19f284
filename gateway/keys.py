"""
The gateway's own keys: made once, kept outside the database, readable by this account alone.

They are made together or not at all and never overwritten: a new checkpoint key would be another log, a new subject
key would unlink every accounting of disclosures.
"""

import json
import os
import secrets
import shutil
from dataclasses import dataclass, field
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

ACCESS_TOKEN_FILE = "access-token.jwk"  # noqa: S105 - the name of a file
CHECKPOINT_FILE = "checkpoint.key"
CURSOR_FILE = "cursor.key"
SUBJECT_FILE = "subject.key"
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class GatewayKeys:
    """
    Every key of the gateway. Printing it shows nothing.

    `access_token` (ES256) signs access tokens, `checkpoint` (Ed25519) the log's head; `cursor` seals page cursors;
    `subject` seals the one link between a student and the log. The last two are 32 bytes.
    """

    access_token: ECKey = field(repr=False)
    checkpoint: Ed25519PrivateKey = field(repr=False)
    cursor: bytes = field(repr=False)
    subject: bytes = field(repr=False)

    @property
    def checkpoint_public(self) -> bytes:
        """The checkpoint key's public half, 32 bytes. With the log's origin it makes the verifier key."""
        return self.checkpoint.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

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
            handle = os.open(making / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
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
    """Read the keys. Raises `KeysMissing` if one is missing, damaged, or open to other accounts."""
    try:
        return GatewayKeys(
            access_token=_signing_key(_private(folder / ACCESS_TOKEN_FILE)),
            checkpoint=_checkpoint_key(_private(folder / CHECKPOINT_FILE)),
            cursor=_secret(_private(folder / CURSOR_FILE)),
            subject=_secret(_private(folder / SUBJECT_FILE)),
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


def _new_contents() -> dict[str, bytes]:
    token = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
    checkpoint = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {
        ACCESS_TOKEN_FILE: json.dumps(token.as_dict(private=True)).encode(),
        CHECKPOINT_FILE: checkpoint,
        CURSOR_FILE: secrets.token_hex(SECRET_BYTES).encode(),
        SUBJECT_FILE: secrets.token_hex(SECRET_BYTES).encode(),
    }


def _private(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise KeysMissing(
            f"{path} can be read by other accounts.", remedy=f"Close it with chmod 600 {path}, and consider it known."
        )
    return path.read_bytes()


def _signing_key(content: bytes) -> ECKey:
    key = ECKey.import_key(json.loads(content))
    if not key.is_private or key.curve_name != "P-256" or not key.kid:
        raise ValueError("not a private P-256 key with a kid")
    return key


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
