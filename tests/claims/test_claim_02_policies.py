"""
Claim 2. No rule, no field. Columns outside the grant are not selected, filtered on or sorted by. Unknown is refused.

The side of the decision: what the reader may touch at all is what stands in a permit. The reader's side is shown where
it reads.
"""

from typing import Any

import pytest

from agreements.elements import DATASETS, load_catalogue
from policies.decision import Permit
from policies.errors import UnclearRequest
from tests.factories.agreements import SPS_A, SPS_B
from tests.factories.policy_worlds import Promise, World, denied, permitted, promise

pytestmark = pytest.mark.claim(2)

PROMISES = (promise(SPS_A), promise(SPS_B))


def listed(made: Promise, dataset: str) -> set[str]:
    """What the signed document lists, read from the document itself."""
    rows: Any = made.signed.agreement.content["datasets"]
    return {line["element"] for row in rows if row["dataset"] == dataset for line in row["elements"]}


@pytest.mark.parametrize("made", PROMISES, ids=[SPS_A, SPS_B])
@pytest.mark.parametrize("dataset", DATASETS)
def test_an_element_is_refused_unless_the_signed_document_lists_it(made: Promise, dataset: str) -> None:
    world = World((made,))
    for element in load_catalogue().in_dataset(dataset):
        is_listed = element.id in listed(made, dataset)
        for asked in (
            {"elements": (element.name,)},
            {"filters": {element.name: "x"}},
            {"sort": element.name},
        ):
            assert bool(world.decide(dataset, **asked)) == is_listed, (element.name, asked)


@pytest.mark.parametrize("made", PROMISES, ids=[SPS_A, SPS_B])
@pytest.mark.parametrize("dataset", DATASETS)
def test_all_that_is_granted_is_what_the_signed_document_lists(made: Promise, dataset: str) -> None:
    decision = World((made,)).decide(dataset)
    leaving = {field.element for field in decision.fields} if isinstance(decision, Permit) else set()
    assert leaving == listed(made, dataset)


def test_a_refused_element_is_not_silently_left_out() -> None:
    assert denied(World().decide("students", "grade_level", "sex")).elements == ("sex",)


@pytest.mark.parametrize("asked", [{"elements": ("ssn",)}, {"filters": {"ssn": "1"}}, {"sort": "ssn"}])
def test_an_unknown_name_is_refused_and_not_ignored(asked: dict[str, Any]) -> None:
    with pytest.raises(UnclearRequest):
        World().decide("students", **asked)


def test_a_client_of_two_agreements_gets_with_each_token_only_what_that_agreement_lists() -> None:
    world = World(PROMISES)
    first = {field.name for field in permitted(world.decide("students")).fields}
    second = {
        field.name
        for field in permitted(
            world.decide("students", agreement=PROMISES[1].digest, purpose=PROMISES[1].purpose)
        ).fields
    }
    assert "gpa_cumulative" in first
    assert "gpa_cumulative" not in second
    assert denied(world.decide("discipline")).code == "dataset_not_covered"
    crossed = world.decide("students", agreement=PROMISES[1].digest, purpose=PROMISES[0].purpose)
    assert denied(crossed).code == "purpose_not_covered"


def test_the_value_that_leaves_is_the_one_that_was_agreed() -> None:
    fields = {field.name: field.transformation for field in permitted(World().decide("students")).fields}
    assert fields["birthdate"] == "age_years"
