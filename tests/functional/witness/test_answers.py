"""Every answer of tlog-witness over real HTTP, and what a stranger, a slow client or a crowd can do."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from audit.checkpoint import CheckpointVerifier
from audit.errors import WitnessUnusable
from audit.note import b64
from audit.witness.server import WitnessServer, _Deadline
from audit.witness.submission import MAX_SUBMISSION, read_body, write_submission
from tests.factories.log import signer_of
from tests.factories.witness import Clock, ServedWitness, SmallLog, body_of, served_witness

pytestmark = pytest.mark.claim(5)

VECTOR: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "cosignatures.json").read_text())
SIGSUM = VECTOR["sigsum"]
TEXT = "text/plain; charset=utf-8"


@pytest.fixture
def log() -> SmallLog:
    return SmallLog().grow(*range(5))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def witness(tmp_path: Path, log: SmallLog, clock: Clock) -> Iterator[ServedWitness]:
    sigsum = CheckpointVerifier(SIGSUM["origin"], bytes.fromhex(SIGSUM["public"]))
    with served_witness(tmp_path, log.signer.verifier, sigsum, clock=clock) as served:
        yield served


def cosigned(witness: ServedWitness, log: SmallLog, answer: tuple[int, str, bytes]) -> int:
    """Return the time of the cosignature in this answer, which must hold."""
    status, kind, lines = answer
    assert (status, kind) == (200, TEXT)
    assert lines.endswith(b"\n")
    return witness.signer.verifier.verify(body_of(log.checkpoint()), lines.decode()).time


def test_first_checkpoint_growth_wrong_proof_and_rollback(witness: ServedWitness, log: SmallLog, clock: Clock) -> None:
    """The four answers of a log's life: 200, 422, 200, 409."""
    assert cosigned(witness, log, witness.post(log.submission(0))) == clock.now
    old, wrong = log.copy(), log.copy().grow("a", "b")
    log.grow("x", "y", "z")
    forged = write_submission(5, wrong.path(5), log.checkpoint().note)
    assert witness.post(forged)[0] == 422
    clock.now += 7
    assert cosigned(witness, log, witness.post(log.submission(5))) == clock.now
    status, kind, body = witness.post(old.submission(5))
    assert (status, kind, body) == (409, "text/x.tlog.size", b"8\n")
    assert witness.post(old.submission(0))[0] == 409


def test_the_same_size_again_is_cosigned_anew_with_a_newer_time(
    witness: ServedWitness, log: SmallLog, clock: Clock
) -> None:
    first = cosigned(witness, log, witness.post(log.submission(0)))
    clock.now += 60
    assert cosigned(witness, log, witness.post(log.submission(5))) == first + 60


def test_a_fork_of_the_same_size_is_refused(witness: ServedWitness, log: SmallLog) -> None:
    witness.post(log.submission(0))
    forked = log.copy(4).grow("fork")
    assert witness.post(write_submission(5, (), forked.checkpoint().note))[0] == 422


def test_a_longer_fork_is_refused_whatever_it_shows(witness: ServedWitness, log: SmallLog) -> None:
    witness.post(log.submission(0))
    forked = log.copy(4).grow("fork", "more")
    for path in ((), forked.path(5), forked.path(4), log.copy().grow("more").path(5)):
        assert witness.post(write_submission(5, path, forked.checkpoint().note))[0] == 422


@pytest.mark.parametrize(
    "changed",
    [
        b"",
        b"old 0",
        b"\n\n",
        b"old 00\n\n",
        b"old -1\n\n",
        b"old 9223372036854775808\n\n",
        b"old 0\n" + b"A" * 44 + b"\n\n",
        b"old 0\nAAAA\n\n",
        b"old 0\n" + f"{b64(bytes(32))}\n".encode() * 64 + b"\n",
        b"size 0\n\n",
        b"old 0\n\n\n",
        b"old 0\n\n\xff",
    ],
)
def test_what_is_malformed_is_a_bad_request(witness: ServedWitness, log: SmallLog, changed: bytes) -> None:
    note = log.checkpoint().note.encode() if changed.endswith(b"\n\n") else b""
    assert witness.post(changed + note)[0] == 400


