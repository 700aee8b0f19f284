"""
Claim 5. Every change to the log is found: edit, drop, insert, reorder, truncate, roll back, fork.

Shown on an exported folder, with the verifier that needs neither the gateway nor its database. Whoever changes the log
here may rewrite every tile to match; whoever also holds the log's key is found by a checkpoint seen earlier.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import audit
from audit.checkpoint import Checkpoint
from audit.errors import Forked, LogDamaged, RolledBack, VerificationFailed
from audit.exporter import Exporter
from audit.sources import Folder
from audit.tree import leaf_hash, tree_head
from audit.verify import verify_export, verify_folder
from tests.factories.log import numbered_leaf, signer_of

pytestmark = pytest.mark.claim(5)

SIGNER = signer_of()
SIZE = 300
"""More than one tile, so that full tiles, partial tiles and a second level are all there to be changed."""
LEAVES = [numbered_leaf(number) for number in range(SIZE)]


def head_of(leaves: Sequence[bytes]) -> bytes:
    return tree_head(leaf_hash(leaf) for leaf in leaves)


SIGNED = SIGNER.sign(SIZE, head_of(LEAVES))


def export(folder: Path, leaves: Sequence[bytes], *, claimed: Checkpoint | None = None) -> None:
    """Write the folder that these leaves make, tiles and all; then put the checkpoint of `claimed` over it."""
    exporter = Exporter(folder)
    for leaf in leaves:
        exporter.add(leaf)
    exporter.finish(SIGNER.sign(len(leaves), head_of(leaves)))
    if claimed is not None:
        (folder / "checkpoint").write_text(claimed.note)


def require_found(leaves: Sequence[bytes]) -> None:
    """Whoever changes the entries recomputes every tile, but has no key: the old checkpoint stays in place."""
    with tempfile.TemporaryDirectory() as name:
        export(Path(name), leaves, claimed=SIGNED)
        with pytest.raises(LogDamaged):
            verify_folder(Path(name), SIGNER.verifier)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("log")
    export(folder, LEAVES)
    return folder


places = st.integers(0, SIZE - 1)


def test_an_unchanged_log_is_accepted(original: Path) -> None:
    assert verify_folder(original, SIGNER.verifier).tree_head == SIGNED.tree_head


def test_whoever_waits_is_told_how_far_the_checking_has_come(original: Path) -> None:
    told: list[tuple[int, int]] = []
    verify_export(Folder(original), SIGNER.verifier, progress=lambda done, whole: told.append((done, whole)))
    assert told == [(256, SIZE), (SIZE, SIZE)]


@given(data=st.data())
def test_any_changed_byte_of_any_file_is_found(original: Path, data: st.DataObject) -> None:
    files = sorted(path for path in original.rglob("*") if path.is_file())
    path = data.draw(st.sampled_from(files))
    content = path.read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    changed = bytearray(content)
    changed[at] ^= data.draw(st.integers(1, 255))
    try:
        path.write_bytes(changed)
        with pytest.raises(VerificationFailed):
            verify_folder(original, SIGNER.verifier)
    finally:
        path.write_bytes(content)


@given(data=st.data())
def test_any_missing_or_shortened_file_is_found(original: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(path for path in original.rglob("*") if path.is_file())))
    content = path.read_bytes()
    keep = data.draw(st.integers(-1, len(content) - 1))
    try:
        path.unlink()
        if keep >= 0:
            path.write_bytes(content[:keep])
        with pytest.raises(VerificationFailed):
            verify_folder(original, SIGNER.verifier)
    finally:
        path.write_bytes(content)


@given(at=places)
def test_an_edited_entry_is_found(at: int) -> None:
    require_found([*LEAVES[:at], numbered_leaf(at, edited=True), *LEAVES[at + 1 :]])


@given(at=places)
def test_a_dropped_entry_is_found(at: int) -> None:
    require_found([*LEAVES[:at], *LEAVES[at + 1 :]])


@given(at=st.integers(0, SIZE))
def test_an_inserted_entry_is_found(at: int) -> None:
    # At the very end it lies beyond the checkpoint, where nothing has been signed yet; so the size is grown with it.
    inserted = [*LEAVES[:at], numbered_leaf(999), *LEAVES[at:]]
    if at < SIZE:
        require_found(inserted)
        return
    with tempfile.TemporaryDirectory() as name:
        export(Path(name), inserted, claimed=signer_of(seed=2).sign(SIZE + 1, head_of(inserted)))
        with pytest.raises(VerificationFailed):
            verify_folder(Path(name), SIGNER.verifier)


@given(first=places, second=places)
def test_two_entries_in_each_other_s_place_are_found(first: int, second: int) -> None:
    swapped = list(LEAVES)
    swapped[first], swapped[second] = LEAVES[second], LEAVES[first]
    if first != second:
        require_found(swapped)


@given(keep=places)
def test_a_truncated_log_is_found(keep: int) -> None:
    require_found(LEAVES[:keep])


@given(keep=places)
def test_a_rollback_with_our_own_key_is_found_by_an_earlier_checkpoint(keep: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        export(Path(name), LEAVES[:keep])
        assert verify_folder(Path(name), SIGNER.verifier).size == keep
        with pytest.raises(RolledBack):
            verify_folder(Path(name), SIGNER.verifier, SIGNED)


@given(seen=st.integers(1, SIZE), data=st.data())
def test_a_fork_with_our_own_key_is_found_by_an_earlier_checkpoint(seen: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, seen - 1))
    forked = [*LEAVES[:at], numbered_leaf(at, forked=True), *LEAVES[at + 1 :]]
    with tempfile.TemporaryDirectory() as name:
        export(Path(name), forked)
        assert verify_folder(Path(name), SIGNER.verifier).size == SIZE
        with pytest.raises(Forked):
            verify_folder(Path(name), SIGNER.verifier, SIGNER.sign(seen, head_of(LEAVES[:seen])))


ALONE = """
import runpy, sys
class Bare:
    def find_spec(self, name, path=None, target=None):
        allowed = {"audit", "cryptography", "_cffi_backend", "cffi"} | sys.stdlib_module_names
        if name.partition(".")[0] not in allowed:
            raise ImportError("not on a bare machine: " + name)
sys.meta_path.insert(0, Bare())
sys.argv = ["audit", *sys.argv[1:]]
runpy.run_module("audit", run_name="__main__")
"""


def test_the_verifier_runs_where_only_python_and_cryptography_are(original: Path, tmp_path: Path) -> None:
    shutil.copytree(Path(audit.__file__).parent, tmp_path / "audit", ignore=shutil.ignore_patterns("__pycache__"))
    call = [sys.executable, "-c", ALONE, "verify", str(original), "--key", SIGNER.vkey]
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE", "COV_"))}

    whole = subprocess.run(call, cwd=tmp_path, env=bare, capture_output=True, text=True, timeout=60, check=False)
    assert (whole.returncode, whole.stderr) == (0, "")
    assert whole.stdout.startswith("The log holds: ")

    damaged = shutil.copytree(original, tmp_path / "damaged")
    bundle = damaged / "tile" / "entries" / "000"
    bundle.write_bytes(bundle.read_bytes().replace(b'"number":77,', b'"number":78,'))
    call[4] = str(damaged)
    found = subprocess.run(call, cwd=tmp_path, env=bare, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 1
    assert "entry 77" in found.stdout
