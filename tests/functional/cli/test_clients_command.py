"""Clients: whose keys are let in, what is refused, how one is stopped and let in again."""

import json

import pytest

from tests.factories.agreements import client_jwk
from tests.factories.command_line import OFFICIAL, RESPONSIBLE, CommandLine


def _agreement(desk: CommandLine) -> str:
    return str(desk.done("agreement", "show")[0]["digest"])


def _registration_refused(desk: CommandLine, binding: str, approval: str = "new.approval.json") -> str:
    before = desk.found("SELECT size FROM audit.head")
    said = desk.refused("client", "register", f"@{binding}", "--approval", f"@{approval}", "--name", "x")
    assert desk.found("SELECT size FROM audit.head") == before
    assert len(desk.done("client", "show")) == 1
    return said


def _approve(desk: CommandLine, binding: str, officer: str = "olivia", out: str = "new.approval.json") -> None:
    key = ("--officer-key", f"@{officer}.pem")
    desk.done("client", "approve", f"@{binding}", *key, "--out", f"@{out}", "--yes")


def test_a_binding_the_districts_signer_signed_is_refused(active: CommandLine) -> None:
    active.bind(_agreement(active), signer="dana", out="new.json")
    _approve(active, "new.json")
    assert "does not belong to partner:bright-path" in _registration_refused(active, "new.json")


def test_a_binding_without_an_officers_approval_is_refused(active: CommandLine) -> None:
    active.bind(_agreement(active), out="new.json")
    assert "another document" in _registration_refused(active, "new.json", "b.approval.json")
    _approve(active, "new.json", "piotr")
    assert "alone introduced" in _registration_refused(active, "new.json")


def test_a_binding_to_an_agreement_not_in_force_is_refused(active: CommandLine) -> None:
    active.bind("sha256:" + "0" * 64, out="new.json")
    _approve(active, "new.json")
    assert "in force" in _registration_refused(active, "new.json")


def test_the_same_binding_is_registered_once(active: CommandLine) -> None:
    assert "registered already" in _registration_refused(active, "binding.json", "b.approval.json")


def test_a_client_of_another_partner_is_not_taken_over(active: CommandLine) -> None:
    client = active.done("client", "show")[0]["id"]
    active.done("signer", "keygen", "@harbor.pem")
    active.introduce("harbor", "partner:harbor-mentors", "piotr", out="@harbor.signer.json")
    active.done("signer", "register", "@harbor.signer.json")
    active.draft(OFFICIAL, file="b.yaml")
    active.sign("b.yaml", "dana", "harbor")
    active.approve(file="b.signed.json", out="b.yes.json")
    other = active.activate("b.signed.json", "b.yes.json")
    active.bind(other, signer="harbor", out="new.json", client=client)
    _approve(active, "new.json")
    assert "belongs to another partner" in _registration_refused(active, "new.json")
    assert len(active.done("agreement", "show")) == 2


def test_a_client_may_get_new_keys_under_its_own_id(active: CommandLine) -> None:
    (before,) = active.done("client", "show")
    active.bind(_agreement(active), out="new.json", client=before["id"])
    _approve(active, "new.json")
    active.done("client", "register", "@new.json", "--approval", "@new.approval.json", "--name", "Bright Path nightly")
    (after,) = active.done("client", "list")
    assert {**after, "bindings": None} == {**before, "bindings": None}
    assert after["bindings"][:1] == before["bindings"]
    assert len({key for each in after["bindings"] for key in each["keys"]}) == 2


def test_a_binding_says_where_its_keys_are_and_from_where_it_asks(active: CommandLine) -> None:
    (before,) = active.done("client", "show")
    bind = (
        "client",
        "bind",
        "--agreement",
        _agreement(active),
        "--responsible",
        "person:remy",
        "--client",
        before["id"],
    )
    files = ("--signer-key", "@rae.pem", "--out", "@new.json")
    url = ("--jwks-url", "https://keys.bright-path.example/jwks.json")
    assert "at /jwks" in active.refused(*bind, *files)
    assert "at /contacts/0/mailbox" in active.refused(*bind, *files, *url, "--contact", "security:rae@partner.example")
    assert "at /allowed_addresses/0" in active.refused(*bind, *files, *url, "--allow-address", "0.0.0.0/0")
    terms = ("--allow-address", "192.0.2.0/24", "--contact", "security:security@partner.example")
    days = ("--last-day", "2027-06-01", "--earlier-last-day", "2027-01-31")
    assert active.done(*bind, *files, *url, *terms, *days)["keys"] == []
    _approve(active, "new.json")
    active.done("client", "register", "@new.json", "--approval", "@new.approval.json", "--name", "Bright Path nightly")
    (client,) = active.done("client", "list")
    old, new = client["bindings"]
    assert (old["last_day"], new["last_day"]) == ("2027-01-31", "2027-06-01")
    assert (new["jwks_url"], new["allowed_addresses"], new["keys"]) == (url[1], ["192.0.2.0/24"], [])
    assert new["contacts"] == ["security:security@partner.example"]


