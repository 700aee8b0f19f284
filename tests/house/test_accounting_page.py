"""What docs/accounting.md tells an officer to type is typed here, as it stands there, and does what it says."""

import asyncio
import os
import shlex
from pathlib import Path

import pytest

from audit.__main__ import main as audit_main
from tests.factories.cohort import STUDENTS, TUTORING
from tests.factories.command_line import CommandLine, Outcome
from tests.factories.gateway import Gateway
from tests.factories.pages import blocks, text_of

PAGE = "docs/accounting.md"
XIMENA = STUDENTS["ximena"]


class Officer:
    """An officer at a desk with this gateway's installation, who types what the page says."""

    def __init__(self, gateway: Gateway, folder: Path) -> None:
        self.desk = CommandLine.on(gateway.deployment.server, gateway.database.name, folder).with_settings(
            PACTGATE_HOME=str(gateway.deployment.home), PACTGATE_CHECKPOINT=str(gateway.kept.file)
        )
        self.key = gateway.deployment.signer.vkey

    def type(self, line: str) -> Outcome | int:
        words = [self.key if word == "$KEY" else word for word in shlex.split(line)]
        if words[:3] == ["python", "-m", "audit"]:
            return audit_main(words[3:])
        assert words.pop(0) == "pactgate", line
        return self.desk.run(*words, typed=f"{XIMENA.number}\n")


@pytest.mark.ferpa("N1")
@pytest.mark.ferpa("C8")
async def test_the_page_leads_from_the_question_to_the_copy_that_anybody_checks(
    gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await gateway.get(TUTORING, "/v1/students?fields=first_name")
    officer = Officer(gateway, tmp_path)
    for name, text in (
        ("letterhead.txt", "Emerald City School District"),
        ("letter.yaml", blocks(PAGE, "yaml")[0].replace("2026-10-02", "2027-03-01")),
        ("bus.txt", f"{XIMENA.number}\n"),
        ("letter.pdf", "a scan"),
    ):
        (tmp_path / name).write_text(text)
    key = tmp_path / "officer-a.pem"
    with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.write(gateway.deployment.ring.officers[0].key.export_pem())
    for line in [line for code in blocks(PAGE, "sh") for line in code.splitlines()]:
        outcome = await asyncio.to_thread(officer.type, line)
        if isinstance(outcome, int):
            assert outcome == 0, line
        else:
            assert outcome.code == 0, (line, outcome.err)
    assert (tmp_path / "for-the-family.pdf").read_bytes().startswith(b"%PDF")
    shown = await asyncio.to_thread(officer.type, "pactgate accounting show --every-list --acknowledge partner_tells")
    assert isinstance(shown, Outcome)
    assert {each["about"]["channel"] for each in shown.data["disclosures"]} == {"gateway", "recorded_by_hand"}
    assert set(shown.data) >= {"altered_lists", "lists_not_opened", "does_not_cover"}


def test_the_names_on_the_page_are_those_of_the_answer() -> None:
    for name in ("altered_lists", "lists_not_opened", "recorded_by_hand", "ferpa_9932_required", "further_recipients"):
        assert f"`{name}`" in text_of(PAGE)
