"""Each rule says nothing of ordinary use, and finds what it is for; whatever it finds rests on entries it names."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from audit.entry import Entry
from gateway.services.analysis.analyses import Idle
from gateway.services.anomalies.found import Anomaly, World
from gateway.services.anomalies.history import History
from gateway.services.anomalies.thresholds import Thresholds, read_thresholds
from gateway.services.anomalies.watch import RULES, unused_grants
from gateway.services.errors import ThresholdsRefused
from policies.analyse.unused import Unused
from policies.ceilings import Ceiling

CLIENT, AGREEMENT, PARTNER = "client:one", "sha256:1", "partner:one"
ZONE = ZoneInfo("America/Los_Angeles")
FIRST = dt.datetime(2026, 9, 1, 9, 30, tzinfo=dt.UTC)
"""02:30 in the zone: the hour of the nightly fetch."""
SINCE = FIRST + dt.timedelta(days=20)
WORLD = World(
    since=SINCE,
    covered={AGREEMENT: 500},
    ceilings={"students": Ceiling(24, 20_000)},
    partners={CLIENT: PARTNER},
)
Told = tuple[dt.datetime, str, dict[str, Any]]


def told(at: dt.datetime, event: str, **body: Any) -> Told:
    about = {"client": CLIENT, "agreement": AGREEMENT, "behind": "automated"}
    return at, event, {**about, **body}


def night(day: int, *, rows: int = 510, key: str = "key") -> list[Told]:
    """One nightly fetch: a token, pages of a hundred, and a refusal now and then."""
    at = FIRST + dt.timedelta(days=day, minutes=day % 20)
    entries = [told(at, "token.issued", bound_to=key)]
    entries += [
        told(at + dt.timedelta(seconds=page), "disclosure", dataset="students", records=min(100, rows - start))
        for page, start in enumerate(range(0, rows, 100))
    ]
    if day % 5 == 0:
        entries.append(told(at, "refusal", code="element_not_covered", dataset="students"))
    return entries


def nights(days: int = 30) -> list[Told]:
    return [entry for day in range(days) for entry in night(day)]


def at(day: int, hour: int = 12, **more: int) -> dt.datetime:
    """An hour of a day in the zone."""
    local = (FIRST + dt.timedelta(days=day)).astimezone(ZONE)
    return local.replace(hour=hour, minute=0) + dt.timedelta(**more)


def found(entries: Iterable[Told], world: World = WORLD) -> list[Anomaly]:
    history = History({AGREEMENT: ZONE})
    for index, (moment, event, body) in enumerate(entries):
        written = moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
        history.take(index, Entry(event, f"{written}Z", body))
    return [each for rule in RULES for each in rule(history, world)]


def refusals(count: int, code: str, *, dataset: str | None = "students", minutes: float = 0.1) -> list[Told]:
    about = {} if dataset is None else {"dataset": dataset}
    start = at(25, 2)
    return [
        told(start + dt.timedelta(minutes=minutes * place), "refusal", code=code, **about) for place in range(count)
    ]


def rules_of(anomalies: Sequence[Anomaly]) -> list[str]:
    return [each.rule for each in anomalies]


def test_the_nightly_fetch_and_people_by_day_are_not_unusual() -> None:
    people = [
        told(at(day, 9 + day % 8), "disclosure", dataset="students", records=1, behind=f"person:{day % 3}")
        for day in range(30)
    ]
    assert found([*nights(), *people]) == []
    assert found([]) == []


def test_a_new_agreement_that_is_fetched_whole_at_once_is_not_unusual() -> None:
    assert found([*night(21), *night(22)]) == []


@pytest.mark.parametrize(
    ("rule", "more"),
    [
        ("volume_of_population", [told(at(25, 2), "disclosure", dataset="students", records=1_501)]),
        (
            "volume_refused",
            [told(at(25, 2), "refusal", code="volume_exceeded", dataset="students") for _ in range(2)],
        ),
        ("new_key", [told(at(25, 2), "token.issued", bound_to="another")]),
        ("new_key", [told(at(25, 2), "client.registered")]),
        ("new_person", [told(at(25), "disclosure", dataset="students", records=1, behind="person:new")]),
        ("off_hours", [told(at(25, 15), "disclosure", dataset="students", records=1)]),
        ("denial_burst", refusals(20, "element_not_covered")),
        ("enumeration", refusals(10, "not_found", minutes=5)),
        ("receipts_of_others", refusals(3, "not_found", dataset=None, minutes=15)),
        (
            "asks_after_stop",
            [told(at(24), "agreement.suspended", client=None), *refusals(3, "agreement_suspended", minutes=60)],
        ),
        ("asks_after_stop", [told(at(24), "client.suspended"), *refusals(3, "client_suspended", minutes=60)]),
        (
            "asks_after_stop",
            [
                told(at(24), "partner.suspended", partner=PARTNER),
                *[told(at(25, 2, hours=place), "token.refused", reason="suspended") for place in range(3)],
            ],
        ),
        ("strangers", [told(at(25), "strangers.refused", total=1_000)]),
    ],
)
def test_each_rule_finds_what_it_is_for_and_nothing_else_does(rule: str, more: list[Told]) -> None:
    entries = [*nights(25), *more]
    anomalies = found(entries)
    assert rule in rules_of(anomalies)
    # What asks at another hour than by night is that as well, wherever it comes from.
    assert set(rules_of(anomalies)) <= {rule, "off_hours"}
    (anomaly,) = [each for each in anomalies if each.rule == rule]
    assert 0 < len(anomaly.entries) <= anomaly.count
    assert all(entries[index][0] >= SINCE for index in anomaly.entries)
    assert anomaly.reason.endswith(".")


@pytest.mark.parametrize(
    "more",
    [
        [told(at(25, 2), "disclosure", dataset="students", records=1_500)],
        [told(at(25, 2), "disclosure", dataset="elsewhere", records=90_000)],
        [told(at(25, 2), "disclosure", dataset="students", records=90_000, agreement="sha256:unknown")],
        refusals(19, "element_not_covered"),
        refusals(40, "element_not_covered", minutes=1),
        refusals(9, "not_found", minutes=5),
        refusals(10, "not_found", minutes=7),
        refusals(2, "not_found", dataset=None, minutes=15),
        [told(at(24), "agreement.suspended"), *refusals(2, "agreement_suspended", minutes=60)],
        [told(at(24), "agreement.suspended", agreement="sha256:2"), *refusals(3, "grade", minutes=60)],
        [told(at(24), "client.suspended"), told(at(24, 13), "client.activated"), *refusals(3, "grade", minutes=60)],
        [told(at(24), "client.suspended", client="client:two"), *refusals(3, "grade", minutes=60)],
        [told(at(25), "strangers.refused", total=999)],
        [told(at(25), "opted_out")],
    ],
)
def test_less_than_that_is_not_unusual(more: list[Told]) -> None:
    assert set(rules_of(found([*nights(25), *more]))) <= {"off_hours"}


def test_a_client_that_takes_several_times_what_it_ever_took_is_found_by_its_own_past() -> None:
    world = World(since=SINCE, covered={AGREEMENT: 50_000}, ceilings=WORLD.ceilings)
    assert found([*nights(25), *night(25, rows=1_500)], world) == []
    (anomaly,) = found([*nights(25), *night(25, rows=1_600)], world)
    assert (anomaly.rule, anomaly.count) == ("volume_of_past", 16)
    assert "it took 510 at most" in anomaly.reason
    few = [entry for day in range(19, 25) for entry in night(day)]
    assert found([*few, *night(25, rows=1_600)], world) == []


def test_a_program_that_makes_a_key_for_each_run_has_none_that_is_new() -> None:
    assert found([entry for day in range(30) for entry in night(day, key=f"key {day}")]) == []
    few = [entry for day in range(19) for entry in night(day + 6)]
    assert found([*few, told(at(25, 2), "token.issued", bound_to="another")]) == []


def test_a_first_binding_is_not_another_one() -> None:
    assert found([told(at(21, 2), "client.registered"), *night(21)]) == []


def test_a_person_by_night_is_found_in_the_zone_of_the_agreement() -> None:
    people = [told(at(day), "disclosure", dataset="students", records=1, behind="person:7") for day in range(25)]
    for hour in (22, 23, 0, 4):
        more = told(at(25, hour), "refusal", code="x", dataset="students", behind="person:7")
        (anomaly,) = found([*people, more])
        assert anomaly.rule == "off_hours"
        assert f"{hour:02}:00" in anomaly.reason
    for hour in (5, 21):
        assert found([*people, told(at(25, hour), "refusal", code="x", dataset="students", behind="person:7")]) == []


def test_what_was_before_the_period_is_not_told_again() -> None:
    later = World(since=at(29), covered=WORLD.covered, ceilings=WORLD.ceilings, partners=WORLD.partners)
    more = [*refusals(20, "not_found"), told(at(25, 2), "token.issued", bound_to="another")]
    assert found([*nights(25), *more], later) == []


def test_two_bursts_apart_are_two_findings_and_one_long_one_is_one() -> None:
    first, second = refusals(25, "x"), refusals(25, "x")
    apart = [(moment + dt.timedelta(hours=3), event, body) for moment, event, body in second]
    assert [each.count for each in found([*first, *apart])] == [25, 25]
    assert [each.count for each in found(refusals(90, "x", minutes=0.4))] == [90]
    assert len(found(refusals(90, "x"))[0].entries) == 20


def test_what_was_granted_and_never_asked_for_is_told_of_those_who_could_ask_all_the_time() -> None:
    since = FIRST
    idle = Idle(
        since,
        7,
        900,
        (
            Unused(PARTNER, CLIENT, "agreement:one", "students", "000115", "first_name"),
            Unused(PARTNER, CLIENT, "agreement:one", "students", "000172", "last_name"),
            Unused(PARTNER, CLIENT, "agreement:one", "attendance"),
            Unused(PARTNER, "client:two", "agreement:one"),
            Unused(PARTNER, CLIENT, "agreement:two"),
        ),
    )
    anomalies = list(unused_grants(idle, {(CLIENT, "agreement:one"), ("client:two", "agreement:one")}))
    assert [each.reason.split(": ")[1] for each in anomalies] == [
        "first_name, last_name of students.",
        "attendance.",
        "everything it grants.",
    ]
    assert {each.entries for each in anomalies} == {(7,)}


def test_a_threshold_that_is_misspelt_or_no_number_is_refused() -> None:
    for wrong in ("burst =", "bursts = 3", 'burst = "3"', "burst = 0", "burst = 1.5", "burst = true"):
        with pytest.raises(ThresholdsRefused):
            read_thresholds(wrong)
    assert read_thresholds("") == Thresholds()
    changed = read_thresholds("burst = 3\npast_factor = 2")
    assert (changed.burst, changed.past_factor, changed.burst_minutes) == (3, 2, 10)
