"""
Two worlds in which one partner sees the same, day after day, and nearly everything that it may not see differs.

    files(world=0, day)    # the district's export of that day; of two worlds only what no agreement here gives differs

What leaves is drawn from the student and the day alone, what stays from the world too: the birth date behind a year and
an age, the number behind a band, the day behind a count's cadence, the section, the exact day, the sign of a mark,
elements that a consent leaves out, rows that are withheld for their codes, students of nobody's roster. In world 0 it
stands still, in world 1 it is another one each day; so polling finds out too if it shows. Names are others once, on the
first day, and birth dates only later: who had another name and birth date overnight would be another child.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, Final

from agreements.elements import load_catalogue
from tests.factories.agreements import SPS_A, SPS_B, Keyring, SignedAgreement
from tests.factories.cohort import Rows

OFFICIAL, CONSENTED = "official", "consented"
LINES: Final = {OFFICIAL: "agreement:sps-b-spying", CONSENTED: "agreement:sps-a-spying"}
FIRST: Final = dt.date(2027, 3, 3)
"""The first simulated day: a Wednesday."""
YEAR: Final = "2026-2027"
_WEEKS_FROM: Final = dt.date(2027, 2, 15)
_ENTRY: Final = dt.date(2026, 9, 2)
COVERED: Final = tuple(f"s{place}" for place in range(7))
_HIDDEN: Final = tuple(f"u{place}" for place in range(4))
PARTLY: Final = COVERED[:3]
"""Those whose consent covers `FEW` elements only."""
FEW: Final = ("000115", "000243", "000076", "000225", "000590", "000128")
OF_NOBODY_COVERED: Final = "2033"
"""A year in which only students graduate of whom this partner hears nothing."""
_GIVEN: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    OFFICIAL: {
        "students": (
            "first_name",
            "birthdate:age_years",
            "postal_code:zip3",
            "grade_level:band",
            "entry_date:year",
            "gpa_cumulative:band",
            "credits_earned_cumulative:band",
            "last_name:blank",
            "school_identifier",
            "school_year",
        ),
        "enrollments": ("school_identifier", "school_year", "grade_level:band", "entry_date:year"),
        "academic_summary": (
            "school_year",
            "session_identifier",
            "session_begin_date:year",
            "gpa:band",
            "gpa_cumulative:band",
            "credits_earned_cumulative:band",
        ),
        "graduation": ("school_year", "cohort_graduation_year", "diploma_award_date:year"),
        "attendance": ("days_in_session", "days_absent:band", "days_tardy", "chronic_absenteeism"),
        "courses": ("course_title", "grade_earned:band", "credits_earned"),
        "assessments": ("assessment_title", "assessment_start_date:year", "assessment_score:band"),
        "discipline": ("incident_identifier:count",),
        "programs": ("program_type", "program_start_date:year"),
    },
    CONSENTED: {
        "students": ("first_name", "school_year", "sex", "birthdate:year", "gpa_cumulative:band", "grade_level:band"),
        "enrollments": ("grade_level:band", "school_year"),
        "academic_summary": ("gpa_cumulative:band", "school_year"),
        "graduation": ("diploma_award_date:year", "school_year"),
        "attendance_events": ("attendance_status", "school_year"),
        "programs": ("program_type", "program_start_date:year", "mtss_tier"),
        "courses": ("grade_earned:band", "school_year"),
    },
}


def granted_in(name: str) -> Mapping[str, Mapping[str, str]]:
    """Return, by dataset, each element that an agreement gives and how."""
    return {
        dataset: {line.partition(":")[0]: line.partition(":")[2] or "exact" for line in lines}
        for dataset, lines in _GIVEN[name].items()
    }


def agreements_of(ring: Keyring, partner: object) -> Mapping[str, SignedAgreement]:
    """Return the two agreements of one partner, signed and approved."""
    made = {}
    for name, example in ((OFFICIAL, SPS_B), (CONSENTED, SPS_A)):
        changes: dict[str, Any] = {
            "/id": LINES[name],
            "/partner": partner,
            "/datasets": [_dataset(name, dataset) for dataset in _GIVEN[name]],
            "/population": {"roster": True},
        }
        made[name] = ring.agreement(example, changes=changes)
    return made


def _dataset(name: str, dataset: str) -> dict[str, Any]:
    catalogue, lines = load_catalogue(), []
    for wire, transformation in granted_in(name)[dataset].items():
        element = catalogue.named(dataset, wire)
        line: dict[str, Any] = {"element": element.id, "transformation": transformation}
        if element.tier_after(transformation).is_sensitive:
            line["own_line"] = True
        lines.append(line)
    return {"dataset": dataset, "school_years": [YEAR], "elements": lines}


def standing() -> dict[str, Rows]:
    """Return who is on which roster and who consented to what: the same in both worlds, from the first day."""
    return {
        "rosters": [(line, each, "2026-09-01", None) for line in LINES.values() for each in COVERED],
        "consents": [
            (
                LINES[CONSENTED],
                each,
                ";".join(FEW) if each in PARTLY else "all",
                "parent",
                "2026-08-25",
                "2026-09-01",
                None,
            )
            for each in COVERED
        ],
    }


def files(world: int, day: int) -> dict[str, Rows]:
    """Return the export of a world on the evening before simulated day number `day`."""
    found: dict[str, list[Sequence[object]]] = {name: [] for name in COLUMNS}
    for place in (101, 102):
        found["schools"].append((f"ECS-{place}", _hidden(world, day, place).random(), "emerald-city"))
    for name, begins in (("S1", dt.date(2026, 8, 20)), ("S2", dt.date(2027, 1, 25))):
        kept = _hidden(world, day, name)
        first = begins + dt.timedelta(days=kept.randrange(7))
        found["sessions"].append((YEAR, name, f"Session {kept.random()}", first, first + dt.timedelta(days=120)))
    for each in (*COVERED, *_HIDDEN[: 2 + (2 * world + day) % 3]):
        found["students"].append(_person(each, world, day))
        seen = _seen(each) if each in COVERED else _hidden(world, day, each)
        for target, row in _rows(each, day, seen, _hidden(world, day, each)):
            found[target].append(row)
    return {target: tuple(rows) for target, rows in found.items()}


COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    target: tuple(names.split()) if target in {"schools", "sessions"} else ("student_identifier", *names.split())
    for target, names in {
        "schools": "school_identifier school_name lea_identifier",
        "sessions": "school_year session_identifier session_name begin_date end_date",
        "students": "first_name last_name birthdate sex postal_code telephone diploma_type diploma_award_date"
        " cohort_graduation_year ninth_grade_on_track",
        "enrollments": "school_identifier school_year grade_level entry_date exit_date exit_type",
        "academic_summaries": "school_year session_identifier gpa gpa_cumulative credits_earned_cumulative"
        " gpa_weighted on_track_to_graduate",
        "attendance_events": "attendance_event_date school_identifier school_year attendance_status",
        "course_grades": "school_year session_identifier section_identifier school_identifier course_identifier"
        " course_title grade_earned final_mark credits_attempted credits_earned",
        "assessments": "assessment_title assessment_subject assessment_start_date assessment_score_type"
        " school_identifier school_year assessment_score performance_level_label",
        "discipline": "incident_identifier disciplinary_action school_year school_identifier incident_date"
        " incident_behavior disciplinary_action_duration",
        "programs": "program_identifier program_type program_start_date program_exit_date",
    }.items()
}
"""What each place of a row is."""


def plain(content: Mapping[str, Rows]) -> dict[str, list[dict[str, object]]]:
    """Return these rows by name, as `tests.factories.plain` loads them."""
    return {
        target: [
            dict(zip(COLUMNS[target], ("" if cell is None else cell for cell in row), strict=True)) for row in rows
        ]
        for target, rows in content.items()
    }


def _seen(about: str) -> Random:
    return Random(f"seen|{about}")  # noqa: S311 - repeatable


def _hidden(world: int, day: int, about: object) -> Random:
    return Random(f"hidden|{world}|{day if world else 0}|{about}")  # noqa: S311 - repeatable


_Row = tuple[str, Sequence[object]]


def _person(each: str, world: int, day: int) -> Sequence[object]:
    is_told = each in COVERED
    kept = _hidden(world, day, f"person {each}")
    seen = _seen(f"person {each}") if is_told else kept
    named = _hidden(world, 0, f"name {each}")
    born_by = _hidden(world if day > 0 else 0, day, f"birth {each}")
    told_of = seen if is_told else born_by
    year, is_older = told_of.choice((2011, 2012)), told_of.random() < 0.5
    born = dt.date(year, 1, 1) if is_older else dt.date(year, 9, 2)
    born += dt.timedelta(days=born_by.randrange(243 if is_older else 121))
    first = f"First{(seen if is_told else named).randrange(10**6)}"
    sex = (kept if each in PARTLY else seen).choice(("Female", "Male"))
    lives = f"{seen.choice(('981', '982'))}{kept.randrange(100):02}"
    awarded = dt.date(seen.choice((2026, 2027)), 1, 1) + dt.timedelta(days=kept.randrange(60))
    return (
        *(each, first, f"Last{named.randrange(10**6)}", born, sex, lives, f"555-{kept.randrange(10**4):04}"),
        *(
            kept.choice(("00806", "00811")),
            awarded,
            seen.choice(("2029", "2030")) if is_told else OF_NOBODY_COVERED,
            kept.random() < 0.5,
        ),
    )


def _rows(each: str, day: int, seen: Random, kept: Random) -> Iterator[_Row]:
    """Yield a student's rows: what leaves is drawn from `seen`, what stays from `kept`."""
    band = seen.choice((("01", "05"), ("06", "08"), ("09", "12")))
    grade = f"{kept.randint(int(band[0]), int(band[1])):02}"
    school = "ECS-101" if each[0] == "s" else "ECS-102"
    entered = _ENTRY + dt.timedelta(days=kept.randrange(60))
    yield "enrollments", (each, school, YEAR, grade, entered, None, None)
    for session in ("", "S1", "S2"):
        points, earned = seen.randrange(8) / 2, seen.randrange(5) * 5
        yield (
            "academic_summaries",
            (
                *(each, YEAR, session, points + kept.randrange(50) / 100, points + kept.randrange(50) / 100),
                *(earned + kept.randrange(500) / 100, kept.random() < 0.5, kept.random() < 0.5),
            ),
        )
    yield from _weeks(each, day, seen, kept, grade)
    yield from _results(each, day, seen, kept)


