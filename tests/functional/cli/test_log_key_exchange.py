"""The log's key is exchanged by two officers' word, with an overlap, and everybody goes on checking."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from audit.checkpoint import CheckpointSigner
from audit.tree import EMPTY
from gateway.keys import load_keys
from tests.factories.command_line import CommandLine
from tests.factories.log import signer_of

pytestmark = pytest.mark.claim(5)
REASON = ("--reason", "The machine was replaced.")
BOTH = ("--key", "@olivia.pem", "--key", "@piotr.pem")


def pinned(desk: CommandLine) -> str:
    return str(json.loads((desk.folder / "home" / "trust.json").read_text())["log_public_key"])


def introduced(desk: CommandLine) -> str:
    """Exchange the key up to the overlap; return the new key."""
    made = desk.done("keys", "rotate", "checkpoint", *REASON, *BOTH, "--out", "@new-key.json")
    desk.done("keys", "register", "@new-key.json")
    return str(made["key"])


def retired(desk: CommandLine, key: str) -> int:
    """Retire a key; return the entry."""
    desk.done("keys", "retire", "checkpoint", "--log-key", key, *REASON, *BOTH, "--out", "@end.json")
    return int(desk.done("keys", "register", "@end.json")["entry"])


def alone(desk: CommandLine, *keys: str) -> str:
    """Export, and let the program that knows nothing of the gateway judge it by these keys."""
    desk.done("audit", "export", "@exported")
    command = [sys.executable, "-m", "audit", "verify", str(desk.folder / "exported"), "--json", *keys]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=60)
    return str(json.loads(done.stdout).get("code", "holds"))


@pytest.mark.claim(12)
def test_one_officer_alone_moves_no_key(active: CommandLine) -> None:
    made = active.done("keys", "rotate", "checkpoint", *REASON, *BOTH[:2], "--out", "@new-key.json")
    assert "signed by one" in active.refused("keys", "register", "@new-key.json")
    assert active.done("keys", "list")["not_introduced"] == [made["key"]]
    # Nor does a signer of the district make a second officer.
    active.done("keys", "sign", "@new-key.json", "--key", "@dana.pem")
    active.refused("keys", "register", "@new-key.json")
    assert [each["key"] for each in active.done("keys", "list")["checkpoint"]] == [pinned(active)]
    assert active.done("audit", "verify")["holds"]


@pytest.mark.claim(12)
@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("pinned", "only key"),
        ("stranger", "no key of the log"),
        ("elsewhere", "one of the log log.elsewhere.example"),
        ("nonsense", "name+id+base64"),
    ],
)
def test_a_key_that_is_not_the_logs_or_is_its_last_is_not_retired(active: CommandLine, key: str, sentence: str) -> None:
    named = {
        "pinned": pinned(active),
        "stranger": signer_of(pinned(active).split("+")[0], seed=7).vkey,
        "elsewhere": signer_of("log.elsewhere.example", seed=7).vkey,
        "nonsense": "nonsense",
    }[key]
    outcome = active.run("keys", "retire", "checkpoint", "--log-key", named, *REASON, *BOTH, "--out", "@end.json")
    if outcome.code == 0:
        outcome = active.run("keys", "register", "@end.json")
    assert outcome.code == 1
    assert sentence in outcome.err


def test_while_both_keys_stand_everybody_checks_with_the_one_they_have(active: CommandLine) -> None:
    old, new = pinned(active), introduced(active)
    assert active.refused("keys", "register", "@new-key.json")  # once is enough
    files = sorted((active.folder / "home" / "keys").glob("checkpoint*"))
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600, 0o600]
    assert active.done("audit", "verify")["unsigned"] == 0
    assert alone(active, "--key", old) == alone(active, "--key", new) == "holds"
    assert (active.folder / "exported" / "checkpoint").read_text().count("\u2014 ") == 2
    listed = active.done("keys", "list")["checkpoint"]
    assert [(each["key"], each["held"], each["retired"]) for each in listed] == [(old, True, None), (new, True, None)]


def test_a_retired_key_counts_for_nothing_later_even_in_a_thiefs_hands(active: CommandLine) -> None:
    old, new = pinned(active), introduced(active)
    end = retired(active, old)
    assert active.done("audit", "verify")["unsigned"] == 0
    assert alone(active, "--key", old) == "note_invalid"
    assert alone(active, "--key", new) == "holds"
    assert alone(active, "--key", new, "--retired", str(end), old) == "holds"
    # Whoever has the old key signs the newest head with it, and keeps that beside ours.
    home = active.folder / "home"
    origin = old.split("+")[0]
    thief = CheckpointSigner(origin, load_keys(home / "keys").checkpoint)
    size = active.found("SELECT max(size) FROM audit.checkpoint")
    head = active.found("SELECT tree_head FROM audit.checkpoint ORDER BY size DESC LIMIT 1")
    for name, line in thief.lines(size, head).items():
        active.sql("SELECT audit.keep_signature($1, $2, $3)", size, name, line)
    active.sql("ALTER TABLE audit.signature DISABLE TRIGGER ALL")
    active.sql("DELETE FROM audit.signature WHERE size = $1 AND note <> $2", size, line)
    verified = active.without("PACTGATE_APP_URL").done("audit", "verify")
    assert verified["size"] < size
    (active.folder / "forged").write_text(thief.sign(size, EMPTY).note)
    exported = str(active.folder / "exported")
    outcome = active.run("audit", "verify", "--folder", exported, "--previous", str(active.folder / "forged"))
    assert (outcome.code, outcome.data["code"]) == (1, "checkpoint_invalid")


def test_a_lost_key_is_replaced_without_it_and_does_not_come_back(active: CommandLine) -> None:
    old, new = pinned(active), introduced(active)
    (active.folder / "home" / "keys" / "checkpoint.key").unlink()
    assert active.done("audit", "verify")["unsigned"] == 0
    assert alone(active, "--key", new) == "holds"
    retired(active, old)
    assert active.done("audit", "verify")["unsigned"] == 0
    for document in ("@new-key.json", "@end.json"):
        assert active.run("keys", "register", document).code == 1
    assert [each["held"] for each in active.done("keys", "list")["checkpoint"]] == [False, True]


def test_a_retirement_whose_document_was_removed_is_found_by_its_entry(active: CommandLine) -> None:
    old = pinned(active)
    introduced(active)
    end = retired(active, old)
    active.done("audit", "verify")
    active.sql("ALTER TABLE agreements.document DISABLE TRIGGER USER")
    active.sql("DELETE FROM agreements.document WHERE kind = 'log_key' AND idx = $1", end)
    assert [each["retired"] for each in active.done("keys", "list")["checkpoint"]] == [None, None]
    outcome = active.run("audit", "verify")
    assert (outcome.code, outcome.data["code"]) == (1, "log_damaged")
    assert outcome.data["found"].startswith(f"entry {end} moved a key of the log")


def test_a_document_that_two_officers_did_not_sign_is_an_alarm_and_moves_nothing(active: CommandLine) -> None:
    introduced(active)
    envelope = json.loads(active.found("SELECT envelope FROM agreements.document WHERE kind = 'log_key'"))
    envelope["signatures"] = envelope["signatures"][:1]
    active.sql("ALTER TABLE agreements.document DISABLE TRIGGER USER")
    active.sql("UPDATE agreements.document SET envelope = $1 WHERE kind = 'log_key'", json.dumps(envelope))
    assert [each["key"] for each in active.done("keys", "list")["checkpoint"]] == [pinned(active)]


def test_an_office_without_the_gateways_keys_still_lists_them(active: CommandLine) -> None:
    away = active.with_settings(PACTGATE_KEYS=str(active.folder / "nowhere"))
    assert [each["held"] for each in away.done("keys", "list")["checkpoint"]] == [False]
