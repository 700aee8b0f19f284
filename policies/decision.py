"""Decisions as values: a permit names everything that may leave, a denial says why nothing may."""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from datetime import datetime
from typing import Literal

from policies.ceilings import Ceiling
from policies.population import Population
from policies.seal import require_seal


@dataclass(frozen=True, slots=True)
class CodeSet:
    """The values of a coded element that may leave under one basis; `digest` names the set."""

    values: tuple[str, ...] = field(repr=False)
    digest: str


@dataclass(frozen=True, slots=True)
class GrantedField:
    """One element that may leave, as it may leave; `clauses` are JSON pointers into the signed document."""

    element: str
    name: str
    transformation: str
    clauses: tuple[str, ...]
    codes: CodeSet | None
    """The only values that leave; None where the element is not coded, and each value may."""


@dataclass(frozen=True, slots=True)
class RowTerms:
    """Which rows the agreement covers and how their values move; everything the reader needs besides the fields."""

    population: Population
    basis: str
    school_years: tuple[str, ...]
    time_zone: str
    cadence: str
    element_order: tuple[str, ...]
    """Element ids of the whole agreement, sorted: bit k of a student's `covers` mask is element_order[k]."""


@dataclass(frozen=True, slots=True)
class Permit:
    """
    Leave to read these fields of these rows, for this client under this agreement.

    INVARIANT: made by `policies.decide` only, copies too; the reader takes nothing else.
    """

    client: str
    agreement: str
    purpose: str
    dataset: str
    fields: tuple[GrantedField, ...]
    """The elements that leave (asked, or all granted), in the catalogue's order."""
    filters: tuple[tuple[GrantedField, str], ...]
    sort: GrantedField | None
    rows: RowTerms
    ceiling: Ceiling
    """How many rows of this dataset the client may take in a day."""
    notices: tuple[str, ...]
    ferpa_9932_required: bool
    ruleset_digest: str
    epoch: int
    valid_from: datetime
    valid_until: datetime
    """First instant at which the decision may differ; exclusive."""
    guardrails_digest: str
    catalogue_digest: str
    cell_minimum: int
    """The fewest students about whom something leaves that names nobody."""
    row_codes: tuple[tuple[str, CodeSet], ...]
    """
    Coded elements with the values that may leave, in a dataset whose rows leave whole or not at all: a row that has
    another value stays, whether its element was asked for or not. Empty elsewhere.
    """
    exact: frozenset[str]
    """Elements of the dataset that the agreement gives exactly, asked for or not: a row may tell such a day."""
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


@dataclass(frozen=True, slots=True)
class Denied:
    """No leave. `code` is stable; `detail` is a sentence for the partner and speaks of its own clauses only."""

    code: str
    detail: str
    elements: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> Literal[False]:
        """Be falsy, so that `if decision` cannot read a denial as leave."""
        return False
