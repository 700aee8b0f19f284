"""The secret of a program without keys, on the command line: shown once, good at the door, and ended."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.factories.command_line import CommandLine
from tests.functional.compatibility.conftest import PROGRAM, Tool

pytestmark = [pytest.mark.claim(7), pytest.mark.claim(9)]


async def test_a_secret_is_shown_once_opens_the_door_and_ends(tool: Tool, tmp_path: Path) -> None:
    gateway, made = tool.gateway, tool.gateway.deployment
    await tool.serve()
    shutil.copytree(made.home, tmp_path / "home")
    desk = CommandLine.on(made.server, gateway.database.name, tmp_path).with_settings(
        PACTGATE_HOME=str(tmp_path / "home"), PACTGATE_CHECKPOINT=str(gateway.kept.file)
    )

    async def run(*words: str) -> Any:
        return await asyncio.to_thread(desk.run, *words)

    async def status(secret: str) -> int:
        form = {"grant_type": "client_credentials", "client_id": PROGRAM, "client_secret": secret}
        return (await tool.post(form)).status_code

    # A client has two secrets at most, so the older one goes first.
    assert (await run("client", "secret", PROGRAM)).code == 1
    (older, _) = sorted(tool.made.secrets)
    assert (await run("client", "end-secret", PROGRAM, "--entry", str(older))).code == 0
    assert await status(tool.made.secret) == 400
    for days in ("0", "10000"):
        assert (await run("client", "secret", PROGRAM, "--days", days)).code == 2
    issued = await run("client", "secret", PROGRAM, "--days", "30")
    assert issued.code == 0
    secret, entry = issued.data["secret"], issued.data["entry"]
    assert (issued.data["client"], entry) == (PROGRAM, await gateway.size() - 1)
    assert secret not in issued.err
    assert await status(secret) == 200
    (shown,) = [each for each in (await run("client", "show")).data if each["id"] == PROGRAM]
    assert entry in {each["entry"] for each in shown["secrets"]}
    assert secret not in f"{shown} {await gateway.entries()} {gateway.lines}"
    assert (await run("client", "end-secret", PROGRAM, "--entry", str(entry))).code == 0
    assert await status(secret) == 400
