"""deploy/ as far as it can be checked without an engine: its files fit their own rules, each other and the gateway."""

import configparser
import fnmatch
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml

from gateway.cli import main
from gateway.settings import CATALOGUE
from tests.factories.pages import ROOT
from tests.factories.staged import Staged

DEPLOY = ROOT / "deploy"
SCRIPT = "pactgate"
ONE_UNIT_ALONE = ("Type", "ExecStart", "EnvironmentFile", "StateDirectory", "Restart", "RestartSec", "TimeoutStopSec")
"""What the unit of the gateway says about itself; everything else closes it in."""


def instructions() -> list[tuple[str, str]]:
    """The Containerfile's instructions with their arguments, in order, continued lines joined."""
    text = (DEPLOY / "Containerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def arguments(instruction: str) -> list[str]:
    return [rest for word, rest in instructions() if word == instruction]


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def unit() -> configparser.RawConfigParser:
    read = configparser.RawConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign] # the documented way to keep letters as they are
    read.read(DEPLOY / "pactgate.service")
    return read


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_the_compose_file_is_one_by_its_own_schema(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("check-jsonschema")), "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, "deploy/compose.yaml"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    broken = tmp_path / "compose.yaml"
    broken.write_text((DEPLOY / "compose.yaml").read_text().replace("depends_on:", "depend_on:"))
    assert subprocess.run([*command, str(broken)], capture_output=True, check=False).returncode == 1


def test_the_compose_file_names_what_is_there_and_keeps_secrets_out_of_git(compose: Any) -> None:
    gateway = compose["services"]["gateway"]
    context = (DEPLOY / gateway["build"]["context"]).resolve()
    assert context == ROOT
    assert (context / gateway["build"]["dockerfile"]).is_file()
    ignored = {line.strip("/") for line in (DEPLOY / ".gitignore").read_text().split()}
    secret = Path(compose["secrets"]["admin_password"]["file"]).name
    mounted, inside, mode = gateway["volumes"][0].split(":")
    assert {secret, Path(mounted).name, *gateway["env_file"]} <= ignored
    assert (inside, mode) == (gateway["environment"]["PACTGATE_HOME"], "ro")
    # Everything is read-only but the place of the kept checkpoint, which must move on.
    kept, written = gateway["volumes"][1].split(":")
    assert Path(kept).name in ignored
    assert str(Path(gateway["environment"]["PACTGATE_CHECKPOINT"]).parent) == written
    (network,) = compose["networks"]["inside"]["ipam"]["config"]
    assert gateway["environment"]["PACTGATE_TERMINATORS"] == network["gateway"]
    assert set(gateway["environment"]) <= set(CATALOGUE)


def test_the_composed_gateway_is_reached_on_the_loopback_address_only_and_gains_no_rights(compose: Any) -> None:
    gateway, database = (compose["services"][name] for name in ("gateway", "database"))
    assert all(port.startswith("127.0.0.1:") for port in gateway["ports"])
    assert gateway["ports"][0].endswith(f":{CATALOGUE['PACTGATE_PORT']}")
    assert "ports" not in database
    assert (gateway["read_only"], gateway["cap_drop"]) == (True, ["ALL"])
    assert "no-new-privileges:true" in gateway["security_opt"]
    assert int(re.sub(r".*postgres:(\d+).*", r"\1", database["image"])) >= 15


