"""Volume ceilings: each dataset has one, it grows with the population, and no line of the file goes unread."""

from collections.abc import Callable
from importlib.resources import files

import pytest

from agreements.elements import DATASETS, load_catalogue
from policies.ceilings import Ceiling
from policies.errors import MalformedGuardrails
from policies.guardrails import load_guardrails, read_guardrails
from tests.factories.policy_worlds import World, permitted

TEXT = files("policies").joinpath("guardrails.toml").read_text("utf-8")
STUDENTS = '[[volume]]\ndataset = "students"\ntimes = 24\nleast = 20000\n'
Edit = Callable[[str], str]


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda text: text.replace(STUDENTS, ""), id="a dataset without an end"),
        pytest.param(lambda text: text + STUDENTS, id="two ceilings, of which one would count"),
        pytest.param(lambda text: text.replace('dataset = "students"', 'dataset = "pupils"'), id="no such dataset"),
        pytest.param(lambda text: text.replace('dataset = "students"', "dataset = 1"), id="no name"),
        pytest.param(lambda text: text.replace("times = 4320", "times = 0"), id="nothing at all"),
        pytest.param(lambda text: text.replace("times = 4320", "times = -1"), id="less than nothing"),
        pytest.param(lambda text: text.replace("times = 4320", "times = 1.5"), id="half a row"),
        pytest.param(lambda text: text.replace("times = 4320", "times = true"), id="no number"),
        pytest.param(lambda text: text.replace("times = 4320", 'times = "4320"'), id="a text"),
        pytest.param(lambda text: text.replace("times = 4320\n", ""), id="a member left out"),
        pytest.param(lambda text: text.replace("times = 4320", "times = 4320\nmost = 1"), id="a member nobody reads"),
        pytest.param(lambda text: text[: text.index("[[volume]]")], id="no ceilings"),
        pytest.param(lambda text: "volume = 3\n" + text[: text.index("[[volume]]")], id="no list"),
        pytest.param(lambda text: "volume = [3]\n" + text[: text.index("[[volume]]")], id="a list of something else"),
    ],
)
def test_ceilings_that_would_not_hold_are_refused(edit: Edit) -> None:
    assert edit(TEXT) != TEXT
    with pytest.raises(MalformedGuardrails):
        read_guardrails(edit(TEXT), load_catalogue())


def test_every_dataset_has_a_ceiling() -> None:
    assert load_guardrails().ceilings.keys() == set(DATASETS)


def test_a_ceiling_grows_with_the_population_and_never_starves_a_small_one() -> None:
    ceiling = Ceiling(times=24, least=20_000)
    assert [ceiling.rows(students) for students in (0, 1, 833, 834, 50_000)] == [20_000] * 3 + [20_016, 1_200_000]


def test_a_ceiling_is_a_part_of_what_every_ruleset_is_made_of() -> None:
    raised = read_guardrails(TEXT.replace("times = 4320", "times = 4321"), load_catalogue())
    assert raised.digest != load_guardrails().digest


def test_a_permit_carries_the_ceiling_of_its_dataset() -> None:
    raised = read_guardrails(TEXT.replace(STUDENTS, STUDENTS.replace("24", "7")), load_catalogue())
    assert permitted(World(guardrails=raised).decide("students")).ceiling == Ceiling(7, 20_000)
