"""
Papers for families, set by Typst (decision 0022): tagged, with a title and a language, for screen readers too.

INVARIANT: on one machine the same words give the same bytes, and no word is read as markup: every one comes as data.
"""

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import Final

import msgspec
import typst

_ATTEMPTS: Final = ((True, True), (False, True), (False, False))
"""
Whether Typst's own fonts do, and whether the standard holds.

PDF/UA-1 (ISO 14289-1) refuses a letter that no font has. Typst's own fonts have Latin, Greek and Cyrillic; a name in
another script is set by the machine's fonts. If they lack it too, the letter is a box on paper and itself to a screen
reader: a family is handed its paper whatever the child is called.
"""


def typeset(room: str, template: str, said: Mapping[str, object], at: datetime) -> bytes:
    """Return the PDF of `template`, a file of the package `room`, filled with `said`; `at` is its date."""
    source = (files(room) / template).read_bytes()
    words = msgspec.json.encode(said).decode()
    *attempts, last = _ATTEMPTS
    for attempt in attempts:
        try:
            return _set(source, words, at, *attempt)
        except typst.TypstError:
            continue
    return _set(source, words, at, *last)


def _set(source: bytes, words: str, at: datetime, own_fonts: bool, keeps_standard: bool) -> bytes:
    made = typst.compile(
        source,
        sys_inputs={"said": words},
        ignore_system_fonts=own_fonts,
        pdf_standards=["ua-1"] if keeps_standard else [],
        timestamp=int(at.timestamp()),
        format="pdf",
    )
    assert isinstance(made, bytes)  # one document
    return made
