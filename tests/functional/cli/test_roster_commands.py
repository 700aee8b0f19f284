"""Rosters on the command line: the partner's file, the district's lists, and a decision that a key signs."""

import asyncio
import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from gateway.cli import papers
from gateway.oauth.keyfiles import write_keys
from tests.factories.cohort import MENTORING, STUDENTS, Student
from tests.factories.command_line import CommandLine
from tests.factories.gateway import HARBOR, Gateway, names

pytestmark = [pytest.mark.ferpa("R2"), pytest.mark.claim(12)]

FIO, CALIXTE = STUDENTS["fio"], STUDENTS["calixte"]


@pytest.fixture
def desk(gateway: Gateway, tmp_path: Path) -> CommandLine:
    """The office of a gateway that serves, beside a partner's desk."""
    shutil.copytree(gateway.deployment.home, tmp_path / "home")
    write_keys(tmp_path / "client", gateway.deployment.partners[HARBOR].keys)
    for place, officer in enumerate(gateway.deployment.ring.officers[:2]):
        papers.write_new(tmp_path / f"officer{place}.pem", officer.key.export_pem(None), private=True)
    made = CommandLine.on(gateway.deployment.server, gateway.database.name, tmp_path)
    return made.with_settings(PACTGATE_HOME=str(tmp_path / "home"), PACTGATE_CHECKPOINT=str(gateway.kept.file))


async def done(desk: CommandLine, *words: str, typed: str = "") -> Any:
    return await asyncio.to_thread(lambda: desk.done(*words, typed=typed))


async def refused(desk: CommandLine, *words: str, code: int = 1, typed: str = "") -> str:
    return await asyncio.to_thread(lambda: desk.refused(*words, code=code, typed=typed))


def write_workbook(file: Path, *lines: tuple[Student, str], family_name: str | None = None) -> None:
    """Write a roster as somebody keeps it in a spreadsheet; the last line names nobody the district has."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["given_name", "family_name", "birth_date", "reference"])
    for each, reference in lines:
        sheet.append([each.first, family_name or each.last, each.born, reference])
    sheet.append(["Nobody", "Anywhere", dt.date(2012, 1, 1), "x"])
    book.save(file)


async def test_from_the_partners_file_to_a_signed_decision(gateway: Gateway, desk: CommandLine) -> None:
    who = ("--url", gateway.url, "--client", gateway.deployment.partners[HARBOR].client, "--keys", "@client")
    submit = ("partner", "roster", "submit")
    head = "given_name,family_name,birth_date,reference\n"
    desk.write("bad.csv", head + "=1+1,Somebody,2012-01-01,a\n")
    rows = [f"{each.first},{each.last},{each.born},{role}" for role, each in (("fio", FIO), ("cal", CALIXTE))]
    desk.write("roster.csv", "\n".join([head.strip(), *rows, "Nobody,Anywhere,2012-01-01,x"]))
    desk.write("roster.pdf", "no roster")
    write_workbook(desk.folder / "roster.xlsx", (FIO, "fio"), (CALIXTE, "cal"))
    write_workbook(desk.folder / "bad.xlsx", (FIO, "fio"), family_name="=A1")
    # The partner: what is wrong is named by line and column, and never quoted.
    told = await refused(desk, *submit, "@bad.csv", "--whole", *who)
    assert "Line 1, given_name" in told
    assert "1+1" not in told
    assert ".xlsx or .json" in await refused(desk, *submit, "@roster.pdf", "--whole", *who, code=2)
    assert "Line 2 of the sheet: it has a formula" in await refused(desk, *submit, "@bad.xlsx", "--whole", *who)
    for each in ("@roster.csv", "@roster.xlsx"):
        receipt = await done(desk, *submit, each, "--whole", "--idempotency-key", each[-4:], *who)
        assert await done(desk, *submit, each, "--whole", "--idempotency-key", each[-4:], *who) == receipt
    roster = str(receipt["roster"])
    away = ("--url", "http://127.0.0.1:9", *who[2:])
    assert "cannot be reached" in await refused(desk, *submit, "@roster.csv", "--whole", *away)
    # The district: counts, then names for whoever looks, each look on record.
    assert (await done(desk, "roster", "match", roster))["waiting"] == 1
    listed, csv = sorted(await done(desk, "roster", "list"), key=lambda each: -each["roster"])
    assert (csv["lines"], csv["state"]) == (3, "waiting")
    assert (listed["state"], listed["matched"], listed["waiting"], listed["lines"]) == ("waiting", 2, 1, 3)
    (shown,) = await done(desk, "roster", "show", roster, "--waiting")
    assert (shown["line"]["number"], shown["waits_for"], shown["suggested"]) == (3, "nobody", [])
    assert len(await done(desk, "roster", "show", roster)) == 3
    assert "No student" in await refused(desk, "roster", "match", roster, "--line", "3", typed="Nobody\n")
    meant = ("roster", "match", roster, "--line", "3", "--student", STUDENTS["gulnara"].number)
    assert (await done(desk, *meant))["matched"] == 3
    looks = [each.get("submission") for each in await gateway.entries(0) if each["event"] == "names.shown"]
    assert looks == [int(roster)] * 4, "two that were shown, two that were said"
    assert (await done(desk, "roster", "set-aside", roster, "--line", "3"))["set_aside"] == 1
    # The decision: signed by whoever looked, and nothing without.
    accept = ("roster", "accept", roster, "--key", "@officer0.pem")
    assert "2 of 4 students" in await refused(desk, *accept, "--yes")
    await refused(desk, *accept, "--confirm", typed="n\n")
    assert len(await gateway.rows(MENTORING)) == 4
    accepted = await done(desk, *accept, "--confirm", typed="y\n")
    assert (accepted["decision"], accepted["begun"], accepted["counts_until"]) == ("accept", 2, "2027-04-14")
    assert names(await gateway.rows(MENTORING)) == {FIO.first, CALIXTE.first}
    status = await done(desk, "partner", "roster", "status", roster, *who)
    assert [each["reference"] for each in status["students"]] == ["fio", "cal"]
    confirmed = await done(desk, "roster", "confirm", roster, "--key", "@officer1.pem", "--yes")
    assert (confirmed["begun"], confirmed["ended"]) == (0, 0)
    # One that is refused: the reason stays in the register, and the partner reads that it was refused.
    desk.write("again.json", '{"lines":[{"given_name":"A","family_name":"B","birth_date":"2012-01-01"}]}')
    second = str((await done(desk, *submit, "@again.json", "--additions", *who))["roster"])
    why = ("--reason", "It is a test.")
    await done(desk, "roster", "refuse", second, "--key", "@officer0.pem", *why)
    assert (await done(desk, "partner", "roster", "status", second, *who))["state"] == "refused"
    assert "decided" in await refused(desk, "roster", "accept", second, "--key", "@officer0.pem", "--yes")
    assert "decided" not in await refused(desk, "partner", "roster", "status", "999999", *who)
