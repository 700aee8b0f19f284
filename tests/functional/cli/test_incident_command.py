"""`pactgate incident`: JSON for scripts, a list for letters that nobody else may read, refusals in one sentence."""

import stat

import pytest

from tests.factories.command_line import CommandLine

pytestmark = pytest.mark.ferpa("I1")
WINDOW = ("--discovered", "2026-10-05T08:30", "--since", "2026-10-01", "--until", "2026-10-06")
OPEN = ("incident", "open", "--what", "A laptop was stolen.", "--partner", "partner:bright-path")


def test_an_incident_is_followed_on_the_command_line(active: CommandLine) -> None:
    assert "opened an incident" in active.refused("incident", "show", "0")
    assert "no agreement" in active.refused(*OPEN[:-1], "partner:nobody", *WINDOW)
    assert "whom it concerns" in active.refused(*OPEN[:4], *WINDOW)
    opened = active.done(*OPEN, *WINDOW)
    number = str(opened["entry"])
    assert [each["task"] for each in opened["duties"]] == ["partner_tells", "tell_families", "count_students"]
    assert (opened["students"], opened["closed"]) == (None, None)
    found = active.done("incident", "affected", number, "--out", "@letters.csv")
    assert (found["students"], found["disclosures"]) == (0, 0)
    letters = active.folder / "letters.csv"
    assert stat.S_IMODE(letters.stat().st_mode) == 0o600
    assert letters.read_text("utf-8-sig") == "student_number,first_name,last_name\n"
    assert active.done("incident", "affected", number)["numbers"] == []
    assert "partner_tells" in active.refused("incident", "close", number, "--words", "Nothing was taken.")
    both = ("--done", "partner_tells", "--not-applicable", "partner_tells")
    assert "one of --done and --not-applicable" in active.refused("incident", "note", number, *both, code=2)
    assert "in words" in active.refused("incident", "note", number, "--not-applicable", "partner_tells")
    found_here = ("--not-applicable", "partner_tells", "--words", "The district found it itself.")
    active.done("incident", "note", number, *found_here)
    active.done("incident", "note", number, "--done", "partner_tells")
    nobody = ("--not-applicable", "tell_families", "--words", "Nothing left in that time.")
    active.done("incident", "note", number, *nobody)
    active.done("incident", "close", number, "--words", "Nothing was taken.")
    assert "is closed" in active.refused("incident", "note", number, "--words", "x")
    shown = active.done("incident", "show", number)
    assert [each["act"] for each in shown["notes"]] == [
        "counted",
        "counted",
        "not_applicable",
        "done",
        "not_applicable",
        "closed",
    ]
    (line,) = active.done("incident", "list")
    assert line["closed"]["words"] == "Nothing was taken."
