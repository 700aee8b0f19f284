"""`pactgate audit replay`: exit code 1 and a sentence for whatever cannot be re-justified."""

import asyncio
from pathlib import Path

import pytest

from agreements.register import digest_bytes
from gateway.problems import Problem
from gateway.services.configuration import shipped
from tests.factories.cohort import TUTORING
from tests.factories.command_line import CommandLine, Outcome
from tests.factories.gateway import NOON, Gateway
from tests.factories.replayed import altered
from tests.factories.superuser import superuser

pytestmark = pytest.mark.claim(6)


@pytest.fixture
def desk(gateway: Gateway, tmp_path: Path) -> CommandLine:
    """The office of a gateway that serves."""
    made = CommandLine.on(gateway.deployment.server, gateway.database.name, tmp_path)
    return made.with_settings(PACTGATE_HOME=str(gateway.deployment.home), PACTGATE_CHECKPOINT=str(gateway.kept.file))


async def replayed(desk: CommandLine, *words: str) -> Outcome:
    return await asyncio.to_thread(desk.run, "audit", "replay", *words)


async def asked(gateway: Gateway) -> int:
    """Ask twice, be refused twice; return the first entry."""
    first = await gateway.size()
    await gateway.ask(TUTORING)
    with pytest.raises(Problem):
        await gateway.ask(TUTORING, elements=("sex",))
    with pytest.raises(Problem):
        await gateway.ask(TUTORING, code="rc_" + "a" * 26)
    await gateway.ask(TUTORING)
    return first


@pytest.mark.parametrize("wrong", [("--since", "soon"), ("--until", "2026-13-01"), ("--since", "-1")])
async def test_a_bound_that_is_no_entry_and_no_day_is_used_wrongly(desk: CommandLine, wrong: tuple[str, ...]) -> None:
    assert (await replayed(desk, *wrong)).code == 2


async def test_an_entry_that_was_altered_is_said_with_both_sides(gateway: Gateway, desk: CommandLine) -> None:
    first = await asked(gateway)
    async with altered(gateway, {first: lambda body: body.update(basis="studies")}):
        outcome = await replayed(desk)
    assert outcome.code == 1
    assert outcome.data["holds"] is False
    assert outcome.data["entries"] == [
        {
            "entry": first,
            "event": "disclosure",
            "differs": ["basis"],
            "logged": {"basis": "studies"},
            "came_out": {"basis": "consent"},
        }
    ]
    assert f"Entry {first} (disclosure) is not re-justified. basis: the log says studies" in outcome.err
    assert "1 did not come out as they were written." in outcome.err


async def test_an_input_that_is_gone_is_a_finding(gateway: Gateway, desk: CommandLine) -> None:
    first = await asked(gateway)
    admin = await superuser(gateway)
    await admin.execute("ALTER TABLE gateway.input DISABLE TRIGGER ALL")
    await admin.execute("DELETE FROM gateway.input WHERE digest = $1", digest_bytes(shipped().guardrails.digest))
    outcome = await replayed(desk)
    assert outcome.code == 1
    assert (outcome.data["missing"], outcome.data["missing_entries"][0]) == ({"guardrails": 3}, first)
    assert f"3 cannot be made again: the guardrails they cite is not there. The first is {first}." in outcome.err


async def test_what_is_between_two_bounds_is_made_again(gateway: Gateway, desk: CommandLine) -> None:
    first = await asked(gateway)
    whole = await replayed(desk)
    assert whole.code == 0, whole.err
    assert (whole.data["first"], whole.data["last"]) == (0, first + 3)
    assert whole.data["decided_again"] == {"disclosure": 2, "refusal": 1}
    assert whole.data["no_decision"] == {"not_found": 1}
    assert "3 decisions of the entries 0" in whole.err
    assert "1 refusal(s) 'not_found' were no decisions of the policies." in whole.err
    assert "Each came out as it was written." in whole.err
    day = f"{NOON:%Y-%m-%d}"
    for words, decided in (
        (("--since", str(first + 1)), {"disclosure": 1, "refusal": 1}),
        (("--until", str(first + 1)), {"disclosure": 1, "refusal": 1}),
        (("--since", day, "--until", day), {"disclosure": 2, "refusal": 1}),
        (("--since", str(first), "--until", "99999"), {"disclosure": 2, "refusal": 1}),
    ):
        assert (await replayed(desk, *words)).data["decided_again"] == decided
    for words in (("--since", "2060-01-01"), ("--until", "2001-01-01"), ("--since", "5", "--until", "4")):
        outcome = await replayed(desk, *words)
        assert outcome.code == 1
        assert "no entry between" in outcome.err
