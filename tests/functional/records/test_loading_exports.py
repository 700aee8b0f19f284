"""Loads: malformed input is named and loses nothing, half a load is never seen, and doubt waits for a person."""

import datetime as dt
import gc
import json
import re
import secrets
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway.records.coverage import Scope
from gateway.records.errors import BadSource, LoadBusy, LoadHeld, RowsRefused
from gateway.records.loading import prepare, settled, workspace
from gateway.records.loading.batches import Refused
from gateway.records.loading.mapping import parse_mapping
from gateway.records.subjects import SubjectKey
from gateway.services.appearing import Appearing
from gateway.services.loads import Loads
from gateway.services.stops import withdraw_consent
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    DAY,
    ENROLLMENTS,
    LINE,
    OTHER_LINE,
    STUDENTS,
    YEAR,
    SmallDistrict,
    mapping_for,
    permit,
    terms,
)

BASIC: dict[str, Any] = {"students": STUDENTS, "enrollments": ENROLLMENTS}


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path)
    district.scopes.append(Scope(AGREEMENT, LINE, terms()))
    return district


async def names(district: SmallDistrict) -> set[str]:
    return {row["first_name"] for row in await district.rows(permit("first_name"))}


async def counts(district: SmallDistrict, table: str) -> int:
    return int(await district.owner.fetchval(f"SELECT count(*) FROM records.{table}"))  # noqa: S608 - our own names


# --- What is refused


async def test_a_malformed_row_is_named_and_the_rest_goes_in(district: SmallDistrict) -> None:
    rows = (*STUDENTS, ("1005", "Eve", "X", "2012-02-31", "F", None, None), ("1006", "Fay", "X", None, "?", None, None))
    report = await district.load({"students": rows, "enrollments": ENROLLMENTS})
    assert [str(row) for row in report.refused] == [
        "students:6: 'born' is no date written as %d.%m.%Y",
        "students:7: 'sex' is none of the values in the map",
    ]
    assert await names(district) == {"Ana", "Bo", "Chí", "Dua"}


async def test_strict_loads_nothing_and_names_every_row(district: SmallDistrict) -> None:
    rows = (*STUDENTS, ("1005", "Eve", "X", "never", "F", None, None))
    with pytest.raises(RowsRefused) as refused:
        await district.load({"students": rows, "enrollments": ENROLLMENTS}, strict=True)
    assert refused.value.rows == ("students:6: 'born' is no date written as %d.%m.%Y",)
    assert await counts(district, "identity") == 0
    assert await counts(district, "batch") == 0


async def test_a_row_of_an_unknown_student_and_a_key_that_comes_twice_are_refused(district: SmallDistrict) -> None:
    twice = (*STUDENTS, ("1001", "Ann", "Ruiz", None, None, None, None))
    stranger = (*ENROLLMENTS, ("9999", "north", YEAR, "07", "2025-09-03", None))
    report = await district.load({"students": twice, "enrollments": stranger})
    assert [str(row) for row in report.refused] == [
        "students:2: its key appears more than once",
        "students:6: its key appears more than once",
        "enrollments:7: its student is not there",
    ]
    assert await names(district) == {"Bo", "Chí", "Dua"}


async def test_a_missing_file_loads_nothing(district: SmallDistrict) -> None:
    with pytest.raises(BadSource):
        await district.loads.load(mapping_for("students"), district.folder)


async def test_a_student_whose_row_was_refused_is_withheld_and_not_deleted(district: SmallDistrict) -> None:
    await district.load(BASIC)
    before = (await district.page(permit("first_name"))).codes
    broken = (("1001", "Ana", "Ruiz", "soon", "F", None, None), *STUDENTS[1:])
    report = await district.load({"students": broken})
    assert [(each.ended, each.withheld) for each in report.targets] == [(0, 1)]
    assert await names(district) == {"Bo", "Chí", "Dua"}
    again = await district.load({"students": STUDENTS})
    assert [(each.changed, each.unchanged) for each in again.targets] == [(0, 4)]
    assert await names(district) == {"Ana", "Bo", "Chí", "Dua"}
    assert (await district.page(permit("first_name"))).codes == before


