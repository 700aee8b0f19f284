"""Documents and keys as files: read whole or refused in one sentence, written so that nothing is lost or left half."""

import hashlib
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

import typer

from agreements.authored import read_authored
from agreements.canonical import MAX_BYTES, Json
from agreements.documents.approval import Approval, approval_bytes
from agreements.documents.reading import LINE
from agreements.errors import MalformedDocument
from agreements.keys import SigningKey
from agreements.pointer import resolve
from agreements.shapes import CLIENT, DIGEST, THUMBPRINT
from agreements.signature import Envelope, Kind, add_signature, read_envelope
from agreements.trust import Trust
from gateway.cli.run import say
from gateway.errors import GatewayError

_LIMIT: Final = 2 * MAX_BYTES
"""A signed document is its payload in base64url and some signatures."""
_PRIVATE: Final = 0o600
_PUBLIC: Final = 0o644


class FileRefused(GatewayError):
    """A file cannot be read or written, or is not private where it must be."""

    code = "file_refused"


def read_text(path: Path) -> str:
    """Return the text of a file. Raises `FileRefused`."""
    try:
        return read_file(path).decode()
    except UnicodeDecodeError as error:
        raise FileRefused(f"{path} is not UTF-8 text (byte {error.start}).", remedy="Save it as UTF-8.") from None


def read_file(path: Path) -> bytes:
    """Return the content of a document. Raises `FileRefused`."""
    try:
        with path.open("rb") as file:
            content = file.read(_LIMIT + 1)
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}.", remedy="Check the path.") from None
    if len(content) > _LIMIT:
        raise FileRefused(f"{path} is longer than {_LIMIT} bytes.", remedy="No document of ours is: check the path.")
    return content


def digest_of_file(path: Path) -> str:
    """Return the digest of a file of any size, `sha256:<hex>`. Raises `FileRefused`."""
    try:
        with path.open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}.", remedy="Check the path.") from None


def read_signed(path: Path, kind: Kind) -> Envelope:
    """Return the signed document of this kind in a file. Raises `FileRefused`, `BadEnvelope`."""
    return read_envelope(read_file(path), kind)


def is_signed(raw: bytes) -> bool:
    """Return whether these bytes are meant as a signed document, rather than as one a person wrote."""
    try:
        content = read_authored(raw)
    except MalformedDocument:
        return False
    return isinstance(content, dict) and {"payload", "signatures"} <= set(content)


def read_key(path: Path) -> SigningKey:
    """Return the private key in a file, asking for its passphrase if it has one. Raises `FileRefused`, `BadKey`."""
    content = read_file(path)
    if path.stat().st_mode & 0o077:
        raise FileRefused(
            f"{path} can be read by other accounts.", remedy=f"Close it with chmod 600 {path}, and consider it known."
        )
    locked = b"ENCRYPTED PRIVATE KEY" in content
    return SigningKey.read(content, typer.prompt("Passphrase", hide_input=True, err=True) if locked else None)


def require_free(path: Path) -> None:
    """Check that a file can be made here, before what cannot be undone. Raises `FileRefused`."""
    if path.exists() or path.is_symlink():
        raise FileRefused(f"{path} is there already.", remedy="Move it away, or name another file.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise FileRefused(f"{path} cannot be written: {path.parent} is closed.", remedy="Choose another place.")


def write_new(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a file that is not there yet, whole or not at all. Raises `FileRefused`."""
    _write(path, content, mode=_PRIVATE if private else _PUBLIC, replace=False)


def write_over(path: Path, content: bytes) -> None:
    """Write a file whole, in the place of one that may be there. Raises `FileRefused`."""
    _write(path, content, mode=_PUBLIC, replace=True)


def write_signed(path: Path, envelope: Envelope, *, replace: bool = False) -> None:
    """Write a signed document. Raises `FileRefused`, also if another file is in the way and not to be replaced."""
    _write(path, envelope.text.encode() + b"\n", mode=_PUBLIC, replace=replace)


def approve(
    envelope: Envelope,
    words: tuple[str, ...],
    content: Json,
    key: SigningKey,
    *,
    assume_yes: bool,
    acknowledges: tuple[str, ...] = (),
) -> Envelope:
    """
    Return the approval of a document by the holder of `key`, who has read and accepted what only words carry.

    `acknowledges` are the digests of what speaks against it and was weighed.
    """
    if words:
        say("No rule carries out these terms. Whoever approves the document has read them and sees to them:")
    for path in words:
        say(f"  {path}: {resolve(content, path)}")
    if not assume_yes:
        these = " with these terms" if words else ""
        typer.confirm(f"Approve {envelope.kind.value} {envelope.digest}{these}?", abort=True, err=True)
    approval = Approval(envelope.digest, envelope.kind.value, key.thumbprint, words, acknowledges)
    return add_signature(None, Kind.APPROVAL, approval_bytes(approval), key)


def hint_unless_officer(key: SigningKey, trust: Trust | None) -> None:
    """Say so, if it can be known here, when a key is no pinned officer's; one introduced later is known to the log."""
    if trust is not None and key.thumbprint not in trust.keys:
        say(f"Careful: {key.thumbprint} is not an officer pinned here; unless it came later, what it signs is refused.")


def digest(text: str | None) -> str | None:
    """Judge the digest of a document, given as an argument."""
    return shaped(text, DIGEST)


def digests(texts: list[str] | None) -> list[str]:
    """Judge the digests of documents, given as a repeated option."""
    for each in texts or ():
        shaped(each, DIGEST)
    return texts or []


def agreement(text: str | None) -> str | None:
    """Judge what names an agreement: the digest of one of its versions, or the id that all of them share."""
    return shaped(text, (f"{DIGEST[0]}|{LINE[0]}", f"{DIGEST[1]}, or {LINE[1]}"))


def thumbprint(text: str | None) -> str | None:
    """Judge a key's thumbprint, given as an argument."""
    return shaped(text, THUMBPRINT)


def client_id(text: str | None) -> str | None:
    """Judge a client's id, given as an argument."""
    return shaped(text, CLIENT)


def filled(text: str) -> str:
    """Judge words that stay on record, given as an argument."""
    if not text.strip():
        raise typer.BadParameter("expected some words")
    return text.strip()


def shaped(text: str | None, shape: tuple[str, str]) -> str | None:
    """Judge an argument by a pattern and what it looks like; None if it was not given."""
    pattern, looks_like = shape
    if text is not None and not re.fullmatch(pattern, text):
        raise typer.BadParameter(f"expected {looks_like}")
    return text


def _write(path: Path, content: bytes, *, mode: int, replace: bool) -> None:
    making = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            making.replace(path)
        else:
            path.hardlink_to(making)  # never replaces a file that is there
    except FileExistsError:
        raise FileRefused(f"{path} is there already.", remedy="Move it away, or name another file.") from None
    except OSError as error:
        raise FileRefused(f"{path} cannot be written: {error.strerror}.", remedy="Choose another place.") from None
    finally:
        with suppress(OSError):
            making.unlink()