@pytest.mark.attack("a signed file is changed")
def test_a_binding_with_other_keys_than_those_signed_is_refused(active: CommandLine) -> None:
    active.bind(_agreement(active), out="new.json")
    active.bind(_agreement(active), out="own.json")
    _approve(active, "new.json")
    content = json.loads((active.folder / "new.json").read_text())
    content["payload"] = json.loads((active.folder / "own.json").read_text())["payload"]
    active.write("new.json", json.dumps(content))
    _registration_refused(active, "new.json")


def test_a_signers_own_key_is_no_machines_key(active: CommandLine) -> None:
    active.write("own.jwks", json.dumps({"keys": [json.loads((active.folder / "rae.pub.json").read_text())]}))
    who = ("--responsible", RESPONSIBLE, "--signer-key", "@rae.pem")
    active.done("client", "bind", "--agreement", _agreement(active), "--jwks", "@own.jwks", *who, "--out", "@new.json")
    _approve(active, "new.json")
    assert "also the key of a signer" in _registration_refused(active, "new.json")


@pytest.mark.parametrize(
    "jwks",
    [
        "{",
        "[]",
        '{"keys": []}',
        '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}',
        json.dumps({"keys": [client_jwk("a"), client_jwk("a")]}),
        json.dumps({"keys": [{**client_jwk("a"), "d": "c2VjcmV0"}]}),
    ],
)
def test_a_key_set_that_is_wrong_or_private_is_refused_and_not_quoted(active: CommandLine, jwks: str) -> None:
    active.write("odd.jwks", jwks)
    who = ("--responsible", RESPONSIBLE, "--signer-key", "@rae.pem")
    said = active.refused(
        "client", "bind", "--agreement", _agreement(active), "--jwks", "@odd.jwks", *who, "--out", "@new.json"
    )
    assert "c2VjcmV0" not in said
    assert not (active.folder / "new.json").exists()


def test_a_client_id_written_wrongly_is_a_usage_error(active: CommandLine) -> None:
    active.refused("client", "suspend", "nightly", "--reason", "x", code=2)
    active.refused("client", "suspend", active.done("client", "show")[0]["id"], "--reason", "  ", code=2)
    unknown = "client:00000000-0000-4000-8000-000000000000"
    assert "client register" in active.refused("client", "suspend", unknown, "--reason", "x")


def test_a_suspended_client_stays_out_until_an_officer_lets_it_in(active: CommandLine) -> None:
    client = active.done("client", "show")[0]["id"]
    stopped = active.done("client", "suspend", client, "--reason", "key lost")["entry"]
    assert active.done("client", "show")[0]["suspended_by"] == stopped
    undo = ("client", "reinstatement", client, "--reason", "found again")
    active.done(*undo, "--undoes", str(stopped), "--officer-key", "@rae.pem", "--out", "@rae.json")
    assert "unknown key" in active.refused("client", "activate", "@rae.json")
    active.done(*undo, "--undoes", "1", "--officer-key", "@olivia.pem", "--out", "@wrong.json")
    assert "not a suspension in force" in active.refused("client", "activate", "@wrong.json")
    assert active.done("client", "show")[0]["suspended_by"] == stopped
    active.done(*undo, "--undoes", str(stopped), "--officer-key", "@olivia.pem", "--out", "@undo.json")
    active.done("client", "activate", "@undo.json")
    assert active.done("client", "show")[0]["suspended_by"] is None


def test_approving_shows_the_keys_and_who_answers_for_them(active: CommandLine) -> None:
    client = active.bind(_agreement(active), out="new.json")
    arguments = ("client", "approve", "@new.json", "--officer-key", "@olivia.pem", "--out", "@new.approval.json")
    said = active.refused(*arguments, typed="n\n")
    assert client in said
    assert f"{RESPONSIBLE} answers for it, and the partner itself runs it." in said
    assert not (active.folder / "new.approval.json").exists()
    active.done(*arguments, typed="y\n")
    active.done("client", "register", "@new.json", "--approval", "@new.approval.json", "--name", "Second")
    assert [line["name"] for line in active.done("client", "show")] == ["Bright Path nightly", "Second"]
