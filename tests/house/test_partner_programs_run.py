"""Programs of others get to a page as the partners' page shows it, without code of ours: openid-client, and curl."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.demo.story import CONSENTED
from tests.factories.pages import blocks
from tests.factories.peers import PEERS, node
from tests.factories.staged import Staged

PARTNERS = "docs/partners.md"


def first_page(scene: Staged, folder: Path, program: str) -> "subprocess.CompletedProcess[str]":
    part = scene.stage.parts[CONSENTED]
    (folder / "fetch.mjs").write_text(program)
    (folder / "node_modules").symlink_to(PEERS / "node_modules")
    (folder / "keys").symlink_to(part.folder)
    command = [node(), "fetch.mjs", scene.stage.url, part.client, "keys"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.attack("8 openid-client")
@pytest.mark.ferpa("Z1")
def test_openid_client_without_a_proof_is_refused(scene: Staged, tmp_path: Path) -> None:
    (program,) = blocks(PARTNERS, "js")
    done = first_page(scene, tmp_path, program.replace("{}, { DPoP }", "{}"))
    assert done.returncode == 1
    assert "invalid_request" in done.stderr


@pytest.mark.attack("8 openid-client")
def test_openid_client_reads_the_first_page_as_the_page_shows(scene: Staged, tmp_path: Path) -> None:
    (program,) = blocks(PARTNERS, "js")
    assert ["node fetch.mjs $URL $CLIENT keys"] in [code.splitlines() for code in blocks(PARTNERS, "sh")]
    done = first_page(scene, tmp_path, program)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"[123] students, entry \d+\n", done.stdout), done.stdout


def fetched_with_curl(scene: Staged, folder: Path, **changed: str) -> "subprocess.CompletedProcess[str]":
    """Run the page's script, with what is `changed` in it."""
    part = scene.stage.parts[CONSENTED]
    (script,) = [code for code in blocks(PARTNERS, "sh") if "curl -sS" in code]
    (helper,) = [code for code in blocks(PARTNERS, "python") if "python jwt.py" in code]
    for old, new in changed.items():
        assert old in script
        script = script.replace(old, new)
    (folder / "fetch.sh").write_text(script)
    (folder / "jwt.py").write_text(helper)
    (folder / "keys").symlink_to(part.folder)
    command = ["/bin/sh", "fetch.sh", scene.stage.url, part.client, "keys"]
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.attack("7.3 ath")
@pytest.mark.ferpa("Z1")
def test_curl_with_a_proof_for_another_token_is_refused(scene: Staged, tmp_path: Path) -> None:
    done = fetched_with_curl(scene, tmp_path, **{'ath="$ath"': "ath=AAAA"})
    assert done.returncode != 0
    assert json.loads(done.stdout)["code"] == "invalid_dpop_proof"


def test_curl_without_an_assertion_of_the_clients_own_key_says_why(scene: Staged, tmp_path: Path) -> None:
    done = fetched_with_curl(scene, tmp_path, **{"keys/client.jwk": "keys/proof.jwk"})
    assert done.returncode == 1
    assert json.loads(done.stderr.splitlines()[-1])["error"] == "invalid_client"


def test_curl_reads_the_first_page_as_the_page_shows(scene: Staged, tmp_path: Path) -> None:
    assert ["sh fetch.sh $URL $CLIENT keys"] in [code.splitlines() for code in blocks(PARTNERS, "sh")]
    done = fetched_with_curl(scene, tmp_path)
    assert done.returncode == 0, done.stderr
    assert 1 <= len(json.loads(done.stdout)["data"]) <= 3
