"""A whole life of one agreement, every step a command that a person types: drafted, lived with, amended, ended."""

import datetime as dt
import json
from typing import Any

import pytest

from tests.factories.command_line import NOW, CommandLine

WORDS = {
    "records": "Enrollment and attendance counts of the student named in the form.",
    "purpose": "Tutoring by Bright Path Tutoring.",
    "party_or_class": "Tutors of Bright Path Tutoring.",
    "signature": "electronic",
    "what_will_be_done": "Tutors plan their sessions.",
}
SAID = {
    "--district": "district:emerald-city",
    "--district-name": "Emerald City School District",
    "--partner": "partner:bright-path",
    "--partner-name": "Bright Path Tutoring",
    "--partner-type": "nonprofit",
    "--purpose": "tutoring",
    "--purpose-words": "Plan tutoring sessions for the students whose families consented.",
    "--school-year": "2026-2027",
    "--element": "students:000115",
    "--population": "roster",
    "--school": "ECS-101",
    "--first-day": "2026-09-01",
    "--last-day": "2027-06-30",
    "--time-zone": "America/Los_Angeles",
    "--executed": "@paper.pdf",
    "--executed-title": "Data sharing agreement",
    "--drafter-key": "@piotr.pub.json",
}
LAST_NAME = '{element: "000172", transformation: exact}'


@pytest.fixture
def desk(bare: CommandLine) -> CommandLine:
    """The log opened, the signers of both parties introduced, an export at hand."""
    bare.open()
    for name, party in (("dana", "district:emerald-city"), ("rae", "partner:bright-path")):
        bare.introduce(name, party, "piotr", out=f"@{name}.json")
        bare.done("signer", "register", f"@{name}.json")
    bare.export_files()
    bare.write("paper.pdf", "The paper that both parties signed.")
    return bare


def draft(desk: CommandLine) -> Any:
    options = [text for option in SAID.items() for text in option]
    parts = [text for name, words in WORDS.items() for text in ("--part", f"{name}={words}")]
    return desk.done("agreement", "new", "--basis", "consent", *options, *parts, "--out", "@agreement.yaml", "--yes")


def bring_into_force(desk: CommandLine, draft: str) -> tuple[str, str]:
    """Sign, approve and activate a draft; return its digest, and what was said at the end."""
    desk.sign(f"{draft}.yaml")
    desk.approve(file=f"{draft}.signed.json", out=f"{draft}.approval.json")
    activate = ("agreement", "activate", f"@{draft}.signed.json", "--approval", f"@{draft}.approval.json")
    outcome = desk.run(*activate)
    assert outcome.code == 0, outcome.err
    return str(outcome.data["agreement"]), outcome.err


def listed(desk: CommandLine) -> dict[str, dict[str, Any]]:
    """Write the public register and return what it lists, by digest."""
    desk.done("agreement", "register", "--out", "@site")
    found = json.loads((desk.folder / "site" / "register.json").read_text())["agreements"]
    return {each["digest"]: each for each in found}


def standing(desk: CommandLine) -> list[tuple[str, int]]:
    return [(line["standing"], line["covered_today"]) for line in desk.done("agreement", "show")]


