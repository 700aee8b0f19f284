"""What a page believes: sentences of our own alone, whatever a template hands to the translation."""

import pytest
from jinja2 import Environment

from gateway.pages.languages import Language, messages
from gateway.pages.render import Pages


def rendered(source: str, **values: object) -> list[str]:
    environments: dict[Language, Environment] = Pages("gateway.console")._environments
    return [each.from_string(source).render(**values) for each in environments.values()]


@pytest.mark.parametrize("hostile", ['<script>alert("x")</script>', "100 % of <b>", "%(root)s", "%s"])
def test_a_value_that_is_no_sentence_of_ours_is_escaped_though_it_is_translated(hostile: str) -> None:
    for page in rendered("{{ _(said) }}", said=hostile):
        assert "<" not in page
        assert "%" not in hostile or "%" in page


def test_a_sentence_of_ours_is_said_in_each_language_and_its_values_are_escaped() -> None:
    assert "Agreements" in messages()
    assert rendered('{{ _("Agreements") }}') == ["Agreements", "Acuerdos"]
    for page in rendered('{{ _("Type %(name)s to confirm", name=name) }}', name="<b>"):
        assert "&lt;b&gt;" in page
