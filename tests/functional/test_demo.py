"""
The demo says what happened, not what should have happened: each promise broken here turns its own step to `ok: false`.

Whoever breaks a promise here does so where it would break in the world: the withdrawal that nobody carries out, the
agreement that lists one element more, the log file that somebody edits.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx2
import pytest

from gateway.cli.demo import conclude, demo
from gateway.demo.district import MINIMUM_STUDENTS
from gateway.demo.perform import tell
from gateway.demo.stage import Stage, script_for
from gateway.demo.story import CONSENTED, NOT_AGREED, Step, Story
from gateway.errors import SettingsError
from gateway.store.session import connect
from tests.factories.staged import Staged, staged

STEPS = [
    "token",
    "allowed page",
    "attendance",
    "other partner",
    "field not agreed",
    "amended by one side",
    "public register",
    "consent withdrawn",
    "code that never existed",
    "receipt",
    "whole log",
]
SEX = "000255"


class DeafStage(Stage):
    """A district where a withdrawal is taken and nobody acts on it."""

    async def withdraw(self, partner: str, student_identifier: str) -> None:
        pass


class EditedStage(Stage):
    """A district where somebody changes one byte of one entry after the log was written."""

    async def export_log(self, folder: Path) -> None:
        await super().export_log(folder)
        bundle = max((folder / "tile" / "entries").rglob("*.p/*"))
        content = bytearray(bundle.read_bytes())
        content[len(content) // 2] ^= 1
        bundle.write_bytes(content)


def as_played_by(kind: type[Stage], stage: Stage) -> Stage:
    return kind(**{part.name: getattr(stage, part.name) for part in fields(stage)})


def told(scene: Staged, stage: Stage) -> dict[str, Step]:
    steps = scene.call(tell(Story(stage), lambda _: None))
    shutil.rmtree(stage.home / "log")
    assert [step.name for step in steps] == STEPS
    return {step.name: step for step in steps}


def failing(steps: dict[str, Step]) -> list[str]:
    return [name for name, step in steps.items() if not step.ok]


def exit_code(steps: dict[str, Step]) -> int:
    try:
        conclude(list(steps.values()), as_json=False)
    except SystemExit as left:
        return int(left.code or 0)
    return 0


@pytest.fixture(scope="module")
def scene() -> Iterator[Staged]:
    with staged() as scene:
        yield scene


def sharing_one_element_more(partner: str, school_year: str) -> dict[str, Any]:
    content = script_for(partner, school_year)
    if partner == CONSENTED:
        content["datasets"][0]["elements"].append({"element": SEX, "transformation": "exact"})
    return content


def test_a_demo_without_steps_is_a_failure() -> None:
    assert exit_code({}) == 1


def test_a_withdrawal_nobody_acts_on_is_noticed(scene: Staged) -> None:
    steps = told(scene, as_played_by(DeafStage, scene.stage))
    assert failing(steps) == ["consent withdrawn", "code that never existed"]
    assert steps["consent withdrawn"].got == "200 before, 200 on the next call"
    assert exit_code(steps) == 1


def test_one_changed_byte_of_the_log_is_noticed(scene: Staged) -> None:
    steps = told(scene, as_played_by(EditedStage, scene.stage))
    assert failing(steps) == ["whole log"]
    assert "WRONG (log_damaged)" in steps["whole log"].got
    assert exit_code(steps) == 1


def test_an_element_that_is_agreed_after_all_is_noticed() -> None:
    with staged(scripts=sharing_one_element_more) as scene:
        steps = told(scene, scene.stage)
    assert NOT_AGREED == "sex"
    assert failing(steps) == ["field not agreed"]
    assert steps["field not agreed"].got == "200"
    assert exit_code(steps) == 1


def test_a_kept_promise_is_ok_on_the_same_stage(scene: Staged) -> None:
    steps = told(scene, scene.stage)
    assert failing(steps) == []
    assert exit_code(steps) == 0


def test_the_staff_of_the_demo_are_picked_and_have_their_roles(scene: Staged) -> None:
    url = scene.stage.url
    people = {
        "/console": {"officer-a", "officer-b", "administrator", "steward", "auditor"},
        "/portal": {
            f"{party.partition(':')[2]}-{who}" for party in scene.stage.cast.partners for who in ("manager", "staff")
        },
    }
    for root, subjects in people.items():
        assert set(re.findall(r'name="subject" value="([^"/]+)"', httpx2.get(f"{url}{root}/sign-in").text)) == subjects
    for root, subject, shown in (
        ("/console", "officer-b", "<dd>privacy officer</dd>"),
        ("/console", "steward", "<dd>steward</dd>"),
        ("/portal", "bright-path-staff", "You accepted its limits for this school year."),
    ):
        asked = {"sec-fetch-site": "same-origin"}
        answer = httpx2.post(f"{url}{root}/development/sign-in", data={"subject": subject}, headers=asked)
        cookie = answer.headers["set-cookie"].partition(";")[0]
        assert shown in httpx2.get(f"{url}{root}", headers={"cookie": cookie}).text, subject


def test_a_demo_behind_something_or_beside_a_provider_does_not_start() -> None:
    for name, value in (("PACTGATE_TERMINATORS", "127.0.0.1"), ("PACTGATE_SIGN_IN", "sign-in.toml")):
        with patch.dict(os.environ, {name: value}), pytest.raises(SettingsError, match="no development sign-in"):
            demo(once=True)


def test_the_command_tells_the_story_as_json_and_leaves_nothing_running(tmp_path: Path) -> None:
    before = set(Path(tmp_path).iterdir())
    command = [sys.executable, "-m", "gateway", "demo", "--once", "--json", "--students", str(MINIMUM_STUDENTS)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PACTGATE_")}
    done = subprocess.run(
        command, env={**environment, "TMPDIR": str(tmp_path)}, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr
    steps = json.loads(done.stdout)["steps"]
    assert [step["name"] for step in steps] == STEPS
    assert all(set(step) == {"name", "expected", "got", "ok", "seconds"} for step in steps)
    assert all(step["ok"] is True and step["got"] == step["expected"] for step in steps)
    assert set(tmp_path.iterdir()) == before


@pytest.mark.claim(9)
def test_no_entry_of_the_story_tells_who_a_student_is(scene: Staged) -> None:
    told(scene, scene.stage)

    async def written() -> list[str]:
        async with connect(scene.stage.cluster.url("auditor")) as session:
            return [bytes(row["leaf"]).decode() for row in await session.fetch("SELECT leaf FROM audit.entry")]

    leaves = scene.call(written())
    words = {word for leaf in leaves for word in re.split(r"[^\w]+", leaf)}
    days = {day for leaf in leaves for day in re.findall(r"\d{4}-\d{2}-\d{2}", leaf)}
    students = scene.stage.district.students
    assert len(leaves) > 40
    assert len(students) >= MINIMUM_STUDENTS
    told_of = {text for each in students for text in (each.student_number, each.first_name, each.last_name)}
    assert {text for text in told_of if text and len(text) > 3} & words == set()
    assert {each.birthdate.isoformat() for each in students if each.birthdate} & days == set()
