"""The log from the command line: what is wrong is named, and an auditor needs no key of the gateway."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli.progress import progress
from tests.factories.command_line import CommandLine
from tests.factories.web import served

_CHANGED = "convert_to(replace(convert_from(leaf, 'UTF8'), 'tutoring', 'testing!'), 'UTF8')"
_SET_LEAF = "UPDATE audit.entry SET leaf = " + _CHANGED  # noqa: S608 - our own words


def _damage(desk: CommandLine, statement: str) -> None:
    """Do what only the owner of the database can: pass the guards by and change the past."""
    desk.server.damaged.add(desk.database)
    desk.sql(
        "ALTER TABLE audit.entry DISABLE TRIGGER ALL; ALTER TABLE audit.entry DROP CONSTRAINT entry_leaf_hash;"
        f"{statement}; ALTER TABLE audit.entry ENABLE TRIGGER ALL"
    )


def _auditor(desk: CommandLine) -> CommandLine:
    """An auditor's machine: the trust file and the auditor's login, and nothing else."""
    shutil.copyfile(desk.folder / "home" / "trust.json", desk.folder / "pinned.json")
    alone = desk.without("PACTGATE_ADMIN_URL", "PACTGATE_OWNER_URL", "PACTGATE_APP_URL", "PACTGATE_LOADER_URL")
    away = str(desk.folder / "auditor")
    return alone.with_settings(PACTGATE_HOME=away, PACTGATE_TRUST=str(desk.folder / "pinned.json"))


def _write_where_nothing_is_signed(desk: CommandLine) -> None:
    """Write an entry on an office machine that has no login to sign with."""
    desk.without("PACTGATE_APP_URL").done("parties", "suspend", "partner:bright-path", "--reason", "Incident")


@pytest.mark.claim(5)
@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (f"{_SET_LEAF} WHERE idx = 5", "entry 5 does not hash"),
        (f"{_SET_LEAF}, leaf_hash = sha256('\\x00'::bytea || {_CHANGED}) WHERE idx = 5", "the checkpoint of size 6 "),
        ("DELETE FROM audit.entry WHERE idx = 2", "entry 2 is missing"),
    ],
)
def test_one_entry_changed_behind_our_back_is_named(active: CommandLine, statement: str, found: str) -> None:
    active.done("audit", "verify")
    _damage(active, statement)
    for desk in (active, _auditor(active)):
        outcome = desk.run("audit", "verify")
        assert outcome.code == 1
        assert outcome.data["holds"] is False
        assert outcome.data["found"].startswith(found)
        assert outcome.data["code"] == "log_damaged"
    assert found in active.refused("audit", "export", "@exported")


@pytest.mark.claim(5)
def test_one_byte_of_an_export_is_found(active: CommandLine) -> None:
    active.done("audit", "export", "@exported")
    bundle = next(path for path in (active.folder / "exported" / "tile" / "entries").rglob("*") if path.is_file())
    content = bytearray(bundle.read_bytes())
    content[40] ^= 1
    bundle.write_bytes(content)
    outcome = active.run("audit", "verify", "--folder", str(active.folder / "exported"))
    assert (outcome.code, outcome.data["code"]) == (1, "log_damaged")


@pytest.mark.claim(5)
def test_a_log_rolled_back_behind_a_checkpoint_kept_elsewhere_is_found(active: CommandLine) -> None:
    active.done("audit", "export", "@before")
    client = active.done("client", "show")[0]["id"]
    active.done("client", "suspend", client, "--reason", "x")
    active.done("audit", "export", "@after")
    kept = str(active.folder / "after" / "checkpoint")
    outcome = active.run("audit", "verify", "--folder", str(active.folder / "before"), "--previous", kept)
    assert (outcome.code, outcome.data["code"]) == (1, "rolled_back")
    kept = str(active.folder / "before" / "checkpoint")
    verified = active.done("audit", "verify", "--previous", kept)
    assert verified["continues"] == verified["size"] - 1


def test_another_checkpoint_key_than_the_pinned_one_signs_nothing(active: CommandLine) -> None:
    before = active.found("SELECT count(*) FROM audit.signature")
    other = active.with_settings(PACTGATE_KEYS=str(active.folder / "other"))
    other.done("keys", "init")
    assert "checkpoint key" in other.refused("audit", "verify")
    assert active.found("SELECT count(*) FROM audit.signature") == before


def test_an_entry_that_is_not_there_or_not_signed_yet_has_no_receipt(active: CommandLine) -> None:
    _write_where_nothing_is_signed(active)
    size = active.found("SELECT size FROM audit.head")
    assert "where the gateway's keys are" in _auditor(active).refused("audit", "prove", str(size - 1))
    assert "no entry" in active.refused("audit", "prove", str(size))
    active.refused("audit", "prove", "-1", code=2)


def test_without_the_trust_file_nothing_is_believed(active: CommandLine) -> None:
    lost = active.with_settings(PACTGATE_TRUST=str(active.folder / "nowhere.json"))
    for command in (["verify"], ["show"], ["prove", "0"], ["export", "@exported"]):
        assert "PACTGATE_TRUST" in lost.refused("audit", *command)


def test_a_folder_that_cannot_be_written_or_is_not_there_is_a_sentence(active: CommandLine) -> None:
    active.write("file", "")
    assert "cannot be written" in active.refused("audit", "export", "@file/below")
    active.refused("audit", "verify", "--folder", str(active.folder / "nowhere"), code=2)


def test_an_auditor_without_keys_checks_what_was_signed(active: CommandLine) -> None:
    auditor = _auditor(active)
    signed = active.found("SELECT size FROM audit.head")
    _write_where_nothing_is_signed(active)
    first = auditor.done("audit", "verify")
    assert (first["size"], first["unsigned"]) == (signed, active.found("SELECT size FROM audit.head") - signed)
    assert first["unsigned"] > 0
    active.done("audit", "verify")  # where the keys are
    again = auditor.done("audit", "verify")
    assert (again["size"], again["unsigned"]) == (active.found("SELECT size FROM audit.head"), 0)
    assert not (active.folder / "auditor").exists()


def test_before_anything_was_signed_there_is_a_sentence(active: CommandLine) -> None:
    active.sql(
        "ALTER TABLE audit.signature DISABLE TRIGGER ALL; DELETE FROM audit.signature;"
        "ALTER TABLE audit.signature ENABLE TRIGGER ALL"
    )
    assert "no signed checkpoint" in _auditor(active).refused("audit", "verify")


def test_the_gateways_own_login_reads_the_log_where_there_is_no_auditor(active: CommandLine) -> None:
    assert active.without("PACTGATE_AUDITOR_URL").done("audit", "verify")["holds"] is True


def test_entries_are_shown_by_index_and_event(active: CommandLine) -> None:
    lines = [json.loads(line) for line in active.run("audit", "show").out.splitlines()]
    assert [line["index"] for line in lines] == list(range(active.found("SELECT size FROM audit.head")))
    part = [json.loads(line) for line in active.run("audit", "show", "--from", "2", "--to", "4").out.splitlines()]
    assert part == lines[2:5]
    events = ("--event", "signer.introduced", "--event", "agreement.activated")
    some = [json.loads(line) for line in active.run("audit", "show", *events).out.splitlines()]
    assert some == [line for line in lines if line["entry"]["event"] in events]
    assert active.run("audit", "show", "--from", "1000").out == ""
    active.refused("audit", "show", "--event", "no.such", code=2)


def test_an_export_and_a_receipt_hold_for_the_stand_alone_verifier(active: CommandLine) -> None:
    exported = active.done("audit", "export", "@exported")
    assert active.done("audit", "verify", "--folder", exported["folder"])["tree_head"] == exported["tree_head"]
    assert "tlog-proof" in active.run("audit", "prove", "3").out
    active.done("audit", "prove", "3", "--out", "@receipt.tlog-proof", "--leaf", "@entry")
    key = json.loads((active.folder / "home" / "trust.json").read_text())["log_public_key"]
    for arguments in (
        ["verify", exported["folder"]],
        ["receipt", str(active.folder / "receipt.tlog-proof"), "--leaf", str(active.folder / "entry")],
    ):
        _stand_alone(active.folder, *arguments, "--key", key)


def _stand_alone(folder: Path, *arguments: str) -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-m", "audit", *arguments, "--json"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["holds"] is True
    assert folder.exists()


@pytest.mark.claim(5)
def test_an_export_goes_on_where_it_ended_and_is_read_from_an_address(active: CommandLine) -> None:
    size = active.found("SELECT size FROM audit.head")
    assert active.done("audit", "export", "@exported")["read"] == size
    client = active.done("client", "show")[0]["id"]
    active.done("client", "suspend", client, "--reason", "x")
    assert active.done("audit", "export", "@exported")["read"] == 1
    auditor = _auditor(active).without("PACTGATE_AUDITOR_URL")
    with served(active.folder / "exported") as url:
        found = auditor.done("audit", "verify", "--url", url)
        assert (found["size"], found["entries"], found["commitments"]) == (size + 1, True, None)
        (active.folder / "exported" / "checkpoint").unlink()
        outcome = auditor.run("audit", "verify", "--url", url)
        assert (outcome.code, outcome.data["code"]) == (1, "log_damaged")
    assert "cannot be fetched" in auditor.refused("audit", "verify", "--url", url, code=2)
    assert "begins with" in auditor.refused("audit", "verify", "--url", "ftp://log.example", code=2)


def test_a_published_export_has_no_entries_and_is_checked_as_such(active: CommandLine) -> None:
    active.done("audit", "export", "@public", "--hashes-only")
    assert not list((active.folder / "public").rglob("entries"))
    public = str(active.folder / "public")
    assert active.run("audit", "verify", "--folder", public).code == 1
    checked = active.run("audit", "verify", "--folder", public, "--hashes-only")
    assert checked.data["entries"] is False
    assert "Only hashes were checked" in checked.err
    assert "this one is to be with them" in active.refused("audit", "export", "@public")
    for wrong in (["--hashes-only"], ["--folder", public, "--url", "http://127.0.0.1"]):
        active.refused("audit", "verify", *wrong, code=2)
    assert "s3://bucket/prefix" in active.refused("audit", "export", "https://log.example")


def test_commitments_beside_the_log_are_opened_where_the_role_may(active: CommandLine) -> None:
    assert active.done("audit", "verify")["commitments"] == {"closed": 0, "opened": 1, "unbound": 0}
    assert active.without("PACTGATE_AUDITOR_URL").done("audit", "verify")["commitments"] is None


def test_a_database_that_is_away_leaves_the_pinned_key_to_check_an_export_by(active: CommandLine) -> None:
    active.done("audit", "export", "@exported")
    away = _auditor(active).with_settings(PACTGATE_AUDITOR_URL="postgresql://pactgate_auditor:x@127.0.0.1:9/none")
    outcome = away.run("audit", "verify", "--folder", str(active.folder / "exported"))
    assert outcome.code == 0
    assert "only the key in the trust file" in outcome.err


def test_progress_is_drawn_for_somebody_who_looks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with progress("Checking") as tell:
        assert tell is None
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress("Checking") as tell:
        assert tell is not None
        tell(5, 10)
    assert "Checking" in capsys.readouterr().err


def test_being_stopped_is_no_verdict(active: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    active.done("audit", "export", "@exported")
    monkeypatch.setattr("gateway.cli.audit.inspect_export", stopped)
    said = active.refused("audit", "verify", "--folder", str(active.folder / "exported"), code=2)
    assert "nothing was found out" in said
