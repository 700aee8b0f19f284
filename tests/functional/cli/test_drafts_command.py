"""Review, compare and go on from an agreement by the commands a person types."""

import pytest

from agreements.authored import read_authored
from tests.factories.command_line import CommandLine


@pytest.fixture
def in_force(signed: CommandLine) -> CommandLine:
    """The agreement in force, nobody's records loaded."""
    signed.approve()
    signed.activate()
    return signed


def test_a_draft_that_is_wrong_is_not_counted_and_needs_no_database(bare: CommandLine) -> None:
    bare.write("draft.yaml", "format: pactgate-agreement/1\n")
    outcome = bare.run("agreement", "review", "@draft.yaml")
    assert outcome.code == 1
    assert "nothing was counted" in outcome.err
    assert {problem["path"] for problem in outcome.data["problems"]} >= {"/basis", "/datasets"}


def test_a_review_says_what_leaves_and_what_changes_of_the_version_in_force(in_force: CommandLine) -> None:
    digest = in_force.done("agreement", "show")[0]["digest"]
    more = ("--drafter-key", "@piotr.pub.json", "--executed", "@agreement.yaml", "--executed-title", "Amended paper")
    drafted = in_force.done("agreement", "amend", digest, "--out", "@next.yaml", *more)
    assert drafted["complete"]
    text = (in_force.folder / "next.yaml").read_text()
    in_force.write("next.yaml", text.replace('element: "000115"', 'element: "000279"'))
    outcome = in_force.run("agreement", "review", "@next.yaml")
    assert outcome.code == 0, outcome.err
    found = outcome.data["review"]
    assert found["compared"]["digest"] == digest
    assert found["students"]["words"] == found["students"]["before"] == "fewer than 10"
    assert "'Telephone number' (000279) is added" in outcome.err
    assert "Not usual for tutoring: students, Telephone number (000279, T2)." in outcome.err
    assert found["datasets"][0]["examples"][0]["record_code"] == "EXAMPLE-1"
    assert f'"draft":"{found["digest"]}"' in in_force.found(
        f"SELECT convert_from(leaf, 'UTF8') FROM audit.entry WHERE idx = {found['students']['entry']}"  # noqa: S608 - a number
    )


def test_two_versions_are_compared_by_digest_or_file(in_force: CommandLine) -> None:
    digest = in_force.done("agreement", "show")[0]["digest"]
    in_force.done("agreement", "amend", digest, "--renew", "--out", "@next.yaml")
    content = read_authored((in_force.folder / "next.yaml").read_text())
    assert isinstance(content, dict)
    assert content["term"] == {"first_day": "2027-09-01", "last_day": "2028-06-30", "time_zone": "America/Los_Angeles"}
    assert "TO DO /executed_pdf" in (in_force.folder / "next.yaml").read_text()
    more = ("--drafter-key", "@piotr.pub.json", "--executed", "@agreement.yaml", "--executed-title", "Renewed paper")
    in_force.done("agreement", "amend", digest, "--renew", "--out", "@whole.yaml", *more)
    found = in_force.done("agreement", "diff", digest, "@whole.yaml")
    assert found["difference"]["old"] == digest
    assert any("also leave from 2027-09-01 to 2028-06-30" in sentence for sentence in found["sentences"])
    same = in_force.done("agreement", "diff", "@agreement.signed.json", digest)
    assert same["sentences"] == ["The data, the students and the days stay the same."]


@pytest.mark.parametrize("command", [("diff", "sha256:" + "0" * 64), ("amend", "sha256:" + "0" * 64)])
def test_what_is_not_registered_is_said(in_force: CommandLine, command: tuple[str, str]) -> None:
    rest = ("@agreement.yaml",) if command[0] == "diff" else ("--out", "@x.yaml")
    assert "is registered that can be read" in in_force.refused("agreement", *command, *rest)
    assert not (in_force.folder / "x.yaml").exists()


def test_a_file_that_is_there_is_not_written_over(in_force: CommandLine) -> None:
    digest = in_force.done("agreement", "show")[0]["digest"]
    before = (in_force.folder / "agreement.yaml").read_text()
    assert "is there already" in in_force.refused("agreement", "amend", digest, "--out", "@agreement.yaml")
    assert (in_force.folder / "agreement.yaml").read_text() == before
