"""What a witness remembers: on disk before it answers, never lost quietly, never moved back, whoever asks for it."""

import json
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from audit.__main__ import main
from audit.cosignature import ML_DSA_44, WitnessVerifier
from audit.errors import NoteInvalid, WitnessUnusable
from audit.witness.home import KEY_FILE, LOGS_FILE, STATE_FILE, VKEY_FILE, create_home, open_home
from audit.witness.protocol import Latest, Witness
from audit.witness.state import WitnessState, create_state
from tests.factories.witness import NAME, Clock, SmallLog, body_of, note_verifier

pytestmark = pytest.mark.claim(5)

# The commit is done, the answer is not sent: the moment at which a witness may die worst.
KILLED_BEFORE_THE_ANSWER = """
import os, sys
from pathlib import Path
from audit.witness.home import open_home
from audit.witness.protocol import Witness
signer, logs, state = open_home(Path(sys.argv[1]))
if sys.argv[2] == "after":
    kept = state.advance
    def advance(origin, judge):
        kept(origin, judge)
        os.kill(os.getpid(), 9)
    state.advance = advance
else:
    class Clock:
        def __call__(self):
            os.kill(os.getpid(), 9)
Witness(signer, logs, state, Clock() if sys.argv[2] == "before" else lambda: 5).add_checkpoint(sys.stdin.buffer.read())
"""


@pytest.fixture
def log() -> SmallLog:
    return SmallLog().grow(*range(5))


@pytest.fixture
def home(tmp_path: Path, log: SmallLog) -> Path:
    folder = tmp_path / "w1"
    create_home(folder, NAME)
    (folder / LOGS_FILE).write_text(f"# ours\n\n{log.signer.vkey}\n")
    return folder


def opened(home: Path, clock: Clock | None = None) -> Witness:
    return Witness(*open_home(home), clock or Clock())


def test_a_state_is_never_made_in_passing(home: Path) -> None:
    (home / STATE_FILE).unlink()
    with pytest.raises(WitnessUnusable, match="cannot be used"):
        open_home(home)
    assert not (home / STATE_FILE).exists()


def test_a_state_of_another_key_is_refused(home: Path, tmp_path: Path) -> None:
    create_state(tmp_path / "other", "other")
    (tmp_path / "other").replace(home / STATE_FILE)
    with pytest.raises(WitnessUnusable, match="another witness key"):
        open_home(home)
    with pytest.raises(WitnessUnusable, match="there already"):
        create_state(home / STATE_FILE, "again")


