"""What is entered about a child while its numbers are merged counts for the child that stands."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agreements.documents.parental_rights import Act, Ground, ParentalRights, parental_rights_bytes
from agreements.signature import Kind
from gateway.records.coverage import Scope
from gateway.records.errors import NumberRefused
from gateway.records.signed import Capacity, Form, SignerName
from gateway.services.consents import GivenConsent, give_consent
from gateway.services.explaining.on_file import read_on_file
from gateway.services.renumbering import keep_number, merge_students, reuse_number
from gateway.services.restrictions import Restrictions, Whom
from gateway.services.statements import Ending, end_statement, place_statement
from gateway.services.stops import opt_out, student_known_as, withdraw_consent
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    LINE,
    OFFICERS,
    PARTY,
    PURPOSE,
    RING,
    SAID,
    YEAR,
    SmallDistrict,
    permit,
    terms,
)
from tests.factories.unhurried import PATIENCE

pytestmark = [pytest.mark.claim(3), pytest.mark.claim(7)]

CONSENT = terms(basis="consent", element_order=("000115",))
DAY = dt.date(2026, 3, 11)
ACTS = ("withdrawn", "opted out", "revoked", "stated", "taken back", "given", "merged", "reused", "kept")
"""What is done about the second number of each pair while it is merged into the first."""
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


def pair(act: str) -> tuple[str, str]:
    """Return the number that stands and the second one."""
    at = ACTS.index(act)
    return str(1000 + at), str(2000 + at)


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    """A pair of numbers for each act, and a consent under the first of each but one."""
    district = await SmallDistrict.open(database, tmp_path)
    district.scopes.append(Scope(AGREEMENT, LINE, CONSENT, purpose=PURPOSE, party=PARTY))
    numbers = [number for act in ACTS for number in pair(act)]
    first = [pair(act)[0] for act in ACTS if act != "given"]
    await district.load(
        {
            "students": [(each, each, "X", "05.06.2012", "F", "98101", None) for each in numbers],
            "enrollments": [(each, "north", YEAR, "07", "2025-09-03", None) for each in numbers],
            "consents": [(LINE, each, "all", "parent", "2025-08-20", "2025-09-01", None) for each in first],
        }
    )
    return district


async def seen(district: SmallDistrict) -> set[str]:
    return {str(row["first_name"]) for row in await district.rows(permit("first_name", rows=CONSENT))}


async def revoked(district: SmallDistrict, number: str) -> None:
    """Have an officer put on file that the rights of whoever signed for this student are revoked."""
    whom = Whom(number, SignerName(SAID["signer"]))
    said = ParentalRights(Act.REVOKED, Ground.COURT_ORDER, DAY, SAID["evidence"], whom.commitment)
    document = RING.sign(Kind.PARENTAL_RIGHTS, parental_rights_bytes(said), OFFICERS[0])
    await Restrictions(district.desk).file(document, whom)


async def beside_its_merger(district: SmallDistrict, act: str, do: Callable[[str], Awaitable[object]]) -> object:
    """Do something about a second number while its merger is being committed; return what came of it."""
    first, second = pair(act)
    admin = await district.database.connection("admin")
    async with district.engine.begin() as connection:
        await merge_students(connection, second, first, scopes=district.in_force)
        task = asyncio.ensure_future(do(second))
        async with asyncio.timeout(PATIENCE):
            while not await admin.fetchval(_WAITING):  # noqa: ASYNC110 - of another session
                await asyncio.sleep(0.01)
    return await task


async def test_what_is_entered_beside_a_merger_counts_for_the_child(district: SmallDistrict) -> None:
    everybody = {pair(act)[0] for act in ACTS}
    assert await seen(district) == everybody - {pair("given")[0]}

    async def withdraw(number: str) -> None:
        async with district.engine.begin() as connection:
            await withdraw_consent(connection, LINE, number, scopes=district.in_force)

    async def say_no(number: str) -> None:
        async with district.engine.begin() as connection:
            await opt_out(connection, number, scopes=district.in_force)

    async def revoke(number: str) -> None:
        await revoked(district, number)

    async def state(number: str) -> None:
        async with district.engine.begin() as connection:
            await place_statement(connection, number, ["000115"], "It is spelt otherwise.")

    async def take_back(number: str) -> None:
        async with district.engine.begin() as connection:
            await end_statement(connection, number, ["000115"], Ending.WITHDRAWN)

    async def give(number: str) -> None:
        consent = GivenConsent(
            covers=("all",),
            signed_by=Capacity.PARENT,
            signer=SignerName(SAID["signer"]),
            signed_on=DAY,
            from_date=DAY,
            to_date=None,
            purpose=PURPOSE,
            party=PARTY,
            what_will_be_done=SAID["what_will_be_done"],
            form=Form.PAPER,
            evidence=SAID["evidence"],
            notice=SAID["notice"],
            notice_language="en",
        )
        async with district.engine.begin() as connection:
            await give_consent(connection, LINE, number, consent, scopes=district.in_force)

    await beside_its_merger(district, "withdrawn", withdraw)
    await beside_its_merger(district, "opted out", say_no)
    await beside_its_merger(district, "revoked", revoke)
    await beside_its_merger(district, "given", give)
    gone = {pair(act)[0] for act in ("withdrawn", "opted out", "revoked")}
    assert await seen(district) == everybody - gone
    # A family's words go along with whoever stands, and are ended for whoever stands.
    await beside_its_merger(district, "stated", state)
    await state(pair("taken back")[0])
    await beside_its_merger(district, "taken back", take_back)
    stated = await district.owner.fetch(
        "SELECT i.student_identifier FROM records.contested AS c JOIN records.identity AS i USING (student_id)"
        " WHERE c.to_idx IS NULL"
    )
    assert [row[0] for row in stated] == [pair("stated")[0]]


async def test_a_number_is_merged_once_though_two_say_it_at_once(district: SmallDistrict) -> None:
    async def merge(number: str) -> None:
        async with district.engine.begin() as connection:
            await merge_students(connection, number, pair("kept")[0], scopes=district.in_force)

    with pytest.raises(NumberRefused):
        await beside_its_merger(district, "merged", merge)

    async def keep(number: str) -> None:
        async with district.engine.begin() as connection:
            await keep_number(connection, number)

    with pytest.raises(NumberRefused):
        await beside_its_merger(district, "kept", keep)

    async def reuse(number: str) -> int:
        async with district.engine.begin() as connection:
            return (await reuse_number(connection, number, scopes=district.in_force))[0]

    assert await beside_its_merger(district, "reused", reuse)
    merged = await district.owner.fetchval("SELECT count(*) FROM records.renumbered WHERE kind = 'merged'")
    assert merged == 3


async def test_what_counts_for_a_child_under_a_number_merged_since_is_shown_with_the_child(
    district: SmallDistrict,
) -> None:
    first, second = pair("stated")
    await revoked(district, second)
    async with district.engine.begin() as connection:
        await opt_out(connection, second, scopes=district.in_force)
    async with district.engine.begin() as connection:
        await merge_students(connection, second, first, scopes=district.in_force)
    assert first not in await seen(district)
    for number in (first, second):
        found = await Restrictions(district.desk).on_file(number)
        assert [(each.name, each.ordered_on) for each in found] == [(SignerName(SAID["signer"]).plain, DAY)]
    async with district.engine.connect() as connection:
        shown = await read_on_file(connection, await student_known_as(connection, first))
    assert [(each.kind, each.ended_by) for each in shown.said if each.kind == "sharing"] == [("sharing", None)]
