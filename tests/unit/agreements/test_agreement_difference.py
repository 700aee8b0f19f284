"""What an amendment changes is said in full: no leaf that was signed differs silently."""

from datetime import date
from typing import Any

import pytest

from agreements.difference import Days, Difference, LeafChange, difference
from agreements.elements import Transformation, load_catalogue
from agreements.schema import CADENCES, agreement_schema
from agreements.shapes import carriers, title_at
from agreements.wording import LEAVES, sentences
from tests.factories.agreements import REMOVED, SPS_B, changed, example
from tests.factories.lawful import EXAMPLES, read

OLD = read(example())
NEXT: dict[str, Any] = {"/version": 2, "/replaces": OLD.digest}


def amended(changes: dict[str, Any]) -> Difference:
    return difference(OLD, read(changed(example(), NEXT | changes)))


def said(found: Difference) -> list[str]:
    """What is said beside the version and the digest that it replaces."""
    version = ("The version:", "The digest of the version that this one replaces:")
    return [sentence for sentence in sentences(found, load_catalogue()) if not sentence.startswith(version)]


def test_the_same_agreement_differs_in_nothing() -> None:
    found = difference(OLD, OLD)
    assert (found.datasets, found.days_added, found.days_removed, found.terms, found.words) == ((), (), (), (), ())
    assert not found.population_changed
    assert said(found) == ["The data, the students and the days stay the same."]


@pytest.mark.ferpa("S4")
@pytest.mark.parametrize("name", EXAMPLES)
def test_no_signed_leaf_changes_silently(name: str) -> None:
    """Each leaf is replaced in the value that was read: which values are lawful is not the matter here."""
    agreement = read(example(name))
    schema = agreement_schema(load_catalogue())
    for path, _ in carriers(schema, agreement.content):
        if path.startswith(("/datasets", "/population")) or path in {"/term/first_day", "/term/last_day"}:
            continue
        other = read(example(name))
        changed(other.content, {path: "something else"})
        found = difference(agreement, other)
        (leaf,) = (*found.terms, *found.words)
        assert leaf.path == path
        assert bool(found.words) == (path in agreement.words_only)
        assert title_at(schema, path) in " ".join(said(found)) or path in {"/version", "/replaces"}


def test_elements_come_go_and_change() -> None:
    found = amended(
        {
            "/datasets/0/elements/2/transformation": "year",
            "/datasets/0/elements/0": {"element": "000255", "transformation": "exact"},
            "/datasets/0/elements/3/transformation": "band",
        }
    )
    (students,) = found.datasets
    assert [line.element for line in students.added] == ["000255"]
    assert [line.element for line in students.removed] == ["000115"]
    assert [change.element for change in students.changed] == ["000033", "000100"]
    other_year = "In students, 'Date of birth' (000033) leaves as a year instead of as an age in years."
    assert said(found) == [
        "In students, 'Sex' (000255) is added, as it is.",
        f"{other_year} This can tell more than before.",
        "In students, 'Grade level' (000100) leaves as a band instead of as it is.",
        "In students, 'First name' (000115) is removed.",
    ]


def test_a_line_of_its_own_is_a_difference() -> None:
    own = {"/datasets/0/elements/3": {"element": "000100", "transformation": "exact", "own_line": True}}
    with_line = read(changed(example(), own))
    assert said(difference(OLD, with_line)) == [
        "In students, 'Grade level' (000100) gets a line of its own in the consent form."
    ]
    assert said(difference(with_line, OLD)) == [
        "In students, 'Grade level' (000100) no longer has a line of its own in the consent form."
    ]


def test_datasets_and_school_years_come_and_go() -> None:
    dataset = example(SPS_B)["datasets"][2]
    found = amended({"/datasets/1": dataset, "/datasets/0/school_years": ["2025-2026"]})
    assert [each.dataset for each in found.datasets] == ["students", "discipline", "attendance"]
    assert (found.datasets[0].school_years_added, found.datasets[0].school_years_removed) == (
        ("2025-2026",),
        ("2026-2027",),
    )
    text = " ".join(said(found))
    assert (
        "In discipline, 'Discipline incident (as a count: number of incidents)' (000501) is added, as a number." in text
    )
    assert "In attendance, 'Number of days absent' (000201) is removed." in text
    assert "In students, the school years 2025-2026 are added." in text
    assert "In attendance, the school years 2026-2027 are removed." in text


