"""README.md is true to the letter: what it shows is what a served gateway answers, what it names is there."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from gateway.cli import app
from gateway.demo.story import CONSENTED
from tests.factories.pages import ROOT, blocks, quoted, rows, text_of
from tests.factories.staged import Staged

README = "README.md"
OPENING = "\n".join(text_of(README).splitlines()[:30])
VARIES = {"first_name", "grade_level"}
"""Who stands first depends on random record codes."""


def is_shown(shown: Any, answered: Any, name: str = "") -> bool:
    """Whether what the page shows is what was answered; `…` stands for any text, at the end for the rest of one."""
    if isinstance(shown, dict) and isinstance(answered, dict):
        return list(shown) == list(answered) and all(is_shown(shown[key], answered[key], key) for key in shown)
    if isinstance(shown, list) and isinstance(answered, list):
        return len(shown) == len(answered) and all(map(is_shown, shown, answered))
    if name in VARIES and isinstance(shown, str) and answered is None:
        return True  # a family that consented to less
    if isinstance(shown, str) and isinstance(answered, str):
        return name in VARIES or (answered.startswith(shown[:-1]) if shown.endswith("…") else shown == answered)
    return bool(shown == answered)


def shown_requests() -> list[tuple[str, int, Any]]:
    (block,) = [code for code in blocks(README, "") if code.startswith("GET ")]
    lines = block.splitlines()
    found = []
    for asked, answered in zip(lines[::2], lines[1::2], strict=True):
        status, _, body = answered.partition(" ")
        found.append((asked.removeprefix("GET "), int(status), json.loads(body)))
    return found


def test_what_is_shown_is_compared_strictly() -> None:
    assert not is_shown({"code": "a"}, {"code": "b"})
    assert not is_shown({"code": "a"}, {"code": "a", "more": 1})
    assert not is_shown({"list": ["sha256:…"]}, {"list": ["sha512:00"]})
    assert is_shown({"list": ["sha256:…"], "first_name": "x"}, {"list": ["sha256:00"], "first_name": "y"})


def test_the_refused_and_the_allowed_request_are_those_of_a_served_gateway(scene: Staged) -> None:
    asked = shown_requests()
    assert [status for _, status, _ in asked] == [200, 403]
    for path, status, body in asked:
        answer = scene.ask(CONSENTED, path)
        assert answer.status_code == status
        assert is_shown(body, answer.json()), answer.text


def test_the_log_is_checked_by_the_command_that_is_given(scene: Staged, tmp_path: Path) -> None:
    found = re.search(r"`python (-m audit verify FOLDER --key KEY)`", OPENING)
    assert found is not None
    scene.call(scene.stage.export_log(tmp_path / "log"))
    given = {"FOLDER": str(tmp_path / "log"), "KEY": scene.stage.trust.log_public_key}
    command = [sys.executable, *(given.get(word, word) for word in found[1].split())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("The log holds: ")


def test_the_opening_has_what_a_visitor_needs() -> None:
    assert OPENING.startswith("# Pactgate\n\nA school district shares student data with its partners")
    assert len(re.findall(r"^- \*\*\w+\.\*\* ", OPENING, re.MULTILINE)) == 3
    for door in ("partners", "officers", "administrators", "operators", "how-a-request-flows", "claims"):
        assert f"(docs/{door}.md)" in OPENING
    assert "It is not " in OPENING
    assert blocks(README, "sh")[0] in OPENING


def test_the_two_commands_are_make_targets_that_do_what_is_said() -> None:
    demo, test = blocks(README, "sh")[0].splitlines()
    helped = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    said = {line.split()[1]: line.split(maxsplit=2)[2] for line in helped.splitlines()}
    for line in (demo, test):
        command, _, words = line.partition("#")
        assert words.strip() == said[command.split()[1]]
    dry = ["make", "--dry-run", "--always-make", "PYTHON=python3"]
    planned = {
        target: subprocess.run([*dry, target], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for target in ("demo", "test")
    }
    assert ".venv/bin/pactgate demo" in planned["demo"]
    assert "-m pytest" in planned["test"]


def test_the_targets_are_those_of_make_help() -> None:
    helped = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    said = [(f"make {line.split()[1]}", line.split(maxsplit=2)[2]) for line in helped.splitlines()]
    assert [(quoted(target), words) for target, words in rows(README, first="target")] == said


def test_the_commands_are_those_of_the_help() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    said = [
        (f"pactgate {name}", " ".join((command.help or "").split("\n\n")[0].split()))
        for name, command in group.commands.items()
    ]
    assert [(quoted(name), words) for name, words in rows(README, first="command")] == said
