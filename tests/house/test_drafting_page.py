"""What docs/drafting.md tells a person to type is typed here, as it stands there, and does what it says."""

import asyncio
import shlex
from pathlib import Path

import pytest

from gateway.services.drafts.counts import INSTALLATION_BUDGET, LINE_BUDGET
from tests.factories.command_line import CommandLine
from tests.factories.database import TestServer
from tests.factories.pages import blocks, text_of

PAGE = "docs/drafting.md"


def test_the_page_leads_from_nothing_to_a_draft_that_passes_and_on_to_its_renewal(
    postgres: TestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(postgres.create("drafting_page"))
    monkeypatch.chdir(tmp_path)
    desk = CommandLine.on(postgres, "drafting_page", tmp_path)
    desk.open()
    for name, party in (("dana", "district:emerald-city"), ("rae", "partner:bright-path")):
        desk.introduce(name, party, "piotr", out=f"@{name}.signer.json")
        desk.done("signer", "register", f"@{name}.signer.json")
    desk.write("officer-b.pub.json", (tmp_path / "piotr.pub.json").read_text())
    for paper in ("signed-paper.pdf", "amended-paper.pdf"):
        desk.write(paper, f"%PDF-1.7 {paper}")
    digest = ""
    for line in [line for code in blocks(PAGE, "sh") for line in code.splitlines()]:
        if "$AGREEMENT" in line and not digest:
            desk.sign("draft.yaml")
            desk.approve(file="draft.signed.json")
            digest = desk.activate("draft.signed.json")
        words = shlex.split(line.replace("$AGREEMENT", digest))
        assert words.pop(0) == "pactgate", line
        # Nobody knows anything yet at the first command: Enter to every question.
        outcome = desk.run(*words, typed="\n" * 60)
        assert outcome.code == 0, (line, outcome.err)
        if words[1] in {"new", "amend"}:
            assert outcome.data["complete"] == ("first.yaml" not in words), outcome.err
    assert "TO DO" in (tmp_path / "first.yaml").read_text()
    asyncio.run(postgres.drop("drafting_page"))


def test_the_budgets_on_the_page_are_those_of_the_code() -> None:
    assert f"{LINE_BUDGET} drafts of one agreement are counted a day, and {INSTALLATION_BUDGET} in all" in text_of(PAGE)