@pytest.mark.claim(1)
@pytest.mark.ferpa("X2")
def test_an_agreement_lives_from_its_draft_to_the_certificate_by_commands_alone(desk: CommandLine) -> None:
    # Drafted, checked, reviewed.
    assert draft(desk)["complete"]
    assert desk.done("agreement", "check", "@agreement.yaml")["valid"]
    assert desk.done("agreement", "review", "@agreement.yaml")["review"]["compared"]["digest"] is None
    assert listed(desk) == {}

    # In force, and nobody can ask before people, client and acceptance are there.
    first, said = bring_into_force(desk, "agreement")
    assert "Nobody can ask yet" in said
    assert "covers no student today" in said
    desk.name_people(first)
    client = desk.bind(first)
    desk.done("client", "approve", "@binding.json", "--officer-key", "@olivia.pem", "--out", "@b.json", "--yes")
    desk.done("client", "register", "@binding.json", "--approval", "@b.json", "--name", "Nightly")
    desk.accept()
    desk.done("records", "load", "@export", "--mapping", "@facts.toml")
    desk.done("records", "load", "@export", "--mapping", "@lists.toml", "--agreements", f"bright={first}")
    assert standing(desk) == [("active", 2)]

    # Amended: unsigned it changes nothing, signed it takes over with people and clients.
    more = ("--drafter-key", "@piotr.pub.json", "--executed", "@paper.pdf", "--executed-title", "First amendment")
    assert desk.done("agreement", "amend", first, *more, "--out", "@second.yaml")["complete"]
    text = (desk.folder / "second.yaml").read_text()
    desk.write("second.yaml", text.replace("elements:\n", f"elements:\n      - {LAST_NAME}\n", 1))
    compared = desk.done("agreement", "diff", first, "@second.yaml")
    assert any("Last name" in sentence and "is added" in sentence for sentence in compared["sentences"])
    desk.sign("second.yaml", "dana")
    desk.approve(file="second.signed.json", out="half.approval.json")
    half = ("agreement", "activate", "@second.signed.json", "--approval", "@half.approval.json")
    assert "partner:bright-path" in desk.refused(*half)
    assert standing(desk) == [("active", 2)]
    (desk.folder / "second.signed.json").unlink()
    second, said = bring_into_force(desk, "second")
    assert "People and clients carry over, what they accepted does not" in said
    desk.accept("second.signed.json", out="second.undertaking.json")
    assert standing(desk) == [("replaced", 0), ("active", 2)]
    assert [line["id"] for line in desk.done("agreement", "show", second)["clients"]] == [client]

    # Ended, certified, closed; and the public register shows it.
    desk.at(NOW + dt.timedelta(days=1))
    desk.done("agreement", "terminate", second, "--reason", "It is over", "--yes")
    desk.done("certificate", "new", second, "--out", "@figures.json")
    what = ("--what", "Every copy", "--method", "purge", "--how", "Drives purged", "--on", "2026-10-06")
    who = ("--who", "Remy Responsible", "--witness", "Wim Witness", "--key", "@rae.pem", "--out", "@certificate.json")
    desk.done("certificate", "sign", "@figures.json", *what, *who)
    desk.done("certificate", "register", "@certificate.json")
    assert standing(desk) == [("replaced", 0), ("closed", 0)]
    shown = listed(desk)
    assert list(shown) == [first, second]
    assert shown[second]["standing"]["code"] == "closed"
    assert shown[first]["replaced_by"] == second
    assert desk.done("audit", "verify")["holds"]


def test_a_list_of_people_whose_approval_does_not_count_is_refused_and_names_nobody(desk: CommandLine) -> None:
    draft(desk)
    agreement, _ = bring_into_force(desk, "agreement")
    desk.name_people(agreement)
    desk.write("people.yaml", (desk.folder / "people.yaml").read_text().replace("2026-08-20", "2026-08-21"))
    sign = ("--agreement", agreement, "--key", "@rae.pem", "--out", "@next.json")
    desk.done("people", "sign", "@people.yaml", *sign)
    before = desk.found("SELECT size FROM audit.head")
    # The approval of the list before it, and one by the officer who alone vouched for who signed it.
    assert "No approval of this list counts" in desk.refused(
        "people", "register", "@next.json", "--approval", "@people.approval.json"
    )
    alone = ("--officer-key", "@piotr.pem", "--out", "@alone.json", "--yes")
    desk.done("people", "approve", "@next.json", *alone)
    desk.refused("people", "register", "@next.json", "--approval", "@alone.json")
    assert desk.found("SELECT size FROM audit.head") == before
    assert "nobody came in" in desk.run("people", "register", "@next.json").err


def test_a_list_of_people_for_another_agreement_or_without_a_key_is_not_signed(desk: CommandLine) -> None:
    desk.done("signer", "keygen", "@remy.pem")
    other, here = "sha256:" + "0" * 64, "sha256:" + "1" * 64
    who = (
        "id: person:remy, name: R, email: r@x.example, role: responsible,"
        " training: {title: T, completed_on: 2026-08-20, valid_to: 2027-08-31}"
    )
    sign = ("people", "sign", "@people.yaml", "--agreement", here, "--key", "@remy.pem", "--out", "@people.json")
    desk.write("people.yaml", f"agreement: {other}\npeople: [{{{who}, jwk: remy.pub.json}}]\n")
    assert "another agreement" in desk.refused(*sign, code=2)
    desk.write("people.yaml", f"people: [{{{who}}}]\n")
    assert "/people/0/jwk" in desk.refused(*sign)
    desk.write("people.yaml", f"people: [{{{who}, jwk: nobody.pub.json}}]\n")
    assert "cannot be read" in desk.refused(*sign)
    for odd in ("[]", "people: 1", "people: [1]"):
        desk.write("people.yaml", odd)
        desk.refused(*sign)
    assert not (desk.folder / "people.json").exists()
