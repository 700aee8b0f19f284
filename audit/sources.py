"""
Where an exported log is read from: a folder, or a web server over one (C2SP tlog-tiles, "HTTP").

Whatever is read comes from somebody who may lie: a file is bounded in size and in time, and must be a plain file. A
source never says that a log is right; it only hands out bytes.
"""

import contextlib
import http.client
import os
import socket
import ssl
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import SplitResult, quote, urlsplit

from audit.errors import LogDamaged, SourceUnavailable

FETCH_SECONDS: Final = 30.0
"""For one file, from the first byte of the request to the last of the answer; a full bundle has at most 16 MiB."""
SILENT_SECONDS: Final = 10.0
"""The longest wait for the next byte."""
TRIES: Final = 3
PAUSE_SECONDS: Final = 0.5
"""Before the second try; twice as long before each further one."""
_MISSING: Final = frozenset({404, 410})
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which the same question may have another answer."""
_REFUSAL: Final = 4096
_PATH: Final = "/%:@!$&'()*+,;=-._~"
"""What stays as it is in the path of the address (RFC 3986 section 3.3); the rest is percent-encoded."""


class Source(Protocol):
    """Hands out the files of one exported log by name, such as `checkpoint` or `tile/0/000`."""

    def read(self, name: str, limit: int) -> bytes | None:
        """
        Return a file of at most `limit` bytes; None if there is none of this name.

        Raises `LogDamaged` if it is larger or no plain file, `SourceUnavailable` if that cannot be found out.
        """
        ...  # pragma: no cover - a protocol


def require_file(source: Source, name: str, limit: int) -> bytes:
    """Return a file that must be there. Raises `LogDamaged` if it is not, and what `Source.read` raises."""
    content = source.read(name, limit)
    if content is None:
        raise LogDamaged(f"{name} is missing")
    return content


class Folder:
    """An export in a folder. Links are followed: what counts is the bytes, and these are checked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str, limit: int) -> bytes | None:
        """Return a file, as `Source.read` says."""
        try:
            # Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
            handle = os.open(self._folder / name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise SourceUnavailable(f"{name} cannot be read: {error.strerror}") from None
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise LogDamaged(f"{name} is not a plain file")
            return _bounded(lambda most: os.read(handle, most), name, limit)
        except OSError as error:
            raise SourceUnavailable(f"{name} cannot be read: {error.strerror}") from None
        finally:
            os.close(handle)

    def close(self) -> None:
        """Do nothing: no file is kept open."""


class Web:
    """
    An export behind a web server, `http` or `https`. One connection is kept open; use it from one thread.

    No redirect is followed: whoever gave the address meant this server. An address with a password in it is refused,
    because addresses are printed.
    """

    def __init__(
        self,
        url: str,
        *,
        fetch_seconds: float = FETCH_SECONDS,
        silent_seconds: float = SILENT_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the address of the folder that holds `checkpoint`. Raises `SourceUnavailable` if it cannot be one."""
        parts = _address(url)
        assert parts.hostname is not None  # `_address` saw to it
        self._base = quote(parts.path.rstrip("/"), safe=_PATH)
        self._fetch_seconds = fetch_seconds
        self._sleep = sleep
        self._connection = (
            http.client.HTTPSConnection(
                parts.hostname, parts.port or 443, timeout=silent_seconds, context=ssl.create_default_context()
            )
            if parts.scheme == "https"
            else http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=silent_seconds)
        )

    def read(self, name: str, limit: int) -> bytes | None:
        """Return a file, as `Source.read` says; tries again a few times when that may help."""
        reason = ""
        for attempt in range(TRIES):
            if attempt:
                self._sleep(PAUSE_SECONDS * 2 ** (attempt - 1))
            try:
                status, content = self._fetch(name, limit)
            except (OSError, http.client.HTTPException) as error:
                reason = _said(error)
                continue
            if status == http.HTTPStatus.OK:
                return content
            if status in _MISSING:
                return None
            reason = f"the server answers {status}"
            if status not in _PASSING:
                break
        raise SourceUnavailable(f"{name} cannot be fetched: {reason}")

    def close(self) -> None:
        """Close the connection; reading again opens another."""
        self._connection.close()

    def _fetch(self, name: str, limit: int) -> tuple[int, bytes]:
        # A server may send one byte now and then for ever: the whole exchange has an end, its headers included.
        ending = threading.Timer(self._fetch_seconds, self._hang_up)
        ending.daemon = True
        ending.start()
        whole = False
        try:
            self._connection.request("GET", f"{self._base}/{quote(name)}", headers={"Accept-Encoding": "identity"})
            with self._connection.getresponse() as answer:
                if answer.status != http.HTTPStatus.OK:
                    # What stands in a refusal is of no interest; a little of it is read to keep the connection.
                    whole = len(answer.read(_REFUSAL + 1)) <= _REFUSAL
                    return answer.status, b""
                if answer.length is None and not answer.chunked:
                    # Else an answer that broke off, in its headers even, would pass for a short file.
                    raise http.client.HTTPException
                content = _bounded(answer.read, name, limit)
                if answer.length:
                    raise http.client.IncompleteRead(content)
                whole = True
                return answer.status, content
        finally:
            ending.cancel()
            if not whole:
                self._connection.close()

    def _hang_up(self) -> None:
        # Runs in the timer's thread: `shutdown` wakes the reading thread, `close` alone would not.
        # Before it is connected and after it was closed there is nothing to wake.
        with contextlib.suppress(OSError, AttributeError):
            self._connection.sock.shutdown(socket.SHUT_RDWR)


def _address(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna")
        usable = parts.port is None or parts.port > 0
    except ValueError:
        raise SourceUnavailable("the address of the export cannot be read") from None
    if parts.scheme not in {"http", "https"} or not host or not usable:
        raise SourceUnavailable("an export is fetched from an address that begins with http:// or https://")
    if parts.username is not None or parts.query or parts.fragment:
        raise SourceUnavailable("the address of an export has no password, no query and no fragment")
    return parts


def _bounded(read: Callable[[int], bytes], name: str, limit: int) -> bytes:
    """Read to the end, at most one byte more than allowed. Raises `LogDamaged` if there is more."""
    parts: list[bytes] = []
    left = limit + 1
    while left > 0 and (part := read(left)):
        parts.append(part)
        left -= len(part)
    if left <= 0:
        raise LogDamaged(f"{name} is larger than it can be")
    return b"".join(parts)


def _said(error: Exception) -> str:
    """Say what went wrong without quoting the server, whose words may be anything."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the server's certificate cannot be verified"
    if isinstance(error, TimeoutError):
        return "the server is silent"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"the answer breaks off or is not HTTP ({type(error).__name__})"
