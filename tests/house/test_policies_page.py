"""What docs/policies.md tells a person to type is typed here, as it stands there, and does what it says."""

import asyncio
import shlex
from pathlib import Path

import pytest

from policies.expectations.form import Given, Student
from policies.explain.standing import Ground
from policies.reasons import Code
from tests.factories.command_line import CommandLine
from tests.factories.database import TestServer
from tests.factories.pages import blocks, quoted, rows, text_of

PAGE = "docs/policies.md"


def test_every_command_on_the_page_does_what_it_says(
    postgres: TestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(postgres.create("policies_page"))
    monkeypatch.chdir(tmp_path)
    desk = CommandLine.on(postgres, "policies_page", tmp_path)
    desk.open()
    for name, party in (("dana", "district:emerald-city"), ("rae", "partner:bright-path")):
        desk.introduce(name, party, "piotr", out=f"@{name}.signer.json")
        desk.done("signer", "register", f"@{name}.signer.json")
    desk.draft()
    desk.sign()
    desk.approve()
    digest = desk.activate()
    desk.bind(digest)
    approve = ("--officer-key", "@olivia.pem", "--out", "@b.json", "--yes")
    desk.done("client", "approve", "@binding.json", *approve)
    desk.done("client", "register", "@binding.json", "--approval", "@b.json", "--name", "nightly")
    desk.export_files()
    both = ("--mapping", "@facts.toml", "--mapping", "@lists.toml", "--agreements", f"bright={digest}")
    desk.done("records", "load", "@export", *both)
    desk.write("draft.yaml", (tmp_path / "agreement.yaml").read_text())
    desk.write("draft.policy.yaml", blocks(PAGE, "yaml")[0])
    for line in [line for code in blocks(PAGE, "sh") for line in code.splitlines()]:
        words = shlex.split(line)
        assert words.pop(0) == "pactgate", line
        outcome = desk.run(*words, typed="7001\n")
        assert outcome.code == 0, (line, outcome.err)
    asyncio.run(postgres.drop("policies_page"))


def test_the_reasons_and_the_grounds_on_the_page_are_those_of_the_code_in_their_order() -> None:
    assert [quoted(reason) for reason, _ in rows(PAGE, first="reason")] == [code.value for code in Code]
    for ground in Ground:
        assert f"`{ground.value}`" in text_of(PAGE)


def test_every_word_of_the_form_is_on_the_page_and_no_other() -> None:
    table = {word: says for word, says, _ in rows(PAGE, first="word")}
    named = {each.strip(" `") for word in table for each in word.split(",")}
    assert named == set(Given.__struct_fields__)
    for word in Student.__struct_fields__:
        assert f"`{word}`" in table["`student`"]
