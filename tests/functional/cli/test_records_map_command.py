"""A mapping is drafted and tried before anything is installed: no database, no keys, and no cell shown."""

from pathlib import Path

import pytest

from tests.factories.command_line import CommandLine
from tests.factories.unusual_export import PUPILS, write_unusual_export


@pytest.fixture
def desk(tmp_path: Path) -> CommandLine:
    write_unusual_export(tmp_path / "export")
    # Nothing behind it: a command that asked for a database would fail.
    return CommandLine(tmp_path, "", None)  # type: ignore[arg-type] # no server


def test_it_is_either_a_guess_or_a_check_and_of_something_that_is_there(desk: CommandLine) -> None:
    assert "either --guess or --check" in desk.refused("records", "map", "@export", code=2)
    assert "either --guess or --check" in desk.refused(
        "records", "map", "--guess", "@export", "--check", "@m.toml", code=2
    )
    desk.refused("records", "map", "--guess", "@nowhere", code=2)


def test_a_draft_is_written_once_and_tried(desk: CommandLine) -> None:
    told = desk.done("records", "map", "--guess", "@export", "--out", "@city.toml")
    assert (told["todo"], told["unread"]) == (7, ["readme.md"])
    assert "File exists" in desk.refused("records", "map", "--guess", "@export", "--out", "@city.toml", code=2)
    draft = (desk.folder / "city.toml").read_text()
    outcome = desk.run("records", "map", "--guess", "@export")
    assert outcome.out.splitlines()[4:] == draft.replace('name = "city"', 'name = "export"').splitlines()[4:]
    assert "7 line(s) are to be finished" in outcome.err
    tried = {each["target"]: each for each in desk.done("records", "map", "--check", "@city.toml", "@export")}
    assert tried["students"]["taken"] == tried["students"]["rows"] == PUPILS
    assert tried["academic_summaries"]["reasons"] == {"school_year is not known": PUPILS}
    assert len(tried["academic_summaries"]["refused"]) == 20
    assert tried["schools"]["left_out"] == 0


def test_an_export_that_nobody_understands_is_a_sentence(desk: CommandLine) -> None:
    desk.write("odd/x.csv", "foo,bar\n1,2\n")
    assert "docs/mapping-files.md lists the targets" in desk.refused("records", "map", "--guess", "@odd")
