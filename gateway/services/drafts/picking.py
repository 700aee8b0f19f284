"""
The elements of one dataset as a person picks from them: how each may leave under this basis, and what the law says.

Pure, and judged by the same checks as the whole draft: what is refused here is refused there, in the same words.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from agreements.canonical import Json
from agreements.elements import DATASETS, Catalogue, Element, load_catalogue
from agreements.errors import Problem
from agreements.grounds import basis_problems
from agreements.minimisation import data_problems
from agreements.pointer import Missing, resolve, rows
from agreements.strictness import RANK
from agreements.usual import load_usual
from gateway.services.drafts.choosing import Chosen
from gateway.services.drafts.drafting import said
from gateway.services.drafts.specimens import example

_PLACE: Final = "/datasets/0/elements/0"
_ANY_YEAR: Final = "2026-2027"


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which an element may leave: how sensitive it then is, an example, and what speaks against it."""

    transformation: str
    tier: str
    sensitive: bool
    usual: bool
    before: str
    after: str
    refused: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Pick:
    """
    One element, and how it stands in the draft: `chosen` is None if it does not.

    `narrower` is the form that is usual for the purpose and tells less than the chosen one, if there is such a form.
    """

    element: Element
    forms: tuple[Form, ...]
    chosen: str | None
    own_line: bool
    narrower: str | None

    @property
    def possible(self) -> bool:
        """Whether it may leave in any form under this basis."""
        return any(not form.refused for form in self.forms)

    @property
    def sensitive(self) -> bool:
        """Whether some form of it needs a line of its own in the consent form."""
        return any(form.sensitive for form in self.forms)


def picks(content: dict[str, Json], dataset: str, catalogue: Catalogue) -> tuple[Pick, ...]:
    """Return all elements of a dataset, in the catalogue's order."""
    lines = {line.get("element"): line for _, line in _lines(content, dataset)}
    usual = load_usual().get(str(resolve(content, "/purpose/code") or ""))
    found = []
    for element in catalogue.in_dataset(dataset):
        line = lines.get(element.id)
        chosen = None if line is None else str(line.get("transformation"))
        usually = None if usual is None else usual.forms.get(element.id)
        forms = tuple(_form(content, dataset, element, each.value, usually) for each in element.transformations)
        own_line = line is not None and "own_line" in line
        found.append(Pick(element, forms, chosen, own_line, _narrower(forms, chosen)))
    return tuple(found)


def years_of(content: dict[str, Json], dataset: str) -> tuple[str, ...]:
    """Return the school years of a dataset; those of another one where it has none yet."""
    listed = [row for _, row in rows(content, "/datasets")]
    for row in sorted(listed, key=lambda row: row.get("dataset") != dataset):
        years = row.get("school_years")
        if isinstance(years, list) and years:
            return tuple(str(year) for year in years)
    return ()


def picked(
    content: dict[str, Json],
    dataset: str,
    catalogue: Catalogue,
    *,
    years: Sequence[str],
    choices: Mapping[str, tuple[str | None, bool]],
) -> dict[str, Json]:
    """
    Return the content with what was chosen of a dataset: for each element its form, None to leave it out, and its line.

    What is not in `choices` stays as it is. A dataset of which nothing is left goes, with its years.
    """
    lines: dict[Any, dict[str, Json]] = {line.get("element"): line for _, line in _lines(content, dataset)}
    for element, (transformation, own_line) in choices.items():
        if transformation is None:
            lines.pop(element, None)
        else:
            line: dict[str, Json] = {"element": element, "transformation": transformation}
            lines[element] = {**line, "own_line": True} if own_line else line
    order = {element.id: place for place, element in enumerate(catalogue)}
    elements = sorted(lines.values(), key=lambda line: order.get(str(line.get("element")), len(order)))
    others = [row for _, row in rows(content, "/datasets") if row.get("dataset") != dataset]
    own: dict[str, Any] = {"dataset": dataset, "school_years": list(years), "elements": elements}
    listed = [*others, own] if elements else others
    ranked = sorted(listed, key=lambda row: DATASETS.index(row["dataset"]) if row.get("dataset") in DATASETS else -1)
    return said({**content, "datasets": ranked})


def with_chosen(
    content: dict[str, Json], chosen: Sequence[Chosen], years: Sequence[str], catalogue: Catalogue
) -> dict[str, Json]:
    """Return the content with these elements beside what it has already; what it has keeps its form."""
    for dataset in dict.fromkeys(each.dataset for each in chosen):
        there = {line.get("element") for _, line in _lines(content, dataset)}
        new = {each.element: (each.transformation, each.own_line) for each in chosen if each.dataset == dataset}
        added = {element: choice for element, choice in new.items() if element not in there}
        own_years = years_of(content, dataset) or tuple(years)
        content = picked(content, dataset, catalogue, years=own_years, choices=added)
    return content


def found_in(words: str, catalogue: Catalogue) -> tuple[Element, ...]:
    """Return the elements whose title, name or id has all these words, in the catalogue's order."""
    wanted = words.casefold().split()
    return tuple(
        element
        for element in catalogue
        if all(word in f"{element.title} {element.name} {element.id}".casefold() for word in wanted)
    )


def _form(
    content: dict[str, Json],
    dataset: str,
    element: Element,
    transformation: str,
    usually: frozenset[str] | None,
) -> Form:
    before, after = example(element, transformation, _ANY_YEAR)
    tier = element.tier_after(transformation)
    line: dict[str, Json] = {"element": element.id, "transformation": transformation, "own_line": True}
    alone: dict[str, Json] = {name: content[name] for name in ("basis", "identifiers") if name in content}
    alone["datasets"] = [{"dataset": dataset, "elements": [line]}]
    judged = (*data_problems(alone, load_catalogue()), *basis_problems(alone))
    return Form(
        transformation=transformation,
        tier=tier.value,
        sensitive=tier.is_sensitive,
        usual=usually is not None and (not usually or transformation in usually),
        before=before,
        after=after,
        refused=tuple(each for each in judged if each.path.startswith(_PLACE)),
    )


def _narrower(forms: Sequence[Form], chosen: str | None) -> str | None:
    """Return the usual form that tells least, if the chosen one tells more."""
    usual = [form.transformation for form in forms if form.usual and not form.refused]
    if chosen not in RANK or not usual:
        return None
    least = min(usual, key=RANK.__getitem__)
    return least if RANK[least] < RANK[str(chosen)] else None


def _lines(content: dict[str, Json], dataset: str) -> Iterator[tuple[str, dict[str, Json]]]:
    for path, row in rows(content, "/datasets"):
        if row.get("dataset") == dataset:
            yield from ((place, line) for place, line in rows(content, f"{path}/elements") if _hashable(line))


def _hashable(line: dict[str, Json]) -> bool:
    named: Json | Missing = line.get("element")
    return not isinstance(named, dict | list)
