"""A held load: what narrows in it counts at once, and the rest only as two people confirmed exactly it, once."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agreements.errors import AlreadyRegistered, NotEntitled, SignatureMissing
from agreements.signature import Kind
from gateway.records.coverage import Scope
from gateway.records.errors import ConfirmationRefused, LoadHeld
from gateway.records.loading import workspace
from gateway.records.loading.mapping import MappingFile
from gateway.records.loading.narrowing import _common
from gateway.records.loading.report import LoadReport
from gateway.records.meanings import ALL
from gateway.services.confirmations import SignedConfirmation, confirmation_bytes
from tests.factories.agreements import Keyring, key_for
from tests.factories.confirmed import DISTRICT, confirmation_of
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    DAY,
    LINE,
    OFFICERS,
    OTHER,
    OTHER_LINE,
    YEAR,
    SmallDistrict,
    mapping_for,
    permit,
    terms,
)

pytestmark = [pytest.mark.claim(7), pytest.mark.claim(12)]

Rows = Mapping[str, Sequence[Sequence[object]]]
NUMBERS = tuple(str(1000 + place) for place in range(1, 13))
CONSENT = terms(basis="consent", element_order=("000115",))


def students(version: str = "v1", numbers: Sequence[str] = NUMBERS, born: str = "01.02.2012") -> list[Any]:
    return [(each, each, version, born, "F", "98101", None) for each in numbers]


def stays(**last: str) -> list[Any]:
    return [(each, "north", YEAR, "07", "2025-09-03", last.get(f"n{each}")) for each in NUMBERS]


def consents(numbers: Sequence[str] = NUMBERS, covers: str = "all", last: str | None = None) -> list[Any]:
    return [(OTHER_LINE, each, covers, "parent", "2025-08-20", "2025-09-01", last) for each in numbers]


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path)
    district.scopes += [Scope(AGREEMENT, LINE, terms()), Scope(OTHER, OTHER_LINE, CONSENT)]
    await district.load({"students": students(), "enrollments": stays(), "consents": consents(), "opt_outs": NOES[:1]})
    return district


NOES = [
    ("1001", None, "sharing", "2026-06-01"),
    ("1002", None, "sharing", "2025-09-01"),
    ("1001", None, "sharing", "2025-10-01"),
    ("1001", None, "sharing", "2026-09-01"),
]
"""Somebody's no from June on, somebody else's, and the first one's from earlier and from later on."""


async def seen(district: SmallDistrict, agreement: str = AGREEMENT) -> dict[str, str]:
    rows = CONSENT if agreement == OTHER else terms()
    names = ("first_name",) if agreement == OTHER else ("first_name", "last_name")
    told = await district.rows(permit(*names, agreement=agreement, rows=rows))
    return {str(row.get("first_name")): str(row.get("last_name")) for row in told}


async def held(district: SmallDistrict, files: Rows) -> LoadHeld:
    with pytest.raises(LoadHeld) as refused:
        await district.load(files)
    return refused.value


async def entries(district: SmallDistrict) -> int:
    return int(await district.owner.fetchval("SELECT size FROM audit.head"))


async def test_a_broken_export_changes_and_ends_nothing_and_its_exits_and_unreadable_rows_count_at_once(
    district: SmallDistrict,
) -> None:
    size = await entries(district)
    # Half of the students are gone, and every name is another: nothing of that is taken.
    broken = students("v2", NUMBERS[:6])
    assert (await held(district, {"students": broken, "enrollments": stays()})).entries == ()
    assert await entries(district) == size
    assert await seen(district) == dict.fromkeys(NUMBERS, "v1")
    # Two left, one of them on a day to come, and a third one's row cannot be read.
    unreadable = [*broken[:5], (*broken[5][:3], "31.02.2012", *broken[5][4:])]
    leaving = stays(n1003="2026-02-01", n1004="2026-05-01")
    error = await held(district, {"students": unreadable, "enrollments": leaving})
    assert error.held == ("students: 6 rows would end and 5 change, of 12",)
    assert len(error.entries) == 1
    assert set(await seen(district)) == {*NUMBERS} - {"1003", "1006"}
    assert set((await seen(district)).values()) == {"v1"}
    # Tried again it takes nothing more, and nobody comes back by a row that would mend something.
    assert (await held(district, {"students": unreadable, "enrollments": leaving})).entries == ()
    mended = await held(district, {"students": broken, "enrollments": stays(n1004="2026-06-01")})
    assert mended.entries == ()
    assert set(await seen(district)) == {*NUMBERS} - {"1003", "1006"}
    await district.at(dt.date(2026, 5, 2))
    assert set(await seen(district)) == {*NUMBERS} - {"1003", "1004", "1006"}
    # Two people say that the export is right.
    await district.load({"students": broken, "enrollments": stays()}, confirm=True)
    assert await seen(district) == dict.fromkeys(NUMBERS[:6], "v2")


