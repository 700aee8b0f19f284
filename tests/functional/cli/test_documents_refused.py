"""What the commands refuse before a document comes into force, and that nothing is written then."""

import json

import pytest

from tests.factories.command_line import OFFICIAL, CommandLine


def _size(desk: CommandLine) -> int:
    return int(desk.found("SELECT size FROM audit.head"))


def _activation_refused(
    desk: CommandLine, signed: str = "agreement.signed.json", approval: str = "approval.json"
) -> str:
    before = _size(desk)
    said = desk.refused("agreement", "activate", f"@{signed}", "--approval", f"@{approval}")
    assert _size(desk) == before
    assert desk.found("SELECT count(*) FROM agreements.document WHERE kind = 'agreement'") == 0
    return said


def test_a_broken_agreement_is_told_everything_at_once(signed: CommandLine) -> None:
    text = (signed.folder / "agreement.yaml").read_text()
    text = text.replace("first_day: 2026-09-01", "first_day: 2027-09-01").replace('"000115"', '"999999"')
    text = text.replace("cadence: weekly", "cadence: whenever\nsurprise: term")
    signed.write("broken.yaml", text)
    outcome = signed.run("agreement", "check", "@broken.yaml")
    assert outcome.code == 1
    assert outcome.data["valid"] is False
    problems = {problem["path"]: problem for problem in outcome.data["problems"]}
    assert {"/cadence", "/datasets/0/elements/0/element", "/surprise", "/term/last_day"} <= set(problems)
    for problem in problems.values():
        assert problem["rule"]
        assert problem["source"]
        assert problem["sentence"].endswith(".")
    said = signed.refused("agreement", "sign", "@broken.yaml", "--key", "@dana.pem")
    assert all(path in said for path in problems)
    assert not (signed.folder / "broken.signed.json").exists()


@pytest.mark.parametrize("content", ["", "a: [1", "no: no", "{}}", "\x00", "a: &x 1"])
def test_a_file_that_is_no_document_is_one_sentence(signed: CommandLine, content: str) -> None:
    signed.write("odd.yaml", content)
    for command in (["check", "@odd.yaml"], ["sign", "@odd.yaml", "--key", "@dana.pem"]):
        said = signed.refused("agreement", *command)
        assert said.startswith("pactgate: ")


def test_a_file_that_is_missing_or_endless_is_one_sentence(signed: CommandLine) -> None:
    assert "No such file" in signed.refused("agreement", "check", "@nowhere.yaml")
    signed.write("endless.json", "1" * 2_000_001)
    assert "longer than" in signed.refused("agreement", "check", "@endless.json")


def test_an_unsigned_agreement_is_not_activated(signed: CommandLine) -> None:
    signed.approve()
    assert "pactgate agreement sign" in _activation_refused(signed, "agreement.yaml")


def test_an_agreement_one_party_has_not_signed_is_not_activated(signed: CommandLine) -> None:
    signed.draft(file="half.yaml")
    signed.sign("half.yaml", "dana")
    signed.approve(file="half.signed.json")
    assert "partner:bright-path" in _activation_refused(signed, "half.signed.json")


@pytest.mark.claim(12)
def test_the_drafter_is_warned_when_approving_and_refused_as_second_officer(signed: CommandLine) -> None:
    arguments = ("agreement", "approve", "@agreement.signed.json", "--key", "@piotr.pem", "--out", "@approval.json")
    outcome = signed.run(*arguments, "--yes")
    assert outcome.code == 0
    assert "drafted" in outcome.err
    assert "drafted" in _activation_refused(signed)


@pytest.mark.claim(12)
def test_the_officer_who_alone_vouched_for_the_signers_is_refused_as_second_officer(signed: CommandLine) -> None:
    signed.draft(drafter="olivia", file="other.yaml")
    signed.sign("other.yaml")
    signed.approve("piotr", file="other.signed.json")
    assert "alone introduced" in _activation_refused(signed, "other.signed.json")


