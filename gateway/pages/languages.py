"""
The languages of the pages: catalogues of words, days and numbers as they are written, and which one a reader wants.

The English stands in the pages themselves, and in the classes of the errors that they show; `locale/es.po` has the
Spanish of every sentence, and a test sees that none is missing. Catalogues are read once, from text: nothing has to be
compiled.
"""

import datetime as dt
import io
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from fastapi import Request
from markupsafe import Markup, escape

from gateway.errors import Sentence

COOKIE: Final = "__Host-pactgate-language"


class Language(StrEnum):
    """A language that every page is there in, by its code (RFC 5646)."""

    ENGLISH = "en"
    SPANISH = "es"

    @property
    def name_of_itself(self) -> str:
        """How its readers call it."""
        return str(Locale.parse(self.value).get_display_name(self.value)).capitalize()


@cache
def translations(language: Language) -> NullTranslations:
    """Return the catalogue of a language; that of English is empty, since the pages are written in it."""
    if language is Language.ENGLISH:
        return NullTranslations()
    catalogue = read_po(io.BytesIO(_written(language)))
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    return GNUTranslations(io.BytesIO(compiled.getvalue()))


@cache
def messages() -> frozenset[str]:
    """Return every sentence that the pages say: those that the other languages have, which a test sees is all."""
    found: set[str] = set()
    for language in Language:
        if language is not Language.ENGLISH:
            catalogue = read_po(io.BytesIO(_written(language)))
            found.update(each if isinstance(each, str) else each[0] for each in (one.id for one in catalogue) if each)
    return frozenset(found)


def language_of(request: Request) -> Language:
    """Return the language that the reader chose, or the first of ours that their browser asks for."""
    chosen = request.cookies.get(COOKIE, "")
    wanted = [chosen, *(part.split(";")[0].strip() for part in request.headers.get("accept-language", "").split(","))]
    ours = {each.value: each for each in Language}
    return next((ours[code] for each in wanted if (code := each.lower().split("-")[0]) in ours), Language.ENGLISH)


def _written(language: Language) -> bytes:
    return files("gateway.pages").joinpath("locale", f"{language.value}.po").read_bytes()


def message(english: str) -> str:
    """Return a sentence that a page will translate: it says here that the catalogues have it."""
    return english


@dataclass(frozen=True, slots=True)
class Wording:
    """
    How days, times, numbers and what was said elsewhere are written for one reader.

    Times are those of the district's zone, and say so.
    """

    language: Language
    zone: ZoneInfo

    def day(self, value: dt.date | dt.datetime) -> str:
        """Return a day, such as "Nov 2, 2026"; of a time, the day it is in the district."""
        local = value.astimezone(self.zone).date() if isinstance(value, dt.datetime) else value
        return dates.format_date(local, "medium", locale=self.language.value)

    def month(self, value: dt.date) -> str:
        """Return a month with its year, such as "November 2026"."""
        return str(dates.format_skeleton("yMMMM", value, locale=self.language.value))

    def time(self, value: dt.datetime) -> str:
        """Return a time with its day and zone, such as "Nov 2, 2026, 9:30:00 AM PST"."""
        local = value.astimezone(self.zone)
        day, clock = self.day(value), dates.format_time(local, "medium", locale=self.language.value)
        return f"{day}, {clock} {local.tzname()}"

    def number(self, value: float) -> str:
        """Return a number with its separators."""
        return numbers.format_decimal(value, locale=self.language.value)

    def ago(self, seconds: float) -> str:
        """Return how long something lasted, in its largest unit, such as "3 hours"."""
        return dates.format_timedelta(dt.timedelta(seconds=seconds), locale=self.language.value)

    def sentence(self, said: str) -> Markup:
        """
        Return a sentence that was said before anybody knew who reads it, such as that of an error.

        The one place where an error becomes words of a page. English that no catalogue has is marked as English.
        """
        pattern = said.pattern if isinstance(said, Sentence) else said
        if pattern not in messages():
            return self.english(said)
        known = translations(self.language)
        if not isinstance(said, Sentence):
            return escape(known.gettext(said))
        ours = {each for each in said.values.values() if isinstance(each, str) and each in messages()}
        values = {name: known.gettext(str(each)) if each in ours else each for name, each in said.values.items()}
        return escape(known.gettext(pattern)) % values

    def english(self, said: str) -> Markup:
        """Return what is there in English alone; a page in another language says so of it (WCAG 2.2, 3.1.2)."""
        if not said or self.language is Language.ENGLISH:
            return escape(said)
        return Markup('<span lang="en">{}</span>').format(said)
