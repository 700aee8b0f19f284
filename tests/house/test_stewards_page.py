"""docs/stewards.md leads from an export nobody has described to records that a partner fetches, as it stands there."""

import asyncio
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.demo.perform import free_port
from tests.factories.command_line import LISTS, CommandLine
from tests.factories.database import TestServer
from tests.factories.pages import ROOT, blocks, rows
from tests.factories.unusual_export import FIRST_NAMES, PUPILS, write_unusual_export

PAGE = "docs/stewards.md"
LISTED = ("00700", "00701", "00702", "00703")
"""Whom the partner serves, and whose families consented."""


@contextmanager
def served(desk: CommandLine) -> Iterator[str]:
    """Serve the installation as an operator does; yield its URL."""
    port = str(free_port())
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PACTGATE_")}
    running = subprocess.Popen(
        [sys.executable, "-m", "gateway", "serve"],
        env={**kept, **desk.environment, "PACTGATE_PORT": port},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    try:
        said = running.stderr.readline()
        assert said.startswith("Serving "), said
        yield f"http://127.0.0.1:{port}"
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 0
    finally:
        if running.poll() is None:
            running.kill()
        running.communicate()


def agreed(desk: CommandLine) -> tuple[str, str]:
    """Bring the example agreement into force with a client; return their ids."""
    desk.open()
    for name, party in (("dana", "district:emerald-city"), ("rae", "partner:bright-path")):
        desk.introduce(name, party, "piotr", out=f"@{name}.signer.json")
        desk.done("signer", "register", f"@{name}.signer.json")
    desk.draft()
    desk.sign()
    desk.approve()
    agreement = desk.activate()
    desk.name_people(agreement)
    client = desk.bind(agreement)
    desk.done("client", "approve", "@binding.json", "--officer-key", "@olivia.pem", "--out", "@b.json", "--yes")
    desk.done("client", "register", "@binding.json", "--approval", "@b.json", "--name", "Nightly")
    desk.accept()
    return agreement, client


def finish(draft: Path) -> None:
    """Do what the page asks for: say what nobody said, and take the other lines as they are."""
    (said,) = blocks(PAGE, "toml")
    name = said.split(" = ")[0]
    text, times = re.subn(rf'^{name} = {{ constant = "" }}.*$', said.strip(), draft.read_text(), flags=re.MULTILINE)
    assert times == 1
    text = re.sub(r"  # TODO: .*$", "", text, flags=re.MULTILINE)
    assert "# TODO" not in text
    assert tomllib.loads(text)
    draft.write_text(text)


def prepare(desk: CommandLine, words: list[str]) -> None:
    """Lay down what the page says is there by now."""
    match words:
        case ["records", "map", "--check", draft, _]:
            finish(desk.folder / draft)
        case ["records", "load", *_, "lists"]:
            desk.write("lists.toml", LISTS)
            listed = "".join(f"bright,{number},2026-09-01\n" for number in LISTED)
            desk.write("lists/roster.csv", f"agreement,number,in\n{listed}")
            desk.write("lists/consents.csv", f"agreement,number,signed\n{listed}")
        case ["records", "watch", *_]:
            shutil.copytree(desk.folder / "nightly", desk.folder / "drop" / "2026-10-06")
            words += ["--rest", "0"]  # nobody writes to it: the minute that the page speaks of is not waited for
        case ["records", "confirmation", *_]:
            for page, name in (("officer-a", "olivia"), ("officer-b", "piotr")):
                shutil.copy(desk.folder / f"{name}.pem", desk.folder / f"{page}.pem")
            # Half of the pupils are gone: more than a night brings.
            shutil.copytree(desk.folder / "nightly", desk.folder / "held")
            pupils = desk.folder / "held" / "Pupils.csv"
            pupils.write_bytes(b"".join(pupils.read_bytes().splitlines(keepends=True)[: PUPILS // 2 + 1]))
            assert "two people" in desk.refused("records", "load", "--mapping", "city.toml", "held")


def test_the_page_leads_from_an_unknown_export_to_served_records(
    postgres: TestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(postgres.create("stewards_page"))
    monkeypatch.chdir(tmp_path)
    desk = CommandLine.on(postgres, "stewards_page", tmp_path)
    agreement, client = agreed(desk)
    write_unusual_export(tmp_path / "nightly")
    lines = [line for code in blocks(PAGE, "sh") for line in code.splitlines()]
    families = next(place for place, line in enumerate(lines) if "opt-out" in line)
    said = {line: walk(desk, line, agreement) for line in lines[:families]}
    drafted, tried, rehearsed, loaded = list(said.values())[:4]
    assert (drafted["targets"][0], drafted["unread"]) == ("schools", ["readme.md"])
    assert {each["refused_rows"] for each in tried} == {0}
    for (report,), really in ((rehearsed, False), (loaded, True)):
        assert (report["loaded"], report["refused_rows"], report["held"]) == (really, 0, [])
        assert {name: each["added"] for name, each in report["targets"].items()} == {
            "schools": 2,
            "students": PUPILS,
            "enrollments": PUPILS,
            "academic_summaries": PUPILS,
            "attendance_events": PUPILS,
        }
    assert said["pactgate agreement show"][0]["covered_today"] == len(LISTED)
    assert said[next(line for line in lines if "watch" in line)]["outcome"] == "loaded"

    def fetch(url: str) -> list[dict[str, object]]:
        ask = ("partner", "get", "/v1/students?fields=first_name,grade_level,school_identifier,birthdate")
        outcome = desk.run(*ask, "--url", url, "--client", client, "--keys", "@keys of binding.json")
        assert outcome.code == 0, outcome.err
        found: list[dict[str, object]] = outcome.data["data"]
        return found

    with served(desk) as url:
        found = fetch(url)
        assert {(each["first_name"], each["grade_level"]) for each in found} == {
            (FIRST_NAMES[0], "06"),
            (FIRST_NAMES[1], "07"),
            (FIRST_NAMES[2], "06"),
            (FIRST_NAMES[3], "07"),
        }
        assert {each["school_identifier"] for each in found} == {"ECS-101", "ECS-102"}
        assert {each["birthdate"] for each in found} == {13}
        # What families say acts on the next request.
        for line in lines[families:]:
            walk(desk, line, agreement)
        assert {each["first_name"] for each in fetch(url)} == {FIRST_NAMES[0], FIRST_NAMES[2]}
    assert desk.done("audit", "verify")["holds"]
    asyncio.run(postgres.drop("stewards_page"))


def walk(desk: CommandLine, line: str, agreement: str) -> Any:
    """Type one line of the page; return what it said. It names nobody."""
    words = shlex.split(line.replace("$AGREEMENT", agreement))
    assert words.pop(0) == "pactgate", line
    prepare(desk, words)
    outcome = desk.run(*words)
    assert outcome.code == 0, (line, outcome.err)
    assert [name for name in (*FIRST_NAMES, "Müller", "00700") if name in outcome.out + outcome.err] == []
    return outcome.data


def test_what_the_page_says_of_outcomes_is_what_reports_say() -> None:
    told = " ".join(cell for row in rows(PAGE, first="where it is then") for cell in row)
    for word in ("`done/`", "`refused/`", "`held`", "`refused`", "`drop`"):
        assert word in told
