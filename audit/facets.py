"""
What an entry can be found by, and the words by which the index knows it.

INVARIANT: `audit.index_next` reads a leaf exactly as this file does (`gateway/migrations/sql`): it fills the index, and
what stands here checks it and every entry that is found by it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final, NoReturn

TERM_SIZE: Final = 8
"""Bytes. Two terms that share them cost one look at an entry that is not meant, never a wrong answer."""


class Facet(StrEnum):
    """What is asked about."""

    EVENT = "event"
    CLIENT = "client"
    AGREEMENT = "agreement"
    """The digest of an agreement, or of another document that the entry is about."""
    LINE = "line"
    """The id of an agreement, the same for all its versions."""
    PARTNER = "partner"
    """A party by its id, as far as the entry names one: most name the client and the agreement only."""
    ELEMENT = "element"
    """An id of the catalogue in a disclosure; the name that was asked for in a refusal."""
    DATASET = "dataset"
    CODE = "code"
    PURPOSE = "purpose"
    BEHIND = "behind"
    """The person behind a request, by an opaque id of the partner's, or `automated`."""


FACETS: Final[Mapping[str, Facet]] = {
    "event": Facet.EVENT,
    "client": Facet.CLIENT,
    "clients": Facet.CLIENT,
    "agreement": Facet.AGREEMENT,
    "agreements": Facet.AGREEMENT,
    "document": Facet.AGREEMENT,
    "approves": Facet.AGREEMENT,
    "by": Facet.AGREEMENT,
    "draft": Facet.AGREEMENT,
    "order": Facet.AGREEMENT,
    "line": Facet.LINE,
    "partner": Facet.PARTNER,
    "party": Facet.PARTNER,
    "predecessor": Facet.PARTNER,
    "successor": Facet.PARTNER,
    "element": Facet.ELEMENT,
    "elements": Facet.ELEMENT,
    "dataset": Facet.DATASET,
    "datasets": Facet.DATASET,
    "code": Facet.CODE,
    "error": Facet.CODE,
    "reason": Facet.CODE,
    "purpose": Facet.PURPOSE,
    "behind": Facet.BEHIND,
}
"""Where in a leaf a facet stands: a text, or a list of texts."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a leaf says: its time, None if it has none, and its facets with their values."""

    time: str | None
    facets: frozenset[tuple[Facet, str]]


_NOTHING: Final = Said(None, frozenset())


def said_by(leaf: bytes) -> Said:
    """Return what a leaf says. One that cannot be read says nothing; that it is damaged is found by `audit.recheck`."""
    try:
        # PostgreSQL's jsonb has no \u0000, and the index is made there.
        fields = json.loads(leaf.decode().replace("\\u0000", "\\ufffd"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return _NOTHING
    if not isinstance(fields, dict):
        return _NOTHING
    time = fields.get("time")
    return Said(
        time if isinstance(time, str) else None,
        frozenset((facet, value) for key, facet in FACETS.items() for value in _texts(fields.get(key))),
    )


def told(value: str) -> str:
    """Return a value as `said_by` reads it, which knows no zero character."""
    return value.replace("\0", "\ufffd").replace("\\u0000", "\\ufffd")


def term(facet: Facet, value: str) -> bytes:
    """Return the word by which the index knows a value of a facet."""
    return sha256(f"{facet}={value}".encode(errors="surrogatepass")).digest()[:TERM_SIZE]


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")
