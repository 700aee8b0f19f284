"""An amendment keeps the line, the parties, the basis and the purpose; everything else it may change."""

from typing import Any

import pytest

from agreements.errors import NotAnAmendment
from agreements.versions import require_amends
from tests.factories.agreements import SPS_B, changed, example
from tests.factories.lawful import judged, read

OLD = read(example())


def places(changes: dict[str, Any]) -> list[str]:
    new = read(changed(example(), {"/version": 2, "/replaces": OLD.digest, **changes}))
    try:
        require_amends(OLD, new)
    except NotAnAmendment as error:
        return [problem.path for problem in error.problems]
    return []


@pytest.mark.ferpa("S4")
@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"/id": "agreement:sps-a-other"}, "/id"),
        ({"/district/id": "district:other"}, "/district/id"),
        ({"/partner/id": "partner:other"}, "/partner/id"),
        ({"/purpose/code": "mentoring"}, "/purpose/code"),
        ({"/framework": True}, "/framework"),
        ({"/master": "sha256:" + "4" * 64}, "/master"),
        ({"/version": 3}, "/version"),
        ({"/replaces": "sha256:" + "3" * 64}, "/replaces"),
    ],
)
def test_what_an_amendment_cannot_change_is_named(changes: dict[str, Any], path: str) -> None:
    assert path in places(changes)


@pytest.mark.ferpa("S4")
def test_a_first_version_replaces_nothing() -> None:
    with pytest.raises(NotAnAmendment) as caught:
        require_amends(OLD, read(example()))
    assert [(problem.path, problem.rule) for problem in caught.value.problems] == [
        ("/replaces", "S4"),
        ("/version", "S4"),
    ]


@pytest.mark.ferpa("S4")
def test_another_basis_is_another_agreement_and_everything_is_named_at_once() -> None:
    assert places({"/basis": example(SPS_B)["basis"], "/version": 5}) == ["/basis/type", "/version"]


@pytest.mark.ferpa("S4")
def test_an_amendment_may_change_data_students_days_and_names() -> None:
    wider = {
        "/datasets/2": {**example(SPS_B)["datasets"][2]},
        "/population": {"roster": True},
        "/term/last_day": "2027-08-31",
        "/partner/name": "Brighter Path Tutoring",
        "/annexes": "carried_over",
    }
    assert places(wider) == []


@pytest.mark.ferpa("S4")
def test_only_a_later_version_carries_annexes_over() -> None:
    assert judged(changed(example(), {"/annexes": "carried_over"})) == [("/annexes", "S4")]
    later = {"/version": 2, "/replaces": OLD.digest}
    assert not read(changed(example(), later)).annexes_carried_over
    assert read(changed(example(), {**later, "/annexes": "carried_over"})).annexes_carried_over
    assert judged(changed(example(), {**later, "/annexes": "some"})) == [("/annexes", "format")]
