"""
How names and words are compared: by what a reader sees of them.

INVARIANT: what looks the same is the same. Comparing decides whether two people signed (claim 12), so it may take two
people for one, and never one for two: by case, width, spacing, a character that shows nothing, or a letter of another
script.
"""

import re
import unicodedata
from typing import Final

_SHOWS_NOTHING: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Default_Ignorable_Code_Point of the Unicode character database (UAX #44), and the blank pattern of braille."""
_LOOKS_LIKE: Final = str.maketrans(
    # Cyrillic, by the shape of the small or of the capital letter
    "авеёзікмнорстухѕјһԁԛԝӏӀ"
    # Greek
    "αβεζηικμνορτυχ"
    # Latin without a dot, and figures
    "ılı10|",  # noqa: RUF001 - letters that look like others are what this table is about
    "abee3ikmhopctyxsjhdqwiiabezhikmnoptyxiiiioi",
)
"""Letters and figures that a name can be written with instead, after case is set aside (a part of UTS #39)."""


def words(text: str) -> str:
    """Return a text as it is compared with another: case, width, spacing and what shows nothing aside."""
    return " ".join(_SHOWS_NOTHING.sub("", unicodedata.normalize("NFKC", text)).casefold().split())


def person(name: str) -> str:
    """Return `name` as two people's names are compared: as `words`, spaces aside, and look-alike letters as one."""
    return words(name).replace(" ", "").translate(_LOOKS_LIKE)