@pytest.mark.ferpa("C8")
async def test_what_families_take_back_counts_at_once_and_what_they_give_waits(district: SmallDistrict) -> None:
    new = ("1013", "1013", "v1", "01.02.2012", "F", "98101", None)
    # Two consents are gone, every other one is to less and ends earlier, and somebody's is new.
    less = [*consents(NUMBERS[2:], "000172;000115", "2026-04-30"), *consents(("1013",))]
    error = await held(district, {"students": [new, *students()], "consents": less})
    assert error.held == ("consents: 2 rows would end and 10 change, of 12",)
    assert set(await seen(district, OTHER)) == set(NUMBERS[2:])
    assert "1013" not in await seen(district)
    covers = await district.owner.fetch("SELECT DISTINCT covers, to_date FROM records.consent WHERE to_idx IS NULL")
    assert [(row["covers"], row["to_date"]) for row in covers] == [(["000172", "000115"], dt.date(2026, 4, 30))]
    # To what was not given before, or for longer: that waits; and what nothing is left of ends.
    other = [*consents(NUMBERS[2:7], "000100"), *consents(NUMBERS[7:], "all", None)]
    await held(district, {"students": students("v2"), "consents": other})
    assert set(await seen(district, OTHER)) == set(NUMBERS[7:])
    await district.at(dt.date(2026, 5, 1))
    assert await seen(district, OTHER) == {}


async def test_a_consent_that_was_signed_earlier_covers_at_once_no_more_than_there_was_to_sign(
    district: SmallDistrict,
) -> None:
    # The element came with a version that was received after the day on which, it turns out, they signed.
    district.scopes[1] = Scope(OTHER, OTHER_LINE, CONSENT, added=(("000115", dt.date(2025, 8, 10)),))
    assert set(await seen(district, OTHER)) == set(NUMBERS)
    earlier = [(*each[:4], "2025-08-01", *each[5:]) for each in consents()]
    assert len((await held(district, {"students": students("v2"), "consents": earlier})).entries) == 1
    assert await seen(district, OTHER) == {}
    # And what they signed later, as the list says now, waits.
    await held(district, {"students": students("v2"), "consents": consents()})
    assert await seen(district, OTHER) == {}


@pytest.mark.ferpa("F2")
async def test_a_no_counts_at_once_from_its_earliest_day_and_no_no_ends_by_a_held_load(district: SmallDistrict) -> None:
    await district.at(dt.date(2025, 11, 1))
    assert {"1001", "1002"} <= (await seen(district)).keys()
    other = {"students": students("v2")}
    assert (await held(district, {**other, "opt_outs": NOES[3:]})).entries == ()
    assert len((await held(district, {**other, "opt_outs": NOES[1:3]})).entries) == 1
    assert not {"1001", "1002"} & (await seen(district)).keys()
    for again in (NOES[1:3], NOES[3:]):  # nothing new, and later
        assert (await held(district, {**other, "opt_outs": again})).entries == ()
    assert not {"1001", "1002"} & (await seen(district)).keys()


async def test_only_exactly_what_two_people_confirmed_is_loaded_and_once(
    district: SmallDistrict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "ROWS", 5)  # so that it is told how far the reading is
    files: Rows = {"students": students("v2")}
    district.write("students", *files["students"])
    mapping, size = mapping_for("students"), await entries(district)

    async def refused(error: type[Exception], match: str, confirmation: SignedConfirmation | None) -> None:
        with pytest.raises(error, match=match):
            await district.loads.load(mapping, district.folder, confirmation=confirmation)
        assert await entries(district) == size

    confirmation = await confirmation_of(district.loads, district.desk, OFFICERS, mapping, district.folder)
    assert confirmation is not None
    told, document = confirmation.load, confirmation._document

    def signed(load: Any = told, keys: Any = OFFICERS) -> SignedConfirmation:
        payload = confirmation_bytes(DISTRICT, DAY, load, "It is right.")
        return SignedConfirmation(district.desk, Keyring.sign(Kind.LOAD_CONFIRMATION, payload, *keys))

    # (1): not by one person, nor with a stranger.
    await refused(SignatureMissing, "two stewards", signed(keys=OFFICERS[:1]))
    await refused(NotEntitled, "unknown key", signed(keys=[OFFICERS[0], key_for("a stranger")]))
    # (2): no other mapping, files or counts.
    (file,), (counts,) = told.files, told.targets
    others = [
        (replace(told, mapping="sha256:" + "0" * 64), "mapping"),
        (replace(told, files=(replace(file, digest="sha256:" + "0" * 64),)), "files"),
        (replace(told, files=(file, replace(file, layer=1))), "files"),
        *(
            (replace(told, targets=(replace(counts, **{name: getattr(counts, name) + 1}),)), "numbers of rows")
            for name in ("in_force", "added", "changed", "ended")
        ),
    ]
    for other, match in others:
        await refused(ConfirmationRefused, match, signed(other))
    district.write("students", *students("v3"))
    await refused(ConfirmationRefused, "files", confirmation)
    # Nor one that takes the place of the files only while they are looked at, before or after they are read.
    for swapped in (("v3", "v2"), ("v2", "v3")):
        district.write("students", *students(swapped[0]))
        with pytest.raises(ConfirmationRefused, match="files"):
            await district.loads.load(
                mapping,
                district.folder,
                confirmation=confirmation,
                tell=lambda *_, now=swapped[1]: district.write("students", *students(now)),
            )
        assert await entries(district) == size
    # (3): the one that was confirmed.
    district.write("students", *files["students"])
    report = await district.loads.load(mapping, district.folder, confirmation=confirmation)
    # One entry, confirmed or not: the numbers of later entries, which partners see, do not tell that a load was held.
    assert (report.entries, await entries(district)) == ((size,), size + 1)
    assert set((await seen(district)).values()) == {"v2"}
    kept = await district.owner.fetchrow("SELECT kind, idx FROM agreements.document WHERE envelope = $1", document.text)
    assert kept is not None
    assert (kept["kind"], kept["idx"]) == ("load_confirmation", size)
    # What differs from what was confirmed is held, and narrows, like a load that nobody confirmed.
    district.write("students", *students("v4"))
    district.write("enrollments", *stays(n1001="2026-02-01"))
    both = mapping_for("students", "enrollments")
    with pytest.raises(ConfirmationRefused, match="mapping") as error:
        await district.loads.load(both, district.folder, confirmation=confirmation)
    assert (len(error.value.held), len(error.value.entries)) == (1, 1)
    assert set(await seen(district)) == {*NUMBERS} - {"1001"}
    # (4): and never again, though the same load would happen again.
    await district.load({"students": students()}, confirm=True)
    district.write("students", *files["students"])
    size = await entries(district)
    await refused(AlreadyRegistered, "registered already", confirmation)
    assert set((await seen(district)).values()) == {"v1"}


