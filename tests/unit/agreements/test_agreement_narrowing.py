"""A child of a master may only narrow: each way to reach beyond it is named, and what is narrower passes."""

from typing import Any

import pytest

from agreements.errors import NotNarrower
from agreements.narrowing import require_narrower
from tests.factories.agreements import REMOVED, changed, example
from tests.factories.lawful import CHILD, MASTER, judged, read

Changes = dict[str, Any]
WHEN = "/obligations/destruction/destroy_when"
PERIOD = "/obligations/destruction/destruction_period_days"
PASSED_ON = "/obligations/redisclosure/permitted"
PROGRAMS = {
    "dataset": "programs",
    "school_years": ["2026-2027"],
    "elements": [{"element": "000225", "transformation": "exact"}],
}
FIRST_YEAR: Changes = {f"/datasets/{index}/school_years": ["2026-2027"] for index in range(2)}
HOST = {"name": "Example Hosting", "interest": "Hosts the study's database"}
AGENCY = {"name": "Example Hosting", "interest": "Sells the study's database"}


def places(of_master: Changes, of_child: Changes) -> list[str]:
    """Where the example's child, changed, is not narrower than the example's master, changed."""
    master = read(changed(example(MASTER), of_master))
    child = read(changed(example(CHILD), {"/master": master.digest, **of_child}))
    try:
        require_narrower(master, child)
    except NotNarrower as error:
        return [problem.path for problem in error.problems]
    return []


@pytest.mark.ferpa("A8")
@pytest.mark.parametrize(
    ("of_master", "of_child", "path"),
    [
        pytest.param({}, {"/master": "sha256:" + "1" * 64}, "/master", id="another master"),
        pytest.param({}, {"/master": REMOVED}, "/master", id="no master"),
        pytest.param({"/framework": REMOVED, "/master": "sha256:" + "2" * 64}, {}, "/master", id="a child's child"),
        pytest.param({}, {"/master": REMOVED, "/framework": True}, "/framework", id="a framework below one"),
        pytest.param({}, {"/id": "agreement:commit-master"}, "/id", id="the master's own line"),
        pytest.param({}, {"/district/id": "district:other"}, "/district/id", id="another district"),
        pytest.param({}, {"/partner/id": "partner:other"}, "/partner/id", id="another partner"),
        pytest.param({}, {"/partner/type": "company"}, "/partner/type", id="another kind of partner"),
        pytest.param({}, {"/basis/study_kind": "student_aid"}, "/basis/study_kind", id="another kind of study"),
        pytest.param({}, {"/datasets/2": PROGRAMS}, "/datasets/2/dataset", id="one more dataset"),
        pytest.param(
            {}, {"/datasets/0/school_years/2": "2024-2025"}, "/datasets/0/school_years/2", id="one more school year"
        ),
        pytest.param(
            {},
            {"/datasets/0/elements/5": {"element": "000144", "transformation": "exact"}},
            "/datasets/0/elements/5/element",
            id="one more element",
        ),
        pytest.param(
            {},
            {"/datasets/0/elements/5": {"element": "000033", "transformation": "exact"}},
            "/datasets/0/elements/5/transformation",
            id="a birth date for an age",
        ),
        pytest.param(
            {},
            {"/datasets/0/elements/5": {"element": "000033", "transformation": "year"}},
            "/datasets/0/elements/5/transformation",
            id="a birth year beside an age",
        ),
        pytest.param({}, {"/population/all/2": REMOVED, "/population/all/1": REMOVED}, None, id="everyone, unlisted"),
        pytest.param({}, {"/population/all/1/in/values": ["ECS-103", "ECS-999"]}, "/population", id="one more school"),
        pytest.param({}, {"/term/first_day": "2026-08-31"}, "/term/first_day", id="a day before"),
        pytest.param({}, {"/term/last_day": "2028-07-01"}, "/term/last_day", id="a day after"),
        pytest.param({}, {"/term/time_zone": "Pacific/Honolulu"}, "/term/last_day", id="the same day further west"),
        pytest.param({}, {"/term/time_zone": "America/Denver"}, "/term/first_day", id="the same day further east"),
        pytest.param({}, {"/cadence": "daily"}, "/cadence", id="a faster cadence"),
        pytest.param(
            {"/identifiers": "record_code", "/datasets/0/elements/0": REMOVED},
            {
                "/identifiers": "student_number",
                "/datasets/0/elements/5": {"element": "001071", "transformation": "exact"},
            },
            "/identifiers",
            id="numbers for codes",
        ),
        pytest.param({}, {PASSED_ON: "listed_subrecipients", "/subrecipients": [HOST]}, PASSED_ON, id="passed on"),
        pytest.param(
            {PASSED_ON: "listed_subrecipients", "/subrecipients": [HOST]},
            {PASSED_ON: "listed_subrecipients", "/subrecipients": [HOST, AGENCY]},
            "/subrecipients/1",
            id="one more interest",
        ),
        pytest.param({}, {PERIOD: 91}, PERIOD, id="a longer period"),
        pytest.param(
            {}, {"/obligations/breach_notice_hours": 25}, "/obligations/breach_notice_hours", id="later notice"
        ),
        pytest.param({}, {WHEN: "term_end"}, WHEN, id="not when the purpose is fulfilled"),
        pytest.param({}, {WHEN: "school_year_end"}, WHEN, id="school year for purpose"),
    ],
)
def test_a_child_reaches_nowhere_beyond_its_master(of_master: Changes, of_child: Changes, path: str | None) -> None:
    if path is None:
        content = changed(example(CHILD), of_child)
        assert judged(content) == [("/population/all/0/everyone", "R1")], "the format refuses it by itself"
        return
    assert path in places(of_master, of_child)


