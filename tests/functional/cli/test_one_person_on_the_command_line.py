"""One person with the command line and every file but the others' keys: nothing is written."""

import json

import pytest

from agreements.signature import Kind, read_envelope
from tests.factories.command_line import CommandLine

pytestmark = pytest.mark.claim(12)

QUINN = (
    "--name",
    "Quinn Third",
    "--public-key",
    "@quinn.pub.json",
    "--from",
    "2026-10-01",
    "--reason",
    "For holidays.",
)
BAN = ("parties", "debarment", "--partner", "partner:bright-path", "--cause", "failure_to_destroy", "--reason", "Kept.")
ORDER = """
id: emergency:flood
threat: The river is over the levee, and the bus with two classes of Cedar has not arrived.
recipients:
  - {name: County search and rescue, kind: law_enforcement, why_needed: They look for the children on the bus.}
elements: ["000115"]
students: {count: 48, whom: Everybody on the roster of the bus that left at noon}
begins: "2026-10-05T12:00:00Z"
hours: 24
"""


def _size(desk: CommandLine) -> int:
    return int(desk.found("SELECT size FROM audit.head"))


@pytest.mark.parametrize("voices", [("olivia",), ("piotr",), ("piotr", "dana"), ("quinn",), ("olivia", "quinn")])
def test_one_officer_takes_in_no_other(signed: CommandLine, voices: tuple[str, ...]) -> None:
    signed.done("signer", "keygen", "@quinn.pem")
    keys = [text for name in voices for text in ("--key", f"@{name}.pem")]
    signed.run("officer", "introduce", *QUINN, *keys, "--out", "@quinn.json")
    before = _size(signed)
    signed.refused("officer", "register", "@quinn.json")
    assert _size(signed) == before
    assert len(signed.done("officer", "list")) == 2


def test_an_administrator_alone_replaces_no_lost_key(signed: CommandLine) -> None:
    for name in ("administrator", "quinn"):
        signed.done("signer", "keygen", f"@{name}.pem")
    new = ("--name", "Olivia Okafor", *QUINN[2:], "--replaces", signed.public("olivia"))
    before = _size(signed)
    for number, voices in enumerate((("administrator",), ("administrator", "piotr"), ("quinn",))):
        keys = [text for name in voices for text in ("--key", f"@{name}.pem")]
        signed.run("officer", "introduce", *new, *keys, "--out", f"@new{number}.json")
        signed.refused("officer", "register", f"@new{number}.json")
        ending = ("signer", "revoke", signed.public("olivia"), "--reason", "Lost.", *keys)
        signed.run(*ending, "--out", f"@end{number}.json")
        signed.refused("officer", "register", f"@end{number}.json")
    assert _size(signed) == before


def test_one_officer_debars_nobody(signed: CommandLine) -> None:
    days = ("--from", "2026-10-05", "--until", "2031-10-05")
    signed.done(*BAN, *days, "--officer-key", "@olivia.pem", "--out", "@ban.json")
    signed.run("parties", "sign", "@ban.json", "--key", "@olivia.pem")
    before = _size(signed)
    assert "two officers" in signed.refused("parties", "debar", "@ban.json", "--yes")
    signed.run("parties", "sign", "@ban.json", "--key", "@dana.pem")
    signed.refused("parties", "debar", "@ban.json", "--yes")
    assert _size(signed) == before


def test_nobody_reviews_their_own_emergency_order(signed: CommandLine) -> None:
    signed.write("order.yaml", ORDER)
    signed.done("emergency", "order", "@order.yaml", "--officer-key", "@olivia.pem", "--out", "@order.json")
    signed.done("emergency", "register", "@order.json")
    before = _size(signed)
    for name in ("olivia", "dana"):
        review = ("emergency", "review", "@order.json", "--officer-key", f"@{name}.pem", "--out", f"@{name}.json")
        signed.run(*review, "--yes")
        signed.refused("emergency", "register", f"@{name}.json")
    assert _size(signed) == before


@pytest.mark.parametrize("name", ["dana", "DANA ", "olivia okafor"])
def test_nobody_signs_for_both_parties_under_another_spelling(signed: CommandLine, name: str) -> None:
    signed.done("signer", "keygen", "@second.pem")
    signed.introduce("second", "partner:bright-path", "piotr", "olivia", person=name, out="@second.json")
    before = _size(signed)
    assert "Have a second person act" in signed.refused("signer", "register", "@second.json")
    assert _size(signed) == before


def test_who_drafted_an_amendment_does_not_approve_it(signed: CommandLine) -> None:
    signed.approve()
    digest = signed.activate()
    text = (signed.folder / "agreement.signed.json").read_bytes()
    content = json.loads(read_envelope(text, Kind.AGREEMENT).payload)
    content |= {"version": 2, "replaces": digest, "people": {"drafted_by": signed.public("olivia")}}
    signed.write("amended.json", json.dumps(content))
    signed.sign("amended.json")
    before = _size(signed)
    for officer, why in (("olivia", "drafted"), ("piotr", "alone introduced")):
        signed.approve(officer, file="amended.signed.json", out=f"{officer}.json")
        activate = ("agreement", "activate", "@amended.signed.json", "--approval", f"@{officer}.json")
        assert why in signed.refused(*activate)
    assert _size(signed) == before


def _annex(desk: CommandLine, agreement: str, name: str) -> str:
    """Write a list of one person, signed by the partner; return its file."""
    training = {"title": "FERPA for partners", "completed_on": "2026-07-15", "valid_to": "2027-07-14"}
    jwk = json.loads((desk.folder / "person.pub.json").read_text())
    person = {"id": "person:one", "name": name, "email": "one@partner.example", "role": "responsible"}
    people = [{**person, "jwk": jwk, "training": training}]
    desk.write("people.json", json.dumps({"format": "pactgate-people/1", "agreement": agreement, "people": people}))
    file = f"@{name.replace(' ', '-')}.json"
    sign = ("--agreement", agreement, "--key", "@rae.pem", "--out", file)
    desk.done("people", "sign", "@people.json", *sign)
    return file


@pytest.fixture
def in_force(signed: CommandLine) -> CommandLine:
    """The agreement in force, and somebody with a key."""
    signed.approve()
    signed.activate()
    signed.done("signer", "keygen", "@person.pem")
    return signed


@pytest.mark.ferpa("D3")
def test_a_partner_alone_lets_nobody_in(in_force: CommandLine) -> None:
    digest = in_force.done("agreement", "show")[0]["digest"]
    in_force.done("people", "register", _annex(in_force, digest, "Nina Newly"))
    before = _size(in_force)
    accept = ("people", "accept", "@agreement.signed.json", "--person", "person:one")
    in_force.done(*accept, "--school-year", "2026-2027", "--key", "@person.pem", "--out", "@accepted.json", "--yes")
    in_force.refused("people", "accepted", "@accepted.json")
    assert _size(in_force) == before


@pytest.mark.ferpa("D3")
def test_no_officer_answers_for_a_client(in_force: CommandLine) -> None:
    digest = in_force.done("agreement", "show")[0]["digest"]
    file = _annex(in_force, digest, "PIOTR  Nowak")
    approve = ("people", "approve", file, "--officer-key", "@olivia.pem", "--out", "@yes.json", "--yes")
    in_force.done(*approve)
    before = _size(in_force)
    for approval in ((), ("--approval", "@yes.json")):
        in_force.refused("people", "register", file, *approval)
    assert _size(in_force) == before
