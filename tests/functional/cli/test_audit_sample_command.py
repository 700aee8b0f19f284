"""`pactgate audit sample` and `anomalies` on the command line."""

import asyncio
import json

import pytest

from audit.__main__ import main
from audit.checkpoint import CheckpointSigner
from audit.draft import Draft
from audit.entry import leaf
from audit.events import Event
from gateway.keys import load_keys
from gateway.store.session import connect
from tests.factories.command_line import NOW, CommandLine
from tests.factories.long_log import append


def test_a_checkpoint_that_is_not_one_of_this_log_draws_nothing(active: CommandLine) -> None:
    digest = active.done("agreement", "show")[0]["digest"]
    active.done("audit", "export", "@log")
    ours = (active.folder / "log" / "checkpoint").read_text()
    origin, size, _ = ours.split("\n", 2)
    # Signed by the log's own key, over another past.
    signer = CheckpointSigner(origin, load_keys(active.folder / "home" / "keys").checkpoint)
    active.write("elsewhere", signer.sign(int(size), b"x" * 32).note)
    assert "no checkpoint" in active.refused("audit", "sample", digest, "--checkpoint", "@elsewhere")
    active.write("other", f"x{ours}")
    assert active.run("audit", "sample", digest, "--checkpoint", "@other").code == 1


def test_the_export_draws_what_the_database_drew(active: CommandLine, capsys: pytest.CaptureFixture[str]) -> None:
    digest = active.done("agreement", "show")[0]["digest"]
    active.done("audit", "export", "@log")
    drawn = active.done("audit", "sample", digest, "--checkpoint", "@log/checkpoint", "--size", "3")
    assert (drawn["about"], drawn["among"], drawn["entries"]) == (digest, 0, [])  # nothing left yet
    trust = json.loads((active.folder / "home" / "trust.json").read_text())
    capsys.readouterr()
    call = ["sample", str(active.folder / "log"), digest, "--size", "3", "--key", trust["log_public_key"], "--json"]
    assert main(call) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["tree_head"], again["drawn"]) == (drawn["tree_head"], drawn["entries"])


def test_unusual_use_is_told_with_exit_code_1_and_a_quiet_log_with_0(active: CommandLine) -> None:
    for wrong in (("--since", "soon"), ("--thresholds", "@nowhere")):
        assert active.run("audit", "anomalies", *wrong).code == 2
    assert active.done("audit", "anomalies")["anomalies"] == []
    asyncio.run(_refuse_strangers(active))
    outcome = active.run("audit", "anomalies", "--since", "2020-01-01")
    assert outcome.code == 1
    (found,) = outcome.data["anomalies"]
    assert found["rule"] == "strangers"
    assert "strangers, nobody known: 5000 requests without an accepted key were refused." in outcome.err
    active.write("district.toml", "strangers = 6000")
    assert active.run("audit", "anomalies", "--since", "2020-01-01", "--thresholds", "@district.toml").code == 0
    active.write("odd.toml", "bursts = 3")
    assert "no threshold 'bursts'" in active.refused("audit", "anomalies", "--thresholds", "@odd.toml")
    (active.folder / "odd.bin").write_bytes(b"\xff")
    assert "UTF-8" in active.refused("audit", "anomalies", "--thresholds", "@odd.bin")


async def _refuse_strangers(desk: CommandLine) -> None:
    async with connect(desk.server.url("loader", desk.database)) as loader:
        refused = leaf(Event.STRANGERS_REFUSED, NOW, since=NOW.isoformat(), total=5_000, reasons={})
        await append(loader, [Draft(refused)])
