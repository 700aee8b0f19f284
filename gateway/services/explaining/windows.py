"""Where an element could leave about one student: each dataset that has it, for each client that could ask."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from agreements.document import Agreement
from gateway.services.explaining.evidence import Evidence
from gateway.services.explaining.world import World
from policies.decision import Permit
from policies.explain.request import explain_request
from policies.explain.words import element_sentence
from policies.population import Enrollment, Facts, parse, truth
from policies.request import AccessRequest


@dataclass(frozen=True, slots=True)
class Window:
    """
    One dataset for one client: whether the rules let the element out, by which clauses, and if not why.

    `in_school_years` says whether some enrollment of the student lies in the school years that the dataset covers.
    """

    dataset: str
    client: str
    permitted: bool
    in_school_years: bool
    clauses: tuple[str, ...]
    reasons: tuple[str, ...]
    sentence: str

    @property
    def is_open(self) -> bool:
        """Whether a row of the student would leave with the element, as far as this can say."""
        return self.permitted and self.in_school_years


def windows(
    world: World,
    agreement: Agreement,
    element: str,
    clients: frozenset[str],
    *,
    at: dt.datetime,
    evidence: Evidence,
    facts: Facts,
    day: dt.date,
) -> Iterator[Window]:
    """Yield the windows of `element` (an id): the datasets that the agreement lists it in, all of them if in none."""
    known = world.state.catalogue.element(element)
    listed = {terms.dataset: terms for terms in agreement.datasets}
    holding = [
        name
        for name in known.datasets
        if name in listed and element in {each.element for each in listed[name].elements}
    ]
    for client in sorted(clients):
        for dataset in holding or known.datasets:
            request = AccessRequest(client, agreement.digest, agreement.purpose.code, dataset, (known.name,))
            explained = explain_request(world.state, request, at)
            decision = explained.decision
            years = listed[dataset].school_years if dataset in listed else ()
            fits = _in_school_years(agreement, evidence, facts, years, day)
            sentence = " ".join(denial.detail for denial in explained.reasons)
            if explained.permitted:
                sentence = element_sentence(explained.elements[0], agreement)
            yield Window(
                dataset=dataset,
                client=client,
                permitted=explained.permitted,
                in_school_years=fits,
                clauses=decision.fields[0].clauses if isinstance(decision, Permit) else (),
                reasons=tuple(denial.code for denial in explained.reasons),
                sentence=sentence,
            )


def _in_school_years(
    agreement: Agreement, evidence: Evidence, facts: Facts, years: tuple[str, ...], day: dt.date
) -> bool:
    """Whether a stay that has begun, and that the population covers, lies in one of `years`."""
    population = parse(agreement.population)
    return any(
        stay.school_year in years
        and stay.first <= day
        and truth(population, facts, Enrollment(stay.school, stay.grade)) is True
        for stay in evidence.stays
    )
