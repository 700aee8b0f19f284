"""Record codes: what partners call a student. Random for each line, never derived (34 CFR 99.31(b)(2))."""

import base64
import re
from collections.abc import Callable

_BYTES = 17
_LETTERS = 26
"""26 letters of base32 carry 130 bits: nobody guesses one, and two never meet."""
FORM = re.compile(r"rc_[a-z2-7]{26}\Z")


def new_code(random: Callable[[int], bytes]) -> str:
    """Return a fresh record code."""
    return "rc_" + base64.b32encode(random(_BYTES)).decode().lower()[:_LETTERS]
