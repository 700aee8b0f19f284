"""What the pages tell a person to type is typed here, as it stands there, and does what they say."""

import asyncio
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from audit.__main__ import main as audit_main
from gateway.cli import main
from gateway.demo.story import CONSENTED
from tests.factories.command_line import EXPORT, FACTS, LISTS, NOW, CommandLine
from tests.factories.database import TestServer
from tests.factories.pages import blocks, commands, quoted, rows
from tests.factories.staged import Staged

PARTNERS, OFFICERS, ADMINISTRATORS = "docs/partners.md", "docs/officers.md", "docs/administrators.md"
DRAFT = """district:emerald-city
Emerald City School District
partner:bright-path
Bright Path Tutoring
nonprofit
tutoring
2026-2027

Plan tutoring sessions for the students whose families consented.


Enrollment and attendance counts of the student named in the form.
Tutoring by Bright Path Tutoring.
Tutors of Bright Path Tutoring.
electronic
Tutors plan their sessions.
y

roster
ECS-101

2026-09-01
2027-06-30
America/Los_Angeles
30
24

"""
"""What an administrator answers to `pactgate agreement new`, line by line; an empty line takes what is offered."""


def test_a_partner_fetches_every_page_and_proves_the_first_with_the_example(scene: Staged, tmp_path: Path) -> None:
    part = scene.stage.parts[CONSENTED]
    program, _, follow, receipt = blocks(PARTNERS, "python")
    (tmp_path / "fetch.py").write_text(program + follow + receipt)
    (tmp_path / "keys").symlink_to(part.folder)
    fetch = ["python fetch.py $URL $CLIENT keys"]
    assert fetch in [code.splitlines() for code in blocks(PARTNERS, "sh")]
    command = [sys.executable, "fetch.py", scene.stage.url, part.client, "keys"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    covered = scene.call(scene.stage.stewardship.covered_today(part.agreement.digest, "America/Los_Angeles"))
    assert done.stdout == f"{covered} students\n{covered} students held\n"
    held = (tmp_path / "students.json").read_bytes()
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == f"{covered} students\n{covered} students held\n"
    assert json.loads((tmp_path / "students.json").read_bytes())[0] == json.loads(held)[0]
    (check,) = [words for words in commands(PARTNERS, "python -m audit") if words[:1] == ["receipt"]]
    files = {name: str(tmp_path / name) for name in ("page.tlog-proof", "page.leaf")}
    given = {"$KEY": scene.stage.trust.log_public_key, **files}
    assert audit_main([given.get(word, word) for word in check]) == 0
    (tmp_path / "page.leaf").write_bytes((tmp_path / "page.leaf").read_bytes().replace(b"tutoring", b"tutorinG"))
    assert audit_main([given.get(word, word) for word in check]) == 1


def test_the_example_says_why_it_was_refused(scene: Staged, tmp_path: Path) -> None:
    part = scene.stage.parts[CONSENTED]
    (tmp_path / "fetch.py").write_text(blocks(PARTNERS, "python")[0].replace("limit=50", "fields=sex"))
    command = [sys.executable, "fetch.py", scene.stage.url, part.client, str(part.folder)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith('403 {"elements":["sex"]')


def test_the_reference_client_does_what_the_page_says(
    scene: Staged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    part = scene.stage.parts[CONSENTED]
    (tmp_path / "keys").symlink_to(part.folder)
    monkeypatch.chdir(tmp_path)
    given = {"$URL": scene.stage.url, "$CLIENT": part.client, "$AGREEMENT": part.agreement.digest}
    calls = [
        words for words in commands(PARTNERS, "pactgate") if words[:2] in (["partner", "token"], ["partner", "get"])
    ]
    assert len(calls) == 3
    for words in calls:
        with pytest.raises(SystemExit) as left:
            main([given.get(word, word) for word in words])
        said = capsys.readouterr()  # a token among it: that is what the command is for
        assert left.value.code == 0, said.err


class Walk:
    """Typing a page, command by command; what one prints is what the next ones need."""

    def __init__(self, desk: CommandLine, known: Mapping[str, str] | None = None) -> None:
        self.desk = desk
        self.known: dict[str, str] = {**(known or {})}

    def type(self, line: str, *, answering: str = "y") -> None:
        """Type one line of a page."""
        call, _, redirected = line.partition(" > ")
        words = [re.sub(r"\$(\w+)", lambda found: self.known[found[1]], word) for word in shlex.split(call)]
        if words[:3] == ["python", "-m", "audit"]:
            assert audit_main(words[3:]) == 0, line
            return
        assert words.pop(0) == "pactgate", line
        # The one thing that is not on the page: only a demo may shift its clock into the agreement's term.
        demo = ["--demo"] if words[0] == "init" else []
        self._prepare(words)
        typed = DRAFT if words[:2] == ["agreement", "new"] else f"{answering}\n"
        if words[:2] == ["staff", "link"]:
            typed = f"{self.known['CODE']}\nsubject-of-somebody\n"
        with patch("typer._click.termui.hidden_prompt_func", lambda _: input()):  # not the terminal the tests run in
            outcome = self.desk.run(*words, *demo, typed=typed)
        assert outcome.code == 0, (line, outcome.err)
        if redirected:
            self.desk.write(redirected, outcome.out)
        self._learn(words, outcome.out)

    def _prepare(self, words: list[str]) -> None:
        """Do what a page leaves to the reader: papers are signed, files are edited, days pass."""
        match words:
            case ["agreement", ("new" | "amend"), *_]:
                self.desk.write(words[words.index("--executed") + 1], "The paper that both parties signed.")
            case ["people", "sign", file, *_]:
                self.desk.write(file, blocks(ADMINISTRATORS, "yaml")[0])
            case ["agreement", "diff", _, "version-2.yaml" as file]:
                draft = (self.desk.folder / file).read_text()
                line = "    elements:\n"
                assert line in draft
                self.desk.write(file, draft.replace(line, line + blocks(ADMINISTRATORS, "yaml")[1], 1))
            case ["agreement", "review-pack", *_]:
                self.desk.at(NOW + timedelta(days=3))

    def _learn(self, words: list[str], out: str) -> None:  # noqa: C901 - one case a command
        match words:
            case ["signer", "keygen", "partner.pem"]:
                self.known["LOST"] = json.loads(out)["thumbprint"]
            case ["init", *_]:
                self.known["KEY"] = json.loads(out)["log_public_key"]
                self.desk.at(NOW)
            case ["agreement", "amend", *_]:
                assert json.loads(out)["complete"]
            case ["agreement", "activate", *_]:
                self.known["AGREEMENT"] = json.loads(out)["agreement"]
            case ["client", "bind", *_]:
                self.known["CLIENT"] = json.loads(out)["client"]
            case ["hold", "sign", *_]:
                self.known["HOLD"] = json.loads(out)["hold"]
            case ["staff", ("invite" | "link" | "register"), *_]:
                told = {name.upper(): value for name, value in json.loads(out).items()}
                self.known.update({**told, "ROLE": told.get("DOCUMENT", "")})
            case [_, "suspend", *_]:
                self.known["ENTRY"] = str(json.loads(out)["entry"])
            case ["records", "load", *_]:
                assert [(each["loaded"], each["refused"]) for each in json.loads(out)] == [(True, [])] * 2
            case ["audit", "export", folder]:
                shutil.copy(self.desk.folder / folder / "checkpoint", self.desk.folder / "kept-checkpoint")


def standing(desk: CommandLine) -> list[Any]:
    return [(line["standing"], line["covered_today"]) for line in desk.done("agreement", "show")]


def test_the_pages_of_administrators_and_officers_lead_from_nothing_to_a_live_agreement_and_out_again(
    postgres: TestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(postgres.create("pages"))
    monkeypatch.chdir(tmp_path)
    desk = CommandLine.on(postgres, "pages", tmp_path)
    for name, text in {"../facts.toml": FACTS, "../lists.toml": LISTS, **EXPORT}.items():
        desk.write(f"export/{name}", text)
    walk = Walk(desk)
    lines = [line for code in blocks(ADMINISTRATORS, "sh") for line in code.splitlines()]
    live = next(place for place, line in enumerate(lines) if line.startswith("pactgate agreement amend"))
    for line in lines[:live]:
        walk.type(line)
    assert standing(desk) == [("active", 2)]
    type_the_officers_page(walk, tmp_path / "officers", monkeypatch)
    monkeypatch.chdir(tmp_path)
    for line in lines[live:]:
        walk.type(line)
        if line.startswith("pactgate people accepted version-2"):
            assert standing(desk) == [("replaced", 0), ("active", 2)]
    assert standing(desk) == [("replaced", 0), ("closed", 0)]
    assert desk.done("audit", "verify")["holds"]
    asyncio.run(postgres.drop("pages"))


def type_the_officers_page(begun: Walk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Type it on a copy of the installation with a live agreement: it stops what the other page goes on with."""
    asyncio.run(begun.desk.server.create("officers", template=begun.desk.database))
    desk = begun.desk.copy("officers", folder)
    monkeypatch.chdir(folder)
    desk.write("emergency.yaml", blocks(OFFICERS, "yaml")[0])
    desk.write("bus.txt", "7001\n7002\n")
    walk = Walk(desk, begun.known)
    for code in blocks(OFFICERS, "sh"):
        for line in code.splitlines():
            walk.type(line)
    told = [quoted(command) for _, command in rows(OFFICERS, first="what happened")]
    for student, line in zip(("7001", "7002", "7003", "7003"), told[:4], strict=True):
        walk.type(line, answering=student)
    assert standing(desk) == [("active", 0)]
    for line in told[4:]:
        walk.type(line)
    assert standing(desk) == [("terminated", 0)]
    assert desk.done("audit", "verify")["holds"]
    asyncio.run(desk.server.drop("officers"))