def test_the_file_itself_refuses_to_go_back_or_to_forget(home: Path, log: SmallLog) -> None:
    opened(home).add_checkpoint(log.submission(0))
    with closing(sqlite3.connect(home / STATE_FILE)) as connection:
        for hostile in (
            "UPDATE latest SET size = 4",
            "UPDATE latest SET tree_head = x'00'",
            "UPDATE latest SET time = time - 1",
            "UPDATE latest SET origin = 'other'",
            "DELETE FROM latest",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(hostile)


def test_whatever_a_judgement_raises_changes_nothing(home: Path, log: SmallLog) -> None:
    _, _, state = open_home(home)

    def refuse(_latest: Latest) -> Latest:
        raise KeyError

    with pytest.raises(KeyError):
        state.advance(log.signer.origin, refuse)
    assert state.latest(log.signer.origin) is None


@pytest.mark.parametrize(("moment", "kept"), [("before", 0), ("after", 5)])
def test_killed_in_the_middle_it_knows_what_it_may_have_said(home: Path, log: SmallLog, moment: str, kept: int) -> None:
    died = subprocess.run(
        [sys.executable, "-c", KILLED_BEFORE_THE_ANSWER, str(home), moment],
        input=log.submission(0),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    assert died.stdout == b""
    again = opened(home)
    answer = again.add_checkpoint(log.copy(4).grow("fork").submission(0))
    # Nothing was kept and nothing was sent: whatever comes first is the first. Or it was kept: the fork is refused.
    assert int(answer.status) == (200 if kept == 0 else 409)
    if kept:
        assert answer.body == b"5\n"
        assert int(again.add_checkpoint(log.submission(5)).status) == 200


def test_a_served_witness_killed_while_it_works_never_contradicts_itself(home: Path, log: SmallLog) -> None:
    """kill -9 three times under a stream of submissions: what was cosigned before is the beginning of what follows."""
    known = 0
    for after in (0.01, 0.1, 0.2):
        with _served(home) as (process, url), httpx2.Client(base_url=url, timeout=10) as client:
            known = _submit(client, log, known)
            killing = threading.Timer(after, process.send_signal, [signal.SIGKILL])
            killing.start()
            while process.poll() is None:
                with suppress(httpx2.TransportError):
                    known = _submit(client, log, known)
            killing.join()
        _, _, state = open_home(home)
        latest = state.latest(log.signer.origin)
        assert latest is not None
        assert latest.size >= known
        assert latest.tree_head == log.copy(latest.size).checkpoint().tree_head


def test_two_processes_on_one_state_take_turns(home: Path, log: SmallLog) -> None:
    with _served(home) as (_, one), _served(home) as (_, other):
        assert _post(one, log.submission(0))[0] == 200
        assert _post(other, log.copy(4).grow("fork").submission(0)) == (409, b"5\n")
        assert _post(other, log.submission(5))[0] == 200


def test_a_folder_that_holds_something_is_left_alone(home: Path, tmp_path: Path) -> None:
    before = (home / KEY_FILE).read_bytes()
    with pytest.raises(WitnessUnusable, match="not empty"):
        create_home(home, NAME)
    assert (home / KEY_FILE).read_bytes() == before
    (tmp_path / "file").touch()
    with pytest.raises(WitnessUnusable, match="cannot be written"):
        create_home(tmp_path / "file", NAME)


def test_what_is_wrong_with_a_folder_is_said(home: Path) -> None:
    def refused(match: str) -> None:
        with pytest.raises(WitnessUnusable, match=match):
            open_home(home)

    whole = {file: (home / file).read_bytes() for file in (KEY_FILE, VKEY_FILE, LOGS_FILE)}
    (home / KEY_FILE).chmod(0o640)
    refused("other accounts")
    (home / KEY_FILE).chmod(0o600)
    for file, content, match in (
        (KEY_FILE, b"no key", "damaged"),
        (KEY_FILE, _p256(), "neither"),
        (VKEY_FILE, b"", "key name"),
        (VKEY_FILE, b"\xff", "damaged"),
        (LOGS_FILE, b"# nothing\n", "names no log"),
        (LOGS_FILE, b"# one\nnonsense\n", "line 2"),
    ):
        (home / file).write_bytes(content)
        refused(match)
        (home / file).write_bytes(whole[file])
    (home / VKEY_FILE).unlink()
    refused("cannot be read")


def test_a_witness_is_made_and_named_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new"
    assert main(["witness", "keygen", str(folder), "--name", "two words"]) == 2
    assert not folder.exists()
    assert main(["witness", "keygen", str(folder), "--name", "witness.example/pq", "--ml-dsa"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert WitnessVerifier.parse(said["vkey"]).kind == ML_DSA_44
    assert (folder / VKEY_FILE).read_text() == said["vkey"] + "\n"
    assert (folder / KEY_FILE).stat().st_mode & 0o077 == 0
    assert main(["witness", "serve", str(folder)]) == 2
    assert "names no log" in capsys.readouterr().err


def test_a_witness_with_a_post_quantum_key_cosigns_too(tmp_path: Path, log: SmallLog) -> None:
    signer = create_home(tmp_path / "pq", NAME, post_quantum=True)
    state = WitnessState(tmp_path / "pq" / STATE_FILE, signer.verifier.vkey)
    answer = Witness(signer, [note_verifier(log.signer.verifier)], state, Clock()).add_checkpoint(log.submission(0))
    assert signer.verifier.verify(body_of(log.checkpoint()), answer.body.decode()).time == Clock().now
    with pytest.raises(NoteInvalid):
        create_home(tmp_path / "bad", "a+b")


@contextmanager
def _served(home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command in a process of its own until the block ends; it leaves with 0 when it is told to stop."""
    call = [sys.executable, "-m", "audit", "witness", "serve", str(home), "--port", "0"]
    process = subprocess.Popen(call, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said: dict[str, Any] = json.loads(process.stdout.readline())
        yield process, f"http://127.0.0.1:{said['port']}"
    finally:
        if process.poll() is None:
            process.terminate()
            assert process.wait(10) == 0
        assert process.stdout is not None
        process.stdout.close()


def _submit(client: httpx2.Client, log: SmallLog, known: int) -> int:
    """Grow and submit; return the size that the witness says it cosigned."""
    answer = client.post("/add-checkpoint", content=log.grow(len(log.hashes)).submission(known))
    assert answer.status_code in {200, 409}
    return len(log.hashes) if answer.status_code == 200 else int(answer.content)


def _post(url: str, body: bytes) -> tuple[int, bytes]:
    answer = httpx2.post(f"{url}/add-checkpoint", content=body, timeout=10)
    return answer.status_code, answer.content


def _p256() -> bytes:
    return generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
