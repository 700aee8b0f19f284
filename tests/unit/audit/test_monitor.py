"""A monitor finds a fork, a rollback, a missing or altered file, a standstill; and nothing where nothing is wrong."""

import functools
import http.server
import json
import random
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.__main__ import main
from audit.cosignature import WitnessSigner
from audit.cosigning import body_at
from audit.errors import (
    CosignatureInvalid,
    Forked,
    LogDamaged,
    RolledBack,
    SourceUnavailable,
    Stale,
    VerificationFailed,
)
from audit.monitor import Monitor, Seen, Terms
from audit.monitoring import MonitorUnusable, look_once, read_state
from audit.sources import Folder
from audit.tiles import WIDTH, tile_path
from audit.tree import leaf_hash, tree_head
from tests.factories.exported import put, write_export
from tests.factories.log import numbered_leaf, signer_of
from tests.factories.witness import NAME, Clock
from tests.factories.witnessing import other_key

pytestmark = pytest.mark.claim(5)

SIGNER = signer_of()
WITNESS = WitnessSigner(NAME, Ed25519PrivateKey.from_private_bytes(bytes(32)))
SECOND = WitnessSigner("second.example", Ed25519PrivateKey.from_private_bytes(bytes([1] * 32)))
SIZE = 700
"""Two full tiles and a part of one, and a second level."""
LEAVES = [numbered_leaf(number) for number in range(SIZE)]


def monitor(folder: Path, clock: Clock | None = None, *, seed: int = 1, terms: Terms | None = None) -> Monitor:
    drawn = random.Random(seed)  # noqa: S311 - which tiles are reread, the same in every run
    return Monitor(Folder(folder), SIGNER.verifier, clock or Clock(), terms=terms, drawn=drawn)


def seen_of(folder: Path, size: int) -> Seen:
    write_export(folder, LEAVES[:size], SIGNER)
    return look(folder, None)


def look(folder: Path, seen: Seen | None, *, seed: int = 1, terms: Terms | None = None) -> Seen:
    watching = monitor(folder, seed=seed, terms=terms)
    return watching.look(watching.checkpoint(), seen)


def look_often(folder: Path, seen: Seen, terms: Terms | None = None) -> None:
    for seed in range(400):
        look(folder, seen, seed=seed, terms=terms)


@functools.cache
def grown() -> tempfile.TemporaryDirectory[str]:
    """The log at its whole size, and nothing but what the newest checkpoint needs."""
    folder = tempfile.TemporaryDirectory()
    write_export(Path(folder.name), LEAVES, SIGNER)
    return folder


@functools.cache
def seen_early() -> Seen:
    with tempfile.TemporaryDirectory() as folder:
        return seen_of(Path(folder), 200)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "log"


