"""
Claim 9: entries about one student have nothing in common that entries about another do not have.

Whoever reads the tiles sees behaviour and nobody: no name, no hash of one, no stable number leads from one entry to the
next about the same child.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.factories.cohort import FOLLOW_UP, MENTORING, STUDENTS, TUTORING
from tests.factories.gateway import Gateway

pytestmark = pytest.mark.claim(9)


def texts(value: Any) -> Iterator[str]:
    """Every text and number in an entry, however deep."""
    if isinstance(value, dict):
        for name, held in value.items():
            yield name
            yield from texts(held)
    elif isinstance(value, list):
        for held in value:
            yield from texts(held)
    else:
        yield json.dumps(value)


async def code_of(gateway: Gateway, role: str, agreement: str) -> str:
    rows = await gateway.rows(agreement, fields="first_name", limit=500)
    (code,) = (row["record_code"] for row in rows if row["first_name"] == STUDENTS[role].first)
    return str(code)


async def about(gateway: Gateway, role: str) -> list[set[str]]:
    """Everything the gateway does about one student, twice where it can be; the texts of each entry."""
    number, steward = STUDENTS[role].number, await gateway.steward()
    codes = {agreement: await code_of(gateway, role, agreement) for agreement in (TUTORING, FOLLOW_UP)}
    start = await gateway.size()
    for agreement, code in (*codes.items(), *codes.items()):
        for path in (f"/v1/students/{code}?fields=first_name", f"/v1/students/{code}?fields=discipline"):
            await gateway.get(agreement, path)
    await steward.withdraw(gateway.digest(TUTORING), number)
    await steward.opt_out(number, gateway.digest(FOLLOW_UP), directory_only=False)
    await steward.opt_out(number, None, directory_only=False)
    for agreement, code in codes.items():
        assert (await gateway.get(agreement, f"/v1/students/{code}?fields=first_name")).status_code == 404
    # The epoch is the place of a stop in the log, the same in every entry between it and the next.
    return [set(texts({**entry, "epoch": 0})) for entry in await gateway.entries(start)]


async def test_what_entries_about_one_student_share_they_share_with_those_about_another(gateway: Gateway) -> None:
    await gateway.rows(MENTORING, fields="first_name")  # every token is fetched before
    one, other = await about(gateway, "fio"), await about(gateway, "gulnara")
    assert len(one) == len(other) >= 10
    common = {text for entry in other for text in entry}
    for first in range(len(one)):
        for second in range(first + 1, len(one)):
            assert one[first] & one[second] <= common
