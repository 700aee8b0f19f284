"""
The element catalogue: what an agreement can name, how sensitive it is and how it may be transformed.

Documents name elements by CEDS id, requests by wire name; this is the only place where the two meet.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from agreements.canonical import Json, canonical_bytes, digest_of
from agreements.errors import BrokenCatalogue, UnknownElement

DATASETS = (
    "students",
    "enrollments",
    "attendance",
    "attendance_events",
    "courses",
    "academic_summary",
    "assessments",
    "discipline",
    "programs",
    "graduation",
)
VALUE_TYPES = ("text", "integer", "number", "date", "boolean")
_ID = re.compile(r"[0-9]{6}|x-[a-z0-9]+(-[a-z0-9]+)*")
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class Tier(StrEnum):
    """How sensitive an element is (`requirements/ferpa.md` section 4)."""

    PSEUDONYMOUS = "T1"
    IDENTIFYING = "T2"
    OUTCOME = "T3"
    SENSITIVE = "T4"
    SCHOOL_MEALS = "T4-NSLA"
    HOMELESSNESS = "T4-MV"
    NEVER = "X"

    @property
    def is_sensitive(self) -> bool:
        """Whether the element needs a line of its own and consent."""
        return self in {Tier.SENSITIVE, Tier.SCHOOL_MEALS, Tier.HOMELESSNESS}


class Transformation(StrEnum):
    """What happens to a value before it leaves."""

    EXACT = "exact"
    AGE_YEARS = "age_years"
    YEAR = "year"
    BAND = "band"
    COUNT = "count"
    ZIP3 = "zip3"
    BLANK = "blank"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Element:
    """One data element. `gate` is the statute that guards it whatever the legal basis."""

    id: str
    name: str
    datasets: tuple[str, ...]
    title: str
    value_type: str
    tier: Tier
    transformations: tuple[Transformation, ...]
    gate: str | None = None
    tiers: Mapping[str, Tier] = field(default_factory=dict, hash=False)

    def tier_after(self, transformation: str) -> Tier:
        """Return how sensitive the element is as it leaves."""
        return self.tiers.get(transformation, self.tier)


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """
    All elements, in the order of the file.

    `digest` names the content; an agreement written against `digest` or one of `earlier` is readable with it.
    """

    elements: tuple[Element, ...]
    digest: str
    earlier: tuple[str, ...]
    canonical: bytes = field(repr=False)
    """The bytes that `digest` names (RFC 8785); `recorded_catalogue` reads them again."""
    _by_id: Mapping[str, Element] = field(repr=False)
    _by_name: Mapping[tuple[str, str], Element] = field(repr=False)

    def __iter__(self) -> Iterator[Element]:
        return iter(self.elements)

    def __contains__(self, element_id: object) -> bool:
        return element_id in self._by_id

    def element(self, element_id: str) -> Element:
        """Return the element with this CEDS id. Raises `UnknownElement`."""
        try:
            return self._by_id[element_id]
        except KeyError:
            raise UnknownElement(f"No element has the id '{element_id}'.") from None

    def named(self, dataset: str, name: str) -> Element:
        """Return the element of `dataset` with this wire name. Raises `UnknownElement`."""
        try:
            return self._by_name[dataset, name]
        except KeyError:
            raise UnknownElement(f"The dataset '{dataset}' has no element named '{name}'.") from None

    def in_dataset(self, dataset: str) -> tuple[Element, ...]:
        """Return the elements of `dataset`, in the catalogue's order; none if there is no such dataset."""
        return tuple(element for element in self.elements if dataset in element.datasets)


@cache
def load_catalogue() -> Catalogue:
    """Return the catalogue shipped with this release."""
    return read_catalogue(files("agreements").joinpath("elements.toml").read_text("utf-8"))


def read_catalogue(text: str) -> Catalogue:
    """Read a catalogue file. Raises `BrokenCatalogue` if it contradicts itself."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BrokenCatalogue(f"The element catalogue is not TOML: {error}.") from None
    elements = tuple(_element(element_id, row) for element_id, row in content.get("elements", {}).items())
    return _catalogue(elements, tuple(content.get("earlier", ())))


def recorded_catalogue(canonical: bytes, earlier: tuple[str, ...]) -> Catalogue:
    """
    Read a catalogue again that was kept as `Catalogue.canonical`, with the digests of those before it.

    Raises `BrokenCatalogue`.
    """
    try:
        rows: Any = json.loads(canonical)
        elements = tuple(
            _element(row.pop("id"), {name: row[name] for name in row if row[name] is not None}) for row in rows
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenCatalogue(f"The element catalogue cannot be read: {error}.") from None
    return _catalogue(elements, earlier)


def _catalogue(elements: tuple[Element, ...], earlier: tuple[str, ...]) -> Catalogue:
    by_name: dict[tuple[str, str], Element] = {}
    for element in elements:
        for dataset in element.datasets:
            if by_name.setdefault((dataset, element.name), element) is not element:
                raise BrokenCatalogue(f"Two elements of '{dataset}' are called '{element.name}'.")
    canonical = canonical_bytes(_content(elements))
    return Catalogue(
        elements=elements,
        digest=digest_of(canonical),
        earlier=earlier,
        canonical=canonical,
        _by_id=MappingProxyType({element.id: element for element in elements}),
        _by_name=MappingProxyType(by_name),
    )


def _element(element_id: str, row: dict[str, Any]) -> Element:
    try:
        element = Element(
            id=element_id,
            name=row.pop("name"),
            datasets=tuple(row.pop("datasets")),
            title=row.pop("title"),
            value_type=row.pop("type"),
            tier=Tier(row.pop("tier")),
            transformations=tuple(Transformation(name) for name in row.pop("transformations")),
            gate=row.pop("gate", None),
            tiers=MappingProxyType(
                {Transformation(name).value: Tier(tier) for name, tier in row.pop("tiers", {}).items()}
            ),
        )
    except (KeyError, ValueError) as error:
        raise BrokenCatalogue(f"Element {element_id}: {error} is missing or not known.") from None
    gated = element.tier in {Tier.SCHOOL_MEALS, Tier.HOMELESSNESS}
    sound = (
        not row
        and _ID.fullmatch(element_id)
        and _NAME.fullmatch(element.name)
        and element.value_type in VALUE_TYPES
        and element.datasets
        and set(element.datasets) <= set(DATASETS)
        and element.transformations
        and set(element.tiers) <= set(element.transformations)
        and (element.gate or not gated)
        and (element.tier is not Tier.NEVER or element.transformations == (Transformation.DROP,))
    )
    if not sound:
        raise BrokenCatalogue(f"Element {element_id} is not described soundly.")
    return element


def _content(elements: tuple[Element, ...]) -> Json:
    return [
        {
            "id": element.id,
            "name": element.name,
            "datasets": list(element.datasets),
            "title": element.title,
            "type": element.value_type,
            "tier": element.tier.value,
            "gate": element.gate,
            "tiers": {name: tier.value for name, tier in element.tiers.items()},
            "transformations": [transformation.value for transformation in element.transformations],
        }
        for element in elements
    ]
