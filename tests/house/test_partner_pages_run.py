"""What the officers' page says of partners, emergencies and lost keys is typed here, as it stands there."""

import asyncio
import json
import shlex
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.factories.command_line import NOW, CommandLine
from tests.factories.database import TestServer
from tests.factories.pages import blocks, quoted, rows

OFFICERS = "docs/officers.md"
PEOPLE = ("officer-a", "officer-b", "district", "partner", "successor")
SIGNERS = {
    "district": "district:emerald-city",
    "partner": "partner:bright-path",
    "successor": "partner:brighter-path",
}
_numbers = count(1)


@pytest.fixture
def desk(postgres: TestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    """The files of the page's people, and one agreement in force."""
    name = f"partner_pages_{next(_numbers)}"
    asyncio.run(postgres.create(name))
    monkeypatch.chdir(tmp_path)
    desk = CommandLine.on(postgres, name, tmp_path)
    for person in PEOPLE:
        desk.done("signer", "keygen", f"{person}.pem")
    desk.done("keys", "init")
    pinned = ("--officer", "Officer A=officer-a.pub.json", "--officer", "Officer B=officer-b.pub.json")
    desk.done("init", "--origin", "log.district.example/pactgate", *pinned, "--demo")
    desk.sql("UPDATE gateway.installation SET clock_shift = $1::timestamptz - statement_timestamp()", NOW)
    for side, party in SIGNERS.items():
        desk.introduce(side, party, "officer-b", person=f"Signer of the {side}", out=f"@{side}.signer.json")
        desk.done("signer", "register", f"{side}.signer.json")
    desk.draft(drafter="officer-b")
    desk.sign("agreement.yaml", "district", "partner")
    desk.approve("officer-a")
    desk.activate()
    yield desk
    asyncio.run(postgres.drop(name))


def type_in(desk: CommandLine, line: str) -> None:
    """Type one line of the page, answering yes to whatever it asks."""
    program, *words = shlex.split(line.replace("$LOST", desk.public("partner")))
    assert program == "pactgate", line
    outcome = desk.run(*words, typed="y\n")
    assert outcome.code == 0, (line, outcome.err)


@pytest.mark.parametrize(("story", "left"), [(slice(0, 1), "leaves"), (slice(1, 4), "debarred"), (slice(4, 8), "gone")])
def test_a_partner_leaves_is_debarred_or_becomes_another_one_as_the_page_says(
    desk: CommandLine, story: slice, left: str
) -> None:
    told = [quoted(command) for _, command in rows(OFFICERS, first="what becomes of a partner")]
    assert len(told) == 8
    for line in told[story]:
        type_in(desk, line)
    assert desk.done("agreement", "show")[0]["standing"] == "terminated"
    partner = next(line for line in desk.done("parties", "list") if line["id"] == SIGNERS["partner"])
    assert (partner["barred_until"] is not None) == (left == "debarred")
    assert (partner["successor"] is not None) == (left == "gone")
    assert desk.done("audit", "verify")["holds"]


def test_an_emergency_is_ordered_and_reviewed_and_a_lost_key_replaced_as_the_page_says(desk: CommandLine) -> None:
    (order,) = blocks(OFFICERS, "yaml")
    desk.write("emergency.yaml", order)
    desk.write("bus.txt", "7001\n7002\n")
    desk.export_files()
    desk.done("records", "load", "@export", "--mapping", "@facts.toml")
    typed = [
        line
        for code in blocks(OFFICERS, "sh")
        for line in code.splitlines()
        if line.split()[1] in {"emergency", "officer", "signer"}
    ]
    assert len(typed) == 19
    for line in typed:
        type_in(desk, line)
    (ordered,) = desk.done("emergency", "list")
    assert (ordered["standing"], ordered["reviewed_by"]) == ("ended", desk.public("officer-b"))
    assert [each["students"] for each in ordered["releases"]] == [2]
    assert len(json.loads((desk.folder / "for-the-rescue.json").read_text())["data"]) == 2
    assert [line["in_office"] for line in desk.done("officer", "list")] == [True] * 3
    ended = [line["ended"] is not None for line in desk.done("signer", "list") if line["party"] == SIGNERS["partner"]]
    assert ended == [True, False]
    assert desk.done("audit", "verify")["holds"]
