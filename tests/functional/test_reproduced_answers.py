"""A whole answer made again: the very bytes that a partner received, whatever came since: loads, withdrawals, stops."""

import asyncio
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest

from agreements.elements import load_catalogue
from agreements.lifecycle import Standing
from audit.errors import CommitmentMismatch, EntryMissing
from gateway.api.cursor import ChangeCursors, Cursors
from gateway.services.accounting.reproducing import Reproduced, Reproductions
from gateway.services.alarms import alarm
from gateway.services.analysis.past import Law
from gateway.services.errors import NotRebuilt
from policies.guardrails import load_guardrails
from tests.factories.cohort import COVERED, MENTORING, STUDENTS, TUTORING, export
from tests.factories.command_line import CommandLine
from tests.factories.gateway import Gateway, load
from tests.factories.superuser import superuser

pytestmark = [pytest.mark.claim(6), pytest.mark.ferpa("C8")]

LAW = Law(load_catalogue(), load_guardrails())
XIMENA = STUDENTS["ximena"]
PATHS = (
    "/v1/students",
    "/v1/students?limit=3",
    "/v1/students?fields=first_name,grade_level&sort=last_name&limit=4",
    f"/v1/students?last_name={quote(XIMENA.last)}",
    "/v1/students?last_name=Nobody",
)


async def reproduced(gateway: Gateway, index: int, *, cursor_key: bytes | None = None) -> Reproduced:
    keys = gateway.deployment.keys
    key = cursor_key or keys.cursor
    seals = Cursors(key).seal, ChangeCursors(key).seal
    return await Reproductions((await gateway.office()).desk, LAW, alarm, keys.subject, seals).reproduce(index)


def entry_of(answer: httpx2.Response) -> int:
    assert answer.status_code == 200, answer.text
    return int(answer.headers["pactgate-receipt"])


async def answers(gateway: Gateway) -> list[httpx2.Response]:
    """Every kind of page there is, with the one after the first of several, and one student."""
    found = [await gateway.get(TUTORING, path) for path in PATHS]
    following = found[1].json()["next"]
    found.append(await gateway.get(TUTORING, f"/v1/students?limit=3&cursor={following}"))
    code = found[0].json()["data"][0]["record_code"]
    found.append(await gateway.get(TUTORING, f"/v1/students/{code}?fields=first_name"))
    found.append(await gateway.get(MENTORING, "/v1/students?limit=2"))
    changes = await gateway.get(TUTORING, "/v1/changes/students?limit=3")
    since = changes.json()["next"]
    found += [changes, await gateway.get(TUTORING, f"/v1/changes/students?limit=3&since={since}")]
    return found


async def test_what_is_no_disclosure_is_not_made_again_and_nothing_is_on_record(gateway: Gateway) -> None:
    await gateway.get(TUTORING, "/v1/students?fields=sex")
    size = await gateway.size()
    for index in (0, size - 1):
        with pytest.raises(NotRebuilt, match="no disclosure"):
            await reproduced(gateway, index)
    with pytest.raises(EntryMissing):
        await reproduced(gateway, size)
    assert await gateway.size() == size


async def test_a_row_that_was_changed_behind_the_log_is_not_passed_off_as_what_left(gateway: Gateway) -> None:
    index = entry_of(await gateway.get(TUTORING, "/v1/students"))
    admin = await superuser(gateway)
    await admin.execute("ALTER TABLE records.student DISABLE TRIGGER ALL")
    changed = await admin.execute("UPDATE records.student SET first_name = 'Else' WHERE first_name = $1", XIMENA.first)
    assert changed != "UPDATE 0"
    with pytest.raises(NotRebuilt, match="does not lead"):
        await reproduced(gateway, index)
    assert (await gateway.entries())[-1] == {"event": "disclosure.reproduced", "entry": index}


async def test_a_cursor_of_another_key_is_not_the_one_that_left(gateway: Gateway) -> None:
    index = entry_of(await gateway.get(TUTORING, "/v1/students?limit=3"))
    with pytest.raises(CommitmentMismatch):
        await reproduced(gateway, index, cursor_key=b"k" * 32)


@pytest.mark.parametrize("beside", ["private", "subject"])
async def test_what_was_taken_away_from_beside_the_tree_is_said(gateway: Gateway, beside: str) -> None:
    index = entry_of(await gateway.get(TUTORING, "/v1/students"))
    admin = await superuser(gateway)
    await admin.execute(f"ALTER TABLE audit.{beside} DISABLE TRIGGER ALL")
    await admin.execute(f"DELETE FROM audit.{beside} WHERE idx = $1", index)  # noqa: S608 - our own words
    with pytest.raises(NotRebuilt):
        await reproduced(gateway, index)


async def test_every_answer_comes_out_byte_for_byte_whatever_was_done_since(gateway: Gateway) -> None:
    sent = await answers(gateway)
    steward, office = await gateway.steward(), await gateway.office()
    await steward.withdraw(gateway.digest(TUTORING), XIMENA.number)
    await steward.opt_out(STUDENTS["fio"].number, None, directory_only=False)
    lines = {name: bundle.agreement.id for name, bundle in gateway.deployment.agreements.items()}
    rows = export(lines)["students"]
    # Fewer than the share that a load is held for; Ximena is among them.
    anew = {XIMENA.number, *(str(row[0]) for row in rows[::2])}
    students = [(*row[:1], f"New{at}", *row[2:]) if row[0] in anew else row for at, row in enumerate(rows)]
    await load(office, gateway.deployment.keys, gateway.home, {"students": students})
    await office.suspensions.stop_agreement(gateway.digest(MENTORING), Standing.TERMINATED, "It is over.")
    for answer in sent:
        start = await gateway.size()
        found = await reproduced(gateway, entry_of(answer))
        assert found.body == answer.content
        assert (found.record, found.entry) == (start, entry_of(answer))
    assert {answer.json().get("next") is None for answer in sent} == {True, False}
    assert [len(answer.json()["data"]) for answer in sent[:5]][3:] == [1, 0]


async def test_the_command_writes_the_answer_to_a_file_and_nothing_of_it_elsewhere(
    gateway: Gateway, tmp_path: Path
) -> None:
    answer = await gateway.get(TUTORING, "/v1/students")
    desk = CommandLine.on(gateway.deployment.server, gateway.database.name, tmp_path)
    desk = desk.with_settings(PACTGATE_HOME=str(gateway.deployment.home), PACTGATE_CHECKPOINT=str(gateway.kept.file))
    index = str(entry_of(answer))
    outcome = await asyncio.to_thread(desk.run, "audit", "reproduce", index, "--out", "@page.json")
    assert outcome.code == 0, outcome.err
    assert (tmp_path / "page.json").read_bytes() == answer.content
    assert outcome.data["bytes"] == len(answer.content)
    assert not [each.first for each in COVERED if each.first in outcome.out + outcome.err]
    outcome = await asyncio.to_thread(desk.run, "audit", "reproduce", "0")
    assert (outcome.code, outcome.out) == (1, "")
