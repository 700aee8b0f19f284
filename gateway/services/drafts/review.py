"""
What a draft would let leave, before anybody signs it: elements with their law, students, what changes, made-up rows.

For the command line and the console alike. Whoever asks learns about students only what `draft_counts` lets out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date

from agreements.difference import Difference, difference
from agreements.document import Agreement, parse_agreement
from agreements.elements import Catalogue, Element
from agreements.pointer import resolve
from agreements.terms import DatasetTerms, ElementTerm
from agreements.usual import load_usual, unusual
from agreements.wording import LEAVES, sentences
from gateway.services.drafts.counts import Counted, count_draft
from gateway.services.drafts.specimens import specimens
from gateway.services.filing import Desk
from gateway.services.law import guardrails_of
from gateway.services.standing.registry import Registry
from policies.foreseen import Foreseen, foreseen
from policies.guardrails import Guardrails

LISTS: Mapping[str, str] = {
    "roster": "This agreement has no roster yet: students are counted as if all were on it, at most so many.",
    "consent": "This agreement has no consents yet: students are counted as if all had consented, at most so many.",
    "placement": "This agreement has no placements yet: students are counted as if all were placed, at most so many.",
}
"""What a list that is not there yet means for the number."""


@dataclass(frozen=True, slots=True)
class ElementReview:
    """One element: where, what it is, how it leaves, how sensitive it then is, the law that guards it, and if usual."""

    path: str
    element: str
    name: str
    title: str
    transformation: str
    leaves: str
    tier: str
    law: str | None
    usual: bool


@dataclass(frozen=True, slots=True)
class DatasetReview:
    """One dataset: the school years, the elements, about how many students, and made-up rows of what would leave."""

    dataset: str
    school_years: tuple[str, ...]
    elements: tuple[ElementReview, ...]
    students: str
    examples: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True)
class StudentsReview:
    """About how many students, on which entry; `rounded` is None for fewer than ten. `notes` say why at most."""

    words: str
    rounded: int | None
    before: str | None
    change: str | None
    counted_on: date
    entry: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """What changes of the version in force: its digest and number (None: the line is new), by part, in words."""

    digest: str | None
    version: int | None
    difference: Difference
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UsualTable:
    """The reviewed table by which elements are called usual."""

    purpose: str
    reviewed: date
    source: str
    outside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DraftPreview:
    """
    What can be said without looking at records. `words_only` maps pointers to the terms that no rule carries out.

    `withheld` is what the district's guardrails will deny however it is signed.
    """

    digest: str
    line: str
    version: int
    basis: str
    purpose: str
    datasets: tuple[DatasetReview, ...]
    compared: Compared
    usual: UsualTable
    words_only: Mapping[str, object]
    withheld: tuple[Foreseen, ...]


@dataclass(frozen=True, slots=True)
class DraftReview(DraftPreview):
    """All of it: also about how many students."""

    students: StudentsReview


async def preview_draft(desk: Desk, draft: Agreement) -> DraftPreview:
    """Return what a sound draft would let leave, without counting anybody."""
    _, registry = await desk.registry()
    in_force = version_in_force(draft, registry)
    return _preview(draft, in_force, desk.catalogue, guardrails_of(desk, registry), "")


async def review_draft(desk: Desk, raw: bytes, person: str | None = None) -> DraftReview:
    """
    Review a draft, in YAML, JSON or canonical bytes; `person` is who asks on a page.

    Raises `InvalidAgreement` with everything that is wrong, and then nothing was counted; `DraftBudgetSpent`.
    """
    # (1): what does not pass the checks is not counted: a count is for what could be signed.
    draft = parse_agreement(raw, desk.catalogue)
    _, registry = await desk.registry()
    in_force = version_in_force(draft, registry)
    counted = await count_draft(desk.engine, draft, in_force, person)
    students = _students(counted)
    preview = _preview(draft, in_force, desk.catalogue, guardrails_of(desk, registry), students.words)
    return DraftReview(**{each.name: getattr(preview, each.name) for each in fields(preview)}, students=students)


def version_in_force(draft: Agreement, registry: Registry) -> Agreement | None:
    """Return the newest version of the draft's line that is in force, the draft itself aside."""
    versions = [granted.agreement.agreement for granted in registry.granted.values()]
    own = [each for each in versions if each.id == draft.id and each.digest != draft.digest]
    return max(own, key=lambda each: each.version, default=None)


def _preview(
    draft: Agreement, in_force: Agreement | None, catalogue: Catalogue, guardrails: Guardrails, students: str
) -> DraftPreview:
    changes = difference(in_force, draft)
    outside = {line.pointer for line in unusual(draft, catalogue)}
    table = load_usual()[draft.purpose.code]
    return DraftPreview(
        digest=draft.digest,
        line=draft.id,
        version=draft.version,
        basis=draft.basis,
        purpose=draft.purpose.code,
        datasets=tuple(_dataset(terms, catalogue, outside, students) for terms in draft.datasets),
        compared=Compared(
            digest=None if in_force is None else in_force.digest,
            version=None if in_force is None else in_force.version,
            difference=changes,
            sentences=sentences(changes, catalogue),
        ),
        usual=UsualTable(table.purpose, table.reviewed, table.source, tuple(sorted(outside))),
        words_only={path: resolve(draft.content, path) for path in draft.words_only},
        withheld=foreseen(draft, guardrails),
    )


def _students(counted: Counted) -> StudentsReview:
    before = counted.in_force
    return StudentsReview(
        words=counted.students.words,
        rounded=counted.students.rounded,
        before=None if before is None else before.words,
        change=None if before is None else counted.students.since(before),
        counted_on=counted.day,
        entry=counted.entry,
        notes=tuple(LISTS[name] for name in counted.left_out),
    )


def _dataset(terms: DatasetTerms, catalogue: Catalogue, outside: set[str], students: str) -> DatasetReview:
    elements = {line.element: catalogue.element(line.element) for line in terms.elements}
    return DatasetReview(
        dataset=terms.dataset,
        school_years=terms.school_years,
        elements=tuple(_element(line, elements[line.element], line.pointer not in outside) for line in terms.elements),
        students=students,
        examples=specimens(terms, elements),
    )


def _element(line: ElementTerm, element: Element, usual: bool) -> ElementReview:
    return ElementReview(
        path=line.pointer,
        element=element.id,
        name=element.name,
        title=element.title,
        transformation=line.transformation,
        leaves=LEAVES[line.transformation],
        tier=element.tier_after(line.transformation).value,
        law=element.gate,
        usual=usual,
    )
