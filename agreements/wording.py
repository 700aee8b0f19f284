"""A difference between two versions of an agreement, as sentences for a person who has to judge it."""

from collections.abc import Iterator, Mapping

from agreements.difference import DatasetDifference, Days, Difference, ElementChange, LeafChange
from agreements.elements import Catalogue, Transformation
from agreements.schema import agreement_schema
from agreements.shapes import title_at
from agreements.strictness import tells_no_more

LEAVES: Mapping[str, str] = {
    Transformation.EXACT: "as it is",
    Transformation.AGE_YEARS: "as an age in years",
    Transformation.YEAR: "as a year",
    Transformation.BAND: "as a band",
    Transformation.COUNT: "as a number",
    Transformation.ZIP3: "as its first three digits",
    Transformation.BLANK: "left empty",
    Transformation.DROP: "not at all",
}
"""How a value leaves, in words."""


def sentences(difference: Difference, catalogue: Catalogue) -> tuple[str, ...]:
    """Return what changes, in plain words, one sentence a change: data first, then students, days, terms, words."""
    return tuple(_sentences(difference, catalogue))


def _sentences(found: Difference, catalogue: Catalogue) -> Iterator[str]:
    for dataset in found.datasets:
        yield from _dataset(dataset, catalogue)
    if found.population_changed:
        yield _population(found)
    for days in found.days_added:
        yield f"Data may {'leave' if found.old is None else 'also leave'} {_span(days)}: {_count(days)}."
    for days in found.days_removed:
        yield f"Data no longer leave {_span(days)}: {_count(days)}."
    if not (found.datasets or found.population_changed or found.days_added or found.days_removed):
        yield "The data, the students and the days stay the same."
    schema = agreement_schema(catalogue)
    for leaf in (*found.terms, *found.words):
        became = f"'{leaf.after}'." if found.old is None else _became(leaf)
        yield f"{title_at(schema, leaf.path)}: {became}"


def _dataset(found: DatasetDifference, catalogue: Catalogue) -> Iterator[str]:
    where = f"In {found.dataset.replace('_', ' ')}"
    for change in found.elements:
        title = f"'{catalogue.element(change.element).title}' ({change.element})"
        yield f"{where}, {title} {_element(change)}"
    if found.school_years_added:
        yield f"{where}, the school years {', '.join(found.school_years_added)} are added."
    if found.school_years_removed:
        yield f"{where}, the school years {', '.join(found.school_years_removed)} are removed."


def _element(change: ElementChange) -> str:
    before, after = change.before, change.after
    if after is None:
        return "is removed."
    if before is None:
        return f"is added, {LEAVES[after.transformation]}."
    if before.transformation == after.transformation:
        return f"{'gets a' if after.own_line else 'no longer has a'} line of its own in the consent form."
    more = "" if tells_no_more(after.transformation, before.transformation) else " This can tell more than before."
    return f"leaves {LEAVES[after.transformation]} instead of {LEAVES[before.transformation]}.{more}"


def _population(found: Difference) -> str:
    if found.old is None:
        return "The population is new."
    if found.population_within:
        return "The population changes; it covers nobody whom it did not cover before."
    return "The population changes; it may cover students whom it did not cover before."


def _span(days: Days) -> str:
    return f"on {days.first}" if days.first == days.last else f"from {days.first} to {days.last}"


def _count(days: Days) -> str:
    return "1 day" if days.count == 1 else f"{days.count} days"


def _became(leaf: LeafChange) -> str:
    if leaf.after is None:
        return f"'{leaf.before}' is removed."
    if leaf.before is None:
        return f"'{leaf.after}' is added."
    return f"'{leaf.before}' becomes '{leaf.after}'."
