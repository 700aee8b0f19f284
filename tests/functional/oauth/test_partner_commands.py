"""The reference client, as a library and as commands, against a server it knows nothing about but the address."""

import asyncio
import json
from pathlib import Path

import pytest
from joserfc.jwk import ECKey
from typer.testing import CliRunner, Result

from gateway.cli.partner import app, fetched
from gateway.oauth.client import PartnerClient, PartnerKeys, PartnerRefused
from gateway.oauth.keyfiles import CLIENT_FILE, PROOF_FILE
from tests.factories.oauth import key
from tests.functional.oauth.conftest import Site


def keys_of(site: Site) -> PartnerKeys:
    del site
    registered, proof = key("client"), key("proof")
    assert isinstance(registered, ECKey)
    assert isinstance(proof, ECKey)
    client = ECKey.import_key({**registered.as_dict(private=True), "kid": "k1"})
    return PartnerKeys(client, proof)


def folder_of(site: Site, folder: Path) -> Path:
    keys = keys_of(site)
    for name, each in ((CLIENT_FILE, keys.client), (PROOF_FILE, keys.proof)):
        (folder / name).write_text(json.dumps(each.as_dict(private=True)))
        (folder / name).chmod(0o600)
    return folder


async def run(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))


async def test_the_client_gets_a_token_and_is_answered(site: Site) -> None:
    await site.start()

    def act() -> tuple[str, int]:
        with PartnerClient(site.world.issuer, site.world.ids["client"], keys_of(site)) as partner:
            granted = partner.token()
            answers = [partner.get("/v1/grant", granted["access_token"]) for _ in range(2)]
            return granted["token_type"], sum(answer.status_code for answer in answers)

    assert await asyncio.to_thread(act) == ("DPoP", 400)
    events = [entry["event"] for entry in await site.entries()]
    assert events == ["log.opened", "token.issued", "disclosure", "disclosure"]


async def test_the_client_sends_its_token_to_nobody_else(site: Site) -> None:
    await site.start()
    client = PartnerClient(site.world.issuer, site.world.ids["client"], keys_of(site))
    with client as partner, pytest.raises(PartnerRefused, match="nobody else"):
        partner.get("https://attacker.example/v1/grant", "token")


@pytest.mark.parametrize("url", ["http://district.example", "ftp://127.0.0.1", "district.example"])
def test_the_client_speaks_plain_http_to_this_machine_only(url: str) -> None:
    with pytest.raises(PartnerRefused, match="not https"):
        PartnerClient(url, "client:x", PartnerKeys.generate())


async def test_commands_get_a_token_and_pages(site: Site, tmp_path: Path) -> None:
    await site.start()
    folder = folder_of(site, tmp_path)
    common = ["--url", site.world.issuer, "--client", site.world.ids["client"], "--keys", str(folder)]
    details = ["--agreement", site.world.agreement["client"], "--purpose", site.world.purpose]
    token = await run("token", *common)
    assert token.exit_code == 0
    assert json.loads(token.stdout)["token_type"] == "DPoP"
    narrowed = await run(
        "token", *common, *details, "--dataset", "students", "--person", "person:pat", "--role", "staff"
    )
    (granted,) = json.loads(narrowed.stdout)["authorization_details"]
    assert granted["datasets"] == ["students"]
    assert granted["on_behalf_of"] == {"person": "person:pat", "role": "staff"}
    pages = await run("get", "/v1/grant", f"{site.world.issuer}/v1/students/rc_1?x=1", *common)
    assert pages.exit_code == 0
    assert [json.loads(line)["client"] for line in pages.stdout.splitlines()] == [site.world.ids["client"]] * 2
    missing = await run("get", "/v1/nothing", *common)
    assert missing.exit_code == 1
    assert json.loads(missing.stdout)["code"] == "not_found"


async def test_commands_say_what_the_gateway_said(site: Site, tmp_path: Path) -> None:
    await site.start()
    folder = str(folder_of(site, tmp_path))
    refused = await run("token", "--url", site.world.issuer, "--client", site.world.ids["unknown"], "--keys", folder)
    assert isinstance(refused.exception, PartnerRefused)
    assert "invalid_client (400)" in str(refused.exception)
    assert "docs/partners.md" in refused.exception.remedy
    away = await run("token", "--url", "http://127.0.0.1:1", "--client", "client:x", "--keys", folder)
    assert "cannot be reached" in str(away.exception)
    elsewhere = site.world.issuer.replace("127.0.0.1", "localhost")
    other = await run("token", "--url", elsewhere, "--client", "client:x", "--keys", folder)
    assert "public URL" in str(other.exception)


def test_a_gateway_that_goes_away_after_the_token_is_said_in_a_sentence() -> None:
    with (
        PartnerClient("http://127.0.0.1:1", "client:x", PartnerKeys.generate()) as partner,
        pytest.raises(PartnerRefused, match="cannot be reached"),
    ):
        fetched(partner, "/v1/grant", "a-token")


@pytest.mark.parametrize(
    "options",
    [["--agreement", "sha256:00"], ["--purpose", "x"], ["--person", "p"], ["--dataset", "students"]],
)
async def test_options_that_need_each_other_are_asked_for(tmp_path: Path, site: Site, options: list[str]) -> None:
    folder = folder_of(site, tmp_path)
    used = await run("token", "--url", site.world.issuer, "--client", "c", "--keys", str(folder), *options)
    assert used.exit_code == 2


async def test_keys_are_made_once_and_for_this_account_alone(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    made = await run("keygen", str(folder))
    (public,) = json.loads(made.stdout)["keys"]
    assert set(public) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert [(folder / name).stat().st_mode & 0o777 for name in (CLIENT_FILE, PROOF_FILE)] == [0o600, 0o600]
    assert folder.stat().st_mode & 0o777 == 0o700
    again = await run("keygen", str(folder))
    assert "already" in str(again.exception)
    nowhere = await run("keygen", "/proc/nowhere")
    assert "cannot be written" in str(nowhere.exception)


async def test_keys_that_others_can_read_are_not_used(tmp_path: Path, site: Site) -> None:
    folder = folder_of(site, tmp_path)
    arguments = ("token", "--url", site.world.issuer, "--client", "client:x", "--keys", str(folder))
    (folder / CLIENT_FILE).chmod(0o644)
    assert "other accounts" in str((await run(*arguments)).exception)
    (folder / CLIENT_FILE).write_text("{secret}")
    (folder / CLIENT_FILE).chmod(0o600)
    broken = await run(*arguments)
    assert "not a private key" in str(broken.exception)
    assert "secret" not in str(broken.exception)
    (folder / CLIENT_FILE).unlink()
    assert "cannot be read" in str((await run(*arguments)).exception)
