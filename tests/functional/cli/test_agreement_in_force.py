"""From a draft to records in force and back, each step a command a person types."""

import json

import pytest
from typer.testing import CliRunner

from agreements.keys import SigningKey
from gateway.cli import app
from tests.factories.command_line import OFFICIAL, CommandLine


def test_termination_is_for_good_and_asks_first(active: CommandLine) -> None:
    (line,) = active.done("agreement", "show")
    terminate = ("agreement", "terminate", line["digest"], "--reason", "the term was ended early")
    active.refused(*terminate, typed="n\n")
    assert active.done("agreement", "show")[0]["standing"] == "active"
    active.done(*terminate, typed="y\n")
    assert active.done("agreement", "show")[0]["standing"] == "terminated"
    for again in (terminate, ("agreement", "suspend", line["digest"], "--reason", "x")):
        assert "stays so" in active.refused(*again, *(["--yes"] if again is terminate else []))
    page = active.done("agreement", "show", line["digest"])
    # Who approved it stays on record; nobody is let in by it.
    assert (page["clients"], page["approved_by"]) == ([], active.public("olivia"))


def test_a_suspension_lasts_until_an_officer_undoes_that_one(active: CommandLine) -> None:
    digest = active.done("agreement", "show")[0]["digest"]
    entries = [active.done("agreement", "suspend", digest, "--reason", why)["entry"] for why in ("one", "two")]
    assert (
        active.done("agreement", "show")[0] | {"standing": "suspended", "suspended_by": entries[1]}
        == (active.done("agreement", "show")[0])
    )
    write = ("agreement", "reinstatement", digest, "--reason", "resolved", "--officer-key")
    # Not a signer's word, not an entry that is no suspension.
    active.done(*write, "@dana.pem", "--undoes", str(entries[1]), "--out", "@dana.json")
    assert "unknown key" in active.refused("agreement", "reinstate", "@dana.json")
    active.done(*write, "@olivia.pem", "--undoes", "1", "--out", "@wrong.json")
    assert "not a suspension in force" in active.refused("agreement", "reinstate", "@wrong.json")
    for entry in reversed(entries):
        assert active.done("agreement", "show")[0]["suspended_by"] == entry
        active.done(*write, "@olivia.pem", "--undoes", str(entry), "--out", f"@undo{entry}.json")
        active.done("agreement", "reinstate", f"@undo{entry}.json")
    assert active.done("agreement", "show")[0]["standing"] == "active"
    # What was undone is not undone a second time, nor does it undo the next suspension.
    again = active.done("agreement", "suspend", digest, "--reason", "three")["entry"]
    assert "not a suspension in force" in active.refused("agreement", "reinstate", f"@undo{entries[0]}.json")
    assert active.done("agreement", "show")[0]["suspended_by"] == again


def test_the_list_is_what_is_shown_without_a_digest(active: CommandLine) -> None:
    assert active.done("agreement", "list") == active.done("agreement", "show")


def test_a_reinstatement_that_names_no_entry_is_not_signed(active: CommandLine) -> None:
    digest = active.done("agreement", "show")[0]["digest"]
    rest = ("--reason", "x", "--officer-key", "@olivia.pem", "--out", "@undo.json")
    assert "/undoes" in active.refused("agreement", "reinstatement", digest, "--undoes", "-1", *rest)


@pytest.mark.claim(1)
def test_an_approval_taken_out_of_the_register_is_an_alarm_and_ends_the_grant(active: CommandLine) -> None:
    active.sql(
        "ALTER TABLE agreements.document DISABLE TRIGGER USER; DELETE FROM agreements.document WHERE kind = 'approval';"
        "ALTER TABLE agreements.document ENABLE TRIGGER USER"
    )
    outcome = active.run("agreement", "show")
    assert "Alarm, agreement_refused" in outcome.err
    assert "reason not_approved" in outcome.err
    assert outcome.data[0]["standing"] == "not verified"


@pytest.mark.claim(1)
def test_a_document_put_into_the_register_by_hand_grants_nothing(active: CommandLine) -> None:
    active.draft(OFFICIAL, file="b.yaml")
    active.sign("b.yaml")
    envelope = (active.folder / "b.signed.json").read_text().strip()
    digest = active.done("agreement", "check", "@b.signed.json")["digest"]
    own = bytes.fromhex(digest.removeprefix("sha256:"))
    active.sql(
        "INSERT INTO agreements.document (digest, kind, envelope, idx) VALUES ($1, 'agreement', $2, 3)", own, envelope
    )
    active.sql(
        "INSERT INTO agreements.status (agreement, status, idx, reason) VALUES ($1, 'active', 3, 'by hand')", own
    )
    active.sql(
        "INSERT INTO agreements.document (digest, kind, envelope, idx) VALUES (sha256(''), 'agreement', '{}', 3)"
    )
    lines = active.done("agreement", "show")
    assert len(lines) == 2  # what cannot even be read is not listed
    forged = next(line for line in lines if line["digest"] == digest)
    assert (forged["standing"], forged["covered_today"]) == ("not verified", 0)


