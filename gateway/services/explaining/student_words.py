"""The answer about one student as sentences, for a person who has to tell a parent."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agreements.document import Agreement
from gateway.services.explaining.windows import Window
from policies.explain.standing import Coverage
from policies.explain.words import quoted


@dataclass(frozen=True, slots=True)
class Against:
    """The first thing that keeps a partner from seeing the element, and what would have to change."""

    code: str
    sentence: str
    remedy: str


def verdict(agreement: Agreement, title: str, day: dt.date, against: Against | None) -> Iterator[str]:
    """Yield whether the element is seen, and for what, or the first thing against it and what would have to change."""
    under = f"under '{agreement.title}' (version {agreement.version}), on {day}"
    if against is None:
        yield f"{agreement.partner.name} sees '{title}' of this student {under}."
        yield (
            f"The purpose is {agreement.purpose.code}: '{agreement.purpose.words}' The legal basis is "
            f"{agreement.basis} (/basis/type)."
        )
    else:
        yield f"{agreement.partner.name} does not see '{title}' of this student {under}: {against.sentence}"
        yield f"What would have to change: {against.remedy}"


def by_the_rules(seen_through: Sequence[Window]) -> Iterator[str]:
    """Yield what the rules say of each dataset, once."""
    for each in dict.fromkeys((each.dataset, each.sentence) for each in seen_through):
        yield f"In {each[0]}: {each[1]}"


def grounds(agreement: Agreement, covered: Coverage) -> Iterator[str]:
    """Yield each ground of the student's, and each condition of the population with its clause."""
    for ground in covered.judgements:
        yield f"{'For' if ground.holds else 'Against'}: {ground.sentence}"
    for number, stay in enumerate(covered.enrollments, 1):
        for each in stay.conditions:
            word = {True: "holds", False: "does not hold", None: "is unknown, which never covers"}[each.holds]
            yield f"Enrollment {number}: that {each.sentence} {word}: {quoted(agreement, each.clause)}."


def kept_says(agrees: bool | None, as_of: int) -> str:
    """Return whether what was kept for partners is what the facts say."""
    known = f"The facts are those known at entry {as_of}."
    if agrees is None:
        return f"{known} No population was kept for this agreement."
    if agrees:
        return f"{known} The population that is kept for partners says the same."
    return (
        f"ALARM: the population that is kept for partners says something else than the facts known at entry {as_of}. "
        "Suspend the agreement, and have the operator look at it."
    )
