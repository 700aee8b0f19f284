"""The minimum cell size: the district's, raised for some, lowered for nobody, and carried by every permit."""

from importlib.resources import files

import pytest

from agreements.elements import load_catalogue
from policies.cells import FLOOR
from policies.errors import MalformedGuardrails
from policies.guardrails import Guardrails, load_guardrails, read_guardrails
from tests.factories.policy_worlds import World, permitted

TEXT = files("policies").joinpath("guardrails.toml").read_text("utf-8")


def read(minimum: str = "10", raised: str = "[]") -> Guardrails:
    before, _, rest = TEXT.partition("[cells]")
    after = rest[rest.index("\n[[") :]
    return read_guardrails(f"{before}[cells]\nminimum = {minimum}\nraised = {raised}\n{after}", load_catalogue())


@pytest.mark.parametrize("minimum", ["9", "0", "-10", "true", '"10"', "10.5"])
@pytest.mark.ferpa("G1")
def test_no_district_goes_below_ten(minimum: str) -> None:
    with pytest.raises(MalformedGuardrails):
        read(minimum)


@pytest.mark.parametrize(
    "raised",
    [
        '[{ for = "partner:bright-path", minimum = 12 }]',
        '[{ for = "partner:bright-path", minimum = 15 }]',
        '[{ for = "partner:bright-path", minimum = true }]',
        '[{ for = "Bright Path", minimum = 20 }]',
        "[{ for = 3, minimum = 20 }]",
        '[{ for = "partner:bright-path" }]',
        '[{ for = "partner:a", minimum = 20 }, { for = "partner:a", minimum = 30 }]',
        "3",
    ],
    ids=["lower", "no higher", "no number", "a name", "no text", "no minimum", "twice", "no list"],
)
@pytest.mark.ferpa("G1")
def test_a_raised_minimum_that_would_lower_it_is_refused(raised: str) -> None:
    with pytest.raises(MalformedGuardrails):
        read("15", raised)


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        ("[]", 15),
        ('[{ for = "partner:another", minimum = 30 }]', 15),
        ('[{ for = "partner:bright-path", minimum = 20 }]', 20),
        ('[{ for = "partner:bright-path", minimum = 20 }, { for = "agreement:sps-a-tutoring", minimum = 25 }]', 25),
        ('[{ for = "partner:bright-path", minimum = 30 }, { for = "agreement:sps-a-tutoring", minimum = 25 }]', 30),
    ],
)
@pytest.mark.ferpa("G1")
def test_a_permit_carries_the_highest_minimum_that_applies(raised: str, expected: int) -> None:
    world = World(guardrails=read("15", raised))
    assert permitted(world.decide("students", "grade_level")).cell_minimum == expected


def test_what_is_shipped_is_the_floor() -> None:
    assert load_guardrails().cells.minimum == FLOOR == 10


def test_a_permit_names_the_guardrails_and_the_catalogue_it_rests_on() -> None:
    guardrails = read("11")
    leave = permitted(World(guardrails=guardrails).decide("students"))
    assert (leave.guardrails_digest, leave.catalogue_digest) == (guardrails.digest, load_catalogue().digest)
    assert guardrails.digest != load_guardrails().digest