@given(st.lists(st.sampled_from([0, 1, 2, 255, 256, 257, 300, 511, 512, 513, 600, 700]), min_size=1, max_size=4))
@settings(max_examples=15, deadline=None)
def test_a_log_that_only_grows_is_followed_from_size_to_size(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    folder, seen = tmp_path_factory.mktemp("log"), None
    for size in sorted(sizes):
        write_export(folder, LEAVES[:size], SIGNER)
        seen = look(folder, seen)
        assert (seen.size, seen.tree_head) == (size, tree_head(map(leaf_hash, LEAVES[:size])))


def test_a_large_log_is_followed_through_three_levels(folder: Path) -> None:
    leaves = [b"%d" % number for number in range(WIDTH * WIDTH + 300)]
    write_export(folder, leaves[: WIDTH * WIDTH - 10], SIGNER)
    seen = look(folder, None)
    write_export(folder, leaves, SIGNER)
    seen = look(folder, seen)
    assert seen.tree_head == tree_head(map(leaf_hash, leaves))
    assert [len(level) for level in seen.levels] == [44, 1, 1]
    # One of the oldest tiles is changed, with everything above it but what we hold ourselves.
    stale = bytearray((folder / tile_path(0, 3)).read_bytes())
    stale[5] ^= 1
    (folder / tile_path(0, 3)).write_bytes(stale)
    with pytest.raises(LogDamaged):
        look_often(folder, seen, Terms(entries=False))


@pytest.mark.parametrize("size", [1, 256, 300, 512, 600])
def test_a_log_that_goes_back_is_found(folder: Path, tmp_path: Path, size: int) -> None:
    seen = seen_of(folder, size)
    write_export(tmp_path / "old", LEAVES[: size - 1], SIGNER)
    with pytest.raises(RolledBack):
        look(tmp_path / "old", seen)


@pytest.mark.parametrize("grows", [0, 1, 100])
@pytest.mark.parametrize("at", [0, 255, 300, 599])
def test_a_fork_with_the_log_s_own_key_is_found(folder: Path, tmp_path: Path, at: int, grows: int) -> None:
    seen = seen_of(folder, 600)
    forked = [*LEAVES[:at], numbered_leaf(at, forked=True), *LEAVES[at + 1 : 600 + grows]]
    write_export(tmp_path / "fork", forked, SIGNER)
    with pytest.raises(Forked):
        look(tmp_path / "fork", seen)


def test_a_tile_above_that_does_not_follow_from_those_below_is_found(folder: Path) -> None:
    seen = seen_of(folder, 200)
    write_export(folder, LEAVES, SIGNER)
    above = folder / tile_path(1, 0, SIZE // WIDTH)
    changed = bytearray(above.read_bytes())
    changed[40] ^= 1
    above.write_bytes(changed)
    with pytest.raises(LogDamaged, match="does not follow from the tiles below"):
        look(folder, seen)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_any_changed_byte_of_what_is_new_is_found(data: st.DataObject) -> None:
    folder, seen = Path(grown().name), seen_early()
    path = data.draw(st.sampled_from(sorted(path for path in folder.rglob("*") if path.is_file())))
    content = path.read_bytes()
    changed = bytearray(content)
    changed[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        path.write_bytes(changed)
        with pytest.raises(VerificationFailed):
            look(folder, seen)
        path.unlink()
        with pytest.raises(VerificationFailed):
            look(folder, seen)
    finally:
        path.write_bytes(content)


def test_a_tile_that_says_otherwise_of_what_was_seen_is_found_although_the_rest_is_right(folder: Path) -> None:
    seen = seen_of(folder, 300)
    write_export(folder, LEAVES[:310], SIGNER)
    name = folder / tile_path(0, 1, 54)
    changed = bytearray(name.read_bytes())
    changed[0] ^= 1
    name.write_bytes(changed)
    with pytest.raises(LogDamaged, match="seen before"):
        look(folder, seen, terms=Terms(entries=False))


@pytest.mark.parametrize("name", [tile_path(0, 0), tile_path("entries", 0)])
def test_what_was_seen_long_ago_and_is_changed_is_found_in_the_end(folder: Path, name: str) -> None:
    seen = seen_of(folder, SIZE)
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    put(folder / name, bytes(content))
    with pytest.raises(LogDamaged):
        look_often(folder, seen)


def test_an_export_whose_entries_do_not_lead_to_what_was_signed_is_found(folder: Path) -> None:
    write_export(folder, [b"another", *LEAVES[1:10]], SIGNER)
    put(folder / "checkpoint", SIGNER.sign(10, tree_head(map(leaf_hash, LEAVES[:10]))).note.encode())
    with pytest.raises(LogDamaged, match="do not lead"):
        look(folder, None)


def test_a_bundle_with_more_or_fewer_entries_is_found(folder: Path) -> None:
    write_export(folder, LEAVES[:10], SIGNER)
    name = folder / tile_path("entries", 0, 10)
    whole = name.read_bytes()
    for changed in (whole + b"\x00\x01x", whole[: len(whole) - len(LEAVES[9]) - 2], whole[:-1]):
        name.write_bytes(changed)
        with pytest.raises(LogDamaged):
            look(folder, None)
    assert look(folder, None, terms=Terms(entries=False)).size == 10


def test_a_partial_tile_may_go_once_the_full_one_is_there(folder: Path) -> None:
    seen = seen_of(folder, 300)
    checkpoint = (folder / "checkpoint").read_bytes()
    write_export(folder, LEAVES, SIGNER)
    for partial in list(folder.rglob("*.p/44")):
        partial.unlink()
    put(folder / "checkpoint", checkpoint)
    assert look(folder, seen) == seen
    assert look(folder, None).size == 300


def test_a_checkpoint_that_is_none_is_found(folder: Path) -> None:
    write_export(folder, LEAVES[:3], signer_of(seed=2))
    for content in ((folder / "checkpoint").read_bytes(), b"\xff", b"nothing"):
        put(folder / "checkpoint", content)
        with pytest.raises(VerificationFailed):
            monitor(folder).checkpoint()


def test_a_checkpoint_without_enough_witnesses_or_too_old_is_said(folder: Path) -> None:
    clock, head = Clock(), tree_head(map(leaf_hash, LEAVES[:3]))
    body = body_at(SIGNER.origin, 3, head)
    at = clock.now - 100
    write_export(folder, LEAVES[:3], SIGNER, lines=WITNESS.line(body, at))
    both = (WITNESS.verifier, SECOND.verifier)

    def age(terms: Terms) -> int:
        watching = monitor(folder, clock, terms=terms)
        checkpoint = watching.checkpoint()
        return watching.require_terms(checkpoint, watching.look(checkpoint, None))

    with pytest.raises(CosignatureInvalid, match="1 of the 2"):
        age(Terms(both, 2))
    with pytest.raises(Stale, match="100 seconds"):
        age(Terms(both, oldest=99))
    assert age(Terms(both, oldest=100)) == 100
    assert age(Terms(oldest=0)) == 0  # without witnesses from when it was first seen


# The command.


def command(folder: Path | str, state: Path, *more: str) -> int:
    return main(["monitor", str(folder), "--key", SIGNER.vkey, "--state", str(state), "--once", *more])


def test_the_command_remembers_and_says_what_is_wrong(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "seen.json"
    write_export(folder, LEAVES[:300], SIGNER)
    assert command(folder, state) == 0
    write_export(folder, LEAVES[:400], SIGNER)
    assert command(folder, state, "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["before"] == 300
    # A standstill is said, and what is there is remembered all the same.
    write_export(folder, LEAVES[:500], SIGNER)
    assert command(folder, state, "--oldest", "-1") == 1
    assert "stale" in capsys.readouterr().out
    kept = read_state(state, SIGNER.origin)
    assert kept is not None
    assert kept.size == 500
    # A fork is said, not remembered, and kept as evidence.
    write_export(tmp_path / "fork", [b"forked", *LEAVES[1:500]], SIGNER)
    assert command(tmp_path / "fork", state) == 1
    assert "forked" in capsys.readouterr().out
    assert read_state(state, SIGNER.origin) == kept
    evidence = SIGNER.verifier.verify((tmp_path / "seen.json.contradiction").read_text())
    assert (evidence.size, evidence.tree_head != kept.tree_head) == (500, True)
    assert command(folder, state, "--witness", WITNESS.verifier.vkey) == 1
    assert "cosignature_invalid" in capsys.readouterr().out


def test_a_call_that_finds_nothing_out_says_so(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "seen.json"
    write_export(folder, LEAVES[:3], SIGNER)
    state.write_text("{}")
    assert command(folder, state) == 2
    state.unlink()
    assert command(folder, state) == 0
    other = json.loads(state.read_text()) | {"origin": "other.example"}
    state.write_text(json.dumps(other))
    assert command(folder, state) == 2
    assert "another log" in capsys.readouterr().err
    assert command(folder, tmp_path / "nowhere" / "seen.json") == 2
    assert command(folder, folder) == 2
    with pytest.raises(MonitorUnusable, match="cannot be read"):
        read_state(folder, SIGNER.origin)
    two = other_key(WITNESS.verifier, "two.example")
    assert command(folder, tmp_path / "new", "--witness", two, "--must-cosign", "2") == 2
    assert command(folder, tmp_path / "new", "--witness", SIGNER.vkey) == 2
    assert command("http://127.0.0.1:1/", tmp_path / "new") == 2


def test_an_export_behind_a_web_server_is_followed(folder: Path, tmp_path: Path) -> None:
    write_export(folder, LEAVES[:300], SIGNER)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature of the standard library
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            assert command(f"http://127.0.0.1:{server.server_port}", tmp_path / "seen.json") == 0
        finally:
            server.shutdown()
            serving.join()


def test_without_once_it_goes_on_until_something_is_wrong(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_export(folder, LEAVES[:300], SIGNER)
    steps: list[Callable[[], object]] = [
        lambda: write_export(folder, LEAVES[:310], SIGNER),
        lambda: folder.rename(tmp_path / "away"),
        lambda: (tmp_path / "away").rename(folder),
        lambda: write_export(folder, LEAVES[:305], SIGNER),
    ]
    real = look_once
    away = iter([False, False, True, False, False])

    def looked(monitor: Monitor, state: Path, origin: str) -> dict[str, object]:
        if next(away):
            raise SourceUnavailable("not there now")
        return real(monitor, state, origin)

    monkeypatch.setattr("audit.monitoring.look_once", looked)
    monkeypatch.setattr("audit.monitoring.time.sleep", lambda _seconds: steps.pop(0)())
    call = ["monitor", str(folder), "--key", SIGNER.vkey, "--state", str(tmp_path / "seen.json")]
    assert main(call) == 1
    out = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["size"] for line in out[:-1]] == [300, 310, 310]
    assert "rolled_back" in out[-1]
