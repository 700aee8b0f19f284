"""`python -m audit`: exit codes, sentences and JSON; unusable calls get a remedy, not a traceback."""

import io
import json
import runpy
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from audit.__main__ import HOLDS, UNUSABLE, WRONG, main
from audit.exporter import Exporter
from audit.note import NoteVerifier
from audit.progress import bar
from audit.proof import Receipt
from audit.tree import inclusion_path, leaf_hash, tree_head
from tests.factories.log import ORIGIN, numbered_leaf, signer_of
from tests.factories.web import served

SIGNER = signer_of()
LEAVES = [numbered_leaf(number) for number in range(5)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]
PUBLIC = Ed25519PublicKey.from_public_bytes(NoteVerifier.parse(SIGNER.vkey).public)
PEM = PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
WRONG_KIND = (
    generate_private_key(SECP256R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    exporter = Exporter(tmp_path)
    for leaf in LEAVES:
        exporter.add(leaf)
    checkpoint = SIGNER.sign(5, tree_head(HASHES))
    exporter.finish(checkpoint)
    (tmp_path / "leaf").write_bytes(LEAVES[2])
    (tmp_path / "receipt.tlog-proof").write_text(Receipt(2, inclusion_path(HASHES, 2), checkpoint.note).text())
    (tmp_path / "log.pem").write_text(PEM)
    (tmp_path / "log.vkey").write_text(SIGNER.vkey + "\n")
    return tmp_path


def test_a_damaged_log_ends_with_1_and_names_the_entry(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = folder / "tile/entries/000.p/5"
    bundle.write_bytes(bundle.read_bytes().replace(b'"number":3', b'"number":8'))
    assert main(["verify", str(folder), "--key", SIGNER.vkey]) == WRONG
    assert capsys.readouterr().out == "WRONG (log_damaged): entry 3 does not hash to its place in the tree\n"
    assert main(["verify", str(folder), "--key", SIGNER.vkey, "--json"]) == WRONG
    found = json.loads(capsys.readouterr().out)
    assert found == {"holds": False, "code": "log_damaged", "found": "entry 3 does not hash to its place in the tree"}


def test_a_rollback_ends_with_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "later").write_text(SIGNER.sign(6, HASHES[0]).note)
    call = ["verify", str(folder), "--key", SIGNER.vkey, "--previous-checkpoint", str(folder / "later"), "--json"]
    assert main(call) == WRONG
    assert json.loads(capsys.readouterr().out)["code"] == "rolled_back"


def test_a_receipt_for_another_leaf_ends_with_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "leaf").write_bytes(LEAVES[1])
    receipt = str(folder / "receipt.tlog-proof")
    assert main(["receipt", receipt, "--leaf", str(folder / "leaf"), "--key", SIGNER.vkey]) == WRONG
    (folder / "receipt.tlog-proof").write_bytes(b"\xff")
    assert main(["receipt", receipt, "--leaf", str(folder / "leaf"), "--key", SIGNER.vkey]) == WRONG
    assert "receipt is not text" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["verify", "{folder}/missing", "--key", SIGNER.vkey], "pactgate audit export"),
        (["verify", "{folder}", "--key", "nonsense"], "name+id+base64"),
        (["verify", "{folder}", "--key", "x" * 5000], "name+id+base64"),
        (["verify", "{folder}", "--key", "{folder}/log.pem"], "--origin"),
        (["verify", "{folder}", "--key", "{folder}/leaf"], "cannot be used"),
        (["verify", "{folder}", "--key", PEM.replace("MCow", "MCox"), "--origin", ORIGIN], "cannot be used"),
        (["verify", "{folder}", "--key", WRONG_KIND.decode(), "--origin", ORIGIN], "Ed25519"),
        (["verify", "{folder}", "--key", SIGNER.vkey, "--origin", "other.example"], "belongs to " + ORIGIN),
        (["verify", "{folder}", "--key", SIGNER.vkey, "--previous-checkpoint", "{folder}/none"], "not a file"),
        (["receipt", "{folder}/none", "--leaf", "{folder}/leaf", "--key", SIGNER.vkey], "cannot be read"),
        (["receipt", "{folder}/receipt.tlog-proof", "--leaf", "{folder}", "--key", SIGNER.vkey], "cannot be read"),
    ],
)
def test_an_unusable_call_ends_with_2_and_a_remedy(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], remedy: str
) -> None:
    assert main([argument.replace("{folder}", str(folder)) for argument in arguments]) == UNUSABLE
    captured = capsys.readouterr()
    assert remedy in captured.err
    assert captured.out == ""


