"""
The answer about one student, one element and one agreement: the rules, the student's grounds, and what was kept.

Pure, given what was read. The population is judged here in Python from the facts, beside what SQL computed and kept.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from gateway.services.explaining.days import known_on, told
from gateway.services.explaining.evidence import Evidence, Kept
from gateway.services.explaining.requests import NOBODY
from gateway.services.explaining.student_words import Against, by_the_rules, grounds, kept_says, verdict
from gateway.services.explaining.windows import Window, windows
from gateway.services.explaining.world import World
from gateway.services.standing.registry import Promised
from gateway.services.standing.scopes import scope_of, scopes_of
from policies.explain.standing import REMEDIES, Coverage, Ground, Judgement, coverage
from policies.population import asks_who_is_in_none_of

_ASK_FOR_RULES = "The agreement, or what stops it, would have to change: `pactgate policy explain --dataset` says what."
_ASK_FOR_YEARS = "The agreement would have to list the school year of the student's enrollment."


@dataclass(frozen=True, slots=True)
class ConditionSeen:
    """One condition of the population for one enrollment, with what was found. Personal data: not printed."""

    clause: str
    sentence: str
    holds: bool | None
    found: tuple[str | None, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class StudentAnswer:
    """
    Whether the partner sees the element of this student on `day`, and why.

    The facts are those known at entry `as_of`. `kept_agrees` says whether the population that was kept for partners,
    since entry `kept_since`, is what the facts say; None where none is kept.
    """

    agreement: str
    title: str
    partner: str
    basis: str
    purpose: str
    element: str
    day: dt.date
    as_of: int
    seen: bool
    against: Against | None
    kept_agrees: bool | None
    kept_since: int | None
    windows: tuple[Window, ...]
    grounds: tuple[Judgement, ...]
    conditions: tuple[ConditionSeen, ...] = field(repr=False)
    covered: tuple[str, ...] = field(repr=False)
    sentences: tuple[str, ...] = field(repr=False)


def answer_for(
    world: World,
    promised: Promised,
    evidence: Evidence,
    kept: Kept | None,
    *,
    element: str,
    client: str | None,
    at: dt.datetime,
) -> StudentAnswer:
    """Judge one element under one agreement, in force or over. The rules are today's; the facts are the evidence's."""
    agreement = promised.verified.agreement
    scope = scope_of(promised.verified, world.registry.history)
    day = at.astimezone(ZoneInfo(agreement.term.time_zone)).date()
    elements = frozenset(scope.terms.element_order)
    needs_programs = asks_who_is_in_none_of(scope.terms.population)
    asked_for = (scope.purpose, scope.party)
    known = known_on(evidence, day, elements, scope.added, needs_programs=needs_programs, asked_for=asked_for)
    covered = coverage(scope.terms, known)
    clients = world.clients(agreement.digest) if client is None else frozenset({client})
    seen_through = tuple(
        windows(world, agreement, element, clients, at=at, evidence=evidence, facts=known.facts, day=day)
    )
    against = _against(seen_through, covered, element)
    in_force = scopes_of(world.registry, world.moment.now)
    is_kept = agreement.digest in {each.agreement for each in in_force} and evidence.as_of >= promised.activated
    agrees = _agrees(scope.terms.element_order, covered, kept) if is_kept else None
    return StudentAnswer(
        agreement=agreement.digest,
        title=agreement.title,
        partner=agreement.partner.id,
        basis=agreement.basis,
        purpose=agreement.purpose.code,
        element=element,
        day=day,
        as_of=evidence.as_of,
        seen=against is None,
        against=against,
        kept_agrees=agrees,
        kept_since=None if kept is None else kept.entry,
        windows=seen_through,
        grounds=covered.judgements,
        conditions=tuple(
            ConditionSeen(each.clause, each.sentence, each.holds, each.found)
            for stay in covered.enrollments
            for each in stay.conditions
        ),
        covered=tuple(sorted(covered.elements)),
        sentences=(
            *verdict(agreement, world.state.catalogue.element(element).title, day, against),
            *by_the_rules(seen_through),
            *grounds(agreement, covered),
            *told(evidence, day, elements, scope.added, asked_for),
            kept_says(agrees, evidence.as_of),
        ),
    )


def _against(seen_through: Sequence[Window], covered: Coverage, element: str) -> Against | None:
    """Return the first thing against it: a rule, then a ground of the student's, then what a consent leaves out."""
    if not seen_through:
        return Against("no_client", NOBODY, "Have the partner bind a client: `pactgate client bind`.")
    permitted = [each for each in seen_through if each.permitted]
    if not permitted:
        return Against(seen_through[0].reasons[0], seen_through[0].sentence, _ASK_FOR_RULES)
    if (ground := covered.first_against) is not None:
        failing = _nearest(covered) if ground.ground is Ground.POPULATION else ()
        return Against(ground.ground.value, " ".join((ground.sentence, *failing)), REMEDIES[ground.ground])
    if element not in covered.elements:
        sentence = "Consents are in force, and none of them covers this element (34 CFR 99.30(b)(1))."
        return Against(Ground.CONSENT.value, sentence, REMEDIES[Ground.CONSENT])
    if not any(each.is_open for each in permitted):
        return Against("school_year", "No enrollment lies in the school years of the dataset.", _ASK_FOR_YEARS)
    return None


def _nearest(covered: Coverage) -> tuple[str, ...]:
    """Return what the enrollment fails that comes nearest to satisfying the population."""
    failing = [[each for each in stay.conditions if each.holds is not True] for stay in covered.enrollments]
    nearest = min(failing, key=len, default=[])
    return tuple(f"It is not so that {each.sentence} ({each.clause})." for each in nearest)


def _agrees(order: tuple[str, ...], covered: Coverage, kept: Kept | None) -> bool:
    """Compare what the facts say with what was kept, element by element."""
    if kept is None:
        return not covered.covered
    mask = (1 << len(order)) - 1 if kept.mask is None else kept.mask
    return covered.elements == {element for place, element in enumerate(order) if mask >> place & 1}
