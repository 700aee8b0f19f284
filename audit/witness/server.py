"""
A witness over HTTP, on the standard library: two addresses, small bodies, and nobody who can keep it busy for long.

TLS is for the proxy in front. A log line a request goes to `say`: method, status, origin and size, never an address.
"""

import io
import re
import socket
import sys
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, Final

from audit.errors import WitnessUnusable
from audit.witness.protocol import Answer, Witness
from audit.witness.submission import MAX_SUBMISSION

REQUEST_SECONDS: Final = 10.0
"""A request and its answer take at most this long, from the first byte or from the end of the one before."""
CONNECTIONS: Final = 64
"""More at once are closed unanswered; each holds a thread for `REQUEST_SECONDS` at most."""
_ADD: Final = "/add-checkpoint"
_CHECKPOINT: Final = re.compile(r"/([0-9a-f]{64})/checkpoint")
_LENGTH: Final = re.compile(r"[0-9]{1,9}")

Say = Callable[[dict[str, object]], None]
"""Told what was answered: fields of one log line."""


class WitnessServer(ThreadingMixIn, TCPServer):
    """Serves one witness on one address; port 0 takes any free one. A thread a connection, a bounded number."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        witness: Witness,
        say: Say,
        *,
        seconds: float = REQUEST_SECONDS,
        connections: int = CONNECTIONS,
    ) -> None:
        """Listen. Raises `WitnessUnusable` if the address is not free, or not ours."""
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.witness, self.say, self.seconds = witness, say, seconds
        self._free = threading.BoundedSemaphore(connections)
        try:
            super().__init__(address, _Exchange)
        except OSError as error:
            raise WitnessUnusable(f"cannot listen on {address[0]} port {address[1]}: {error.strerror}") from error

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's own types
        """Hand the connection to a thread, or close it if there are too many."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.say({"refused": "too many connections"})
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as above
        """Serve one connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401, ARG002 - as above
        """Say which error it was; whoever is on the other side hung up, or is answered nothing."""
        self.say({"failed": type(sys.exception() or OSError()).__name__})


class _Deadline(io.RawIOBase):
    """A socket read until a moment, however slowly its bytes come."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._until = 0.0

    def begin(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a writable buffer
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class _Exchange(BaseHTTPRequestHandler):
    """One connection: requests one after the other, each with a deadline of its own."""

    server: WitnessServer
    protocol_version = "HTTP/1.1"
    server_version = "pactgate-witness"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self._deadline = _Deadline(self.connection)
        self.rfile = io.BufferedReader(self._deadline)

    def handle_one_request(self) -> None:
        self._deadline.begin(self.server.seconds)
        super().handle_one_request()

    def do_POST(self) -> None:
        if self.path != _ADD:
            self._refuse(HTTPStatus.NOT_FOUND, "only /add-checkpoint takes a POST")
            return
        length = self.headers.get("Content-Length", "")
        if "Transfer-Encoding" in self.headers or not _LENGTH.fullmatch(length):
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "say the length of the body")
        elif int(length) > MAX_SUBMISSION:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a submission has at most {MAX_SUBMISSION} bytes")
        else:
            body = self.rfile.read(int(length))
            if len(body) < int(length):
                raise ConnectionError
            self._do(lambda: self.server.witness.add_checkpoint(body))

    def do_GET(self) -> None:
        found = _CHECKPOINT.fullmatch(self.path)
        if found is None:
            self._refuse(HTTPStatus.NOT_FOUND, "nothing here")
        else:
            self._do(lambda: self.server.witness.checkpoint(found[1]))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the signature of the standard library
        """Write nothing: `_send` says what is to be said, and a hostile request line stays out."""

    def _do(self, work: Callable[[], Answer]) -> None:
        try:
            self._send(work())
        except WitnessUnusable as error:
            self.server.say({"failed": error.code, "message": str(error)})
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "the state of this witness cannot be used")

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        self.close_connection = True  # whatever follows may be the rest of a body
        self._send(Answer(status, f"{sentence}\n".encode()))

    def _send(self, answer: Answer) -> None:
        self.server.say({"method": self.command, "status": int(answer.status), "origin": answer.about})
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)
