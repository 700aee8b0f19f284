"""
Names as two spellings of one name are compared: by exact rules that anybody can check by hand, never by likeness.

Letters are composed (NFC) and case is folded. Whatever stands for an apostrophe is left out, whatever stands for a
hyphen is a space, and spaces count once. Marks stay: José is not Jose. A name that differs by its marks alone is shown
to a person as a suggestion, and decides nothing.
"""

import unicodedata
from typing import Final

_APOSTROPHES: Final = dict.fromkeys(map(ord, "'`\u00b4\u02b9\u02bb\u02bc\u02bd\u02c8\u2018\u2019\u201b\u2032\uff07"))
_HYPHENS: Final = dict.fromkeys(map(ord, "-\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"), " ")
_JOINERS: Final = dict.fromkeys((0x200C, 0x200D))


def compared(name: str) -> str:
    """Return `name` as it is compared with another."""
    plain = unicodedata.normalize("NFC", name).translate({**_APOSTROPHES, **_HYPHENS, **_JOINERS})
    return " ".join(unicodedata.normalize("NFC", plain.casefold()).split())


def unmarked(name: str) -> str:
    """Return `name` as it is compared, without marks over and under its letters: for suggestions only."""
    apart = unicodedata.normalize("NFD", compared(name))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
