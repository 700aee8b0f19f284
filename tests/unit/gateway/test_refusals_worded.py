"""A refusal is said in the reader's language, and what no catalogue can have is marked as English (WCAG 2.2, 3.1.2)."""

import copy

import pytest

from agreements.errors import BadKey
from gateway.console.errors import BadForm
from gateway.errors import Sentence, without_remedy
from gateway.pages.languages import Language, Wording
from gateway.pages.remedies import remedy_on_page
from gateway.pages.render import UTC
from tests.factories import refusals

ENGLISH, SPANISH = Wording(Language.ENGLISH, UTC), Wording(Language.SPANISH, UTC)
OPERATORS = {"BadTrust", "LogSetBack"}
"""What only whoever runs the gateway can mend, where it runs."""
FIELD = Sentence("“%(field)s” takes some words, %(most)s characters at most.", field="Reason", most=500)


def test_no_error_that_a_page_can_show_stays_english() -> None:
    shown = dict([*refusals.said_by_classes(), *refusals.said_by_titles(), *refusals.said_where_raised()])
    assert len(refusals.classes()) > 100
    stays = [f"{place}: {said}" for said, place in shown.items() if 'lang="en"' in SPANISH.sentence(said)]
    assert not stays


def test_what_a_page_says_to_do_names_no_command() -> None:
    said = {each.__name__: remedy_on_page(each.__new__(each)) for each in refusals.classes()}
    assert {name for name, remedy in said.items() if "pactgate" in remedy or "--" in remedy} <= OPERATORS


def test_no_sentence_for_a_page_is_put_together_by_hand() -> None:
    assert not list(refusals.put_together()), "no catalogue can have it: use `Sentence`"


@pytest.mark.parametrize("said", ["<b>It</b> was 100 % wrong: %(field)s.", "<b>", "%s"])
def test_a_sentence_that_no_catalogue_has_is_escaped_and_marked_as_english(said: str) -> None:
    escaped = said.replace("<", "&lt;").replace(">", "&gt;")
    assert SPANISH.sentence(said) == f'<span lang="en">{escaped}</span>'
    assert ENGLISH.sentence(said) == ENGLISH.english(said) == escaped


def test_nothing_is_marked_where_nothing_is_said() -> None:
    assert SPANISH.sentence("") == SPANISH.english("") == ""


def test_a_sentence_with_values_is_said_in_each_language_and_its_values_are_escaped() -> None:
    assert FIELD == "“Reason” takes some words, 500 characters at most."
    assert str(ENGLISH.sentence(FIELD)) == str(FIELD)
    assert SPANISH.sentence(FIELD) == "«Motivo» requiere unas palabras, 500 caracteres como máximo."
    strange = Sentence(FIELD.pattern, field="<b> 5 %", most=500)
    assert SPANISH.sentence(strange).startswith("«&lt;b&gt; 5 %» requiere")
    assert ENGLISH.sentence(strange).startswith("“&lt;b&gt; 5 %” takes")
    assert SPANISH.sentence(copy.copy(FIELD)) == SPANISH.sentence(FIELD)


def test_an_error_keeps_what_its_sentence_was_made_of() -> None:
    refused = BadForm(FIELD)
    assert str(refused) == FIELD
    assert SPANISH.sentence(refused.public_detail) == SPANISH.sentence(FIELD)
    assert BadForm(FIELD, remedy="Wait.").remedy == "Wait."


def test_a_remedy_that_was_said_with_the_sentence_is_not_said_twice() -> None:
    error = BadKey("The key set is too large.")
    assert error.public_detail.endswith(error.remedy)
    assert without_remedy(error.public_detail, error.remedy) == "The key set is too large."
    assert without_remedy("It is over.", "") == "It is over."
    assert without_remedy(FIELD, "Wait.") is FIELD
