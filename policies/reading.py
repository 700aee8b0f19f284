"""
Our own reading of the rules, beside Casbin's: which ones match, and what the others fail.

A table of decisions is only used where both readings agree; explanations are made from this one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from policies.engine import Link, Question
from policies.rule import ANY, Effect, Rule


@dataclass(frozen=True, slots=True)
class Conjunct:
    """One condition of the matcher that a rule fails: what was asked, and what the rule requires."""

    name: str
    asked: str
    required: str


@dataclass(frozen=True, slots=True)
class Miss:
    """The granting rule that came nearest to matching, and the conditions it fails."""

    agreement: str
    clause: str
    failing: tuple[Conjunct, ...]


def matching(rules: Iterable[Rule], question: Question, links: Sequence[Link]) -> tuple[Rule, ...]:
    """Return all rules that match, granting and denying, in their order: the determining clauses."""
    return tuple(rule for rule in rules if _is_match(rule, question, links))


def nearest_miss(rules: Iterable[Rule], question: Question, links: Sequence[Link]) -> Miss | None:
    """Return the granting rule that fails the fewest conditions; ties go to the first agreement and clause."""
    misses = (Miss(rule.agr, rule.clause, failing(rule, question, links)) for rule in rules if rule.eft == Effect.ALLOW)
    return min(misses, key=lambda miss: (len(miss.failing), miss.agreement, miss.clause), default=None)


def failing(rule: Rule, question: Question, links: Sequence[Link]) -> tuple[Conjunct, ...]:
    """Return the conditions of the matcher that `rule` fails, in the matcher's order."""
    failed = [
        Conjunct(name, asked, required) for name, asked, required, holds in _conditions(rule, question) if not holds
    ]
    if rule.sub != question.sub and (question.sub, rule.sub) not in links:
        failed.append(Conjunct("client", question.sub, rule.sub))
    return tuple(failed)


def _is_match(rule: Rule, question: Question, links: Sequence[Link]) -> bool:
    """
    Say whether `failing` would name no condition. Most rules fail, and nobody asks by what: so the first one ends it.

    What fails most often stands first.
    """
    return (
        rule.fld in (question.fld, ANY)
        and rule.obj in (question.obj, ANY)
        and rule.agr in (question.agr, ANY)
        and rule.act in (question.act, ANY)
        and rule.nbf <= question.now < rule.exp
        and (rule.sub == question.sub or (question.sub, rule.sub) in links)
    )


def _conditions(rule: Rule, question: Question) -> Iterable[tuple[str, str, str, bool]]:
    return (
        ("agreement", question.agr, rule.agr, rule.agr in {question.agr, ANY}),
        ("element", question.fld, rule.fld, rule.fld in {question.fld, ANY}),
        ("dataset", question.obj, rule.obj, rule.obj in {question.obj, ANY}),
        ("purpose", question.act, rule.act, rule.act in {question.act, ANY}),
        ("not_before", question.now, rule.nbf, question.now >= rule.nbf),
        ("until", question.now, rule.exp, question.now < rule.exp),
    )
