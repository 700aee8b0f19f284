"""Claim 12: one person is not two by a letter that nobody sees, or that looks like another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.errors import BadTrust
from agreements.names import person, words
from agreements.trust import Officer, pin_trust
from tests.factories.agreements import Keyring, key_for

pytestmark = pytest.mark.claim(12)

NAME = "Olivia Okafor"
THE_SAME = {
    "a joiner": "Olivia Okafor\u200d",
    "a joiner inside": "Oli\u200cvia Okafor",
    "a variation selector": "Ol\ufe0fivia Okafor",
    "a grapheme joiner": "Olivia\u034f Okafor",
    "a filler for a space": "Olivia\u3164Okafor",
    "a blank pattern for a space": "Olivia\u2800Okafor",
    "no space": "OliviaOkafor",
    "a soft hyphen": "Olivia Oka\u00adfor",
    "a tag": "Olivia Okafor\U000e0041",
    "letters of Cyrillic": "\u041elivi\u0430 Ok\u0430for",
    "a letter of Greek": "Olivia \u039fkafor",
    "a capital I for an l": "OIivia Okafor",
    "a figure": "Olivia 0kafor",
    "wide letters": "\uff2flivia Okafor",
}
OTHERS = ("Olivia Okofor", "Oliver Okafor", "Olívia Okafor", "Piotr Nowak", "李 明", "")


@pytest.mark.parametrize("name", THE_SAME.values(), ids=THE_SAME)
def test_what_looks_like_a_name_is_that_name(name: str) -> None:
    assert person(name) == person(NAME)
    trust, officers = Keyring().trust, (Officer(NAME, key_for("one").public), Officer(name, key_for("two").public))
    with pytest.raises(BadTrust, match=r"same officer|hidden character"):
        pin_trust(trust.origin, officers, trust.log_public_key)


@pytest.mark.parametrize("name", OTHERS)
def test_another_name_is_another_person(name: str) -> None:
    assert person(name) != person(NAME)


def test_words_keep_their_letters_and_spaces() -> None:
    assert words(" All\u200d  Staff ") == "all staff"


@given(st.text(max_size=12), st.sampled_from("\u200d\ufe0f\u3164\u2800\u034f"), st.integers(0, 12))
def test_a_character_that_shows_nothing_changes_nobody(name: str, nothing: str, at: int) -> None:
    assert person(name[:at]) + person(name[at:]) == person(name[:at] + nothing + name[at:])
