"""Claim 10. Two partners cannot join their data by identifiers we gave them: record codes are random, one a line."""

import base64
import hashlib
import hmac
import re
from itertools import combinations

import pytest

from tests.factories.cohort import FOLLOW_UP, MENTORING, STUDENTS, TUTORING, export
from tests.factories.gateway import Gateway, load

pytestmark = pytest.mark.claim(10)

FORM = re.compile(r"rc_[a-z2-7]{26}")
AGREEMENTS = (TUTORING, MENTORING, FOLLOW_UP)


async def codes(gateway: Gateway) -> dict[str, dict[str, str]]:
    """Return the record codes by agreement and first name."""
    return {
        name: {row["first_name"]: row["record_code"] for row in await gateway.rows(name, fields="first_name")}
        for name in AGREEMENTS
    }


async def test_a_student_has_another_code_under_each_agreement(gateway: Gateway) -> None:
    found = await codes(gateway)
    assert {STUDENTS["fio"].first} <= found[TUTORING].keys() & found[MENTORING].keys() & found[FOLLOW_UP].keys()
    for one, other in combinations(found.values(), 2):
        assert set(one.values()).isdisjoint(other.values())
    everything = [code for own in found.values() for code in own.values()]
    assert len(set(everything)) == len(everything)
    assert all(FORM.fullmatch(code) for code in everything)


async def test_pages_do_not_come_in_an_order_that_two_partners_share(gateway: Gateway) -> None:
    found = await codes(gateway)
    shared = found[TUTORING].keys() & found[FOLLOW_UP].keys()
    for own in found.values():
        # By code, and codes are random: neither by name nor by number.
        assert [own[name] for name in own] == sorted(own.values())
    assert len(shared) == 2


async def test_a_code_is_made_of_nothing_that_anybody_knows(gateway: Gateway) -> None:
    found, admin = await codes(gateway), await gateway.database.connection("admin")
    rows = await admin.fetch("SELECT student_identifier, student_id FROM records.identity")
    keys = (b"", gateway.deployment.keys.subject.newest.secret, gateway.deployment.keys.cursor)
    # A code carries the first 130 bits of what it was made from.
    known = {_first_bytes(code) for own in found.values() for code in own.values()}
    for row in rows:
        for identity in (row["student_identifier"].encode(), row["student_id"].bytes, str(row["student_id"]).encode()):
            for agreement in ("", *(named(name) for named in (gateway.digest, gateway.line) for name in AGREEMENTS)):
                for text in (identity + agreement.encode(), agreement.encode() + identity):
                    made = {hashlib.sha256(text).digest(), *(hmac.digest(key, text, "sha256") for key in keys)}
                    assert known.isdisjoint(each[:16] for each in made)
        assert row["student_id"].bytes not in known


def _first_bytes(code: str) -> bytes:
    return base64.b32decode(code.removeprefix("rc_").upper() + "======")[:16]


async def test_codes_stay_when_the_same_export_is_loaded_again(gateway: Gateway) -> None:
    before, office = await codes(gateway), await gateway.office()
    lines = {name: gateway.line(name) for name in AGREEMENTS}
    await load(office, gateway.deployment.keys, gateway.home, export(lines))
    assert await codes(gateway) == before


async def test_a_code_comes_back_with_the_student(gateway: Gateway) -> None:
    before, office = await codes(gateway), await gateway.office()
    line, keys = gateway.line(MENTORING), gateway.deployment.keys
    whole = [row for row in export({name: gateway.line(name) for name in AGREEMENTS})["rosters"] if row[0] == line]
    await load(office, keys, gateway.home, {"rosters": whole[1:]})
    assert len((await codes(gateway))[MENTORING]) == len(before[MENTORING]) - 1
    await load(office, keys, gateway.home, {"rosters": whole})
    assert await codes(gateway) == before
