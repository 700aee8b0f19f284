"""
The denials that the district's guardrails put into every ruleset, and how a denial is written.

Only what an agreement names can be allowed at all, so only that is denied one by one; what makes the agreement as a
whole impossible denies everything.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from agreements.basis import Basis
from agreements.dates import days_of
from agreements.document import Agreement
from policies.code_values import PROGRAM_TYPE, CodeValues
from policies.directory import CLAUSE, Directory
from policies.guardrails import POPULATION_CODES, Guardrails
from policies.population import And, Column, In, Known, NotInKnown, Or, Population, parse
from policies.rule import ANY, EARLIEST, LATEST, Effect, Rule, instant
from policies.term import bounds

_ELEMENTS: Final = {
    Column.SCHOOL_IDENTIFIER: "001069",
    Column.GRADE_LEVEL: "000100",
    Column.PROGRAM_TYPE: PROGRAM_TYPE,
}
"""The element behind each column that a population looks at."""
Span = tuple[str, str]
"""From one instant until just before another, as rules hold time."""


def guarded(agreement: Agreement, role: str, guardrails: Guardrails) -> Iterator[Rule]:
    """Deny what the district withholds from this agreement, whatever it says. Raises `MalformedPopulation`."""
    named = set(agreement.element_ids)
    for barrier in guardrails.closed(agreement.basis):
        if barrier.element in named:
            yield denial(role, agreement.digest, barrier.element, barrier.clause)
    everything = denial(role, agreement.digest, ANY, POPULATION_CODES)
    atoms = tuple(_atoms(parse(agreement.population)))
    if not all(_is_silent(atom, agreement.basis, guardrails.codes) for atom in atoms):
        yield everything
    if agreement.basis == Basis.DIRECTORY_INFORMATION:
        designated = guardrails.directory
        yield from _undesignated(agreement, everything, designated)
        if any(_ELEMENTS[atom.column] not in designated.elements for atom in atoms):
            yield replace(everything, clause=f"{CLAUSE}/population")


def _undesignated(agreement: Agreement, everything: Rule, designated: Directory) -> Iterator[Rule]:
    """Deny directory information beyond the notice: other elements, other parties, other years (row L5)."""
    for element in sorted(set(agreement.element_ids) - designated.elements):
        yield replace(everything, fld=element, clause=f"{CLAUSE}/elements")
    if not designated.admits(agreement.partner):
        yield replace(everything, clause=f"{CLAUSE}/limited_parties")
    years = (bounds(*days_of(year), agreement.term.time_zone) for year in designated.school_years)
    noticed = [(instant(begins), instant(ends)) for begins, ends in years]
    yield from outside(noticed, replace(everything, clause=f"{CLAUSE}/school_years"))


def _is_silent(atom: In | NotInKnown | Known, basis: str, codes: CodeValues) -> bool:
    """Return whether being covered tells nothing that is guarded: each program that decides it may be told of."""
    told = codes.leaving(PROGRAM_TYPE, basis)
    if atom.column is not Column.PROGRAM_TYPE or told is None:
        return True
    # The other conditions ask whether there is some program: any one decides that, guarded and unclassified ones too.
    return isinstance(atom, In) and set(atom.values) <= set(told.values)


def _atoms(population: Population) -> Iterator[In | NotInKnown | Known]:
    match population:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _atoms(part)
        case In() | NotInKnown() | Known():
            yield population


def outside(spans: Iterable[Span], always: Rule) -> Iterator[Rule]:
    """Yield `always` for the times that lie in none of `spans`."""
    begins = EARLIEST
    for first, last in sorted(spans):
        if begins < first:
            yield replace(always, nbf=begins, exp=first)
        begins = max(begins, last)
    if begins < LATEST:
        yield replace(always, nbf=begins)


def denial(subject: str, agreement: str, element: str, clause: str) -> Rule:
    """Return a denial for all time. One to a role names its agreement: a client may hold the roles of two."""
    return Rule(subject, agreement, ANY, element, ANY, EARLIEST, LATEST, Effect.DENY.value, clause)
