"""Made-up rows have the shape of what would leave, are always the same, and can be nobody's."""

import re

import pytest

from agreements.elements import DATASETS, Tier, load_catalogue
from agreements.terms import DatasetTerms, ElementTerm
from gateway.services.drafts.specimens import specimens

CATALOGUE = load_catalogue()


def rows(dataset: str, *lines: tuple[str, str]) -> tuple[dict[str, object], ...]:
    terms = DatasetTerms(
        dataset,
        ("2026-2027",),
        tuple(ElementTerm(element, form, False, "/x") for element, form in lines),
        "/datasets/0",
    )
    return specimens(terms, {element: CATALOGUE.element(element) for element, _ in lines})


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_element_in_every_form_has_a_made_up_value_of_its_type(dataset: str) -> None:
    for element in CATALOGUE.in_dataset(dataset):
        if element.tier is Tier.NEVER:
            continue
        for form in element.transformations:
            first, second = rows(dataset, (element.id, form))
            assert (first, second) == rows(dataset, (element.id, form))
            assert (first["record_code"], second["record_code"]) == ("EXAMPLE-1", "EXAMPLE-2")
            value = first[element.name]
            if form == "blank":
                assert value is None
            elif form in {"year", "age_years", "count"}:
                assert isinstance(value, int)
            elif form == "exact":
                kinds = {"text": str, "date": str, "integer": int, "number": float, "boolean": bool}
                assert isinstance(value, kinds[element.value_type])
                if element.value_type == "text" and element.name not in {"school_year", "grade_level"}:
                    assert re.search("example|0000|0100|^09$", str(value), re.IGNORECASE)
            else:
                assert isinstance(value, str)


def test_the_forms_are_those_in_which_values_leave() -> None:
    first, _ = rows(
        "students", ("000033", "age_years"), ("000128", "band"), ("x-postal-code", "zip3"), ("000243", "exact")
    )
    assert first == {
        "record_code": "EXAMPLE-1",
        "birthdate": 25,
        "gpa_cumulative": "1.5 to under 2.0",
        "postal_code": "000",
        "school_year": "2026-2027",
    }
