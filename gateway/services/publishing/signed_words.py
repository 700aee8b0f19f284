"""Signed words as they may be shown to anybody: whatever is invisible and works on the rest is made visible."""

import unicodedata
from typing import Final

_JOINERS: Final = "\u200c\u200d"
"""Invisible, and part of the spelling of names in several scripts."""


def shown(text: str) -> str:
    """
    Return signed words as they can be shown to anybody: on one line, and with nothing invisible that works on the rest.

    Controls and formats (direction marks among them) become U+FFFD, so that it is seen that something was there.
    """
    visible = "".join(
        "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(each) in {"Cc", "Cf", "Co"} and not each.isspace() and each not in _JOINERS
        else each
        for each in text
    )
    return " ".join(visible.split())
