"""A log in memory, and a witness served on a loopback port: both are ours, neither is a stand-in."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import Checkpoint, CheckpointSigner, CheckpointVerifier
from audit.cosignature import CheckpointBody, WitnessSigner
from audit.note import NoteVerifier
from audit.tree import consistency_path, leaf_hash, tree_head
from audit.witness.home import create_home, open_home
from audit.witness.protocol import Witness
from audit.witness.server import REQUEST_SECONDS, WitnessServer
from audit.witness.state import WitnessState
from audit.witness.submission import read_body, write_submission
from tests.factories.log import signer_of

NAME = "witness.example/w1"
VKEY = WitnessSigner(NAME, Ed25519PrivateKey.from_private_bytes(bytes(32))).verifier.vkey


def note_verifier(log: CheckpointVerifier) -> NoteVerifier:
    """Return the key of a log as a witness lists it."""
    return NoteVerifier.parse(log.vkey)


@dataclass
class SmallLog:
    """A log of leaf hashes. `copy` it and go on differently: that is a fork with the log's own key."""

    signer: CheckpointSigner = field(default_factory=signer_of)
    hashes: list[bytes] = field(default_factory=list)

    def grow(self, *leaves: object) -> "SmallLog":
        self.hashes += [leaf_hash(repr(leaf).encode()) for leaf in leaves]
        return self

    def copy(self, size: int | None = None) -> "SmallLog":
        return SmallLog(self.signer, self.hashes[:size])

    def checkpoint(self) -> Checkpoint:
        return self.signer.sign(len(self.hashes), tree_head(self.hashes))

    def path(self, old: int) -> tuple[bytes, ...]:
        return consistency_path(self.hashes, old)

    def submission(self, old: int) -> bytes:
        return write_submission(old, self.path(old) if old <= len(self.hashes) else (), self.checkpoint().note)


def body_of(checkpoint: Checkpoint) -> CheckpointBody:
    return read_body(checkpoint.note)[0]


@dataclass
class ServedWitness:
    """A witness on a port. `now` is its clock; `lines` what it said."""

    signer: WitnessSigner
    state: WitnessState
    server: WitnessServer
    lines: list[dict[str, object]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def post(self, body: bytes, path: str = "/add-checkpoint") -> tuple[int, str, bytes]:
        return self._ask("POST", path, body)

    def get(self, path: str) -> tuple[int, str, bytes]:
        return self._ask("GET", path, None)

    def _ask(self, method: str, path: str, body: bytes | None) -> tuple[int, str, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.headers["Content-Type"], answer.read()
        finally:
            connection.close()


class Clock:
    """Seconds since 1970, as a test sets them."""

    def __init__(self, now: int = 1_790_000_000) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


@contextmanager
def served_witness(
    folder: Path,
    *logs: CheckpointVerifier,
    clock: Clock | None = None,
    name: str = NAME,
    port: int = 0,
    seconds: float = REQUEST_SECONDS,
    connections: int = 64,
) -> Iterator[ServedWitness]:
    """Serve a witness whose folder is made if it is not there."""
    home = folder / name.replace("/", "-")
    if not home.exists():
        create_home(home, name)
        (home / "logs.txt").write_text("".join(f"{log.vkey}\n" for log in logs))
    signer, known, state = open_home(home)
    lines: list[dict[str, object]] = []
    witness = Witness(signer, known, state, clock or Clock())
    with WitnessServer(("127.0.0.1", port), witness, lines.append, seconds=seconds, connections=connections) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield ServedWitness(signer, state, server, lines)
        finally:
            server.shutdown()
            serving.join()
