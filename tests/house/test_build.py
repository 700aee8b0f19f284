"""What keeps the build honest: pins without addresses, import contracts, names, no paths of one machine."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from gateway.migrations.rooms import all_metadata

ROOT = Path(__file__).parents[2]
ROOMS = ("agreements", "audit", "gateway", "policies")


@pytest.mark.parametrize("name", ["run.txt", "dev.txt"])
def test_pins_hold_hashes_and_no_address(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()
    assert "://" not in text
    pins = re.findall(r"^[A-Za-z0-9._-]+==", text, re.MULTILINE)
    assert pins
    assert len(re.split(r"--hash=sha256:[0-9a-f]{64}", text)) > len(pins)
    for block in re.split(r"\n(?=[A-Za-z0-9])", text.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]


@pytest.mark.parametrize("folder", ["tests/peers", "gateway/pages"])
def test_what_npm_brings_is_locked_by_hash_and_names_no_address(folder: str) -> None:
    peers = ROOT / folder
    assert "://" not in (peers / "package-lock.json").read_text()
    wanted = json.loads((peers / "package.json").read_text())["dependencies"]
    locked = json.loads((peers / "package-lock.json").read_text())["packages"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values()), "exact versions only"
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert [path for path, package in locked.items() if path and "integrity" not in package] == []


def test_the_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]


def test_no_module_is_named_for_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "models", "base"}
    named = {path.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("*.py") if path.stem in vague}
    assert named == set()


def test_no_file_names_a_place_on_one_machine() -> None:
    # Home folders and work folders of whoever wrote it; /root alone may be explained in prose.
    place = re.compile(rb"/home/\w+/|/Users/\w+/|/root/[\w.]|/work/(main|shared)/")
    made = {"dist", "build", "__pycache__", "node_modules"}
    hidden = {".ci", ".gitignore"}
    found = [
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*")
        if path.is_file()
        and path != Path(__file__)
        and not any(
            part in made or part.endswith(".egg-info") or (part.startswith(".") and part not in hidden)
            for part in path.relative_to(ROOT).parts
        )
        and place.search(path.read_bytes())
    ]
    assert found == []


def test_the_wheel_takes_everything_that_is_read_at_run_time() -> None:
    shipped = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    read = {
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name.split("/")[0] for name in shipped} == set(ROOMS)
    assert read - shipped == set()


def test_a_migration_is_drafted_from_the_difference_between_code_and_database() -> None:
    draft = [sys.executable, "-m", "gateway.migrations.draft"]
    done = subprocess.run(draft, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "op." not in done.stdout
    done = subprocess.run([*draft, "--from-empty"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.count("op.create_table(") == sum(len(metadata.tables) for metadata in all_metadata())


def test_every_make_target_is_explained_by_help() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony is not None
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert {line.split()[1] for line in shown.splitlines()} == set(phony[1].split())
