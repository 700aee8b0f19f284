"""What the page on receipts tells a partner to run is run here with a real one, and finds a changed body."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.api.datasets import RECEIPT_HEADER
from gateway.cli.partner import app
from gateway.oauth.keyfiles import write_keys
from tests.factories.cohort import TUTORING
from tests.factories.gateway import Gateway
from tests.factories.pages import blocks

PAGE = "docs/receipts.md"
pytestmark = pytest.mark.claim(5)


@pytest.fixture
async def kept(gateway: Gateway, tmp_path: Path) -> str:
    """The files of the page, as a partner keeps them; returns the log's key."""
    page = await gateway.get(TUTORING, "/v1/students?limit=5")
    (tmp_path / "page.json").write_bytes(page.content)
    receipt = await gateway.get(TUTORING, f"/v1/receipts/{page.headers[RECEIPT_HEADER]}")
    (tmp_path / "receipt.json").write_bytes(receipt.content)
    return gateway.deployment.trust.log_public_key


def ran(words: list[str], folder: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    environment: Mapping[str, str] = {"PATH": "/usr/bin:/bin:/usr/local/bin", "LANG": "C.UTF-8", **more}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)


def command(*words: str) -> tuple[int, str]:
    outcome = CliRunner().invoke(app, ["verify-receipt", *words])
    return outcome.exit_code, outcome.output


async def test_forty_lines_of_python_check_a_receipt(kept: str, tmp_path: Path) -> None:
    (script,) = blocks(PAGE, "python")
    (tmp_path / "check_receipt.py").write_text(script)
    call = [sys.executable, "check_receipt.py", "receipt.json", "page.json", kept]
    done = await asyncio.to_thread(ran, call, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "recorded exactly this body" in done.stdout
    other = kept.replace(kept.split("+")[1], "00000000")
    assert "did not sign" in (await asyncio.to_thread(ran, [*call[:-1], other], tmp_path)).stderr
    receipt = json.loads((tmp_path / "receipt.json").read_bytes())
    earlier = receipt["leaf"].replace('"time":"2', '"time":"1')
    for name, wrong, found in (
        ("page.json", b"{}", "not the body"),
        ("receipt.json", json.dumps({**receipt, "leaf": earlier}).encode(), "the path"),
    ):
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(wrong)
        done = await asyncio.to_thread(ran, call, tmp_path)
        assert done.returncode == 1
        assert found in done.stderr
        (tmp_path / name).write_bytes(content)


async def test_openssl_and_sha256sum_check_a_receipt(kept: str, tmp_path: Path) -> None:
    steps = [code for code in blocks(PAGE, "sh") if "pactgate" not in code]
    done = await asyncio.to_thread(ran, ["bash", "-euc", "\n".join(steps)], tmp_path, KEY=kept)
    assert done.returncode == 0, done.stderr
    computed, committed, verified, hashed = done.stdout.splitlines()
    assert computed == committed
    assert verified == "Signature Verified Successfully"
    assert len(hashed) == 64


async def test_the_command_says_what_is_proven_and_what_is_wrong(gateway: Gateway, kept: str, tmp_path: Path) -> None:
    given = (str(tmp_path / "receipt.json"), "--body", str(tmp_path / "page.json"), "--log-key", kept)
    code, said = await asyncio.to_thread(command, *given)
    assert code == 0, said
    assert "Proven: " in said
    assert "Not proven: " in said
    assert f'"client": "{gateway.deployment.partners["bright-path"].client}"' in said
    (tmp_path / "page.json").write_bytes(b"{}")
    outcome = await asyncio.to_thread(CliRunner().invoke, app, ["verify-receipt", *given])
    assert json.loads(outcome.stdout)["code"] == "commitment_mismatch"
    for wrong in (
        (*given[1:],),
        (*given, "--entry", "3"),
        (*given[:-1], "nonsense"),
        (*given, "--retired", "nothing"),
        (*given[1:], "--entry", "3"),
    ):
        assert (await asyncio.to_thread(command, *wrong))[0] == 2


async def test_the_command_fetches_the_receipt_itself(gateway: Gateway, tmp_path: Path) -> None:
    page = await gateway.get(TUTORING, "/v1/students?limit=5")
    (tmp_path / "page.json").write_bytes(page.content)
    partner = gateway.deployment.partners["bright-path"]
    write_keys(tmp_path / "keys", partner.keys)
    key = gateway.deployment.trust.log_public_key
    entry = page.headers[RECEIPT_HEADER]
    given = ["--body", str(tmp_path / "page.json"), "--log-key", key, "--client", partner.client]
    signed = gateway.deployment.agreements[TUTORING].agreement
    given += ["--agreement", signed.digest, "--purpose", signed.purpose.code]
    reached = [*given, "--keys", str(tmp_path / "keys"), "--url", gateway.url]
    code, said = await asyncio.to_thread(command, *reached, "--entry", entry)
    assert code == 0, said
    code, said = await asyncio.to_thread(command, *reached, "--entry", "999999")
    assert code == 1
    nobody = [*given, "--keys", str(tmp_path / "keys"), "--url", "http://127.0.0.1:9"]
    assert (await asyncio.to_thread(command, *nobody, "--entry", entry))[0] == 1
