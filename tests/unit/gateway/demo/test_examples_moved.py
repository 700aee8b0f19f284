"""The demo is played in whatever school year it is: its agreements are moved there whole."""

import pytest

from agreements.canonical import canonical_bytes
from agreements.document import parse_agreement
from agreements.elements import load_catalogue
from gateway.demo.cast import WRITTEN_FOR, script
from gateway.demo.stage import PARTS

FIRST = int(WRITTEN_FOR[:4])


@pytest.mark.parametrize("name", sorted(set(PARTS.values())))
@pytest.mark.parametrize("year", range(FIRST - 2, FIRST + 4))
def test_each_example_is_an_agreement_of_the_school_year_that_is_played(name: str, year: int) -> None:
    played = f"{year}-{year + 1}"
    agreement = parse_agreement(canonical_bytes(script(name, played)), load_catalogue())
    assert (agreement.term.first_day.year, agreement.term.last_day.year) == (year, year + 1)
    years = {each for dataset in agreement.datasets for each in dataset.school_years}
    assert years <= {played}
