"""Partners on the command line: leaving, debarment by two, succession by two and an officer."""

import pytest

from tests.factories.command_line import CommandLine

PARTNER, SUCCESSOR = "partner:bright-path", "partner:brighter-path"
BAN = ("parties", "debarment", "--partner", PARTNER, "--cause", "failure_to_destroy", "--reason", "Nothing destroyed.")
DAYS = ("--from", "2026-10-05", "--until", "2031-10-05")


@pytest.fixture
def in_force(signed: CommandLine) -> CommandLine:
    """An agreement in force."""
    signed.approve()
    signed.activate()
    return signed


def _merger(desk: CommandLine) -> tuple[str, ...]:
    """Write a succession that both partners signed; return the call that approves it."""
    desk.done("signer", "keygen", "@next.pem")
    desk.introduce("next", SUCCESSOR, "piotr", out="@next.signer.json")
    desk.done("signer", "register", "@next.signer.json")
    names = ("--predecessor", PARTNER, "--successor", SUCCESSOR, "--kind", "merger", "--day", "2026-10-01")
    keys = ("--signer-key", "@rae.pem", "--out", "@merger.json")
    written = desk.run("parties", "succession", *names, "--reason", "Merged.", *keys)
    assert "pactgate parties sign" in written.err
    desk.done("parties", "sign", "@merger.json", "--key", "@next.pem")
    return ("parties", "approve", "@merger.json", "--officer-key", "@olivia.pem", "--out", "@merger.yes.json")


def test_a_partner_does_not_leave_unless_somebody_says_yes(in_force: CommandLine) -> None:
    in_force.refused("parties", "leave", PARTNER, "--reason", "Ended by letter.", typed="n\n")
    (line,) = in_force.done("parties", "list")
    assert (line["id"], len(line["agreements"]), len(line["clients"])) == (PARTNER, 1, 0)
    ended = in_force.done("parties", "leave", PARTNER, "--reason", "Ended by letter.", "--yes")
    assert (len(ended["agreements"]), len(ended["clients"])) == (1, 0)
    assert in_force.done("agreement", "show")[0]["standing"] == "terminated"
    assert in_force.done("parties", "list")[0]["agreements"] == []
    assert "parties list" in in_force.refused("parties", "leave", SUCCESSOR, "--reason", "x", "--yes")


@pytest.mark.ferpa("L9")
def test_less_than_five_years_is_refused_before_it_is_signed(in_force: CommandLine) -> None:
    days = ("--from", "2026-10-05", "--until", "2031-10-04")
    said = in_force.refused(*BAN, *days, "--officer-key", "@olivia.pem", "--out", "@ban.json")
    assert "2031-10-05" in said
    assert not (in_force.folder / "ban.json").exists()


@pytest.mark.claim(12)
def test_a_debarment_takes_two_officers_and_shows_what_it_says(in_force: CommandLine) -> None:
    written = in_force.run(*BAN, *DAYS, "--officer-key", "@olivia.pem", "--out", "@ban.json")
    assert "second officer" in written.err
    assert "two officers" in in_force.refused("parties", "debar", "@ban.json", "--yes")
    assert in_force.done("agreement", "show")[0]["standing"] == "active"
    signed = in_force.run("parties", "sign", "@ban.json", "--key", "@piotr.pem")
    assert "failure_to_destroy" in signed.err
    assert len(signed.data["signers"]) == 2
    in_force.refused("parties", "debar", "@ban.json", typed="n\n")
    banned = in_force.done("parties", "debar", "@ban.json", typed="y\n")
    assert banned["until"] == "2031-10-05"
    (line,) = in_force.done("parties", "list")
    assert (line["barred_until"], line["barred_by"]) == ("2031-10-05", [banned["document"]])
    assert in_force.done("agreement", "show")[0]["standing"] == "terminated"
    assert "registered already" in in_force.refused("parties", "debar", "@ban.json", "--yes")


def test_a_merger_is_signed_by_both_and_approved(in_force: CommandLine) -> None:
    approve = _merger(in_force)
    said = in_force.run(*approve, typed="y\n")
    assert f"{PARTNER} goes on as {SUCCESSOR}" in said.err
    in_force.refused("parties", "merge", "@merger.json", "--approval", "@merger.yes.json", typed="n\n")
    merged = in_force.done("parties", "merge", "@merger.json", "--approval", "@merger.yes.json", typed="y\n")
    assert [each["partner"] for each in merged["ended"]] == [PARTNER]
    lines = {line["id"]: line for line in in_force.done("parties", "list")}
    assert lines[PARTNER]["successor"] == SUCCESSOR
    assert lines[SUCCESSOR]["predecessors"] == [PARTNER]


def test_a_merger_that_nobody_approved_is_refused(in_force: CommandLine) -> None:
    _merger(in_force)
    assert "another document" in in_force.refused(
        "parties", "merge", "@merger.json", "--approval", "@approval.json", "--yes"
    )
    assert [line["successor"] for line in in_force.done("parties", "list")] == [None]


def test_only_debarments_and_successions_are_signed_here(in_force: CommandLine) -> None:
    assert "debarment or succession" in in_force.refused(
        "parties", "sign", "@agreement.signed.json", "--key", "@rae.pem"
    )


@pytest.mark.claim(7)
def test_a_partner_is_stopped_by_one_person_and_let_in_again_by_an_officers_document(in_force: CommandLine) -> None:
    assert "parties list" in in_force.refused("parties", "suspend", SUCCESSOR, "--reason", "Incident.")
    stopped = in_force.run("parties", "suspend", PARTNER, "--reason", "Incident.")
    entry = stopped.data["entry"]
    assert f"pactgate parties reinstatement {PARTNER} --undoes {entry}" in stopped.err
    assert in_force.done("parties", "list")[0]["suspended_by"] == entry
    # Its agreement is not suspended itself: the list says what stops it.
    (line,) = in_force.done("agreement", "show")
    assert (line["standing"], line["suspended_by"], line["partner_suspended_by"]) == ("active", None, entry)
    write = ("parties", "reinstatement", PARTNER, "--undoes", str(entry), "--reason", "Resolved.")
    in_force.done(*write, "--officer-key", "@dana.pem", "--out", "@dana.json")
    assert "unknown key" in in_force.refused("parties", "reinstate", "@dana.json")
    in_force.done(*write, "--officer-key", "@olivia.pem", "--out", "@undo.json")
    in_force.done("parties", "reinstate", "@undo.json")
    assert in_force.done("parties", "list")[0]["suspended_by"] is None
    assert "not a suspension in force" in in_force.refused("parties", "reinstate", "@undo.json")
