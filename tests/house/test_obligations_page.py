"""What docs/obligations.md tells a person to type is typed here, as it stands there, and does what it says."""

import asyncio
import shlex
from datetime import timedelta
from pathlib import Path

import pytest

from agreements.obligations import REVIEW_NOTICE, Status
from gateway.services.obligations.review_pack import SAMPLE_SIZE
from tests.factories.command_line import NOW, CommandLine
from tests.factories.database import TestServer
from tests.factories.pages import blocks, quoted, rows, text_of

PAGE = "docs/obligations.md"
PEOPLE = {"officer-a.pem": "olivia", "officer-b.pem": "piotr", "partner.pem": "rae"}
SHIFT = "UPDATE gateway.installation SET clock_shift = $1::timestamptz - statement_timestamp()"


def test_the_page_leads_from_the_review_to_the_certificate(
    postgres: TestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(postgres.create("obligations_page"))
    monkeypatch.chdir(tmp_path)
    desk = CommandLine.on(postgres, "obligations_page", tmp_path)
    desk.open()
    for name, party in (("dana", "district:emerald-city"), ("rae", "partner:bright-path")):
        desk.introduce(name, party, "piotr", out=f"@{name}.signer.json")
        desk.done("signer", "register", f"@{name}.signer.json")
    desk.draft()
    desk.sign()
    desk.approve()
    known = {"$AGREEMENT": desk.activate()}
    desk.sql(SHIFT, NOW + timedelta(days=3))
    for line in [line for code in blocks(PAGE, "sh") for line in code.splitlines()]:
        words = [known.get(word, word) for word in shlex.split(line)]
        words = [f"{PEOPLE[word]}.pem" if word in PEOPLE else word for word in words]
        assert words.pop(0) == "pactgate", line
        outcome = desk.run(*words, typed="y\n")
        assert outcome.code == 0, (line, outcome.err)
        if words[:2] == ["hold", "sign"]:
            known["$HOLD"] = outcome.data["hold"]
    (owed,) = desk.done("obligation", "list")["obligations"]
    assert owed["status"] == "certified"
    asyncio.run(postgres.drop("obligations_page"))


def test_the_numbers_and_the_statuses_on_the_page_are_those_of_the_code() -> None:
    assert [quoted(status) for status, _ in rows(PAGE, first="status")] == [status.value for status in Status]
    assert f"up to {SAMPLE_SIZE} disclosures" in text_of(PAGE)
    assert f"more than {REVIEW_NOTICE.days} days away" in text_of(PAGE)