@pytest.mark.parametrize("size", ["05", "x", "9223372036854775808"])
def test_a_checkpoint_that_is_none_is_a_bad_request(witness: ServedWitness, log: SmallLog, size: str) -> None:
    note = log.checkpoint().note
    for bad in (note.replace("\n5\n", f"\n{size}\n"), note.replace("\n5\n", "\n"), note.replace("=\n\n", "\n\n", 1)):
        assert witness.post(b"old 0\n\n" + bad.encode())[0] == 400
    short = note.replace(b64(log.checkpoint().tree_head), b64(bytes(31)))
    assert witness.post(b"old 0\n\n" + short.encode())[0] == 400


def test_an_old_size_beyond_the_checkpoint_is_a_bad_request(witness: ServedWitness, log: SmallLog) -> None:
    assert witness.post(write_submission(6, (), log.checkpoint().note))[0] == 400


def test_an_unknown_log_is_not_found(witness: ServedWitness) -> None:
    other = SmallLog(signer_of("other.example/log")).grow(1)
    assert witness.post(other.submission(0))[0] == 404


def test_a_checkpoint_by_another_key_is_forbidden(witness: ServedWitness, log: SmallLog) -> None:
    stranger = SmallLog(signer_of(seed=2), log.hashes)
    assert witness.post(stranger.submission(0))[0] == 403


def test_a_signature_of_the_known_key_that_does_not_hold_is_forbidden(witness: ServedWitness, log: SmallLog) -> None:
    larger = log.copy().grow("x").checkpoint()
    mixed = log.checkpoint().note + larger.note.partition("\n\n")[2]
    assert witness.post(b"old 0\n\n" + mixed.encode())[0] == 403


def test_an_empty_tree_has_the_empty_head(witness: ServedWitness, log: SmallLog) -> None:
    wrong = log.signer.sign(0, bytes(32))
    assert witness.post(write_submission(0, (), wrong.note))[0] == 422
    empty = log.copy(0)
    assert cosigned(witness, empty, witness.post(empty.submission(0)))
    assert witness.post(write_submission(0, (bytes(32),), log.checkpoint().note))[0] == 422
    assert cosigned(witness, log, witness.post(log.submission(0)))


def test_signatures_of_keys_it_does_not_know_are_ignored_and_not_passed_on(
    witness: ServedWitness, log: SmallLog
) -> None:
    stranger = signer_of("stranger.example/log", seed=3).line(5, log.checkpoint().tree_head)
    cosigned(witness, log, witness.post(log.submission(0) + stranger.encode()))
    kept = witness.get(f"/{sha256(log.signer.origin.encode()).hexdigest()}/checkpoint")[2].decode()
    assert "stranger" not in kept


def test_a_clock_that_was_set_back_cosigns_nothing(witness: ServedWitness, log: SmallLog, clock: Clock) -> None:
    witness.post(log.submission(0))
    clock.now -= 1
    status, _, said = witness.post(log.grow("x").submission(5))
    assert (status, b"clock" in said) == (503, True)
    clock.now += 1
    assert witness.post(log.submission(5))[0] == 200


def test_it_shows_what_it_cosigned_last(witness: ServedWitness, log: SmallLog) -> None:
    address = f"/{sha256(log.signer.origin.encode()).hexdigest()}/checkpoint"
    assert witness.get(address)[0] == 404
    witness.post(log.submission(0))
    status, kind, note = witness.get(address)
    assert (status, kind) == (200, TEXT)
    assert log.signer.verifier.verify(note.decode()).size == 5
    body, _ = read_body(note.decode())
    assert witness.signer.verifier.verify(body, note.decode().partition("\n\n")[2]).time
    for nothing in ("/", f"/{'0' * 64}/checkpoint", f"/{'0' * 63}/checkpoint", "/add-checkpoint", address + "?x=1"):
        assert witness.get(nothing)[0] == 404


def test_the_requests_of_another_implementation_are_cosigned(witness: ServedWitness) -> None:
    """A Sigsum log's own bytes, as litewitness answers them; the race in the middle is its test's too."""
    assert witness.post(SIGSUM["first"].encode())[0] == 200
    assert witness.post(SIGSUM["grown"].encode())[0] == 200
    latest = witness.state.latest(SIGSUM["origin"])
    assert latest is not None
    assert (latest.size, latest.tree_head.hex()) == (5, SIGSUM["head"])
    assert witness.post(SIGSUM["first"].encode()) == (409, "text/x.tlog.size", b"5\n")


