"""An export is continued from its right edge, can be interrupted at any write, and never changes what is there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.checkpoint import Checkpoint
from audit.errors import (
    ExportMismatch,
    Forked,
    LogDamaged,
    NoteInvalid,
    SourceUnavailable,
    VerificationFailed,
)
from audit.exporter import Exporter, earlier_export
from audit.targets import FolderTarget
from audit.tree import leaf_hash, tree_head
from audit.verify import verify_export, verify_folder
from tests.factories.log import signer_of

SIGNER = signer_of()
LEAVES = [b"%d" % number for number in range(1600)]


class Stopped(Exception):
    """The power went."""


class Memory:
    """A target in memory that counts, and can be stopped at any write."""

    def __init__(self, files: dict[str, bytes] | None = None, writes: int = 10**9) -> None:
        self.files = {} if files is None else files
        self.reads: list[str] = []
        self.writes = writes

    def read(self, name: str, limit: int) -> bytes | None:
        self.reads.append(name)
        found = self.files.get(name)
        assert found is None or len(found) <= limit
        return found

    def put(self, name: str, content: bytes) -> None:
        if self.files.get(name, content) != content:
            raise Forked(name)
        self.replace(name, content)

    def replace(self, name: str, content: bytes) -> None:
        if not self.writes:
            raise Stopped
        self.writes -= 1
        self.files[name] = content


def signed(size: int, leaves: list[bytes] = LEAVES) -> Checkpoint:
    return SIGNER.sign(size, tree_head(leaf_hash(leaf) for leaf in leaves[:size]))


def export(target: Memory, size: int, *, leaves: list[bytes] = LEAVES, bundles: bool = True) -> int:
    """Export the first `size` leaves, going on from what is there; return how many were needed."""
    exporter = Exporter(target, earlier_export(target, SIGNER.verifier, bundles=bundles), bundles=bundles)
    start = exporter.size
    for leaf in leaves[start:size]:
        exporter.add(leaf)
    exporter.finish(signed(size, leaves))
    return size - start


def crashes(size: int) -> Iterator[int]:
    whole = Memory()
    export(whole, size)
    return iter(range(10**9 - whole.writes))


@pytest.mark.parametrize("size", [1, 256, 600])
def test_an_export_stopped_at_any_write_and_run_again_gives_the_same_bytes(size: int) -> None:
    whole = Memory()
    export(whole, size)
    for writes in crashes(size):
        target = Memory(writes=writes)
        with pytest.raises(Stopped):
            export(target, size)
        assert "checkpoint" not in target.files
        target.writes = 10**9
        export(target, size)
        assert target.files == whole.files


@pytest.mark.parametrize(("old", "new"), [(100, 300), (256, 257), (255, 600), (511, 512)])
def test_a_continued_export_stopped_at_any_write_still_holds_the_older_log(old: int, new: int) -> None:
    whole = Memory()
    export(whole, old)
    before = dict(whole.files)
    export(whole, new)
    for writes in range(len(whole.files) - len(before) + 1):
        target = Memory(dict(before), writes)
        with pytest.raises(Stopped):
            export(target, new)
        assert verify_export(target, SIGNER.verifier).size == old
        target.writes = 10**9
        export(target, new)
        assert target.files == whole.files


@settings(deadline=None, max_examples=30)
@given(sizes=st.lists(st.integers(0, len(LEAVES)), min_size=1, max_size=5), bundles=st.booleans())
def test_any_sequence_of_exports_reads_each_entry_once_and_serves_every_size(sizes: list[int], bundles: bool) -> None:
    target = Memory()
    read = [export(target, size, bundles=bundles) for size in sorted(sizes)]
    assert sum(read) == max(sizes)
    for size in sizes:
        target.files["checkpoint"] = signed(size).note.encode()
        assert verify_export(target, SIGNER.verifier, entries=bundles).size == size


def test_going_on_reads_the_right_edge_and_nothing_else() -> None:
    target = Memory()
    export(target, 1500)
    target.reads.clear()
    assert export(target, 1501) == 1
    edge = {"checkpoint", "tile/0/005.p/220", "tile/1/000.p/5", "tile/entries/005.p/220"}
    assert set(target.reads) == edge


def test_an_edge_that_is_not_what_was_signed_is_not_continued() -> None:
    target = Memory()
    export(target, 300)
    for name in ("tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"):
        content = target.files[name]
        for wrong in (content[:-1] + bytes([content[-1] ^ 1]), content[:-1]):
            target.files[name] = wrong
            with pytest.raises((LogDamaged, ExportMismatch), match=r"the last tiles|does not hold|without entries"):
                export(target, 400)
        target.files[name] = content
    assert export(target, 400) == 100


def test_a_checkpoint_of_somebody_else_is_not_continued() -> None:
    target = Memory()
    export(target, 300)
    for stranger, refusal in ((signer_of(seed=2), NoteInvalid), (signer_of("other.example"), VerificationFailed)):
        target.files["checkpoint"] = stranger.sign(300, bytes(32)).note.encode()
        with pytest.raises(refusal):
            export(target, 400)
    target.files["checkpoint"] = signed(200).note.encode()
    del target.files["tile/0/000"]
    with pytest.raises(LogDamaged, match=r"tile/0/000\.p/200 is missing"):
        export(target, 400)


@pytest.mark.parametrize("changed", [0, 299])
def test_another_past_is_not_put_over_an_earlier_one(changed: int) -> None:
    target = Memory()
    export(target, 300)
    before = dict(target.files)
    other = [*LEAVES[:changed], b"other", *LEAVES[changed + 1 :]]
    with pytest.raises(LogDamaged, match="are not the 400 entries"):
        export(target, 400, leaves=other)
    assert all(target.files[name] == content for name, content in before.items())
    assert verify_export(target, SIGNER.verifier).size == 300


def test_hashes_published_alone_tell_no_entry_and_still_prove_the_tree() -> None:
    target = Memory()
    export(target, 300, bundles=False)
    export(target, 600, bundles=False)
    assert not [name for name in target.files if "entries" in name]
    found = verify_export(target, SIGNER.verifier, signed(300), entries=False)
    assert (found.size, found.continues, found.entries) == (600, 300, False)
    with pytest.raises(LogDamaged, match="tile/entries/000 is missing"):
        verify_export(target, SIGNER.verifier)


@pytest.mark.parametrize("bundles", [True, False])
def test_entries_are_not_added_to_a_publication_nor_left_out_of_an_archive(*, bundles: bool) -> None:
    target = Memory()
    export(target, 300, bundles=bundles)
    with pytest.raises(ExportMismatch, match="this one is to be"):
        export(target, 400, bundles=not bundles)


def test_an_export_of_the_empty_log_can_be_continued_either_way() -> None:
    target = Memory()
    export(target, 0)
    assert export(target, 3, bundles=False) == 3


def test_a_folder_keeps_what_it_has_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    target = FolderTarget(tmp_path)
    target.put("tile/0/000", b"once")
    target.put("tile/0/000", b"once")
    with pytest.raises(Forked, match="tile/0/000 is already there"):
        target.put("tile/0/000", b"twice")
    target.replace("checkpoint", b"one")
    target.replace("checkpoint", b"two")
    assert (tmp_path / "checkpoint").read_bytes() == b"two"
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"000", "checkpoint"}
    (tmp_path / "file").touch()
    with pytest.raises(SourceUnavailable, match="cannot be written"):
        FolderTarget(tmp_path / "file").put("checkpoint", b"x")


def test_a_continued_folder_verifies_with_the_program_that_trusts_nobody(tmp_path: Path) -> None:
    for size in (10, 300):
        exporter = Exporter(tmp_path, earlier_export(FolderTarget(tmp_path), SIGNER.verifier))
        for leaf in LEAVES[exporter.size : size]:
            exporter.add(leaf)
        exporter.finish(signed(size))
    assert verify_folder(tmp_path, SIGNER.verifier, signed(10)).continues == 10
