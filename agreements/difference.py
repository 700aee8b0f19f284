"""
What one version of an agreement changes of another, or what a new agreement brings, part by part.

INVARIANT: nothing that was signed differs silently. What is not a matter of data, students or days is compared leaf by
leaf, whatever it is; only the order of datasets, elements and school years is no difference.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from agreements.canonical import Json
from agreements.covering import lies_within
from agreements.document import Agreement
from agreements.pointer import pointer
from agreements.terms import DatasetTerms, ElementTerm, Term

_DAY = timedelta(days=1)
_ELSEWHERE = {("datasets",), ("population",), ("term", "first_day"), ("term", "last_day")}
"""What is compared by its meaning, not leaf by leaf."""


@dataclass(frozen=True, slots=True)
class ElementChange:
    """An element that comes (`before` is None), goes (`after` is None), or leaves in another way."""

    element: str
    before: ElementTerm | None
    after: ElementTerm | None


@dataclass(frozen=True, slots=True)
class DatasetDifference:
    """What changes in one dataset; elements in the order of the documents, those that go last."""

    dataset: str
    elements: tuple[ElementChange, ...]
    school_years_added: tuple[str, ...]
    school_years_removed: tuple[str, ...]

    @property
    def added(self) -> tuple[ElementTerm, ...]:
        """The elements that come."""
        return tuple(each.after for each in self.elements if each.after is not None and each.before is None)

    @property
    def removed(self) -> tuple[ElementTerm, ...]:
        """The elements that go."""
        return tuple(each.before for each in self.elements if each.before is not None and each.after is None)

    @property
    def changed(self) -> tuple[ElementChange, ...]:
        """The elements that stay and leave in another way."""
        return tuple(each for each in self.elements if each.before is not None and each.after is not None)


@dataclass(frozen=True, slots=True)
class Days:
    """Days in a row, both ends included."""

    first: date
    last: date

    @property
    def count(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class LeafChange:
    """One value that comes (`before` is None), goes (`after` is None) or changes, at its JSON pointer."""

    path: str
    before: Json
    after: Json


@dataclass(frozen=True, slots=True)
class Difference:
    """
    What `new` changes of `old`; `old` is None for a new agreement, all of which is then added.

    `population_within`: the new population can be shown to cover nobody whom the old one does not. `terms` are leaves
    that are carried out, `words` those that only words carry.
    """

    old: str | None
    new: str
    datasets: tuple[DatasetDifference, ...]
    days_added: tuple[Days, ...]
    days_removed: tuple[Days, ...]
    population_changed: bool
    population_within: bool
    terms: tuple[LeafChange, ...]
    words: tuple[LeafChange, ...]


def difference(old: Agreement | None, new: Agreement) -> Difference:
    """Return what `new` changes of `old`. Whether it may is for `agreements.versions` and `agreements.narrowing`."""
    only_words = set(new.words_only) | set(old.words_only if old else ())
    leaves = tuple(_leaf_changes(old.content if old else {}, new.content))
    return Difference(
        old=old.digest if old else None,
        new=new.digest,
        datasets=tuple(_datasets(old.datasets if old else (), new.datasets)),
        days_added=_beyond(new.term, old.term if old else None),
        days_removed=_beyond(old.term, new.term) if old else (),
        population_changed=old is None or old.population != new.population,
        population_within=old is not None and lies_within(new.population, old.population),
        terms=tuple(leaf for leaf in leaves if leaf.path not in only_words),
        words=tuple(leaf for leaf in leaves if leaf.path in only_words),
    )


def _datasets(old: tuple[DatasetTerms, ...], new: tuple[DatasetTerms, ...]) -> Iterator[DatasetDifference]:
    before, after = ({terms.dataset: terms for terms in side} for side in (old, new))
    for dataset in (*after, *(name for name in before if name not in after)):
        was, now = before.get(dataset), after.get(dataset)
        years_before, years_after = was.school_years if was else (), now.school_years if now else ()
        found = DatasetDifference(
            dataset,
            tuple(_elements(was.elements if was else (), now.elements if now else ())),
            tuple(year for year in years_after if year not in years_before),
            tuple(year for year in years_before if year not in years_after),
        )
        if found.elements or found.school_years_added or found.school_years_removed:
            yield found


def _elements(old: tuple[ElementTerm, ...], new: tuple[ElementTerm, ...]) -> Iterator[ElementChange]:
    before, after = ({line.element: line for line in side} for side in (old, new))
    for element in (*after, *(each for each in before if each not in after)):
        was, now = before.get(element), after.get(element)
        if was is None or now is None or (was.transformation, was.own_line) != (now.transformation, now.own_line):
            yield ElementChange(element, was, now)


def _beyond(term: Term, other: Term | None) -> tuple[Days, ...]:
    """Return the days of `term` that are not in `other`, by the calendar of each; zones are compared as leaves."""
    if other is None or other.last_day < term.first_day or term.last_day < other.first_day:
        return (Days(term.first_day, term.last_day),)
    earlier = Days(term.first_day, other.first_day - _DAY)
    later = Days(other.last_day + _DAY, term.last_day)
    return tuple(days for days in (earlier, later) if days.count > 0)


def _leaf_changes(old: dict[str, Json], new: dict[str, Json]) -> Iterator[LeafChange]:
    before, after = dict(_leaves(old, ())), dict(_leaves(new, ()))
    for path in (*after, *(each for each in before if each not in after)):
        if before.get(path) != after.get(path):
            yield LeafChange(path, before.get(path), after.get(path))


def _leaves(value: Json, path: tuple[str | int, ...]) -> Iterator[tuple[str, Json]]:
    if path in _ELSEWHERE:
        return
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(inner, (*path, step))
    else:
        yield pointer(*path), value