def test_the_order_of_elements_is_no_difference() -> None:
    content = changed(example(), NEXT)
    content["datasets"][0]["elements"].reverse()
    content["datasets"].reverse()
    assert difference(OLD, read(content)).datasets == ()


@pytest.mark.ferpa("T1")
@pytest.mark.parametrize(
    ("first", "last", "added", "removed"),
    [
        ("2026-09-01", "2027-07-01", [("2027-07-01", "2027-07-01", 1)], []),
        ("2026-08-30", "2027-06-28", [("2026-08-30", "2026-08-31", 2)], [("2027-06-29", "2027-06-30", 2)]),
        ("2026-09-02", "2027-06-30", [], [("2026-09-01", "2026-09-01", 1)]),
        ("2026-08-31", "2027-07-01", [("2026-08-31", "2026-08-31", 1), ("2027-07-01", "2027-07-01", 1)], []),
        ("2027-07-01", "2028-06-30", [("2027-07-01", "2028-06-30", 366)], [("2026-09-01", "2027-06-30", 303)]),
        ("2026-07-01", "2026-08-31", [("2026-07-01", "2026-08-31", 62)], [("2026-09-01", "2027-06-30", 303)]),
    ],
)
def test_days_come_and_go(first: str, last: str, added: Any, removed: Any) -> None:
    found = amended({"/term/first_day": first, "/term/last_day": last})

    def listed(spans: tuple[Days, ...]) -> list[tuple[str, str, int]]:
        return [(days.first.isoformat(), days.last.isoformat(), days.count) for days in spans]

    assert listed(found.days_added) == added
    assert listed(found.days_removed) == removed
    assert len([sentence for sentence in said(found) if sentence.startswith("Data ")]) == len(added) + len(removed)


def test_days_are_said_in_words() -> None:
    found = amended({"/term/first_day": "2026-09-02", "/term/last_day": "2027-07-02"})
    assert said(found) == [
        "Data may also leave from 2027-07-01 to 2027-07-02: 2 days.",
        "Data no longer leave on 2026-09-01: 1 day.",
    ]


@pytest.mark.parametrize(
    ("population", "within", "sentence"),
    [
        (
            {"all": [{"roster": True}, {"in": {"column": "school_identifier", "values": ["ECS-101"]}}]},
            True,
            "The population changes; it covers nobody whom it did not cover before.",
        ),
        ({"roster": True}, False, "The population changes; it may cover students whom it did not cover before."),
    ],
)
def test_another_population_says_whether_it_can_cover_somebody_new(
    population: Any, within: bool, sentence: str
) -> None:
    found = amended({"/population": population})
    assert (found.population_changed, found.population_within) == (True, within)
    assert said(found) == [sentence]


def test_obligations_and_words_change_leaf_by_leaf() -> None:
    found = amended(
        {
            "/cadence": CADENCES[0],
            "/obligations/breach_notice_hours": 48,
            "/obligations/security/1": REMOVED,
            "/purpose/words": "Tutor.",
            "/annexes": "carried_over",
            "/term/time_zone": "America/Denver",
        }
    )
    assert LeafChange("/obligations/breach_notice_hours", 24, 48) in found.terms
    assert [leaf.path for leaf in found.words] == ["/purpose/words", "/obligations/security/1"]
    text = said(found)
    assert text[0] == "The data, the students and the days stay the same."
    assert "Hours until the district is told of a breach: '24' becomes '48'." in text
    assert "How often derived values move: 'weekly' becomes 'daily'." in text
    assert "A security measure: 'Multi-factor authentication and named users only' is removed." in text
    assert any(
        sentence.endswith("of the replaced version count for this one: 'carried_over' is added.") for sentence in text
    )


def test_a_new_agreement_is_all_new() -> None:
    found = difference(None, OLD)
    assert found.old is None
    assert sum(len(each.added) for each in found.datasets) == sum(len(terms.elements) for terms in OLD.datasets)
    assert found.days_added == (Days(date(2026, 9, 1), date(2027, 6, 30)),)
    assert (found.population_changed, found.population_within) == (True, False)
    assert {leaf.path for leaf in found.words} == set(OLD.words_only)
    text = sentences(found, load_catalogue())
    assert "The population is new." in text
    assert "Data may leave from 2026-09-01 to 2027-06-30: 303 days." in text
    assert "The purpose: 'tutoring'." in text


def test_every_transformation_has_words() -> None:
    assert set(LEAVES) == set(Transformation)
