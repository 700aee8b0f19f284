"""Transformations in Python; that SQL says the same is shown in tests/functional/records."""

import datetime as dt

import pytest
from sqlalchemy import column

from gateway.records.errors import NotServed
from gateway.records.transforms import Released, first_year, released, released_sql

BORN = dt.date(2010, 9, 2)


@pytest.mark.parametrize("transformation", ["drop", "count", "", "exactly"])
def test_a_transformation_nobody_defined_is_refused_in_both_languages(transformation: str) -> None:
    with pytest.raises(NotServed):
        released("000033", transformation, BORN, "2025-2026")
    with pytest.raises(NotServed):
        released_sql("000033", transformation, column("x"), column("y"))


def test_a_band_is_refused_for_an_element_without_bands() -> None:
    with pytest.raises(NotServed):
        released("000115", "band", "Ana", None)


@pytest.mark.parametrize(
    ("element", "transformation", "value", "expected"),
    [
        ("000115", "exact", "Ana", "Ana"),
        ("000115", "exact", None, None),
        ("000115", "blank", "Ana", None),
        ("000033", "year", BORN, 2010),
        ("000033", "age_years", dt.date(2010, 9, 1), 15),
        ("000033", "age_years", BORN, 14),
        ("000033", "age_years", dt.date(2008, 2, 29), 17),
        ("000033", "age_years", None, None),
        ("x-postal-code", "zip3", "98101-1234", "981"),
        ("x-postal-code", "zip3", "9810", None),
        ("x-postal-code", "zip3", "٩٨١٠١", None),
        ("000128", "band", 2.5, "2.5 to under 3.0"),
        ("000128", "band", 2.4999, "2.0 to under 2.5"),
        ("000128", "band", None, None),
        ("000201", "band", 0, "0 to under 5"),
        ("000100", "band", "09", "high"),
        ("000100", "band", "9", None),
    ],
)
@pytest.mark.claim(2)
def test_a_value_leaves_as_the_agreement_says(
    element: str, transformation: str, value: Released, expected: Released
) -> None:
    assert released(element, transformation, value, "2025-2026") == expected


def test_without_a_school_year_there_is_no_age() -> None:
    assert released("000033", "age_years", BORN, None) is None


def test_a_school_year_starts_in_its_first_year() -> None:
    assert first_year("2025-2026") == 2025
