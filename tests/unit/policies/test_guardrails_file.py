from collections.abc import Callable
from importlib.resources import files

import pytest

from agreements.elements import Tier, load_catalogue
from policies.errors import MalformedGuardrails
from policies.guardrails import load_guardrails, read_guardrails

TEXT = files("policies").joinpath("guardrails.toml").read_text("utf-8")
Edit = Callable[[str], str]


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda text: text + "[[", id="not TOML"),
        pytest.param(lambda text: text.replace("version = 1", "version = 2"), id="another version"),
        pytest.param(lambda text: text.replace("version = 1", ""), id="no version"),
        pytest.param(lambda text: text.replace('law = "34 CFR 300.622"', 'law = "project rule M2"'), id="a law twice"),
        pytest.param(lambda text: "allow = true\n" + text, id="a member nobody reads"),
        pytest.param(lambda text: text.replace('element = "000508"', 'elment = "000508"'), id="misspelt member"),
        pytest.param(lambda text: text.replace('"000508"', '"000509x"'), id="element that does not exist"),
        pytest.param(lambda text: text.replace('bases = ["consent"]', 'bases = ["consnt"]'), id="unknown basis"),
        pytest.param(lambda text: text.replace('bases = ["consent"]', "bases = 3"), id="bases are no list"),
        pytest.param(lambda text: text.replace('"000092", ', ""), id="a gated element left out"),
        pytest.param(lambda text: text.replace('"000508"', '"001377"'), id="an element never shared left out"),
    ],
)
def test_guardrails_that_leave_a_door_open_are_refused(edit: Edit) -> None:
    assert edit(TEXT) != TEXT
    with pytest.raises(MalformedGuardrails):
        read_guardrails(edit(TEXT), load_catalogue())


def test_an_element_never_shared_is_not_merely_gated() -> None:
    moved = TEXT.replace('["000092", "000086"]', '["000092", "000086", "000508"]').replace(
        '[[never]]\nelement = "000508"\nreason = "Free text about an incident names other people."\n', ""
    )
    with pytest.raises(MalformedGuardrails):
        read_guardrails(moved, load_catalogue())


def test_what_the_catalogue_never_releases_is_closed_under_every_basis() -> None:
    never = {element.id for element in load_catalogue() if element.tier is Tier.NEVER}
    for basis in ("consent", "school_official", "unheard_of"):
        assert never <= {barrier.element for barrier in load_guardrails().closed(basis)}


@pytest.mark.ferpa("M2")
def test_meals_homelessness_and_special_education_open_with_consent_only() -> None:
    gated = {"000092", "000086", "000149", "000148", "000147", "000151", "001501", "000577"}
    assert gated <= {barrier.element for barrier in load_guardrails().closed("school_official")}
    assert not gated & {barrier.element for barrier in load_guardrails().closed("consent")}


def test_comments_and_layout_do_not_change_the_digest_but_words_do() -> None:
    shipped = load_guardrails()
    assert read_guardrails("# a remark\n" + TEXT, load_catalogue()).digest == shipped.digest
    assert read_guardrails(TEXT.replace("other people", "others"), load_catalogue()).digest != shipped.digest


def test_a_barrier_says_why_it_stands_and_by_which_law() -> None:
    shipped = load_guardrails()
    assert "42 U.S.C. 1758(b)(6)" in shipped.reason("guardrails:/gates/0/elements/1")
    assert shipped.reason("guardrails:/nowhere") == "The district withholds it."
