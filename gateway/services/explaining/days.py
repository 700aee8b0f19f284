"""One student on one day, in plain Python: which of the facts on file count, and a sentence for each."""

import datetime as dt
from collections.abc import Iterator

from gateway.records.meanings import ALL, Added
from gateway.services.explaining.evidence import Consent, Evidence, Span, Stay
from policies.explain.standing import Known
from policies.population import Enrollment, Facts

ADULT = 18
"""Years. 34 CFR 99.3, 99.5(a)(1): at 18 the rights pass from the parent to the student."""


def known_on(
    found: Evidence,
    day: dt.date,
    elements: frozenset[str],
    added: Added,
    *,
    needs_programs: bool,
    asked_for: tuple[str, str] | None = None,
) -> Known:
    """
    Return what counts on `day` under an agreement with these `elements`.

    `asked_for` are the purpose and the partner's id of the agreement: a consent that names others does not count.

    `needs_programs`: its population covers students for want of a program, so that an unread one withholds them.
    """
    stays = [each for each in found.stays if _holds(each.first, each.last, day)]
    return Known(
        facts=Facts(
            enrollments=tuple(Enrollment(each.school, each.grade) for each in stays),
            program_types=tuple(each.what for each in found.programs if _holds(each.first, each.last, day)),
            on_roster=any(_holds(each.first, each.last, day) for each in found.roster),
            # A placement has ended on its last day (20 U.S.C. 1232g(b)(1)(L)).
            is_placed=any(_holds(each.first, each.last, day) and each.last != day for each in found.placements),
        ),
        consented=frozenset(
            element
            for each in found.consents
            if counts(each, found.born, day) and fits(each, asked_for)
            for element in meant(each, elements, added)
        ),
        opted_out=frozenset(each.what for each in found.opt_outs if each.first <= day),
        withheld=any(each.what != "programs" or needs_programs for each in found.withheld),
    )


def counts(consent: Consent, born: dt.date | None, day: dt.date) -> bool:
    """Whether a consent counts on `day`: given, not ended, and by the one whose right it is then."""
    if consent.ended_by is not None or not _holds(consent.first, consent.last, day) or born is None:
        return False
    if consent.signed_by == "parent":
        return day < lapses_on(born)
    return day >= counts_from(born)


def fits(consent: Consent, asked_for: tuple[str, str] | None) -> bool:
    """Whether a consent is for the agreement's purpose and to its partner. An older one names neither."""
    return consent.purpose is None or (consent.purpose, consent.party) == asked_for


def meant(consent: Consent, elements: frozenset[str], added: Added) -> frozenset[str]:
    """Return which of an agreement's elements a consent covers; `all` never means what came after the signature."""
    later = {element for element, since in added if since >= consent.signed_on}
    by_all = elements - later if ALL in consent.covers else frozenset()
    return by_all | (elements & frozenset(consent.covers))


def lapses_on(born: dt.date) -> dt.date:
    """Return the first day on which a parent's consent no longer counts; 28 February for those born on the 29th."""
    try:
        return born.replace(year=born.year + ADULT)
    except ValueError:
        return born.replace(year=born.year + ADULT, day=28)


def counts_from(born: dt.date) -> dt.date:
    """Return the first day on which a student's own word counts; 1 March for those born on 29 February."""
    return lapses_on(born - dt.timedelta(1)) + dt.timedelta(1)


def told(
    found: Evidence,
    day: dt.date,
    elements: frozenset[str],
    added: Added,
    asked_for: tuple[str, str] | None = None,
) -> Iterator[str]:
    """Yield a sentence for every fact on file, saying whether it counts on `day` and which entry brought it."""
    for stay in found.stays:
        yield f"{_counts(stay, day)}Enrolled at {stay.school} in grade {stay.grade or 'unknown'}, {_span(stay)}."
    for span in found.roster:
        yield f"{_counts(span, day)}On the agreement's roster, {_span(span)}."
    for span in found.placements:
        yield f"{_counts(span, day)}Placed with the agreement's agency, {_span(span)}; over on the last day."
    for span in found.programs:
        yield f"{_counts(span, day)}In a program of type {span.what}, {_span(span)}."
    for consent in found.consents:
        covers = len(meant(consent, elements, added))
        is_named = fits(consent, asked_for)
        yield _consent(consent, found.born, day, is_named=is_named, covers=covers, of=len(elements))
    for span in found.opt_outs:
        yield f"{_counts(span, day)}The family opted out ({span.what}), {_span(span)}."
    for span in found.withheld:
        yield f"Withheld: a row of '{span.what}' was refused by the load of entry {span.entry}."


def _consent(consent: Consent, born: dt.date | None, day: dt.date, *, is_named: bool, covers: int, of: int) -> str:
    mark = "" if counts(consent, born, day) and is_named else "Does not count that day: "
    signer = "the student" if consent.signed_by != "parent" else "a parent"
    said = f"{mark}Consent of {signer}, signed on {consent.signed_on}, to {covers} of {of} elements, "
    span = Span(consent.first, consent.last, consent.entry)
    end = ""
    if consent.ended_by is not None:
        how = f"withdrawn on {consent.withdrawn_on}" if consent.withdrawn_on else "ended"
        end = f"; {how} by entry {consent.ended_by}"
    elif not is_named:
        end = "; it is for another purpose, or to another party, than this agreement"
    elif born is None:
        end = "; without a birth date nobody can tell when it lapses"
    elif consent.signed_by == "parent" and day >= lapses_on(born):
        end = f"; it lapsed on {lapses_on(born)}, when the student turned {ADULT}"
    elif consent.signed_by != "parent" and day < counts_from(born):
        end = f"; the student was not {ADULT} yet"
    return f"{said}{_span(span)}{end}."


def _counts(fact: Stay | Span, day: dt.date) -> str:
    return "" if _holds(fact.first, fact.last, day) else "Does not count that day: "


def _span(fact: Stay | Span) -> str:
    until = "on" if fact.last is None else f"to {fact.last}"
    return f"from {fact.first} {until}, by entry {fact.entry}"


def _holds(first: dt.date, last: dt.date | None, day: dt.date) -> bool:
    return first <= day and (last is None or day <= last)
