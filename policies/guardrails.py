"""
The district's guardrails: what is withheld whatever an agreement says.

They become denials in every ruleset, so an agreement that should never have been signed still shares nothing of it.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from agreements.basis import Basis
from agreements.canonical import canonical_bytes, digest_of
from agreements.elements import Catalogue, Tier, load_catalogue
from policies.ceilings import Ceiling, read_ceilings
from policies.errors import MalformedGuardrails


@dataclass(frozen=True, slots=True)
class Barrier:
    """One element that is withheld under every basis but `open_to`; `clause` is its place in the file."""

    element: str
    open_to: frozenset[str]
    reason: str
    clause: str


@dataclass(frozen=True, slots=True)
class Guardrails:
    """All barriers, in the order of the file, the ceiling of each dataset, and the digest of what they say."""

    barriers: tuple[Barrier, ...]
    ceilings: Mapping[str, Ceiling]
    digest: str

    def closed(self, basis: str) -> Iterator[Barrier]:
        """Yield the barriers that stay closed under `basis`."""
        return (barrier for barrier in self.barriers if basis not in barrier.open_to)

    def reason(self, clause: str) -> str:
        """Return why the barrier at `clause` stands, for people; the general reason if it is none of ours."""
        found = (barrier.reason for barrier in self.barriers if barrier.clause == clause)
        return next(found, "The district withholds it.")


@cache
def load_guardrails() -> Guardrails:
    """Return the guardrails shipped with this release, checked against its catalogue."""
    return read_guardrails(files("policies").joinpath("guardrails.toml").read_text("utf-8"), load_catalogue())


def read_guardrails(text: str, catalogue: Catalogue) -> Guardrails:
    """
    Read a guardrails file.

    Raises `MalformedGuardrails`: an unread or misspelt line would leave a door open that somebody believes is shut.
    """
    try:
        content = tomllib.loads(text)
        barriers = tuple(_barriers(content))
        ceilings = read_ceilings(content["volume"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise MalformedGuardrails(f"The guardrails cannot be read: {error}.") from None
    guarded = {barrier.element for barrier in barriers}
    never = {barrier.element for barrier in barriers if not barrier.open_to}
    # (1): each line guards something that exists.
    if unknown := sorted(element for element in guarded if element not in catalogue):
        raise MalformedGuardrails(f"The guardrails name elements the catalogue does not have: {', '.join(unknown)}.")
    # (2): everything the catalogue calls gated or never shared stands here.
    for element in catalogue:
        if (element.tier is Tier.NEVER and element.id not in never) or (element.gate and element.id not in guarded):
            raise MalformedGuardrails(f"The guardrails leave out {element.id}, which the catalogue calls guarded.")
    return Guardrails(barriers, ceilings, digest_of(canonical_bytes(content)))


def _barriers(content: dict[str, Any]) -> Iterator[Barrier]:
    _require_members(content, {"version", "never", "gates", "volume"})
    if content["version"] != 1:
        raise ValueError("version is not 1")
    for index, row in enumerate(content["never"]):
        _require_members(row, {"element", "reason"})
        yield Barrier(row["element"], frozenset(), row["reason"], f"guardrails:/never/{index}")
    for index, row in enumerate(content["gates"]):
        _require_members(row, {"law", "reason", "bases", "elements"})
        bases = frozenset(Basis(basis).value for basis in row["bases"])
        for place, element in enumerate(row["elements"]):
            reason = f"{row['reason']} ({row['law']})"
            yield Barrier(element, bases, reason, f"guardrails:/gates/{index}/elements/{place}")


def _require_members(row: dict[str, Any], names: set[str]) -> None:
    if row.keys() != names:
        raise ValueError(f"a part has the members {sorted(row)}, not {sorted(names)}")