def _weeks(each: str, day: int, seen: Random, kept: Random, grade: str) -> Iterator[_Row]:
    """
    Yield what happened on the days of each week up to today: how often leaves when the week is over, when it was stays.

    What will have happened by the end of this week is drawn already, so that both worlds come to the same.
    """
    today = FIRST + dt.timedelta(days=day)
    monday = _WEEKS_FROM
    while monday <= today:
        marks = [seen.choice(_MARKS) for _ in range(5)]
        tested, offended, visited = seen.random() < 0.3, seen.random() < 0.4, seen.random() < 0.3
        kept.shuffle(marks)
        for place, mark in enumerate(marks):
            on = monday + dt.timedelta(days=place)
            if on < today:
                yield "attendance_events", (each, on, kept.choice(("ECS-101", "ECS-102")), YEAR, mark)
        if tested:
            # On file before its day: who polls must not see on which day it is told.
            on, score = monday + dt.timedelta(days=kept.randrange(5)), seen.randrange(40, 60) * 50 + kept.randrange(50)
            yield (
                "assessments",
                (each, _TITLE, "Reading", on, "Scale score", "ECS-101", YEAR, score, kept.choice("1234")),
            )
        if offended:
            on, name = monday + dt.timedelta(days=kept.randrange(5)), f"i-{kept.randrange(10**9)}"
            yield "discipline", (each, name, "Detention", YEAR, "ECS-101", on, kept.choice(("Bullying", "Theft")), 1)
        if visited:
            on, over = monday + dt.timedelta(days=kept.randrange(5)), monday + dt.timedelta(days=5)
            yield "enrollments", (each, "ECS-102", YEAR, grade, on, over, kept.choice(("01907", "01908")))
        monday += dt.timedelta(days=7)


