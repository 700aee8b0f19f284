"""`python -m audit sample`: the partner draws from the export what the district drew, if the log holds."""

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from audit.__main__ import HOLDS, UNUSABLE, WRONG, main
from audit.drawing import draw_among, draw_in, is_about
from audit.errors import LeafRefused, RolledBack
from audit.events import Event
from audit.sample import draw
from audit.tiles import Exporter
from audit.tree import leaf_hash, tree_head
from tests.factories.log import numbered_leaf, signer_of

SIGNER = signer_of()
ABOUT, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
LEAVES = [
    numbered_leaf(
        number,
        Event.REFUSAL if number % 5 == 0 else Event.DISCLOSURE,
        agreement=ABOUT if number % 3 else OTHER,
        seen=ABOUT,
    )
    for number in range(600)
]
OWN = [number for number in range(600) if number % 5 and number % 3]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


def exported(folder: Path, size: int = 600) -> Path:
    exporter = Exporter(folder)
    for leaf in LEAVES[:size]:
        exporter.add(leaf)
    exporter.finish(SIGNER.sign(size, tree_head(HASHES[:size])))
    return folder


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_nothing_is_drawn_from_a_log_that_does_not_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = exported(tmp_path) / "tile/entries/001"
    bundle.write_bytes(bundle.read_bytes().replace(b'"number":300', b'"number":301'))
    assert main(["sample", str(tmp_path), ABOUT, "--key", SIGNER.vkey]) == WRONG
    assert "entry 300" in said(capsys)


def test_a_call_that_cannot_be_used_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(exported(tmp_path))
    for call in (
        [str(tmp_path / "none"), ABOUT],
        [folder, ABOUT, "--size", "0"],
        [folder, ABOUT, "--checkpoint", str(tmp_path / "none")],
    ):
        assert main(["sample", *call, "--key", SIGNER.vkey]) == UNUSABLE
        assert capsys.readouterr().err


def test_a_checkpoint_of_a_longer_log_is_a_rollback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = exported(tmp_path, 300)
    (folder / "later").write_text(SIGNER.sign(600, tree_head(HASHES)).note)
    assert main(["sample", str(folder), ABOUT, "--checkpoint", str(folder / "later"), "--key", SIGNER.vkey]) == WRONG
    assert "rolled_back" in said(capsys)


def test_the_same_entries_are_drawn_by_everybody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = exported(tmp_path)
    call = ["sample", str(folder), ABOUT, "--size", "7", "--key", SIGNER.vkey]
    assert main([*call, "--json"]) == HOLDS
    found = json.loads(said(capsys))
    assert found["drawn"] == list(draw(tree_head(HASHES), ABOUT, OWN, 7))
    assert (found["about"], found["size"], found["among"]) == (ABOUT, 600, len(OWN))
    assert main(call) == HOLDS
    assert said(capsys) == f"Of {len(OWN)} disclosures these were drawn: {', '.join(map(str, found['drawn']))}.\n"
    assert main(["sample", str(folder), "sha256:" + "c" * 64, "--key", SIGNER.vkey]) == HOLDS
    assert said(capsys) == "Of 0 disclosures these were drawn: none.\n"


def test_an_earlier_checkpoint_draws_among_what_it_covers(tmp_path: Path) -> None:
    folder = exported(tmp_path, 512)
    (folder / "tile/entries/001.p").mkdir()  # a partial tile of before was deleted
    earlier = SIGNER.sign(300, tree_head(HASHES[:300]))
    found = draw_in(folder, SIGNER.verifier, ABOUT, 5, earlier)
    assert found.entries == draw(earlier.tree_head, ABOUT, [number for number in OWN if number < 300], 5)
    assert found.log_size == 300


async def _among(leaves: Sequence[bytes]) -> AsyncIterator[bytes]:
    for leaf in leaves:
        yield leaf


async def test_leaves_of_a_database_give_the_same_and_too_few_of_them_nothing(tmp_path: Path) -> None:
    checkpoint = SIGNER.sign(600, tree_head(HASHES))
    with pytest.raises(RolledBack):
        await draw_among(_among(LEAVES[:599]), checkpoint, ABOUT, 5)
    found = await draw_among(_among(LEAVES), checkpoint, ABOUT, 5)
    assert found == draw_in(exported(tmp_path), SIGNER.verifier, ABOUT, 5)


def test_what_looks_like_a_disclosure_and_cannot_be_read_is_not_passed_over() -> None:
    with pytest.raises(LeafRefused):
        is_about(b'{"event":"disclosure","agreement":"' + ABOUT.encode(), ABOUT)
    assert not is_about(numbered_leaf(1, Event.REFUSAL, note='"event":"disclosure"', agreement=ABOUT), ABOUT)