@pytest.mark.claim(12)
def test_the_same_key_twice_is_not_two_officers(bare: CommandLine) -> None:
    bare.done("signer", "keygen", "@olivia.pem")
    bare.done("keys", "init")
    public = bare.folder / "olivia.pub.json"
    officers = ("--officer", f"Olivia={public}", "--officer", f"Piotr={public}")
    assert "pinned twice" in bare.refused("init", "--origin", "log.example", *officers)
    assert not (bare.folder / "home" / "trust.json").exists()


def test_a_signer_cannot_approve_as_an_officer(signed: CommandLine) -> None:
    signed.draft(file="own.yaml")
    signed.sign("own.yaml", "dana", "rae", "olivia")
    outcome = signed.run(
        "agreement", "approve", "@own.signed.json", "--key", "@olivia.pem", "--out", "@own.approval.json", "--yes"
    )
    assert "signed the agreement for a party" in outcome.err
    assert _activation_refused(signed, "own.signed.json", "own.approval.json")


def test_whoever_is_no_officer_approves_nothing(signed: CommandLine) -> None:
    outcome = signed.run(
        "agreement", "approve", "@agreement.signed.json", "--key", "@dana.pem", "--out", "@approval.json", "--yes"
    )
    assert "not an officer" in outcome.err
    assert "unknown key" in _activation_refused(signed)


def test_a_signature_by_a_key_nobody_introduced_is_refused(signed: CommandLine) -> None:
    signed.done("signer", "keygen", "@stranger.pem")
    signed.done("agreement", "sign", "@agreement.yaml", "--key", "@stranger.pem", "--out", "@strange.signed.json")
    signed.approve(file="strange.signed.json")
    assert "unknown key" in _activation_refused(signed, "strange.signed.json")


@pytest.mark.attack("a signed file is changed")
@pytest.mark.parametrize("member", ["payload", "signature", "protected"])
def test_a_signed_file_that_was_changed_is_refused(signed: CommandLine, member: str) -> None:
    signed.approve()
    path = signed.folder / "agreement.signed.json"
    content = json.loads(path.read_text())
    part = content if member == "payload" else content["signatures"][0]
    part[member] = part[member][:-8] + ("A" if part[member][-8] != "A" else "B") + part[member][-7:]
    path.write_text(json.dumps(content))
    _activation_refused(signed)


def test_an_approval_of_another_document_is_refused(signed: CommandLine) -> None:
    signed.draft(OFFICIAL, file="b.yaml")
    signed.sign("b.yaml")
    signed.approve(file="b.signed.json")
    assert "another document" in _activation_refused(signed)


def test_nothing_is_approved_without_a_yes(signed: CommandLine) -> None:
    arguments = ("agreement", "approve", "@agreement.signed.json", "--key", "@olivia.pem", "--out", "@approval.json")
    for typed in ("", "n\n"):
        said = signed.refused(*arguments, typed=typed)
        assert "/purpose/words: Plan tutoring sessions" in said
    assert not (signed.folder / "approval.json").exists()
    signed.done(*arguments, typed="y\n")
    assert "is there already" in signed.refused(*arguments, "--yes")


def test_a_key_other_accounts_can_read_signs_nothing(signed: CommandLine) -> None:
    (signed.folder / "dana.pem").chmod(0o644)
    said = signed.refused("agreement", "sign", "@agreement.yaml", "--key", "@dana.pem", "--out", "@again.json")
    assert "chmod 600" in said
    assert "PRIVATE" not in said


