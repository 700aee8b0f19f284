"""Names of thousands of children: who shares name and birth date with another waits, nobody is taken for another."""

import datetime as dt
import json
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from gateway.services.rosters.lines import RosterLine
from gateway.services.rosters.matching import Child, Directory, Rule, Waiting, match
from gateway.services.rosters.names import compared

pytestmark = [pytest.mark.realdata, pytest.mark.ferpa("R2")]

DATA = Path(os.environ.get("PACTGATE_TEST_DATA", Path(__file__).parents[5] / "shared" / "data")) / "oea-contoso"


def children() -> list[Child]:
    rows = map(json.loads, (DATA / "edfi_api_ndjson" / "students.ndjson").read_text("utf-8").splitlines())
    return [
        Child(
            UUID(row["id"]),
            row["studentUniqueId"],
            row["firstName"],
            row["lastSurname"],
            dt.date.fromisoformat(row["birthDate"]),
        )
        for row in rows
    ]


def test_every_child_is_found_by_number_and_by_name_only_who_shares_it_with_nobody() -> None:
    known = children()
    assert len(known) > 6_000
    directory = Directory(known, ())
    lines = [
        RosterLine(number, each.given_name.upper(), f" {each.family_name}", each.birth_date)
        for number, each in enumerate(known, start=1)
    ]
    alike = Counter((each.name, each.birth_date) for each in known)
    for child, line, found in zip(known, lines, match(lines, directory), strict=True):
        shares = alike[child.name, child.birth_date] > 1
        assert (found.student_id, found.waits) == ((None, Waiting.SEVERAL) if shares else (child.student_id, None))
        assert compared(line.family_name) == child.name[1]
    numbered = [replace(line, student_number=child.number) for child, line in zip(known, lines, strict=True)]
    assert [(each.student_id, each.rule) for each in match(numbered, directory)] == [
        (child.student_id, Rule.NUMBER) for child in known
    ]
    # The number of the next one: nobody is found whose number and name do not go together.
    crossed = [replace(line, student_number=child.number) for child, line in zip(known[1:], lines, strict=False)]
    assert {each.student_id for each in match(crossed, directory)} == {None}
