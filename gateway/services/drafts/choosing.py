"""Which elements a draft begins with: the usual ones for its purpose, and those named. Nothing sensitive by itself."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from agreements.basis import Basis
from agreements.elements import DATASETS, Catalogue, Element, Tier
from agreements.errors import UnknownElement
from agreements.minimisation import STUDENT_NUMBER
from agreements.usual import load_usual
from gateway.services.drafts.errors import DraftRefused, OwnLineNeeded

_PLACE = ("001069", "000243")
"""School and school year: in every dataset, and no reason to share one."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """One element as it is to leave. `own_line` is said of what is sensitive, and by a person only."""

    dataset: str
    element: str
    transformation: str
    own_line: bool = False


def offered(
    purpose: str, basis: Basis, catalogue: Catalogue, *, datasets: Collection[str] = DATASETS, by_number: bool = False
) -> tuple[Chosen, ...]:
    """
    Return the elements that are usual for `purpose`, in `datasets`, as far as `basis` can carry them.

    INVARIANT: nothing that is sensitive in the form offered; that is chosen by name. The student number is offered only
    if it is to identify students (`by_number`).
    """
    found = [
        each
        for each in _usual(purpose, catalogue)
        if each.dataset in datasets
        and (each.element != STUDENT_NUMBER or by_number)
        and _fits(catalogue.element(each.element).tier_after(each.transformation), basis)
    ]
    worth = {each.dataset for each in found if each.element not in _PLACE}
    return tuple(
        sorted((each for each in found if each.dataset in worth), key=lambda each: DATASETS.index(each.dataset))
    )


def named(text: str, purpose: str | None, catalogue: Catalogue, *, sensitive: bool) -> Chosen:
    """
    Return the element that a person names: `DATASET:ELEMENT` or `DATASET:ELEMENT:TRANSFORMATION`, by id or wire name.

    Without a transformation it is the usual one, or `exact`. Raises `DraftRefused` if there is no such element, if it
    never leaves, or was said to be sensitive and is not; `OwnLineNeeded` if it is and was not said to be (`sensitive`).
    """
    dataset, _, rest = text.partition(":")
    word, _, transformation = rest.partition(":")
    element = _element(dataset, word, catalogue)
    transformation = transformation or _usual_form(element, purpose)
    tier = element.tier_after(transformation)
    law = element.gate or "project rule M2"
    if tier is Tier.NEVER:
        raise DraftRefused(f"'{element.title}' ({element.id}) is never released ({law}).")
    if transformation not in element.transformations:
        forms = ", ".join(element.transformations)
        raise DraftRefused(f"'{element.title}' ({element.id}) can be given as: {forms}.")
    if tier.is_sensitive and not sensitive:
        raise OwnLineNeeded(
            f"'{element.title}' ({element.id}) is sensitive ({law}): it needs consent and a line of its own."
        )
    if sensitive and not tier.is_sensitive:
        raise DraftRefused(f"'{element.title}' ({element.id}) is not sensitive.", remedy="Name it with --element.")
    return Chosen(dataset, element.id, transformation, own_line=sensitive)


def together(*groups: Sequence[Chosen]) -> tuple[Chosen, ...]:
    """Return all that was chosen, each element of a dataset once; what was named later wins over its form before."""
    last = {(each.dataset, each.element): each for group in groups for each in group}
    return tuple(sorted(last.values(), key=lambda each: DATASETS.index(each.dataset)))


def described(each: Chosen, catalogue: Catalogue) -> str:
    """Return one choice in words: where, what, in which form, how sensitive, and the law that guards it."""
    element = catalogue.element(each.element)
    facts = [element.tier_after(each.transformation).value, *([element.gate] if element.gate else [])]
    return f"{each.dataset}: {element.title} ({element.id}), {each.transformation} [{', '.join(facts)}]"


def _usual(purpose: str, catalogue: Catalogue) -> Iterator[Chosen]:
    for element_id, forms in load_usual()[purpose].forms.items():
        for dataset in catalogue.element(element_id).datasets:
            yield Chosen(dataset, element_id, min(forms) if forms else "exact")


def _usual_form(element: Element, purpose: str | None) -> str:
    usual = load_usual().get(purpose or "")
    forms = None if usual is None else usual.forms.get(element.id)
    return min(forms) if forms else "exact" if "exact" in element.transformations else element.transformations[0]


def _fits(tier: Tier, basis: Basis) -> bool:
    if tier is Tier.IDENTIFYING:
        return basis not in {Basis.DE_IDENTIFIED, Basis.DE_IDENTIFIED_WITH_CODE}
    return tier is not Tier.NEVER and not tier.is_sensitive


def _element(dataset: str, word: str, catalogue: Catalogue) -> Element:
    if dataset not in DATASETS:
        raise DraftRefused(f"There is no dataset '{dataset}'; they are: {', '.join(DATASETS)}.")
    try:
        element = catalogue.element(word) if word in catalogue else catalogue.named(dataset, word)
    except UnknownElement as error:
        raise DraftRefused(str(error)) from None
    if dataset not in element.datasets:
        raise DraftRefused(f"'{element.title}' ({element.id}) is part of: {', '.join(element.datasets)}.")
    return element
