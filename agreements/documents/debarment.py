"""
A debarment: a partner gets no student data for at least five years (34 CFR 99.67(c)-(e)).

INVARIANT: no document shortens or undoes one. A partner that is debarred again is barred by both, to the later end.
"""

from dataclasses import dataclass, field
from datetime import MAXYEAR, date
from types import MappingProxyType
from typing import Final

from agreements.canonical import canonical_bytes
from agreements.dates import read_date
from agreements.documents.reading import PARTNER, read_shaped, refuse
from agreements.shapes import DATE, choice, group, leaf, text

LEAST_YEARS: Final = 5
"""34 CFR 99.67(c), (d), (e): "for a period of not less than five years"."""

CAUSES: Final = MappingProxyType(
    {
        "failure_to_destroy": "34 CFR 99.67(c)",
        "improper_redisclosure": "34 CFR 99.67(d)",
        "missing_subpoena_notice": "34 CFR 99.67(e)",
    }
)
"""What a partner is debarred for, and where the law says so."""

DEBARMENT: Final = group(
    "The debarment",
    {
        "format": leaf("rule", "The format", const="pactgate-debarment/1"),
        "partner": text("rule", "The partner", PARTNER, 80),
        "cause": choice("rule", "The cause", *CAUSES, **{"x-rule": "L9", "x-source": "34 CFR 99.67(c)-(e)"}),
        "from_day": text("rule", "The first day", DATE),
        "until_day": text("rule", "The last day", DATE),
        "reason": text("words_only", "The reason"),
    },
)


@dataclass(frozen=True, slots=True)
class Debarment:
    """A partner and the days (UTC) on which it is barred, the first and the last included."""

    partner: str
    cause: str
    from_day: date
    until_day: date
    reason: str = field(repr=False)


def debarment_bytes(debarment: Debarment) -> bytes:
    """Return the canonical bytes of a debarment."""
    return canonical_bytes(
        {
            "format": "pactgate-debarment/1",
            "partner": debarment.partner,
            "cause": debarment.cause,
            "from_day": debarment.from_day.isoformat(),
            "until_day": debarment.until_day.isoformat(),
            "reason": debarment.reason,
        }
    )


def read_debarment(raw: bytes | str) -> Debarment:
    """Read a debarment. Raises `MalformedDocument`; `InvalidDocument` also for one of less than five years."""
    content = read_shaped(raw, DEBARMENT)
    first, last = read_date(content["from_day"]), read_date(content["until_day"])
    if first is None:
        refuse(DEBARMENT, "/from_day", "format", "The first day is not a day of the calendar.")
    if last is None:
        refuse(DEBARMENT, "/until_day", "format", "The last day is not a day of the calendar.")
    least = earliest_end(first)
    if last < least:
        sentence = f"A debarment lasts at least {LEAST_YEARS} years: from {first} to {least}, or longer."
        refuse(DEBARMENT, "/until_day", "L9", sentence, CAUSES[content["cause"]])
    return Debarment(content["partner"], content["cause"], first, last, content["reason"])


def earliest_end(first: date) -> date:
    """
    Return the earliest last day of a debarment that begins on `first`: the same day five years later.

    The day itself is still barred, so that no reading of "five years" makes the ban too short. What began on
    29 February ends on 1 March, since the year five years later has no such day.
    """
    year = min(first.year + LEAST_YEARS, MAXYEAR)
    return date(year, 3, 1) if (first.month, first.day) == (2, 29) else first.replace(year=year)
