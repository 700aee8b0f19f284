"""Ending tokens and exchanging the gateway's keys on the command line: what is refused, and what is shown."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from gateway.oauth.keyfiles import write_keys
from gateway.token_keys import LEAD_SECONDS, add_token_key, load_token_keys, seconds_now
from tests.factories.cohort import TUTORING
from tests.factories.command_line import CommandLine
from tests.factories.gateway import BRIGHT_PATH, Gateway

pytestmark = [pytest.mark.claim(7), pytest.mark.ferpa("Z1")]


WHY = ("--reason", "A token was seen in a chat.")


@pytest.fixture
def desk(gateway: Gateway, tmp_path: Path) -> CommandLine:
    """The office of a gateway that serves, with a keys folder of its own."""
    shutil.copytree(gateway.deployment.home, tmp_path / "home")
    made = CommandLine.on(gateway.deployment.server, gateway.database.name, tmp_path)
    return made.with_settings(PACTGATE_HOME=str(tmp_path / "home"), PACTGATE_CHECKPOINT=str(gateway.kept.file))


async def done(desk: CommandLine, *words: str) -> Any:
    return await asyncio.to_thread(desk.done, *words)


async def refused(desk: CommandLine, *words: str, code: int = 1) -> str:
    return await asyncio.to_thread(lambda: desk.refused(*words, code=code))


async def status(gateway: Gateway, token: str) -> int:
    return (await gateway.get(TUTORING, "/v1/students", token=token)).status_code


async def test_what_nobody_has_ends_nothing_nor_does_who_gives_no_reason(gateway: Gateway, desk: CommandLine) -> None:
    assert "registered" in await refused(
        desk, "client", "end-tokens", "client:00000000-0000-4000-8000-000000000000", *WHY
    )
    await refused(desk, "client", "end-tokens", "nobody", *WHY, code=2)
    await refused(desk, "agreement", "end-tokens", f"sha256:{'0' * 64}", *WHY)
    client = gateway.deployment.partners[BRIGHT_PATH].client
    for why in ((), ("--reason", "  ")):
        await refused(desk, "client", "end-tokens", client, *why, code=2)


async def test_the_office_ends_the_tokens_of_a_client_and_for_an_agreement(gateway: Gateway, desk: CommandLine) -> None:
    client = gateway.deployment.partners[BRIGHT_PATH].client
    for words in (("client", "end-tokens", client), ("agreement", "end-tokens", gateway.digest(TUTORING))):
        token = await gateway.token(TUTORING)
        assert await status(gateway, token) == 200
        size = await gateway.size()
        (ended,) = [await done(desk, *words, *WHY)]
        assert ended == {words[0]: words[2], "entry": size}
        assert await status(gateway, token) == 401
        clerk = await gateway.database.connection("loader")
        assert await clerk.fetchval("SELECT reason FROM gateway.token_end WHERE idx = $1", size) == WHY[1]
    assert WHY[1] not in str(await gateway.entries())


async def test_a_partner_ends_its_token_from_a_file_and_from_nothing_else(
    gateway: Gateway, desk: CommandLine, tmp_path: Path
) -> None:
    partner = gateway.deployment.partners[BRIGHT_PATH]
    write_keys(tmp_path / "client", partner.keys)
    who = ("--url", gateway.url, "--client", partner.client, "--keys", str(tmp_path / "client"))
    token = await gateway.token(TUTORING)
    (tmp_path / "token.json").write_text(json.dumps({"access_token": token}))
    (tmp_path / "other.json").write_text("[]")
    for wrong in ("other.json", "not-there.json"):
        await refused(desk, "partner", "revoke", *who, "--token", f"@{wrong}", code=2)
    nowhere = ("--url", "http://127.0.0.1:9", *who[2:])
    assert "cannot be reached" in await refused(desk, "partner", "revoke", *nowhere, "--token", "@token.json")
    assert await status(gateway, token) == 200
    await done(desk, "partner", "revoke", *who, "--token", "@token.json")
    assert await status(gateway, token) == 401


async def test_the_key_that_signs_is_not_retired_and_one_that_was_stolen_is(
    gateway: Gateway, desk: CommandLine, tmp_path: Path
) -> None:
    token = await gateway.token(TUTORING)
    (signing,) = (await done(desk, "keys", "list"))["tokens"]
    assert (signing["state"], signing["signs_from"]) == ("signing", None)
    assert "First: pactgate keys rotate tokens --now" in await refused(
        desk, "keys", "retire", "tokens", "--token-key", signing["key"]
    )
    assert await status(gateway, token) == 200
    fresh = await done(desk, "keys", "rotate", "tokens", "--now")
    retired = await done(desk, "keys", "retire", "tokens", "--token-key", signing["key"])
    assert retired["private_half_destroyed"] is True
    # This gateway has not even seen the new file yet: what the old key signed is refused all the same.
    assert await status(gateway, token) == 401
    assert [(each["key"], each["state"]) for each in (await done(desk, "keys", "list"))["tokens"]] == [
        (signing["key"], "retired"),
        (fresh["key"], "signing"),
    ]
    assert [each.is_retired for each in load_token_keys(tmp_path / "home" / "keys")] == [True, False]
    elsewhere = await done(desk, "keys", "retire", "tokens", "--token-key", "-a-key-that-is-on-another-machine")
    assert elsewhere["private_half_destroyed"] is False


async def test_a_key_is_made_ahead_of_its_time_and_only_one(desk: CommandLine, tmp_path: Path) -> None:
    made = await done(desk, "keys", "rotate", "tokens")
    assert made["state"] == "waiting"
    assert "here already" in await refused(desk, "keys", "rotate", "tokens")
    assert [each["state"] for each in (await done(desk, "keys", "list"))["tokens"]] == ["signing", "waiting"]
    await done(desk, "keys", "retire", "tokens", "--token-key", made["key"])
    # Nor while one waits that was made some time ago, and begins before a new one would.
    add_token_key(tmp_path / "home" / "keys", signs_from=seconds_now() + LEAD_SECONDS - 120)
    assert "rotate tokens --now" in await refused(desk, "keys", "rotate", "tokens")


async def test_a_stolen_key_is_exchanged_at_once_though_another_waits(desk: CommandLine, tmp_path: Path) -> None:
    (stolen,) = (await done(desk, "keys", "list"))["tokens"]
    waiting = add_token_key(tmp_path / "home" / "keys", signs_from=seconds_now() + LEAD_SECONDS - 120)
    outcome = await asyncio.to_thread(desk.run, "keys", "rotate", "tokens", "--now")
    assert (outcome.code, outcome.data["state"]) == (0, "signing")
    assert f"Key {waiting.id} takes over" in outcome.err
    for key in (stolen["key"], waiting.id):
        await done(desk, "keys", "retire", "tokens", "--token-key", key)
    listed = (await done(desk, "keys", "list"))["tokens"]
    assert [each["state"] for each in listed] == ["retired", "signing", "retired"]


async def test_an_office_without_the_gateways_keys_lists_none(desk: CommandLine, tmp_path: Path) -> None:
    away = desk.with_settings(PACTGATE_KEYS=str(tmp_path / "none"))
    listed = await done(away, "keys", "list")
    assert listed["tokens"] == []
    assert [each["held"] for each in listed["subjects"]] == [False]


async def test_the_key_of_links_is_exchanged_by_three_commands(
    gateway: Gateway, desk: CommandLine, tmp_path: Path
) -> None:
    size = await gateway.size()
    (first,) = (await done(desk, "keys", "list"))["subjects"]
    assert (first["key"], first["held"], first["introduced"]) == ("first", True, None)
    assert "First: pactgate keys rotate subjects" in await refused(desk, "keys", "rewrap")
    made = await done(desk, "keys", "rotate", "subjects")
    assert "wraps new ones" in await refused(desk, "keys", "retire", "subjects", "--subject-key", "first")
    rewrapped = await done(desk, "keys", "rewrap")
    assert rewrapped == {"key": made["key"], "entry": size, "rewrapped": first["links"]}
    retired = await done(desk, "keys", "retire", "subjects", "--subject-key", "first")
    assert retired == {"key": "first", "entry": size + 1, "file_deleted": True}
    assert not (tmp_path / "home" / "keys" / "subject.key").exists()
    lines = (await done(desk, "keys", "list"))["subjects"]
    assert [(each["key"], each["held"], each["links"]) for each in lines] == [
        ("first", False, 0),
        (made["key"], True, first["links"]),
    ]
