"""What an accounting says in words: the period and the channels it covers, what it does not, and what each thing is."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Final

from gateway.services.accounting.lines import Accounting, Channel, Line, Occurrence
from gateway.services.publishing.grounds import GROUNDS, OTHER_GROUNDS, TRANSFORMATIONS
from gateway.services.publishing.signed_words import shown

CHANNELS: Final = {
    Channel.GATEWAY: "through the gateway, at a partner's request",
    Channel.EMERGENCY: "in a health or safety emergency, by an officer's signed order",
    Channel.BY_HAND: "recorded by hand: made outside the gateway and written down by an officer",
}
NOT_COVERED: Final = (
    "What was shared before the first day named above, or by a way that nobody recorded here.",
    "What families and the district's own staff saw: no law asks for a record of that (34 CFR 99.32(d)(1), (2)).",
    "Whom a refused request was about: a refusal reveals nothing, and so no refused request names a student.",
    "What a court's order forbids the district to tell of (34 CFR 99.32(d)(5)); nor whether there is such an order.",
    "What a recipient did with the records afterwards. Who may receive them in turn is named where the agreement does.",
)
"""Said with every accounting (row N5)."""
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
"""Not those of the locale: the same accounting has the same bytes everywhere."""
WITHHELD: Final = (
    "Something is not shown, because a court's order, a law or somebody's safety stands against it (34 CFR 99.4). It"
    " will be shown when that is over. You may ask the district why."
)
"""Said where something is withheld of which the family may know. Of anything else nothing is said."""
LOOKS: Final = {
    "accounting.read": "reading this accounting",
    "records.copied": "copying the records that were disclosed",
    "explanation.read": "asking why a partner sees an element, or does not",
    "analysis.read": "asking who can obtain an element",
}


def covered(accounting: Accounting) -> str:
    """Return the period and the channels that the accounting covers, in one sentence."""
    first, last = day(accounting.since.date()), day(accounting.now.date())
    return (
        f"It covers {first} to {last}, entries 0 to {accounting.size - 1} of the district's log: every answer given"
        " through the gateway, every release in an emergency, and what an officer recorded by hand."
    )


def basis(code: str) -> str:
    """Return a legal basis with the law it rests on."""
    ground = GROUNDS.get(code) or OTHER_GROUNDS.get(code)
    return code if ground is None else f"{ground.title} ({ground.citation})"


def elements(line: Line) -> str:
    """Return what was shared, as the catalogue names it."""
    named = [
        shown(each.title)
        + ("" if each.how in {None, "exact"} else f" ({TRANSFORMATIONS.get(str(each.how), each.how)})")
        for each in line.about.elements
    ]
    return ", ".join(named)


def when(line: Line) -> str:
    """Return first and last day, number and rhythm, as 45 CFR 164.528(b)(3) lets a series of disclosures be told."""
    if line.times == 1:
        return day(line.first)
    if line.first == line.last:
        return f"{day(line.first)}, {line.times} times"
    return f"{day(line.first)} to {day(line.last)}, {line.times} times, {line.rhythm}"


def entries(occurrences: Sequence[Occurrence]) -> str:
    """Return the entries, in a row as ranges: `14, 16 to 20`."""
    numbers = [each.entry for each in occurrences]
    starts = [numbers[0], *(after for before, after in pairwise(numbers) if after != before + 1)]
    ends = [*(before for before, after in pairwise(numbers) if after != before + 1), numbers[-1]]
    return ", ".join(str(one) if one == two else f"{one} to {two}" for one, two in zip(starts, ends, strict=True))


def behind(line: Line) -> str:
    """Return who is behind the requests, as the partner said."""
    said = line.about.behind
    if not said:
        return ""
    return "an automatic transfer" if said == "automated" else f"for {shown(said)}, as the partner said"


def day(value: date | datetime) -> str:
    """Return a day as people write it: November 3, 2026."""
    return f"{_MONTHS[value.month - 1]} {value.day}, {value.year}"
