"""Static export: names and contents of tlog-tiles, continued exports, forks refused; and the folder verifier."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoint import Checkpoint
from audit.entry import MAX_LEAF
from audit.errors import Forked, LeafRefused, LogDamaged, RolledBack, VerificationFailed
from audit.exporter import Exporter
from audit.sources import Folder
from audit.tiles import pack_bundle, tile_path, tile_widths, unpack_bundle
from audit.tree import leaf_hash, tree_head
from audit.verify import Verified, read_checkpoint, verify_export, verify_folder
from tests.factories.log import ORIGIN, signer_of

SIGNER = signer_of()


def write(folder: Path, leaves: list[bytes]) -> Checkpoint:
    exporter = Exporter(folder)
    for leaf in leaves:
        exporter.add(leaf)
    assert exporter.size == len(leaves)
    checkpoint = SIGNER.sign(len(leaves), tree_head(leaf_hash(leaf) for leaf in leaves))
    exporter.finish(checkpoint)
    return checkpoint


def numbered(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


@pytest.mark.parametrize(
    "bundle", [b"\x00", b"\x00\x02a", pack_bundle([b"a", b"b"])[:-1], pack_bundle([b"a", b"b"]) + b"\xff"]
)
def test_a_bundle_that_is_cut_is_refused(bundle: bytes) -> None:
    with pytest.raises(LogDamaged):
        unpack_bundle(bundle)


@given(leaves=st.lists(st.binary(max_size=400), max_size=20))
def test_bundles_read_back(leaves: list[bytes]) -> None:
    assert unpack_bundle(pack_bundle(leaves)) == leaves


def test_tiles_are_named_as_published() -> None:
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path("entries", 0, 17) == "tile/entries/000.p/17"
    assert tile_path(3, 999) == "tile/3/999"
    assert tile_path(3, 1000, 1) == "tile/3/x001/000.p/1"


def test_a_tree_of_70000_has_the_tiles_of_the_specification() -> None:
    lowest, middle, top = (list(tile_widths(count)) for count in (70_000, 70_000 // 256, 70_000 // 65_536))
    assert (len(lowest), lowest[-1]) == (274, (273, 112))
    assert (len(middle), middle[-1]) == (2, (1, 17))
    assert top == [(0, 1)]
    assert list(tile_widths(0)) == []


@pytest.mark.parametrize("leaf", [b"", bytes(MAX_LEAF + 1)])
def test_a_leaf_that_fits_no_bundle_is_not_exported(tmp_path: Path, leaf: bytes) -> None:
    with pytest.raises(LeafRefused):
        Exporter(tmp_path).add(leaf)


def test_a_checkpoint_over_other_entries_is_not_published(tmp_path: Path) -> None:
    write(tmp_path, numbered(3))
    exporter = Exporter(tmp_path)
    for leaf in numbered(4):
        exporter.add(leaf)
    with pytest.raises(LogDamaged):
        exporter.finish(SIGNER.sign(3, tree_head(leaf_hash(leaf) for leaf in numbered(3))))
    assert verify_folder(tmp_path, SIGNER.verifier).size == 3


def test_an_export_over_another_past_is_refused(tmp_path: Path) -> None:
    write(tmp_path, numbered(300))
    with pytest.raises(Forked):
        write(tmp_path, [b"other", *numbered(299)])
    assert verify_folder(tmp_path, SIGNER.verifier).size == 300


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 513])
def test_an_export_of_any_size_verifies(tmp_path: Path, size: int) -> None:
    checkpoint = write(tmp_path, numbered(size))
    assert verify_folder(tmp_path, SIGNER.verifier) == Verified(ORIGIN, size, checkpoint.tree_head, None)


def test_whoever_waits_for_a_long_log_is_told_how_far_it_is(tmp_path: Path) -> None:
    write(tmp_path, numbered(300))
    told: list[tuple[int, int]] = []
    verify_export(Folder(tmp_path), SIGNER.verifier, progress=lambda done, whole: told.append((done, whole)))
    assert told == [(256, 300), (300, 300)]


def test_a_third_level_of_tiles_verifies_and_is_checked(tmp_path: Path) -> None:
    write(tmp_path, numbered(65_537))
    assert verify_folder(tmp_path, SIGNER.verifier).size == 65_537
    tile = tmp_path / tile_path(2, 0, 1)
    tile.write_bytes(bytes(32))
    with pytest.raises(LogDamaged, match="tile/2"):
        verify_folder(tmp_path, SIGNER.verifier)


@pytest.mark.parametrize("old", [0, 1, 5, 255, 256, 257, 300])
def test_a_continued_export_continues_every_earlier_checkpoint(tmp_path: Path, old: int) -> None:
    earlier = write(tmp_path, numbered(old))
    write(tmp_path, numbered(300))
    assert verify_folder(tmp_path, SIGNER.verifier, earlier).continues == old


def test_a_partial_tile_may_be_gone_once_the_full_one_is_there(tmp_path: Path) -> None:
    leaves = numbered(256)
    write(tmp_path, leaves)
    older = SIGNER.sign(200, tree_head(leaf_hash(leaf) for leaf in leaves[:200]))
    (tmp_path / "checkpoint").write_text(older.note)
    assert verify_folder(tmp_path, SIGNER.verifier).size == 200


def test_entries_that_lead_to_another_head_than_was_signed_are_damaged(tmp_path: Path) -> None:
    write(tmp_path, numbered(5))
    (tmp_path / "checkpoint").write_text(SIGNER.sign(5, leaf_hash(b"another head")).note)
    with pytest.raises(LogDamaged, match="do not lead to the tree head"):
        verify_folder(tmp_path, SIGNER.verifier)


def test_a_shorter_log_than_before_is_a_rollback(tmp_path: Path) -> None:
    write(tmp_path, numbered(4))
    longer = SIGNER.sign(5, tree_head(leaf_hash(leaf) for leaf in numbered(5)))
    with pytest.raises(RolledBack):
        verify_folder(tmp_path, SIGNER.verifier, longer)


@pytest.mark.parametrize("size", [1, 4, 5])
def test_another_past_than_before_is_a_fork(tmp_path: Path, size: int) -> None:
    write(tmp_path, numbered(5))
    earlier = SIGNER.sign(size, tree_head([leaf_hash(b"other"), *(leaf_hash(leaf) for leaf in numbered(size)[1:])]))
    with pytest.raises(Forked):
        verify_folder(tmp_path, SIGNER.verifier, earlier)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("checkpoint", None),
        ("checkpoint", b"\xff"),
        ("checkpoint", b"x" * 70_000),
        ("tile/entries/000.p/3", None),
        ("tile/entries/000.p/3", b"\x00\x01a\x00"),
        ("tile/entries/000.p/3", pack_bundle([b"0", b"1"])),
        ("tile/entries/000.p/3", pack_bundle([b"0", b"1", b"2", b"3"])),
        ("tile/entries/000.p/3", pack_bundle([b"0", b"2", b"1"])),
        ("tile/0/000.p/3", None),
        ("tile/0/000.p/3", bytes(95)),
        ("tile/0/000.p/3", bytes(96)),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, name: str, content: bytes | None) -> None:
    write(tmp_path, numbered(3))
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(VerificationFailed, match=r"checkpoint|tile/|entry"):
        verify_folder(tmp_path, SIGNER.verifier)


def test_entries_and_tiles_changed_together_do_not_lead_to_the_signed_head(tmp_path: Path) -> None:
    checkpoint = write(tmp_path, numbered(3))
    write(tmp_path / "other", [b"0", b"1", b"x"])
    (tmp_path / "other" / "checkpoint").write_text(checkpoint.note)
    with pytest.raises(LogDamaged, match="tree head"):
        verify_folder(tmp_path / "other", SIGNER.verifier)


def test_a_checkpoint_file_reads_back(tmp_path: Path) -> None:
    checkpoint = write(tmp_path, numbered(2))
    assert read_checkpoint(tmp_path / "checkpoint", SIGNER.verifier) == checkpoint
