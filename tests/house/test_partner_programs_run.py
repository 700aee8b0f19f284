"""An OAuth client of others gets from discovery to a page, as the partners' page shows it, without code of ours."""

import re
import subprocess
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
