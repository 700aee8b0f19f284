"""
The slip on paper: one page, in the family's language, on the district's letterhead, that a screen reader can read too.

Set by Typst as PDF/UA-1 (ISO 14289-1), as the accounting is (decision 0022). INVARIANT: the same slip gives the same
bytes, and no word of an agreement is read as markup.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from gateway.services.publishing.signed_words import shown
from gateway.services.slips.slips import Slip
from gateway.services.slips.wording import Wish, Words, words_in
from gateway.services.typesetting import typeset

_PLAIN: Final = 11
_SMALL: Final = 9
"""Points. A consent may name 63 elements, and a slip is one page."""
_MANY: Final = 16


def slip_paper(slip: Slip, letterhead: Sequence[str] = ()) -> bytes:
    """Return the PDF. `letterhead` are the lines at its top; without them the district's name alone."""
    words = words_in(slip.language)
    blanks = {
        "partner": shown(slip.partner or words.every_partner),
        "district": shown(slip.district),
        "entry": str(slip.entry),
        "log": slip.origin,
        "time": _moment(words, slip),
    }
    effects = words.effects[slip.wish]
    if slip.wish is Wish.OPT_OUT and slip.partner is not None:
        effects = words.opt_out_of_one
    said = {
        "language": slip.language.value,
        "size": _PLAIN if slip.given is None or len(slip.given.elements) <= _MANY else _SMALL,
        "title": words.titles[slip.wish],
        "district": slip.district,
        "letterhead": [shown(each) for each in (letterhead or (slip.district,))],
        "about": words.student.format(name=shown(slip.name or "—"), number=shown(slip.number)),
        "opening": [words.opening.format(**blanks)],
        "columns": words.columns,
        "facts": _facts(words, slip, blanks),
        "sections": [
            (words.changes, [each.format(**blanks) for each in effects]),
            (words.check, [each.format(**blanks) for each in words.checks]),
        ],
        "footer": words.footer.format(**blanks),
    }
    return typeset("gateway.services.slips", "slip.typ", said, slip.at)


def _facts(words: Words, slip: Slip, blanks: dict[str, str]) -> list[tuple[str, str]]:
    told = [(words.entry, blanks["entry"]), (words.time, blanks["time"]), (words.log, blanks["log"])]
    if slip.wish is not Wish.DIRECTORY:
        told.append((words.partner, blanks["partner"]))
    if slip.agreement is not None:
        told.append((words.agreement, shown(slip.agreement)))
    given = slip.given
    if given is not None:
        told += [
            (words.purpose, words.purpose_called(given.purpose)),
            (words.will_be_done, shown(given.what_will_be_done)),
            (words.elements_named, "; ".join(words.element(each) for each in given.elements) or words.everything),
            (words.first_day, _day(words, given.first)),
            (words.last_day, words.until_withdrawn if given.last is None else _day(words, given.last)),
        ]
    return told


def _moment(words: Words, slip: Slip) -> str:
    at = slip.at
    return words.moment.format(day=_day(words, at), hour=at.hour, minute=at.minute, second=at.second, zone=slip.zone)


def _day(words: Words, value: date | datetime) -> str:
    return words.day.format(month=words.months[value.month - 1], day=value.day, year=value.year)
