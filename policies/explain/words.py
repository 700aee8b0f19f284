"""An explanation as plain sentences for a person, with the words of each clause it rests on."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from agreements.document import Agreement
from agreements.pointer import MISSING, resolve
from agreements.wording import LEAVES
from policies.compile import UNACCOUNTED
from policies.decision import Denied
from policies.explain.elements import Explanation
from policies.explain.over_time import Stretch
from policies.explain.request import RequestExplained
from policies.reading import Conjunct, Miss
from policies.rule import EARLIEST, LATEST, Effect, instant

_MEMBERS: Final[Mapping[str, str]] = {"element": "element", "transformation": "transformation", "own_line": "own line"}
_CONDITIONS: Final[Mapping[str, str]] = {
    "agreement": "the request is under {asked}, the clause is of {required}",
    "element": "the request asks for element {asked}, the clause is about {required}",
    "dataset": "the request is for the dataset {asked}, the clause is about {required}",
    "purpose": "the request is to read for {asked}, the clause is to read for {required}",
    "not_before": "the request is made at {asked}, the clause counts from {required}",
    "until": "the request is made at {asked}, the clause counted until {required}",
    "client": "the request is made by {asked}, the clause is for {required}",
}
"""What failed, for each condition of the matcher: both values."""


def sentences(explained: RequestExplained, agreement: Agreement | None) -> tuple[str, ...]:
    """Return the verdict, what stands against it, and one sentence an element; `agreement` is the one asked under."""
    return tuple(_sentences(explained, agreement))


def element_sentence(explained: Explanation, agreement: Agreement) -> str:
    """Return why one element leaves or does not."""
    about = f"'{explained.title}' ({explained.name}, {explained.element})"
    covering = _covering(explained, agreement)
    if explained.transformation is not None:
        return f"{about} leaves {LEAVES[explained.transformation]}: {covering}{_strictest(explained)}."
    barred = [f"The district withholds it ({each.clause}): {each.reason}" for each in explained.barriers]
    if explained.is_covered:
        return " ".join([f"{about} does not leave, though it is covered by {covering}.", *barred])
    missed = [] if explained.nearest is None else [miss_sentence(explained.nearest, agreement)]
    return " ".join([f"{about} does not leave: no clause in force covers it.", *missed, *barred])


def miss_sentence(miss: Miss, agreement: Agreement) -> str:
    """Return which clause came nearest, and what it differs in."""
    failed = "; ".join(_condition(each) for each in miss.failing)
    return f"The nearest clause is {quoted(agreement, miss.clause)}: {failed}."


def stretch_sentence(stretch: Stretch, agreement: Agreement) -> str:
    """Return what one stretch of time says of an element."""
    span = f"In {stretch.dataset}, {_span(stretch.begins, stretch.ends)}: "
    if stretch.leaves:
        return span + element_sentence(stretch.explained, agreement)
    return span + " ".join(denial.detail for denial in stretch.reasons)


def quoted(agreement: Agreement, clause: str) -> str:
    """Return a clause with its own words; what is not a place in the agreement stands as it is."""
    if not clause.startswith("/"):
        return clause
    words = resolve(agreement.content, clause)
    return clause if words is MISSING else f"{clause} ('{_said(words)}')"


def _said(words: object) -> str:
    """Return what stands at a place on one line; of a list of parts, how many: they have places of their own."""
    match words:
        case dict():
            return ", ".join(f"{_MEMBERS.get(name, name)} {_said(value)}" for name, value in words.items())
        case list() if all(isinstance(each, str) for each in words):
            return ", ".join(words)
        case list():
            return f"{len(words)} parts"
        case bool():
            return "yes" if words else "no"
    return str(words)


def _sentences(explained: RequestExplained, agreement: Agreement | None) -> Iterator[str]:
    if explained.permitted:
        yield f"Permitted at {instant(explained.now)}."
    else:
        many = len(explained.reasons)
        yield f"Denied at {instant(explained.now)}, for {'one reason' if many == 1 else f'{many} reasons'}."
    for number, denial in enumerate(explained.reasons, 1):
        yield f"{number}. {denial.code}: {denial.detail}{_of_clause(denial, agreement)}"
    if agreement is not None:
        told = [each for each in explained.elements if each.is_covered or explained.request.elements is not None]
        for each in told:
            yield element_sentence(each, agreement)
        if left := len(explained.elements) - len(told):
            yield f"No clause in force covers the other {left} elements of {explained.request.dataset}."
    if explained.valid_from is not None and explained.valid_until is not None:
        holds = _span(explained.valid_from, explained.valid_until)
        yield f"This answer holds {holds}, unless something is signed or stopped."


def _of_clause(denial: Denied, agreement: Agreement | None) -> str:
    clause = denial.facts.get("clause", "")
    if agreement is None or not clause or clause == UNACCOUNTED:
        return ""
    return f" Clause: {quoted(agreement, clause)}."


def _covering(explained: Explanation, agreement: Agreement) -> str:
    covering = [rule.clause for rule in explained.determining if rule.effect == Effect.ALLOW]
    return " and ".join(quoted(agreement, clause) for clause in covering)


def _strictest(explained: Explanation) -> str:
    forms = {rule.transformation for rule in explained.determining if rule.effect == Effect.ALLOW}
    return "" if len(forms) == 1 else f"; {explained.strictest} is the strictest and wins"


def _condition(failed: Conjunct) -> str:
    asked, required = (value.removeprefix("read:") for value in (failed.asked, failed.required))
    return _CONDITIONS[failed.name].format(asked=asked, required=required)


def _span(begins: datetime, ends: datetime) -> str:
    first, last = instant(begins), instant(ends)
    if first == EARLIEST:
        return "always" if last == LATEST else f"until {last}"
    return f"from {first} on" if last == LATEST else f"from {first} until {last}"
