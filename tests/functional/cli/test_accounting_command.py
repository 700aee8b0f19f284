"""The accounting on the command line: asked without the shell's history, on record, in files that nobody else reads."""

import json
import stat

import pytest

from tests.factories.command_line import CommandLine
from tests.functional.cli.test_emergency_command import ORDER, SIGN

LETTER = """
party: {name: Cedar County Health, kind: a county agency}
disclosed_on: "2026-10-02"
how: a letter
elements: ["000115", "000172"]
basis: audit_evaluation
interest: To audit the school nurse program that the county supports.
"""
RECORD = ("accounting", "record", "@letter.yaml", "--officer-key", "@olivia.pem")
SHOW = ("accounting", "show", "--acknowledge", "partner_tells", "--acknowledge", "tells_threat")


@pytest.fixture
def desk(signed: CommandLine) -> CommandLine:
    """Three students on file, a letter to record, and records of two of them handed over in an emergency."""
    signed.export_files()
    signed.done("records", "load", "@export", "--mapping", "@facts.toml")
    signed.write("letter.yaml", LETTER)
    signed.write("scan.pdf", "a scan")
    signed.write("order.yaml", ORDER.replace("count: 48", "count: 2"))
    signed.done("emergency", "order", "@order.yaml", *SIGN)
    signed.done("emergency", "register", "@order.json")
    release = ("emergency", "release", "emergency:flood-at-cedar", "--officer-key", "@piotr.pem", "--out", "@out.json")
    signed.done(*release, "--student", "7001", "--student", "7002", "--yes")
    return signed


@pytest.mark.ferpa("N5")
@pytest.mark.ferpa("L4")
@pytest.mark.claim(9)
def test_what_left_in_an_emergency_and_by_letter_is_told_and_no_command_names_a_student(desk: CommandLine) -> None:
    # Refused, and nothing written: no officer, no student, a record that lacks something.
    assert "not an officer" in desk.refused(*RECORD, "--officer-key", "@rae.pem", "--student", "7001")
    desk.refused(*RECORD, "--student", "9999")
    desk.refused(*RECORD, "--student", "7001", "--evidence", "@nothing.pdf")
    desk.write("empty.yaml", LETTER.replace('["000115", "000172"]', "[]"))
    assert "Only a correction" in desk.refused(*RECORD[:2], "@empty.yaml", *RECORD[3:], "--student", "7001")
    desk.write("list.yaml", "[]")
    desk.refused(*RECORD[:2], "@list.yaml", *RECORD[3:], "--student", "7001")
    assert desk.run("audit", "show", "--event", "disclosure.recorded").out == ""

    done = desk.done(*RECORD, "--evidence", "@scan.pdf", typed="7001 7003\n")
    assert done["students"] == 2
    found = desk.done(*SHOW, "--proofs", typed="7001\n")
    letter, emergency = found["disclosures"]  # by their days
    assert emergency["about"]["threat"].startswith("The river is over the levee")
    assert (emergency["about"]["channel"], letter["about"]["channel"]) == ("emergency", "recorded_by_hand")
    assert (emergency["about"]["basis"], emergency["about"]["ferpa_9932_required"]) == ("health_safety_emergency", True)
    assert letter["about"]["evidence"].startswith("sha256:")
    told = [each["entry"] for line in found["disclosures"] for each in line["disclosures"]]
    assert [each["entry"] for each in found["proofs"]] == sorted(told)
    assert len(desk.done(*SHOW, "--student", "7003")["disclosures"]) == 1

    corrected = LETTER + f"corrects: {done['entry']}\nwhy_corrected: It was about one child only.\n"
    desk.write("letter.yaml", corrected)
    desk.done(*RECORD, "--student", "7001")
    assert desk.done(*SHOW, "--student", "7003")["disclosures"] == []


@pytest.mark.ferpa("N4")
def test_an_accounting_is_handed_out_as_a_table_and_on_paper(desk: CommandLine) -> None:
    desk.refused(*SHOW, "--letterhead", "@letter.yaml", "--student", "7001", code=2)
    desk.refused(*SHOW, "--csv", "--proofs", "--student", "7001", code=2)
    desk.write("there.pdf", "mine")
    assert "there already" in desk.refused(*SHOW, "--pdf", "@there.pdf", "--student", "7001")
    assert desk.run("audit", "show", "--event", "accounting.read").out == ""
    desk.refused(*SHOW, "--student", "9999")
    desk.write("head.txt", "Emerald City School District\n\n12 Main Street\n")
    outcome = desk.run(*SHOW, "--csv", "--pdf", "@a.pdf", "--letterhead", "@head.txt", "--student", "7001")
    assert outcome.code == 0, outcome.err
    assert [line.split(",")[0] for line in outcome.out.splitlines()] == ["channel", "emergency"]
    pdf = desk.folder / "a.pdf"
    assert pdf.read_bytes().startswith(b"%PDF-1.7")
    assert stat.S_IMODE(pdf.stat().st_mode) == 0o600
    forms = [json.loads(line)["entry"]["form"] for line in _shown(desk, "accounting.read")]
    assert forms == ["pdf"]


@pytest.mark.ferpa("C8")
def test_a_copy_of_nothing_is_refused_and_one_of_something_is_checked_anywhere(desk: CommandLine) -> None:
    desk.done(*RECORD, "--student", "7003")
    said = desk.refused("accounting", "copy", "--out", "@copy.json", "--student", "7003")
    assert "left outside the gateway" in said
    assert "No record of this student could be copied" in said
    assert not (desk.folder / "copy.json").exists()
    done = desk.done("accounting", "copy", "--out", "@copy.json", typed="7001\n")
    assert (done["entries"], done["rows"], done["missed"]) == (1, 1, [])
    file = desk.folder / "copy.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "Zenobia" in file.read_text("utf-8")
    assert "Lindqvistsson" not in file.read_text("utf-8")
    assert len(_shown(desk, "records.copied")) == 2


def test_a_list_that_was_altered_is_said(desk: CommandLine) -> None:
    entry = desk.done(*RECORD, "--student", "7001", "--student", "7002")["entry"]
    desk.sql("ALTER TABLE audit.subject DISABLE TRIGGER ALL", role="admin")
    doubled = "UPDATE audit.subject SET subjects = subjects || subjects WHERE idx = $1"
    desk.sql(doubled, entry, role="admin")
    assert f"beside entry {entry} is not" in desk.run(*SHOW, "--student", "7001").err
    assert f"beside entry {entry} is not" in desk.run(*SHOW, "--student", "7003", "--every-list").err


def _shown(desk: CommandLine, event: str) -> list[str]:
    return desk.run("audit", "show", "--event", event).out.splitlines()
