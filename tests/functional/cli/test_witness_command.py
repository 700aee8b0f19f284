"""Witnesses on the command line: made on their own machine, named by two officers, listed with what nobody has seen."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from audit.cosignature import WitnessVerifier
from tests.factories.command_line import CommandLine

URL = "https://witness.example"
REASON = ("--reason", "The neighbour watches our log.")


@pytest.fixture
def opened(signed: CommandLine) -> CommandLine:
    """An open log, and the folder of a witness."""
    made = signed.run("witness", "keygen", "@w1", "--name", "witness.example/w1")
    assert "logs.txt" in made.err
    signed.write("vkey", made.data["vkey"])
    return signed


def name(desk: CommandLine, *more: str, url: str = URL, out: str = "@named.json") -> tuple[str, ...]:
    vkey = (desk.folder / "vkey").read_text()
    return ("witness", "name", "--witness", f"{vkey}={url}", *REASON, "--out", out, *more)


@pytest.mark.claim(12)
def test_naming_takes_two_officers_and_shows_what_it_says(opened: CommandLine) -> None:
    nobody = opened.run("witness", "list")
    assert (nobody.data["naming"], nobody.data["discloses"], nobody.data["witnesses"]) == (None, True, [])
    assert "not witnessed" in nobody.err
    written = opened.run(*name(opened, "--officer-key", "@olivia.pem"))
    assert "second officer" in written.err
    assert "two officers" in opened.refused("witness", "register", "@named.json")
    signed = opened.run("witness", "sign", "@named.json", "--key", "@piotr.pem")
    assert "must_cosign: 1" in signed.err
    assert opened.done("witness", "register", "@named.json")["document"] == written.data["document"]
    listed = opened.done("witness", "list")
    assert listed["naming"] == written.data["document"]
    assert (listed["hours"], listed["must_cosign"], listed["holds"]) == (4, 1, True)
    assert [each["name"] for each in listed["witnesses"]] == ["witness.example/w1"]
    assert listed["entries"] == opened.found("SELECT size FROM audit.head")
    assert listed["since"] is not None
    # The next one names the one before, or is refused.
    both = ("--officer-key", "@olivia.pem", "--officer-key", "@piotr.pem", "--hours", "24")
    opened.done(*name(opened, *both, out="@next.json"))
    assert "witness list" in opened.refused("witness", "register", "@next.json")
    opened.done(*name(opened, *both, "--replaces", listed["naming"], out="@after.json"))
    opened.done("witness", "register", "@after.json")
    assert opened.done("witness", "list")["hours"] == 24
    events = opened.run("audit", "show", "--event", "witnesses.named").out.splitlines()
    assert [json.loads(line)["entry"]["hours"] for line in events] == [4, 24]


def test_what_cannot_be_a_naming_is_refused_before_it_is_signed(opened: CommandLine) -> None:
    key = ("--officer-key", "@olivia.pem")
    assert "https" in opened.refused(*name(opened, *key, url="http://witness.example"))
    assert "More must cosign" in opened.refused(*name(opened, *key, "--must-cosign", "2"))
    assert "168" in opened.refused(*name(opened, *key, "--hours", "169"))
    opened.refused("witness", "name", "--witness", "no address", *REASON, *key, "--out", "@x.json", code=2)
    assert not (opened.folder / "named.json").exists()


def test_a_key_that_only_looks_like_one_is_refused(opened: CommandLine) -> None:
    vkey = (opened.folder / "vkey").read_text()
    identifier = WitnessVerifier.parse(vkey).key_id.hex()
    opened.write("vkey", vkey.replace(f"+{identifier}+", "+00000000+"))
    opened.done(*name(opened, "--officer-key", "@olivia.pem", "--officer-key", "@piotr.pem"))
    assert "name+id+base64" in opened.refused("witness", "register", "@named.json")


def test_a_witness_runs_without_anything_of_a_gateway(opened: CommandLine, tmp_path: Path) -> None:
    assert "names no log" in opened.refused("witness", "serve", "@w1")
    assert "not empty" in opened.refused("witness", "keygen", "@w1", "--name", "witness.example/w1")
    trust = json.loads((opened.folder / "home" / "trust.json").read_text())
    (opened.folder / "w1" / "logs.txt").write_text(trust["log_public_key"] + "\n")
    command = str(Path(sys.executable).with_name("pactgate"))
    call = [command, "witness", "serve", str(opened.folder / "w1"), "--port", "0"]
    process = subprocess.Popen(call, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    assert process.stdout is not None
    with process.stdout as said:
        assert json.loads(said.readline())["serving"] == "witness.example/w1"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
