"""The page for the hour in which something is lost: typed here as it stands there, and each command acts at once."""

import asyncio
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.keys import load_keys
from gateway.oauth.client import PartnerRefused
from tests.factories.cohort import MENTORING, TUTORING
from tests.factories.command_line import CommandLine
from tests.factories.gateway import BRIGHT_PATH, Gateway
from tests.factories.pages import blocks, commands

pytestmark = [pytest.mark.claim(7), pytest.mark.ferpa("Z1")]

PAGE = "docs/leave-and-lose.md"
TOKENS, CLIENT, PARTNER, KEY, RETIRED = range(5)


@pytest.fixture
def desk(gateway: Gateway, tmp_path: Path) -> CommandLine:
    """The office of a gateway that serves, with a keys folder of its own."""
    shutil.copytree(gateway.deployment.home, tmp_path / "home")
    made = CommandLine.on(gateway.deployment.server, gateway.database.name, tmp_path)
    return made.with_settings(PACTGATE_HOME=str(tmp_path / "home"), PACTGATE_CHECKPOINT=str(gateway.kept.file))


async def typed(gateway: Gateway, desk: CommandLine, line: str) -> None:
    """Type one line of the page."""
    known = {
        "$AGREEMENT": gateway.digest(TUTORING),
        "$CLIENT": gateway.deployment.partners[BRIGHT_PATH].client,
        "$OLD": gateway.deployment.keys.token_keys[0].id,
    }
    program, *words = [known.get(word, word) for word in shlex.split(line)]
    assert program == "pactgate"
    await asyncio.to_thread(desk.done, *words)


def lines(block: int) -> list[str]:
    """Return the lines of one block of the page."""
    return blocks(PAGE, "sh")[block].splitlines()


async def status(gateway: Gateway, token: str) -> int:
    return (await gateway.get(TUTORING, "/v1/students", token=token)).status_code


def test_every_command_of_the_page_is_typed_by_these_tests() -> None:
    assert len(blocks(PAGE, "sh")) == RETIRED + 1
    in_blocks = [line for block in range(RETIRED + 1) for line in lines(block)]
    others = [words for words in commands(PAGE, "pactgate") if shlex.join(["pactgate", *words]) not in in_blocks]
    assert {" ".join(words[:2]) for words in others} <= {
        *("client show", "agreement show", "partner revoke", "keys list"),
        *{" ".join(shlex.split(line)[1:3]) for line in in_blocks},
    }


async def test_tokens_are_over_on_the_next_request_and_new_ones_are_good(gateway: Gateway, desk: CommandLine) -> None:
    for line in lines(TOKENS):
        token = await gateway.token(TUTORING)
        assert await status(gateway, token) == 200
        await typed(gateway, desk, line)
        assert await status(gateway, token) == 401
    assert await status(gateway, await gateway.token(TUTORING)) == 200


@pytest.mark.parametrize("block", [CLIENT, PARTNER])
async def test_a_client_and_a_partner_get_nothing_more_and_others_go_on(
    gateway: Gateway, desk: CommandLine, block: int
) -> None:
    token = await gateway.token(TUTORING)
    for line in lines(block):
        await typed(gateway, desk, line)
    assert await status(gateway, token) == 401
    with pytest.raises(PartnerRefused):
        await gateway.token(TUTORING)
    assert (await gateway.get(MENTORING, "/v1/students")).status_code == 200


async def test_what_a_stolen_key_signs_counts_for_nothing_and_the_new_key_signs(
    gateway: Gateway, desk: CommandLine
) -> None:
    token = await gateway.token(TUTORING)
    for line in (*lines(KEY), *lines(RETIRED)):
        await typed(gateway, desk, line)
    assert await status(gateway, token) == 401
    # This gateway does not look at that folder; one that starts with it signs with the new key.
    gateway.deployment = replace(gateway.deployment, keys=load_keys(desk.folder / "home" / "keys"))
    await gateway.serve()
    assert await status(gateway, await gateway.token(TUTORING)) == 200