@pytest.mark.parametrize("key", [[SIGNER.vkey], ["{folder}/log.vkey"], ["{folder}/log.pem", "--origin", ORIGIN]])
def test_a_whole_log_ends_with_0(folder: Path, capsys: pytest.CaptureFixture[str], key: list[str]) -> None:
    given = [part.replace("{folder}", str(folder)) for part in key]
    assert main(["verify", str(folder), "--key", *given]) == HOLDS
    head = tree_head(HASHES).hex()
    assert capsys.readouterr().out == f"The log holds: {ORIGIN}, 5 entries, tree head {head}.\n"


def test_a_log_that_continues_an_earlier_checkpoint_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "earlier").write_text(SIGNER.sign(3, tree_head(HASHES[:3])).note)
    call = ["verify", str(folder), "--key", SIGNER.vkey, "--previous-checkpoint", str(folder / "earlier")]
    assert main(call) == HOLDS
    assert capsys.readouterr().out.endswith("It continues the earlier checkpoint of 3 entries.\n")
    assert main([*call, "--json"]) == HOLDS
    assert json.loads(capsys.readouterr().out)["continues"] == 3


def test_a_log_behind_a_web_server_is_checked_like_a_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with served(folder) as url:
        assert main(["verify", url, "--key", SIGNER.vkey]) == HOLDS
        (folder / "tile/0/000.p/5").unlink()
        assert main(["verify", url, "--key", SIGNER.vkey]) == WRONG
    assert capsys.readouterr().out.endswith("WRONG (log_damaged): tile/0/000.p/5 is missing\n")
    assert main(["verify", "http://127.0.0.1:9/?x", "--key", SIGNER.vkey]) == UNUSABLE
    assert "was not judged" in capsys.readouterr().err


def test_hashes_alone_are_checked_when_that_is_asked_and_it_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "tile/entries/000.p/5").unlink()
    assert main(["verify", str(folder), "--key", SIGNER.vkey]) == WRONG
    assert main(["verify", str(folder), "--key", SIGNER.vkey, "--hashes-only"]) == HOLDS
    assert capsys.readouterr().out.endswith(" Only hashes were checked, not the entries.\n")


def test_a_key_that_was_retired_before_is_told_from_one_that_stands(folder: Path) -> None:
    other = signer_of(seed=2).vkey
    for size, code in (("5", HOLDS), ("4", WRONG), ("five", UNUSABLE)):
        assert main(["verify", str(folder), "--key", other, "--retired", size, SIGNER.vkey]) == code


def test_being_stopped_is_said_and_is_no_verdict(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("audit.checks.verify_export", stopped)
    assert main(["verify", str(folder), "--key", SIGNER.vkey]) == UNUSABLE
    assert capsys.readouterr() == ("", "Stopped before the end: nothing was found out.\n")


class Terminal(io.StringIO):
    """Somebody is looking."""

    def isatty(self) -> bool:
        return True


def test_progress_is_shown_to_a_terminal_only_and_is_gone_at_the_end() -> None:
    with bar(io.StringIO()) as tell:
        assert tell is None
    terminal, times = Terminal(), iter([0.0, 0.05, 0.2, 0.21])
    with bar(terminal, clock=lambda: next(times)) as tell:
        assert tell is not None
        for done in (1, 2, 5_000, 10_000):
            tell(done, 10_000)
    shown = terminal.getvalue().split("\r\x1b[K")
    assert [line.partition("] ")[2] for line in shown] == [
        "",
        "1 of 10,000 entries",
        "5,000 of 10,000 entries",
        "10,000 of 10,000 entries",
        "",
    ]


def test_a_receipt_that_holds_ends_with_0(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["receipt", str(folder / "receipt.tlog-proof"), "--leaf", str(folder / "leaf"), "--key", SIGNER.vkey]
    assert main(call) == HOLDS
    assert capsys.readouterr().out == f"The receipt holds: {ORIGIN} recorded this as entry 2 of 5.\n"


def test_the_module_runs_as_a_command(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["audit", "verify", str(folder), "--key", SIGNER.vkey])
    monkeypatch.delitem(sys.modules, "audit.__main__")
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("audit", run_name="__main__")
    assert ended.value.code == HOLDS
    assert "The log holds" in capsys.readouterr().out