async def test_when_nobody_can_tell_whose_row_was_broken_whoever_is_missing_is_withheld(
    district: SmallDistrict,
) -> None:
    await district.load(BASIC)
    district.write("students", *STUDENTS[1:])
    with (district.folder / "students.csv").open("a") as file:
        file.write('"1001,Ana\n')
    report = await district.loads.load(mapping_for("students"), district.folder)
    assert [str(row) for row in report.refused] == ["students:5: a quotation mark is opened and never closed"]
    assert [(each.ended, each.withheld) for each in report.targets] == [(0, 1)]
    assert await names(district) == {"Bo", "Chí", "Dua"}


# --- What is held


async def test_a_load_that_would_end_too_much_waits_for_a_person(district: SmallDistrict) -> None:
    await district.load(BASIC)
    with pytest.raises(LoadHeld, match="students: 1 rows would end and 0 change, of 4"):
        await district.load({"students": STUDENTS[1:]})
    assert await names(district) == {"Ana", "Bo", "Chí", "Dua"}
    report = await district.load({"students": STUDENTS[1:]}, confirm=True)
    assert [each.ended for each in report.targets] == [1]
    assert await names(district) == {"Bo", "Chí", "Dua"}


async def test_a_load_that_would_change_too_much_waits_for_a_person(district: SmallDistrict) -> None:
    await district.load(BASIC)
    shifted = [(number, last, first, *rest) for number, first, last, *rest in STUDENTS]
    with pytest.raises(LoadHeld, match="0 rows would end and 4 change"):
        await district.load({"students": shifted})


async def test_exits_wait_for_nobody(district: SmallDistrict) -> None:
    await district.load(BASIC)
    over: list[tuple[object, ...]] = [(*row[:5], "2026-01-31") for row in ENROLLMENTS]
    over[3] = tuple(ENROLLMENTS[3])
    await district.load({"enrollments": over})
    assert await names(district) == set()


async def test_a_roster_that_shrinks_waits_for_nobody_and_another_agreements_is_left_alone(
    district: SmallDistrict,
) -> None:
    everyone = [(agreement, row[0], "2025-09-01", None) for agreement in (LINE, OTHER_LINE) for row in STUDENTS]
    await district.load({**BASIC, "rosters": everyone})
    report = await district.load({"rosters": everyone[:1]})
    assert [(each.ended, each.unchanged) for each in report.targets] == [(3, 1)]
    rows = await district.owner.fetch("SELECT line FROM records.roster WHERE to_idx IS NULL")
    assert sorted(row[0] for row in rows) == [*[OTHER_LINE] * 4, LINE]


# --- What changes, and what does not


async def test_only_differences_are_written(district: SmallDistrict) -> None:
    await district.load(BASIC)
    moved = (("1001", "Ana", "Ruiz Vega", *STUDENTS[0][3:]), *STUDENTS[1:], ("1005", "Eve", "X", None, "F", None, None))
    report = await district.load({"students": moved, "enrollments": ENROLLMENTS})
    students, stays = report.targets
    assert (students.added, students.changed, students.ended, students.unchanged) == (1, 1, 0, 3)
    assert (stays.added, stays.changed, stays.ended, stays.unchanged) == (0, 0, 0, 5)
    assert await counts(district, "student") == 6
    assert await counts(district, "enrollment") == 5


async def test_a_file_of_some_days_ends_nothing_on_other_days(district: SmallDistrict) -> None:
    await district.load(BASIC)
    mapping = mapping_for("attendance_events", scope=["attendance_event_date"])

    async def load(*events: tuple[str, ...]) -> list[tuple[int, int, int]]:
        district.write("attendance_events", *events)
        report = await district.load_by(mapping, district.folder)
        return [(each.added, each.changed, each.ended) for each in report.targets]

    monday = ("1001", "2026-03-02", "north", YEAR, "-")
    assert await load(monday, ("1002", "2026-03-02", "north", YEAR, "-")) == [(2, 0, 0)]
    assert await load(("1001", "2026-03-03", "north", YEAR, "+")) == [(1, 0, 0)]
    assert await load(("1001", "2026-03-02", "north", YEAR, "e")) == [(0, 1, 1)]


async def test_a_file_that_is_the_truth_about_nothing_ends_nothing(district: SmallDistrict) -> None:
    await district.load(BASIC)
    district.write("students", ("1005", "Eve", "X", None, "F", None, None))
    report = await district.loads.load(mapping_for("students", scope=[]), district.folder)
    assert [(each.added, each.ended) for each in report.targets] == [(1, 0)]