Covers = st.one_of(st.just([ALL]), st.lists(st.sampled_from("abcd"), min_size=1, unique=True))
Last = st.one_of(st.none(), st.dates(dt.date(2025, 9, 1), dt.date(2025, 9, 9)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(Covers, Covers, Last, Last)
def test_what_is_left_of_a_consent_is_covered_by_the_old_row_and_by_the_new(
    old: list[str], new: list[str], until: dt.date | None, now: dt.date | None
) -> None:
    row = {"covers": old, "to_date": until, "line": "agreement:a", "new_covers": new, "new_to_date": now}
    left = _common(row, ("line", "covers", "to_date"), ("to_date", "covers"))
    every = set("abcd")
    both = (every if old == [ALL] else set(old)) & (every if new == [ALL] else set(new))
    if left is None:
        assert not both
        return
    line, covers, last = left
    assert (line, every if covers == [ALL] else set(covers)) == ("agreement:a", both)
    assert last == min((each for each in (until, now) if each is not None), default=None)


def scores(subject: str, numbers: Sequence[str], score: str = "2449") -> list[Any]:
    return [(each, "Benchmark", subject, "2026-03-10", "2026-03-10", "north", YEAR, score, "3") for each in numbers]


def by_subject(*subjects: str) -> MappingFile:
    """A mapping that fills one target from one file a subject, which is the whole truth about that subject alone."""
    whole = mapping_for("assessments", scope=["assessment_title", "assessment_subject"])
    (load,), (source,) = whole.load, whole.files.values()
    files = {name: msgspec.structs.replace(source, path=f"{name}.csv") for name in subjects}
    return msgspec.structs.replace(
        whole, files=files, load=tuple(msgspec.structs.replace(load, source=name) for name in subjects)
    )


async def test_all_that_fill_one_target_are_measured_together(district: SmallDistrict) -> None:
    mapping, whole = by_subject("reading", "mathematics"), (scores("Reading", NUMBERS), scores("Mathematics", NUMBERS))

    async def loaded(reading: list[Any], mathematics: list[Any]) -> LoadReport:
        for name, rows in (("reading", reading), ("mathematics", mathematics)):
            district.write("assessments", *rows)
            (district.folder / "assessments.csv").rename(district.folder / f"{name}.csv")
        return await district.load_by(mapping, district.folder, confirm=False)

    await loaded(*whole)
    # One of a subject's twelve and one of the other's twelve are less than a tenth each, and three of both are more.
    for reading, mathematics, reason in (
        (whole[0][:11], whole[1][:10], "3 rows would end and 0 change, of 24"),
        (scores("Reading", NUMBERS[:10], "2500"), scores("Mathematics", NUMBERS, "2500"), "2 rows would end and 22"),
    ):
        with pytest.raises(LoadHeld) as refused:
            await loaded(reading, mathematics)
        assert refused.value.held[0].startswith(f"assessments: {reason}")
    # What is small of its own file, and of the whole, is no cause: somebody's score was a mistake.
    await loaded(whole[0][:10], whole[1])
