"""
Whoever only follows changes holds exactly what a full read gives: the same rows, the same values, after anything.

One district, several partners with pages of their own sizes, and any sequence of loads, consents, opt-outs, rosters and
days. A partner may stop between two pages, lose an answer, be answered by another replica, or lag behind for long.
"""

import asyncio
import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from agreements.basis import Basis
from gateway.records.coverage import Scope
from policies.decision import Permit
from policies.population import And, Column, In, Or, Placement, Roster
from tests.factories.database import TestDatabase, TestServer
from tests.factories.followers import Follows
from tests.factories.records import (
    AGREEMENT,
    DAY,
    ENROLLMENTS,
    LINE,
    OTHER,
    OTHER_LINE,
    STUDENTS,
    YEAR,
    SmallDistrict,
    changed,
    permit,
    terms,
)

pytestmark = [pytest.mark.claim(2), pytest.mark.claim(7)]

EXAMPLES, STEPS, FEW = 3, 9, 4
NAME = "changes_followed"
EVERYBODY = "sha256:" + "e" * 64
"""An agreement over everybody, without consents."""
NUMBERS = [str(each[0]) for each in STUDENTS]
CHOSEN = Or((And((Roster(), In(Column.GRADE_LEVEL, ("07", "12")))), Placement(), In(Column.PROGRAM_TYPE, ("04906",))))
ORDER = ("000033", "000067", "000100", "000115", "000128", "000142", "000172", "000201", "000245", "000502", "001069")
_SOME = st.sampled_from(NUMBERS)
_DAYS = st.sampled_from([-40, -3, -1, 0, 1, 2, 5, 30]).map(lambda days: (DAY + dt.timedelta(days)).isoformat())

Step = tuple[str, Any]


