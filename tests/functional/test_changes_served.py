"""Changes over the wire: whose cursor it is, what a withdrawal does, what is on record, and what ends a cursor."""

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from agreements.elements import load_catalogue
from gateway.api.cursor import ChangeCursors, Cursors
from gateway.services.accounting.copies import Copies
from gateway.services.accounting.reproducing import Reproductions
from gateway.services.alarms import alarm
from gateway.services.analysis.past import Law
from policies.guardrails import load_guardrails
from tests.factories.cohort import COVERED, FOLLOW_UP, MENTORING, STUDENTS, TUTORING
from tests.factories.gateway import NOON, Gateway
from tests.factories.leak_walk import changes_of
from tests.factories.superuser import superuser

pytestmark = [pytest.mark.claim(7), pytest.mark.ferpa("R5")]

PATH = "/v1/changes/students"
ROW = re.compile(r"rw_[a-z2-7]{26}")
XIMENA = STUDENTS["ximena"]


def told(answer: httpx2.Response) -> list[Mapping[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[Mapping[str, Any]] = answer.json()["data"]
    return found


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["code"])


async def since(gateway: Gateway, answer: httpx2.Response, more: str = "") -> httpx2.Response:
    return await gateway.get(TUTORING, f"{PATH}?since={answer.json()['next']}{more}")


@pytest.mark.claim(8)
async def test_a_cursor_that_was_not_given_out_for_exactly_this_is_refused_alike(gateway: Gateway) -> None:
    own = (await gateway.get(TUTORING, f"{PATH}?limit=1")).json()["next"]
    page = (await gateway.get(TUTORING, "/v1/students?limit=1")).json()["next"]
    refused = [
        await gateway.get(MENTORING, f"{PATH}?since={own}"),  # another client
        await gateway.get(FOLLOW_UP, f"{PATH}?since={own}"),  # another agreement of the same client
        await gateway.get(TUTORING, f"/v1/changes/attendance?since={own}"),
        await gateway.get(TUTORING, f"{PATH}?since={own}&fields=first_name"),
        await gateway.get(TUTORING, f"{PATH}?since={own}&grade_level=09"),
        await gateway.get(TUTORING, f"{PATH}?since={own[:-8]}AAAAAAAA"),
        await gateway.get(TUTORING, f"{PATH}?since={'A' * 2_048}"),
        await gateway.get(TUTORING, f"{PATH}?since={page}"),
        await gateway.get(TUTORING, f"/v1/students?limit=1&cursor={own}"),
    ]
    assert {refusal(each) for each in refused} == {(400, "cursor_invalid")}
    assert len({each.json()["detail"] for each in refused}) == 1
    for query in ("sort=first_name", f"cursor={page}", f"since={own}&since={own}", "since=", "limit=0"):
        assert refusal(await gateway.get(TUTORING, f"{PATH}?{query}")) == (400, "invalid_request"), query
    # What is not granted is refused by name, and not left out.
    assert refusal(await gateway.get(TUTORING, f"{PATH}?fields=sex")) == (403, "element_not_covered")
    assert refusal(await gateway.get(TUTORING, f"{PATH}?sex=Female")) == (403, "element_not_covered")
    assert (await gateway.get(TUTORING, f"{PATH}?since={own}&limit=500")).status_code == 200


@pytest.mark.claim(6)
async def test_a_withdrawal_arrives_as_a_row_that_went_and_every_answer_can_be_made_again(gateway: Gateway) -> None:
    first = await gateway.get(TUTORING, f"{PATH}?limit=20")
    sent = [first]
    while sent[-1].json()["more"]:
        sent.append(await since(gateway, sent[-1], "&limit=20"))
    held = {each["row"]: each["data"] for answer in sent for each in told(answer)}
    full = (await gateway.get(TUTORING, "/v1/students?limit=500")).json()["data"]
    assert sorted(held.values(), key=str) == sorted(full, key=str)
    (own,) = (row for row, data in held.items() if data.get("first_name") == XIMENA.first)
    sent.append(await since(gateway, sent[-1]))
    assert (told(sent[-1]), sent[-1].json()["more"]) == ([], False)

    # A statement about what nobody here gets is no change; one about what they get is, and comes with the row.
    steward, words = await gateway.steward(), "The record speaks of somebody else."
    await steward.place_statement(STUDENTS["fio"].number, ["000255"], words)
    assert told(await since(gateway, sent[-1])) == []
    await steward.place_statement(STUDENTS["fio"].number, ["000115"], words)
    sent.append(await since(gateway, sent[-1]))
    (contested,) = told(sent[-1])
    assert (contested["change"], contested["data"]["contested"][0]["fields"]) == ("changed", ["first_name"])

    await steward.withdraw(gateway.digest(TUTORING), XIMENA.number)
    await gateway.close()
    await gateway.serve()  # a restart, or another replica
    sent.append(await since(gateway, sent[-1]))
    assert told(sent[-1]) == [{"change": "deleted", "row": own}]
    entry = (await gateway.entries())[-1]
    assert (entry["event"], entry["records"]) == ("disclosure", 0)
    # An answer that was lost is asked for again; one that arrived is not told twice.
    assert told(await since(gateway, sent[-2])) == told(sent[-1])
    assert told(await since(gateway, sent[-1])) == []

    keys, desk = gateway.deployment.keys, (await gateway.office()).desk
    law, seals = Law(load_catalogue(), load_guardrails()), (Cursors(keys.cursor).seal, ChangeCursors(keys.cursor).seal)
    for answer in sent:
        entry_index = int(answer.headers["pactgate-receipt"])
        again = await Reproductions(desk, law, alarm, keys.subject, seals).reproduce(entry_index)
        assert again.body == answer.content
    copied = await Copies(desk, law, alarm, keys.subject).copy(STUDENTS["fio"].number)
    assert copied.missed == ()
    rows = [json.loads(each.row) for entry_copied in copied.copied for each in entry_copied.rows]
    assert contested in rows
    assert not [each.first for each in COVERED if each.first in json.dumps(gateway.lines)]


@pytest.mark.claim(2)
async def test_a_deletion_tells_which_row_went_and_no_value_of_any_dataset(gateway: Gateway) -> None:
    before = {}
    for path in changes_of(gateway.app).values():
        answer = await gateway.get(TUTORING, f"{path}?limit=500")
        if answer.status_code == 200:
            assert not answer.json()["more"]
            before[path] = answer
    await (await gateway.steward()).withdraw(gateway.digest(TUTORING), XIMENA.number)
    gone = 0
    for path, answer in before.items():
        held = {each["row"]: each["data"] for each in told(answer)}
        later = await gateway.get(TUTORING, f"{path}?since={answer.json()['next']}")
        assert later.json().keys() == answer.json().keys()
        for each in told(later):
            assert each == {"change": "deleted", "row": each["row"]}
            assert ROW.fullmatch(each["row"])
            assert each["row"] in held
            gone += 1
    assert gone >= len(before) > 1


@pytest.mark.claim(10)
async def test_two_partners_share_no_row(gateway: Gateway) -> None:
    rows = {
        each: {change["row"] for change in told(await gateway.get(each, PATH))}
        for each in (TUTORING, MENTORING, FOLLOW_UP)
    }
    assert all(rows.values())
    assert len(set.union(*rows.values())) == sum(len(each) for each in rows.values())


@pytest.mark.claim(2)
async def test_time_alone_ends_a_row_and_a_cursor_ends_when_the_past_is_gone(gateway: Gateway) -> None:
    start = await gateway.get(TUTORING, f"{PATH}?fields=first_name&limit=500")
    assert not start.json()["more"]
    address = f"{PATH}?fields=first_name&since="
    before = {each["row"] for each in told(start)}
    await gateway.at(NOON + dt.timedelta(days=100))
    token = await gateway.token(TUTORING)
    later = await gateway.get(TUTORING, address + start.json()["next"], token=token)
    now = (await gateway.get(TUTORING, "/v1/students?limit=500", token=token)).json()["data"]
    gone = {each["row"] for each in told(later) if each["change"] == "deleted"}
    assert len(before - gone) + len(told(later)) - len(gone) == len(now)
    assert gone
    assert gone <= before
    # As an erasure leaves it: somebody whom the agreement covered then is on no table any more.
    admin = await superuser(gateway)
    await admin.execute(
        "INSERT INTO records.erased_row (at, loaded, part, concerns, row_digest, erased_idx)"
        " VALUES (0, false, 'population.begun', $1, $2, $3)",
        gateway.digest(TUTORING),
        bytes(32),
        await gateway.size() + 100,
    )
    lost = await gateway.get(TUTORING, address + start.json()["next"], token=token)
    assert refusal(lost) == (410, "changes_lost")
    assert "without `since`" in lost.json()["detail"]
    entry = (await gateway.entries())[-1]
    assert (entry["event"], entry["code"], entry["dataset"]) == ("refusal", "changes_lost", "students")
    assert (await gateway.get(TUTORING, f"{PATH}?fields=first_name", token=token)).status_code == 200
