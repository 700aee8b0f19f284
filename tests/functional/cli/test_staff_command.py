"""`pactgate staff`, from the invitation to the erasure: a role takes two officers, a stop takes one person."""

from typing import Any

import pytest

from tests.factories.command_line import CommandLine

pytestmark = pytest.mark.claim(12)

SUBJECT = "subject-of-somebody-7f3a"
REASON = ("--reason", "The work of this school year.")
DISTRICT = "district:emerald-city"


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed unseen is read from the standard input, also where there is a terminal."""
    monkeypatch.setattr("typer._click.termui.hidden_prompt_func", lambda _: input())


def listed(desk: CommandLine) -> Any:
    (line,) = desk.done("staff", "list")
    return line


@pytest.mark.usefixtures("typing")
def test_a_role_from_the_invitation_to_the_erasure(signed: CommandLine) -> None:
    made = signed.done("staff", "invite", "--party", DISTRICT)
    link = ("staff", "link", "--realm", "district", "--issuer", "https://id.district.example")
    signed.refused(*link, typed=f"invite-nothing\n{SUBJECT}\n")
    known = signed.done(*link, typed=f"{made['code']}\n{SUBJECT}\n")
    signed.refused(*link, typed=f"{made['code']}\nanother\n")
    assert listed(signed)["roles"] == []
    # (1): one officer's signature is not enough, nor is the same one twice.
    whose = ("--person", known["person"], "--identity", known["identity"], "--party", DISTRICT)
    days = ("--from", "2026-10-01", "--to", "2027-07-31", *REASON)
    write = ("staff", "role", *whose, "--role", "steward", *days, "--officer-key", "@olivia.pem", "--out", "@role.json")
    document = signed.done(*write)["document"]
    signed.refused("staff", "register", "@role.json")
    signed.run("staff", "sign", "@role.json", "--key", "@olivia.pem")
    signed.refused("staff", "register", "@role.json")
    said = signed.run("staff", "sign", "@role.json", "--key", "@piotr.pem")
    assert (said.code, known["check"] in said.err) == (0, True)
    signed.done("staff", "register", "@role.json")
    assert [(role["role"], role["counts"]) for role in listed(signed)["roles"]] == [("steward", True)]
    # (2): one person stops; an officer undoes it, by the entry of that stop.
    entry = signed.done("staff", "suspend", known["person"], "--reason", "Looked into.")["entry"]
    assert listed(signed)["suspended"] == entry
    undo = ("staff", "reinstatement", known["person"], *REASON, "--officer-key", "@olivia.pem")
    signed.done(*undo, "--undoes", str(entry - 1), "--out", "@other.json")
    signed.refused("staff", "reinstate", "@other.json")
    signed.done(*undo, "--undoes", str(entry), "--out", "@again.json")
    signed.done("staff", "reinstate", "@again.json")
    assert listed(signed)["suspended"] is None
    # (3): an ended role is over for good, and nothing leads to an erased person.
    signed.done("staff", "end", document, "--reason", "The work is done.")
    signed.refused("staff", "end", document, "--reason", "Again.")
    signed.refused("staff", "register", "@role.json")
    assert listed(signed)["roles"] == []
    signed.refused("staff", "erase", known["person"], typed="n\n")
    signed.done("staff", "erase", known["person"], "--yes")
    signed.refused("staff", "suspend", known["person"], "--reason", "Too late.")
    assert signed.done("staff", "list") == []