def test_systemd_takes_the_unit(unit: configparser.RawConfigParser, tmp_path: Path) -> None:
    assert unit["Service"]["ExecStart"] == "/opt/pactgate/bin/pactgate serve"
    assert unit["Service"]["User"] not in {"", "root", "0"}
    assert unit["Install"]["WantedBy"] == "multi-user.target"
    for name in ("NoNewPrivileges", "PrivateTmp", "ProtectHome", "MemoryDenyWriteExecute"):
        assert unit["Service"][name] == "yes"
    assert (unit["Service"]["ProtectSystem"], unit["Service"]["CapabilityBoundingSet"]) == ("strict", "")
    assert int(unit["Service"]["TimeoutStopSec"]) > 10, "the server takes up to ten seconds to finish its requests"
    set_here = dict(word.split("=") for word in unit["Service"]["Environment"].split())
    assert set(set_here) <= set(CATALOGUE)
    # The kept checkpoint must move on, and this is the one folder that the unit lets it write.
    assert Path(set_here["PACTGATE_CHECKPOINT"]).parent == Path("/var/lib") / unit["Service"]["StateDirectory"]
    # Where systemd is at hand it has the last word, on a copy whose program exists.
    analyze = shutil.which("systemd-analyze")
    if analyze is not None:
        copy = tmp_path / "pactgate.service"
        copy.write_text((DEPLOY / "pactgate.service").read_text().replace("/opt/pactgate/bin/pactgate", sys.executable))
        done = subprocess.run([analyze, "verify", str(copy)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_of_a_witness_needs_nothing_of_the_gateway(unit: configparser.RawConfigParser, tmp_path: Path) -> None:
    read = configparser.RawConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign] # as above
    read.read(DEPLOY / "pactgate-witness.service")
    program, *words = read["Service"]["ExecStart"].split()
    assert words[:4] == ["-m", "audit", "witness", "serve"]
    assert "Environment" not in read["Service"]
    assert "EnvironmentFile" not in read["Service"]
    # It may write to its own folder, and is closed in as the gateway is.
    assert words[4].startswith(f"/var/lib/{read['Service']['StateDirectory']}/")
    closed = {name for name, value in unit["Service"].items() if value == "yes"}
    assert closed <= {name for name, value in read["Service"].items() if value == "yes"}
    assert read["Service"]["UMask"] == "0077"
    analyze = shutil.which("systemd-analyze")
    if analyze is not None:
        copy = tmp_path / "pactgate-witness.service"
        copy.write_text((DEPLOY / "pactgate-witness.service").read_text().replace(program, sys.executable))
        done = subprocess.run([analyze, "verify", str(copy)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_the_nightly_load_is_a_command_of_ours_and_as_closed_in(
    unit: configparser.RawConfigParser, tmp_path: Path
) -> None:
    read = configparser.RawConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign] # as above
    read.read([DEPLOY / "pactgate-records.service", DEPLOY / "pactgate-records.timer"])
    program, *words = read["Service"]["ExecStart"].split()
    assert words[:2] == ["records", "watch"]
    with patch.object(sys, "argv", ["pactgate"]), pytest.raises(SystemExit) as left:
        # The folder is checked last of all that stands on the line: everything else was understood.
        main([*words[:2], str(tmp_path), *words[3:], "--help"])
    assert left.value.code == 0
    assert Path(words[2]).is_relative_to(Path("/var/lib") / read["Service"]["StateDirectory"].split()[1])
    assert set(dict(word.split("=") for word in read["Service"]["Environment"].split())) <= set(CATALOGUE)
    same = unit["Service"].items() - {(name, unit["Service"][name]) for name in ONE_UNIT_ALONE}
    assert same <= {*read["Service"].items()}
    assert (read["Timer"]["Persistent"], read["Install"]["WantedBy"]) == ("yes", "timers.target")
    analyze = shutil.which("systemd-analyze")
    if analyze is not None:
        copy = tmp_path / "pactgate-records.service"
        copy.write_text((DEPLOY / "pactgate-records.service").read_text().replace(program, sys.executable))
        shutil.copy(DEPLOY / "pactgate-records.timer", tmp_path)
        verify = [analyze, "verify", str(copy), str(tmp_path / "pactgate-records.timer")]
        done = subprocess.run(verify, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_the_container_copies_what_is_there_and_what_is_not_ignored(wheel: Path) -> None:
    sources = [rest.split()[0] for rest in arguments("COPY") if not rest.startswith("--from")]
    assert sources == ["requirements", "dist/pactgate-*.whl"]
    assert (ROOT / "requirements" / "run.txt").is_file()
    assert wheel.match("pactgate-*.whl")
    let_in = (DEPLOY / "Containerfile.dockerignore").read_text().split()
    assert let_in[-3:] == ["*", "!requirements/run.txt", "!dist/pactgate-*.whl"]
    assert "--require-hashes -r requirements/run.txt" in "".join(arguments("RUN"))
    assert "--no-deps pactgate-*.whl" in "".join(arguments("RUN"))


def test_the_container_runs_our_command_and_not_as_root() -> None:
    words = [word for word, _ in instructions()]
    assert "USER" in words[len(words) - words[::-1].index("FROM") :], "the last stage names a user"
    assert arguments("USER") == ["pactgate"]
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert arguments("ENTRYPOINT") == [f'["{SCRIPT}"]']
    assert SCRIPT in scripts
    assert arguments("CMD") == ['["serve"]']
    assert set(re.findall(r"PACTGATE_\w+", "".join(arguments("ENV")))) <= set(CATALOGUE)
    python = {re.search(r"python:([\d.]+)", stage)[1] for stage in arguments("FROM")}  # type: ignore[index] # a failure either way
    assert python == {"3.11"}


def test_the_containers_health_check_asks_an_address_that_is_served(scene: Staged) -> None:
    (check,) = arguments("HEALTHCHECK")
    code = re.search(r'"-c", "(.+)"\]', check)
    assert code is not None
    here = code[1].replace("http://127.0.0.1:8000", scene.stage.url)
    assert here != code[1]
    assert subprocess.run([sys.executable, "-c", here], check=False).returncode == 0
    away = here.replace("/healthz", "/nothing")
    assert subprocess.run([sys.executable, "-c", away], capture_output=True, check=False).returncode != 0


def test_the_wheel_carries_what_is_not_code(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for kind in (
        "gateway/migrations/sql/*audit.sql",
        "gateway/migrations/script.py.mako",
        "gateway/migrations/catalogue.txt",
        "gateway/demo/mappings/students.toml",
        "gateway/records/guessing/words.toml",
        "gateway/records/mappings/hello_world_sis.toml",
        "policies/model.conf",
        "policies/guardrails.toml",
        "policies/code_values.toml",
        "agreements/elements.toml",
        "agreements/examples/sps-a-tutoring-consent.yaml",
    ):
        assert fnmatch.filter(names, kind), kind
    assert not [name for name in names if name.startswith(("tests/", "docs/", "deploy/"))]


def test_the_installed_command_starts_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "installed"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    subprocess.run([*install, "--no-deps", "--target", str(place), str(wheel)], check=True)
    environment = {"PYTHONPATH": str(place), "PATH": "/usr/bin:/bin", "PACTGATE_HOME": str(tmp_path / "home")}

    def run(*words: str) -> str:
        done = subprocess.run(
            words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = run(sys.executable, "-c", "import agreements, audit, gateway, policies; print(gateway.__file__)")
    assert where.startswith(str(place))
    command = str(place / "bin" / SCRIPT)
    assert "Share student data under signed agreements" in run(command, "--help")
    example = place / "agreements" / "examples" / "sps-a-tutoring-consent.yaml"
    assert '"valid": true' in run(command, "agreement", "check", str(example))
    # Migrations, their plain SQL and the reviewed catalogue, all read from the installed files.
    run(command, "db", "check", "--scratch")