def _person(number: Any, first: Any, last: Any, born: Any, *_: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    """Rows of a child whose first name, or whose birth date, is another; rarely they are of another child."""
    renamed = st.tuples(st.sampled_from(["Ana", "Bo", "Eli"]), st.just(last), st.just(born))
    corrected = st.tuples(st.just(first), st.just(last), st.sampled_from(["05.06.2012", "29.02.2008", "11.03.2008"]))
    own = renamed if number in NUMBERS[::2] else corrected
    another = st.just(("Someone", "Else", "01.01.2011"))
    rest = st.tuples(st.sampled_from(["F", "M", None]), st.sampled_from(["98101", "98109"]), st.none())
    return st.tuples(st.sampled_from([*[own] * 9, another]).flatmap(lambda named: named), rest).map(
        lambda parts: (number, *parts[0], *parts[1])
    )


_ROWS: dict[str, st.SearchStrategy[tuple[Any, ...]]] = {
    "students": _SOME.flatmap(lambda number: _person(*next(each for each in STUDENTS if each[0] == number))),
    "enrollments": st.tuples(
        _SOME,
        st.sampled_from(["north", "south"]),
        st.just(YEAR),
        st.sampled_from(["07", "12", "08"]),
        st.just("2025-09-03"),
        st.one_of(st.none(), _DAYS),
    ),
    "academic_summaries": st.tuples(_SOME, st.just(YEAR), st.sampled_from(["2.49", "2.51", "3.1"]), st.just("12")),
    "attendance_events": st.tuples(_SOME, _DAYS, st.just("north"), st.just(YEAR), st.sampled_from("+-te")),
    "course_grades": st.tuples(
        _SOME,
        st.just(YEAR),
        st.just("S1"),
        st.sampled_from(["a", "b", "c"]),
        st.just("north"),
        st.none(),
        st.sampled_from(["Algebra I", "Biology"]),
        st.sampled_from(["B", "C"]),
        st.just("B"),
        st.just("1"),
        st.just("1"),
    ),
    "assessments": st.tuples(
        _SOME,
        st.just("Fall Benchmark Reading"),
        st.sampled_from(["Reading"]),
        _DAYS,
        st.sampled_from(["Scale score", "Percentile"]),
        st.just("north"),
        st.just(YEAR),
        st.sampled_from(["2401", "2404", "2460"]),
        st.just("Level 3"),
    ),
    "discipline": st.tuples(
        _SOME,
        st.sampled_from(["i1", "i2"]),
        st.sampled_from(["Detention", "Conference"]),
        st.just(YEAR),
        st.just("north"),
        _DAYS,
        st.just("Bullying"),
        st.none(),
    ),
    "programs": st.tuples(
        _SOME, st.sampled_from(["ECS-READ", "ECS-MATH"]), st.just("04906"), _DAYS, st.one_of(st.none(), _DAYS)
    ),
    "rosters": st.tuples(st.just(OTHER_LINE), _SOME, st.just("2025-09-01"), st.one_of(st.none(), _DAYS)),
    "placements": st.tuples(st.just(OTHER_LINE), _SOME, st.just("2025-09-01"), st.one_of(st.none(), _DAYS)),
    "consents": st.tuples(
        st.just(LINE),
        _SOME,
        st.sampled_from(["all", "000115", "000115;000100;000502"]),
        st.just("parent"),
        st.just("2025-08-20"),
        st.just("2025-09-01"),
        st.one_of(st.none(), _DAYS),
    ),
    "opt_outs": st.tuples(_SOME, st.sampled_from([LINE, OTHER_LINE]), st.just("sharing"), _DAYS),
}
KEYS = {
    "students": (0,),
    "enrollments": (0, 1),
    "academic_summaries": (0,),
    "attendance_events": (0, 1),
    "course_grades": (0, 3),
    "assessments": (0, 3, 4),
    "discipline": (0, 1, 2),
    "programs": (0, 1, 3),
    "rosters": (1,),
    "placements": (1,),
    "consents": (1,),
    "opt_outs": (0, 1),
}


def _file(target: str) -> st.SearchStrategy[Step]:
    whole = st.lists(_ROWS[target], min_size=2, max_size=6, unique_by=lambda row: tuple(row[at] for at in KEYS[target]))
    return st.tuples(st.just(target), whole)


STEP: st.SearchStrategy[Step] = st.one_of(
    *(_file(target) for target in _ROWS),
    st.tuples(st.just("day"), st.sampled_from([1, 1, 6, 31, -2])),
)
PAGES = st.lists(
    st.tuples(st.integers(0, 99), st.sampled_from(["page", "page", "lost", "all"])), min_size=3, max_size=6
)


def leaves() -> list[Permit]:
    """One permit of each dataset and kind of population."""
    consented = terms(basis=Basis.CONSENT, element_order=ORDER)
    chosen = terms(CHOSEN, cadence="daily")
    everybody = [
        permit("first_name", "gpa_cumulative:band", "lea_identifier"),
        permit("days_absent", "days_in_session", dataset="attendance"),
        permit("attendance_event_date", "attendance_status", dataset="attendance_events"),
        # Of a day that is not given: a row waits for the week to be over.
        permit("attendance_status", dataset="attendance_events"),
        permit("grade_level", "school_name", dataset="enrollments"),
        permit("entry_date", "exit_date", dataset="enrollments"),
        permit("gpa_cumulative:band", dataset="academic_summary"),
        permit("cohort_graduation_year", dataset="graduation"),
        permit("course_title", "grade_earned", dataset="courses"),
        permit("assessment_subject", "assessment_score:band", dataset="assessments"),
        permit("incident_identifier:count", dataset="discipline"),
        permit("program_type", "program_start_date", dataset="programs"),
    ]
    return [
        permit("first_name", "birthdate:age_years", "grade_level", rows=consented),
        permit("incident_date", dataset="discipline", rows=consented),
        *(changed(each, agreement=EVERYBODY) for each in everybody),
        changed(permit("first_name", "grade_level", rows=chosen), agreement=OTHER),
        changed(permit("attendance_status", dataset="attendance_events", rows=chosen), agreement=OTHER),
    ]


async def opened(database: TestDatabase, folder: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, folder)
    district.scopes += [
        Scope(AGREEMENT, LINE, terms(basis=Basis.CONSENT, element_order=ORDER)),
        Scope(OTHER, OTHER_LINE, terms(CHOSEN, cadence="daily")),
        Scope(EVERYBODY, "agreement:everybody", terms()),
    ]
    await district.load(
        {
            "schools": [("north", "North", "lea-1"), ("south", "South", "lea-2")],
            "students": STUDENTS,
            "enrollments": ENROLLMENTS,
            "attendance_events": [(each, "2026-03-02", "north", YEAR, "-") for each in NUMBERS],
            "course_grades": [(NUMBERS[0], YEAR, "S1", "a", "north", None, "Algebra I", "B", "B", "1", "1")],
            "assessments": [
                (
                    NUMBERS[0],
                    "Fall Benchmark Reading",
                    "Reading",
                    "2026-03-02",
                    "Scale score",
                    "north",
                    YEAR,
                    "2401",
                    "Level 3",
                )
            ],
            "discipline": [(NUMBERS[0], "i1", "Detention", YEAR, "north", "2026-03-02", "Bullying", None)],
            "programs": [(NUMBERS[3], "ECS-READ", "04906", "2026-03-02", None)],
            "consents": [(LINE, each, "all", "parent", "2025-08-20", "2025-09-01", None) for each in NUMBERS[:2]],
        }
    )
    return district


async def happens(district: SmallDistrict, what: str, more: Any, days: list[int]) -> None:
    if what == "day":
        days[0] = max(days[0] + more, 0)
        await district.at(DAY + dt.timedelta(days[0]))
    else:
        await district.load({what: more}, confirm=True)


async def ask(partner: Follows, how: str, pool: asyncpg.Pool) -> list[str]:
    if how != "all":
        return await partner.page(pool, lost=how == "lost")
    kinds = await partner.catch_up(pool)
    await partner.require_whole(pool)
    return kinds


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """A loop that outlives the examples."""
    with asyncio.Runner() as running:
        yield running


def test_who_only_follows_changes_holds_what_a_full_read_gives(
    postgres: TestServer, runner: asyncio.Runner, tmp_path: Path
) -> None:
    database = TestDatabase(server=postgres, name=NAME)

    async def begin() -> tuple[SmallDistrict, asyncpg.Pool]:
        await postgres.create(NAME)
        return await opened(database, tmp_path), await database.pool("app")

    district, pool = runner.run(begin())
    # They go on following through all examples, so that some lag behind for long.
    veterans = [Follows(leave, limit) for leave, limit in zip(leaves(), itertools.cycle((1, 2, 3, 500)))]
    days, said = [0], Counter[str]()

    async def follow(steps: list[tuple[Step, list[tuple[int, str]]]]) -> None:
        partners = veterans + [Follows(leave, limit) for leave, limit in zip(leaves(), itertools.cycle((2, 500, 1)))]
        for (what, more), asked in steps:
            await happens(district, what, more, days)
            for which, how in asked:
                said.update(await ask(partners[which % len(partners)], how, pool))
        for each in partners:
            said.update(await ask(each, "all", pool))

    @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, phases=[Phase.generate])
    @given(st.lists(st.tuples(STEP, PAGES), min_size=STEPS, max_size=STEPS))
    def holds(steps: list[tuple[Step, list[tuple[int, str]]]]) -> None:
        runner.run(follow(steps))

    try:
        holds()
        assert min(said[kind] for kind in ("created", "changed", "deleted")) > FEW, said
    finally:
        runner.run(database.close())
        runner.run(postgres.drop(NAME))