def test_check_tells_what_will_leave_and_what_only_words_carry(signed: CommandLine) -> None:
    checked = signed.done("agreement", "check", "@agreement.yaml")
    assert checked == signed.done("agreement", "check", "@agreement.signed.json")
    assert (checked["valid"], checked["id"], checked["version"]) == (True, "agreement:sps-a-tutoring", 1)
    assert {"dataset": "students", "element": "000033", "name": "birthdate", "transformation": "age_years"} in (
        checked["elements"]
    )
    assert len(checked["elements"]) == 18
    words = {line["path"]: line["words"] for line in checked["words_only"]}
    assert words["/purpose/words"].startswith("Plan tutoring sessions")
    assert all(words.values())


def test_a_second_signature_goes_into_the_signed_file_or_where_it_is_told(signed: CommandLine) -> None:
    signed.draft(file="two.yaml")
    first = signed.done("agreement", "sign", "@two.yaml", "--key", "@dana.pem")
    assert first["signers"] == [signed.public("dana")]
    other = signed.done("agreement", "sign", "@two.signed.json", "--key", "@rae.pem", "--out", "@both.json")
    assert other["signers"] == sorted([signed.public("dana"), signed.public("rae")])
    assert len(json.loads((signed.folder / "two.signed.json").read_text())["signatures"]) == 1
    signed.done("agreement", "sign", "@two.signed.json", "--key", "@rae.pem")
    assert (signed.folder / "two.signed.json").read_text() == (signed.folder / "both.json").read_text()


def test_officers_work_without_the_trust_file_at_hand(signed: CommandLine) -> None:
    away = signed.with_settings(PACTGATE_HOME=str(signed.folder / "another"))
    away.approve()
    assert signed.activate()


@pytest.mark.parametrize("algorithm", ["Ed25519", "ES256"])
def test_a_key_may_be_locked_with_a_passphrase(signed: CommandLine, algorithm: str) -> None:
    key, out = signed.folder / "locked.pem", signed.folder / "locked.json"
    runner = CliRunner()
    keygen = ["signer", "keygen", str(key), "--algorithm", algorithm, "--passphrase"]
    assert runner.invoke(app, keygen, input="one\nanother\n").exit_code == 1
    assert not key.exists()
    assert runner.invoke(app, keygen, input="open sesame\nopen sesame\n").exit_code == 0
    assert b"ENCRYPTED" in key.read_bytes()
    assert key.stat().st_mode & 0o777 == 0o600
    sign = ["agreement", "sign", str(signed.folder / "agreement.yaml"), "--key", str(key), "--out", str(out)]
    refused = runner.invoke(app, sign, input="wrong\n")
    assert refused.exit_code == 1
    assert not out.exists()
    assert runner.invoke(app, sign, input="open sesame\n").exit_code == 0
    assert SigningKey.read(key.read_bytes(), "open sesame").thumbprint == signed.public("locked")


def test_the_whole_path_from_two_officers_to_a_verified_log(bare: CommandLine) -> None:
    bare.open()
    # Dana is vouched for by both officers in one document, Rae by Piotr alone.
    bare.introduce("dana", "district:emerald-city", "olivia", "piotr", out="@dana.json")
    bare.introduce("rae", "partner:bright-path", "piotr", out="@rae.json")
    for name in ("dana", "rae"):
        registered = bare.done("signer", "register", f"@{name}.json")
        assert registered["key"] == bare.public(name)
    bare.draft()
    bare.sign()
    bare.approve()
    digest = bare.activate()
    bare.export_files()
    facts = bare.done("records", "load", "@export", "--mapping", "@facts.toml")[0]
    lists = bare.done("records", "load", "@export", "--mapping", "@lists.toml", "--agreements", f"bright={digest}")[0]
    nothing = dict.fromkeys(("changed", "ended", "unchanged", "refused_rows", "left_out", "withheld"), 0)
    assert facts["targets"]["students"] == {"read": 3, "added": 3, **nothing}
    assert (len(facts["entries"]), len(lists["entries"]), facts["refused"], lists["refused"]) == (1, 2, [], [])
    client = bare.bind(digest)
    bare.done("client", "approve", "@binding.json", "--officer-key", "@olivia.pem", "--out", "@ok.json", "--yes")
    bare.done("client", "register", "@binding.json", "--approval", "@ok.json", "--name", "Nightly")
    page = bare.done("agreement", "show", digest)
    assert page["agreement"]["covered_today"] == 2
    assert page["agreement"]["standing"] == "active"
    assert page["approved_by"] == bare.public("olivia")
    assert page["clients"] == bare.done("client", "show")
    assert page["clients"][0] | {"id": client, "name": "Nightly", "suspended_by": None} == page["clients"][0]
    assert len(page["elements"]) == 18
    assert page["population"]["all"][0] == {"roster": True}
    verified = bare.done("audit", "verify")
    assert (verified["holds"], verified["unsigned"]) == (True, 0)
    events = [json.loads(line)["entry"]["event"] for line in bare.run("audit", "show").out.splitlines()]
    assert verified["size"] == len(events)
    assert events == [
        "log.opened",
        *["signer.introduced"] * 2,
        *["agreement.signed", "agreement.approved", "agreement.activated"],
        *["records.loaded", "roster.loaded", "consents.loaded"],
        *["client.registered", "agreement.approved"],
    ]