async def test_an_empty_list_that_names_its_agreement_ends_that_list(district: SmallDistrict) -> None:
    await district.load({**BASIC, "rosters": [(each, "1001", "2025-09-01", None) for each in (LINE, OTHER_LINE)]})
    district.write("rosters")
    mapping = parse_mapping(
        'format = 1\nname = "x"\n[files.r]\npath = "rosters.csv"\n[[load]]\ntarget = "rosters"\nfrom = "r"\n'
        f'fields.agreement = {{ constant = "{LINE}" }}\n'
        'fields.student_identifier = "number"\nfields.from_date = "in"\n'
    )
    await district.loads.load(mapping, district.folder)
    assert await district.owner.fetchval("SELECT line FROM records.roster WHERE to_idx IS NULL") == OTHER_LINE


async def test_agreements_can_be_named_by_words_given_with_the_load(district: SmallDistrict) -> None:
    text = (
        'format = 1\nname = "x"\n[files.r]\npath = "rosters.csv"\n[[load]]\ntarget = "rosters"\nfrom = "r"\n'
        'fields.agreement = { column = "agreement", lookup = "agreements" }\n'
        'fields.student_identifier = "number"\nfields.from_date = "in"\n'
    )
    await district.load(BASIC)
    district.write("rosters", ("tutors", "1001", "2025-09-01", None), ("others", "1001", "2025-09-01", None))
    lookups = {"agreements": {"tutors": LINE}}
    report = await district.loads.load(parse_mapping(text), district.folder, lookups=lookups)
    assert [str(row) for row in report.refused] == ["r:3: 'agreement' is not in the table 'agreements'"]
    assert await district.owner.fetchval("SELECT line FROM records.roster") == LINE


# --- What a person has settled


async def test_no_load_brings_back_a_withdrawn_consent_unless_it_was_signed_again(district: SmallDistrict) -> None:
    rows = terms(basis="consent", element_order=("000115",))
    district.scopes[:] = [Scope(AGREEMENT, LINE, rows)]
    old = (LINE, "1001", "all", "parent", "2025-09-01", "2025-09-02", None)
    await district.load({**BASIC, "consents": [old]})
    leave = permit("first_name", rows=rows)
    assert len(await district.rows(leave)) == 1
    async with district.engine.begin() as connection:
        await withdraw_consent(connection, LINE, "1001", scopes=district.in_force)
    report = await district.load({"consents": [old]})
    assert [str(row) for row in report.refused] == ["consents:2: this consent was withdrawn after it was signed"]
    assert await district.rows(leave) == []
    await district.at(dt.date(2026, 4, 1))
    new = (LINE, "1001", "all", "parent", "2026-03-31", "2026-03-31", None)
    report = await district.load({"consents": [new]})
    assert not report.refused
    assert len(await district.rows(leave)) == 1


# --- Nothing half-loaded


async def test_a_load_that_fails_at_the_end_is_seen_by_nobody_and_undone_by_the_next(district: SmallDistrict) -> None:
    await district.load(BASIC)

    async def gone(_connection: object) -> list[Scope]:
        raise OSError

    broken = Loads(district.engine, SubjectKey(bytes(32)), gone)
    changed = (("1001", "Zoe", "Ruiz", *STUDENTS[0][3:]), *STUDENTS[1:], ("1005", "Eve", "X", None, "F", None, None))
    district.write("students", *changed)
    with pytest.raises(OSError):  # noqa: PT011 - the very error raised above
        await broken.load(mapping_for("students"), district.folder)
    assert await counts(district, "student") == 6
    assert await names(district) == {"Ana", "Bo", "Chí", "Dua"}
    size = await district.owner.fetchval("SELECT size FROM audit.head")
    report = await district.load({"students": STUDENTS})
    assert [(each.added, each.changed, each.unchanged) for each in report.targets] == [(0, 0, 4)]
    assert await counts(district, "student") == 4
    assert report.entries == (size,)


async def test_rows_prepared_but_not_published_are_invisible(district: SmallDistrict) -> None:
    await district.load(BASIC)
    seen = []

    async def look(_connection: object) -> list[Scope]:
        seen.append(await names(district))
        return district.scopes

    loads = Loads(district.engine, SubjectKey(bytes(32)), look)
    district.write("students", ("1001", "Zoe", "Ruiz", *STUDENTS[0][3:]), *STUDENTS[1:])
    await loads.load(mapping_for("students"), district.folder)
    assert seen == [{"Ana", "Bo", "Chí", "Dua"}]
    assert await names(district) == {"Zoe", "Bo", "Chí", "Dua"}


