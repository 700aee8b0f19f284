"""What the inbox says about an alarm is what the officers' pages say, both ways, and it says it in every language."""

import re

import pytest

from gateway.pages.languages import Language
from gateway.services.anomalies.watch import RULES
from gateway.services.inbox.cases import UNUSUAL
from gateway.services.inbox.meanings import meanings
from tests.factories.pages import quoted, rows

LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")


def plain(text: str) -> str:
    """Return words without the links in them: on a page of the console they lead nowhere."""
    return LINK.sub(r"\1", text).strip()


def test_the_inbox_says_of_an_alarm_what_the_page_for_officers_says() -> None:
    written = {quoted(code): (plain(found), plain(do)) for code, found, do in rows("docs/officers.md", first="alarm")}
    known = {code: (each.found, each.do) for code, each in meanings("en").items() if not code.startswith(UNUSUAL)}
    assert known == written


def test_the_inbox_says_of_a_rule_what_the_page_about_rules_says() -> None:
    written = {quoted(rule): plain(found) for rule, found in rows("docs/anomalies.md", first="rule")}
    known = {code.removeprefix(UNUSUAL): each.found for code, each in meanings("en").items() if UNUSUAL in code}
    assert known == written
    assert {rule.__name__ for rule in RULES} | {"unused_grants"} == set(known)


@pytest.mark.parametrize("language", [each.value for each in Language])
def test_every_alarm_is_explained_in_every_language(language: str) -> None:
    assert meanings(language).keys() == meanings("en").keys()
    for code, each in meanings(language).items():
        assert each.found.strip(), code
        assert each.do.strip(), code
        assert each.found.count("`") % 2 == 0, code
        assert each.do.count("`") % 2 == 0, code
