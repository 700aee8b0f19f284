"""
The kept population against its own definition after every change, and against the calendar in zones where days jump.

The whole corpus takes part: what is kept must be what `coverage.covered` says of the visible facts, whoever changed
them.
"""

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.records.coverage import Scope, covered
from gateway.records.release import population
from gateway.services.stops import opt_out, withdraw_consent
from policies.population import And, Column, Everyone, In, NotInKnown, Or, Placement, Roster
from policies.term import pinned_zone
from tests.factories.database import TestDatabase
from tests.factories.hostile_reading import ORDER, HostileDistrict
from tests.factories.hostile_rows import FIRST, corpus, ordinary, write_into
from tests.factories.plain_reading import Consent, Person, Span, Stay
from tests.factories.records import LINE, OTHER_LINE, YEAR, SmallDistrict, promised, terms

NORTH = In(Column.SCHOOL_IDENTIFIER, ("north",))
NOT_SPECIAL = NotInKnown(Column.PROGRAM_TYPE, ("special",))
SCOPES = (
    Scope("sha256:" + "1" * 64, LINE, terms(Everyone(), basis="consent", element_order=ORDER)),
    Scope("sha256:" + "2" * 64, LINE, terms(Or((Roster(), NOT_SPECIAL)), basis="directory_information")),
    Scope("sha256:" + "3" * 64, OTHER_LINE, terms(And((Placement(), NORTH)), basis="usc_1232g_b_1_L")),
    Scope("sha256:" + "4" * 64, OTHER_LINE, terms(NOT_SPECIAL, basis="studies", time_zone="Pacific/Auckland")),
)


async def require_kept(district: SmallDistrict) -> int:
    """Check that each population is what its definition gives now; return how many rows there are."""
    found = 0
    async with district.engine.connect() as connection:
        for scope in SCOPES:
            current = population.c.agreement == scope.agreement, population.c.to_idx.is_(None)
            kept = select(population.c.student_id, population.c.covers, population.c.valid).where(*current)
            rows = [{str(row) for row in await connection.execute(query)} for query in (kept, covered(promised(scope)))]
            assert rows[0] == rows[1], scope
            found += len(rows[0])
    return found


@pytest.mark.claim(3)
@pytest.mark.claim(7)
async def test_after_every_change_the_kept_population_is_what_the_facts_say(
    database: TestDatabase, tmp_path: Path
) -> None:
    district, people = await SmallDistrict.open(database, tmp_path), corpus()
    district.scopes += [promised(each) for each in SCOPES]
    await write_into(district, people)
    whole = await require_kept(district)
    assert whole > len(people)
    sizes = [whole]
    consented = [each.number for each in people if each.consents and each.consents[0].of == LINE][:4]
    for number in consented[:2]:
        async with district.engine.begin() as connection:
            await withdraw_consent(connection, LINE, number, scopes=district.in_force)
        sizes.append(await require_kept(district))
    for number, line in ((consented[2], None), (consented[3], LINE)):
        async with district.engine.begin() as connection:
            await opt_out(connection, number, scopes=district.in_force, line=line)
        sizes.append(await require_kept(district))
    # The students of a partner leave, one list after the other; the same export of the next night brings nobody back.
    for target in ("rosters", "placements", "consents"):
        rows = [(LINE, people[0].number, FIRST, None)]
        given = [(LINE, people[0].number, "all", "parent", FIRST, FIRST, None)]
        await district.load({target: given if target == "consents" else rows}, confirm=True)
        sizes.append(await require_kept(district))
    assert sizes == sorted(sizes, reverse=True)


# --- Days are those of the agreement's zone, also where the clock jumps

ZONES = {
    "America/Los_Angeles": (dt.date(2026, 3, 8), dt.date(2025, 11, 2)),
    "Pacific/Auckland": (dt.date(2026, 4, 5), dt.date(2025, 9, 28)),
}
"""Each zone with the day that has 23 or 25 hours in spring, and the one in autumn."""


def _ending(day: dt.date) -> list[Person]:
    """Return students for whom `day` is the last one, each by another rule, and one whom it does not concern."""
    before = day - dt.timedelta(1)
    people = [
        ordinary("stays"),
        ordinary("exits", stays=[Stay("north", "09", YEAR, dt.date(2025, 9, 3), day)]),
        ordinary("leaves the roster", rosters=[Span(LINE, FIRST, day)]),
        ordinary("leaves the placement", placements=[Span(LINE, FIRST, day)]),
        ordinary("was placed until the day before", placements=[Span(LINE, FIRST, before)]),
        ordinary("lapses", consents=[Consent(LINE, ("all",), "parent", FIRST, day)]),
        ordinary("turns 18", born=day.replace(year=day.year - 18)),
        ordinary("leaves the program", programs=[("tutoring", FIRST, day)]),
    ]
    for number, person in enumerate(people):
        person.number = f"Z{number}"
    return people


@pytest.mark.claim(3)
@pytest.mark.ferpa("C5")
@pytest.mark.parametrize(("zone", "day"), [(zone, day) for zone, days in ZONES.items() for day in days])
async def test_a_students_last_day_ends_at_midnight_of_the_agreements_zone(
    database: TestDatabase, tmp_path: Path, zone: str, day: dt.date
) -> None:
    district, people = await SmallDistrict.open(database, tmp_path), _ending(day)
    await write_into(district, people)
    read = HostileDistrict(district, people)
    seen = set[frozenset[str]]()
    midnights = [dt.datetime.combine(day + dt.timedelta(days), dt.time(), pinned_zone(zone)) for days in (0, 1)]
    for basis, shape in (
        ("consent", And((Roster(), In(Column.PROGRAM_TYPE, ("tutoring",))))),
        ("usc_1232g_b_1_L", Placement()),
    ):
        await read.under(terms(shape, basis=basis, time_zone=zone, element_order=ORDER))
        for midnight in midnights:
            for seconds, ago in ((-1, 1), (0, 0)):
                await read.at(midnight.astimezone(dt.UTC) + dt.timedelta(seconds=seconds))
                today = midnight.date() - dt.timedelta(ago)
                assert await read.differences_now(today) == [], (basis, today)
                seen.add(frozenset(read.expected(today)))
    # Before the day, on it and after it: each midnight moves somebody, under either basis.
    assert len(seen) == 6
