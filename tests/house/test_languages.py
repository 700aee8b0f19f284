"""Every page is there in every language: nothing untranslated, nothing left over, the same values in each sentence."""

import re

import pytest

from gateway.pages.languages import Language
from gateway.services.inbox.meanings import meanings
from tests.factories.messages import catalogue, spoken

VALUE = re.compile(r"%\((\w+)\)s")
OTHERS = [each.value for each in Language if each is not Language.ENGLISH]
AVOIDED = {
    r"\bpetici(ón|ones)\b": "solicitud",
    r"\bfichas?\b": "token",
    r"\b(rol|roles)\b": "función",
    r"\bcursos?\b": "año escolar",
    r"\bfinalidad\b": "propósito",
    r"\bdivulg": "entrega",
    r"\bregistros\b": "expedientes",
    r"\bportal\b": "pasarela",
    r"\boficial(es)?\b": "responsable de privacidad",
}
"""Words that would name a thing that has another name on the pages, and that name."""
OF_ANOTHER_THING = {"a family's open request to inspect"}


def forms(said: object) -> list[str]:
    """Return a message as it stands, or each of its forms."""
    assert isinstance(said, str | list | tuple)
    return [said] if isinstance(said, str) else list(said)


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_has_every_sentence_of_the_pages_and_no_other(language: str) -> None:
    said, written = spoken(), {each.id: each for each in catalogue(language) if each.id}
    missing = [f"{message} ({', '.join(places)})" for message, places in said.items() if message not in written]
    assert not missing
    assert not set(written) - set(said), "no page says this any more"
    for message in written.values():
        assert all(forms(message.string)), message.id
        assert not message.fuzzy, message.id


@pytest.mark.parametrize("language", OTHERS)
def test_a_sentence_names_the_same_values_in_each_language(language: str) -> None:
    for message in catalogue(language):
        if not message.id:
            continue
        for string in forms(message.string):
            assert set(VALUE.findall(string)) == set(VALUE.findall(forms(message.id)[-1])), message.id
            assert "%" not in VALUE.sub("", string), message.id


@pytest.mark.parametrize("avoided", sorted(AVOIDED))
def test_the_spanish_calls_one_thing_by_one_name(avoided: str) -> None:
    said = [(each.id, forms(each.string)) for each in catalogue("es") if each.id and each.id not in OF_ANOTHER_THING]
    alarms = [(code, [each.found, each.do]) for code, each in meanings("es").items()]
    places = [what for what, texts in (*said, *alarms) if re.search(avoided, " ".join(texts), re.IGNORECASE)]
    assert not places, f"it is called {AVOIDED[avoided]}"
