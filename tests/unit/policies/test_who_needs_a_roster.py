"""Rosters are taken under agreements that cover somebody by one, and under no others."""

from typing import Any

import pytest

from policies.population import asks_for_a_roster, parse

SCHOOLS = {"in": {"column": "school_identifier", "values": ["ECS-101"]}}


@pytest.mark.ferpa("R1")
@pytest.mark.parametrize(
    ("expression", "asks"),
    [
        (SCHOOLS, False),
        ({"placement": True}, False),
        ({"all": [{"everyone": True}, SCHOOLS]}, False),
        ({"roster": True}, True),
        ({"all": [SCHOOLS, {"roster": True}]}, True),
        ({"any": [SCHOOLS, {"all": [SCHOOLS, {"roster": True}]}]}, True),
    ],
)
def test_an_agreement_asks_for_a_roster_where_its_population_does(expression: dict[str, Any], asks: bool) -> None:
    assert asks_for_a_roster(parse(expression)) is asks
