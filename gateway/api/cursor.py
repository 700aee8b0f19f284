"""
Page cursors: opaque, encrypted, and good only for the client and the query they were made for.

A cursor holds the last record code and, when sorted, the last value; both are personal data, so a partner, a proxy log
or a bookmark must not be able to read them. A cursor carries no permission: each page is judged anew.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.problems import Problem
from gateway.records.reader import Position
from gateway.services.changes import Following, unpack_following

_NONCE_BYTES = 12
_MAX_TEXT = 2_048
"""A longer cursor is none of ours: names and codes are far shorter."""


class _Sealer:
    """Seals bytes into the text of a cursor, bound to what it is good for. `key` is 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, binding: bytes, nonce: bytes) -> str:
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, plain, binding)).rstrip(b"=").decode()

    def open(self, text: str, binding: bytes) -> bytes:
        """Return what was sealed for this binding. Raises `Problem` (`cursor_invalid`) for anything else."""
        if len(text) > _MAX_TEXT:
            raise Problem("cursor_invalid")
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
                raise Problem("cursor_invalid")
            return self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], binding)
        except (binascii.Error, ValueError, InvalidTag) as error:
            raise Problem("cursor_invalid") from error


class Cursors:
    """Seals and opens page positions. `key` is 32 bytes and never leaves the gateway."""

    def __init__(self, key: bytes) -> None:
        self._sealer = _Sealer(key)
        self._decoder = msgspec.json.Decoder(Position)

    def __repr__(self) -> str:
        """Show nothing of the key."""
        return "Cursors(…)"

    def seal(
        self,
        position: Position,
        *,
        client: str,
        agreement: str,
        dataset: str,
        query: Mapping[str, str],
        nonce: bytes,
    ) -> str:
        """Return the text that continues this query after `position`; a `nonce` of 12 bytes is never used twice."""
        plain = msgspec.json.encode(position)
        return self._sealer.seal(plain, _binding(client, agreement, dataset, query), nonce)

    def open(self, text: str, *, client: str, agreement: str, dataset: str, query: Mapping[str, str]) -> Position:
        """
        Return the position in `text`.

        Raises `Problem` (`cursor_invalid`) for anything that was not sealed for exactly this client, agreement, dataset
        and query: altered, foreign and outdated cursors are not told apart.
        """
        try:
            return self._decoder.decode(self._sealer.open(text, _binding(client, agreement, dataset, query)))
        except msgspec.DecodeError as error:
            raise Problem("cursor_invalid") from error


class ChangeCursors:
    """Seals and opens how far a client has come that follows changes; with the same key, bound as page cursors are."""

    def __init__(self, key: bytes) -> None:
        self._sealer = _Sealer(key)

    def __repr__(self) -> str:
        """Show nothing of the key."""
        return "ChangeCursors(…)"

    def seal(self, come: Following, *, client: str, dataset: str, query: Mapping[str, str], nonce: bytes) -> str:
        """Return the text that goes on from there; a `nonce` of 12 bytes is never used twice."""
        return self._sealer.seal(come.pack(), _changes_binding(client, dataset, query), nonce)

    def open(self, text: str, *, client: str, dataset: str, query: Mapping[str, str]) -> Following:
        """
        Return how far the client has come. Under which agreement, the cursor itself says.

        Raises `Problem` (`cursor_invalid`) for anything that was not sealed for exactly this client, dataset and query.
        """
        try:
            return unpack_following(self._sealer.open(text, _changes_binding(client, dataset, query)))
        except msgspec.DecodeError as error:
            raise Problem("cursor_invalid") from error


def _binding(client: str, agreement: str, dataset: str, query: Mapping[str, str]) -> bytes:
    """Return what a cursor is bound to: who asks, under which agreement, what for, and all but the cursor."""
    parts = msgspec.json.encode([client, agreement, dataset, sorted(query.items())])
    return hashlib.sha256(parts).digest()


def _changes_binding(client: str, dataset: str, query: Mapping[str, str]) -> bytes:
    """Return what a cursor of changes is bound to; no page cursor is bound to such a thing."""
    return hashlib.sha256(msgspec.json.encode(["changes", [client, dataset, sorted(query.items())]])).digest()
