"""A client's two private keys as files, open to their owner alone. Keys are never overwritten."""

import json
import os
from pathlib import Path

from joserfc.jwk import ECKey

from gateway.oauth.client import PartnerKeys, PartnerRefused

CLIENT_FILE, PROOF_FILE = "client.jwk", "proof.jwk"
"""The key that proves who the client is, and the key its tokens are bound to."""
_PRIVATE = 0o600


def write_keys(folder: Path, keys: PartnerKeys) -> None:
    """Write both keys into `folder`, made if need be. Raises `PartnerRefused` if it holds keys or cannot be written."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, key in ((CLIENT_FILE, keys.client), (PROOF_FILE, keys.proof)):
            _write(folder / name, key)
    except FileExistsError:
        raise PartnerRefused(
            f"There are keys in {folder} already.", remedy="Keys are never overwritten; choose another folder."
        ) from None
    except OSError as error:
        raise PartnerRefused(
            f"{folder} cannot be written: {error.strerror}.", remedy="Choose another folder."
        ) from None


def read_keys(folder: Path) -> PartnerKeys:
    """Read both keys. Raises `PartnerRefused` if one is missing, damaged, or open to other accounts."""
    return PartnerKeys(_read(folder / CLIENT_FILE), _read(folder / PROOF_FILE))


def _write(path: Path, key: ECKey) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with os.fdopen(handle, "w") as file:
        json.dump(key.as_dict(private=True), file)


def _read(path: Path) -> ECKey:
    content = _private(path)
    try:
        return ECKey.import_key(json.loads(content))
    except Exception:  # noqa: BLE001  whatever a parser says about a private key may quote it
        raise PartnerRefused(f"{path} is not a private key.", remedy="Restore it, or make new keys.") from None


def _private(path: Path) -> bytes:
    try:
        is_open = path.stat().st_mode & 0o077
        content = path.read_bytes()
    except OSError as error:
        raise PartnerRefused(
            f"{path} cannot be read: {error.strerror}.", remedy="Make keys with `pactgate partner keygen FOLDER`."
        ) from None
    if is_open:
        raise PartnerRefused(
            f"{path} can be read by other accounts.", remedy=f"Close it with chmod 600 {path}, and consider it known."
        )
    return content
