"""
Which elements are usual for a purpose: a reviewed table, for people to look twice, never for a decision.

An element that is not usual can be agreed on all the same; a review before signing points at it.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from agreements.document import Agreement
from agreements.elements import Catalogue
from agreements.errors import BrokenCatalogue
from agreements.purpose import PURPOSES
from agreements.terms import ElementTerm


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual for one purpose. `forms` maps element ids to the usual transformations; none listed means any."""

    purpose: str
    reviewed: date
    source: str
    forms: Mapping[str, frozenset[str]]

    def covers(self, line: ElementTerm) -> bool:
        """Return whether this element, in this form, is usual."""
        return line.element in self.forms and (
            not self.forms[line.element] or line.transformation in self.forms[line.element]
        )


@cache
def load_usual() -> Mapping[str, Usual]:
    """Return the table shipped with this release, by purpose."""
    return read_usual(files("agreements").joinpath("purposes.toml").read_text("utf-8"))


def read_usual(text: str) -> Mapping[str, Usual]:
    """Read a table of purposes and their elements. Raises `BrokenCatalogue` unless it has every purpose, once each."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BrokenCatalogue(f"The table of purposes is not TOML: {error}.") from None
    if set(content) != set(PURPOSES):
        raise BrokenCatalogue(
            f"The table of purposes is wrong about: {', '.join(sorted(set(content) ^ set(PURPOSES)))}."
        )
    return MappingProxyType({purpose: _usual(purpose, row) for purpose, row in content.items()})


def unusual(agreement: Agreement, catalogue: Catalogue) -> tuple[ElementTerm, ...]:
    """
    Return the lines of an agreement that are not usual for its purpose, in its order.

    What is sensitive in the form agreed on is never usual, whatever the table says.
    """
    usual = load_usual()[agreement.purpose.code]
    return tuple(
        line
        for terms in agreement.datasets
        for line in terms.elements
        if not usual.covers(line) or catalogue.element(line.element).tier_after(line.transformation).is_sensitive
    )


def _usual(purpose: str, row: dict[str, Any]) -> Usual:
    forms: dict[str, set[str]] = {}
    try:
        for listed in row.pop("elements"):
            element, _, form = listed.partition(":")
            forms.setdefault(element, set()).update([form] if form else [])
        made = Usual(
            purpose,
            row.pop("reviewed"),
            row.pop("source"),
            MappingProxyType({k: frozenset(v) for k, v in forms.items()}),
        )
    except KeyError as error:
        raise BrokenCatalogue(f"The purpose '{purpose}' lacks {error}.") from None
    if row:
        raise BrokenCatalogue(f"The purpose '{purpose}' has what is not known: {', '.join(row)}.")
    return made
