"""
What each alarm means and what to do about it, in the languages of the pages.

The one table: `docs/officers.md` and `docs/anomalies.md` say the same in English, and a test compares them both ways.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from gateway.services.inbox.cases import UNUSUAL

_SPANISH: Final = "es"
_ASK: Final = {
    "en": "It is a question, not a verdict: ask the partner. If the answer does not convince you, stop it.",
    _SPANISH: "Es una pregunta, no un veredicto: pregunte al socio. Si la respuesta no le convence, deténgalo.",
}
"""What to do about everything unusual."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What was found, and what to do, in one sentence or a few."""

    found: str
    do: str


@cache
def meanings(language: str) -> Mapping[str, Meaning]:
    """Return what each code means, in English, or in Spanish for `es`."""
    table = tomllib.loads(files("gateway.services.inbox").joinpath("meanings.toml").read_text("utf-8"))
    end = "_es" if language == _SPANISH else ""
    said = {code: Meaning(row[f"found{end}"], row[f"do{end}"]) for code, row in table["alarm"].items()}
    ask = _ASK.get(language, _ASK["en"])
    return said | {f"{UNUSUAL}{rule}": Meaning(row[f"found{end}"], ask) for rule, row in table["unusual"].items()}