def test_a_file_that_is_no_private_key_is_a_sentence_that_does_not_quote_it(signed: CommandLine) -> None:
    (signed.folder / "odd.pem").touch(mode=0o600)
    signed.write("odd.pem", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n")
    public = signed.folder / "dana.pub.json"
    public.chmod(0o600)
    for name in ("odd.pem", "dana.pub.json"):
        said = signed.refused("agreement", "sign", "@agreement.yaml", "--key", f"@{name}", "--out", "@again.json")
        assert "c2VjcmV0" not in said


def test_nothing_is_overwritten(signed: CommandLine) -> None:
    assert "is there already" in signed.refused("signer", "keygen", "@dana.pem")
    assert "is there already" in signed.refused("agreement", "sign", "@agreement.yaml", "--key", "@dana.pem")
    assert "cannot be written" in signed.refused("signer", "keygen", "@nowhere/dana.pem")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--party", "bright-path"], "/party"),
        (["--party", "partner:bright-path", "--role", "district_signer"], "/role"),
        (["--party", "partner:bright-path", "--to", "2026-01-01"], "/valid_to"),
    ],
)
def test_a_signer_document_that_is_wrong_is_not_signed(signed: CommandLine, options: list[str], said: str) -> None:
    fixed = ["--name", "Rae", "--public-key", "@rae.pub.json", "--from", "2026-07-01", "--officer-key", "@piotr.pem"]
    until = [] if "--to" in options else ["--to", "2027-06-30"]
    assert said in signed.refused("signer", "introduce", *fixed, *until, *options, "--out", "@rae.json")
    assert not (signed.folder / "rae.json").exists()


def test_a_signer_only_a_signer_vouches_for_is_refused(signed: CommandLine) -> None:
    signed.introduce("rae", "partner:bright-path", "dana", out="@rae.json")
    assert "unknown key" in signed.refused("signer", "register", "@rae.json")


def test_a_private_key_is_not_introduced(signed: CommandLine) -> None:
    days = ("--from", "2026-07-01", "--to", "2027-06-30", "--officer-key", "@piotr.pem", "--out", "@rae.json")
    who = ("--party", "partner:bright-path", "--name", "Rae", "--public-key", "@rae.pem")
    assert "private key" in signed.refused("signer", "introduce", *who, *days)


def test_the_same_document_is_registered_once(signed: CommandLine) -> None:
    before = _size(signed)
    assert "registered already" in signed.refused("signer", "register", "@rae.signer.json")
    assert _size(signed) == before


def test_a_document_of_another_kind_is_refused(signed: CommandLine) -> None:
    signed.approve()
    assert "is no signed document of the kind" in signed.refused("signer", "register", "@agreement.signed.json")
    assert "not signed as" in signed.refused("agreement", "activate", "@approval.json", "--approval", "@approval.json")


def test_before_init_there_is_a_sentence_that_says_so(bare: CommandLine, signed: CommandLine) -> None:
    assert "pactgate init" in bare.refused("agreement", "show")
    # A trust file from somewhere else does not make a log.
    borrowed = bare.with_settings(PACTGATE_TRUST=str(signed.folder / "home" / "trust.json"))
    assert "pactgate init" in borrowed.refused("agreement", "show")


def test_another_installations_trust_is_refused(signed: CommandLine) -> None:
    signed.write("other.json", (signed.folder / "home" / "trust.json").read_text().replace("emerald-city", "ruby-city"))
    other = signed.with_settings(PACTGATE_TRUST=str(signed.folder / "other.json"))
    assert "PACTGATE_TRUST" in other.refused("agreement", "show")


def test_a_login_without_the_right_is_a_sentence(signed: CommandLine) -> None:
    signed.approve()
    wrong = signed.with_settings(PACTGATE_LOADER_URL=signed.environment["PACTGATE_AUDITOR_URL"])
    said = wrong.refused("agreement", "activate", "@agreement.signed.json", "--approval", "@approval.json")
    assert "pactgate db roles" in said


@pytest.mark.parametrize("digest", ["sha256:12", "a" * 64, "sha256:" + "G" * 64])
def test_a_digest_written_wrongly_is_a_usage_error(signed: CommandLine, digest: str) -> None:
    signed.refused("agreement", "suspend", digest, "--reason", "x", code=2)
    signed.refused("agreement", "show", digest, code=2)
    signed.refused("records", "withdraw", "--agreement", digest, "--student", "1", code=2)


def test_an_agreement_nobody_registered_cannot_be_stopped_or_shown(signed: CommandLine) -> None:
    unknown = "sha256:" + "0" * 64
    assert "registered" in signed.refused("agreement", "suspend", unknown, "--reason", "x")
    assert "registered" in signed.refused("agreement", "show", unknown)
