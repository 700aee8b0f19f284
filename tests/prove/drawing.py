"""
Scenes and questions that nobody thought of, drawn by Hypothesis.

Drawn evenly, almost every question would be refused by everybody, and agreement would show nothing. So a question
starts from a line of an agreement, its client, its purpose and a time near something that changes, and then at most one
coordinate is exchanged; Cedar calls such generators type-directed. What is drawn is plain data (`scene.scene_of`), so a
counter-example can be kept as it is printed.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st

from agreements.basis import Basis
from agreements.elements import DATASETS
from agreements.purpose import PURPOSES
from tests.factories.agreements import client_id
from tests.prove.guardrails import gated, never_shared
from tests.prove.scene import CATALOGUE, NOBODY, Asked, Scene, Written, scene_of
from tests.prove.wall import day_begins

CLIENTS: Final = ("tutor", "mentor", "coach", "idle")
STRANGER: Final = client_id("stranger")
PARTNERS: Final = ("partner:bright-path", "partner:harbor-mentors")
ZONES: Final = (
    "America/Los_Angeles",
    "America/New_York",
    "America/Havana",  # midnight does not exist in spring, and comes twice in autumn
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",  # moves by half an hour
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Honolulu",
    "UTC",
)
DAYS: Final = tuple(
    date.fromisoformat(day)
    for day in (
        *("2026-09-01", "2027-01-01", "2027-06-30", "2027-12-31", "2028-02-28", "2028-02-29", "2028-03-01"),
        *("2027-03-14", "2027-11-07", "2027-03-28", "2027-10-31", "2027-04-30", "2027-10-29", "2027-04-04"),
        *("2027-09-05", "2027-04-03", "2027-09-26", "2028-03-12", "2028-11-05"),
    )
)
"""First and last days of school, ends of years, 29 February, and days on which some zone changes its clock."""
OFFSETS: Final = tuple(
    timedelta(seconds=seconds) for seconds in (0, -1, -0.000001, 0.5, 1, -3600, 3600, -86_400, 86_400, 40 * 86_400)
)
_HOW: Final = ("exact", "exact", "exact", "band", "year", "age_years", "count", "zip3", "blank", "drop")
_LISTED: Final = {dataset: [element.id for element in CATALOGUE.in_dataset(dataset)] for dataset in DATASETS}
_GUARDED: Final = {
    dataset: [each for each in listed if each in never_shared() or each in gated()] or listed
    for dataset, listed in _LISTED.items()
}
_BASES: Final = ("consent", "school_official", "directory_information", *Basis)
_PURPOSES: Final = (*PURPOSES, "advertising")


_STRANGERS: Final = 4
"""Elements asked for besides those an agreement lists."""


class _Place(NamedTuple):
    """Where a question starts: a line of an agreement, and one client of it."""

    written: Written
    client: str
    dataset: str
    element: str


_LINE = st.builds(
    lambda dataset, guarded, place, how: (dataset, (_GUARDED if guarded else _LISTED)[dataset], place, how),
    st.sampled_from(("students", "students", "attendance", "discipline", *DATASETS)),
    st.sampled_from((False, False, False, True)),
    st.integers(0, 63),
    st.sampled_from(_HOW),
)
_INSTANT = st.builds(
    lambda day, hours: datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hours),
    st.sampled_from(DAYS),
    st.integers(-14, 38),
)
_WINDOW = st.builds(lambda begins, days: (begins, begins + timedelta(days=days)), _INSTANT, st.integers(1, 300))
_SPANS = st.one_of(st.just("always"), st.just("always"), st.lists(_WINDOW, max_size=3))


@st.composite
def _agreements(draw: st.DrawFn, name: str, earlier: Mapping[str, Any] | None) -> dict[str, Any]:
    """One agreement; perhaps the next version of `earlier`, which then ends on the new one's first day."""
    first = draw(st.sampled_from(DAYS))
    if earlier is not None and draw(st.booleans()):
        first = date.fromisoformat(earlier["term"][0]) + timedelta(days=draw(st.integers(-1, 60)))
    last = first + timedelta(days=draw(st.sampled_from((0, 1, 30, 365, 400))))
    zone = draw(st.sampled_from(ZONES))
    lines: dict[str, list[tuple[str, str]]] = {}
    for dataset, listed, place, how in draw(st.lists(_LINE, min_size=1, max_size=7)):
        lines.setdefault(dataset, []).append((listed[place % len(listed)], how))
    basis = draw(st.sampled_from(_BASES))
    made: dict[str, Any] = {
        "name": name,
        "partner": draw(st.sampled_from(PARTNERS)),
        "basis": basis,
        "purpose": draw(st.sampled_from(tuple(PURPOSES))),
        "term": (first.isoformat(), last.isoformat(), zone),
        "datasets": lines,
        "clients": {
            client: spans if spans == "always" else [(str(begins), str(ends)) for begins, ends in spans]
            for client, spans in draw(st.dictionaries(st.sampled_from(CLIENTS[:3]), _SPANS, min_size=1)).items()
        },
    }
    if basis == Basis.DIRECTORY_INFORMATION and draw(st.booleans()):
        # What a notice is likely to designate: drawn evenly, it would hardly ever be.
        made["datasets"] = lines | {"students": [*lines.get("students", ()), ("000115", "exact"), ("000172", "blank")]}
    link = draw(st.sampled_from(("", "", "", "", "", "framework", "until", "replaces", "replaces", "master")))
    if link == "framework":
        made["framework"] = True
    elif link == "until":
        made["until"] = str(day_begins(first, zone) + timedelta(hours=draw(st.integers(-30, 9000))))
    elif link and earlier is not None:
        made |= {link: earlier["name"], "purpose": earlier["purpose"], "partner": earlier["partner"]}
    return made


