"""Handing over records in an emergency on the command line: asked, signed, on record, and only then a file."""

import datetime as dt
import json
import stat
from pathlib import Path

import pytest

from tests.factories.command_line import NOW, CommandLine
from tests.factories.log import APPEND
from tests.functional.cli.test_emergency_command import ORDER, SIGN

pytestmark = pytest.mark.ferpa("L4")

FLOOD = "emergency:flood-at-cedar"
OUT = ("--out", "@for-the-rescue.json")
BY_PIOTR = ("--officer-key", "@piotr.pem")
RELEASE = ("emergency", "release", FLOOD, *BY_PIOTR, *OUT)


@pytest.fixture
def ordered(signed: CommandLine) -> CommandLine:
    """Three students on file, and an order of Olivia's for two of them that stands for 24 hours."""
    signed.export_files()
    signed.done("records", "load", "@export", "--mapping", "@facts.toml")
    signed.write("order.yaml", ORDER.replace("count: 48", "count: 2"))
    signed.done("emergency", "order", "@order.yaml", *SIGN)
    signed.done("emergency", "register", "@order.json")
    return signed


def handed(desk: CommandLine) -> Path:
    return desk.folder / "for-the-rescue.json"


@pytest.mark.claim(12)
def test_without_an_officers_key_there_is_no_file(ordered: CommandLine) -> None:
    for key in ("dana", "rae"):
        said = ordered.refused(*RELEASE, "--student", "7001", "--yes", "--officer-key", f"@{key}.pem")
        assert "not an officer" in said
    assert not handed(ordered).exists()
    assert ordered.run("audit", "show", "--event", "emergency.released").out == ""


@pytest.mark.claim(4)
def test_when_the_log_cannot_be_written_there_is_no_file(ordered: CommandLine) -> None:
    ordered.sql(f"REVOKE EXECUTE ON FUNCTION {APPEND} FROM pactgate_loader")
    ordered.refused(*RELEASE, "--student", "7001", "--yes")
    assert list(ordered.folder.glob("*rescue*")) == []
    ordered.sql(f"GRANT EXECUTE ON FUNCTION {APPEND} TO pactgate_loader")


def test_a_file_that_is_in_the_way_or_cannot_be_written_is_found_before_anything_is_read(ordered: CommandLine) -> None:
    ordered.write("for-the-rescue.json", "mine")
    assert "there already" in ordered.refused(*RELEASE, "--student", "7001", "--yes")
    assert handed(ordered).read_text() == "mine"
    elsewhere = (*RELEASE[:-1], "@no/such/folder/file.json")
    assert "cannot be written" in ordered.refused(*elsewhere, "--student", "7001", "--yes")
    assert ordered.run("audit", "show", "--event", "emergency.released").out == ""


def test_a_file_that_could_not_be_written_in_the_end_is_said_and_can_be_released_again(
    ordered: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", _full)
        said = ordered.refused(*RELEASE, "--student", "7001", "--yes")
    assert "no file was written" in said
    assert list(ordered.folder.glob("*rescue*")) == list(ordered.folder.glob(".*rescue*")) == []
    ordered.done(*RELEASE, "--student", "7001", "--student", "7002", "--yes")


def _full(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_an_officer_sees_what_threatens_whom_and_hands_over_what_is_listed(ordered: CommandLine) -> None:
    assert ordered.run(*RELEASE, "--student", "7001", typed="n\n").code == 1
    assert not handed(ordered).exists()
    released = ordered.run(*RELEASE, typed="7001 7002\ny\n")
    assert released.code == 0, released.err
    for word in ("levee", "County search and rescue", "2 elements of 2 students"):
        assert word in released.err
    assert (released.data["records"], released.data["students"]) == (2, 2)
    content = json.loads(handed(ordered).read_text())
    assert "34 CFR 99.33" in content["notice"]
    assert content["order"] == FLOOD
    assert content["recipients"] == [{"name": "County search and rescue", "kind": "law_enforcement"}]
    names = [("Zenobia", "Quillfeather"), ("Bo", "Lindqvistsson")]
    assert [(each["first_name"], each["last_name"]) for each in content["data"]] == names
    assert stat.S_IMODE(handed(ordered).stat().st_mode) == 0o600
    (line,) = ordered.done("emergency", "list")
    (left,) = line["releases"]
    assert (left["entry"], left["students"]) == (released.data["entry"], 2)
    assert left["released_by"] == ordered.public("piotr")
    assert ordered.done("audit", "verify")["holds"]


def test_the_number_of_students_holds_over_all_releases(ordered: CommandLine) -> None:
    ordered.write("bus.txt", "7001\n\n7002\n7001\n")
    ordered.done(*RELEASE, "--students-file", "@bus.txt", "--yes")
    handed(ordered).unlink()
    assert "0 more may leave" in ordered.refused(*RELEASE, "--student", "7003", "--yes")
    assert not handed(ordered).exists()


def test_numbers_that_nobody_has_are_named_by_their_place(ordered: CommandLine) -> None:
    said = ordered.refused(*RELEASE, "--student", "7001", "--student", "555000", "--yes")
    assert "place 2 of 2" in said
    assert "555000" not in said
    (ordered.folder / "bus.txt").write_bytes(b"\xff\xfe")
    assert "not a text" in ordered.refused(*RELEASE, "--students-file", "@bus.txt", "--yes")
    for typed in ("\n \n", "70\x0001\n"):
        ordered.write("bus.txt", typed)
        assert "at least one" in ordered.refused(*RELEASE, "--students-file", "@bus.txt", "--yes", code=2)


def test_what_the_order_does_not_give_is_explained_and_refused(ordered: CommandLine) -> None:
    said = ordered.refused(*RELEASE, "--student", "7001", "--element", "000033", "--yes")
    assert "does not list 000033" in said
    assert "pactgate emergency explain" in said
    assert "no recipient 3" in ordered.refused(*RELEASE, "--student", "7001", "--recipient", "3", "--yes")
    explained = ordered.done("emergency", "explain", FLOOD)
    assert [(each["name"], each["leaves"]) for each in explained] == [("first_name", True), ("last_name", True)]
    assert "Register the order first" in ordered.refused("emergency", "explain", "emergency:another")


@pytest.mark.claim(7)
@pytest.mark.parametrize("by", ["id", "digest"])
def test_anybody_ends_an_order_and_it_stays_ended(ordered: CommandLine, by: str) -> None:
    name = FLOOD if by == "id" else ordered.done("emergency", "list")[0]["digest"]
    ended = ordered.done("emergency", "end", name, "--reason", "Everybody was found")
    assert "ended early" in ordered.refused(*RELEASE, "--student", "7001", "--yes")
    assert not handed(ordered).exists()
    assert "stays so" in ordered.refused("emergency", "end", name, "--reason", "Once more")
    (line,) = ordered.done("emergency", "list")
    assert (line["standing"], line["ended"]["entry"]) == ("ended", ended["entry"])
    assert "Register the order first" in ordered.refused("emergency", "end", "emergency:another", "--reason", "None")


def test_an_order_is_over_to_the_second(ordered: CommandLine) -> None:
    ordered.at(NOW + dt.timedelta(hours=24))
    assert "was over at 2026-10-06T12:00:00Z" in ordered.refused(*RELEASE, "--student", "7001", "--yes")
    assert not handed(ordered).exists()
