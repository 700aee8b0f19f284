"""Reading an export that somebody else wrote or serves: bounded in size and time, and every refusal is a sentence."""

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from audit.errors import LogDamaged, SourceUnavailable
from audit.sources import Folder, Web, _said, require_file
from tests.factories.unhurried import PATIENCE
from tests.factories.web import served

Reply = Callable[[socket.socket], None]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"


@contextmanager
def answering(*replies: Reply) -> Iterator[str]:
    """Answer one connection after the other in its own way, whatever is asked; yield the address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            for reply in replies:
                try:
                    connected, _ = listening.accept()
                except OSError:
                    return
                with connected:
                    connected.recv(65_536)
                    try:
                        reply(connected)
                    except OSError:
                        continue

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def says(content: bytes) -> Reply:
    return lambda connected: connected.sendall(content)


def trickles(connected: socket.socket) -> None:
    """Answer rightly and never silent for long, and take four times as long as the reader has."""
    for byte in OK % 4 + b"here":
        connected.sendall(bytes([byte]))
        time.sleep(0.05)


def is_silent(connected: socket.socket) -> None:
    connected.recv(1)


def pours(connected: socket.socket) -> None:
    connected.sendall(OK % 10**15)
    while True:
        connected.sendall(bytes(65_536))


def fetched(
    url: str, waits: list[float] | None = None, *, fetch_seconds: float = PATIENCE, silent_seconds: float = PATIENCE
) -> bytes | None:
    """Read one file."""
    waited = [] if waits is None else waits
    with closing(Web(url, fetch_seconds=fetch_seconds, silent_seconds=silent_seconds, sleep=waited.append)) as web:
        return web.read("checkpoint", 1000)


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (trickles, "checkpoint cannot be fetched: "),
        (is_silent, "the server is silent"),
        (says(b"garbage\r\n\r\n"), "breaks off or is not HTTP"),
        (says(b""), "breaks off or is not HTTP"),
        (says(OK % 50 + b"short"), "breaks off or is not HTTP"),
        (says(b"HTTP/1.1 200 OK\r\n\r\nhere"), "breaks off or is not HTTP"),
        (says(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), "the server answers 503"),
    ],
)
def test_a_server_that_does_not_answer_properly_is_tried_again_and_then_a_sentence(reply: Reply, sentence: str) -> None:
    waits: list[float] = []
    impatient: dict[Reply, dict[str, float]] = {trickles: {"fetch_seconds": 0.5}, is_silent: {"silent_seconds": 0.3}}
    with answering(reply, reply, reply) as url, pytest.raises(SourceUnavailable, match=sentence):
        fetched(url, waits, **impatient.get(reply, {}))
    assert waits == [0.5, 1.0]


@pytest.mark.parametrize("status", ["301 Moved", "401 No", "403 No"])
def test_a_redirect_or_a_refusal_is_not_followed_and_not_repeated(status: str) -> None:
    waits: list[float] = []
    reply = says(f"HTTP/1.1 {status}\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n".encode())
    with answering(reply) as url, pytest.raises(SourceUnavailable, match=f"the server answers {status[:3]}"):
        fetched(url, waits)
    assert waits == []


def test_a_file_without_end_is_refused_at_its_limit() -> None:
    with answering(pours) as url, pytest.raises(LogDamaged, match="larger than it can be"):
        fetched(url)


def test_a_long_refusal_is_not_read_to_its_end() -> None:
    with answering(says(b"HTTP/1.1 404 No\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 10_000)) as url:
        assert fetched(url) is None


def test_nobody_there_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(SourceUnavailable, match="refused"):
        fetched(f"http://127.0.0.1:{port}")


def test_a_server_whose_certificate_nobody_vouches_for_is_a_sentence() -> None:
    with answering(*[says(b"not TLS")] * 3) as url, pytest.raises(SourceUnavailable, match="cannot be fetched"):
        fetched(url.replace("http://", "https://"))


def test_a_certificate_that_cannot_be_verified_is_called_by_its_name() -> None:
    assert _said(ssl.SSLCertVerificationError()) == "the server's certificate cannot be verified"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://log.example",
        "file:///etc",
        "http://",
        "http://user:secret@log.example",
        "http://log.example/?x=1",
        "http://log.example/#x",
        "http://log.example:port",
        "http://log.example:0",
        "http://[::1",
        "http://" + "a" * 70 + ".example",
    ],
)
def test_an_address_that_cannot_be_one_is_refused_without_asking_anybody(url: str) -> None:
    with pytest.raises(SourceUnavailable) as refused:
        Web(url)
    assert "secret" not in str(refused.value)


def test_a_failure_that_passes_is_passed_over() -> None:
    busy = says(b"HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    with answering(busy, says(OK % 4 + b"here")) as url:
        assert fetched(url) == b"here"


def test_a_folder_behind_a_plain_web_server_reads_like_the_folder(tmp_path: Path) -> None:
    (tmp_path / "log dir" / "tile").mkdir(parents=True)
    (tmp_path / "log dir" / "checkpoint").write_bytes(b"content")
    with served(tmp_path) as url, closing(Web(f"{url}/log dir/")) as web:
        for source in (web, Folder(tmp_path / "log dir")):
            assert source.read("checkpoint", 7) == b"content"
            assert source.read("tile/0/000", 7) is None
            with pytest.raises(LogDamaged, match="larger"):
                source.read("checkpoint", 6)
            with pytest.raises(LogDamaged, match="tile/0/000 is missing"):
                require_file(source, "tile/0/000", 7)


def test_what_is_no_plain_file_is_damage(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "checkpoint")  # opening it would wait for a writer for ever
    (tmp_path / "tile").mkdir()
    (tmp_path / "round").symlink_to("round")
    (tmp_path / "away").symlink_to("/dev/zero")
    folder = Folder(tmp_path)
    for name in ("checkpoint", "tile", "away"):
        with pytest.raises(LogDamaged, match="not a plain file"):
            folder.read(name, 100)
    with pytest.raises(SourceUnavailable, match="round cannot be read"):
        folder.read("round", 100)
    assert folder.read("checkpoint/below", 100) is None
    folder.close()


def test_a_disk_that_fails_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "checkpoint").write_bytes(b"content")

    def fails(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("audit.sources._bounded", fails)
    with pytest.raises(SourceUnavailable, match="Input/output error"):
        Folder(tmp_path).read("checkpoint", 100)
