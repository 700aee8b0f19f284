"""The examples shipped with the release: each is valid, and each negative twin has the fault it is named for."""

from importlib.resources import files

import pytest

from agreements.authored import read_authored
from agreements.document import parse_agreement
from agreements.elements import load_catalogue
from tests.factories.agreements import SPS_A, SPS_B
from tests.factories.lawful import judged

NEGATIVE = {
    "sps-a-own-program-as-audit": ("/purpose/code", "L2"),
    "sps-a-sale-of-data": ("/purpose/code", "P2"),
    "sps-a-unknown-element": ("/datasets/0/elements/8/element", "A7"),
    "sps-a-whole-birthdate-as-band": ("/datasets/0/elements/2/transformation", "M4"),
    "sps-a-wildcard-element": ("/datasets/0/elements/8/element", "A7"),
    "sps-b-last-years-notice": ("/basis/annual_notice_ref", "A5"),
    "sps-b-meals-under-school-official": ("/datasets/0/elements/6", "M2"),
    "sps-b-no-annual-notice": ("/basis/annual_notice_ref", "A5"),
    "sps-b-no-direct-control": ("/basis/direct_control_terms", "A4"),
    "study-no-destruction-period": ("/obligations/destruction/destruction_period_days", "A2"),
}


def test_each_negative_twin_has_exactly_the_fault_it_is_named_for() -> None:
    folder = files("agreements").joinpath("examples", "negative")
    found = {file.name.removesuffix(".yaml"): file.read_bytes() for file in folder.iterdir()}
    assert {name: judged(read_authored(raw)) for name, raw in found.items()} == {
        name: [fault] for name, fault in NEGATIVE.items()
    }


@pytest.mark.parametrize("name", [SPS_A, SPS_B])
def test_the_examples_are_valid_as_they_are(name: str) -> None:
    raw = files("agreements").joinpath("examples", name).read_bytes()
    agreement = parse_agreement(raw, load_catalogue())
    assert agreement.district.name == "Emerald City School District"
    assert agreement.digest == parse_agreement(agreement.canonical, load_catalogue()).digest
    assert agreement.term.begins.isoformat() == "2026-09-01T07:00:00+00:00"
    assert agreement.term.ends.isoformat() == "2027-07-01T07:00:00+00:00"
