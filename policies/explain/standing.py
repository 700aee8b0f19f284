"""
Whether an agreement covers one student on one day, and which elements then: each ground apart, in a fixed order.

The third reading of what `gateway.records.coverage` computes for everybody in SQL: the population's expression and the
fixed conditions of the legal basis. INVARIANT: unknown never covers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from agreements.basis import Basis
from policies.decision import RowTerms
from policies.explain.conditions import Judged, judged
from policies.population import Facts, matches


class Ground(StrEnum):
    """What a student's coverage rests on, in the order in which it is looked at."""

    WITHHELD = "withheld"
    ENROLLED = "enrolled"
    POPULATION = "population"
    PLACEMENT = "placement"
    CONSENT = "consent"
    OPT_OUT = "opt_out"


REMEDIES = {
    Ground.WITHHELD: "Correct the row that was refused in the source and load it again.",
    Ground.ENROLLED: "Load an enrollment whose days include that day.",
    Ground.POPULATION: "The student's facts would have to be others, or both parties sign another population.",
    Ground.PLACEMENT: "Load a placement with this agency whose days include that day.",
    Ground.CONSENT: "A signed consent for this agreement that counts on that day and covers the element is needed.",
    Ground.OPT_OUT: "The family would have to take its opt-out back.",
}
"""What would have to change, for whoever asks why a student is not seen."""


@dataclass(frozen=True, slots=True)
class Known:
    """
    What is known of one student on one day. Personal data: not printed.

    `consented` are the ids of the elements that consents in force cover; `opted_out` the scopes of opt-outs that
    concern the agreement; `withheld` says that a row about the student was refused and waits to be mended.
    """

    facts: Facts
    consented: frozenset[str] = frozenset()
    opted_out: frozenset[str] = frozenset()
    withheld: bool = False

    def __repr__(self) -> str:
        return "Known(…)"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One ground: whether it lets the student be seen, and a sentence about it."""

    ground: Ground
    holds: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """All grounds that the basis asks for, the expression enrollment by enrollment, and the elements that result."""

    judgements: tuple[Judgement, ...]
    enrollments: tuple[Judged, ...]
    elements: frozenset[str] = field(repr=False)

    @property
    def covered(self) -> bool:
        """Whether the student is covered with some element."""
        return bool(self.elements)

    @property
    def first_against(self) -> Judgement | None:
        """The first ground that keeps the student from being seen."""
        return next((each for each in self.judgements if not each.holds), None)


def coverage(terms: RowTerms, known: Known) -> Coverage:
    """Judge one student by the terms of one agreement."""
    judgements = tuple(_judgements(terms, known))
    elements = frozenset(terms.element_order)
    if terms.basis == Basis.CONSENT:
        elements &= known.consented
    holds = all(each.holds for each in judgements)
    return Coverage(judgements, judged(terms.population, known.facts), elements if holds else frozenset())


def _judgements(terms: RowTerms, known: Known) -> Iterator[Judgement]:
    facts = known.facts
    waits = "A row about the student was refused" if known.withheld else "No row about the student was refused"
    yield Judgement(Ground.WITHHELD, not known.withheld, f"{waits} by the last load.")
    enrolled = bool(facts.enrollments)
    yield Judgement(Ground.ENROLLED, enrolled, f"The student is {'' if enrolled else 'not '}enrolled on that day.")
    if enrolled:
        holds = matches(terms.population, facts)
        some = "One enrollment satisfies" if holds else "No enrollment satisfies"
        yield Judgement(Ground.POPULATION, holds, f"{some} the population of the agreement.")
    if terms.basis == Basis.CHILD_WELFARE:
        placed = "is" if facts.is_placed else "is not"
        sentence = f"The student {placed} placed with the agency (20 U.S.C. 1232g(b)(1)(L))."
        yield Judgement(Ground.PLACEMENT, facts.is_placed, sentence)
    if terms.basis == Basis.CONSENT:
        covers = known.consented & frozenset(terms.element_order)
        many = f"{len(covers)} of {len(terms.element_order)} elements"
        sentence = (
            f"Consents in force cover {many} (34 CFR 99.30)." if covers else "No consent is in force (34 CFR 99.30)."
        )
        yield Judgement(Ground.CONSENT, bool(covers), sentence)
    concerned = {"sharing", "directory"} if terms.basis == Basis.DIRECTORY_INFORMATION else {"sharing"}
    refused = bool(known.opted_out & concerned)
    yield Judgement(Ground.OPT_OUT, not refused, f"The family has {'' if refused else 'not '}opted out.")