async def test_two_loads_do_not_run_at_once(district: SmallDistrict) -> None:
    other: asyncpg.Connection = await district.database.connection("loader")
    await other.execute("SELECT pg_advisory_lock(hashtextextended('pactgate.load', 0))")
    with pytest.raises(LoadBusy):
        await district.load(BASIC)
    await other.execute("SELECT pg_advisory_unlock_all()")
    await district.load(BASIC)


async def test_a_stop_during_the_preparation_sends_the_load_back(district: SmallDistrict) -> None:
    rows = terms(basis="consent", element_order=("000115",))
    district.scopes[:] = [Scope(AGREEMENT, LINE, rows)]
    old, other = ((LINE, each, "all", "parent", "2025-09-01", "2025-09-02", None) for each in ("1001", "1002"))
    new = (*old[:2], "000115", *old[3:])
    await district.load({**BASIC, "consents": [old, other]})
    # Stands for a withdrawal that commits between the comparison and the load's last transaction.
    await district.owner.execute(
        "CREATE FUNCTION records.withdraw() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
        " UPDATE records.consent AS c SET to_idx = 50, withdrawn_on = '2026-03-11' FROM records.identity AS i"
        " WHERE i.student_id = c.student_id AND i.student_identifier = '1001'; RETURN NEW; END $$;"
        "CREATE TRIGGER meanwhile AFTER INSERT ON records.batch FOR EACH ROW EXECUTE FUNCTION records.withdraw()"
    )
    report = await district.load({"consents": [new, other]})
    # It began anew, and then it met a consent that was withdrawn after it was signed.
    assert [row.reason for row in report.refused] == ["this consent was withdrawn after it was signed"]
    assert await district.owner.fetchval("SELECT count(*) FROM records.consent WHERE to_idx IS NULL") == 1
    # Where something comes about somebody in its lists whenever it is prepared, it gives way.
    size = await district.owner.fetchval("SELECT size FROM audit.head")
    await district.owner.execute(
        "CREATE OR REPLACE FUNCTION records.withdraw() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
        " UPDATE records.consent SET to_idx = to_idx + 1; RETURN NEW; END $$"
    )
    with pytest.raises(LoadBusy, match="stops"):
        await district.load({"consents": [new, other], "opt_outs": [("1001", None, "directory", "2026-01-01")]})
    assert await district.owner.fetchval("SELECT size FROM audit.head") == size


async def test_more_rows_than_are_held_at_a_time_are_loaded_alike(
    district: SmallDistrict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "ROWS", 2)
    monkeypatch.setattr(settled, "ROWS", 1)
    monkeypatch.setattr(prepare, "ROWS", 1)
    twice = (*STUDENTS, *STUDENTS[:2], ("1005", "Eve", "X", "soon", None, None, None))
    noes = [("1001", None, "sharing", "never"), ("1002", None, "sharing", "never"), ("1003", None, "directory", DAY)]
    told: list[Refused] = []
    report = await district.load({"students": twice, "enrollments": ENROLLMENTS, "opt_outs": noes}, refused=told.append)
    assert [each.refused_rows for each in report.targets] == [5, 0, 2]
    assert [str(row) for row in told] == [str(row) for row in report.refused]
    assert report.targets[0].reasons == {
        "its key appears more than once": 4,
        "'born' is no date written as %d.%m.%Y": 1,
    }
    assert [each.added for each in report.targets] == [2, 5, 3]
    assert await names(district) == {"Chí", "Dua"}


