"""The words by which systems call fields, targets and codes: `words.toml`, asked."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from gateway.records.loading.targets import TARGETS, fields_of

_NOT_WORDS: Final = frozenset({"needs", "without", "named"})
CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sex": "sex",
        "attendance_status": "attendance_status",
        "grade_level": "grade_level",
        "grade_level_when_assessed": "grade_level",
    }
)
"""Fields whose cells are codes, and the table of `words.toml` that says what they mean."""


@dataclass(frozen=True, slots=True)
class TargetWords:
    """What makes a table one for this target: of each group of `needs` a field, and no field of `without`."""

    target: str
    needs: tuple[tuple[str, ...], ...]
    without: tuple[str, ...]
    named: tuple[str, ...]
    fields: Mapping[str, Sequence[str]]
    """The words for each field, the likeliest first."""


@cache
def targets() -> tuple[TargetWords, ...]:
    """Return the targets that are looked for in an export."""
    words = _words()
    return tuple(_target(name, said, words["fields"]) for name, said in words["targets"].items())


@cache
def codes(field: str) -> Mapping[str, str]:
    """Return what each known code of a field means, by the code in small letters."""
    return {code: meaning for meaning, said in _words()["codes"][field].items() for code in (meaning.casefold(), *said)}


def squeezed(text: str, keep: str = "") -> str:
    """Return the letters and digits of a text, small and without accents; `keep` stands for what was between them."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return re.sub(r"[\W_]+", keep, plain.casefold()).strip(keep or None)


def readings(header: str) -> tuple[str, ...]:
    """Return how a header may be read: whole, and without what stands before a point or a bracket."""
    last = re.split(r"[.\]]", header)[-1]
    return tuple(dict.fromkeys(each for each in (squeezed(header), squeezed(last)) if each))


@cache
def is_known(header: str) -> bool:
    """Return whether any target calls a field so."""
    return any(each in _all_words() for each in readings(header))


@cache
def _all_words() -> frozenset[str]:
    return frozenset(word for target in targets() for said in target.fields.values() for word in said)


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads((files("gateway.records.guessing") / "words.toml").read_text("utf-8"))


def _target(name: str, said: Mapping[str, Any], general: Mapping[str, list[str]]) -> TargetWords:
    assert name in TARGETS, name
    own = {field: words for field, words in said.items() if field not in _NOT_WORDS}
    # Fields of other targets are known too: they tell what a table is not.
    known = dict.fromkeys((*fields_of(name), *said["without"]))
    words = {field: (squeezed(field), *own.get(field, ()), *general.get(field, ())) for field in known}
    return TargetWords(
        name, tuple(tuple(group) for group in said["needs"]), tuple(said["without"]), tuple(said["named"]), words
    )