@st.composite
def plain_scenes(draw: st.DrawFn) -> dict[str, Any]:
    """A scene as plain data."""
    agreements: list[dict[str, Any]] = []
    for name in ("one", "two", "three", "four")[: draw(st.integers(1, 4))]:
        made = draw(_agreements(name, agreements[-1] if agreements else None))
        if "replaces" in made:
            agreements[-1]["until"] = str(day_begins(date.fromisoformat(made["term"][0]), made["term"][2]))
        if "master" in made and "until" in agreements[-1]:
            made["until"] = agreements[-1]["until"]
        agreements.append(made)
    concerned = (*CLIENTS, *PARTNERS, "partner:somebody-else", *(made["name"] for made in agreements))
    stops = draw(st.one_of(st.just([]), st.just([]), st.lists(st.sampled_from(concerned), max_size=2)))
    return {"agreements": agreements, "stops": stops, "others": [CLIENTS[-1]]}


@st.composite
def plain_questions(draw: st.DrawFn, doors: int = 24) -> list[tuple[int, ...]]:
    """Questions as numbers, to be read in some scene by `questions_in`."""
    numbers = (63, 3, 63, len(OFFSETS) - 1, 9, 63)
    one = st.tuples(*(st.integers(0, most) for most in numbers))
    return draw(st.lists(one, min_size=doors, max_size=doors))


def questions_in(scene: Scene, drawn: list[tuple[int, ...]]) -> list[Asked]:
    """Turn numbers into questions: from something written, at some time, with at most one coordinate changed."""
    places = [
        _Place(made, client, row["dataset"], line["element"])
        for made in scene.written.values()
        for client in made.windows
        for row in made.content["datasets"]
        for line in row["elements"]
    ]
    return [asked for numbers in drawn for asked in _asked(scene, places, numbers)]


def _asked(scene: Scene, places: list[_Place], numbers: tuple[int, ...]) -> list[Asked]:
    """Return one question with one coordinate changed, asked of every line of its dataset and of some others."""
    line, within, edge, offset, changed, other = numbers
    written, client, dataset, element = places[line % len(places)]
    content = written.content
    own = _edges(written)
    # Most questions are asked within the term, or what is granted would hardly ever be asked.
    begins, ends, *_ = own
    now = begins + (ends - begins) * edge / 64 if within else own[edge % len(own)] + OFFSETS[offset]
    asked = Asked(client, written.agreement.digest, dataset, element, content["purpose"]["code"], now)
    asked = _changed(scene, asked, changed, other)
    listed = _LISTED[asked.dataset]
    strangers = (listed[(edge + step * 7) % len(listed)] for step in range(_STRANGERS))
    lines = [row for rows in content["datasets"] if rows["dataset"] == asked.dataset for row in rows["elements"]]
    asked_of = dict.fromkeys((element, *(row["element"] for row in lines), *strangers))
    return [asked._replace(element=each) for each in asked_of]


def _changed(scene: Scene, asked: Asked, changed: int, other: int) -> Asked:
    """Exchange one coordinate; half of the numbers change nothing."""
    choices: Mapping[int, tuple[str, Any]] = {
        0: ("client", (*sorted(scene.clients), STRANGER)),
        1: ("agreement", (*scene.written, NOBODY)),
        2: ("dataset", DATASETS),
        3: ("purpose", _PURPOSES),
        4: (
            "now",
            tuple(edge + offset for made in scene.written.values() for edge in _edges(made) for offset in OFFSETS),
        ),
    }
    if changed not in choices:
        return asked
    coordinate, values = choices[changed]
    return asked._replace(**{coordinate: values[other * len(values) // 64]})


def _edges(written: Written) -> list[datetime]:
    """Return the instants at which something about this agreement changes, its first one first."""
    term = written.content["term"]
    last = date.fromisoformat(term["last_day"])
    begins, ends = _term(term["first_day"], term["time_zone"]), _term(str(last + timedelta(days=1)), term["time_zone"])
    windows = [edge for spans in written.windows.values() for each in spans for edge in (each.begins, each.ends)]
    moving = [edge for edge in windows if 2000 < edge.year < 3000]
    return [begins, ends, *([] if written.until is None else [written.until]), *moving]


@cache
def _term(day: str, zone: str) -> datetime:
    return day_begins(date.fromisoformat(day), zone)


@st.composite
def scenes_with_questions(draw: st.DrawFn, doors: int = 24) -> tuple[dict[str, Any], list[tuple[int, ...]]]:
    """A scene and questions to ask in it, both as plain data."""
    return draw(plain_scenes()), draw(plain_questions(doors))


def world_of(drawn: tuple[Mapping[str, Any], list[tuple[int, ...]]]) -> tuple[Scene, list[Asked]]:
    """Build what was drawn."""
    scene = scene_of(drawn[0])
    return scene, questions_in(scene, drawn[1])
