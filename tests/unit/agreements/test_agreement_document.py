"""What an agreement may say: its data, its students, its days; each row of the requirement matrix by its id."""

from typing import Any

import pytest

from agreements.basis import Basis
from agreements.document import agreement_problems
from agreements.elements import load_catalogue
from agreements.errors import InvalidAgreement
from tests.factories.agreements import REMOVED, changed, example
from tests.factories.lawful import judged, on, read

LINE = "/datasets/0/elements/12"


def test_the_parts_of_an_agreement_are_typed_and_keep_their_clauses() -> None:
    agreement = read(changed(example(), {"/master": "sha256:" + "1" * 64, "/subrecipients": []}))
    assert (agreement.id, agreement.version, agreement.replaces) == ("agreement:sps-a-tutoring", 1, None)
    assert agreement.master == "sha256:" + "1" * 64
    assert agreement.datasets[1].dataset == "attendance"
    assert agreement.datasets[1].elements[2].pointer == "/datasets/1/elements/2"
    assert agreement.element_ids == tuple(sorted(set(agreement.element_ids)))
    assert len(agreement.element_ids) == 16
    assert hash(agreement) == hash(read(agreement.content))


@pytest.mark.ferpa("A7")
@pytest.mark.parametrize("element", ["*", "all grades data", "128", "999999", "", 128, None, ["000128"]])
def test_an_element_is_an_id_of_the_catalogue(element: Any) -> None:
    line = {"element": element, "transformation": "exact"}
    assert judged(changed(example(), {LINE: line})) == [(f"{LINE}/element", "A7")]


@pytest.mark.ferpa("M2")
@pytest.mark.parametrize("element", ["000092", "000149", "000151", "000249", "000180", "000189"])
def test_a_sensitive_element_needs_consent_and_its_own_line(element: str) -> None:
    bare = {"element": element, "transformation": "exact"}
    own = bare | {"own_line": True}
    assert judged(changed(on("consent"), {LINE: bare})) == [(f"{LINE}/own_line", "M2")]
    assert judged(changed(on("consent"), {LINE: own})) == []
    place = "/datasets/0/elements/6"
    faults = agreement_problems(changed(on("school_official"), {place: own}), load_catalogue())
    assert [(fault.path, fault.rule) for fault in faults] == [(place, "M2")]
    assert (load_catalogue().element(element).gate or "project rule M2") in faults[0].sentence


@pytest.mark.ferpa("M2")
@pytest.mark.parametrize("element", ["x-social-security-number", "000218", "000146", "x-immigration-status"])
@pytest.mark.parametrize("basis", Basis)
def test_some_elements_are_never_released(basis: str, element: str) -> None:
    line = {"element": element, "transformation": "drop", "own_line": True}
    assert ("/datasets/0/elements/0", "M2") in judged(changed(on(basis), {"/datasets/0/elements/0": line}))


def test_an_element_stands_once_in_its_own_dataset_as_it_may_be_given() -> None:
    def faults(**line: str) -> list[tuple[str, str]]:
        return judged(changed(example(), {LINE: {"transformation": "exact", **line}}))

    assert faults(element="000201") == [(f"{LINE}/element", "A7")]
    assert faults(element="000128", transformation="band") == [(f"{LINE}/element", "A7")]
    assert faults(element="000255", transformation="age_years") == [(f"{LINE}/transformation", "M4")]
    assert (f"{LINE}/transformation", "M4") in faults(element="000255", transformation="zip9")
    assert judged(changed(example(), {"/datasets/1/dataset": "students"})) == [
        ("/datasets/1/dataset", "format"),
        *((f"/datasets/1/elements/{index}/element", "A7") for index in range(2, 6)),
    ]
    assert judged(changed(example(), {"/datasets/1/dataset": 5})) == [("/datasets/1/dataset", "format")]


@pytest.mark.ferpa("T2")
@pytest.mark.parametrize("years", [["2026-2028"], ["2026-2027", "2027-2026"]])
def test_a_school_year_is_two_years_that_follow_each_other(years: list[str]) -> None:
    faults = judged(changed(example(), {"/datasets/0/school_years": years}))
    assert faults == [(f"/datasets/0/school_years/{len(years) - 1}", "T2")]
    assert judged(changed(example(), {"/datasets/0/school_years": "2026"})) == [("/datasets/0/school_years", "format")]


@pytest.mark.ferpa("R5")
def test_the_student_number_is_named_in_both_places_or_in_none() -> None:
    number = {"element": "001071", "transformation": "exact"}
    assert judged(changed(example(), {"/identifiers": "student_number"})) == [("/identifiers", "R5")]
    assert judged(changed(example(), {LINE: number})) == [(LINE, "R5")]
    both = {LINE: number, "/identifiers": "student_number"}
    assert judged(changed(example(), both)) == []
    assert ("/identifiers", "R5") in judged(changed(on("directory_information"), both))


