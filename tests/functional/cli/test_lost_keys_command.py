"""Lost keys on the command line: revoked and replaced by the trust that is left, never by one person alone."""

import pytest

from tests.factories.command_line import CommandLine

WHO = ("--name", "Oskar Third", "--public-key", "@oskar.pub.json", "--from", "2026-10-01", "--reason", "For holidays.")


def _revoke(desk: CommandLine, name: str, *keys: str, out: str = "@lost.json") -> None:
    signing = [text for key in keys for text in ("--key", f"@{key}.pem")]
    desk.done(
        "signer", "revoke", "--thumbprint", desk.public(name), "--reason", "Laptop stolen.", *signing, "--out", out
    )


@pytest.mark.claim(12)
def test_an_officer_is_introduced_by_two_voices(signed: CommandLine) -> None:
    signed.done("signer", "keygen", "@oskar.pem")
    alone = signed.run("officer", "introduce", *WHO, "--key", "@olivia.pem", "--out", "@oskar.json")
    assert "second voice" in alone.err
    size = signed.found("SELECT size FROM audit.head")
    signed.refused("officer", "register", "@oskar.json")
    assert signed.found("SELECT size FROM audit.head") == size
    assert len(signed.done("officer", "list")) == 2
    added = signed.run("officer", "sign", "@oskar.json", "--key", "@piotr.pem")
    assert "Oskar Third" in added.err
    signed.done("officer", "register", "@oskar.json")
    third = signed.done("officer", "list")[2]
    assert (third["key"], third["in_office"]) == (signed.public("oskar"), True)


def test_an_officers_lost_key_is_replaced_by_the_other_officer_and_the_districts_signer(signed: CommandLine) -> None:
    signed.done("signer", "keygen", "@oskar.pem")
    new = ("--name", "Olivia Okafor", "--public-key", "@oskar.pub.json", "--from", "2026-10-01", "--reason", "Lost.")
    voices = ("--key", "@piotr.pem", "--key", "@dana.pem", "--replaces", signed.public("olivia"))
    signed.done("officer", "introduce", *new, *voices, "--out", "@new.json")
    # Piotr alone introduced Dana, who could be a second key of his.
    signed.refused("officer", "register", "@new.json")
    assert [line["in_office"] for line in signed.done("officer", "list")] == [True, True]


@pytest.mark.ferpa("S7")
def test_a_lost_signers_key_signs_nothing_after_its_revocation(signed: CommandLine) -> None:
    _revoke(signed, "rae", "dana")
    signed.refused("signer", "register", "@lost.json")  # a signer of another party
    (signed.folder / "lost.json").unlink()
    _revoke(signed, "rae", "olivia")
    said = signed.run("signer", "register", "@lost.json")
    assert said.code == 0, said.err
    lines = {line["party"]: line for line in signed.done("signer", "list")}
    assert lines["partner:bright-path"]["ended"] == said.data["entry"]
    assert lines["district:emerald-city"]["ended"] is None
    signed.approve()
    assert "revoked" in signed.refused(
        "agreement", "activate", "@agreement.signed.json", "--approval", "@approval.json"
    )


def test_revoking_says_that_nothing_is_revoked_yet(signed: CommandLine) -> None:
    said = signed.run(
        *("signer", "revoke", "--thumbprint", signed.public("rae"), "--reason", "Lost."),
        *("--key", "@rae.pem", "--out", "@lost.json"),
    )
    assert "still signs" in said.err
    assert all(line["ended"] is None for line in signed.done("signer", "list"))


def test_a_thumbprint_may_begin_with_a_dash_and_has_43_characters(signed: CommandLine) -> None:
    lost = ("signer", "revoke", "--reason", "Lost.", "--key", "@rae.pem", "--out", "@lost.json", "--thumbprint")
    signed.refused(*lost, "short", code=2)
    assert signed.done(*lost, "-" * 43)["revokes"] == "-" * 43


def test_a_signer_signs_only_what_the_introduction_lists(signed: CommandLine) -> None:
    signed.done("signer", "keygen", "@clerk.pem")
    days = ("--from", "2026-07-01", "--to", "2027-06-30", "--officer-key", "@piotr.pem", "--out", "@clerk.json")
    who = ("--party", "partner:bright-path", "--name", "Clerk", "--public-key", "@clerk.pub.json")
    signed.refused("signer", "introduce", *who, "--may-sign", "everything", *days, code=2)
    signed.done("signer", "introduce", *who, "--may-sign", "certificate", *days)
    signed.done("signer", "register", "@clerk.json")
    (line,) = [line for line in signed.done("signer", "list") if line["name"] == "Clerk"]
    assert line["may_sign"] == ["certificate"]
    signed.draft(file="b.yaml")
    signed.sign("b.yaml", "dana", "clerk")
    signed.approve(file="b.signed.json", out="b.json")
    said = signed.refused("agreement", "activate", "@b.signed.json", "--approval", "@b.json")
    assert "may not sign" in said


def test_without_limits_a_signer_may_sign_what_that_side_signs(signed: CommandLine) -> None:
    limits = {line["party"]: line["may_sign"] for line in signed.done("signer", "list")}
    assert limits["district:emerald-city"] == ["agreement"]
    assert set(limits["partner:bright-path"]) >= {"agreement", "client_binding", "people_annex", "certificate"}


def test_only_authority_documents_are_registered_here(signed: CommandLine) -> None:
    assert "officer or signer or revocation" in signed.refused("officer", "register", "@agreement.signed.json")