@pytest.mark.ferpa("A8")
def test_each_reach_is_found_alone_and_all_are_named_at_once() -> None:
    found = places(
        {}, {"/cadence": "daily", PERIOD: 91, "/population": {"roster": True}, "/id": "agreement:commit-master"}
    )
    assert found == ["/id", "/population", "/cadence", PERIOD]
    with pytest.raises(NotNarrower) as caught:
        require_narrower(read(example(MASTER)), read(changed(example(CHILD), {"/cadence": "daily"})))
    (problem,) = caught.value.problems
    assert (problem.rule, problem.source) == ("A8", "project rule A8")
    assert problem.sentence == "Under the master values move weekly; 'daily' is faster."
    assert places({}, {"/term/last_day": "2028-07-01"}) == ["/term/last_day"]


@pytest.mark.ferpa("A8")
@pytest.mark.parametrize("path", ["/basis/type", "/purpose/code"])
def test_a_child_rests_on_the_basis_and_purpose_of_its_master(path: str) -> None:
    consent = {"/basis": example()["basis"], "/purpose/code": "tutoring", "/population": {"roster": True}}
    assert path in places(consent, {})
    assert places(consent, {**consent, "/purpose/code": "mentoring"}) == ["/purpose/code"]


@pytest.mark.ferpa("A8")
@pytest.mark.ferpa("M2")
def test_a_line_of_its_own_stays_one() -> None:
    line = {"element": "000100", "transformation": "exact", "own_line": True}
    assert places({"/datasets/0/elements/2": line}, {}) == ["/datasets/0/elements/0/own_line"]
    assert places({"/datasets/0/elements/2": line}, {"/datasets/0/elements/0": line}) == []


@pytest.mark.ferpa("A8")
@pytest.mark.parametrize(
    ("of_master", "of_child"),
    [
        pytest.param({}, {}, id="the example"),
        pytest.param({"/framework": REMOVED}, {}, id="a master that grants"),
        pytest.param({}, {"/datasets/1": REMOVED}, id="fewer datasets"),
        pytest.param({}, {"/datasets/0/elements/0/transformation": "band"}, id="a band for a value"),
        pytest.param(
            {"/datasets/0/elements/1/transformation": "exact"},
            {"/datasets/0/elements/5": {"element": "000033", "transformation": "year"}},
            id="a birth year for a birth date",
        ),
        pytest.param(
            {},
            {"/datasets/0/elements/5": {"element": "000033", "transformation": "blank"}},
            id="nothing for an age",
        ),
        pytest.param({}, {**FIRST_YEAR, "/term/first_day": "2027-01-01", "/term/last_day": "2027-01-01"}, id="one day"),
        pytest.param(
            {}, {"/term/time_zone": "America/Denver", "/term/first_day": "2026-09-02"}, id="another zone, within"
        ),
        pytest.param(
            {},
            {
                "/identifiers": "student_number",
                "/datasets/0/elements/5": {"element": "001071", "transformation": "exact"},
            },
            id="the master's identifiers",
        ),
        pytest.param(
            {PASSED_ON: "listed_subrecipients", "/subrecipients": [HOST, AGENCY]},
            {PASSED_ON: "listed_subrecipients", "/subrecipients": [HOST]},
            id="fewer subrecipients",
        ),
        pytest.param({PASSED_ON: "listed_subrecipients", "/subrecipients": [HOST]}, {}, id="passed on to nobody"),
        pytest.param({}, {PERIOD: 1, "/obligations/breach_notice_hours": 1}, id="sooner"),
        pytest.param({}, {"/obligations/security": ["A lock"]}, id="other words on security"),
    ],
)
def test_what_is_narrower_passes(of_master: Changes, of_child: Changes) -> None:
    assert places(of_master, of_child) == []


@pytest.mark.ferpa("A8")
@pytest.mark.ferpa("X1")
@pytest.mark.parametrize(
    ("theirs", "ours", "last_day", "holds"),
    [
        ("term_end", "purpose_fulfilled", "2028-06-30", True),
        ("term_end", "school_year_end", "2028-06-30", True),
        ("term_end", "school_year_end", "2027-02-01", True),
        ("school_year_end", "term_end", "2028-06-30", False),
        ("school_year_end", "term_end", "2027-06-30", True),
        ("school_year_end", "purpose_fulfilled", "2028-06-30", False),
        ("school_year_end", "purpose_fulfilled", "2027-06-30", True),
        ("purpose_fulfilled", "term_end", "2027-06-30", False),
    ],
)
def test_a_childs_records_are_destroyed_no_later_than_its_masters(
    theirs: str, ours: str, last_day: str, holds: bool
) -> None:
    found = places({WHEN: theirs}, {**FIRST_YEAR, WHEN: ours, "/term/last_day": last_day})
    assert found == ([] if holds else [WHEN])


@pytest.mark.ferpa("X1")
def test_a_school_year_that_ends_after_the_masters_term_is_later() -> None:
    short = {WHEN: "term_end", "/term/last_day": "2028-06-29"}
    inside = {"/term/last_day": "2028-02-01"}
    assert places(short, {WHEN: "school_year_end", **inside}) == [WHEN]
    assert places(short, {WHEN: "term_end", **inside}) == []


@pytest.mark.ferpa("A8")
def test_a_child_is_never_a_framework_by_its_form() -> None:
    both = changed(example(CHILD), {"/framework": True})
    assert judged(both) == [("/framework", "A8")]
    assert judged(changed(example(MASTER), {"/framework": False})) == [("/framework", "format")]
