"""The checkpoint kept outside the database only ever moves on, and only to a checkpoint of the same log."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoint import Checkpoint
from audit.errors import Forked
from audit.note import NoteSigner, assemble
from audit.tree import CompactRange, leaf_hash
from gateway.kept import KeptCheckpoint, KeptCheckpointUnusable
from tests.factories.log import numbered_leaf, signer_of

pytestmark = pytest.mark.claim(5)

SIGNER = signer_of()


def edge_of(size: int) -> CompactRange:
    edge = CompactRange()
    for number in range(size):
        edge.append(leaf_hash(numbered_leaf(number)))
    return edge


def signed(size: int) -> Checkpoint:
    return SIGNER.sign(size, edge_of(size).head())


def cosigned(size: int) -> Checkpoint:
    checkpoint = signed(size)
    text = checkpoint.note.split("\n\n")[0] + "\n"
    witness = NoteSigner("witness.example", signer_of(seed=5)._signers[0]._key)
    return SIGNER.verifier.verify(assemble(text, SIGNER.line(size, checkpoint.tree_head) + witness.line(text)))


@pytest.fixture
def file(tmp_path: Path) -> KeptCheckpoint:
    return KeptCheckpoint(tmp_path / "home" / "checkpoint", SIGNER.verifier)


def test_a_checkpoint_of_another_log_or_by_another_key_is_not_kept(file: KeptCheckpoint) -> None:
    file.keep(signed(3))
    for stranger in (signer_of("other.example/log"), signer_of(seed=9)):
        with pytest.raises(KeptCheckpointUnusable, match="not a checkpoint of this log"):
            file.keep(stranger.sign(9, edge_of(9).head()))
    assert file.read() == signed(3)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"log.district.example/pactgate\n3\nAAAA\n", signer_of(seed=9).sign(1, b"a" * 32).note.encode()],
)
def test_a_file_that_is_no_checkpoint_of_this_log_is_refused(file: KeptCheckpoint, content: bytes) -> None:
    file.keep(signed(3))
    file.file.write_bytes(content)
    for act in (file.read, lambda: file.keep(signed(4))):
        with pytest.raises(KeptCheckpointUnusable) as refused:
            act()
        assert "Do not just remove it" in refused.value.remedy


def test_a_file_that_cannot_be_read_or_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(KeptCheckpointUnusable, match="cannot be read"):
        KeptCheckpoint(tmp_path / "folder", SIGNER.verifier).read()
    (tmp_path / "file").touch()
    with pytest.raises(KeptCheckpointUnusable, match="cannot be kept") as refused:
        KeptCheckpoint(tmp_path / "file" / "checkpoint", SIGNER.verifier).keep(signed(1))
    assert "PACTGATE_CHECKPOINT" in refused.value.remedy


def test_another_head_of_the_same_size_is_a_fork(file: KeptCheckpoint) -> None:
    file.keep(signed(3))
    with pytest.raises(Forked, match="size 3"):
        file.keep(SIGNER.sign(3, b"f" * 32))
    assert file.read() == signed(3)


@given(st.lists(st.tuples(st.integers(1, 6), st.booleans()), min_size=1, max_size=8))
def test_it_only_moves_on(tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[int, bool]]) -> None:
    file = KeptCheckpoint(tmp_path_factory.mktemp("kept") / "checkpoint", SIGNER.verifier)
    assert file.read() is None
    for size, has_witness in moves:
        before = file.read()
        offered = cosigned(size) if has_witness else signed(size)
        file.keep(offered, edge_of(size))
        after = file.read()
        assert after is not None
        assert before is None or (after.size, len(after.note)) >= (before.size, len(before.note))
        assert after.size == max(size, 0 if before is None else before.size)
        edge = file.edge(after)
        assert edge is not None
        assert edge.head() == after.tree_head


def test_an_edge_that_does_not_lead_to_the_checkpoint_is_not_used(file: KeptCheckpoint) -> None:
    file.keep(signed(5), edge_of(4))
    for content in (b"zz", b"00", b"", b"\xff", "\n".join(each.hex() for each in edge_of(6).hashes).encode()):
        assert file.edge(signed(5)) is None
        file._edge_file.write_bytes(content)
    file._edge_file.unlink()
    assert file.edge(signed(5)) is None


@pytest.mark.parametrize("dies_at", range(8))
def test_whoever_dies_while_keeping_leaves_the_old_one_or_the_new_one(
    file: KeptCheckpoint, dies_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.keep(signed(3), edge_of(3))
    calls = 0

    def dying(act: object) -> object:
        def run(*given: object, **named: object) -> object:
            nonlocal calls
            calls += 1
            if calls > dies_at:
                raise InterruptedError(4, "died")
            return act(*given, **named)  # type: ignore[operator]

        return run

    with monkeypatch.context() as patched:
        for name in ("open", "fsync"):
            patched.setattr(os, name, dying(getattr(os, name)))
        patched.setattr(Path, "rename", dying(Path.rename))
        try:
            file.keep(signed(7), edge_of(7))
        except KeptCheckpointUnusable:
            assert calls > dies_at
    found = file.read()
    assert found in (signed(3), signed(7))
    assert file.edge(found) is None or file.edge(found).head() == found.tree_head  # type: ignore[union-attr]
    assert {each.name for each in file.file.parent.iterdir()} == {"checkpoint", "checkpoint.edge"}
    file.keep(signed(7), edge_of(7))
    assert file.read() == signed(7)


def test_several_processes_share_it(file: KeptCheckpoint) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda size: KeptCheckpoint(file.file, file.verifier).keep(signed(size)), [*range(1, 30)] * 2))
    assert file.read() == signed(29)


def test_a_place_where_nothing_can_be_kept_is_refused_before_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KeptCheckpointUnusable, match="cannot be written") as refused:
        KeptCheckpoint(tmp_path / "file" / "checkpoint", SIGNER.verifier).require_writable()
    assert "PACTGATE_CHECKPOINT" in refused.value.remedy
    KeptCheckpoint(tmp_path / "new" / "checkpoint", SIGNER.verifier).require_writable()
    # Root may write anywhere but where the system itself says no, such as a mount that is read-only.
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(KeptCheckpointUnusable):
        KeptCheckpoint(tmp_path / "new" / "checkpoint", SIGNER.verifier).require_writable()
