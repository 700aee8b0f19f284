"""What no case of a policy test looks at: rules and conditions that could change without a test that notices."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agreements.document import Agreement
from agreements.elements import Catalogue
from policies.expectations.form import Case
from policies.expectations.running import Outcome
from policies.explain.conditions import clauses
from policies.guardrails import Guardrails
from policies.population import parse
from policies.reasons import Code


@dataclass(frozen=True, slots=True)
class Untouched:
    """
    What is left out, as clauses.

    `lines` of the agreement that no case asks about, `barriers` that no case meets, and `conditions` of the population
    that no student of a case fails; being enrolled is none of these.
    """

    lines: tuple[str, ...]
    barriers: tuple[str, ...]
    conditions: tuple[str, ...]


def untouched(
    agreement: Agreement, outcomes: Iterable[Outcome], catalogue: Catalogue, guardrails: Guardrails
) -> Untouched:
    """Return what the cases leave out; only a case that is as expected counts."""
    passed = [each for each in outcomes if each.passed]
    named = {pair for each in passed for pair in _named(each.case, catalogue)}
    met = {each.found.get("clause") for each in passed if each.found.get("denied") == Code.DENIED_BY}
    failed = {
        condition.clause
        for each in passed
        if each.coverage is not None
        for stay in each.coverage.enrollments
        for condition in stay.conditions
        if condition.holds is not True
    }
    listed = set(agreement.element_ids)
    closed = [each for each in guardrails.closed(agreement.basis) if each.element in listed]
    if agreement.framework:
        return Untouched((), (), ())
    return Untouched(
        lines=tuple(
            line.pointer
            for terms in agreement.datasets
            for line in terms.elements
            if (terms.dataset, line.element) not in named
        ),
        barriers=tuple(each.clause for each in closed if each.clause not in met),
        conditions=tuple(
            clause
            for clause in clauses(parse(agreement.population))
            if clause not in failed and not clause.endswith("/everyone")
        ),
    )


def _named(case: Case, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Yield dataset and element for every name that the case asks for or expects by name."""
    given, expected = case.given, case.expect
    dataset = str(given.dataset)
    names = {*(given.elements or ()), *(given.filters or ()), *(expected.permit or ()), *(expected.values or ())}
    names |= set() if given.sort is None else {given.sort}
    for element in catalogue.in_dataset(dataset):
        if element.name in names:
            yield dataset, element.id
