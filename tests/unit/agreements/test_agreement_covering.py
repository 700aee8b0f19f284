"""Which populations are found within which, case by case; the properties say that no finding is wrong."""

from typing import Any

import pytest

from agreements.covering import lies_within

ROSTER: Any = {"roster": True}
PLACED: Any = {"placement": True}
EVERYONE: Any = {"everyone": True}


def among(*values: str, column: str = "school_identifier") -> Any:
    return {"in": {"column": column, "values": list(values)}}


def but(*values: str) -> Any:
    return {"not_in_known": {"column": "grade_level", "values": list(values)}}


def known(column: str) -> Any:
    return {"known": {"column": column}}


@pytest.mark.ferpa("A8")
@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        (PLACED, ROSTER),
        (EVERYONE, ROSTER),
        (EVERYONE, among("N")),
        (among("N", "S"), among("N")),
        (among("N"), among("N", column="grade_level")),
        (known("school_identifier"), among("N")),
        (but("09"), but("09", "10")),
        (known("grade_level"), but("09")),
        (among("09", column="grade_level"), but("10")),
        ({"any": [ROSTER, PLACED]}, ROSTER),
        ({"any": [ROSTER, EVERYONE]}, {"any": [ROSTER, PLACED]}),
        (ROSTER, {"all": [ROSTER, among("N")]}),
        ({"all": [PLACED, among("N")]}, {"all": [ROSTER, among("N")]}),
        ({"all": [PLACED, among("N")]}, {"any": [ROSTER, among("S")]}),
    ],
)
def test_what_may_cover_somebody_else_is_not_found_within(inner: Any, outer: Any) -> None:
    assert not lies_within(inner, outer)


@pytest.mark.ferpa("A8")
@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        (ROSTER, ROSTER),
        (ROSTER, EVERYONE),
        (among("N"), among("S", "N")),
        (among("N"), known("school_identifier")),
        (but("09", "10"), but("10")),
        (but("09"), known("grade_level")),
        ({"all": [among("N"), ROSTER]}, ROSTER),
        ({"all": [{"all": [among("N"), ROSTER]}, PLACED]}, {"all": [ROSTER, PLACED]}),
        ({"all": [among("N"), {"all": [ROSTER, PLACED]}]}, {"all": [PLACED, among("N", "S")]}),
        (ROSTER, {"any": [PLACED, ROSTER]}),
        ({"any": [PLACED, ROSTER]}, {"any": [ROSTER, PLACED]}),
        ({"any": [{"all": [ROSTER, PLACED]}, ROSTER]}, ROSTER),
        ({"all": [EVERYONE, among("N")]}, {"all": [EVERYONE, among("N", "S")]}),
    ],
)
def test_what_narrows_is_found_within(inner: Any, outer: Any) -> None:
    assert lies_within(inner, outer)


@pytest.mark.ferpa("A8")
def test_what_is_too_big_to_compare_is_not_found_within_though_it_is_the_same() -> None:
    many: Any = {"any": [among(f"N{number}") for number in range(250)]}
    assert lies_within({"any": many["any"][:50]}, many)
    assert not lies_within(many, many)