_MARKS: Final = (*("Present",) * 3, *("UnexcusedAbsence",) * 2, "ExcusedAbsence", "Tardy")
_TITLE: Final = "Fall Benchmark Reading"
_TAKEN_BACK: Final = 5
_COURSES: Final = ("Algebra I", "Physics", "Biology")


def _results(each: str, day: int, seen: Random, kept: Random) -> Iterator[_Row]:
    for _ in range(seen.randrange(2, 6)):
        title, mark, earned = seen.choice(_COURSES), seen.choice("ABCD"), seen.choice(("0", "0.5", "1"))
        section, sign = f"x{kept.randrange(10**9)}", kept.choice(("", "+", "-"))
        row = (each, YEAR, f"T{kept.randrange(4)}", section, "ECS-101", None, title)
        yield "course_grades", (*row, mark + sign, kept.randrange(100), kept.random(), earned)
    for place in range(kept.randrange(3)):  # rows that stay, however many they are
        row = (each, YEAR, "S", f"w{place}", "ECS-101", None, f"Unclassified {kept.randrange(10**6)}")
        yield "course_grades", (*row, "A", 1, 1, 1)
    # One participation is taken back on the sixth day.
    for kind in seen.sample(("04906", "04932", "04930"), 2 if day < _TAKEN_BACK else 1):
        on = dt.date(2026, 9, 1) + dt.timedelta(days=kept.randrange(100))
        yield "programs", (each, kept.choice(("ECS-READ", "ECS-MATH")), kind, on, None)
    yield (
        "programs",
        (each, "ECS-READ", "Food Service", dt.date(2026, 8, 1) + dt.timedelta(days=kept.randrange(30)), None),
    )