@pytest.mark.ferpa("R1")
def test_everyone_means_everyone_in_listed_schools_under_a_basis_that_can_carry_it() -> None:
    listed = {"in": {"column": "school_identifier", "values": ["ECS-103"]}}
    grades = {"in": {"column": "grade_level", "values": ["09"]}}
    whole = {"all": [{"everyone": True}, listed]}
    nested = {"all": [listed, {"any": [{"everyone": True}, {"roster": True}]}]}
    for population, basis, paths in [
        (whole, "school_official", []),
        (nested, "school_official", []),
        (whole, "consent", ["/population/all/0/everyone"]),
        ({"everyone": True}, "school_official", ["/population/everyone"]),
        ({"any": [{"everyone": True}, listed]}, "school_official", ["/population/any/0/everyone"]),
        ({"all": [{"everyone": True}, grades]}, "school_official", ["/population/all/0/everyone"]),
    ]:
        assert judged(changed(on(basis), {"/population": population})) == [(path, "R1") for path in paths]


@pytest.mark.ferpa("R1")
def test_a_population_that_is_too_deep_is_refused() -> None:
    population: dict[str, Any] = {"roster": True}
    for _ in range(7):
        population = {"any": [population]}
    assert judged(changed(example(), {"/population": population})) == [("/population" + "/any/0" * 7, "R1")]
    assert judged(changed(example(), {"/population": {"known": {"column": "grade_level"}}})) == []
    few = {"not_in_known": {"column": "program_type", "values": ["1"]}}
    assert judged(changed(example(), {"/population": {"all": [few, {"roster": True}]}})) == []


@pytest.mark.ferpa("T1")
def test_a_term_has_days_of_the_calendar_in_a_real_zone() -> None:
    for changes, path in [
        ({"/term/last_day": "2026-08-31"}, "/term/last_day"),
        ({"/term/first_day": "2026-02-30"}, "/term/first_day"),
        ({"/term/last_day": "9999-12-31"}, "/term/last_day"),
        ({"/term/time_zone": "Mars/Olympus"}, "/term/time_zone"),
        ({"/term/time_zone": "../../etc/passwd"}, "/term/time_zone"),
    ]:
        assert judged(changed(example(), changes)) == [(path, "T1")]
    one_day = read(changed(example(), {"/term/first_day": "2026-11-01", "/term/last_day": "2026-11-01"}))
    assert (one_day.term.ends - one_day.term.begins).total_seconds() == 25 * 3600, "the clocks go back on this day"


@pytest.mark.ferpa("S4")
def test_a_later_version_names_the_one_it_replaces() -> None:
    earlier = "sha256:" + "2" * 64
    assert judged(changed(example(), {"/version": 2})) == [("/replaces", "S4")]
    assert judged(changed(example(), {"/replaces": earlier})) == [("/replaces", "S4")]
    assert read(changed(example(), {"/version": 2, "/replaces": earlier})).replaces == earlier


@pytest.mark.ferpa("A9")
@pytest.mark.ferpa("D2")
def test_subrecipients_are_named_exactly_when_data_may_pass_on() -> None:
    listed = [{"name": "Example Hosting", "interest": "Hosts the partner's database"}]
    permitted = "/obligations/redisclosure/permitted"
    assert judged(changed(example(), {"/subrecipients": listed})) == [("/subrecipients", "D2")]
    assert judged(changed(example(), {permitted: "listed_subrecipients"})) == [("/subrecipients", "D2")]
    both = read(changed(example(), {permitted: "listed_subrecipients", "/subrecipients": listed}))
    assert both.subrecipients[0].name == "Example Hosting"


def test_everything_wrong_is_reported_at_once_in_plain_words() -> None:
    broken = changed(
        example(),
        {
            "/title": REMOVED,
            "/purpose/code": "sale",
            "/basis/records": REMOVED,
            "/population": {"not": {"roster": True}},
            "/datasets/0/elements/0/element": "*",
        },
    )
    with pytest.raises(InvalidAgreement) as caught:
        read(broken)
    assert {problem.path for problem in caught.value.problems} == {
        *("/title", "/purpose/code", "/basis/records", "/population/not", "/datasets/0/elements/0/element")
    }
    assert caught.value.code == "invalid_agreement"
    assert "never be used for 'sale'" in caught.value.public_detail


@pytest.mark.parametrize("content", [{}, [], "agreement", None, 7, {"datasets": [1, "x", {"elements": [7]}]}])
def test_anything_else_than_an_agreement_is_invalid_not_an_accident(content: Any) -> None:
    assert agreement_problems(content, load_catalogue())
