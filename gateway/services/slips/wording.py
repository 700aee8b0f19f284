"""
The words of a slip, one file a language. Plain and short: a family reads it at the counter.

INVARIANT: every language says the same things; a file that lacks one is refused, and a test compares the blanks.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files

import msgspec

from agreements.elements import Element
from agreements.purpose import PURPOSES


class Language(StrEnum):
    """A language in which there are slips, by its tag."""

    ENGLISH = "en"
    SPANISH = "es"


class Wish(StrEnum):
    """What a family did."""

    CONSENT = "consent"
    WITHDRAWAL = "withdrawal"
    OPT_OUT = "opt_out"
    DIRECTORY = "directory"


@dataclass(frozen=True, slots=True)
class Words:
    """
    Everything a slip says. In braces stand the blanks: partner, district, entry, log, time, zone, day, ….

    `purposes` and `elements` are what these are called; English leaves it to the purposes and the catalogue themselves.
    """

    titles: Mapping[Wish, str]
    student: str
    opening: str
    columns: tuple[str, str]
    entry: str
    time: str
    log: str
    agreement: str
    partner: str
    every_partner: str
    purpose: str
    will_be_done: str
    elements_named: str
    everything: str
    first_day: str
    last_day: str
    until_withdrawn: str
    changes: str
    effects: Mapping[Wish, tuple[str, ...]]
    opt_out_of_one: tuple[str, ...]
    check: str
    checks: tuple[str, ...]
    footer: str
    months: tuple[str, ...]
    moment: str
    day: str
    purposes: Mapping[str, str] = field(default_factory=dict)
    elements: Mapping[str, str] = field(default_factory=dict)

    def element(self, element: Element) -> str:
        """Return what an element is called; its name in the catalogue where the language has none."""
        return self.elements.get(element.id, element.title)

    def purpose_called(self, code: str) -> str:
        """Return what a purpose is called; its code where nobody knows it any more."""
        return self.purposes.get(code, PURPOSES[code].title if code in PURPOSES else code)


@cache
def words_in(language: Language) -> Words:
    """Return the words of a slip in this language."""
    text = (files("gateway.services.slips") / f"words_{language}.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Words)
