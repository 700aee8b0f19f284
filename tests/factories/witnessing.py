"""Naming witnesses in a deployment, witnesses that lie, and a clock that a gateway and its witnesses share."""

import datetime as dt
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from agreements.documents.witnesses import Witnesses, WitnessPlace, witnesses_bytes
from agreements.keys import SigningKey
from agreements.signature import Envelope, Kind, add_signature
from audit.cosignature import WitnessVerifier
from gateway.services.witnessing.naming import Namings, WitnessReport
from tests.factories.gateway import NOON, Gateway
from tests.factories.witness import Clock

LyingAnswer = tuple[int, dict[str, str], bytes]


def naming(
    places: Sequence[tuple[str, str]],
    keys: Sequence[SigningKey],
    *,
    must_cosign: int = 1,
    hours: int = 4,
    replaces: str | None = None,
) -> Envelope:
    """Return a naming of witnesses (vkey, url), signed by these keys."""
    listed = tuple(WitnessPlace(vkey, url) for vkey, url in places)
    payload = witnesses_bytes(Witnesses(listed, must_cosign, hours, replaces, "The log is watched from elsewhere."))
    document: Envelope | None = None
    for key in keys:
        document = add_signature(document, Kind.WITNESSES, payload, key)
    assert document is not None
    return document


@dataclass
class Watched:
    """A gateway with witnesses, and the one clock of all of them."""

    gateway: Gateway
    clock: Clock = field(default_factory=lambda: Clock(int(NOON.timestamp())))
    named: str | None = None

    @property
    def officers(self) -> list[SigningKey]:
        return [person.key for person in self.gateway.deployment.ring.officers[:2]]

    async def name(self, *places: tuple[str, str], **terms: Any) -> int:
        """Name witnesses in the place of those before."""
        document = naming(places, self.officers, replaces=self.named, **terms)
        index = await Namings((await self.gateway.office()).desk).register(document)
        self.named = document.digest
        return index

    async def pass_time(self, **time: float) -> None:
        """Let time pass for the gateway and for every witness."""
        self.clock.now += int(dt.timedelta(**time).total_seconds())
        await self.gateway.at(dt.datetime.fromtimestamp(self.clock.now, dt.UTC))

    async def round(self) -> None:
        await self.gateway.services.witnesses.round()

    async def report(self) -> WitnessReport:
        return await Namings((await self.gateway.office()).desk).report()

    async def cosigned(self) -> dict[str, int]:
        """Return the size that each witness cosigned last, by its name, as it is kept."""
        auditor = await self.gateway.database.pool("auditor", size=1)
        rows = await auditor.fetch("SELECT signer, size FROM audit.cosigned")
        return {row["signer"].partition("+")[0]: row["size"] for row in rows}


@dataclass
class Liar:
    """Something that listens where a witness should, and answers what it likes. `asked` are the requests it got."""

    server: ThreadingHTTPServer
    asked: list[tuple[str, str, bytes]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def liar(answer: Callable[[str, bytes], LyingAnswer | None]) -> Iterator[Liar]:
    """Serve `answer(path, body)`: status, headers and body; None hangs until the block ends."""
    over, asked = threading.Event(), list[tuple[str, str, bytes]]()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append((self.command, self.path, body))
            lie = answer(self.path, body)
            if lie is None:
                over.wait(30)
                return
            status, headers, content = lie
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(content)
            except OSError:
                self.close_connection = True  # the gateway has heard enough

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature of the standard library
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    try:
        yield Liar(server, asked)
    finally:
        over.set()
        server.shutdown()
        serving.join()
        server.server_close()


def free_port() -> int:
    """Return a port at which nobody listens now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def other_key(verifier: WitnessVerifier, name: str) -> str:
    """Return the same public key under another name."""
    return WitnessVerifier(name, verifier.kind, verifier.public).vkey
