"""
The district's guardrails: what is withheld whatever an agreement says.

They become denials in every ruleset, so an agreement that should never have been signed still shares nothing of it;
what they say of code values and of small groups goes into every permit.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from agreements.basis import Basis
from agreements.canonical import canonical_bytes, digest_of
from agreements.elements import Catalogue, Tier, load_catalogue
from policies.ceilings import Ceiling, read_ceilings
from policies.cells import Cells, read_cells
from policies.classified import UNCLASSIFIED, Classified, read_classified
from policies.code_values import CodeValues, Gates, read_code_values
from policies.directory import REASONS, Directory, read_directory
from policies.errors import MalformedGuardrails
from policies.members import require_members
from policies.memo import Memo


@dataclass(frozen=True, slots=True)
class Barrier:
    """One element that is withheld under every basis but `open_to`; `clause` is its place in the file."""

    element: str
    open_to: frozenset[str]
    reason: str
    clause: str


@dataclass(frozen=True, slots=True)
class Guardrails:
    """All of it, barriers in the order of the file, and the digest of what the files and the stewards say."""

    barriers: tuple[Barrier, ...]
    ceilings: Mapping[str, Ceiling]
    codes: CodeValues
    directory: Directory
    cells: Cells
    classified: Classified
    """What stewards classified by signed acts, as far as it is part of these guardrails."""
    laws: frozenset[str]
    """The laws of the gates, by which a value may be gated."""
    bearer: bool
    """Whether an agreement may let in programs that know only a client secret."""
    digest: str
    canonical: bytes = field(repr=False)
    """The bytes that `digest` names (RFC 8785); `recorded_guardrails` reads them again."""

    def closed(self, basis: str) -> Iterator[Barrier]:
        """Yield the barriers that stay closed under `basis`."""
        return (barrier for barrier in self.barriers if basis not in barrier.open_to)

    def reason(self, clause: str) -> str:
        """Return why the denial of `clause` stands, for people; the general reason if it is none of ours."""
        found = (barrier.reason for barrier in self.barriers if barrier.clause == clause)
        return next(found, _REASONS.get(clause, "The district withholds it."))


_COMPATIBILITY = "compatibility"
_CLASSIFIED = "classified"
_KEPT = 8
_READ: Memo[tuple[str, Classified, str], Guardrails] = Memo(_KEPT)
"""Guardrails with what was classified besides: one between two classifications, and some for whoever looks back."""
POPULATION_CODES = "guardrails:/code_values/population"
"""The clause of denials to an agreement whose population would tell a guarded status."""
_REASONS: Mapping[str, str] = {
    **REASONS,
    POPULATION_CODES: "Who is covered depends on kinds of programs that tell a guarded status or that nobody has"
    " classified: being covered would tell it.",
}


@cache
def load_guardrails() -> Guardrails:
    """Return the guardrails shipped with this release, checked against its catalogue."""
    return read_guardrails(_shipped("guardrails.toml"), load_catalogue())


def read_guardrails(text: str, catalogue: Catalogue, code_values: str | None = None) -> Guardrails:
    """
    Read a guardrails file, with a file of code values, or with the one shipped.

    Raises `MalformedGuardrails`: an unread or misspelt line would leave a door open that somebody believes is shut.
    """
    try:
        content = tomllib.loads(text)
        values = tomllib.loads(_shipped("code_values.toml") if code_values is None else code_values)
    except tomllib.TOMLDecodeError as error:
        raise MalformedGuardrails(f"The guardrails cannot be read: {error}.") from None
    return _guardrails(content, values, catalogue)


def recorded_guardrails(canonical: bytes, catalogue: Catalogue) -> Guardrails:
    """Read guardrails again that were kept as `Guardrails.canonical`. Raises `MalformedGuardrails`."""
    try:
        whole: Any = json.loads(canonical)
        content, values = whole["guardrails"], whole["code_values"]
        classified = read_classified(whole[_CLASSIFIED]) if _CLASSIFIED in whole else UNCLASSIFIED
    except (ValueError, KeyError, TypeError) as error:
        raise MalformedGuardrails(f"The guardrails cannot be read: {error}.") from None
    return _guardrails(content, values, catalogue, classified)


def classified_guardrails(own: Guardrails, classified: Classified, catalogue: Catalogue) -> Guardrails:
    """
    Return the guardrails `own` with this in the place of what stewards had classified in them.

    The same for the same: it costs something only when it changed. Raises `MalformedGuardrails`.
    """
    if own.classified == classified:
        return own
    key = (own.digest, classified, catalogue.digest)

    def read() -> Guardrails:
        whole = json.loads(own.canonical)
        return _guardrails(whole["guardrails"], whole["code_values"], catalogue, classified)

    return _READ.get_or_make(key, read)


def _guardrails(
    content: dict[str, Any], values: dict[str, Any], catalogue: Catalogue, classified: Classified = UNCLASSIFIED
) -> Guardrails:
    try:
        barriers = tuple(_barriers(content))
        gates = _gates(content)
        codes = read_code_values(values, catalogue, gates, classified)
        directory, cells = read_directory(content["directory"]), read_cells(content["cells"])
        ceilings, bearer = read_ceilings(content["volume"]), _bearer(content)
    except (KeyError, TypeError, ValueError) as error:
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
    whole: dict[str, Any] = {"code_values": values, "guardrails": content}
    if classified != UNCLASSIFIED:  # as before there were any
        whole[_CLASSIFIED] = classified.content
    canonical = canonical_bytes(whole)
    return Guardrails(
        barriers=barriers,
        ceilings=ceilings,
        codes=codes,
        directory=directory,
        cells=cells,
        classified=classified,
        laws=frozenset(gates),
        bearer=bearer,
        digest=digest_of(canonical),
        canonical=canonical,
    )


def _shipped(name: str) -> str:
    return files("policies").joinpath(name).read_text("utf-8")


def _barriers(content: dict[str, Any]) -> Iterator[Barrier]:
    required = {"version", "never", "gates", "directory", "cells", "volume"}
    require_members(content, required, frozenset({_COMPATIBILITY}))
    if content["version"] != 1:
        raise ValueError("version is not 1")
    for index, row in enumerate(content["never"]):
        require_members(row, {"element", "reason"})
        yield Barrier(row["element"], frozenset(), row["reason"], f"guardrails:/never/{index}")
    for index, row in enumerate(content["gates"]):
        require_members(row, {"law", "reason", "bases", "elements"})
        bases = frozenset(Basis(basis).value for basis in row["bases"])
        for place, element in enumerate(row["elements"]):
            reason = f"{row['reason']} ({row['law']})"
            yield Barrier(element, bases, reason, f"guardrails:/gates/{index}/elements/{place}")


def _bearer(content: dict[str, Any]) -> bool:
    """Read whether bearer tokens may be agreed on. INVARIANT: a file that says nothing of it forbids them."""
    part = content.get(_COMPATIBILITY, {"bearer": False})
    require_members(part, {"bearer"})
    if not isinstance(part["bearer"], bool):
        raise TypeError("bearer is neither true nor false")
    return part["bearer"]


def _gates(content: dict[str, Any]) -> Gates:
    gates = {row["law"]: frozenset(Basis(basis).value for basis in row["bases"]) for row in content["gates"]}
    if len(gates) != len(content["gates"]):
        raise ValueError("two gates are of one law")
    return gates
