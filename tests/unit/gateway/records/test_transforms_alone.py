"""Transformations in Python; that SQL says the same is shown in tests/functional/records."""

import datetime as dt
import hashlib

import pytest
from sqlalchemy import column

from gateway.records.errors import NotServed
from gateway.records.transforms import _BAND_WIDTH, CODE_VERSION, Released, first_year, released, released_sql

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


VALUES: tuple[Released, ...] = (
    *(
        None,
        "Ana",
        "",
        "PK",
        "TK",
        "KG",
        "01",
        "05",
        "06",
        "08",
        "09",
        "12",
        "13",
        "98101",
        "98101-1234",
        "9810",
        "a8101",
    ),
    *(0, 1, 4, 5, 9.99, 10, 2.4999, 2.5, 3.0, 100, -0.5, True),
    *(BORN, dt.date(2010, 9, 1), dt.date(2008, 2, 29), dt.date(2012, 12, 31)),
)
ELEMENTS = ("000115", "000033", "x-postal-code", "000100", *_BAND_WIDTH)
WAYS = ("exact", "blank", "year", "age_years", "zip3", "band")
GIVEN = "4af89e"
"""The first digits of what all of these come to: whoever changes a value changes `CODE_VERSION` and this line."""


@pytest.mark.claim(6)
def test_the_version_changes_with_what_the_transformations_give() -> None:
    told = hashlib.sha256(CODE_VERSION.encode())
    for element in ELEMENTS:
        for way in WAYS:
            for value in VALUES:
                for year in (None, "2025-2026"):
                    try:
                        given = repr(released(element, way, value, year))
                    except NotServed:
                        given = "not served"
                    told.update(f"{element}|{way}|{value!r}|{year}|{given}\n".encode())
    assert told.hexdigest()[:6] == GIVEN