def test_of_many_at_once_each_size_is_cosigned_from_the_one_before(witness: ServedWitness, log: SmallLog) -> None:
    bodies = [log.copy().grow(*range(more)).submission(0) for more in range(16)]
    with ThreadPoolExecutor(16) as crowd:
        answers = list(crowd.map(witness.post, bodies))
    assert sorted(status for status, _, _ in answers) == [200] + [409] * 15
    won = next(at for at, (status, _, _) in enumerate(answers) if status == 200)
    assert {body for status, _, body in answers if status == 409} == {f"{5 + won}\n".encode()}


def test_a_body_without_length_or_too_large_is_refused_unread(witness: ServedWitness) -> None:
    head = b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n"
    assert _raw(witness, head + b"\r\n").startswith(b"HTTP/1.1 411")
    assert _raw(witness, head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n").startswith(b"HTTP/1.1 411")
    assert _raw(witness, head + b"Content-Length: 1e3\r\n\r\n").startswith(b"HTTP/1.1 411")
    large = f"Content-Length: {MAX_SUBMISSION + 1}\r\n\r\n".encode()
    assert _raw(witness, head + large).startswith(b"HTTP/1.1 413")
    assert witness.post(b"", "/elsewhere")[0] == 404


def test_a_body_that_ends_early_is_answered_nothing(witness: ServedWitness, log: SmallLog) -> None:
    cut = b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 100\r\n\r\nold 0\n"
    assert _raw(witness, cut, shut=True) == b""
    assert witness.post(log.submission(0))[0] == 200


def test_one_connection_serves_several_requests(witness: ServedWitness, log: SmallLog) -> None:
    body = log.submission(0)
    head = f"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    answered = _raw(witness, head + body + head + body, shut=True)
    assert answered.count(b"HTTP/1.1 200") == 1
    assert answered.count(b"HTTP/1.1 409") == 1


def test_slow_clients_keep_nobody_else_out(tmp_path: Path, log: SmallLog) -> None:
    with served_witness(tmp_path, log.signer.verifier, seconds=1, connections=2) as witness:
        slow = [_open(witness, b"POST /add-checkpoint HTTP/1.1\r\nContent-Le") for _ in range(2)]
        crowded = _open(witness, b"")
        assert crowded.recv(1) == b""  # one too many is closed at once
        for each in slow:
            assert each.recv(1) == b""  # those before, when their time is over
        assert witness.post(log.submission(0))[0] == 200
        for each in (*slow, crowded):
            each.close()
        assert {"refused": "too many connections"} in witness.lines


def test_bytes_that_come_one_by_one_do_not_make_more_time() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        slow = _Deadline(ours)
        theirs.sendall(b"more")
        slow.begin(10)
        assert slow.readinto(bytearray(2)) == 2
        slow.begin(-1)
        with pytest.raises(TimeoutError):
            slow.readinto(bytearray(2))


def test_a_lost_state_is_said_and_nothing_is_cosigned(tmp_path: Path, log: SmallLog) -> None:
    with served_witness(tmp_path, log.signer.verifier) as witness:
        state = tmp_path / "witness.example-w1" / "state.sqlite3"
        away = state.rename(tmp_path / "away")
        assert witness.post(log.submission(0))[0] == 503
        assert not state.exists()
        away.rename(state)
        assert witness.post(log.submission(0))[0] == 200


def test_a_taken_port_is_said(witness: ServedWitness) -> None:
    with pytest.raises(WitnessUnusable, match="cannot listen"):
        WitnessServer(("127.0.0.1", witness.server.port), witness.server.witness, print)


def test_what_it_says_names_no_client(witness: ServedWitness, log: SmallLog) -> None:
    witness.post(log.submission(0))
    witness.post(b"nonsense")
    assert witness.lines == [
        {"method": "POST", "status": 200, "origin": log.signer.origin},
        {"method": "POST", "status": 400, "origin": ""},
    ]


def _open(witness: ServedWitness, sent: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", witness.server.port), timeout=10)
    connection.sendall(sent)
    return connection


def _raw(witness: ServedWitness, sent: bytes, *, shut: bool = False) -> bytes:
    with _open(witness, sent) as connection:
        if shut:
            connection.shutdown(socket.SHUT_WR)
        found = b""
        while chunk := connection.recv(65_536):
            found += chunk
        return found