async def test_a_dry_run_writes_nothing_and_says_what_would_be_held(district: SmallDistrict) -> None:
    class Dying(Appearing):
        async def publish(self, *_prepared: Any, **_more: Any) -> tuple[int, ...]:
            raise ConnectionError

    await district.load(BASIC)
    district.write("students", *STUDENTS[1:])
    dying = Loads(district.engine, SubjectKey(bytes(32)), district.in_force)
    dying.appearing = Dying(district.engine, district.in_force, secrets.token_bytes)
    with pytest.raises(ConnectionError):
        await district.load_by(mapping_for("students"), district.folder, loads=dying)
    before = await district.owner.fetchrow("SELECT size, epoch FROM audit.head")
    report = await district.load({"students": STUDENTS[1:]}, dry=True)
    assert report.held == ("students: 1 rows would end and 0 change, of 4",)
    assert (report.entries, report.targets[0].ended) == ((), 1)
    assert await district.owner.fetchrow("SELECT size, epoch FROM audit.head") == before
    # Not even what a load that died left behind is tidied up.
    assert await counts(district, "batch") == 2


async def test_pythons_collector_sees_everything_again_after_a_load(district: SmallDistrict) -> None:
    with pytest.raises(BadSource):
        await district.load_by(mapping_for("students"), district.folder / "nowhere")
    await district.load(BASIC)
    assert gc.get_freeze_count() == 0


async def test_a_large_part_is_committed_to_in_sections_and_a_small_one_as_ever(district: SmallDistrict) -> None:
    await district.load(BASIC)
    query = "SELECT part, rows, digest FROM records.loaded_between(1, 1, $1) WHERE part = 'student.begun'"
    whole, sections = [await district.owner.fetchrow(query, limit) for limit in (4, 3)]
    assert whole is not None
    assert sections is not None
    rows = await district.owner.fetch(
        "SELECT row_digest FROM records.loaded_rows(1, 1) WHERE part = 'student.begun' ORDER BY row_digest"
    )
    digests = [row[0] for row in rows]
    packed = [b"".join(each) for _, each in groupby(digests, key=lambda digest: digest[0])]
    assert whole["digest"] == sha256(b"".join(digests)).digest()
    assert sections["digest"] == sha256(b"".join(sha256(each).digest() for each in packed)).digest()
    assert whole["rows"] == sections["rows"] == 4


# --- The log


@pytest.mark.claim(1)
async def test_a_load_has_an_entry_with_the_digest_of_its_batch_and_no_personal_data(district: SmallDistrict) -> None:
    roster = [(LINE, "1001", "2025-09-01", None)]
    report = await district.load({**BASIC, "rosters": roster})
    rows = await district.owner.fetch("SELECT idx, leaf FROM audit.entry ORDER BY idx")
    entries = [json.loads(row["leaf"]) for row in rows]
    assert report.entries == tuple(row["idx"] for row in rows) == (0, 1)
    assert [entry["event"] for entry in entries] == ["records.loaded", "roster.loaded"]
    assert entries[0]["targets"]["students"] == {"added": 4, "changed": 0, "ended": 0, "refused": 0}
    batches = await district.owner.fetch("SELECT id, digest, idx, rows FROM records.batch ORDER BY id")
    assert [(row["id"], row["idx"], row["rows"]) for row in batches] == [(1, 0, 9), (2, 1, 1)]
    assert [entry["digest"] for entry in entries] == [f"sha256:{row['digest'].hex()}" for row in batches]
    assert await district.owner.fetchval("SELECT epoch FROM audit.head") == 1
    # Without the digests: four digits in a row may well stand in one.
    text = re.sub("[0-9a-f]{64}", "", "".join(row["leaf"].decode() for row in rows))
    assert not [word for word in ("1001", "Ana", "Ruiz", "rc_") if word in text]


@pytest.mark.claim(1)
async def test_the_digest_of_a_small_batch_cannot_be_guessed(district: SmallDistrict, postgres: Any) -> None:
    # The same one student in another district: the digests cover random internal ids, so they differ.
    other = TestDatabase(server=postgres, name=f"{district.database.name}_twin")
    await postgres.create(other.name)
    twin = await SmallDistrict.open(other, district.folder)
    try:
        for each in (district, twin):
            await each.load({"students": STUDENTS[:1]})
        digests = {await each.owner.fetchval("SELECT digest FROM records.batch") for each in (district, twin)}
        assert len(digests) == 2
    finally:
        await other.close()
        await postgres.drop(other.name)


async def test_a_load_that_changes_nothing_is_on_the_log_and_moves_no_epoch(district: SmallDistrict) -> None:
    await district.load(BASIC)
    report = await district.load(BASIC)
    assert report.entries == (1,)
    assert tuple(await district.owner.fetchrow("SELECT size, epoch FROM audit.head") or ()) == (2, 0)
